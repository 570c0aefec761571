//! Campaigns and a visitor to decide about: what a busy site might run, and somebody who has been there often.
//!
//! Everything follows from a number, so that each run has the same. Left out: rare templates (drawing is done once a revision, not once a
//! visitor). Invariant: every definition passes the check that a start demands.

use anyhow::{Context as _, ensure};
use campanile_core::activity::Activity;
use campanile_core::campaign::{Body, Definition, PopupPlan};
use campanile_core::caps::Limits;
use campanile_core::decide::{Candidate, Visitor};
use campanile_core::id::{AccountId, CampaignId, Id, Ordinal};
use campanile_core::ledger::{Here, Ledger};
use campanile_core::popup::Prepared;
use campanile_core::segment::{Device, Facts, Page};
use campanile_core::time::{Day, Timestamp, Zone};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Names of events that the visitor did, and that campaigns ask for.
const EVENTS: usize = 30;
/// What the visitor did in all.
const DONE: usize = 500;
/// Properties of the profile.
const PROPERTIES: usize = 40;
/// 2026-11-25T12:00:00Z, a Wednesday.
const NOW: Timestamp = Timestamp(1_795_608_000_000);
const DAY_MS: i64 = 86_400_000;
/// The page on which it is decided.
const URL: &str =
    "https://shop.example.com/p/ebb-jug?utm_source=letter&utm_medium=email&size=large&colour=blue#reviews";

/// The name of the n-th event.
fn event(n: usize) -> String {
    match n % EVENTS {
        0 => "Page Viewed".to_owned(),
        1 => "Product Viewed".to_owned(),
        2 => "Charged".to_owned(),
        n => format!("Shop Event {n}"),
    }
}

/// The properties of the event that the visitor does, and that the load posts.
pub(crate) fn event_properties() -> Map<String, Value> {
    let value = json!({"name": "Ebb jug", "sku": "EJ-001", "price": 48, "currency": "GBP", "tags": ["blue", "tall"], "in stock": true});
    value.as_object().cloned().unwrap_or_default()
}

/// The n-th campaign as its owner writes it: every fourth waits for an event, the others for a page; conditions, audiences, caps, hours,
/// variants and texts come in turns of different length, so that they meet in all combinations.
pub(crate) fn definition(n: usize) -> Value {
    let text = if n % 12 == 5 {
        "The blue jug is here again, {{ profile.first_name | default: \"friend\" }}."
    } else {
        "The blue jug is here again: forty pieces from the second firing, and the large ones are among them."
    };
    let mut campaign = json!({
        "name": format!("Campaign {n}"), "kind": "popup", "priority": n % 100,
        "popup": {
            "title": format!("Back from the kiln {n}"), "text": text, "button": "Show me",
            "on_click": {"do": "url", "url": format!("https://shop.example.com/p/jug-{n}")},
        },
        "trigger": trigger(n), "audience": audience(n), "caps": caps(n),
        "when_busy": if n.is_multiple_of(2) { "give_way" } else { "queue" },
    });
    match n % 5 {
        0 => campaign["schedule"] = json!({"days": [1, 2, 3, 4, 5], "from": "08:00", "to": "20:00"}),
        1 => campaign["schedule"] = json!({"from": "22:00", "to": "14:00", "zone": "visitor"}),
        2 => campaign["schedule"] = json!({"start": NOW.ms() - 40 * DAY_MS, "end": NOW.ms() + 40 * DAY_MS}),
        _ => {}
    }
    if n.is_multiple_of(8) {
        campaign["experiment"] = json!({
            "weight": 45, "control": 10, "variants": [{"name": "B", "weight": 45, "popup": {"title": "Only forty", "text": text}}],
        });
    }
    if n.is_multiple_of(9) {
        campaign["group"] = json!("kiln");
    }
    campaign
}

/// The same for the event that the load posts, at any hour.
pub(crate) fn on_product_viewed(n: usize) -> Value {
    let mut campaign = definition(n);
    campaign["trigger"] = json!({"on": "event", "event": event(1), "where": filters(n)});
    if let Some(fields) = campaign.as_object_mut() {
        fields.remove("schedule");
    }
    campaign
}

fn filters(n: usize) -> Value {
    match n % 3 {
        0 => json!([{"name": "price", "op": "at_least", "value": 40}]),
        1 => json!([{"name": "tags", "value": ["blue", "green"]}, {"name": "currency", "value": "gbp"}]),
        _ => json!([{"name": "sku", "op": "regex", "value": "^EJ-[0-9]{3}$"}]),
    }
}

fn trigger(n: usize) -> Value {
    if n % 4 == 3 {
        // Half of them for what is measured, the others for something else.
        let name = if n % 8 == 3 { event(1) } else { event(n) };
        return json!({"on": "event", "event": name, "where": filters(n)});
    }
    let rule = match n % 10 {
        0 => json!({"is": "path", "value": "/p/ebb-jug"}),
        1 => json!({"is": "path", "op": "starts", "value": ["/p/", "/collections/"]}),
        2 => json!({"is": "path", "op": "regex", "value": "^/(p|product)/[a-z0-9-]+$"}),
        3 => json!({"is": "url", "op": "contains", "value": "utm_source=letter"}),
        4 => json!({"is": "query", "name": "size", "value": "large"}),
        5 => json!({"is": "referrer", "op": "not_contains", "value": "/checkout"}),
        6 => json!({"is": "page_number", "op": "at_least", "value": 2}),
        7 => json!({"is": "utm", "name": "source", "value": "letter"}),
        8 => json!({"is": "url", "op": "regex", "value": "(?i)[?&]colour=(blue|green)(&|#|$)"}),
        _ => json!({"is": "path", "value": ["/", "/cart", "/about", "/contact", "/journal"]}),
    };
    json!({"on": "page", "when": {"rules": [rule, {"is": "path", "op": "not_contains", "value": "/checkout"}]}})
}

fn audience(n: usize) -> Value {
    let rules = match n % 6 {
        0 => json!([{"is": "property", "name": "tier", "value": ["silver", "gold"]}]),
        1 => json!([{"is": "event", "name": event(1), "op": "at_least", "value": 3, "days": 7}]),
        2 => json!([{"is": "group", "group": {"match": "any", "rules": [
            {"is": "property", "name": "city", "value": "Porto"},
            {"is": "event", "name": event(2), "op": "at_least", "value": 1, "days": 30},
        ]}}]),
        3 => json!([]),
        4 => json!([
            {"is": "property", "name": "lifetime value", "op": "more", "value": 100},
            {"is": "last_event", "name": event(2), "op": "last_days", "value": 60},
        ]),
        _ => json!([
            {"is": "device", "value": "desktop"},
            {"is": "language", "op": "starts", "value": "en"},
            {"is": "event", "name": event(n), "op": "at_most", "value": 40, "days": 14},
        ]),
    };
    json!({"rules": rules})
}

fn caps(n: usize) -> Value {
    match n % 4 {
        0 => json!({"session": 2}),
        1 => json!({"session": null, "day": 3, "week": 8}),
        2 => json!({"session": 1, "week": 5, "after_closed": 1440}),
        _ => json!({"session": null, "day": 2, "ever": 20}),
    }
}

/// A running campaign.
struct Running {
    id: CampaignId,
    name: String,
    plan: PopupPlan,
    prepared: Vec<Prepared>,
}

/// All of it.
pub(crate) struct Scene {
    campaigns: Vec<Running>,
    account: AccountId,
    zone: Zone,
    device: Id,
    pub(crate) properties: Map<String, Value>,
    pub(crate) activity: Activity,
    pub(crate) ledger: Ledger,
    utm: BTreeMap<String, String>,
    pub(crate) event: (String, Map<String, Value>),
}

impl Scene {
    /// `campaigns` of them, of which the visitor was handed every third before.
    pub(crate) fn new(campaigns: usize) -> anyhow::Result<Self> {
        let mut running = Vec::new();
        for n in 0..campaigns {
            let definition =
                Definition::parse(definition(n)).map_err(|fault| anyhow::anyhow!("campaign {n}: {fault}"))?;
            let faults = definition.check();
            ensure!(faults.is_empty(), "campaign {n}: {faults:?}");
            let Body::Popup(plan) = definition.body else {
                continue;
            };
            let prepared = (0..=plan.experiment.variants.len())
                .map(|index| Prepared::new(plan.variant(index).clone()))
                .collect::<Result<_, _>>()
                .map_err(|fault| anyhow::anyhow!("campaign {n}: {fault}"))?;
            running.push(Running {
                id: CampaignId(NOW.ms() / 1000 + n as i64),
                name: definition.name,
                plan: *plan,
                prepared,
            });
        }
        running.sort_by_key(|campaign| std::cmp::Reverse(campaign.plan.priority));
        let zone = Zone::parse("Europe/Lisbon").context("the zone is known")?;
        let device = Id::new(NOW, [7; 10]);
        let mut scene = Self {
            account: AccountId::parse("BENCH-0001").context("this is an id")?,
            properties: properties(),
            activity: activity(&zone),
            ledger: Ledger::default(),
            utm: [("source", "letter"), ("medium", "email"), ("campaign", "kiln")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
            event: (event(1), event_properties()),
            campaigns: running,
            zone,
            device,
        };
        scene.ledger = scene.handed();
        Ok(scene)
    }

    /// One to six hand-outs of every third campaign within the last ten days, most of them seen, some closed or clicked.
    fn handed(&self) -> Ledger {
        let mut ledger = Ledger::default();
        for (n, campaign) in self.campaigns.iter().step_by(3).enumerate() {
            for hit in 0..=n % 6 {
                let days_ago = (n + 2 * hit) % 10;
                let at = NOW.plus_ms(-(days_ago as i64 * DAY_MS) - 600_000);
                let session = (40 - days_ago) as u32;
                let here = Here::new(at, &self.zone, self.device, session, Some(Id::new(at, [3; 10])));
                let impression = Id::new(at, [n as u8, hit as u8, 1, 1, 1, 1, 1, 1, 1, 1]);
                let variant = campaign.plan.experiment.name(0);
                ledger.lease(campaign.id, impression, Some(variant), 1, &here);
                if (n + hit) % 4 != 3 {
                    ledger.confirm(campaign.id, impression, (1, variant), at, &here);
                }
                match (n + hit) % 7 {
                    0 => ledger.click(campaign.id, at),
                    1..=3 => ledger.close(campaign.id, at),
                    _ => {}
                }
            }
        }
        ledger
    }

    pub(crate) fn candidates(&self) -> impl Iterator<Item = Candidate<'_>> {
        self.campaigns.iter().map(|campaign| Candidate {
            id: campaign.id,
            name: &campaign.name,
            revision: 1,
            plan: &campaign.plan,
            prepared: &campaign.prepared,
        })
    }

    /// Calls `with` with the visitor, made as the server makes it for each decision.
    pub(crate) fn visited<T>(&self, with: impl FnOnce(&Visitor<'_>) -> T) -> T {
        let device = Device {
            kind: "desktop",
            browser: "Firefox",
            system: "Linux",
            language: "en-GB",
            topics: &[],
            country: "GB",
            permission: "granted",
            subscribed: true,
        };
        let page = Page {
            referrer: "https://letters.example.org/2026/kiln",
            title: "Ebb jug",
            number: 4,
            session: 40,
            ..Page::at(URL)
        };
        let view = Id::new(NOW, [9; 10]);
        let here = Here::new(NOW, &self.zone, self.device, page.session, Some(view));
        let facts = Facts {
            now: NOW,
            today: here.today,
            properties: &self.properties,
            identified: true,
            activity: &self.activity,
            utm: &self.utm,
            device: &device,
            page: &page,
        };
        let (account_time, visitor_time) = Visitor::clocks(NOW, &self.zone, "Europe/Berlin");
        with(&Visitor {
            account: &self.account,
            person: Ordinal(4711),
            facts,
            ledger: &self.ledger,
            here,
            account_time,
            visitor_time,
            // Three messages at once are more than a page can bear.
            overall: Limits {
                page: Some(3),
                ..Limits::default()
            },
            can_show: true,
            busy: &[],
            site_name: "Tindermere",
        })
    }
}

fn properties() -> Map<String, Value> {
    let mut properties = json!({
        "first_name": "Ada", "tier": "Gold", "city": "Leeds", "lifetime value": 412.5, "newsletter": true, "size": ["M", "L"],
        "last order": "2026-11-02", "born": "$D_315532800",
    });
    if let Some(map) = properties.as_object_mut() {
        for n in map.len()..PROPERTIES {
            map.insert(
                format!("property {n}"),
                json!(format!("value {} of {n}", n * 7919)),
            );
        }
    }
    properties.as_object().cloned().unwrap_or_default()
}

/// Five hundred doings over sixty days, of few events often and of many seldom.
fn activity(zone: &Zone) -> Activity {
    let mut activity = Activity::default();
    for n in 0..DONE {
        let which = match n % 4 {
            0 => 0,
            1 => 1,
            _ => n * 7 % EVENTS,
        };
        let at = NOW.plus_ms(-60 * DAY_MS * (DONE - n) as i64 / DONE as i64);
        activity.note(&event(which), at, Day::of(at, zone));
    }
    activity
}
