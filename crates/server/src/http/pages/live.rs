//! Live: what happens this second, one row each.
//!
//! The rows that are kept come with the page, the rest through the stream; without script the page is asked for again. Left out: the lines
//! themselves (`http::tail`). Invariant: page, stream and command take the same filter.

use super::desk::Desk;
use super::format::When;
use super::icon::Icon;
use super::{Nav, Shell, Theme, asset, format};
use crate::http::error::Error;
use crate::http::extract::Asked;
use crate::http::tail::{self, Filter, GROUPS, Teller, Told, Wanted};
use crate::tail::{KEPT, Kind};
use askama::Template;
use axum::http::HeaderMap;
use axum::response::Response;

/// Rows that come with the page; the stream adds to them.
const ROWS: usize = 200;
/// Rows a second that an eye can follow.
const MOST: &str = "25";

/// One of the views.
#[derive(Debug, Clone)]
pub(crate) struct Group {
    /// Its words.
    pub(crate) words: &'static str,
    /// Where it leads.
    pub(crate) href: String,
    /// Whether it is looked at.
    pub(crate) current: bool,
}

/// A campaign or a person whose lines alone are looked at.
#[derive(Debug, Clone)]
pub(crate) struct About {
    /// Its field.
    pub(crate) name: &'static str,
    /// Its number.
    pub(crate) number: String,
    /// Its words.
    pub(crate) words: String,
    /// The same lines without it.
    pub(crate) without: String,
}

/// How a kind looks: its name, class of its badge, icon and word.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look {
    /// Its name.
    pub(crate) name: &'static str,
    /// Class beside `badge`.
    pub(crate) class: &'static str,
    /// Its icon.
    pub(crate) icon: Icon,
    /// Its word.
    pub(crate) word: &'static str,
}

impl Look {
    /// Of a kind.
    pub(crate) fn of(kind: Kind) -> Self {
        let (class, icon) = match kind {
            Kind::Event => ("badge-idle", Icon::Activity),
            Kind::Shown => ("badge-idle", Icon::Eye),
            Kind::NotShown => ("badge-warn", Icon::EyeOff),
            Kind::Clicked => ("badge-ok", Icon::MousePointerClick),
            Kind::Closed => ("badge-idle", Icon::X),
            Kind::Answered => ("badge-ok", Icon::PencilLine),
            Kind::Converted => ("badge-accent", Icon::BadgeCheck),
            Kind::Subscribed => ("badge-info", Icon::BellPlus),
            Kind::Unsubscribed => ("badge-idle", Icon::BellOff),
            Kind::Sent => ("badge-idle", Icon::Send),
            Kind::Retried => ("badge-warn", Icon::RefreshCw),
            Kind::Failed => ("badge-bad", Icon::CircleAlert),
        };
        Self {
            name: kind.as_str(),
            class,
            icon,
            word: tail::word(kind),
        }
    }
}

/// The page.
#[derive(Debug, Template)]
#[template(path = "live.html")]
pub(crate) struct LivePage {
    /// What stands around it.
    pub(crate) shell: Shell,
    /// What is searched for.
    pub(crate) search: String,
    /// The view that is looked at, as it stands in the address.
    pub(crate) kind: String,
    /// What alone is looked at.
    pub(crate) about: Vec<About>,
    /// The views.
    pub(crate) groups: Vec<Group>,
    /// How every kind looks, for the rows that come later.
    pub(crate) looks: Vec<Look>,
    /// Rows that are kept, newest first.
    pub(crate) rows: Vec<(Look, Told)>,
    /// Where the further ones come from.
    pub(crate) stream: String,
    /// The same at the command line.
    pub(crate) command: String,
    /// When a page was last seen on the site.
    pub(crate) last: Option<When>,
}

/// An address with what is asked for.
fn address(path: &str, pairs: &[(&str, &str)]) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(pairs.iter().filter(|(_, value)| !value.is_empty()));
    let query = query.finish();
    if query.is_empty() {
        path.to_owned()
    } else {
        format!("{path}?{query}")
    }
}

/// A text as one word of a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

impl LivePage {
    /// The page of what is `wanted`, with the rows that are kept, oldest first; `after` is where they end.
    pub(crate) fn new(
        shell: Shell,
        base: &str,
        wanted: &Wanted,
        about: Vec<(&'static str, String)>,
        (rows, after): (Vec<Told>, &str),
        last: Option<When>,
    ) -> Self {
        let mut asked = vec![
            ("kind", wanted.kind.as_str()),
            ("search", &wanted.search),
            ("campaign", &wanted.campaign),
            ("profile", &wanted.profile),
        ];
        let command = std::iter::once(format!("campanile tail --url {base}"))
            .chain(
                asked
                    .iter()
                    .filter(|(_, value)| !value.is_empty())
                    .map(|(name, value)| format!("--{name} {}", quoted(value))),
            )
            .collect::<Vec<_>>()
            .join(" ");
        let words = ["Events", "Pop-ups", "Push", "Failed"];
        let groups = std::iter::once(("", "All")).chain(GROUPS.into_iter().zip(words));
        let groups = groups
            .map(|(group, words)| {
                asked[0].1 = group;
                Group {
                    words,
                    href: address("/live", &asked),
                    current: wanted.kind == group,
                }
            })
            .collect();
        asked[0].1 = &wanted.kind;
        let about = about.into_iter().map(|(name, words)| {
            let others: Vec<_> = asked
                .iter()
                .copied()
                .filter(|(other, _)| *other != name)
                .collect();
            let number = asked
                .iter()
                .find(|(other, _)| *other == name)
                .map_or("", |(_, number)| *number);
            About {
                name,
                number: number.to_owned(),
                words,
                without: address("/live", &others),
            }
        });
        let about = about.collect();
        asked.extend([("most", MOST), ("after", after)]);
        Self {
            search: wanted.search.clone(),
            kind: wanted.kind.clone(),
            about,
            groups,
            looks: Kind::ALL.into_iter().map(Look::of).collect(),
            rows: rows
                .into_iter()
                .rev()
                .take(ROWS)
                .map(|row| (Look::of(row.kind), row))
                .collect(),
            stream: address("/live/stream", &asked),
            command,
            last,
            shell,
        }
    }
}

/// The page at `/live`.
pub(crate) async fn show(desk: Desk, Asked(wanted): Asked<Wanted>) -> Response {
    desk.tell(page(&desk, &wanted).await)
}

async fn page(desk: &Desk, wanted: &Wanted) -> Result<Response, Error> {
    let account = &desk.account().id;
    let filter = Filter::new(&desk.app, &desk.site, wanted).await?;
    let (kept, after) = desk.app.tail.kept(account);
    let mut teller = Teller::new(desk.app.clone(), desk.site.clone(), filter);
    let mut rows = Vec::new();
    for said in &kept {
        rows.extend(teller.tell(said).await);
    }
    let about = teller.about().await;
    let seen = desk.app.store.sightings(account).await?;
    let last = seen.iter().map(|sighting| sighting.last_at).max();
    let last = last.map(|at| desk.told().when(at));
    let page = LivePage::new(
        desk.shell(Nav::Live),
        &desk.base,
        wanted,
        about,
        (rows, &after),
        last,
    );
    Ok(desk.page(page))
}

/// The stream at `/live/stream`.
pub(crate) async fn stream(desk: Desk, headers: HeaderMap, Asked(wanted): Asked<Wanted>) -> Response {
    let stream = tail::stream(&desk.app, desk.site.clone(), &headers, &wanted).await;
    desk.tell(stream)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_typed_is_one_word_of_the_command() {
        assert_eq!(quoted("path=/sale; rm -rf ~"), "'path=/sale; rm -rf ~'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
    }
}
