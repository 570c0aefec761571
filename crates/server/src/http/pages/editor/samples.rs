//! Every step of the pop-up editor once, filled with plausible values, for the tests of all pages.
//!
//! Left out: the store. Invariant: the values are fixed, so two renderings are the same.

use super::bar::{Bar, Step, steps};
use super::control::Fields;
use super::gallery::{self, GalleryPage};
use super::plan::{GoalPage, Rail, Reach, WhenPage, WhoPage, goal_page, when_page};
use super::review::{self, ReviewPage};
use super::rows::{RuleRows, add_row};
use super::stage::{Drawn, NOBODY, SAMPLE, Stage};
use super::warnings;
use super::what::{WhatPage, kind_words, sections, shares, tabs};
use crate::http::pages::forms::{Typed, fill_experiment, fill_goal, fill_popup, fill_rules, fill_when};
use crate::http::pages::{Errors, Nav, Shell, status};
use askama::DynTemplate;
use campanile_core::FieldError;
use campanile_core::campaign::{Body, Definition, PopupPlan, Status};
use campanile_core::id::{CampaignId, Id};
use campanile_core::popup::{HandOut, Popup, Template, gallery as start};
use campanile_core::stats::Counts;
use campanile_core::time::{Day, Timestamp, Zone};
use serde_json::json;

const NOW: Timestamp = Timestamp(1_795_426_860_000); // 23 Nov 2026, 09:41 UTC

/// A plan with something in every part of it.
fn plan() -> (Definition, PopupPlan) {
    let campaign = json!({
        "name": "Autumn sale, 10% off", "kind": "popup",
        "popup": {
            "title": "Back from the kiln", "text": "Eleven jugs came out of this firing.", "button": "See the jug",
            "on_click": {"do": "url", "url": "/jugs"}, "second": {"label": "Not now"}, "image": {"url": "/shop/media/box.png"},
        },
        "trigger": {
            "on": "event", "event": "Added To Cart", "where": [{"name": "Price", "op": "more", "value": 40}],
            "when": {"rules": [{"is": "path", "op": "starts", "value": "/sale"}, {"is": "page_number", "op": "at_least", "value": 3}]},
            "signals": {"list": [{"on": "delay", "seconds": 10, "across_pages": true}, {"on": "visible", "selector": ".price"}]},
        },
        "audience": {"match": "any", "rules": [
            {"is": "event", "name": "Charged", "op": "at_least", "value": 3, "days": 14},
            {"is": "group", "group": {"rules": [{"is": "country", "op": "is", "value": ["PT", "ES"]}, {"is": "identified", "op": "is", "value": true}]}},
        ]},
        "schedule": {"end": 1_796_083_140_000_i64, "days": [1, 2, 3, 4, 5, 6], "from": "08:00", "to": "22:00", "zone": "visitor"},
        "caps": {"session": 1, "ever": 3, "after_closed": 2880, "until_goal": true},
        "experiment": {"weight": 45, "control": 10, "variants": [{"name": "B", "weight": 45, "popup": {"title": "10% off, until midnight"}}]},
        "goal": {"event": "Charged", "within_hours": 168},
    });
    let definition = Definition::parse(campaign).expect("a campaign");
    let Body::Popup(plan) = definition.body.clone() else {
        panic!("a pop-up")
    };
    (definition, *plan)
}

fn bar(step: Step, errors: Vec<FieldError>, running: bool) -> Bar {
    let standing = if running { Status::Running } else { Status::Draft };
    Bar {
        id: 1,
        name: "Autumn sale, 10% off".into(),
        badge: status::badge(standing, &Counts::default()),
        saved: "09:41".into(),
        version: 7,
        running,
        pending: running,
        step,
        variant: 0,
        steps: steps(CampaignId(1), step, &errors),
        problem: if errors.is_empty() {
            ""
        } else {
            "Not saved. What you typed is still here."
        },
        errors: Errors(errors),
        conflict: false,
        test: "https://shop.example.com/".into(),
        zone: "Europe/Lisbon".into(),
    }
}

fn rail(plan: &PopupPlan) -> Rail {
    Rail {
        sentence: plan.sentence(),
        reach: Some(Reach {
            seen: 1000,
            held: 256,
        }),
        rivals: vec![(3, "Leaving? Save the basket".into())],
        overall: Some("2 times a day".into()),
    }
}

fn stage(popup: &Popup, phone: bool) -> Stage {
    let html = popup.html();
    let hand_out = HandOut {
        campaign: CampaignId(1),
        day: Day(20_261_123),
        impression: Id::from_bytes(&[0; 16]).expect("an id"),
        lease_ms: 0,
    };
    Stage {
        drawn: Drawn {
            display: popup.message(&html, hand_out).display,
            html,
            note: "These are the bytes the visitor gets".into(),
            lacks: false,
        },
        people: vec![SAMPLE.into(), NOBODY.into(), "ana@example.com".into()],
        nonce: "c2FtcGxlLW5vbmNl".into(),
        phone,
    }
}

fn what(shell: Shell, popup: &Popup, plan: &PopupPlan, errors: Vec<FieldError>) -> WhatPage {
    let mut typed = Typed::default();
    fill_popup(&mut typed, "popup", popup, &Zone::utc());
    fill_experiment(&mut typed, &plan.experiment);
    let wrong = Errors(errors.clone());
    let fields = Fields {
        typed: &typed,
        wrong: &wrong,
    };
    WhatPage {
        shell,
        bar: bar(Step::What, errors, true),
        template: popup.template.purpose(),
        kind: kind_words(popup),
        variants: tabs(CampaignId(1), Step::What, &plan.experiment, 0),
        shares: shares(&fields, &plan.experiment),
        sections: sections(&fields, "popup", popup, "Europe/Lisbon"),
        properties: vec!["Email".into(), "Name".into()],
        warnings: warnings::of_popup(popup, "popup", NOW),
        stage: stage(popup, false),
    }
}

fn goal(shell: Shell, definition: &Definition, plan: &PopupPlan) -> GoalPage {
    let mut typed = Typed::default();
    fill_goal(&mut typed, definition, plan);
    add_row(&mut typed, "goal.where");
    let wrong = Errors::default();
    let fields = Fields {
        typed: &typed,
        wrong: &wrong,
    };
    goal_page(
        &fields,
        shell,
        bar(Step::Goal, Vec::new(), false),
        rail(plan),
        vec!["Charged".into()],
    )
}

fn who(shell: Shell, plan: &PopupPlan) -> WhoPage {
    let mut typed = Typed::default();
    fill_rules(&mut typed, "audience", &plan.audience);
    add_row(&mut typed, "audience");
    let wrong = Errors(vec![FieldError::new(
        "audience.rules[0].value",
        "Say what to compare with.",
    )]);
    let fields = Fields {
        typed: &typed,
        wrong: &wrong,
    };
    WhoPage {
        shell,
        bar: bar(Step::Who, wrong.0.clone(), false),
        rules: RuleRows::new(&fields, "audience"),
        wrong: None,
        events: vec!["Charged".into()],
        properties: vec!["Email".into(), "Name".into()],
        rail: rail(plan),
    }
}

fn when(shell: Shell, plan: &PopupPlan) -> WhenPage {
    let mut typed = Typed::default();
    fill_when(&mut typed, plan, &Zone::utc());
    let wrong = Errors::default();
    let fields = Fields {
        typed: &typed,
        wrong: &wrong,
    };
    let names = (vec!["Charged".into()], vec!["Sale".into()]);
    when_page(
        &fields,
        shell,
        bar(Step::When, Vec::new(), false),
        rail(plan),
        "Europe/Lisbon",
        plan,
        names,
    )
}

fn last(shell: Shell, plan: &PopupPlan) -> ReviewPage {
    let missing = vec![FieldError::new(
        "experiment.variants[0].popup.on_click.url",
        "The address is missing.",
    )];
    ReviewPage {
        sentence: review::sentence(CampaignId(1), plan),
        experiment: plan.parts().experiment,
        goal: review::goal_words(plan),
        missing: review::missing(CampaignId(1), missing.clone()),
        warnings: vec![(
            "The picture has no description.".into(),
            "/campaigns/1/edit?step=what#popup.image.alt".into(),
        )],
        rail: rail(plan),
        variants: tabs(CampaignId(1), Step::Review, &plan.experiment, 1),
        stage: stage(plan.variant(1), true),
        revision: Some(4),
        bar: bar(Step::Review, missing, true),
        shell,
    }
}

/// The pages by name.
pub(crate) fn all(shell: &dyn Fn(Nav, &str) -> Shell) -> Vec<(&'static str, Box<dyn DynTemplate>)> {
    let (definition, plan) = plan();
    let here = || shell(Nav::Campaigns, "/campaigns/1/edit");
    let wrong = FieldError::new(
        "popup.on_click.url",
        "“htps” is not a web address. Did you mean https://shop.example.com/basket?",
    );
    let gallery: GalleryPage = gallery::new_page(here(), "c2FtcGxlLW5vbmNl");
    let mut pages: Vec<(&'static str, Box<dyn DynTemplate>)> = vec![
        ("editor-gallery", Box::new(gallery)),
        ("editor-goal", Box::new(goal(here(), &definition, &plan))),
        ("editor-who", Box::new(who(here(), &plan))),
        ("editor-when", Box::new(when(here(), &plan))),
        ("editor-review", Box::new(last(here(), &plan))),
        (
            "editor-what-wrong",
            Box::new(what(here(), &plan.popup, &plan, vec![wrong])),
        ),
    ];
    let one = PopupPlan::new(plan.popup);
    for template in Template::ALL {
        let popup = start::sample(template);
        let page = what(here(), &popup, &one, Vec::new());
        pages.push((template.name(), Box::new(page)));
    }
    pages
}
