//! The pages that read and explain, filled: an experiment's report, people, a person, a link into a page, the caps of all campaigns.
//!
//! Left out: the rules that pages keep (`samples`). Invariant: the values are fixed.

use super::{NOW, campaign, days, popup_counts, report_of, shell, told};
use crate::explain::Explanation;
use crate::http::pages::answers;
use crate::http::pages::caps::CapsPage;
use crate::http::pages::icon::Icon;
use crate::http::pages::open::{OpenForm, OpeningPage};
use crate::http::pages::people::{Device, Found, PeoplePage, PersonPage};
use crate::http::pages::prompts::PromptsPage;
use crate::http::pages::report::ReportPage;
use crate::http::pages::timeline;
use crate::http::pages::why::{self, Asking, WhyPanel};
use crate::http::pages::{Errors, Nav};
use crate::report::{Answers, By, CampaignReport, Part};
use crate::store::answers::AnswerRow;
use crate::store::events::EventRow;
use campanile_core::FieldError;
use campanile_core::account::{PushRules, Settings};
use campanile_core::asking::{self, Style};
use campanile_core::campaign::Status;
use campanile_core::caps::Limits;
use campanile_core::decide::{Condition, Explained, Outcome};
use campanile_core::id::{CampaignId, Id, Ordinal};
use campanile_core::popup::Ask;
use campanile_core::push_log::PushCaps;
use campanile_core::push_when::Quiet;
use campanile_core::schedule::Clock;
use campanile_core::stats::Counts;
use campanile_core::uplift::{Group, compare};
use serde_json::json;
use std::collections::{BTreeMap, HashMap};

/// Every one of them, by name.
pub(super) fn pages() -> Vec<(&'static str, Box<dyn askama::DynTemplate>)> {
    let mut pages: Vec<(&'static str, Box<dyn askama::DynTemplate>)> = Vec::new();
    let mut add = |name, page: Box<dyn askama::DynTemplate>| pages.push((name, page));
    let look = asking::Asking {
        style: Some(Style::Card),
        color: Some("#8a541b".into()),
        ..asking::Asking::default()
    };
    let prompts = |errors| {
        PromptsPage::new(
            shell(Nav::Settings, "/settings/engage/prompts"),
            &look,
            Errors(errors),
        )
    };
    add("settings-prompts", Box::new(prompts(Vec::new())));
    let colour = FieldError::new("prompts.color", "“red” is not a colour. Write it like #8a541b.");
    add("settings-prompts-wrong", Box::new(prompts(vec![colour])));
    add("report-experiment", Box::new(report_experiment()));
    add("person", Box::new(person(Vec::new())));
    let wrong = FieldError::new(
        "props",
        "Write the properties as JSON, like {\"price\": 20}, or leave them out.",
    );
    add("person-wrong", Box::new(person(vec![wrong])));
    let found = |id, name: &str| Found {
        id,
        name: name.into(),
        known_by: "Identity 20881, Email c20881@example.com".into(),
        seen: Some(told().when(NOW.plus_ms(-120_000))),
    };
    add("people", Box::new(people(Vec::new(), "")));
    add("people-none", Box::new(people(Vec::new(), "c-99")));
    add(
        "people-found",
        Box::new(people(
            vec![found(12, "Customer 20881"), found(13, "Visitor 13")],
            "20881",
        )),
    );
    add(
        "opening",
        Box::new(OpeningPage {
            shell: shell(Nav::People, "/people/12"),
            url: "https://shop.example.com/?campanile_why=why.0.1".into(),
            host: "shop.example.com".into(),
            until: "11:41".into(),
        }),
    );
    let kept = Settings {
        caps: Limits {
            session: Some(2),
            week: Some(6),
            ..Limits::default()
        },
        debug_overlay: true,
        push: PushRules {
            caps: PushCaps {
                day: Some(1),
                week: Some(3),
            },
            quiet: Clock::parse("22:00")
                .zip(Clock::parse("08:00"))
                .map(|(from, to)| Quiet { from, to }),
        },
        ..Settings::default()
    };
    add(
        "settings-caps",
        Box::new(CapsPage::new(
            shell(Nav::Settings, "/settings/engage/caps"),
            &kept,
            "Europe/Lisbon",
            None,
            Errors::default(),
        )),
    );
    pages
}

/// A report with revisions, variants, a control group and answers.
fn report_experiment() -> ReportPage {
    let value = json!({
        "name": "Which size guide", "kind": "popup",
        "popup": {"template": "exit-question", "title": "Why are you leaving?", "field": {
            "ask": "choice", "label": "What is missing?", "options": ["The price", "The size", "Something else"], "property": "Reason"}},
        "experiment": {"weight": 45, "control": 10, "variants": [{"name": "B", "weight": 45, "popup": {"title": "10% off, until midnight"}}]},
        "goal": {"event": "Charged", "within_hours": 72},
    });
    let part = |name: &str, share, exposed, converted, shown, clicked| {
        let group = Group::new(exposed, converted);
        Part {
            name: name.into(),
            share: Some(share),
            counts: Counts {
                exposed,
                converted,
                handed: shown + shown / 8,
                shown,
                clicked,
                ..Counts::default()
            },
            group,
            interval: group.interval(),
            against: (name != "control").then(|| "control".into()),
            uplift: (name != "control")
                .then(|| {
                    compare(
                        (name, group),
                        ("the control group", Group::new(5331, 60)),
                        "converts",
                    )
                })
                .flatten(),
        }
    };
    let counts = Counts {
        exposed: 53_313,
        converted: 900,
        answered: 1_204,
        returned: 4_004,
        ..popup_counts()
    };
    let answers = Answers {
        ask: Some(Ask::Choice),
        question: "What is missing?".into(),
        total: 1_204,
        counts: vec![
            (json!("The price"), 700),
            (json!("The size"), 404),
            (json!("Something else"), 100),
        ],
        mean: None,
    };
    let row = AnswerRow {
        impression: Id::new(NOW, [1; 10]),
        ordinal: Ordinal(12),
        revision: 2,
        variant: "A".into(),
        answer: json!("Something else"),
        comment: "=HYPERLINK(\"x\") is only text here".into(),
        consent: true,
        at: NOW.plus_ms(-720_000),
    };
    let card = answers::card(&answers, &[row], false, &told());
    let found = CampaignReport {
        campaign: campaign(6, Status::Running, value),
        counts,
        days: BTreeMap::new(),
        reasons: Vec::new(),
        browsers: Vec::new(),
        systems: Vec::new(),
        unlooked: None,
        alarms: Vec::new(),
        progress: None,
        revisions: vec![
            (1, NOW.plus_ms(-24 * 86_400_000)),
            (2, NOW.plus_ms(-14 * 86_400_000)),
            (3, NOW.plus_ms(-7 * 86_400_000)),
        ],
        revision: None,
        by: By::Goal,
        parts: vec![
            part("A", 45.0, 24_010, 432, 24_100, 1_700),
            part("B", 45.0, 23_972, 408, 23_882, 1_610),
            part("control", 10.0, 5_331, 60, 0, 0),
        ],
        test: None,
        verdicts: vec!["A converts 0.67 points more than the control group, between 0.34 and 0.96.".into()],
        answers: Some(answers),
        rounds: Vec::new(),
        next_at: None,
    };
    report_of(&found, &days(), Some(card))
}

fn person(errors: Vec<FieldError>) -> PersonPage {
    let condition = |name: &'static str, asked: &str, seen: &str, passed| Condition {
        name,
        asked: asked.into(),
        seen: seen.into(),
        passed,
    };
    let because = vec![
        condition("trigger", "a page is opened", "a page was opened", Some(true)),
        condition(
            "conditions",
            "page path starts with /sale",
            "/sale/boots",
            Some(true),
        ),
        condition("ever_cap", "at most 3 ever", "3 so far", Some(false)),
        condition("sign", "after 10 seconds", "", None),
    ];
    let explained = |id, name: &str, outcome, because| Explained {
        campaign: CampaignId(id),
        name: name.into(),
        kind: "box",
        revision: 3,
        variant: Some("A".into()),
        outcome,
        because,
    };
    let waiting = vec![condition("sign", "after 10 seconds", "waiting", None)];
    let found = Explanation {
        person: Ordinal(20_881),
        device: None,
        url: "https://shop.example.com/sale/boots".into(),
        event: None,
        session: 4,
        pages: 2,
        reachable: true,
        campaigns: vec![
            explained(2, "Leaving? Save the basket", Outcome::Wait, waiting),
            explained(1, "Autumn sale, 10% off", Outcome::Not, because),
        ],
    };
    let event = |back: i64, name: &str, props: serde_json::Value| EventRow {
        id: Id::new(NOW, [2; 10]),
        ordinal: Ordinal(20_881),
        device: None,
        at: NOW.plus_ms(-back * 60_000),
        filed_at: NOW,
        name: name.into(),
        props: props.as_object().cloned().unwrap_or_default(),
    };
    let events = [
        event(
            2,
            "Page Viewed",
            json!({"url": "https://shop.example.com/sale/boots", "referrer": "https://www.example.org/"}),
        ),
        event(
            5,
            "Added To Cart",
            json!({"product": "Deck boots", "size": 42, "price": 129}),
        ),
        event(
            1_500,
            "Notification Clicked",
            json!({"campaign": 1, "url": "https://shop.example.com/basket"}),
        ),
        event(1_501, "Notification Viewed", json!({"campaign": 1})),
    ];
    let names = HashMap::from([(1, "Autumn sale, 10% off".to_owned())]);
    PersonPage {
        shell: shell(Nav::People, "/people/20881"),
        id: 20_881,
        name: "Customer 20881".into(),
        reachable: 2,
        identified: true,
        identities: vec![
            ("Identity", "20881".into()),
            ("Email", "c20881@example.com".into()),
        ],
        properties: vec![
            ("Plan".into(), "Harbour Club".into()),
            ("Lifetime value".into(), "1284.5".into()),
        ],
        more_properties: vec![("Shoe size".into(), "42".into())],
        since: told().when(NOW.plus_ms(-290 * 86_400_000)),
        merged: vec![20_902],
        devices: vec![
            Device {
                icon: Icon::Monitor,
                name: "Chrome, Windows".into(),
                seen: told().when(NOW.plus_ms(-120_000)),
                push: "on",
                push_words: "Push since 8 May".into(),
                id: "00".repeat(16),
            },
            Device {
                icon: Icon::Smartphone,
                name: "Firefox, Android".into(),
                seen: told().when(NOW.plus_ms(-4 * 86_400_000)),
                push: "off",
                push_words: "Push ended 19 Nov".into(),
                id: "01".repeat(16),
            },
        ],
        days: timeline::by_day(&events, &names, &told()),
        older: Some("?before=1#timeline".into()),
        paged: false,
        why: WhyPanel {
            asking: Asking {
                url: "https://shop.example.com/sale/boots".into(),
                ..Asking::default()
            },
            devices: vec![("00".repeat(16), "Chrome, Windows, 2 min ago".into())],
            context: why::context(&found),
            rows: why::rows(&found, Some(1)),
            errors: Errors(errors),
        },
        open: OpenForm {
            action: "/people/20881/open".into(),
            url: "https://shop.example.com/sale/boots".into(),
            ..OpenForm::default()
        },
    }
}

fn people(found: Vec<Found>, search: &str) -> PeoplePage {
    PeoplePage {
        shell: shell(Nav::People, "/people"),
        search: search.into(),
        people: 71_904,
        found,
    }
}
