//! Input that wants to cost without end: too large, too deep, too many, patterns and templates that explode, numbers at the edge of their types.
//!
//! Each is refused with the field and the remedy, or costs no more than a limit that is counted, never timed; after it the server answers
//! as before. Left out: pictures (`media`), what one limit of the wire cuts (`wire`), values that want to be script (`hostile`).

use crate::bed::{ACCOUNT, Bed, own, popup};
use crate::dashboard::Person;
use crate::engines;
use serde_json::{Value, json};

engines!(
    what_is_too_large_is_refused_and_nothing_is_kept,
    what_is_too_deep_is_refused_and_the_rest_is_kept,
    too_many_rules_and_properties_are_bounded,
    patterns_run_in_linear_time_or_are_refused,
    templates_cannot_loop_without_end,
    numbers_out_of_range_name_their_field,
    a_draft_of_any_numbers_can_be_opened,
);

const HTML_LIMIT: usize = 128 * 1024;

async fn what_is_too_large_is_refused_and_nothing_is_kept(bed: &Bed) {
    let before = bed.get("/campaigns").await;
    for bytes in [2, 5] {
        let body = own("Large", &"x".repeat(bytes * 1024 * 1024))
            .to_string()
            .into_bytes();
        let answer = bed.raw("/api/v1/campaigns", body.clone()).await;
        assert_eq!(
            (answer.status, &answer.json()["error"]["code"]),
            (413, &json!("too_large"))
        );
        assert!(
            answer.json()["error"]["message"]
                .as_str()
                .unwrap()
                .contains("1048576 bytes")
        );
        assert_eq!(bed.raw("/api/v1/preview", body).await.status, 413);
    }
    assert_eq!(bed.get("/campaigns").await, before);
    bed.refused(&own("Own", &"x".repeat(HTML_LIMIT + 1)), "popup.custom.html")
        .await;
    bed.launch(own("Own", &"x".repeat(HTML_LIMIT))).await;
    for (field, more) in [
        ("popup.title", json!({"title": "x".repeat(500_000)})),
        ("popup.text", json!({"title": "T", "text": "x".repeat(500_000)})),
        (
            "popup.button",
            json!({"title": "T", "button": "x".repeat(500_000)}),
        ),
        (
            "popup.kv",
            json!({"title": "T", "kv": {"k": "x".repeat(500_000)}}),
        ),
        (
            "popup.on_click.url",
            json!({"title": "T", "button": "b", "on_click": {"do": "url", "url": format!("/{}", "x".repeat(500_000))}}),
        ),
    ] {
        bed.refused(&popup("Large", &json!({"popup": more})), field).await;
    }
    bed.refused(&popup(&"x".repeat(500_000), &json!({})), "name")
        .await;

    // By the form, where each of these is sent as three bytes.
    let person = Person::administrator(bed).await;
    let html = "<".repeat(HTML_LIMIT);
    let checked = [
        ("kind", "popup"),
        ("popup.template", "custom"),
        ("popup.custom.html", html.as_str()),
    ];
    let drawn = person.ask("/campaigns/preview", &checked).await;
    assert_ne!(drawn.status, 413, "{}", drawn.body);

    // The wire: a property of a megabyte never comes in; one that does is cut.
    let device = bed.id();
    let event = |size: usize| bed.op("event", json!({"name": "Wide", "props": {"v": "x".repeat(size)}}));
    let answer = bed.post(Some(device), &[event(1024 * 1024)], &[]).await;
    assert_eq!(
        (answer.status, &answer.json()["error"]["code"]),
        (413, &json!("too_large"))
    );
    let reply = bed.post(Some(device), &[event(200 * 1024)], &[]).await.json();
    assert_eq!(
        (&reply["accepted"], &reply["refused"][0]["code"]),
        (&json!(1), &json!(521)),
        "{reply}"
    );
    let person = bed.device(device).await;
    let kept = bed.get(&format!("/profiles/{}/events", person["id"])).await;
    assert_eq!(
        kept["events"].as_array().unwrap().len(),
        1,
        "the batch that was too large is not there"
    );
    assert_eq!(kept["events"][0]["props"]["v"].as_str().unwrap().len(), 1024);
    bed.works().await;
}

/// A value in `depth` arrays.
fn nested(depth: usize) -> String {
    format!("{}1{}", "[".repeat(depth), "]".repeat(depth))
}

async fn what_is_too_deep_is_refused_and_the_rest_is_kept(bed: &Bed) {
    for depth in [200, 100_000] {
        let body = format!(
            r#"{{"name": "Deep", "kind": "popup", "popup": {}}}"#,
            nested(depth)
        );
        let answer = bed.raw("/api/v1/campaigns", body.into_bytes()).await;
        assert_eq!(
            (answer.status, &answer.json()["error"]["code"]),
            (400, &json!("bad_request"))
        );
        assert!(answer.body.contains("recursion limit"), "{}", answer.body);
    }
    let mut group = json!({"rules": [{"is": "path", "value": "/"}]});
    for _ in 0..12 {
        group = json!({"rules": [{"is": "group", "group": group}]});
    }
    let faults = bed.faults(&popup("Deep", &json!({"audience": group}))).await;
    assert!(
        faults[0].0.starts_with("audience.rules[0].group") && faults[0].1.contains("3 deep"),
        "{faults:?}"
    );
    // An operation that is too deep does not take its batch with it, and what the wire does not know is not read.
    let device = bed.id();
    for depth in [200, 50_000] {
        let bad = format!(
            r#"{{"id":"{}","t":{},"op":"event","name":"Deep","props":{{"v":{}}}}}"#,
            bed.id(),
            bed.now(),
            nested(depth),
        );
        let body = format!(
            r#"{{"v":1,"account":"{ACCOUNT}","device":"{device}","sdk":"web/0","now":{},"show":true,"unknown":{},"ops":[{bad},{}]}}"#,
            bed.now(),
            nested(depth),
            bed.event("Shallow"),
        );
        let answer = bed.ring_raw(body).await;
        let reply = answer.json();
        assert_eq!((answer.status, &reply["accepted"]), (200, &json!(1)), "{reply}");
        assert_eq!(reply["refused"][0]["code"], 604, "{reply}");
    }
    let person = bed.device(device).await;
    assert_eq!(bed.events(&person).await, ["Shallow", "Shallow"]);
    bed.works().await;
}

async fn too_many_rules_and_properties_are_bounded(bed: &Bed) {
    let rules: Vec<Value> = (0..10_000)
        .map(|n| json!({"is": "property", "name": format!("p{n}"), "value": n}))
        .collect();
    for list in ["audience", "trigger"] {
        let when = json!({"rules": rules});
        let (more, field) = if list == "audience" {
            (json!({"audience": when}), "audience.rules")
        } else {
            (
                json!({"trigger": {"on": "page", "when": when}}),
                "trigger.when.rules",
            )
        };
        let faults = bed.faults(&popup("Many", &more)).await;
        assert_eq!(faults.len(), 1, "one fault, not ten thousand");
        assert!(faults[0].0 == field && faults[0].1.contains("100"), "{faults:?}");
    }
    let values: Vec<Value> = (0..20_000).map(Value::from).collect();
    let list = json!({"audience": {"rules": [{"is": "property", "name": "p", "value": values}]}});
    bed.refused(&popup("Values", &list), "audience.rules[0].value")
        .await;
    let filters: Vec<Value> = (0..5_000)
        .map(|n| json!({"name": format!("p{n}"), "value": n}))
        .collect();
    let trigger = json!({"trigger": {"on": "event", "event": "E", "where": filters}});
    bed.refused(&popup("Filters", &trigger), "trigger.where").await;
    let variants: Vec<Value> = (0..500)
        .map(|n| json!({"name": format!("v{n}"), "weight": 1, "popup": {"title": "T"}}))
        .collect();
    bed.refused(
        &popup(
            "Variants",
            &json!({"experiment": {"weight": 1, "variants": variants}}),
        ),
        "experiment.variants",
    )
    .await;

    // Properties: a hundred thousand do not fit into a batch, ten thousand are cut to a hundred, and a profile has an end.
    let device = bed.id();
    let props = |many: usize| {
        let all: serde_json::Map<String, Value> = (0..many).map(|n| (format!("k{n}"), json!(n))).collect();
        Value::Object(all)
    };
    let answer = bed
        .post(
            Some(device),
            &[bed.op("event", json!({"name": "Many", "props": props(100_000)}))],
            &[],
        )
        .await;
    assert_eq!(answer.status, 413);
    let reply = bed
        .post(
            Some(device),
            &[bed.op("event", json!({"name": "Many", "props": props(10_000)}))],
            &[],
        )
        .await
        .json();
    assert_eq!(reply["accepted"], 1, "{reply}");
    assert!(
        reply["refused"].as_array().unwrap().len() <= 2,
        "notices are few: {reply}"
    );
    let person = bed.device(device).await;
    let kept = bed.get(&format!("/profiles/{}/events", person["id"])).await;
    assert_eq!(kept["events"][0]["props"].as_object().unwrap().len(), 100);
    for round in 0..40 {
        let set: serde_json::Map<String, Value> = (0..90)
            .map(|n| (format!("r{round}k{n}"), json!("x".repeat(300))))
            .collect();
        bed.post(Some(device), &[bed.op("profile", json!({"set": set}))], &[])
            .await;
    }
    let size = bed.device(device).await["properties"].to_string().len();
    assert!((1..=64 * 1024).contains(&size), "{size}");
    bed.works().await;
}

async fn patterns_run_in_linear_time_or_are_refused(bed: &Bed) {
    let rule = |pattern: &str, name: &str| {
        popup(
            name,
            &json!({"trigger": {"on": "page", "when": {"rules": [{"is": "url", "op": "regex", "value": pattern}]}}}),
        )
    };
    for (pattern, words) in [
        ("a{1000}{1000}", "smaller counts"),
        (r"(\w{50}){50}{50}", "smaller counts"),
        (r"(?=a)b", "Look-ahead"),
        (r"(a)\1", "back-references"),
        ("(((", "cannot be read"),
        (&"(".repeat(300), "cannot be read"),
        (&"a".repeat(301), "300 characters"),
    ] {
        let faults = bed.faults(&rule(pattern, "Pattern")).await;
        assert_eq!(faults[0].0, "trigger.when.rules[0].value", "{pattern}");
        assert!(faults[0].1.contains(words), "{pattern}: {faults:?}");
    }
    // With a backtracking engine each of these takes longer than the universe has existed.
    let evil = [
        "^https://.*/(a+)+$",
        "^https://.*/(a|aa)+$",
        "^https://.*/(a*)*b$",
        "(x+x+)+y",
        "^(([a-z])+.)+[A-Z]([a-z])+$",
    ];
    for pattern in evil {
        bed.launch(rule(pattern, pattern)).await;
    }
    let device = bed.id();
    let page = |path: &str| bed.op("page", json!({"url": format!("https://shop.example.com/{path}")}));
    let none = bed
        .ring(device, &[page(&format!("{}!", "a".repeat(1_900)))])
        .await;
    assert_eq!(none["messages"], json!([]), "{none}");
    let none = bed
        .ring(device, &[page(&format!("{}!", "x".repeat(1_900)))])
        .await;
    assert_eq!(none["messages"], json!([]), "{none}");
    let some = bed.ring(device, &[page(&"a".repeat(1_900))]).await;
    assert_eq!(some["messages"].as_array().unwrap().len(), 2, "{some}");
    bed.works().await;
}

async fn templates_cannot_loop_without_end(bed: &Bed) {
    let tens = "{% for a in (1..1000) %}{% for b in (1..1000) %}{% for c in (1..1000) %}x{% endfor %}{% endfor %}{% endfor %}";
    let doubling = r#"{% assign a = "xxxxxxxxxx" %}{% for i in (1..64) %}{% assign a = a | append: a %}{% endfor %}{{ a }}"#;
    let replaced = r#"{% assign a = "xxxxxxxxxx" %}{% for i in (1..64) %}{% assign a = a | replace: "x", "xxxxxxxxxx" %}{% endfor %}{{ a }}"#;
    let written = "{% for a in event.props.list %}{% for b in event.props.list %}{% for c in event.props.list %}{{ event.props.long }}{% endfor %}{% endfor %}{% endfor %}";
    let device = bed.id();
    let list: Vec<u32> = (0..100).collect();
    let props = json!({"list": list, "long": "x".repeat(1_000)});
    for (name, source) in [
        ("Tens", tens),
        ("Doubling", doubling),
        ("Replaced", replaced),
        ("Written", written),
    ] {
        let mut definition = own(name, &format!("<p>{source}</p>"));
        definition["trigger"] = json!({"on": "event", "event": name});
        // The editor's and the API's picture of it is bounded as well.
        let preview = bed.api("POST", "/preview", definition.clone(), 200).await;
        assert!(preview["bytes"].as_u64().unwrap() < 512 * 1024, "{name}");
        bed.launch(definition).await;
        bed.unfillable(device, name, props.clone()).await;
    }
    for (source, words) in [
        ("{% for a in (1..100000) %}x{% endfor %}".to_owned(), "1000 items"),
        (
            format!("{}{}", "{% if a %}".repeat(40), "{% endif %}".repeat(40)),
            "deeper than 16",
        ),
        ("{{ a }}".repeat(3_000), "2000 pieces"),
        ("{% while true %}".to_owned(), "while"),
        ("{% include 'x' %}".to_owned(), "include"),
    ] {
        let faults = bed.faults(&own("Bomb", &source)).await;
        assert_eq!(faults[0].0, "popup.custom.html", "{faults:?}");
        assert!(faults[0].1.contains(words), "{words}: {faults:?}");
    }
    bed.works().await;
}

async fn numbers_out_of_range_name_their_field(bed: &Bed) {
    let most = u32::MAX;
    let signal = |more: Value| json!({"trigger": {"on": "page", "signals": {"list": [more]}}});
    let variants = |weight: u64| json!([{"name": "B", "weight": weight, "popup": {"title": "B"}}, {"name": "C", "weight": weight, "popup": {"title": "C"}}]);
    for (more, field) in [
        (
            signal(json!({"on": "delay", "seconds": 0})),
            "trigger.signals.list[0].seconds",
        ),
        (
            signal(json!({"on": "delay", "seconds": most})),
            "trigger.signals.list[0].seconds",
        ),
        (
            signal(json!({"on": "idle", "seconds": 3601})),
            "trigger.signals.list[0].seconds",
        ),
        (
            signal(json!({"on": "scroll", "percent": 101})),
            "trigger.signals.list[0].percent",
        ),
        (json!({"caps": {"session": 0}}), "caps.session"),
        (json!({"caps": {"session": most}}), "caps.session"),
        (json!({"caps": {"session": -1}}), "caps.session"),
        (json!({"caps": {"day": 1.5}}), "caps.day"),
        (json!({"caps": {"week": 1e300}}), "caps.week"),
        (
            json!({"caps": {"session": null, "after_shown": -5}}),
            "caps.after_shown",
        ),
        (
            json!({"caps": {"session": null, "after_closed": most}}),
            "caps.after_closed",
        ),
        (json!({"priority": -1}), "priority"),
        (json!({"priority": 101}), "priority"),
        (
            json!({"experiment": {"weight": most, "control": most, "variants": variants(most.into())}}),
            "experiment.weight",
        ),
        (
            json!({"experiment": {"weight": 1, "control": most, "variants": []}}),
            "experiment.control",
        ),
        (
            json!({"experiment": {"weight": 1, "control": 1_u32 << 31, "variants": []}}),
            "experiment.control",
        ),
        (
            json!({"experiment": {"weight": 1, "variants": variants(most.into())}}),
            "experiment.variants[1].weight",
        ),
        (
            json!({"experiment": {"weight": 1, "variants": variants(u64::MAX)}}),
            "experiment.variants[0].weight",
        ),
        (
            json!({"experiment": {"weight": -1, "variants": []}}),
            "experiment.weight",
        ),
        (
            json!({"schedule": {"start": i64::MAX, "end": i64::MIN}}),
            "schedule.end",
        ),
        (json!({"schedule": {"start": u64::MAX}}), "schedule.start"),
        (json!({"schedule": {"days": [0, 8]}}), "schedule.days"),
        (json!({"schedule": {"from": "25:99"}}), "schedule.from"),
        // As minutes in sixteen bits it would be 00:44.
        (json!({"schedule": {"from": "1093:00"}}), "schedule.from"),
        (json!({"popup": {"title": "T", "radius": 300}}), "popup.radius"),
        (json!({"popup": {"title": "T", "radius": -1}}), "popup.radius"),
        (
            json!({"goal": {"event": "Charged", "within_hours": most}}),
            "goal.within_hours",
        ),
        (
            json!({"audience": {"rules": [{"is": "event", "name": "E", "op": "at_least", "value": 1, "days": most}]}}),
            "audience.rules[0].days",
        ),
        (
            json!({"audience": {"rules": [{"is": "last_event", "name": "E", "op": "last_days", "value": -1}]}}),
            "audience.rules[0].value",
        ),
        (
            json!({"audience": {"rules": [{"is": "last_event", "name": "E", "op": "last_days", "value": 1e300}]}}),
            "audience.rules[0].value",
        ),
    ] {
        let faults = bed.faults(&popup("Numbers", &more)).await;
        let named = faults.iter().any(|(named, _)| named.starts_with(field));
        assert!(named, "{field}: {more}: {faults:?}");
        // Said to people, not in the names of our types.
        let typed = |(_, message): &(String, String)| {
            ["u8", "u16", "u32", "i64"]
                .iter()
                .any(|name| message.contains(name))
        };
        assert!(!faults.iter().any(typed), "{faults:?}");
    }
    for body in [
        r#"{"name": NaN}"#,
        r#"{"name": "N", "priority": 1e999}"#,
        r#"{"name": "N", "priority": Infinity}"#,
        r#"{"name": "N", "priority": -0x1}"#,
    ] {
        let answer = bed.raw("/api/v1/campaigns", body.into()).await;
        assert_eq!(answer.status, 400, "{body}: {}", answer.body);
        assert!(
            answer.body.contains("line 1 column"),
            "where it is: {}",
            answer.body
        );
    }
    // What is in range at the very edge neither fails nor shows for ever.
    for (more, comes) in [
        (json!({"schedule": {"start": i64::MIN, "end": i64::MAX}}), true),
        (json!({"schedule": {"start": i64::MAX}}), false),
        (json!({"schedule": {"end": i64::MIN}}), false),
        (
            json!({"caps": {"session": null, "ever": most, "after_shown": 527_040, "after_clicked": 527_040, "after_closed": 527_040}}),
            true,
        ),
    ] {
        let id = bed.launch(popup("Edge", &more)).await;
        let device = bed.id();
        let reply = bed.ring(device, &[bed.page()]).await;
        assert_eq!(
            reply["messages"].as_array().unwrap().len(),
            usize::from(comes),
            "{more}: {reply}"
        );
        if let Some(message) = reply["messages"].get(0) {
            bed.ring(device, &[bed.reaction("view", message)]).await;
            bed.ring(device, &[bed.page()]).await;
        }
        bed.get(&format!("/devices/{device}/why")).await;
        bed.api("POST", &format!("/campaigns/{id}/stop"), Value::Null, 200)
            .await;
    }
    // The page's own clock and numbers.
    let device = bed.id();
    for now in [json!(i64::MAX), json!(i64::MIN), json!(0)] {
        let mut op = bed.event("Timed");
        op["t"] = now.clone();
        let answer = bed.post(Some(device), &[op], &[("now", now)]).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
    let context = json!({"width": -1, "height": 1e300});
    let answer = bed
        .post(Some(device), &[bed.page()], &[("context", context)])
        .await;
    assert!(answer.status == 200 || answer.status == 400, "{}", answer.body);
    bed.works().await;
}

async fn a_draft_of_any_numbers_can_be_opened(bed: &Bed) {
    let person = Person::administrator(bed).await;
    let most = u32::MAX;
    let image = json!({"url": "/a.png", "width": most, "height": 1});
    let draft = popup(
        "Edge",
        &json!({
            "popup": {"template": "full-feature", "title": "T", "button": "b", "image": image, "radius": 255, "ends_at": i64::MAX},
            "trigger": {"on": "page", "signals": {"list": [{"on": "delay", "seconds": most}, {"on": "scroll", "percent": 255}]}},
            "schedule": {"start": i64::MIN, "end": i64::MAX},
            "caps": {"page": most, "session": most, "day": most, "week": most, "ever": most, "after_shown": most, "after_clicked": most, "after_closed": most},
            "priority": 255,
            "experiment": {"weight": most, "control": most, "variants": [
                {"name": "B", "weight": most, "popup": {"template": "bar-countdown", "title": "B", "ends_at": i64::MIN}},
            ]},
            "goal": {"event": "Charged", "within_hours": most},
        }),
    );
    let preview = bed.api("POST", "/preview", draft.clone(), 200).await;
    assert!(!preview["faults"].as_array().unwrap().is_empty(), "{preview}");
    let id = bed.api("POST", "/campaigns", draft, 201).await["id"].clone();
    for path in [
        "",
        "/edit?step=what",
        "/edit?step=what&variant=1",
        "/edit?step=when",
        "/edit?step=who",
        "/edit?step=goal",
        "/edit?step=review",
    ] {
        let page = person.get(&format!("/campaigns/{id}{path}")).await;
        assert_eq!(page.status, 200, "{path}: {}", page.body);
    }
    bed.get(&format!("/campaigns/{id}/report")).await;
    bed.works().await;
}
