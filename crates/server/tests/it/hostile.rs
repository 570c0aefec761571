//! Hostile input that wants to become something else: values to become script, addresses to run it, characters that nobody types.
//!
//! Each stays what it is or is refused with the field and the remedy; after it the server answers as before. Left out: what wants to cost
//! without end (`bounds`), all places of a template (core's own tests), what a browser makes of it (`e2e/hostile.test.mjs`).

use crate::bed::{ACCOUNT, Bed, own, popup};
use crate::dashboard::Person;
use crate::engines;
use serde_json::{Value, json};

engines!(
    values_stay_values_wherever_they_stand,
    the_dashboard_shows_them_as_text,
    addresses_that_run_script_are_refused_by_field,
    addresses_made_of_values_are_judged_when_they_are_filled,
    characters_that_nobody_types,
);

/// Wants out of every place: text, attribute, both quotes of a script, a comment, a template.
const BREAKOUT: &str = "\"><script>hacked=1</script><img src=x onerror=hacked=1>';hacked=1;//`${hacked=1}*/</script>{{ site.name }}";
const SCRIPTS: [&str; 8] = [
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "java\nscript:alert(1)",
    "\u{1} javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:msgbox(1)",
    "blob:https://shop.example.com/0",
    "file:///etc/passwd",
];

async fn values_stay_values_wherever_they_stand(bed: &Bed) {
    // Properties come in without quotes and colons, a page's address with all that it says.
    let places = |value: &str| {
        r#"<p id="text">{{ V }}</p><p title="{{ V }}">t</p><a href="/search?q={{ V }}">a</a><button onclick="say('{{ V }}')">b</button>
        <script>const one = "{{ V }}"; const two = {{ V }}; const three = `{{ V }}`;</script>"#
            .replace('V', value)
    };
    let plain = |value: &str| {
        json!({"title": "Hello V", "text": "*V*", "button": "V", "kv": {"v": "V"}})
            .to_string()
            .replace('V', &format!("{{{{ {value} }}}}"))
    };
    for (at, value) in ["event.props.v", "page.query.v"].into_iter().enumerate() {
        let mut written = own("Own", &places(value));
        written["trigger"] = json!({"on": "event", "event": format!("Own {at}")});
        bed.launch(written).await;
        let trigger = json!({"on": "event", "event": format!("Plain {at}"), "where": [{"name": "v", "op": "contains", "value": "<SCRIPT>HACKED"}]});
        let drawn: Value = serde_json::from_str(&plain(value)).unwrap();
        bed.launch(popup("Plain", &json!({"popup": drawn, "trigger": trigger})))
            .await;
    }
    let device = bed.id();
    let query: String = url::form_urlencoded::byte_serialize(BREAKOUT.as_bytes()).collect();
    let context = json!({"url": format!("https://shop.example.com/?v={query}")});
    for name in ["Own 0", "Plain 0", "Own 1", "Plain 1"] {
        let event = bed.op("event", json!({"name": name, "props": {"v": BREAKOUT}}));
        let reply = bed
            .post(Some(device), &[event], &[("context", context.clone())])
            .await
            .json();
        let document = reply["messages"][0]["msgContent"]["html"].as_str();
        let document = document.unwrap_or_else(|| panic!("{name} did not come: {reply}"));
        for broken in [
            "<script>hacked",
            "<img src=x",
            "\"><script",
            "';hacked",
            "*/</script>",
        ] {
            assert!(!document.contains(broken), "{name}: {broken} in {document}");
        }
        // Between backticks it would run; in a text it is nothing.
        let script = document.split("<script>const one").nth(1).unwrap_or_default();
        assert!(!script.contains("`${hacked"), "{name}: {script}");
        assert!(document.contains("hacked"), "{name}: the value is there");
        // A value is no template.
        assert!(!document.contains("Tindermere"), "{name}: {document}");
    }
    // The filter compares it as text: what is not in it is not found.
    let other = bed
        .document(device, json!({"name": "Plain 0", "props": {"v": "harmless"}}))
        .await;
    assert_eq!(other, Value::Null);
    // A style takes no such value at all: the message is not shown.
    let mut styled = own("Styled", "<style>p{color:{{ event.props.v }}}</style><p>p</p>");
    styled["trigger"] = json!({"on": "event", "event": "Styled"});
    bed.launch(styled).await;
    let hostile = bed
        .document(
            device,
            json!({"name": "Styled", "props": {"v": "red} body{background:url(//evil.example.com)"}}),
        )
        .await;
    assert_eq!(hostile, Value::Null);
    let good = bed
        .document(device, json!({"name": "Styled", "props": {"v": "#ff0000"}}))
        .await;
    assert!(
        good.as_str()
            .is_some_and(|html| html.contains("p{color:#ff0000}")),
        "{good}"
    );
    // Names of properties are hostile, too: kept as names, or refused by their own rule.
    let props = json!({BREAKOUT: 1, "__proto__": {"polluted": 1}, "constructor": "x"});
    let named = bed.op("event", json!({"name": "Named", "props": props}));
    assert_eq!(bed.post(Some(device), &[named], &[]).await.status, 200);
    bed.works().await;
}

async fn the_dashboard_shows_them_as_text(bed: &Bed) {
    let person = Person::administrator(bed).await;
    let device = bed.id();
    let ops = [
        bed.op(
            "page",
            json!({"url": "https://shop.example.com/?q=%3Cscript%3E", "title": BREAKOUT}),
        ),
        bed.op("event", json!({"name": "Searched", "props": {"for": BREAKOUT}})),
        bed.op("profile", json!({"set": {"Name": BREAKOUT, "Plan": BREAKOUT}})),
        bed.login("hostile-1"),
    ];
    assert_eq!(bed.post(Some(device), &ops, &[]).await.status, 200);
    let name = BREAKOUT.chars().take(110).collect::<String>();
    let audience = json!({"audience": {"rules": [{"is": "property", "name": "Plan", "op": "is_not", "value": BREAKOUT}]}});
    let id = bed.launch(popup(&name, &audience)).await;
    let who = bed.device(device).await["id"].clone();
    let query: String = url::form_urlencoded::byte_serialize(BREAKOUT.as_bytes()).collect();
    for path in [
        "/people".to_owned(),
        format!("/people?q={query}"),
        format!("/people/{who}"),
        format!("/people/{who}?event={query}"),
        "/campaigns".to_owned(),
        format!("/campaigns/{id}"),
        format!("/campaigns/{id}/edit?step=who"),
        format!("/campaigns/{id}/edit?step=what"),
    ] {
        let page = person.get(&path).await;
        assert_eq!(page.status, 200, "{path}: {}", page.body);
        for broken in ["<script>hacked", "<img src=x", "\"><script"] {
            assert!(!page.body.contains(broken), "{path}: {broken}");
        }
    }
    let why = bed.get(&format!("/devices/{device}/why")).await;
    let told = &why["campaigns"][0]["because"][2];
    assert!(
        told["seen"].as_str().unwrap().starts_with("><script>hacked=1"),
        "{why}"
    );
}

async fn addresses_that_run_script_are_refused_by_field(bed: &Bed) {
    let link = |url: &str| json!({"do": "url", "url": url});
    for script in SCRIPTS
        .iter()
        .chain(&["//evil.example.com", "/\\evil.example.com", "https://", "shop"])
    {
        let drawn = json!({
            "template": "interstitial", "title": "T", "button": "Go", "on_click": link(script),
            "second": {"label": "Or", "on_click": link(script)},
            "image": {"url": script, "dark": script, "width": 10, "height": 10},
        });
        let found = bed.faults(&popup("Addresses", &json!({"popup": drawn}))).await;
        let named: Vec<&str> = found.iter().map(|(field, _)| field.as_str()).collect();
        let slots = [
            "popup.image.url",
            "popup.image.dark",
            "popup.on_click.url",
            "popup.second.on_click.url",
        ];
        assert_eq!(named, slots, "{script:?}");
        let note = popup(
            "Note",
            &json!({"popup": {"template": "box-letter", "title": "T", "note": "n", "note_link": {"label": "l", "url": script}}}),
        );
        bed.refused(&note, "popup.note_link.url").await;
        let variant = popup(
            "Variant",
            &json!({"experiment": {"weight": 1, "variants": [{"name": "B", "weight": 1, "popup": {"title": "B", "button": "Go", "on_click": link(script)}}]}}),
        );
        bed.refused(&variant, "experiment.variants[0].popup.on_click.url")
            .await;
        let push = json!({"name": "Push", "kind": "push", "push": {
            "title": "T", "url": script, "icon": script, "image": script, "badge": script,
            "actions": [{"action": "a", "title": "A", "url": script}],
        }});
        for slot in [
            "push.url",
            "push.icon",
            "push.image",
            "push.badge",
            "push.actions.0.url",
        ] {
            bed.refused(&push, slot).await;
        }
    }
    bed.works().await;
}

async fn addresses_made_of_values_are_judged_when_they_are_filled(bed: &Bed) {
    let plain = json!({
        "popup": {"title": "Plain", "button": "Go", "on_click": {"do": "url", "url": "{{ event.props.to }}"}},
        "trigger": {"on": "event", "event": "Plain"},
    });
    bed.launch(popup("Plain", &plain)).await;
    // A template that hides a scheme of its owner's own.
    let hidden = json!({
        "popup": {"title": "Hidden", "button": "Go", "on_click": {"do": "url", "url": "{% if true %}javascript:{% endif %}alert(1)"}},
        "trigger": {"on": "event", "event": "Hidden"},
    });
    let hidden = bed.api("POST", "/campaigns", popup("Hidden", &hidden), 201).await;
    let started = bed
        .raw(&format!("/api/v1/campaigns/{}/start", hidden["id"]), Vec::new())
        .await;
    let mut written = own(
        "Own",
        r#"<a href="{{ event.props.to }}">go</a><img src="{{ event.props.to }}" alt="">"#,
    );
    written["trigger"] = json!({"on": "event", "event": "Own"});
    bed.launch(written).await;
    let device = bed.id();
    for script in SCRIPTS {
        for event in ["Plain", "Own"] {
            bed.unfillable(device, event, json!({"to": script})).await;
        }
    }
    assert_eq!(started.status, 200, "{}", started.body);
    let shown = bed.ring(device, &[bed.event("Hidden")]).await;
    assert_eq!(shown["messages"], json!([]), "{shown}");
    let good = json!({"name": "Plain", "props": {"to": "https://shop.example.com/a"}});
    let reply = bed.ring(device, &[bed.op("event", good)]).await;
    assert_eq!(
        reply["messages"][0]["onClick"]["url"],
        "https://shop.example.com/a"
    );
    bed.works().await;
}

async fn characters_that_nobody_types(bed: &Bed) {
    let odd = "a\u{0}b\u{202e}gnp.exe\u{2066}\u{feff}\u{e0041}\u{fffd}\u{1b}[31m";
    let definition = popup(
        odd,
        &json!({
            "popup": {"title": odd, "text": odd, "button": odd, "kv": {odd: odd}},
            "trigger": {"on": "event", "event": "Odd", "where": [{"name": odd, "op": "not_set"}]},
            "audience": {"match": "any", "rules": [{"is": "property", "name": odd, "value": odd}, {"is": "property", "name": odd, "op": "not_set"}]},
            "group": odd,
        }),
    );
    let answer = bed
        .raw("/api/v1/campaigns", definition.to_string().into_bytes())
        .await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    let id = answer.json()["id"].clone();
    let started = bed
        .raw(&format!("/api/v1/campaigns/{id}/start"), Vec::new())
        .await;
    assert_eq!(started.status, 200, "{}", started.body);
    let mut written = own("Own", &format!("<p>{odd}{{{{ event.props.v }}}}</p>"));
    written["trigger"] = json!({"on": "event", "event": "Own"});
    bed.launch(written).await;
    let device = bed.id();
    let html = bed
        .document(device, json!({"name": "Own", "props": {"v": odd}}))
        .await;
    assert!(
        html.as_str().is_some_and(|html| html.contains('\u{202e}')),
        "{html}"
    );
    bed.ring(device, &[bed.event("Odd")]).await;
    bed.get(&format!("/devices/{device}/why?event=Odd")).await;
    bed.get(&format!("/campaigns/{id}")).await;

    // Half a surrogate pair is no text: the API says where; on the wire it stands alone.
    let answer = bed
        .raw(
            "/api/v1/campaigns",
            br#"{"name": "\ud800", "kind": "popup"}"#.to_vec(),
        )
        .await;
    assert_eq!(answer.status, 400, "{}", answer.body);
    assert!(answer.body.contains("line 1 column"), "{}", answer.body);
    let bad = format!(
        r#"{{"id":"{}","t":{},"op":"event","name":"\udfff","props":{{}}}}"#,
        bed.id(),
        bed.now()
    );
    let body = format!(
        r#"{{"v":1,"account":"{ACCOUNT}","device":"{device}","sdk":"web/0","now":{},"show":true,"ops":[{bad},{}]}}"#,
        bed.now(),
        bed.event("Whole"),
    );
    let answer = bed.ring_raw(body).await;
    assert_eq!(
        (answer.status, &answer.json()["accepted"]),
        (200, &json!(1)),
        "{}",
        answer.body
    );
    // Bytes that are no UTF-8.
    let answer = bed
        .raw("/api/v1/campaigns", b"{\"name\": \"\xff\xfe\"}".to_vec())
        .await;
    assert_eq!(answer.status, 400, "{}", answer.body);
    let answer = bed.ring_raw(b"{\"v\":1,\"account\":\"\xff\"}").await;
    assert_eq!(answer.status, 400, "{}", answer.body);
    for (path, status) in [
        ("/api/v1/profiles?identity=%00", 400),
        ("/api/v1/profiles?identity=Email:%ff%fe", 400),
        ("/api/v1/campaigns?kind=%00", 400),
        ("/api/v1/media/%00", 405),
        ("/%00", 404),
        ("/js/%2e%2e%2f%2e%2e%2fetc/passwd", 404),
    ] {
        let bearer = format!("Bearer {}", bed.key);
        let answer = bed
            .send("GET", path, &[("authorization", &bearer)], Vec::new())
            .await;
        assert_eq!(answer.status, status, "{path}: {}", answer.body);
    }
    bed.works().await;
}
