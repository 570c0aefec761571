//! Decisions: each condition by itself, their order, and that the explained decision is the brief one.
//!
//! Left out: the rules' own tests (`segment`, `schedule`, `ledger`). Invariant: plans are read from the JSON of the API.

use super::*;
use crate::activity::Activity;
use crate::campaign::{Body, Definition};
use crate::id::Id;
use crate::segment::{Device, Page};
use crate::time::{Day, Timestamp};
use serde_json::json;
use std::collections::BTreeMap;

const NOW: Timestamp = Timestamp(1_795_608_000_000); // 2026-11-25T12:00:00Z, a Wednesday

struct Campaign {
    id: CampaignId,
    plan: PopupPlan,
    prepared: Vec<Prepared>,
}

impl Campaign {
    fn new(id: i64, more: &Value) -> Self {
        let mut value =
            json!({"name": "C", "kind": "popup", "popup": {"title": "Back from the kiln"}, "caps": {}});
        value
            .as_object_mut()
            .expect("an object")
            .extend(more.as_object().expect("an object").clone());
        let definition = Definition::parse(value).expect("parses");
        assert_eq!(definition.check(), Vec::new());
        let Body::Popup(plan) = definition.body else {
            panic!("a pop-up")
        };
        let prepared = (0..=plan.experiment.variants.len())
            .map(|index| Prepared::new(plan.variant(index).clone()).expect("prepares"))
            .collect();
        Self {
            id: CampaignId(id),
            plan: *plan,
            prepared,
        }
    }

    fn candidate(&self) -> Candidate<'_> {
        Candidate {
            id: self.id,
            name: "C",
            revision: 1,
            plan: &self.plan,
            prepared: &self.prepared,
        }
    }
}

struct Person {
    account: AccountId,
    zone: Zone,
    properties: Map<String, Value>,
    activity: Activity,
    ledger: Ledger,
    utm: BTreeMap<String, String>,
    url: &'static str,
    pages: u32,
    can_show: bool,
    busy: Vec<Layout>,
    overall: Limits,
    ordinal: u32,
}

impl Person {
    fn new() -> Self {
        Self {
            account: AccountId::parse("TEST-0001").expect("an account"),
            zone: Zone::utc(),
            properties: Map::new(),
            activity: Activity::default(),
            ledger: Ledger::default(),
            utm: BTreeMap::new(),
            url: "https://shop.example.com/table/jug",
            pages: 1,
            can_show: true,
            busy: Vec::new(),
            overall: Limits::default(),
            ordinal: 1,
        }
    }

    fn here(&self) -> Here {
        let device = Id::from_bytes(&[7; 16]).expect("an id");
        Here::new(NOW, &self.zone, device, 1, None)
    }

    fn see(&self, moment: Moment<'_>, detail: Detail, campaigns: &[&Campaign]) -> Vec<Looked> {
        let device = Device {
            kind: "desktop",
            browser: "Firefox",
            ..Device::default()
        };
        let page = Page {
            number: self.pages,
            session: 1,
            ..Page::at(self.url)
        };
        let facts = Facts {
            now: NOW,
            today: self.here().today,
            properties: &self.properties,
            identified: false,
            activity: &self.activity,
            utm: &self.utm,
            device: &device,
            page: &page,
        };
        let (account_time, visitor_time) = Visitor::clocks(NOW, &self.zone, "Pacific/Auckland");
        let visitor = Visitor {
            account: &self.account,
            person: Ordinal(self.ordinal),
            facts,
            ledger: &self.ledger,
            here: self.here(),
            account_time,
            visitor_time,
            overall: self.overall,
            can_show: self.can_show,
            busy: &self.busy,
            site_name: "Tindermere",
        };
        decide(
            campaigns.iter().map(|campaign| campaign.candidate()),
            &visitor,
            moment,
            detail,
        )
    }

    /// The outcome at a page view, and the condition that failed, if one did.
    fn fails(&self, campaign: &Campaign) -> Option<String> {
        let looked = self.see(Moment::Page, Detail::Explained, &[campaign]).remove(0);
        let failed: Vec<&Condition> = looked
            .because
            .iter()
            .filter(|c| c.passed == Some(false))
            .collect();
        assert!(failed.len() <= 1, "{failed:?}");
        assert_eq!(
            looked.outcome == Outcome::Show,
            failed.is_empty() && looked.filled.is_some()
        );
        // What comes after the failure was not looked at.
        let at = looked.because.iter().position(|c| c.passed == Some(false));
        if let Some(at) = at {
            assert!(
                looked.because[at + 1..]
                    .iter()
                    .all(|c| c.passed.is_none() && c.seen.is_empty()),
                "{looked:?}"
            );
        }
        failed
            .first()
            .map(|c| format!("{}: {} / {}", c.name, c.asked, c.seen))
    }
}

#[test]
fn each_condition_says_what_it_asked_and_saw() {
    let person = Person::new();
    let fails = |more: Value| person.fails(&Campaign::new(1, &more));
    assert_eq!(fails(json!({})), None);
    assert_eq!(
        fails(json!({"trigger": {"on": "event", "event": "Charged"}})),
        Some("trigger: “Charged” happens / a page was opened".to_owned())
    );
    assert_eq!(
        fails(json!({"schedule": {"days": [1, 2]}})),
        Some("schedule: Mon, Tue / Wed 12:00".to_owned())
    );
    assert_eq!(
        fails(json!({"schedule": {"from": "08:00", "to": "20:00", "zone": "visitor"}})),
        Some("schedule: 08:00 to 20:00, visitor's time / Thu 01:00".to_owned())
    );
    assert_eq!(
        fails(json!({"trigger": {"when": {"rules": [{"is": "path", "op": "starts", "value": "/sale"}]}}})),
        Some("conditions: page path starts with /sale / /table/jug".to_owned())
    );
    assert_eq!(
        fails(
            json!({"audience": {"rules": [{"is": "event", "name": "Delivered", "op": "at_least", "value": 1, "days": 14}]}})
        ),
        Some("audience: did “Delivered” in the last 14 days / 0 times".to_owned())
    );
    assert_eq!(
        fails(json!({"popup": {"title": "Welcome back, {{ profile.first_name }}"}}))
            .expect("fails")
            .split(':')
            .next(),
        Some("words")
    );
    assert_eq!(
        fails(json!({"popup": {"title": "Welcome, {{ profile.first_name | default: \"friend\" }}"}})),
        None
    );
    let hidden = Person {
        can_show: false,
        ..Person::new()
    };
    assert_eq!(
        hidden.fails(&Campaign::new(1, &json!({}))),
        Some("page: open and in view / hidden or leaving".to_owned())
    );
}

#[test]
fn caps_silences_and_goals() {
    let campaign = |caps: Value| Campaign::new(1, &json!({"caps": caps, "goal": {"event": "Charged"}}));
    let mut person = Person::new();
    let impression = Id::from_bytes(&[9; 16]).expect("an id");
    let here = person.here();
    person
        .ledger
        .lease(CampaignId(1), impression, Some("A"), 1, &here);
    let fails = |person: &Person, caps: Value| {
        person
            .fails(&campaign(caps))
            .map(|text| text.split(':').next().unwrap_or_default().to_owned())
    };
    for (cap, name) in [
        ("session", "session_cap"),
        ("day", "day_cap"),
        ("week", "week_cap"),
        ("ever", "ever_cap"),
    ] {
        assert_eq!(fails(&person, json!({cap: 1})).as_deref(), Some(name));
        assert_eq!(fails(&person, json!({cap: 2})), None);
    }
    assert_eq!(
        fails(&person, json!({"after_shown": 10})),
        None,
        "a lease is no show"
    );
    person.ledger.confirm(
        CampaignId(1),
        impression,
        (1, "A"),
        NOW.plus_ms(-5 * 60_000),
        &here,
    );
    assert_eq!(
        fails(&person, json!({"after_shown": 10})).as_deref(),
        Some("quiet_after_shown")
    );
    assert_eq!(fails(&person, json!({"after_shown": 5})), None);
    person.ledger.close(CampaignId(1), NOW.plus_ms(-60_000));
    assert_eq!(
        fails(&person, json!({"after_closed": 2})).as_deref(),
        Some("quiet_after_closed")
    );
    assert_eq!(fails(&person, json!({"until_goal": true})), None);
    assert!(person.ledger.convert(CampaignId(1), NOW, 3_600_000));
    assert!(!person.ledger.convert(CampaignId(1), NOW, 3_600_000), "once");
    assert_eq!(
        fails(&person, json!({"until_goal": true})).as_deref(),
        Some("goal")
    );
    let overall = Person {
        overall: Limits {
            day: Some(1),
            ..Limits::default()
        },
        ..person
    };
    let other = Campaign::new(2, &json!({}));
    assert_eq!(
        overall.fails(&other),
        Some("overall_day_cap: at most 1 of all campaigns a day / 1 so far".to_owned())
    );
}

#[test]
fn campaigns_give_way_to_each_other() {
    use Outcome::{Not, Show};
    let first = Campaign::new(1, &json!({"group": "sale"}));
    let second = Campaign::new(2, &json!({"group": "sale"}));
    let third = Campaign::new(3, &json!({"when_busy": "give_way"}));
    let fourth = Campaign::new(4, &json!({}));
    let mut person = Person::new();
    let outcomes = |person: &Person, campaigns: &[&Campaign]| -> Vec<Outcome> {
        person
            .see(Moment::Page, Detail::Brief, campaigns)
            .iter()
            .map(|looked| looked.outcome)
            .collect()
    };
    assert_eq!(
        outcomes(&person, &[&first, &second, &third, &fourth]),
        [Show, Not, Not, Show]
    );
    assert_eq!(outcomes(&person, &[&second]), [Show]);
    // Seen in this session, the group is taken for the others, not for itself.
    let here = person.here();
    person.ledger.lease(
        CampaignId(1),
        Id::from_bytes(&[9; 16]).expect("an id"),
        None,
        1,
        &here,
    );
    assert_eq!(outcomes(&person, &[&first, &second]), [Show, Not]);
    let busy = Person {
        busy: vec![Layout::Box],
        ..Person::new()
    };
    assert_eq!(outcomes(&busy, &[&third, &fourth]), [Not, Show]);
    let capped = Person {
        overall: Limits {
            page: Some(1),
            ever: Some(1),
            ..Limits::default()
        },
        ..Person::new()
    };
    assert_eq!(
        outcomes(&capped, &[&fourth, &Campaign::new(5, &json!({}))]),
        [Show, Not]
    );
}

#[test]
fn signs_are_waited_for_and_then_due() {
    let campaign = Campaign::new(
        1,
        &json!({"trigger": {"signals": {"list": [{"on": "exit"}]}, "when": {"rules": [{"is": "path", "value": "/cart"}]}}}),
    );
    let mut person = Person::new();
    let outcome = |person: &Person, moment| person.see(moment, Detail::Brief, &[&campaign])[0].outcome;
    assert_eq!(outcome(&person, Moment::Page), Outcome::Not);
    person.url = "https://shop.example.com/cart";
    assert_eq!(outcome(&person, Moment::Page), Outcome::Wait);
    // The clock may have run on to another page.
    person.url = "https://shop.example.com/other";
    assert_eq!(outcome(&person, Moment::Due(CampaignId(1), None)), Outcome::Show);
    assert_eq!(outcome(&person, Moment::Due(CampaignId(2), None)), Outcome::Not);
    let plain = Campaign::new(3, &json!({}));
    let forced = person.see(Moment::Due(CampaignId(3), None), Detail::Brief, &[&plain]);
    assert_eq!(
        forced[0].outcome,
        Outcome::Not,
        "nothing is due that waits for nothing"
    );
}

#[test]
fn variants_stick_and_the_control_group_sees_nothing() {
    let campaign = Campaign::new(
        1,
        &json!({"experiment": {"weight": 1, "control": 1, "variants": [{"name": "B", "weight": 1, "popup": {"title": "B"}}]}}),
    );
    let mut counts = BTreeMap::new();
    for ordinal in 1..=300 {
        let person = Person {
            ordinal,
            ..Person::new()
        };
        let looked = person.see(Moment::Page, Detail::Brief, &[&campaign]).remove(0);
        let title = looked.filled.as_ref().map(|filled| filled.popup.title.clone());
        assert_eq!(looked.outcome == Outcome::Control, title.is_none());
        *counts.entry(title).or_insert(0) += 1;
    }
    assert_eq!(counts.len(), 3);
    assert!(counts.values().all(|n| *n > 60), "{counts:?}");
    // What somebody once had wins.
    let mut person = Person::new();
    let here = person.here();
    person.ledger.lease(
        CampaignId(1),
        Id::from_bytes(&[9; 16]).expect("an id"),
        Some("B"),
        1,
        &here,
    );
    let looked = person.see(Moment::Page, Detail::Brief, &[&campaign]).remove(0);
    assert_eq!(looked.filled.expect("shown").popup.title, "B");
}

/// Plans put together at random from all conditions: the brief and the explained decision agree, and a shown campaign has no failed condition.
#[test]
fn brief_and_explained_agree() {
    let mut state = 1_u64;
    let mut roll = move |sides: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % sides
    };
    let mut shown = 0;
    for _ in 0..300 {
        let campaigns: Vec<Campaign> = (1..=8)
            .map(|id| {
                let mut plan = json!({});
                let set: [(&str, Value); 9] = [
                    ("schedule", json!({"days": [1, 3, 5]})),
                    ("audience", json!({"match": "any", "rules": [{"is": "property", "name": "plan", "value": "gold"}, {"is": "device", "value": "desktop"}]})),
                    ("trigger", json!({"when": {"rules": [{"is": "url", "op": "regex", "value": "/(table|cart)/"}]}})),
                    ("trigger", json!({"on": "event", "event": "Charged", "where": [{"name": "price", "op": "more", "value": 40}]})),
                    ("trigger", json!({"signals": {"list": [{"on": "scroll", "percent": 50}]}})),
                    ("caps", json!({"session": 1, "week": 2, "after_shown": 60})),
                    ("group", json!("one")),
                    ("when_busy", json!("give_way")),
                    ("experiment", json!({"weight": 1, "control": 1})),
                ];
                for (name, value) in set {
                    if roll(3) == 0 {
                        plan[name] = value;
                    }
                }
                Campaign::new(id, &plan)
            })
            .collect();
        let mut person = Person {
            ordinal: 1 + roll(9) as u32,
            ..Person::new()
        };
        if roll(2) == 0 {
            person.url = "https://shop.example.com/cart/1";
        }
        let here = person.here();
        for id in 1..=8 {
            if roll(4) == 0 {
                let impression = Id::from_bytes(&[id as u8; 16]).expect("an id");
                person.ledger.lease(CampaignId(id), impression, None, 1, &here);
                if roll(2) == 0 {
                    person.ledger.confirm(
                        CampaignId(id),
                        impression,
                        (1, "A"),
                        NOW.plus_ms(-(roll(120) as i64) * 60_000),
                        &here,
                    );
                }
            }
        }
        person.activity.note("Charged", NOW, Day::of(NOW, &person.zone));
        let props = json!({"price": roll(100)});
        let moment = match roll(3) {
            0 => Moment::Page,
            1 => Moment::Event("Charged", props.as_object().expect("an object")),
            _ => Moment::Due(CampaignId(1 + roll(8) as i64), None),
        };
        let all: Vec<&Campaign> = campaigns.iter().collect();
        let brief = person.see(moment, Detail::Brief, &all);
        let explained = person.see(moment, Detail::Explained, &all);
        for (brief, explained) in brief.iter().zip(&explained) {
            assert_eq!(
                (brief.outcome, &brief.filled),
                (explained.outcome, &explained.filled),
                "{explained:?}"
            );
            assert!(brief.because.is_empty() || brief.outcome == Outcome::Not);
            let failed = explained
                .because
                .iter()
                .any(|condition| condition.passed == Some(false));
            assert_eq!(
                failed,
                matches!(explained.outcome, Outcome::Not | Outcome::Control),
                "{explained:?}"
            );
            shown += usize::from(explained.outcome == Outcome::Show);
        }
    }
    assert!(shown > 100, "{shown}");
}
