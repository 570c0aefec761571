//! Banners about what keeps a push from being sent, on the overview and on its report.
//!
//! Left out: the words (`http::alarms`). Invariant: what was dismissed is shown no more; what is there no more can be dismissed all the same.

use super::desk::{Desk, Signed, own_path};
use crate::http::alarms::{KEYS, is_about_keys, remedy, words};
use crate::http::extract::Part;
use crate::store::alarms::AlarmRow;
use axum::response::{IntoResponse as _, Redirect, Response};
use campanile_core::alarm::Alarm;
use campanile_core::id::CampaignId;

/// Banners on the overview at once.
pub(crate) const ON_OVERVIEW: usize = 3;

/// One banner.
#[derive(Debug, Clone)]
pub(crate) struct Banner {
    /// The campaign's number.
    pub(crate) campaign: i64,
    /// Its name; empty on its own report.
    pub(crate) name: String,
    /// Which alarm.
    pub(crate) kind: &'static str,
    /// What is wrong.
    pub(crate) words: String,
    /// What to do.
    pub(crate) remedy: &'static str,
    /// Where.
    pub(crate) way: Option<&'static str>,
}

impl Banner {
    /// The banners of what was not dismissed; `name` gives the names of campaigns.
    pub(crate) fn all(rows: &[AlarmRow], name: impl Fn(CampaignId) -> String) -> Vec<Self> {
        rows.iter()
            .filter(|row| row.dismissed_at.is_none())
            .map(|row| Self {
                campaign: row.campaign.0,
                name: name(row.campaign),
                kind: row.alarm.as_str(),
                words: words(row),
                remedy: remedy(row.alarm),
                way: is_about_keys(row.alarm).then_some(KEYS),
            })
            .collect()
    }
}

/// Puts one away and leads back.
pub(crate) async fn dismiss(
    Part((id, kind)): Part<(i64, String)>,
    Signed { desk, form }: Signed,
) -> Response {
    let put_away = async |desk: &Desk| {
        if let Some(alarm) = Alarm::parse(&kind) {
            let which = (CampaignId(id), alarm);
            desk.app
                .store
                .dismiss_alarm(&desk.account().id, which, desk.now)
                .await?;
        }
        Ok(Redirect::to(own_path(form.get("back"))).into_response())
    };
    let answer = put_away(&desk).await;
    desk.tell(answer)
}
