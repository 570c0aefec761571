//! The schemas of the OpenAPI document.
//!
//! Left out: paths (`openapi`). Invariant: each name in the table of routes has its schema here, and each reference leads to one; a test
//! of the document keeps that.

use super::openapi::reference;
use crate::import::reason::Reason;
use campanile_core::alarm::Alarm;
use campanile_core::cause::Cause;
use campanile_core::popup::Template;
use campanile_core::rule::Op;
use campanile_core::segment::Subject;
use campanile_core::subscription::Browsers;
use serde_json::{Map, Value, json};

fn object(fields: &[(&str, Value)]) -> Value {
    let properties: Map<String, Value> = fields
        .iter()
        .map(|(name, schema)| ((*name).to_owned(), schema.clone()))
        .collect();
    json!({"type": "object", "properties": properties})
}

fn list(of: &Value) -> Value {
    json!({"type": "array", "items": of})
}

/// Every schema by its name. In groups: the compiler takes minutes for all in one function.
pub(super) fn schemas() -> Value {
    let mut all = plan();
    for group in [
        site(),
        campaigns(),
        reports(),
        messages(),
        people(),
        moving(),
        ring(),
    ] {
        if let (Value::Object(all), Value::Object(group)) = (&mut all, group) {
            all.extend(group);
        }
    }
    all
}

fn text() -> Value {
    json!({"type": "string"})
}

fn maybe() -> Value {
    json!({"type": ["string", "null"]})
}

fn texts() -> Value {
    json!({"type": "object", "additionalProperties": {"type": "string"}})
}

fn number() -> Value {
    json!({"type": "integer", "format": "int64"})
}

fn numbers() -> Value {
    json!({"type": "object", "additionalProperties": {"type": "integer"}})
}

fn flag() -> Value {
    json!({"type": "boolean"})
}

fn time() -> Value {
    json!({"type": "integer", "format": "int64", "description": "milliseconds since 1970"})
}

fn maybe_time() -> Value {
    json!({"type": ["integer", "null"], "format": "int64", "description": "milliseconds since 1970"})
}

fn map() -> Value {
    json!({"type": "object", "additionalProperties": true})
}

fn one_of(words: &[&str]) -> Value {
    json!({"type": "string", "enum": words})
}

fn field_error() -> Value {
    object(&[("field", text()), ("message", text())])
}

fn cause() -> Value {
    let mut cause = one_of_or_null(&Cause::ALL.map(Cause::as_str));
    cause["description"] = json!("why, where that was said by this server and not by a push service alone");
    cause
}

/// The account, its keys, its pictures, and what goes wrong.
fn site() -> Value {
    let media = object(&[
        ("hash", text()),
        ("url", text()),
        ("width", number()),
        ("height", number()),
        ("bytes", number()),
        ("type", one_of(&["image/jpeg", "image/png", "image/webp"])),
        ("name", text()),
        ("created_at", time()),
        (
            "small",
            json!({"type": ["object", "null"], "properties": {"url": text(), "width": number(), "bytes": number()}}),
        ),
    ]);
    let key = object(&[
        ("id", text()),
        ("name", text()),
        ("tail", text()),
        ("created_at", time()),
        ("used_at", maybe_time()),
    ]);
    json!({
        "Error": object(&[("error", object(&[("code", text()), ("message", text()), ("field", text()), ("errors", list(&field_error()))]))]),
        "Account": object(&[("id", text()), ("name", text()), ("zone", text()), ("origins", list(&text())), ("settings", reference("AccountSettings")), ("created_at", time())]),
        "AccountChange": object(&[("name", text()), ("zone", text()), ("origins", list(&text())), ("settings", reference("AccountSettings"))]),
        "Media": media.clone(),
        "MediaList": object(&[("media", list(&media)), ("next", maybe())]),
        "Install": object(&[
            ("snippet", text()), ("seen", json!({"type": ["object", "null"]})),
            ("origins_seen", list(&object(&[("origin", text()), ("sdk", text()), ("first_at", time()), ("last_at", time())]))),
        ]),
        "KeyList": object(&[("keys", list(&key))]),
        "NewKey": object(&[("name", text())]),
        "MadeKey": {"allOf": [key, object(&[("key", text())])]},
    })
}

/// Campaigns, and what their editor asks for.
fn campaigns() -> Value {
    let action = object(&[("action", text()), ("title", text()), ("url", text())]);
    let translation = object(&[
        ("title", text()),
        ("body", text()),
        ("url", maybe()),
        ("buttons", list(&text())),
        ("direction", one_of(&["auto", "ltr", "rtl"])),
    ]);
    let push = object(&[
        ("title", text()),
        ("body", text()),
        ("url", text()),
        ("icon", maybe()),
        ("image", maybe()),
        ("badge", maybe()),
        ("actions", list(&action)),
        ("tag", maybe()),
        ("topic", maybe()),
        ("require_interaction", flag()),
        ("silent", flag()),
        ("renotify", flag()),
        ("vibrate", list(&number())),
        ("direction", one_of(&["auto", "ltr", "rtl"])),
        ("language", text()),
        (
            "translations",
            json!({"type": "object", "additionalProperties": translation}),
        ),
        ("ttl_seconds", number()),
        ("urgency", one_of(&["very-low", "low", "normal", "high"])),
        ("kv", texts()),
    ]);
    let mut definition = object(&[
        ("name", text()),
        ("kind", one_of(&["popup", "push"])),
        ("popup", reference("Popup")),
        ("push", push),
        ("trigger", reference("Trigger")),
        ("audience", reference("Rules")),
        (
            "send",
            object(&[
                ("at", maybe_time()),
                ("per_minute", number()),
                ("zone", one_of(&["account", "recipient"])),
                (
                    "repeat",
                    object(&[("days", list(&number())), ("at", text()), ("times", number())]),
                ),
                ("until", maybe_time()),
                ("caps", push_caps(&number())),
                ("transactional", flag()),
            ]),
        ),
        (
            "on_event",
            object(&[
                ("event", text()),
                ("where", list(&reference("PropertyTest"))),
                ("after_minutes", number()),
                ("unless", maybe()),
                ("silence_hours", number()),
            ]),
        ),
        ("on_request", object(&[("sample", map())])),
        ("schedule", reference("Schedule")),
        ("caps", reference("Caps")),
        (
            "priority",
            json!({"type": "integer", "minimum": 0, "maximum": 100, "default": 50}),
        ),
        ("group", text()),
        ("when_busy", one_of(&["queue", "give_way"])),
        ("experiment", reference("Experiment")),
        ("goal", reference("Goal")),
        (
            "winner",
            object(&[
                (
                    "after_hours",
                    json!({"type": "integer", "minimum": 1, "maximum": 72}),
                ),
                (
                    "test_percent",
                    json!({"type": "integer", "minimum": 1, "maximum": 90, "default": 20}),
                ),
                ("by", one_of(&["click", "goal"])),
            ]),
        ),
    ]);
    definition["required"] = json!(["name", "kind"]);
    let progress = json!({
        "type": ["object", "null"], "description": "Of a push on its way, asked for alone or in its report. per_minute and minutes_left are null while there is not enough to go on.",
        "properties": {
            "done": number(), "total": number(), "exact": flag(), "per_minute": {"type": ["integer", "null"]}, "minutes_left": {"type": ["integer", "null"]},
            "waiting_for_services": number(), "tried_until": maybe_time(), "later": number(), "later_until": maybe_time(), "winner_at": maybe_time(), "at_most_per_minute": {"type": ["integer", "null"]},
            "waits_for": one_of_or_null(&["resume", "services", "pace", "moment", "winner"]),
        },
    });
    let more = object(&[
        ("id", number()),
        (
            "status",
            one_of(&[
                "draft",
                "running",
                "scheduled",
                "sending",
                "paused",
                "sent",
                "stopped",
            ]),
        ),
        ("created_at", time()),
        ("changed_at", time()),
        ("started_at", maybe_time()),
        ("ended_at", maybe_time()),
        ("archived_at", maybe_time()),
        ("revision", number()),
        (
            "draft",
            json!({"oneOf": [reference("Definition"), {"type": "null"}]}),
        ),
        ("counts", numbers()),
        ("progress", progress),
    ]);
    json!({
        "Definition": definition,
        "Campaign": {"allOf": [reference("Definition"), more]},
        "CampaignList": object(&[("campaigns", list(&reference("Campaign")))]),
        "TemplateList": object(&[("templates", list(&object(&[
            ("name", text()), ("purpose", text()),
            ("layout", one_of_or_null(&["box", "banner", "interstitial"])), ("slots", list(&text())),
            ("sample", reference("Popup")),
        ])))]),
        "NewLink": {"type": "object", "properties": {"purpose": one_of(&["test", "why"]), "url": text(), "variant": number()}, "required": ["purpose", "url"]},
        "Link": object(&[("url", text()), ("until", time())]),
        "Choice": {"type": "object", "properties": {"variant": text()}, "required": ["variant"]},
        "Preview": object(&[("bytes", number()), ("sha256", text()), ("html", text()), ("payload", map()), ("notes", map()), ("faults", list(&field_error()))]),
        "Estimate": object(&[
            ("subscribers", number()),
            ("reached", number()),
            ("exact", flag()),
            ("looked_at", number()),
            ("meant", number()),
            ("left_out", list(&object(&[("reason", text()), ("n", number())]))),
            ("largest_bytes", number()),
            ("groups", list(&object(&[("group", text()), ("n", number())]))),
        ]),
    })
}

/// What became of campaigns, and why.
fn reports() -> Value {
    let answered = json!({"type": ["object", "null"], "properties": {
        "ask": one_of_or_null(&["email", "choice", "scale", "text"]), "question": text(), "total": number(), "mean": {"type": ["number", "null"]},
        "counts": list(&json!({"type": "object", "properties": {"answer": {}, "times": number()}})),
    }});
    json!({
        "Report": object(&[
            ("campaign", reference("Campaign")), ("counts", numbers()), ("days", list(&map())),
            ("revisions", list(&object(&[("revision", number()), ("since", time())]))),
            ("revision", json!({"type": ["integer", "null"]})), ("compared_by", one_of(&["goal", "click"])),
            ("variants", list(&reference("Part"))), ("verdicts", list(&text())), ("answers", answered),
            ("test", tested()),
            ("reasons", list(&object(&[
                ("reason", text()), ("times", number()), ("state", text()), ("status", json!({"type": ["integer", "null"]})),
                ("cause", cause()),
            ]))),
            ("browsers", list(&client("browser"))), ("systems", list(&client("system"))),
            ("browsers_up_to", json!({"type": ["integer", "null"], "description": "the push has more messages than this, so browsers and systems are not counted"})),
            ("alarms", list(&reference("Alarm"))),
            ("rounds", list(&object(&[("at", time()), ("missed", flag()), ("counts", numbers())]))),
            ("next_at", maybe_time()),
        ]),
        "Part": object(&[
            ("name", text()), ("share", json!({"type": ["number", "null"]})), ("counts", numbers()), ("people", number()),
            ("did", number()), ("rate", json!({"type": ["number", "null"]})), ("interval", interval(true)), ("against", maybe()),
            ("uplift", json!({"type": ["object", "null"], "properties": {
                "points": {"type": "number"}, "interval": interval(false), "sure": {"type": "number"},
                "verdict": one_of(&["too_early", "equal", "more", "less"]), "sentence": text(),
            }})),
        ]),
        "AnswerList": object(&[("answers", list(&object(&[
            ("impression", text()), ("at", time()), ("profile", number()), ("revision", number()),
            ("variant", text()), ("answer", json!({"type": ["string", "integer"]})), ("comment", text()), ("consent", flag()),
        ]))), ("next", maybe())]),
        "Why": object(&[
            ("profile", number()), ("device", json!({"type": ["object", "null"]})), ("url", text()), ("event", maybe()),
            ("session", number()), ("pages", number()), ("subscribed", flag()), ("at", time()),
            ("campaigns", list(&object(&[
                ("campaign", number()), ("name", text()), ("kind", one_of(&["box", "banner", "interstitial"])),
                ("revision", number()), ("variant", maybe()), ("outcome", one_of(&["show", "wait", "control", "not"])),
                ("because", list(&object(&[
                    ("name", text()), ("asked", text()), ("seen", text()),
                    ("passed", json!({"type": ["boolean", "null"], "description": "null: not looked at"})),
                ]))),
            ]))),
        ]),
    })
}

/// Single messages.
fn messages() -> Value {
    json!({
        "Alarm": object(&[
            ("campaign", number()), ("kind", one_of(&Alarm::ALL.map(Alarm::as_str))), ("message", text()), ("remedy", text()),
            ("messages", number()), ("endpoint_host", text()), ("reason", text()), ("since", time()),
            ("last_at", time()), ("dismissed_at", maybe_time()),
        ]),
        "AlarmList": object(&[("alarms", list(&reference("Alarm")))]),
        "DeliveryList": object(&[("deliveries", list(&object(&[
            ("id", text()), ("campaign", number()), ("profile", number()), ("subscription", text()), ("browser", text()),
            ("endpoint_host", text()), ("state", one_of(&["waiting", "sent", "failed", "gone", "unsent", "capped", "held"])),
            ("variant", maybe()),
            ("attempts", number()), ("status", json!({"type": ["integer", "null"]})), ("reason", text()), ("cause", cause()),
            ("system", text()), ("tries", list(&object(&[
                ("attempt", number()), ("at", time()), ("status", json!({"type": ["integer", "null"]})), ("cause", cause()), ("reason", text()),
            ]))),
            ("settled_at", maybe_time()), ("shown_at", maybe_time()), ("clicked_at", maybe_time()),
            ("dismissed_at", maybe_time()),
        ]))), ("next", maybe())]),
        "SendRequest": json!({"type": "object", "required": ["to"], "properties": {"to": {"type": "array", "minItems": 1, "maxItems": 1000, "items": {
            "type": "object", "description": "one of identity, profile, subscription and endpoint names the recipient",
            "properties": {
                "identity": {"type": "string", "description": "Identity:c-1001, Email:customer@example.com, Phone:+15551234567 or device:<32 hex digits>"},
                "profile": number(), "subscription": text(), "endpoint": text(),
                "data": {"type": "object", "additionalProperties": true, "description": "“data” in the texts, at most 4096 bytes"},
            },
        }}}}),
        "PushTestRequest": json!({"type": "object", "required": ["to"], "properties": {
            "to": {"type": "object", "description": "one of identity, profile, subscription and endpoint names the recipient",
                "properties": {"identity": text(), "profile": number(), "subscription": text(), "endpoint": text()}},
            "variant": {"type": "integer", "description": "0 is A"},
        }}),
        "PushTestList": object(&[("tests", list(&object(&[("id", text()), ("subscription", text())])))]),
        "PushTest": object(&[
            ("id", text()), ("campaign", number()), ("variant", text()), ("subscription", text()),
            ("browser", text()), ("state", json!({"enum": ["waiting", "sent", "failed", "gone"]})),
            ("status", json!({"type": ["integer", "null"]})), ("reason", text()), ("made_at", time()),
        ]),
        "Receipt": object(&[
            ("campaign", number()),
            ("messages", list(&object(&[
                ("to", number()), ("id", text()), ("profile", number()), ("subscription", text()),
            ]))),
            ("left_out", list(&object(&[("to", number()), ("reason", text())]))),
        ]),
        "LiveLine": object(&[
            ("id", text()), ("at", number()), ("time", text()), ("kind", text()), ("word", text()),
            ("channel", maybe()), ("profile", number()), ("who", text()), ("campaign", json!({"type": ["integer", "null"]})),
            ("campaign_name", maybe()), ("event", text()), ("title", text()), ("details", text()),
            ("facts", json!({"type": "object", "additionalProperties": {"type": "string"}})), ("browser", text()),
        ]),
    })
}

/// People and their browsers.
fn people() -> Value {
    let subscription = object(&[
        ("id", text()),
        ("profile", number()),
        ("browser", text()),
        ("endpoint_host", text()),
        ("state", one_of(&["live", "aside", "gone"])),
        ("reason", text()),
        ("vapid_key", text()),
        ("created_at", time()),
        ("changed_at", time()),
    ]);
    json!({
        "Profile": object(&[
            ("id", number()), ("identified", flag()), ("identities", map()), ("properties", map()), ("created_at", time()),
            ("seen_at", maybe_time()), ("devices", list(&map())), ("subscriptions", list(&subscription)), ("merged", list(&number())),
        ]),
        "ProfileList": object(&[("profiles", list(&reference("Profile")))]),
        "EventList": object(&[("events", list(&object(&[
            ("id", text()), ("at", time()), ("name", text()), ("props", map()), ("device", maybe()),
        ])))]),
        "SubscriptionList": object(&[("total", number()), ("by_browser", numbers()), ("subscriptions", list(&subscription))]),
        "Forecast": object(&[("services", list(&object(&[
            ("service", text()), ("browsers", text()), ("after_days", number()), ("live", number()),
            ("in_7_days", number()), ("in_30_days", number()), ("overdue", number()),
        ])))]),
    })
}

/// Imports of subscriptions.
fn moving() -> Value {
    let remark = object(&[
        ("row", number()),
        ("field", text()),
        ("reason", one_of(&Reason::ALL.map(Reason::as_str))),
        ("message", text()),
        ("remedy", text()),
    ]);
    let key = object(&[
        ("public_key", text()),
        ("id", maybe()),
        ("subscriptions", number()),
    ]);
    let import = object(&[
        ("id", text()),
        ("name", text()),
        ("format", one_of(&["jsonl", "csv"])),
        (
            "state",
            one_of(&["checking", "checked", "running", "done", "cancelled"]),
        ),
        ("rows", number()),
        ("read", number()),
        ("accepted", number()),
        ("known", number()),
        (
            "refused",
            object(&[("total", number()), ("by_reason", numbers())]),
        ),
        ("left_out", number()),
        (
            "reachable",
            object(&[("total", number()), ("by_key", list(&key))]),
        ),
        ("first_refused", list(&remark)),
        ("first_left_out", list(&remark)),
        ("ignored_columns", list(&text())),
        ("created_at", time()),
        ("changed_at", time()),
    ]);
    json!({"Import": import, "ImportList": object(&[("imports", list(&reference("Import")))])})
}

/// The key ring.
fn ring() -> Value {
    let browsers = json!({"type": "string", "enum": Browsers::ALL.map(Browsers::as_str)});
    let vapid = object(&[
        ("id", text()),
        ("public_key", text()),
        ("browsers", browsers.clone()),
        ("since", time()),
        ("created_at", time()),
        ("bound", number()),
        ("in_use", json!({"type": "boolean"})),
    ]);
    json!({
        "NewVapidKey": object(&[
            ("private_key", text()), ("public_key", text()), ("browsers", browsers.clone()),
            ("in_use", json!({"type": "boolean", "description": "false: only to write to subscriptions that come with it"})),
        ]),
        "VapidUse": object(&[("browsers", browsers)]),
        "PrivateVapidKey": object(&[("public_key", text()), ("private_key", text())]),
        "VapidKey": vapid,
        "WebPush": object(&[("public_key", text()), ("keys", list(&vapid)), ("subscriptions", number())]),
    })
}

/// What became of a push in one kind of browser or system.
fn client(name: &str) -> Value {
    object(&[
        (
            name,
            json!({"type": "string", "description": "empty where it is not known"}),
        ),
        ("sent", number()),
        ("failed", number()),
        ("gone", number()),
        ("shown", number()),
        ("clicked", number()),
    ])
}

/// The test of a push.
fn tested() -> Value {
    json!({"type": ["object", "null"], "properties": {
        "ends_at": maybe_time(), "winner": maybe(), "decided_at": maybe_time(), "decided_by": one_of_or_null(&["click", "goal", "hand"]),
        "after": numbers(),
    }})
}

fn one_of_or_null(words: &[&str]) -> Value {
    let mut all: Vec<Value> = words.iter().map(|word| json!(word)).collect();
    all.push(Value::Null);
    json!({"enum": all})
}

fn interval(or_null: bool) -> Value {
    let kind = if or_null {
        json!(["object", "null"])
    } else {
        json!("object")
    };
    json!({"type": kind, "description": "95 % confidence", "properties": {"low": {"type": "number"}, "high": {"type": "number"}}})
}

/// What a pop-up campaign is made of.
fn plan() -> Value {
    let liquid = json!({"type": "string", "description": "Liquid"});
    let number = json!({"type": "integer", "minimum": 0});
    let maybe_number = json!({"type": ["integer", "null"], "minimum": 1});
    let time =
        json!({"type": ["integer", "null"], "format": "int64", "description": "milliseconds since 1970"});
    let colour = json!({"type": "string", "pattern": "^#[0-9a-f]{6}$"});
    let or_null = |schema: Value| json!({"oneOf": [schema, {"type": "null"}]});
    let clock = json!({"type": ["string", "null"], "pattern": "^[0-9]{1,2}:[0-9]{2}$"});
    let click = json!({"oneOf": [
        {"type": "object", "properties": {"do": {"const": "url"}, "url": text(), "target": {"enum": ["same", "new"]}}, "required": ["do", "url"]},
        {"type": "object", "properties": {"do": {"const": "function"}, "name": text()}, "required": ["do", "name"]},
        {"type": "object", "properties": {"do": {"const": "prompt"}}, "required": ["do"]},
        {"type": "object", "properties": {"do": {"const": "close"}}, "required": ["do"]},
    ]});
    let image = json!({
        "type": "object", "properties": {"url": liquid, "alt": liquid, "width": number, "height": number, "dark": {"type": ["string", "null"]}},
        "required": ["url"],
    });
    let field = object(&[
        ("ask", one_of(&["email", "choice", "scale", "text"])),
        ("label", liquid.clone()),
        ("options", list(&text())),
        (
            "ends",
            json!({"type": ["array", "null"], "items": text(), "minItems": 2, "maxItems": 2}),
        ),
        ("comment", json!({"type": ["string", "null"]})),
        ("property", text()),
        (
            "consent",
            or_null(object(&[("text", liquid.clone()), ("required", flag())])),
        ),
        ("thanks", liquid.clone()),
        ("thanks_text", liquid.clone()),
    ]);
    let line = object(&[("name", liquid.clone()), ("amount", liquid.clone())]);
    let receipt = object(&[
        ("lines", list(&line)),
        ("from", json!({"type": ["string", "null"]})),
        ("total", line.clone()),
    ]);
    let custom = object(&[
        ("html", liquid.clone()),
        ("layout", one_of(&["box", "banner", "interstitial"])),
        ("sandbox", flag()),
        ("width", number.clone()),
    ]);
    let templates: Vec<&str> = Template::ALL.iter().map(|template| template.name()).collect();
    let popup = object(&[
        (
            "template",
            json!({"type": "string", "enum": templates, "default": "box"}),
        ),
        ("title", liquid.clone()),
        ("text", liquid.clone()),
        ("status", liquid.clone()),
        ("figure", liquid.clone()),
        ("note", liquid.clone()),
        (
            "note_link",
            or_null(object(&[("label", liquid.clone()), ("url", text())])),
        ),
        ("image", or_null(image)),
        ("button", json!({"type": ["string", "null"]})),
        ("on_click", click.clone()),
        (
            "second",
            or_null(object(&[("label", liquid.clone()), ("on_click", click)])),
        ),
        ("code", json!({"type": ["string", "null"]})),
        ("features", list(&liquid)),
        ("receipt", or_null(receipt)),
        ("ends_at", time.clone()),
        ("progress", liquid.clone()),
        ("field", or_null(field)),
        ("custom", or_null(custom)),
        (
            "kv",
            json!({"type": "object", "additionalProperties": {"type": "string"}}),
        ),
        (
            "corner",
            one_of(&["bottom-right", "bottom-left", "top-right", "top-left"]),
        ),
        ("edge", one_of(&["top", "bottom"])),
        ("close", flag()),
        ("theme", one_of(&["auto", "light", "dark"])),
        ("accent", colour.clone()),
        ("ground", colour.clone()),
        ("ink", colour.clone()),
        ("art", or_null(colour)),
        ("radius", json!({"type": ["integer", "null"], "minimum": 0})),
        (
            "voice",
            one_of_or_null(&["plain", "bookman", "bookish", "geometric", "narrow", "receipt"]),
        ),
        ("language", text()),
    ]);
    let ops: Vec<&str> = Op::ALL.iter().map(|op| op.name()).collect();
    let subjects: Vec<&str> = Subject::ALL.iter().map(|subject| subject.name()).collect();
    let matching = one_of(&["all", "any"]);
    let any = json!({"description": "text, number, or a list of either; none for set and not_set"});
    let rule = json!({
        "type": "object", "required": ["is"],
        "properties": {
            "is": {"type": "string", "enum": subjects}, "name": text(), "op": {"type": "string", "enum": ops, "default": "is"}, "value": any,
            "days": maybe_number, "group": {"oneOf": [reference("Rules"), {"type": "null"}]},
        },
    });
    let test = json!({
        "type": "object", "required": ["name"],
        "properties": {"name": text(), "op": {"type": "string", "enum": ops, "default": "is"}, "value": any},
    });
    let sign = |on: &str, more: Value| {
        let mut properties = more;
        properties["on"] = json!({"const": on});
        json!({"type": "object", "properties": properties, "required": ["on"]})
    };
    let signs = json!({"oneOf": [
        sign("delay", json!({"seconds": number, "across_pages": flag()})), sign("scroll", json!({"percent": number})),
        sign("idle", json!({"seconds": number})), sign("exit", json!({})), sign("click", json!({"selector": text()})),
        sign("visible", json!({"selector": text()})),
    ]});
    let limits = [
        ("page", maybe_number.clone()),
        ("session", maybe_number.clone()),
        ("day", maybe_number.clone()),
        ("week", maybe_number.clone()),
        ("ever", maybe_number.clone()),
    ];
    let minutes = json!({"type": ["integer", "null"], "minimum": 1, "description": "minutes"});
    let mut caps = limits.to_vec();
    caps.extend([
        ("after_shown", minutes.clone()),
        ("after_clicked", minutes.clone()),
        ("after_closed", minutes),
        ("until_goal", flag()),
    ]);
    let variant = object(&[
        ("name", text()),
        ("weight", number.clone()),
        ("popup", reference("Popup")),
    ]);
    json!({
        "Popup": popup,
        "Rules": object(&[("match", matching.clone()), ("rules", list(&rule))]),
        "Trigger": object(&[
            ("on", one_of(&["page", "event"])), ("event", text()), ("where", list(&reference("PropertyTest"))), ("when", reference("Rules")),
            ("signals", object(&[("match", matching), ("list", list(&signs))])),
        ]),
        "Schedule": object(&[
            ("start", time.clone()), ("end", time), ("days", list(&json!({"type": "integer", "minimum": 1, "maximum": 7}))),
            ("from", clock.clone()), ("to", clock), ("zone", one_of(&["account", "visitor"])),
        ]),
        "PropertyTest": test,
        "Limits": object(&limits),
        "Caps": object(&caps),
        "Experiment": object(&[("weight", number.clone()), ("control", number), ("variants", list(&variant))]),
        "Goal": object(&[
            ("event", text()), ("where", list(&reference("PropertyTest"))),
            ("within_hours", json!({"type": "integer", "minimum": 1, "maximum": 2160, "default": 72})),
        ]),
        "AccountSettings": object(&[("caps", reference("Limits")), ("debug_overlay", flag()), ("push", object(&[
            ("caps", push_caps(&json!({"type": "integer", "minimum": 1, "maximum": 100}))),
            ("quiet", object(&[("from", json!({"type": "string"})), ("to", json!({"type": "string"}))])),
        ])), ("prompts", object(&[
            ("style", json!({"enum": ["top", "center", "card", "bell"]})),
            ("position", json!({"enum": ["top-left", "top", "top-right", "center", "bottom-left", "bottom", "bottom-right"]})),
            ("theme", json!({"enum": ["light", "dark"]})), ("color", json!({"type": "string", "pattern": "^#[0-9a-fA-F]{6}$"})), ("icon_url", text()),
            ("worker_path", text()), ("worker_scope", text()),
        ]))]),
    })
}

/// How many pushes one person gets at most.
fn push_caps(number: &Value) -> Value {
    object(&[("day", number.clone()), ("week", number.clone())])
}
