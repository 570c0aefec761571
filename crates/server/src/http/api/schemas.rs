//! The schemas of the OpenAPI document.
//!
//! Left out: paths (`openapi`). Invariant: each name in the table of routes has its schema here, and each reference leads to one; a test
//! of the document keeps that.

use super::openapi::reference;
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

/// Every schema by its name.
pub(super) fn schemas() -> Value {
    let text = json!({"type": "string"});
    let number = json!({"type": "integer", "format": "int64"});
    let flag = json!({"type": "boolean"});
    let time = json!({"type": "integer", "format": "int64", "description": "milliseconds since 1970"});
    let maybe_time =
        json!({"type": ["integer", "null"], "format": "int64", "description": "milliseconds since 1970"});
    let map = json!({"type": "object", "additionalProperties": true});
    let texts = json!({"type": "object", "additionalProperties": {"type": "string"}});
    let numbers = json!({"type": "object", "additionalProperties": {"type": "integer"}});
    let one_of = |words: &[&str]| json!({"type": "string", "enum": words});
    let action = object(&[
        ("action", text.clone()),
        ("title", text.clone()),
        ("url", text.clone()),
    ]);
    let maybe = json!({"type": ["string", "null"]});
    let mut cause = one_of_or_null(&Cause::ALL.map(Cause::as_str));
    cause["description"] = json!("why, where that was said by this server and not by a push service alone");
    let media = object(&[
        ("hash", text.clone()),
        ("url", text.clone()),
        ("width", number.clone()),
        ("height", number.clone()),
        ("bytes", number.clone()),
        ("type", one_of(&["image/jpeg", "image/png", "image/webp"])),
        ("name", text.clone()),
        ("created_at", time.clone()),
        (
            "small",
            json!({"type": ["object", "null"], "properties": {"url": text, "width": number, "bytes": number}}),
        ),
    ]);
    let translation = object(&[
        ("title", text.clone()),
        ("body", text.clone()),
        ("url", maybe.clone()),
        ("buttons", list(&text)),
        ("direction", one_of(&["auto", "ltr", "rtl"])),
    ]);
    let push = object(&[
        ("title", text.clone()),
        ("body", text.clone()),
        ("url", text.clone()),
        ("icon", maybe.clone()),
        ("image", maybe.clone()),
        ("badge", maybe.clone()),
        ("actions", list(&action)),
        ("tag", maybe.clone()),
        ("topic", maybe.clone()),
        ("require_interaction", flag.clone()),
        ("silent", flag.clone()),
        ("renotify", flag.clone()),
        ("vibrate", list(&number)),
        ("direction", one_of(&["auto", "ltr", "rtl"])),
        ("language", text.clone()),
        (
            "translations",
            json!({"type": "object", "additionalProperties": translation}),
        ),
        ("ttl_seconds", number.clone()),
        ("urgency", one_of(&["very-low", "low", "normal", "high"])),
        ("kv", texts),
    ]);
    let mut definition = object(&[
        ("name", text.clone()),
        ("kind", one_of(&["popup", "push"])),
        ("popup", reference("Popup")),
        ("push", push),
        ("trigger", reference("Trigger")),
        ("audience", reference("Rules")),
        (
            "send",
            object(&[
                ("at", maybe_time.clone()),
                ("per_minute", number.clone()),
                ("zone", one_of(&["account", "recipient"])),
                (
                    "repeat",
                    object(&[
                        ("days", list(&number)),
                        ("at", text.clone()),
                        ("times", number.clone()),
                    ]),
                ),
                ("until", maybe_time.clone()),
                ("caps", push_caps(&number)),
                ("transactional", flag.clone()),
            ]),
        ),
        (
            "on_event",
            object(&[
                ("event", text.clone()),
                ("where", list(&reference("PropertyTest"))),
                ("after_minutes", number.clone()),
                ("unless", maybe.clone()),
                ("silence_hours", number.clone()),
            ]),
        ),
        ("on_request", object(&[("sample", map.clone())])),
        ("schedule", reference("Schedule")),
        ("caps", reference("Caps")),
        (
            "priority",
            json!({"type": "integer", "minimum": 0, "maximum": 100, "default": 50}),
        ),
        ("group", text.clone()),
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
            "done": number, "total": number, "exact": flag, "per_minute": {"type": ["integer", "null"]}, "minutes_left": {"type": ["integer", "null"]},
            "waiting_for_services": number, "tried_until": maybe_time, "later": number, "later_until": maybe_time, "winner_at": maybe_time, "at_most_per_minute": {"type": ["integer", "null"]},
            "waits_for": one_of_or_null(&["resume", "services", "pace", "moment", "winner"]),
        },
    });
    let more = object(&[
        ("id", number.clone()),
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
        ("created_at", time.clone()),
        ("changed_at", time.clone()),
        ("started_at", maybe_time.clone()),
        ("ended_at", maybe_time.clone()),
        ("archived_at", maybe_time.clone()),
        ("revision", number.clone()),
        (
            "draft",
            json!({"oneOf": [reference("Definition"), {"type": "null"}]}),
        ),
        ("counts", numbers.clone()),
        ("progress", progress),
    ]);
    let answered = json!({"type": ["object", "null"], "properties": {
        "ask": one_of_or_null(&["email", "choice", "scale", "text"]), "question": text, "total": number, "mean": {"type": ["number", "null"]},
        "counts": list(&json!({"type": "object", "properties": {"answer": {}, "times": number}})),
    }});
    let field_error = object(&[("field", text.clone()), ("message", text.clone())]);
    let key = object(&[
        ("id", text.clone()),
        ("name", text.clone()),
        ("tail", text.clone()),
        ("created_at", time.clone()),
        ("used_at", maybe_time.clone()),
    ]);
    let subscription = object(&[
        ("id", text.clone()),
        ("profile", number.clone()),
        ("browser", text.clone()),
        ("endpoint_host", text.clone()),
        ("state", one_of(&["live", "aside", "gone"])),
        ("reason", text.clone()),
        ("vapid_key", text.clone()),
        ("created_at", time.clone()),
        ("changed_at", time.clone()),
    ]);
    let made = json!({
        "Error": object(&[("error", object(&[("code", text.clone()), ("message", text.clone()), ("field", text.clone()), ("errors", list(&field_error))]))]),
        "Account": object(&[("id", text.clone()), ("name", text.clone()), ("zone", text.clone()), ("origins", list(&text)), ("settings", reference("AccountSettings")), ("created_at", time.clone())]),
        "AccountChange": object(&[("name", text.clone()), ("zone", text.clone()), ("origins", list(&text)), ("settings", reference("AccountSettings"))]),
        "Definition": definition,
        "Campaign": {"allOf": [reference("Definition"), more]},
        "CampaignList": object(&[("campaigns", list(&reference("Campaign")))]),
        "Report": object(&[
            ("campaign", reference("Campaign")), ("counts", numbers.clone()), ("days", list(&map)),
            ("revisions", list(&object(&[("revision", number.clone()), ("since", time.clone())]))),
            ("revision", json!({"type": ["integer", "null"]})), ("compared_by", one_of(&["goal", "click"])),
            ("variants", list(&reference("Part"))), ("verdicts", list(&text)), ("answers", answered),
            ("test", tested(&maybe, &maybe_time, &numbers)),
            ("reasons", list(&object(&[
                ("reason", text.clone()), ("times", number.clone()), ("state", text.clone()), ("status", json!({"type": ["integer", "null"]})),
                ("cause", cause.clone()),
            ]))),
            ("browsers", list(&client("browser", &number))), ("systems", list(&client("system", &number))),
            ("browsers_up_to", json!({"type": ["integer", "null"], "description": "the push has more messages than this, so browsers and systems are not counted"})),
            ("alarms", list(&reference("Alarm"))),
            ("rounds", list(&object(&[("at", time.clone()), ("missed", flag.clone()), ("counts", numbers.clone())]))),
            ("next_at", maybe_time.clone()),
        ]),
        "Part": object(&[
            ("name", text.clone()), ("share", json!({"type": ["number", "null"]})), ("counts", numbers.clone()), ("people", number.clone()),
            ("did", number.clone()), ("rate", json!({"type": ["number", "null"]})), ("interval", interval(true)), ("against", maybe.clone()),
            ("uplift", json!({"type": ["object", "null"], "properties": {
                "points": {"type": "number"}, "interval": interval(false), "sure": {"type": "number"},
                "verdict": one_of(&["too_early", "equal", "more", "less"]), "sentence": text,
            }})),
        ]),
        "AnswerList": object(&[("answers", list(&object(&[
            ("impression", text.clone()), ("at", time.clone()), ("profile", number.clone()), ("revision", number.clone()),
            ("variant", text.clone()), ("answer", json!({"type": ["string", "integer"]})), ("comment", text.clone()), ("consent", flag.clone()),
        ]))), ("next", maybe.clone())]),
        "NewLink": {"type": "object", "properties": {"purpose": one_of(&["test", "why"]), "url": text, "variant": number}, "required": ["purpose", "url"]},
        "Link": object(&[("url", text.clone()), ("until", time.clone())]),
        "TemplateList": object(&[("templates", list(&object(&[
            ("name", text.clone()), ("purpose", text.clone()),
            ("layout", one_of_or_null(&["box", "banner", "interstitial"])), ("slots", list(&text)),
            ("sample", reference("Popup")),
        ])))]),
        "Why": object(&[
            ("profile", number.clone()), ("device", json!({"type": ["object", "null"]})), ("url", text.clone()), ("event", maybe.clone()),
            ("session", number.clone()), ("pages", number.clone()), ("subscribed", flag.clone()), ("at", time.clone()),
            ("campaigns", list(&object(&[
                ("campaign", number.clone()), ("name", text.clone()), ("kind", one_of(&["box", "banner", "interstitial"])),
                ("revision", number.clone()), ("variant", maybe.clone()), ("outcome", one_of(&["show", "wait", "control", "not"])),
                ("because", list(&object(&[
                    ("name", text.clone()), ("asked", text.clone()), ("seen", text.clone()),
                    ("passed", json!({"type": ["boolean", "null"], "description": "null: not looked at"})),
                ]))),
            ]))),
        ]),
        "Alarm": object(&[
            ("campaign", number.clone()), ("kind", one_of(&Alarm::ALL.map(Alarm::as_str))), ("message", text.clone()), ("remedy", text.clone()),
            ("messages", number.clone()), ("endpoint_host", text.clone()), ("reason", text.clone()), ("since", time.clone()),
            ("last_at", time.clone()), ("dismissed_at", maybe_time.clone()),
        ]),
        "AlarmList": object(&[("alarms", list(&reference("Alarm")))]),
        "DeliveryList": object(&[("deliveries", list(&object(&[
            ("id", text.clone()), ("campaign", number.clone()), ("profile", number.clone()), ("subscription", text.clone()), ("browser", text.clone()),
            ("endpoint_host", text.clone()), ("state", one_of(&["waiting", "sent", "failed", "gone", "unsent", "capped", "held"])),
            ("variant", maybe.clone()),
            ("attempts", number.clone()), ("status", json!({"type": ["integer", "null"]})), ("reason", text.clone()), ("cause", cause.clone()),
            ("system", text.clone()), ("tries", list(&object(&[
                ("attempt", number.clone()), ("at", time.clone()), ("status", json!({"type": ["integer", "null"]})), ("cause", cause), ("reason", text.clone()),
            ]))),
            ("settled_at", maybe_time.clone()), ("shown_at", maybe_time.clone()), ("clicked_at", maybe_time.clone()),
            ("dismissed_at", maybe_time.clone()),
        ]))), ("next", maybe.clone())]),
        "SendRequest": json!({"type": "object", "required": ["to"], "properties": {"to": {"type": "array", "minItems": 1, "maxItems": 1000, "items": {
            "type": "object", "description": "one of identity, profile, subscription and endpoint names the recipient",
            "properties": {
                "identity": {"type": "string", "description": "Identity:c-1001, Email:customer@example.com, Phone:+15551234567 or device:<32 hex digits>"},
                "profile": number, "subscription": text, "endpoint": text,
                "data": {"type": "object", "additionalProperties": true, "description": "“data” in the texts, at most 4096 bytes"},
            },
        }}}}),
        "PushTestRequest": json!({"type": "object", "required": ["to"], "properties": {
            "to": {"type": "object", "description": "one of identity, profile, subscription and endpoint names the recipient",
                "properties": {"identity": text, "profile": number, "subscription": text, "endpoint": text}},
            "variant": {"type": "integer", "description": "0 is A"},
        }}),
        "PushTestList": object(&[("tests", list(&object(&[("id", text.clone()), ("subscription", text.clone())])))]),
        "PushTest": object(&[
            ("id", text.clone()), ("campaign", number.clone()), ("variant", text.clone()), ("subscription", text.clone()),
            ("browser", text.clone()), ("state", json!({"enum": ["waiting", "sent", "failed", "gone"]})),
            ("status", json!({"type": ["integer", "null"]})), ("reason", text.clone()), ("made_at", time.clone()),
        ]),
        "Receipt": object(&[
            ("campaign", number.clone()),
            ("messages", list(&object(&[
                ("to", number.clone()), ("id", text.clone()), ("profile", number.clone()), ("subscription", text.clone()),
            ]))),
            ("left_out", list(&object(&[("to", number.clone()), ("reason", text.clone())]))),
        ]),
        "LiveLine": object(&[
            ("id", text.clone()), ("at", number.clone()), ("time", text.clone()), ("kind", text.clone()), ("word", text.clone()),
            ("channel", maybe.clone()), ("profile", number.clone()), ("who", text.clone()), ("campaign", json!({"type": ["integer", "null"]})),
            ("campaign_name", maybe.clone()), ("event", text.clone()), ("title", text.clone()), ("details", text.clone()),
            ("facts", json!({"type": "object", "additionalProperties": {"type": "string"}})), ("browser", text.clone()),
        ]),
        "Estimate": object(&[
            ("subscribers", number.clone()),
            ("reached", number.clone()),
            ("exact", flag.clone()),
            ("looked_at", number.clone()),
            ("meant", number.clone()),
            ("left_out", list(&object(&[("reason", text.clone()), ("n", number.clone())]))),
            ("largest_bytes", number.clone()),
            ("groups", list(&object(&[("group", text.clone()), ("n", number.clone())]))),
        ]),
        "Choice": {"type": "object", "properties": {"variant": text}, "required": ["variant"]},
        "Preview": object(&[("bytes", number.clone()), ("sha256", text.clone()), ("html", text.clone()), ("payload", map.clone()), ("notes", map.clone()), ("faults", list(&field_error))]),
        "Media": media.clone(),
        "MediaList": object(&[("media", list(&media)), ("next", maybe.clone())]),
        "Profile": object(&[
            ("id", number.clone()), ("identified", flag), ("identities", map.clone()), ("properties", map.clone()), ("created_at", time.clone()),
            ("seen_at", maybe_time), ("devices", list(&map)), ("subscriptions", list(&subscription)), ("merged", list(&number)),
        ]),
        "ProfileList": object(&[("profiles", list(&reference("Profile")))]),
        "EventList": object(&[("events", list(&object(&[
            ("id", text.clone()), ("at", time.clone()), ("name", text.clone()), ("props", map), ("device", maybe),
        ])))]),
        "SubscriptionList": object(&[("total", number.clone()), ("by_browser", numbers), ("subscriptions", list(&subscription))]),
        "Forecast": object(&[("services", list(&object(&[
            ("service", text.clone()), ("browsers", text.clone()), ("after_days", number.clone()), ("live", number.clone()),
            ("in_7_days", number.clone()), ("in_30_days", number.clone()), ("overdue", number.clone()),
        ])))]),
        "Install": object(&[
            ("snippet", text.clone()), ("seen", json!({"type": ["object", "null"]})),
            ("origins_seen", list(&object(&[("origin", text.clone()), ("sdk", text.clone()), ("first_at", time.clone()), ("last_at", time)]))),
        ]),
        "KeyList": object(&[("keys", list(&key))]),
        "NewKey": object(&[("name", text.clone())]),
        "MadeKey": {"allOf": [key, object(&[("key", text)])]},
    });
    let mut all = plan();
    for made in [made, ring()] {
        if let (Value::Object(all), Value::Object(made)) = (&mut all, made) {
            all.extend(made);
        }
    }
    all
}

/// The key ring.
fn ring() -> Value {
    let text = json!({"type": "string"});
    let number = json!({"type": "integer", "format": "int64"});
    let time = json!({"type": "integer", "format": "int64", "description": "milliseconds since 1970"});
    let browsers = json!({"type": "string", "enum": Browsers::ALL.map(Browsers::as_str)});
    let vapid = object(&[
        ("id", text.clone()),
        ("public_key", text.clone()),
        ("browsers", browsers.clone()),
        ("since", time.clone()),
        ("created_at", time),
        ("bound", number.clone()),
        ("in_use", json!({"type": "boolean"})),
    ]);
    json!({
        "NewVapidKey": object(&[("private_key", text.clone()), ("public_key", text.clone()), ("browsers", browsers.clone())]),
        "VapidUse": object(&[("browsers", browsers)]),
        "PrivateVapidKey": object(&[("public_key", text.clone()), ("private_key", text.clone())]),
        "VapidKey": vapid,
        "WebPush": object(&[("public_key", text), ("keys", list(&vapid)), ("subscriptions", number)]),
    })
}

/// The test of a push.
fn client(name: &str, number: &Value) -> Value {
    object(&[
        (
            name,
            json!({"type": "string", "description": "empty where it is not known"}),
        ),
        ("sent", number.clone()),
        ("failed", number.clone()),
        ("gone", number.clone()),
        ("shown", number.clone()),
        ("clicked", number.clone()),
    ])
}

fn tested(maybe: &Value, maybe_time: &Value, numbers: &Value) -> Value {
    json!({"type": ["object", "null"], "properties": {
        "ends_at": maybe_time, "winner": maybe, "decided_at": maybe_time, "decided_by": one_of_or_null(&["click", "goal", "hand"]),
        "after": numbers,
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
    let text = json!({"type": "string"});
    let liquid = json!({"type": "string", "description": "Liquid"});
    let number = json!({"type": "integer", "minimum": 0});
    let maybe_number = json!({"type": ["integer", "null"], "minimum": 1});
    let flag = json!({"type": "boolean"});
    let time =
        json!({"type": ["integer", "null"], "format": "int64", "description": "milliseconds since 1970"});
    let one_of = |words: &[&str]| json!({"type": "string", "enum": words});
    let colour = json!({"type": "string", "pattern": "^#[0-9a-f]{6}$"});
    let or_null = |schema: Value| json!({"oneOf": [schema, {"type": "null"}]});
    let clock = json!({"type": ["string", "null"], "pattern": "^[0-9]{1,2}:[0-9]{2}$"});
    let click = json!({"oneOf": [
        {"type": "object", "properties": {"do": {"const": "url"}, "url": text, "target": {"enum": ["same", "new"]}}, "required": ["do", "url"]},
        {"type": "object", "properties": {"do": {"const": "function"}, "name": text}, "required": ["do", "name"]},
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
        ("options", list(&text)),
        (
            "ends",
            json!({"type": ["array", "null"], "items": text, "minItems": 2, "maxItems": 2}),
        ),
        ("comment", json!({"type": ["string", "null"]})),
        ("property", text.clone()),
        (
            "consent",
            or_null(object(&[("text", liquid.clone()), ("required", flag.clone())])),
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
        ("sandbox", flag.clone()),
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
            or_null(object(&[("label", liquid.clone()), ("url", text.clone())])),
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
        ("close", flag.clone()),
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
        ("language", text.clone()),
    ]);
    let ops: Vec<&str> = Op::ALL.iter().map(|op| op.name()).collect();
    let subjects: Vec<&str> = Subject::ALL.iter().map(|subject| subject.name()).collect();
    let matching = one_of(&["all", "any"]);
    let any = json!({"description": "text, number, or a list of either; none for set and not_set"});
    let rule = json!({
        "type": "object", "required": ["is"],
        "properties": {
            "is": {"type": "string", "enum": subjects}, "name": text, "op": {"type": "string", "enum": ops, "default": "is"}, "value": any,
            "days": maybe_number, "group": {"oneOf": [reference("Rules"), {"type": "null"}]},
        },
    });
    let test = json!({
        "type": "object", "required": ["name"],
        "properties": {"name": text, "op": {"type": "string", "enum": ops, "default": "is"}, "value": any},
    });
    let sign = |on: &str, more: Value| {
        let mut properties = more;
        properties["on"] = json!({"const": on});
        json!({"type": "object", "properties": properties, "required": ["on"]})
    };
    let signs = json!({"oneOf": [
        sign("delay", json!({"seconds": number, "across_pages": flag})), sign("scroll", json!({"percent": number})),
        sign("idle", json!({"seconds": number})), sign("exit", json!({})), sign("click", json!({"selector": text})),
        sign("visible", json!({"selector": text})),
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
        ("until_goal", flag.clone()),
    ]);
    let variant = object(&[
        ("name", text.clone()),
        ("weight", number.clone()),
        ("popup", reference("Popup")),
    ]);
    json!({
        "Popup": popup,
        "Rules": object(&[("match", matching.clone()), ("rules", list(&rule))]),
        "Trigger": object(&[
            ("on", one_of(&["page", "event"])), ("event", text.clone()), ("where", list(&reference("PropertyTest"))), ("when", reference("Rules")),
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
            ("event", text), ("where", list(&reference("PropertyTest"))),
            ("within_hours", json!({"type": "integer", "minimum": 1, "maximum": 2160, "default": 72})),
        ]),
        "AccountSettings": object(&[("caps", reference("Limits")), ("debug_overlay", flag), ("push", object(&[
            ("caps", push_caps(&json!({"type": "integer", "minimum": 1, "maximum": 100}))),
            ("quiet", object(&[("from", json!({"type": "string"})), ("to", json!({"type": "string"}))])),
        ]))]),
    })
}

/// How many pushes one person gets at most.
fn push_caps(number: &Value) -> Value {
    object(&[("day", number.clone()), ("week", number.clone())])
}
