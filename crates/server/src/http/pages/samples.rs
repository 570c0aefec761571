//! Every page once, filled with plausible values: what the tests render, and what a designer looks at.
//!
//! Left out: the pages that explain (`samples/insight.rs`), and the store. Invariant: the values are fixed, so two renderings are the same.

mod insight;
mod install;
mod moving;

use crate::http::pages::answers::AnswersCard;
use crate::http::pages::campaigns::{CampaignsPage, NewCampaignPage, Row, Standing, tabs};
use crate::http::pages::chart;
use crate::http::pages::confirm::ConfirmPage;
use crate::http::pages::editor::control::Fields;
use crate::http::pages::editor::push::{
    Bench, Outlook, PushEditorPage, on_event, on_request, topic, vibrate,
};
use crate::http::pages::editor::push_buttons::Buttons;
use crate::http::pages::editor::push_experiment::PushExperiment;
use crate::http::pages::editor::push_languages::Languages;
use crate::http::pages::editor::push_test::TestPart;
use crate::http::pages::editor::push_when::PushWhen;
use crate::http::pages::editor::rows::RuleRows;
use crate::http::pages::editor::samples as editor_samples;
use crate::http::pages::error::{ErrorDoorPage, ErrorPage, ErrorWords};
use crate::http::pages::format::{self, Told};
use crate::http::pages::forms::PushForm;
use crate::http::pages::icon::Icon;
use crate::http::pages::open::OpenForm;
use crate::http::pages::overview::{Best, Daily, OverviewPage, Reach, Seen};
use crate::http::pages::report::{DayCounts, ReportPage, View};
use crate::http::pages::settings::{ApiKeysPage, KeyRow, Room};
use crate::http::pages::sign_in::{FirstSignInPage, LinkSignInPage, SignInPage};
use crate::http::pages::web_push::{RingKey, WebPushPage};
use crate::http::pages::{Errors, Nav, Shell, SiteChoice, Theme, status};
use crate::report::progress::Progress;
use crate::report::{By, CampaignReport};
use crate::store::alarms::AlarmRow;
use crate::store::sends::{ClientRow, ReasonRow};
use campanile_core::FieldError;
use campanile_core::account::PushRules;
use campanile_core::alarm::Alarm;
use campanile_core::campaign::{Campaign, Definition, Status};
use campanile_core::id::CampaignId;
use campanile_core::silence::FORGETFUL;
use campanile_core::stats::Counts;
use campanile_core::time::{Day, Timestamp, Zone};
use serde_json::json;
use std::collections::BTreeMap;

const NOW: Timestamp = Timestamp(1_795_426_860_000); // 23 Nov 2026, 09:41 UTC
const NONCE: &str = "c2FtcGxlLW5vbmNl";
const SNIPPET: &str = "<script>var clevertap={event:[],profile:[],account:[],onUserLogin:[],region:'',notifications:[],privacy:[]};clevertap.account.push({\"id\":\"HG-4R9-7KW-2Z6Z\"});clevertap.privacy.push({optOut:false});clevertap.privacy.push({useIP:false});</script><script async src=\"https://push.example.com/js/clevertap.min.js\"></script>";

fn shell(active: Nav, path: &str) -> Shell {
    Shell {
        site_name: "Harbour Goods".into(),
        site_id: "HG-4R9-7KW-2Z6Z".into(),
        sites: vec![
            SiteChoice {
                id: "HG-4R9-7KW-2Z6Z".into(),
                name: "Harbour Goods".into(),
            },
            SiteChoice {
                id: "HG-STAGE".into(),
                name: "Harbour Goods, staging".into(),
            },
        ],
        host: "shop.example.com".into(),
        user_email: "ops@example.com".into(),
        active,
        csrf: "sample-token".into(),
        running: 2,
        theme: Theme::System,
        nonce: NONCE.into(),
        path: path.into(),
        said: None,
    }
}

fn told() -> Told {
    Told::new(NOW, Zone::utc())
}

fn campaign(id: i64, status: Status, value: serde_json::Value) -> Campaign {
    let started = (status != Status::Draft).then(|| NOW.plus_ms(-24 * 86_400_000));
    Campaign {
        id: CampaignId(id),
        status,
        definition: Definition::parse(value).expect("a sample is a campaign"),
        created_at: NOW.plus_ms(-25 * 86_400_000),
        changed_at: NOW.plus_ms(-86_400_000),
        started_at: started,
        ended_at: None,
        revision: 1,
        draft: None,
        archived_at: None,
    }
}

fn popup(id: i64, name: &str, status: Status, event: Option<&str>) -> Campaign {
    let trigger = event.map_or(
        json!({"on": "page"}),
        |event| json!({"on": "event", "event": event}),
    );
    let message = json!({"title": "Welcome back", "text": "Your basket is kept for 24 hours. Take 10% off today with HARBOUR10.",
        "button": "Take me to my basket", "on_click": {"do": "url", "url": "/basket"}, "accent": "#205e5b"});
    campaign(
        id,
        status,
        json!({"name": name, "kind": "popup", "popup": message, "trigger": trigger}),
    )
}

fn push(id: i64, name: &str, status: Status) -> Campaign {
    let message = json!({"title": "Good news, your boots are back", "body": "Size 42 is in stock again. We keep a pair for you until Sunday.",
        "url": "https://shop.example.com/p/boots-42",
        "actions": [{"action": "first", "title": "Show me", "url": "https://shop.example.com/p/boots-42"}, {"action": "second", "title": "Not my size", "url": "https://shop.example.com/account/alerts"}]});
    campaign(id, status, json!({"name": name, "kind": "push", "push": message}))
}

fn popup_counts() -> Counts {
    Counts {
        handed: 61_230,
        shown: 47_982,
        clicked: 3_310,
        closed: 30_211,
        ..Counts::default()
    }
}

fn push_counts() -> Counts {
    Counts {
        audience: 26_408,
        sent: 16_201,
        shown: 14_902,
        clicked: 462,
        dismissed: 3_120,
        failed: 12,
        gone: 160,
        ..Counts::default()
    }
}

fn days() -> Vec<DayCounts> {
    let shown = [
        2050, 2100, 1800, 1750, 1420, 1650, 1900, 2010, 2200, 1820, 1810, 1690, 1740, 1720, 2050, 2040, 2110,
        1680, 1740, 1810, 1850, 1960, 2260, 1900,
    ];
    shown
        .into_iter()
        .enumerate()
        .map(|(place, shown)| DayCounts {
            day: Day::of(NOW.plus_ms((place as i64 - 23) * 86_400_000), &Zone::utc()),
            counts: Counts {
                handed: shown + 400,
                shown,
                clicked: shown * (6 + place as u64 % 3) / 100,
                closed: shown / 2,
                sent: shown,
                ..Counts::default()
            },
        })
        .collect()
}

fn rows() -> Vec<Row> {
    let clicks = [5, 6, 4, 7, 8, 6, 5, 9, 8, 7, 8, 10, 9, 11];
    vec![
        Row::new(
            &popup(1, "Autumn sale, 10% off", Status::Running, None),
            &popup_counts(),
            &clicks,
            &told(),
        ),
        Row::new(
            &push(2, "Weekend edit, 21 Nov", Status::Sending),
            &push_counts(),
            &clicks,
            &told(),
        ),
        Row::new(
            &popup(3, "Thanks for the basket", Status::Stopped, Some("Added To Cart")),
            &Counts {
                handed: 20_460,
                shown: 20_400,
                clicked: 961,
                ..Counts::default()
            },
            &clicks,
            &told(),
        ),
        Row::new(
            &push(4, "Singles Day, 24 hours", Status::Sent),
            &Counts {
                audience: 44_018,
                sent: 44_018,
                shown: 42_377,
                clicked: 2_204,
                ..Counts::default()
            },
            &[20, 40, 12, 8, 5, 4, 3, 2, 2, 1, 1, 1, 1, 1],
            &told(),
        ),
        Row::new(
            &push(5, "Winter boots, second try", Status::Draft),
            &Counts::default(),
            &[],
            &told(),
        ),
    ]
}

fn daily() -> Daily {
    let days = days();
    let shown: Vec<u64> = days.iter().map(|day| day.counts.shown).collect();
    let clicked: Vec<u64> = days.iter().map(|day| day.counts.clicked).collect();
    let best = |id, name: &str, icon, rate: &str, clicks: &str| Best {
        id,
        name: name.into(),
        icon,
        rate: rate.into(),
        clicks: clicks.into(),
        spark: chart::spark(&clicked),
    };
    Daily {
        reachable: 48_213,
        people: 71_904,
        shown: 510_763,
        clicked: 29_589,
        sent: 102_004,
        failed: 211,
        lines: [
            chart::line("Shown", "shown", &shown),
            chart::line("Clicked", "clicked", &clicked),
        ]
        .into_iter()
        .flatten()
        .collect(),
        first_day: "31 Oct".into(),
        days: days
            .iter()
            .rev()
            .map(|day| {
                (
                    told().day(day.day),
                    format::number(day.counts.shown),
                    format::number(day.counts.clicked),
                )
            })
            .collect(),
        reach: vec![
            Reach {
                browser: "Chrome and Edge".into(),
                count: "32,966".into(),
                bar: 1000,
            },
            Reach {
                browser: "Firefox".into(),
                count: "9,204".into(),
                bar: 279,
            },
            Reach {
                browser: "Safari".into(),
                count: "6,043".into(),
                bar: 183,
            },
        ],
        best: vec![
            best(1, "Autumn sale, 10% off", Icon::PanelBottom, "6.9%", "3,310"),
            best(4, "Singles Day, 24 hours", Icon::Send, "5.2%", "2,204"),
            best(3, "Thanks for the basket", Icon::PanelBottom, "4.7%", "961"),
        ],
        queue: "214 waiting, 1 s behind".into(),
        script: Some("shop.example.com, 4 s ago".into()),
    }
}

fn bench(id: Option<i64>, status: Status, errors: Vec<FieldError>) -> Bench {
    Bench {
        id,
        badge: status::badge(status, &Counts::default()),
        saved: id.map(|_| "at 09:41".to_owned()),
        missing: errors.clone(),
        errors: Errors(errors),
        problem: "Not saved. What you typed is still here.",
    }
}

fn push_editor() -> PushEditorPage {
    let sample = push(5, "Back in stock", Status::Draft);
    let zone = Zone::utc();
    let form = PushForm::of(&sample.definition, &zone).expect("a push");
    let none = Errors::default();
    let fields = Fields {
        typed: &form.plan,
        wrong: &none,
    };
    PushEditorPage {
        shell: shell(Nav::Campaigns, "/campaigns/5/edit"),
        bench: bench(Some(5), Status::Draft, Vec::new()),
        rules: RuleRows::new(&fields, "audience"),
        wrong: None,
        known: vec!["Plan".into(), "Charged".into()],
        people: vec!["A sample".into()],
        languages: Languages::new(&fields),
        buttons: Buttons::new(&fields),
        topic: topic(&fields),
        test: TestPart::default(),
        vibrate: vibrate(&fields),
        when: PushWhen::new(&fields, "UTC", PushRules::default()),
        on_event: on_event(&fields),
        on_request: on_request(&fields),
        experiment: PushExperiment::new(&fields, &[]),
        zone: "UTC".into(),
        outlook: Outlook {
            payload: "{\n  \"web_push\": 8030\n}".into(),
            bytes: 1284,
            sentence: "Goes to all subscribers at once.".into(),
            reach: "6,870 subscriptions now".into(),
            verb: "Send to 6,870 subscriptions".into(),
            ..Outlook::default()
        },
        form,
        origin_host: "shop.example.com".into(),
    }
}

fn report(campaign: &Campaign, counts: &Counts, days: &[DayCounts], reasons: &[(&str, u64)]) -> ReportPage {
    let found = CampaignReport {
        campaign: campaign.clone(),
        counts: *counts,
        days: BTreeMap::new(),
        reasons: reasons
            .iter()
            .map(|(reason, times)| ReasonRow {
                state: "failed".to_owned(),
                status: Some(403),
                cause: None,
                reason: (*reason).to_owned(),
                times: *times,
            })
            .collect(),
        browsers: vec![ClientRow {
            name: "Firefox".into(),
            sent: counts.sent,
            failed: counts.failed,
            shown: counts.shown,
            clicked: counts.clicked,
            ..ClientRow::default()
        }],
        systems: Vec::new(),
        unlooked: None,
        alarms: vec![AlarmRow {
            campaign: campaign.id,
            alarm: Alarm::Forbidden,
            host: "web.push.apple.com".into(),
            reason: "BadJwtToken".into(),
            n: 1_204,
            since: NOW,
            last_at: NOW,
            dismissed_at: None,
        }],
        revisions: Vec::new(),
        revision: None,
        by: By::Click,
        parts: Vec::new(),
        test: None,
        verdicts: Vec::new(),
        progress: (campaign.status == Status::Sending).then(|| Progress {
            done: counts.audience - counts.waiting(),
            total: counts.audience,
            exact: true,
            per_minute: Some(9_600),
            minutes_left: Some(3),
            waiting_for_services: 12,
            tried_until: Some(NOW.plus_ms(86_400_000)),
            later: 0,
            later_until: None,
            winner_at: None,
            at_most_per_minute: None,
            waits_for: None,
        }),
        answers: None,
        rounds: Vec::new(),
        next_at: None,
    };
    report_of(&found, days, None)
}

fn report_of(found: &CampaignReport, days: &[DayCounts], answers: Option<AnswersCard>) -> ReportPage {
    let open = OpenForm {
        action: "/campaigns/1/open".into(),
        url: "https://shop.example.com/".into(),
        message: true,
        errors: Errors::default(),
    };
    ReportPage::new(
        shell(Nav::Campaigns, "/campaigns/1"),
        found,
        &View::default(),
        days,
        answers,
        open,
        &told(),
    )
}

fn words() -> ErrorWords {
    ErrorWords {
        title: "This page could not be made".into(),
        happened: "The database did not answer within 5 seconds. Sending and counting go on; only this page is affected.".into(),
        kept: Some("Everything that was saved before".into()),
        to_do: "Try again. If it stays so, look at the disk of the data folder.".into(),
        support: "internal · req 7f3a91c2".into(),
        way_out: ("Back to campaigns".into(), "/campaigns".into()),
        again: true,
    }
}

fn campaigns_page(rows: Vec<Row>, total: u64, search: &str) -> CampaignsPage {
    let standings: Vec<Standing> = [
        popup(1, "Autumn sale, 10% off", Status::Running, None),
        push(2, "Weekend edit, 21 Nov", Status::Sending),
        popup(3, "Thanks for the basket", Status::Stopped, None),
        push(4, "Singles Day, 24 hours", Status::Sent),
        push(5, "Winter boots, second try", Status::Draft),
    ]
    .iter()
    .map(|campaign| Standing::of(campaign, NOW))
    .collect();
    CampaignsPage {
        shell: shell(Nav::Campaigns, "/campaigns"),
        tabs: tabs(&standings, ""),
        filter: String::new(),
        search: search.into(),
        rows,
        total,
    }
}

fn api_keys(made: Option<(String, String)>) -> ApiKeysPage {
    let key = |id: &str, name: &str, used| KeyRow {
        id: id.into(),
        name: name.into(),
        tail: "4fR9".into(),
        created: told().when(NOW.plus_ms(-9_000_000)),
        used,
    };
    ApiKeysPage {
        room: Room::ApiKeys,
        shell: shell(Nav::Settings, "/settings/access/api-keys"),
        keys: vec![
            key("1", "Warehouse", Some(told().when(NOW.plus_ms(-720_000)))),
            key("2", "Nightly export", None),
        ],
        made,
        name: String::new(),
        errors: Errors::default(),
        base: "https://push.example.com".into(),
    }
}

/// Every page by a name for its file.
pub(crate) fn all() -> Vec<(&'static str, String)> {
    let mut pages: Vec<(&'static str, Box<dyn askama::DynTemplate>)> = Vec::new();
    let mut add = |name, page: Box<dyn askama::DynTemplate>| pages.push((name, page));
    let steps = |seen: Seen| seen.steps(SNIPPET.into(), Some(1), None);
    let done = || Some("09:12".to_owned());
    let every = Seen {
        snippet: done(),
        event: done(),
        popup: done(),
        subscriber: done(),
        push: done(),
    };
    add(
        "overview",
        Box::new(OverviewPage {
            shell: shell(Nav::Overview, "/overview"),
            steps: steps(every),
            banners: Vec::new(),
            daily: daily(),
        }),
    );
    let two = Seen {
        snippet: Some("Seen on shop.example.com, 09:12".into()),
        event: Some("Page Viewed, 09:12".into()),
        ..Seen::default()
    };
    add(
        "first-run",
        Box::new(OverviewPage {
            shell: shell(Nav::Overview, "/overview"),
            steps: steps(two),
            banners: Vec::new(),
            daily: daily(),
        }),
    );
    add(
        "first-run-0",
        Box::new(OverviewPage {
            shell: shell(Nav::Overview, "/overview"),
            steps: steps(Seen::default()),
            banners: Vec::new(),
            daily: daily(),
        }),
    );
    add("campaigns", Box::new(campaigns_page(rows(), 5, "")));
    add("campaigns-empty", Box::new(campaigns_page(Vec::new(), 0, "")));
    add(
        "campaigns-none",
        Box::new(campaigns_page(Vec::new(), 5, "spring")),
    );
    add(
        "campaign-new",
        Box::new(NewCampaignPage {
            shell: shell(Nav::Campaigns, "/campaigns/new"),
            subscribers: 6870,
        }),
    );
    for (name, page) in editor_samples::all(&shell) {
        add(name, page);
    }
    add("editor-push", Box::new(push_editor()));
    let wrong = [
        ("Subscription gone (410), removed", 160),
        ("Push service did not answer, given up after 6 tries", 12),
    ];
    add(
        "report-popup",
        Box::new(report(
            &popup(1, "Autumn sale, 10% off", Status::Running, None),
            &popup_counts(),
            &days(),
            &[],
        )),
    );
    add(
        "report-push",
        Box::new(report(
            &push(2, "Weekend edit, 21 Nov", Status::Sending),
            &push_counts(),
            &days()[..1],
            &wrong,
        )),
    );
    add(
        "report-draft",
        Box::new(report(
            &push(5, "Winter boots, second try", Status::Draft),
            &Counts::default(),
            &[],
            &[],
        )),
    );
    for (name, page) in insight::pages()
        .into_iter()
        .chain(install::pages())
        .chain(moving::pages())
    {
        add(name, page);
    }
    add(
        "confirm-stop",
        Box::new(ConfirmPage::stop(
            shell(Nav::Campaigns, "/campaigns/2/stop"),
            CampaignId(2),
            "Weekend edit, 21 Nov",
            true,
            10_035,
        )),
    );
    add(
        "confirm-delete",
        Box::new(ConfirmPage::delete(
            shell(Nav::Campaigns, "/campaigns/5/delete"),
            CampaignId(5),
            "Winter boots, second try",
        )),
    );
    add(
        "confirm-revoke",
        Box::new(ConfirmPage::revoke(
            shell(Nav::Settings, "/settings/access/api-keys"),
            "1",
            "Warehouse",
        )),
    );
    let key = "BKq3vT0mXw7eUe5kJrYd2LhN8sPzGf4aCi6oRb1xQnVtMy9uHjEwZ0sAoL5cDgTkI7rXfBvN2mQpYhSa8JdKe1w";
    let ring = |bound, used_in: &[&'static str]| RingKey {
        id: "5f1d7a84c2a14fd0a6a1d1f0c1b2a3d4".into(),
        public_key: key.into(),
        created: told().when(NOW.plus_ms(-86_400_000 * 60)),
        bound,
        used_in: used_in.to_vec(),
    };
    add(
        "settings-web-push",
        Box::new(WebPushPage {
            room: Room::WebPush,
            shell: shell(Nav::Settings, "/settings/engage/channels/web-push"),
            reach: vec![
                ("Chrome and Edge".into(), 31_840, "VAPID".into()),
                ("Firefox".into(), 9_204, "VAPID".into()),
                ("Safari".into(), 0, "VAPID, 16 and later".into()),
            ],
            forecast: vec![
                FORGETFUL[0].forecast([(3, 31_502), (250, 240), (266, 82), (300, 16)]),
                FORGETFUL[1].forecast([(1, 9_204)]),
            ],
            public_key: key.into(),
            firefox_key: key.into(),
            created: told().when(NOW.plus_ms(-86_400_000 * 60)),
            subject: "mailto:ops@example.com".into(),
            keys: vec![
                ring(41_044, &["Chrome", "Firefox", "Safari"]),
                ring(12, &[]),
                ring(0, &[]),
            ],
            behind: 12,
            worker_path: "/clevertap_sw.js".into(),
            shown: None,
            browsers: "all".into(),
            typed: String::new(),
            errors: Errors::default(),
        }),
    );
    add("settings-api-keys", Box::new(api_keys(None)));
    add(
        "settings-api-keys-made",
        Box::new(api_keys(Some((
            "Nightly export".into(),
            "cmp_9XkT4fR9w7KW2Z6ZbQe1LhN8sPzGf4aCi6oRb1x".into(),
        )))),
    );
    add(
        "error",
        Box::new(ErrorPage {
            shell: shell(Nav::Campaigns, "/campaigns"),
            words: words(),
        }),
    );
    add(
        "error-door",
        Box::new(ErrorDoorPage {
            words: words(),
            theme: Theme::System,
            nonce: NONCE.into(),
        }),
    );
    let sign_in = |errors| SignInPage {
        host: "push.example.com".into(),
        email: "ops@example.com".into(),
        next: "/overview".into(),
        errors: Errors(errors),
        theme: Theme::System,
        nonce: NONCE.into(),
    };
    add("sign-in", Box::new(sign_in(Vec::new())));
    add(
        "sign-in-wrong",
        Box::new(sign_in(vec![FieldError::new(
            "sign_in",
            "E-mail and password do not match. 4 tries left, then a pause of 15 min.",
        )])),
    );
    let short = FieldError::new("password", "A password has at least 10 characters.");
    add(
        "first-sign-in",
        Box::new(FirstSignInPage {
            host: "push.example.com".into(),
            action: "/sign-in/4fR9".into(),
            email: "ops@example.com".into(),
            errors: Errors(vec![short]),
            theme: Theme::System,
            nonce: NONCE.into(),
        }),
    );
    add(
        "link-sign-in",
        Box::new(LinkSignInPage {
            host: "push.example.com".into(),
            action: "/sign-in/4fR9".into(),
            theme: Theme::System,
            nonce: NONCE.into(),
        }),
    );
    pages
        .into_iter()
        .map(|(name, page)| (name, page.dyn_render().expect("a sample renders")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::all;

    #[test]
    fn every_page_keeps_the_rules_of_the_house() {
        for (name, html) in all() {
            assert!(html.starts_with("<!doctype html>"), "{name}");
            assert_eq!(html.matches("<h1").count(), 1, "{name}: one title");
            assert_eq!(html.matches("<main").count(), 1, "{name}");
            let own = html.split("srcdoc=\"").next().unwrap_or_default();
            for forbidden in [" style=", " onclick=", " onload=", "<style", "javascript:"] {
                assert!(!own.contains(forbidden), "{name} has {forbidden}");
            }
            for script in html
                .split("<script")
                .skip(1)
                .filter(|script| !script.starts_with('&'))
            {
                assert!(
                    script.starts_with(" type=\"module\" src=\"/assets/"),
                    "{name}: {script:.60}"
                );
            }
            for form in html
                .split("<form")
                .skip(1)
                .filter(|form| form.contains("method=\"post\""))
            {
                let form = form.split("</form>").next().unwrap_or_default();
                assert!(
                    form.contains("name=\"csrf\"") || form.contains("action=\"/sign-in"),
                    "{name}: a form without its token"
                );
            }
        }
    }

    #[test]
    fn ids_are_unique_and_labels_lead_somewhere() {
        for (name, html) in all() {
            let ids: Vec<&str> = html
                .split(" id=\"")
                .skip(1)
                .filter_map(|rest| rest.split('"').next())
                .collect();
            let mut sorted = ids.clone();
            sorted.sort_unstable();
            sorted.dedup();
            assert_eq!(sorted.len(), ids.len(), "{name}: an id stands twice");
            for attribute in [" for=\"", " data-copy=\"", " aria-describedby=\""] {
                for target in html
                    .split(attribute)
                    .skip(1)
                    .filter_map(|rest| rest.split('"').next())
                {
                    assert!(ids.contains(&target), "{name}: {attribute}{target} leads nowhere");
                }
            }
        }
    }
}
