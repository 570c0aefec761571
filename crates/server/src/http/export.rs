//! A campaign's numbers and the ledger of a push as CSV (RFC 4180), for the dashboard and the API.
//!
//! Left out: counting, and who may have it. Invariant: the ledger is read and sent in pieces, never all in memory; the columns of a file are
//! fixed for its kind of campaign, and new ones are added at the end.

use super::csv::{self, row};
use crate::app::App;
use crate::report::CampaignReport;
use crate::store::deliveries::{DeliveryRow, Place};
use crate::store::sends::ClientRow;
use crate::store::tries::TryRow;
use axum::response::Response;
use campanile_core::campaign::Kind;
use campanile_core::id::{AccountId, CampaignId};
use campanile_core::stats::{Counts, Measure};

/// Messages in one piece.
const PIECE: u32 = 500;
const POPUP: [Measure; 10] = [
    Measure::Handed,
    Measure::Shown,
    Measure::Clicked,
    Measure::Closed,
    Measure::Returned,
    Measure::Answered,
    Measure::Granted,
    Measure::Blocked,
    Measure::Exposed,
    Measure::Converted,
];
const PUSH: [Measure; 12] = [
    Measure::Audience,
    Measure::Sent,
    Measure::Failed,
    Measure::Gone,
    Measure::Unsent,
    Measure::Capped,
    Measure::Held,
    Measure::Shown,
    Measure::Clicked,
    Measure::Dismissed,
    Measure::Exposed,
    Measure::Converted,
];
const LEDGER: &str = "id,run,profile,subscription,browser,system,push_service,variant,state,attempts,status,cause,reason,\
                      settled_at,shown_at,clicked_at,dismissed_at,tries\r\n";

/// The numbers of a campaign: in all, by day, by variant, and of a push by round, browser and operating system.
pub fn report(found: &CampaignReport) -> Response {
    let measures: &[Measure] = match found.campaign.definition.kind() {
        Kind::Popup => &POPUP,
        Kind::Push => &PUSH,
    };
    let names = measures.iter().map(|measure| measure.as_str().to_owned());
    let mut text = row(["table".to_owned(), "of".to_owned()].into_iter().chain(names));
    let mut add = |table: &str, of: &str, counts: &Counts| {
        let numbers = measures.iter().map(|wanted| {
            let found = counts
                .measures()
                .into_iter()
                .find(|(measure, _)| measure == wanted);
            found.map_or(0, |(_, n)| n).to_string()
        });
        text += &row([table.to_owned(), of.to_owned()].into_iter().chain(numbers));
    };
    add("total", "", &found.counts);
    for (day, counts) in &found.days {
        add("day", &day.dashed(), counts);
    }
    for part in &found.parts {
        add("variant", &part.name, &part.counts);
    }
    if let Some(test) = &found.test
        && let Some(winner) = &test.row.winner
    {
        add("after the test", winner, &test.after);
    }
    for round in &found.rounds {
        add("round", &round.at.to_string(), &round.counts);
    }
    for (table, clients) in [("browser", &found.browsers), ("system", &found.systems)] {
        for client in clients {
            add(table, &client.name, &counts(client));
        }
    }
    csv::file(&format!("report-{}", found.campaign.id), text.into())
}

fn counts(client: &ClientRow) -> Counts {
    Counts {
        sent: client.sent,
        failed: client.failed,
        gone: client.gone,
        shown: client.shown,
        clicked: client.clicked,
        ..Counts::default()
    }
}

/// Every message of a push, the newest run first; `state` empty: in any state.
pub fn ledger(app: &App, account: &AccountId, campaign: CampaignId, state: String) -> Response {
    let (app, account) = (app.clone(), account.clone());
    let pieces = csv::pieces(LEDGER, move |after: Option<Place>| {
        let (app, account, state) = (app.clone(), account.clone(), state.clone());
        async move {
            let rows = app
                .store
                .deliveries(&account, campaign, &state, after, PIECE)
                .await?;
            let tries = app.store.tries(&account, &rows).await?;
            let lines = rows.iter().map(|row| {
                let tries = tries.get(&row.id).map(Vec::as_slice).unwrap_or_default();
                line(row, tries)
            });
            let next = rows.last().filter(|_| rows.len() == PIECE as usize);
            Ok((lines.collect(), next.map(Place::after)))
        }
    });
    csv::file(&format!("deliveries-{campaign}"), pieces)
}

fn line(delivery: &DeliveryRow, tries: &[TryRow]) -> String {
    let at =
        |moment: Option<campanile_core::time::Timestamp>| moment.map(|at| at.to_string()).unwrap_or_default();
    let status = |status: Option<u16>| status.map(|status| status.to_string()).unwrap_or_default();
    let tries: Vec<String> = tries
        .iter()
        .map(|one| {
            let said = [one.at.to_string(), status(one.status), one.reason.clone()];
            said.join(" ").trim_end().to_owned()
        })
        .collect();
    row([
        delivery.id.to_string(),
        delivery.run.to_string(),
        delivery.ordinal.0.to_string(),
        delivery.subscription.to_string(),
        delivery.browser.clone(),
        delivery.system.clone(),
        delivery.host.clone(),
        delivery.variant.clone().unwrap_or_default(),
        delivery.state.clone(),
        delivery.attempts.to_string(),
        status(delivery.status),
        delivery
            .cause
            .map(|cause| cause.as_str().to_owned())
            .unwrap_or_default(),
        delivery.reason.clone(),
        at(delivery.settled_at),
        at(delivery.shown_at),
        at(delivery.clicked_at),
        at(delivery.dismissed_at),
        tries.join("; "),
    ])
}
