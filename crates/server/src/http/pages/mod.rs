//! The dashboard's pages: one file a page, with the page's struct (which is its template's type) and its handlers.
//!
//! What every page shares stands here: the [`Shell`] around it, the answer that carries it, and form errors. Left out: rules and
//! storage; a handler extracts, calls one function and fills a struct of strings and numbers. Invariant: every page is complete
//! without script, has no inline style or script, and names no other host.

mod alarms;
pub(crate) mod answers;
pub(crate) mod asset;
pub(crate) mod campaigns;
pub(crate) mod caps;
pub(crate) mod chart;
pub(crate) mod confirm;
pub(crate) mod deliveries;
mod desk;
pub(crate) mod doctor;
pub(crate) mod editor;
pub(crate) mod error;
pub(crate) mod format;
pub(crate) mod forms;
pub(crate) mod funnel;
pub(crate) mod going;
pub(crate) mod icon;
pub(crate) mod import;
pub(crate) mod live;
pub(crate) mod media;
pub(crate) mod open;
pub(crate) mod overview;
pub(crate) mod people;
pub(crate) mod prompts;
mod remedy;
pub(crate) mod report;
#[cfg(test)]
mod samples;
pub(crate) mod settings;
pub(crate) mod sign_in;
pub(crate) mod status;
pub(crate) mod test_note;
pub(crate) mod timeline;
pub(crate) mod variants;
mod web_push;
pub(crate) mod why;

use crate::app::App;
use crate::http::error::Error;
use askama::Template;
use axum::Router;
use axum::extract::{DefaultBodyLimit, OriginalUri, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use campanile_core::FieldError;

/// Every page of the dashboard.
pub(crate) fn router() -> Router<App> {
    let pair = |deed: &str| format!("{}/{{id}}/{deed}", web_push::HERE);
    let keys = "/settings/access/api-keys";
    Router::new()
        .route("/", get(|| async { Redirect::to("/overview") }))
        .route("/overview", get(overview::show))
        .route("/overview/steps.json", get(overview::steps))
        .route("/campaigns", get(campaigns::list).post(editor::create))
        .route("/campaigns/new", get(editor::begin))
        .route("/campaigns/preview", post(editor::preview))
        .route("/campaigns/push-tests.json", get(editor::push_test::answers))
        .route("/campaigns/counts.json", get(campaigns::counts))
        // The form counts for itself, so that it can say what is too large.
        .route(
            "/campaigns/media",
            post(media::keep).layer(DefaultBodyLimit::disable()),
        )
        .route("/campaigns/{id}", get(report::show).post(editor::save))
        .route("/campaigns/{id}/open", post(report::open))
        .route("/campaigns/{id}/answers.csv", get(answers::file))
        .route("/campaigns/{id}/deliveries", get(deliveries::show))
        .route("/campaigns/{id}/deliveries.csv", get(deliveries::file))
        .route("/campaigns/{id}/report.csv", get(report::file))
        .route("/campaigns/{id}/alarms/{kind}/dismiss", post(alarms::dismiss))
        .route("/campaigns/{id}/edit", get(editor::edit).post(editor::save_step))
        .route("/campaigns/{id}/template", post(editor::gallery::change_to))
        .route("/campaigns/{id}/test-link", post(editor::test_link::open))
        .route("/campaigns/{id}/publish", post(editor::publish))
        .route(
            "/campaigns/{id}/discard",
            get(confirm::ask_discard).post(editor::discard),
        )
        .route("/campaigns/{id}/archive", post(campaigns::archive))
        .route("/campaigns/{id}/unarchive", post(campaigns::unarchive))
        .route("/campaigns/{id}/start", post(campaigns::start))
        .route("/campaigns/{id}/pause", post(campaigns::pause))
        .route(
            "/campaigns/{id}/winner",
            get(confirm::ask_winner).post(campaigns::choose_winner),
        )
        .route("/campaigns/{id}/resume", post(campaigns::resume))
        .route("/campaigns/{id}/duplicate", post(campaigns::duplicate))
        .route(
            "/campaigns/{id}/stop",
            get(confirm::ask_stop).post(campaigns::stop),
        )
        .route(
            "/campaigns/{id}/delete",
            get(confirm::ask_delete).post(campaigns::delete),
        )
        .route("/live", get(live::show))
        .route("/live/stream", get(live::stream))
        .route("/people", get(people::list))
        // As with pictures, the file is counted while it is read.
        .route(
            "/people/import",
            get(import::show)
                .post(import::take)
                .layer(DefaultBodyLimit::disable()),
        )
        .route("/people/import/{id}", get(import::one))
        .route("/people/import/{id}/progress.json", get(import::progress))
        .route("/people/import/{id}/start", post(import::start))
        .route("/people/import/{id}/cancel", post(import::cancel))
        .route("/people/import/{id}/refused.csv", get(import::refused))
        .route("/people/export.jsonl", get(import::export_jsonl))
        .route("/people/export.csv", get(import::export_csv))
        .route("/people/{id}", get(people::show))
        .route("/people/{id}/open", post(people::open))
        .route("/settings/engage/caps", get(caps::show).post(caps::save))
        .route("/settings", get(|| async { Redirect::to("/settings/install") }))
        .route("/settings/install", get(settings::install))
        .route("/settings/install/seen.json", get(settings::seen))
        .route(
            "/settings/origins",
            get(settings::origins).post(settings::save_origins),
        )
        .route(doctor::HERE, get(doctor::show).post(doctor::look))
        .route(prompts::HERE, get(prompts::show).post(prompts::save))
        .route(web_push::HERE, get(web_push::show).post(web_push::add))
        .route(&pair("use"), post(web_push::put_in_use))
        .route(&pair("private"), post(web_push::hand_out))
        .route(&pair("retire"), get(web_push::ask_retire).post(web_push::retire))
        .route(keys, get(settings::api_keys).post(settings::create_api_key))
        .route(
            &format!("{keys}/{{id}}/revoke"),
            get(settings::ask_revoke).post(settings::revoke),
        )
        .route("/sign-in", get(sign_in::show).post(sign_in::sign_in))
        .route("/sign-in/{token}", get(sign_in::link).post(sign_in::use_link))
        .route("/sign-out", post(sign_in::sign_out))
        .route("/theme", post(desk::set_theme))
        .route("/site", post(desk::set_site))
}

/// What is answered where no route is.
pub(crate) async fn not_found(State(app): State<App>, parts: Parts) -> Response {
    let fault = Error::NotFound {
        code: "not_found",
        message: "There is nothing at this address.".to_owned(),
    };
    refused(&app, &parts, fault).await
}

/// The answer to a request that no handler gets: JSON for programs, a page for people.
pub(crate) async fn refused(app: &App, parts: &Parts, fault: Error) -> Response {
    // A nested router sees only its own part of the path.
    let whole = parts.extensions.get::<OriginalUri>().map(|whole| &whole.0);
    let path = whole.unwrap_or(&parts.uri).path();
    if path.starts_with("/api/") || path.starts_with("/assets/") {
        return fault.into_response();
    }
    match desk::Desk::open(app, parts).await {
        Ok(Some(desk)) => desk.tell(Err(fault)),
        Ok(None) | Err(_) => desk::at_the_door(&parts.headers, fault, app.clock.now()),
    }
}

/// The place in the side bar that is lit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Nav {
    /// Daily look and first steps.
    Overview,
    /// List, report and editor.
    Campaigns,
    /// Search and one person.
    People,
    /// What happens this second.
    Live,
    /// Everything under `/settings`.
    Settings,
    /// A page that belongs to none of them.
    Elsewhere,
}

/// Light, dark, or as the system has it: the choice of one browser, kept in its cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Theme {
    /// As the system has it.
    #[default]
    System,
    /// Always light.
    Light,
    /// Always dark.
    Dark,
}

impl Theme {
    /// Name of the cookie that keeps it.
    pub(crate) const COOKIE: &str = "campanile_theme";

    /// The theme of that name; anything else is the system's.
    pub(crate) fn parse(name: &str) -> Self {
        match name {
            "light" => Self::Light,
            "dark" => Self::Dark,
            _ => Self::System,
        }
    }

    /// Its name in the cookie, the form and `data-theme`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

/// One site of this server.
#[derive(Debug, Clone)]
pub(crate) struct SiteChoice {
    /// Its account's id.
    pub(crate) id: String,
    /// Its name.
    pub(crate) name: String,
}

/// What stands around a page of a signed-in user.
#[derive(Debug, Clone)]
pub(crate) struct Shell {
    /// The account's name.
    pub(crate) site_name: String,
    /// The account's id.
    pub(crate) site_id: String,
    /// Every site of this server, to switch between them.
    pub(crate) sites: Vec<SiteChoice>,
    /// Where the site lives, or this server's host while no origin is known.
    pub(crate) host: String,
    /// Who is signed in.
    pub(crate) user_email: String,
    /// The place that is lit.
    pub(crate) active: Nav,
    /// Token that every form sends back as `csrf`.
    pub(crate) csrf: String,
    /// How many campaigns run or send now.
    pub(crate) running: u64,
    /// Light or dark.
    pub(crate) theme: Theme,
    /// Nonce of this answer's Content-Security-Policy.
    pub(crate) nonce: String,
    /// Path of this page, to come back to after a change of theme.
    pub(crate) path: String,
    /// What was just done, told once.
    pub(crate) said: Option<Said>,
}

/// What a redirect tells the page that it leads to (`?said=`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Said {
    /// Changes are kept.
    Saved,
    /// A pop-up runs.
    Started,
    /// A push runs that follows an event or comes again.
    Runs,
    /// A push is on its way.
    Sending,
    /// A push waits for its moment.
    Scheduled,
    /// A push was halted.
    Paused,
    /// A variant of a push was chosen.
    Chosen,
    /// A push that waited for its moment is a draft again.
    TakenBack,
    /// A campaign was stopped.
    Stopped,
    /// A campaign was deleted.
    Deleted,
    /// A copy was made.
    Duplicated,
    /// An API key was revoked.
    Revoked,
    /// A VAPID pair is in use.
    PairUsed,
    /// A VAPID pair was retired.
    PairRetired,
    /// Changes are in force.
    Published,
    /// Changes were forgotten.
    Discarded,
    /// A campaign was put away.
    Archived,
    /// A campaign was taken out again.
    Unarchived,
}

impl Said {
    const ALL: [Self; 18] = [
        Self::Saved,
        Self::Started,
        Self::Runs,
        Self::Sending,
        Self::Scheduled,
        Self::Paused,
        Self::Chosen,
        Self::TakenBack,
        Self::Stopped,
        Self::Deleted,
        Self::Duplicated,
        Self::Revoked,
        Self::PairUsed,
        Self::PairRetired,
        Self::Published,
        Self::Discarded,
        Self::Archived,
        Self::Unarchived,
    ];

    /// Its name in the address.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Saved => "saved",
            Self::Started => "started",
            Self::Runs => "runs",
            Self::Sending => "sending",
            Self::Scheduled => "scheduled",
            Self::Paused => "paused",
            Self::Chosen => "chosen",
            Self::TakenBack => "taken-back",
            Self::Stopped => "stopped",
            Self::Deleted => "deleted",
            Self::Duplicated => "duplicated",
            Self::Revoked => "revoked",
            Self::PairUsed => "pair-used",
            Self::PairRetired => "pair-retired",
            Self::Published => "published",
            Self::Discarded => "discarded",
            Self::Archived => "archived",
            Self::Unarchived => "unarchived",
        }
    }

    /// The one of that name.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|said| said.name() == name)
    }

    /// The sentence of the toast.
    pub(crate) fn sentence(self) -> &'static str {
        match self {
            Self::Saved => "Saved.",
            Self::Started => "Started. Visitors see it from their next page on.",
            Self::Runs => "Started. Its messages go out by themselves from now on.",
            Self::Sending => "On its way. The numbers change by themselves.",
            Self::Scheduled => "Scheduled. Until its moment you can take it back.",
            Self::Paused => "Paused. What was under way arrives; the rest waits until you resume it.",
            Self::Chosen => "The test is decided. The numbers change by themselves.",
            Self::TakenBack => "Taken back. Nothing was sent; it is a draft again.",
            Self::Stopped => "Stopped. The numbers stay.",
            Self::Deleted => "Deleted.",
            Self::Duplicated => "Duplicated. This is the copy, a draft.",
            Self::PairUsed => "In use. Browsers change over to it as they come by, without a question.",
            Self::PairRetired => "Retired. The pair is not in the ring any more.",
            Self::Revoked => "Key revoked. Calls with it are refused from now on.",
            Self::Published => "Published. Visitors see it from their next page on.",
            Self::Discarded => "Changes discarded. This is what visitors get.",
            Self::Archived => "Archived. Its numbers stay; the list has it under Archived.",
            Self::Unarchived => "Back in the list.",
        }
    }
}

/// The fields that were not accepted, each with its sentence.
#[derive(Debug, Clone, Default)]
pub(crate) struct Errors(pub(crate) Vec<FieldError>);

impl Errors {
    /// The sentence for the field of that path, if it was not accepted.
    pub(crate) fn of(&self, field: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|error| error.field == field)
            .map(|error| error.message.as_str())
    }

    /// Whether the form was accepted.
    pub(crate) fn none(&self) -> bool {
        self.0.is_empty()
    }
}

/// A page as an answer: rendered, never cached, under a policy that names only this answer's nonce.
pub(crate) struct Page<T> {
    /// Status of the answer.
    pub(crate) status: StatusCode,
    /// Nonce that the template used.
    pub(crate) nonce: String,
    /// The page.
    pub(crate) body: T,
}

impl<T: Template> Page<T> {
    /// The page with status 200.
    pub(crate) fn ok(nonce: &str, body: T) -> Self {
        Self {
            status: StatusCode::OK,
            nonce: nonce.to_owned(),
            body,
        }
    }
}

/// The policy of a dashboard page. Pictures may come from anywhere because a campaign's may; everything else is our own.
pub(crate) fn policy(nonce: &str) -> String {
    format!(
        "default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; img-src 'self' https: http: data:; \
         connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
}

impl<T: Template> IntoResponse for Page<T> {
    fn into_response(self) -> Response {
        let html = match self.body.render() {
            Ok(html) => html,
            Err(fault) => {
                tracing::error!(%fault, "a page could not be rendered");
                return StatusCode::INTERNAL_SERVER_ERROR.into_response();
            }
        };
        let policy = HeaderValue::from_str(&policy(&self.nonce)).expect("a nonce is base64url");
        let headers = [
            (
                header::CONTENT_TYPE,
                HeaderValue::from_static("text/html; charset=utf-8"),
            ),
            (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
            (header::CONTENT_SECURITY_POLICY, policy),
            (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
            (
                header::X_CONTENT_TYPE_OPTIONS,
                HeaderValue::from_static("nosniff"),
            ),
        ];
        (self.status, headers, html).into_response()
    }
}
