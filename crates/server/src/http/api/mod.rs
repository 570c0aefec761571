//! The JSON API under `/api/v1`, with bearer keys: everything that the dashboard does.
//!
//! Left out: rules. Invariant: every route stands in [`ROUTES`], from which the router and the OpenAPI document are made, so neither can
//! know a route that the other does not.

mod alarms;
mod campaigns;
mod imports;
mod live;
mod media;
mod openapi;
mod people;
mod schemas;
mod send;
mod settings;

use super::error::Error;
use crate::app::App;
use axum::Router;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, delete, get, patch, post, put};

/// One route: method, path under `/api`, what it does, and its handler.
struct Route {
    method: &'static str,
    path: &'static str,
    summary: &'static str,
    /// Names of the request's and the answer's schemas in the OpenAPI document; empty for none, `Picture` for a picture's bytes, `Csv` for a CSV file, `SubscriptionFile` for JSON lines or CSV, `LiveStream` for server-sent events.
    takes: &'static str,
    gives: &'static str,
    status: u16,
    handler: fn() -> MethodRouter<App>,
}

macro_rules! routes {
    ($($method:ident $path:literal $handler:path, $summary:literal, $takes:literal => $status:literal $gives:literal;)+) => {
        &[$(Route {
            method: stringify!($method), path: $path, summary: $summary, takes: $takes, gives: $gives, status: $status,
            handler: || $method($handler),
        }),+]
    };
}

const ROUTES: &[Route] = routes! {
    get "/v1/account" settings::account, "The account of this key", "" => 200 "Account";
    patch "/v1/account" settings::change_account, "Change name, zone, origins, or what holds for all campaigns", "AccountChange" => 200 "Account";
    get "/v1/campaigns" campaigns::list, "Campaigns with their counts, newest first; filter by kind, status and archived", "" => 200 "CampaignList";
    post "/v1/campaigns" campaigns::create, "Write a campaign down as a draft", "Definition" => 201 "Campaign";
    get "/v1/campaigns/{id}" campaigns::show, "One campaign with its counts", "" => 200 "Campaign";
    put "/v1/campaigns/{id}" campaigns::change, "Change a campaign; a running pop-up changes for visitors at once", "Definition" => 200 "Campaign";
    delete "/v1/campaigns/{id}" campaigns::remove, "Delete a campaign that does not run, with its numbers", "" => 204 "";
    post "/v1/campaigns/{id}/start" campaigns::start, "Start a pop-up, or send a push, at once or at the moment that it names", "" => 200 "Campaign";
    post "/v1/campaigns/{id}/stop" campaigns::stop, "Stop a running campaign; a push whose moment lies ahead is a draft again", "" => 200 "Campaign";
    post "/v1/campaigns/{id}/winner" campaigns::winner, "Let a variant of a push win before its test has decided", "Choice" => 200 "Campaign";
    post "/v1/campaigns/{id}/pause" campaigns::pause, "Halt a push that is being sent; what is under way arrives", "" => 200 "Campaign";
    post "/v1/campaigns/{id}/resume" campaigns::resume, "Go on with a push that was halted", "" => 200 "Campaign";
    post "/v1/campaigns/{id}/send" send::send, "Send a running push with “on_request” to those who are named; with the header Idempotency-Key the same request is taken once", "SendRequest" => 202 "Receipt";
    post "/v1/campaigns/{id}/test" send::try_out, "Send a push as it is kept to one recipient's browsers, uncounted, whatever its status; “variant” 0 is A", "PushTestRequest" => 202 "PushTestList";
    get "/v1/push-tests/{id}" send::tried, "What became of a test of a push", "" => 200 "PushTest";
    post "/v1/campaigns/{id}/duplicate" campaigns::duplicate, "Make a draft with the same words", "" => 201 "Campaign";
    post "/v1/campaigns/{id}/archive" campaigns::archive, "Put a campaign away that does not run; its numbers stay", "" => 200 "Campaign";
    post "/v1/campaigns/{id}/unarchive" campaigns::unarchive, "Take a campaign out again", "" => 200 "Campaign";
    put "/v1/campaigns/{id}/draft" campaigns::keep_draft, "Keep changes beside what is in force; visitors do not get them", "Definition" => 200 "Campaign";
    delete "/v1/campaigns/{id}/draft" campaigns::forget_draft, "Forget the changes that are kept beside", "" => 200 "Campaign";
    post "/v1/campaigns/{id}/links" campaigns::link, "A signed link into a page of yours, for two hours: “test” shows this message uncounted, “why” opens the overlay", "NewLink" => 201 "Link";
    get "/v1/campaigns/{id}/report" campaigns::report, "Numbers by day, variants with intervals, answers, and why messages failed; ?revision= for one of them", "" => 200 "Report";
    get "/v1/campaigns/{id}/report.csv" campaigns::report_csv, "The numbers as CSV: in all, by day, variant, round, browser and operating system", "" => 200 "Csv";
    get "/v1/campaigns/{id}/deliveries.csv" campaigns::deliveries_csv, "All messages of a push as CSV, the newest run first; ?state=", "" => 200 "Csv";
    get "/v1/campaigns/{id}/deliveries" campaigns::deliveries, "What a push sent to whom, with each answer; ?state=, ?limit= and ?after= (the answer's “next”)", "" => 200 "DeliveryList";
    get "/v1/campaigns/{id}/answers" campaigns::answers, "What visitors wrote into a pop-up's field, newest first; ?limit= and ?before= (the answer's “next”)", "" => 200 "AnswerList";
    get "/v1/campaigns/{id}/answers.csv" campaigns::answers_csv, "All answers as CSV, newest first", "" => 200 "Csv";
    get "/v1/alarms" alarms::list, "What keeps pushes from being sent, once for each campaign and kind; the latest first, then what was dismissed", "" => 200 "AlarmList";
    post "/v1/campaigns/{id}/alarms/{kind}/dismiss" alarms::dismiss, "Put an alarm away; it is told again only after it was over", "" => 204 "";
    get "/v1/templates" campaigns::templates, "The templates of pop-ups, what each has a place for, and a pop-up to begin with", "" => 200 "TemplateList";
    post "/v1/preview" campaigns::preview, "The very bytes that a visitor or a browser would get", "Definition" => 200 "Preview";
    post "/v1/estimate" campaigns::estimate, "Whom a push would reach now, and who would be left out and why", "Definition" => 200 "Estimate";
    get "/v1/media" media::list, "Uploaded pictures, newest first; ?limit= and ?before= (the answer's “next”)", "" => 200 "MediaList";
    post "/v1/media" media::keep, "Upload a picture: the bytes of a PNG, JPEG, WebP or GIF, at most 5 MiB; ?name=", "Picture" => 201 "Media";
    delete "/v1/media/{hash}" media::remove, "Delete a picture that no campaign uses", "" => 204 "";
    get "/v1/profiles" people::find, "People by identity: ?identity=Email:customer@example.com, Identity:…, Phone:… or device:…", "" => 200 "ProfileList";
    get "/v1/profiles/{id}" people::show, "One person with devices and subscriptions", "" => 200 "Profile";
    get "/v1/profiles/{id}/events" people::events, "What a person did, newest first; ?limit= and ?before= (ms)", "" => 200 "EventList";
    get "/v1/profiles/{id}/deliveries" people::deliveries, "Pushes that were sent to this person, newest first; ?limit=", "" => 200 "DeliveryList";
    get "/v1/profiles/{id}/why" people::why_profile, "Why this person would or would not get each running pop-up now; ?url=, ?referrer=, ?event=, ?props=, ?device=", "" => 200 "Why";
    get "/v1/devices/{id}/why" people::why_device, "The same for a browser and whoever sits there", "" => 200 "Why";
    get "/v1/live" live::stream, "What happens, as it happens, as server-sent events: “line”, “lost”, “rate”; goes on after Last-Event-ID", "" => 200 "LiveStream";
    get "/v1/subscriptions" people::subscriptions, "Push subscriptions, newest first, and how many live ones by browser", "" => 200 "SubscriptionList";
    get "/v1/subscriptions/forecast" people::forecast, "What push services are about to drop because its browser is silent", "" => 200 "Forecast";
    get "/v1/subscriptions/export" imports::export, "Every subscription with endpoint, secrets and person, to be imported elsewhere; ?format=jsonl or csv", "" => 200 "SubscriptionFile";
    post "/v1/subscriptions/imports" imports::create, "Import subscriptions from JSON lines or CSV; ?dry_run=true only looks, ?key= names the pair of rows that name none", "SubscriptionFile" => 202 "Import";
    get "/v1/subscriptions/imports" imports::list, "Imports of the last week, newest first", "" => 200 "ImportList";
    get "/v1/subscriptions/imports/{id}" imports::show, "How far an import is, what was wrong with which row, and how many it makes reachable", "" => 200 "Import";
    post "/v1/subscriptions/imports/{id}/start" imports::start, "Take the rows of a file that was only looked at", "" => 200 "Import";
    post "/v1/subscriptions/imports/{id}/cancel" imports::cancel, "Stop an import; what was taken stays", "" => 200 "Import";
    get "/v1/subscriptions/imports/{id}/refused.csv" imports::refused, "All rows that were refused, and fields that were left out, as CSV", "" => 200 "Csv";
    get "/v1/settings/web-push" settings::web_push, "VAPID keys and what is bound to them", "" => 200 "WebPush";
    post "/v1/settings/web-push/keys" settings::add_vapid_key, "Make a VAPID pair, or bring one along; new subscriptions are made with it from now on", "NewVapidKey" => 201 "VapidKey";
    put "/v1/settings/web-push/keys/{id}" settings::use_vapid_key, "Put a pair of the ring in use again", "VapidUse" => 200 "WebPush";
    get "/v1/settings/web-push/keys/{id}/private" settings::private_vapid_key, "A pair with its private key, to take it elsewhere", "" => 200 "PrivateVapidKey";
    delete "/v1/settings/web-push/keys/{id}" settings::retire_vapid_key, "Retire a pair that is not in use and that no live subscription was made with", "" => 204 "";
    get "/v1/install" settings::install, "The snippet, and where it was seen", "" => 200 "Install";
    get "/v1/keys" settings::keys, "API keys, without their text", "" => 200 "KeyList";
    post "/v1/keys" settings::create_key, "Make an API key; its text is told once", "NewKey" => 201 "MadeKey";
    delete "/v1/keys/{id}" settings::revoke_key, "Revoke an API key", "" => 204 "";
};

/// The API's routes, under `/api`.
pub fn router() -> Router<App> {
    let mut router = Router::new().route("/openapi.json", get(openapi::document));
    for route in ROUTES {
        router = router.route(route.path, (route.handler)());
    }
    router
        .fallback(unknown)
        .layer(axum::middleware::from_fn(no_store))
}

async fn unknown() -> Response {
    Error::NotFound {
        code: "route_unknown",
        message: "There is no such route. GET /api/openapi.json lists them.".to_owned(),
    }
    .into_response()
}

async fn no_store(request: axum::extract::Request, next: axum::middleware::Next) -> Response {
    let mut response = next.run(request).await;
    response.headers_mut().insert(
        axum::http::header::CACHE_CONTROL,
        axum::http::HeaderValue::from_static("no-store"),
    );
    response
}
