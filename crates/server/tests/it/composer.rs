//! The push composer over HTTP: what is typed becomes what is sent, to whom, when; and the buttons of a push that was started.

use crate::bed::{Answer, Bed};
use crate::dashboard::Person;
use crate::engines;
use crate::push_plans::somebody;
use crate::pushes::{counts, work_through};
use campanile_lab::VirtualBrowser;
use serde_json::{Value, json};

engines!(
    written_for_some_and_sent_at_its_moment,
    rows_come_and_go_without_script,
    what_is_refused_comes_back_as_typed,
    what_the_form_does_not_show_stays,
    halted_and_resumed_by_its_buttons,
    it_follows_an_event,
    it_speaks_other_languages,
    the_notes_speak_of_what_is_filled_in,
    buttons_move_with_their_names,
    a_topic_is_written_and_judged,
);

const MESSAGE: [(&str, &str); 9] = [
    ("kind", "push"),
    ("name", "Kiln opening"),
    (
        "push.title",
        "{{ profile.First | default: \"Hello\" }}, the kiln is open",
    ),
    ("push.url", "https://shop.example.com/new"),
    ("push.ttl_seconds", "86400"),
    ("push.urgency", "normal"),
    ("push.language", "en"),
    ("push.direction", "auto"),
    ("zone", "UTC"),
];

const CLUB: [(&str, &str); 5] = [
    ("audience.match", "all"),
    ("audience.rules[0].is", "property"),
    ("audience.rules[0].name", "Plan"),
    ("audience.rules[0].op", "is"),
    ("audience.rules[0].value", "Club"),
];

pub(crate) fn typed<'a>(more: &[&[(&'a str, &'a str)]]) -> Vec<(&'a str, &'a str)> {
    [&MESSAGE[..]]
        .iter()
        .chain(more)
        .copied()
        .flatten()
        .copied()
        .collect()
}

/// The campaign's number, from where an answer leads.
pub(crate) fn led_to(answer: &Answer) -> i64 {
    assert_eq!(answer.status, 303, "{}", answer.body);
    let place = answer.header("location").to_owned();
    let number = place.trim_start_matches("/campaigns/");
    let end = number.find(|c: char| !c.is_ascii_digit()).unwrap_or(number.len());
    number[..end].parse().unwrap_or_else(|_| panic!("{place}"))
}

async fn of(bed: &Bed, campaign: i64) -> Value {
    bed.get(&format!("/campaigns/{campaign}")).await
}

async fn written_for_some_and_sent_at_its_moment(bed: &Bed) {
    let (_, for_ada) = somebody(bed, "ada", json!({"First": "Ada", "Plan": "Club"}), "en").await;
    let (_, for_ben) = somebody(bed, "ben", json!({"First": "Ben"}), "en").await;
    let person = Person::administrator(bed).await;
    let at = jiff::Timestamp::from_millisecond(bed.now() + 7_200_000).unwrap();
    let at = at
        .to_zoned(jiff::tz::TimeZone::UTC)
        .strftime("%-d %b %Y, %H:%M")
        .to_string();
    let when = [("send.at", at.as_str()), ("send.per_minute", "600")];

    let told = person
        .ask("/campaigns/preview", &typed(&[&CLUB, &when]))
        .await
        .json();
    assert_eq!(told["errors"], json!([]), "{told}");
    assert_eq!(told["reach"], "1 subscription of 2 now", "{told}");
    assert_eq!(told["verb"], "Schedule push");
    for (who, title) in [("Somebody new", "Hello"), ("ada", "Ada"), ("ben", "Ben")] {
        let fields = typed(&[&CLUB, &[("stage.as", who)]]);
        let told = person.ask("/campaigns/preview", &fields).await.json();
        assert_eq!(told["shown"]["push.title"], format!("{title}, the kiln is open"));
    }
    let sentence = told["sentence"].as_str().unwrap();
    assert!(
        sentence.contains("property “Plan” is Club") && sentence.contains(&at),
        "{sentence}"
    );

    let id = led_to(
        &person
            .post("/campaigns", &typed(&[&CLUB, &when, &[("then", "start")]]))
            .await,
    );
    assert_eq!(of(bed, id).await["status"], "scheduled");
    let page = person.get(&format!("/campaigns/{id}")).await.body;
    assert!(
        page.contains("It waits for its moment") && page.contains("Take back"),
        "{page}"
    );
    let question = person.get(&format!("/campaigns/{id}/stop")).await.body;
    assert!(question.contains("Take “Kiln opening” back?"), "{question}");
    let list = person.get("/campaigns?status=scheduled").await.body;
    assert!(
        list.contains("Kiln opening") && list.contains("Scheduled"),
        "{list}"
    );
    bed.pass(7_200_000);
    work_through(bed, id).await;
    assert_eq!(counts(bed, id).await, json!({"audience": 1, "sent": 1}));
    assert_eq!((for_ada.count(), for_ben.count()), (1, 0));
}

async fn rows_come_and_go_without_script(bed: &Bed) {
    let person = Person::administrator(bed).await;
    let added = person
        .post("/campaigns", &typed(&[&[("then", "add:audience")]]))
        .await;
    let id = led_to(&added);
    let place = added.header("location").to_owned();
    let page = person.get(place.split('#').next().unwrap()).await.body;
    assert!(page.contains("name=\"audience.rules[0].is\""), "one more row");
    person.post(&format!("/campaigns/{id}"), &typed(&[&CLUB])).await;
    assert_eq!(of(bed, id).await["audience"]["rules"][0]["value"], "Club");
    let fields = typed(&[&CLUB, &[("then", "remove:audience.rules[0]")]]);
    person.post(&format!("/campaigns/{id}"), &fields).await;
    assert_eq!(of(bed, id).await.get("audience"), None);
}

async fn what_is_refused_comes_back_as_typed(bed: &Bed) {
    let person = Person::administrator(bed).await;
    let when = [("send.at", "when the tide is out"), ("send.per_minute", "many")];
    let answer = person.post("/campaigns", &typed(&[&CLUB, &when])).await;
    assert_eq!(answer.status, 422);
    for words in [
        "when the tide is out",
        "is not a date with a time",
        "“many” is not a whole number",
        "value=\"Club\"",
    ] {
        assert!(answer.body.contains(words), "{words}: {}", answer.body);
    }
    // A moment that is over is refused at the start; the draft is kept.
    let over = [("send.at", "1 Jan 2020, 09:00"), ("then", "start")];
    let answer = person.post("/campaigns", &typed(&[&over])).await;
    assert_eq!(answer.status, 422);
    assert!(answer.body.contains("This moment is over"), "{}", answer.body);
}

async fn what_the_form_does_not_show_stays(bed: &Bed) {
    let person = Person::administrator(bed).await;
    let definition = json!({"name": "P", "kind": "push", "push": {
        "title": "T", "url": "https://shop.example.com/", "vibrate": [200, 100], "translations": {"de": {"title": "Ofen"}},
    }});
    let id = bed.api("POST", "/campaigns", definition, 201).await["id"]
        .as_i64()
        .unwrap();
    led_to(&person.post(&format!("/campaigns/{id}"), &typed(&[])).await);
    let kept = of(bed, id).await;
    assert_eq!(kept["name"], "Kiln opening");
    assert_eq!(kept["push"]["vibrate"], json!([200, 100]));
    assert_eq!(kept["push"]["translations"]["de"]["title"], "Ofen");
}

async fn halted_and_resumed_by_its_buttons(bed: &Bed) {
    let (_, browser) = somebody(bed, "ada", json!({}), "en").await;
    let person = Person::administrator(bed).await;
    let id = led_to(&person.post("/campaigns", &typed(&[&[("then", "start")]])).await);
    bed.running.delivery.step().await.unwrap();
    led_to(&person.post(&format!("/campaigns/{id}/pause"), &[]).await);
    let page = person.get(&format!("/campaigns/{id}")).await.body;
    assert!(page.contains("Paused") && page.contains("Resume"), "{page}");
    bed.work().await;
    assert_eq!(browser.count(), 0);
    led_to(&person.post(&format!("/campaigns/{id}/resume"), &[]).await);
    bed.pass(3_000);
    work_through(bed, id).await;
    assert_eq!(browser.count(), 1);
}

async fn it_follows_an_event(bed: &Bed) {
    let (ada, browser) = somebody(bed, "ada", json!({"First": "Ada"}), "en").await;
    let person = Person::administrator(bed).await;
    let follows = [
        ("on_event.event", "Added To Cart"),
        ("on_event.after_minutes", "2"),
        ("on_event.after_minutes.unit", "hours"),
        ("on_event.unless", "Charged"),
        ("on_event.silence_hours", "24"),
    ];
    let told = person.ask("/campaigns/preview", &typed(&[&follows])).await.json();
    let sentence = told["sentence"].as_str().unwrap();
    assert!(
        sentence.contains("2 hours after “Added To Cart”, unless they did “Charged”"),
        "{told}"
    );
    assert_eq!((&told["verb"], &told["nobody"]), (&json!("Start"), &json!(false)));
    let id = led_to(
        &person
            .post("/campaigns", &typed(&[&follows, &[("then", "start")]]))
            .await,
    );
    let kept = of(bed, id).await;
    assert_eq!(
        (&kept["status"], &kept["on_event"]["after_minutes"]),
        (&json!("running"), &json!(120))
    );
    let page = person.get(&format!("/campaigns/{id}")).await.body;
    assert!(
        page.contains("The first message goes out when somebody has done it"),
        "{page}"
    );
    bed.ring(ada, &[bed.event("Added To Cart")]).await;
    bed.pass(2 * 3_600_000);
    bed.work().await;
    assert_eq!(browser.count(), 1);
    led_to(&person.post(&format!("/campaigns/{id}/stop"), &[]).await);
    // Without an event it goes once to all again.
    let copied = led_to(&person.post(&format!("/campaigns/{id}/duplicate"), &[]).await);
    assert!(of(bed, copied).await["on_event"].is_object());
    led_to(
        &person
            .post(
                &format!("/campaigns/{copied}"),
                &typed(&[&[("on_event.event", "")]]),
            )
            .await,
    );
    assert_eq!(of(bed, copied).await.get("on_event"), None);
}

async fn it_speaks_other_languages(bed: &Bed) {
    let (_, hers) = somebody(bed, "ada", json!({}), "de-AT").await;
    let (_, his) = somebody(bed, "ben", json!({}), "fr").await;
    let person = Person::administrator(bed).await;
    let german = [
        ("push.translations.there", "yes"),
        ("push.translations[0].language", "de"),
        ("push.translations[0].title", "Der Ofen ist offen"),
        ("push.translations[0].url", "https://shop.example.com/de"),
        ("push.vibrate", "200, 100 200"),
    ];
    // The looks can be shown in it.
    let told = person
        .ask(
            "/campaigns/preview",
            &typed(&[&german, &[("stage.language", "de")]]),
        )
        .await
        .json();
    assert_eq!(told["shown"]["push.title"], "Der Ofen ist offen", "{told}");
    assert_eq!(told["errors"], json!([]));
    // Another row is asked for without script, and the fault of a row is told at its input.
    let add = [("then", "add:push.translations")];
    let answer = person.post("/campaigns", &typed(&[&german, &add])).await;
    let edit = answer.header("location").to_owned();
    assert!(edit.ends_with("/edit?add=push.translations#languages"), "{edit}");
    let page = person.get(edit.split_once('#').unwrap().0).await.body;
    assert!(page.contains("name=\"push.translations[1].language\""), "{page}");
    let path = edit.split_once("/edit").unwrap().0.to_owned();
    let id: i64 = path.rsplit('/').next().unwrap().parse().unwrap();
    let kept = of(bed, id).await;
    assert_eq!(kept["push"]["translations"]["de"]["title"], "Der Ofen ist offen");
    assert_eq!(kept["push"]["vibrate"], json!([200, 100, 200]));
    let bad = [
        ("push.translations[1].language", "fr"),
        ("push.translations[1].body", "Sans titre"),
    ];
    let told = person
        .ask("/campaigns/preview", &typed(&[&german, &bad]))
        .await
        .json();
    assert_eq!(told["errors"][0]["field"], "push.translations[1].title", "{told}");
    let answer = person
        .post(
            &path,
            &typed(&[&german, &[("push.translations[1].title", "Ciao")]]),
        )
        .await;
    assert_eq!(answer.status, 422);
    assert!(
        answer.body.contains("Say which language this is"),
        "{}",
        answer.body
    );
    let answer = person.post(&path, &typed(&[&[("push.vibrate", "long")]])).await;
    assert_eq!(answer.status, 422);
    assert!(
        answer.body.contains("Milliseconds with commas"),
        "{}",
        answer.body
    );
    // Removed, it is gone; a form without the rows leaves it.
    led_to(&person.post(&path, &typed(&[])).await);
    assert!(of(bed, id).await["push"]["translations"]["de"].is_object());
    let remove = [("then", "remove:push.translations[0]")];
    let answer = person.post(&path, &typed(&[&german, &remove])).await;
    assert!(
        answer.header("location").ends_with("#languages"),
        "{}",
        answer.header("location")
    );
    assert_eq!(of(bed, id).await["push"].get("translations"), None);
    led_to(&person.post(&path, &typed(&[&german, &[("then", "start")]])).await);
    work_through(bed, id).await;
    let title = |browser: &VirtualBrowser| {
        let got = browser.try_next().unwrap().plaintext.unwrap();
        let payload: Value = serde_json::from_slice(&got).unwrap();
        payload["notification"]["title"].as_str().unwrap().to_owned()
    };
    assert_eq!(title(&hers), "Der Ofen ist offen");
    assert_eq!(title(&his), "Hello, the kiln is open");
}

const BUTTONS: [(&str, &str); 6] = [
    ("push.actions.0.title", "Show me"),
    ("push.actions.0.action", ""),
    ("push.actions.1.title", "Not my size"),
    ("push.actions.1.action", ""),
    ("push.actions.2.title", "Later"),
    ("push.actions.2.action", ""),
];

async fn the_notes_speak_of_what_is_filled_in(bed: &Bed) {
    let person = Person::administrator(bed).await;
    let notes = async |more: &[(&str, &str)]| {
        let told = person.ask("/campaigns/preview", &typed(&[more])).await.json();
        told["notes"].clone()
    };
    let bare = notes(&[]).await;
    for browser in ["windows", "macos", "android", "firefox", "safari"] {
        assert_eq!(bare[browser], json!([]), "{bare}");
    }
    let hero = notes(&[("push.image", "https://shop.example.com/hero.png")]).await;
    assert_eq!(
        hero["safari"],
        json!(["Safari shows no hero picture: yours is left out."])
    );
    assert_eq!(hero["windows"], json!([]));
    let three = notes(&BUTTONS).await;
    assert_eq!(
        three["windows"],
        json!(["Windows shows 2 buttons: “Later” is left out."])
    );
    // A variant is judged by its own words, and a person's data count.
    let id = led_to(
        &person
            .post("/campaigns", &typed(&[&[("then", "variant:add")]]))
            .await,
    )
    .to_string();
    let long = "x".repeat(80);
    let other = [
        ("id", id.as_str()),
        ("experiment.variants[0].push.title", long.as_str()),
    ];
    assert_eq!(notes(&other).await["windows"], json!([]));
    let looked_at = [&other[..], &[("stage.variant", "1")]].concat();
    let told = person
        .ask("/campaigns/preview", &typed(&[&looked_at]))
        .await
        .json();
    assert_eq!(told["shown"]["push.title"], long);
    assert_eq!(
        told["notes"]["windows"],
        json!(["Windows shows about 69 letters of the title; yours has 80."])
    );
    // Programs are told the same.
    let page = person.get(&format!("/campaigns/{id}/edit")).await.body;
    assert!(page.contains("value=\"1\" aria-label=\"Variant B\""), "{page}");
    let mut definition = crate::pushes::push();
    definition["push"]["image"] = json!("https://shop.example.com/hero.png");
    let preview = bed.api("POST", "/preview", definition, 200).await;
    assert_eq!(
        preview["notes"]["firefox"],
        json!(["Firefox shows no hero picture: yours is left out."])
    );
}

async fn buttons_move_with_their_names(bed: &Bed) {
    let person = Person::administrator(bed).await;
    let id = led_to(&person.post("/campaigns", &typed(&[&BUTTONS])).await);
    let buttons = async || {
        let actions = of(bed, id).await["push"]["actions"].clone();
        let words = |action: &Value| format!("{} {}", action["action"], action["title"]).replace('"', "");
        actions.as_array().unwrap().iter().map(words).collect::<Vec<_>>()
    };
    assert_eq!(
        buttons().await,
        ["first Show me", "second Not my size", "third Later"]
    );
    let named = |then: &'static str| {
        let mut fields = typed(&[&BUTTONS, &[("then", then)]]);
        for (name, value) in &mut fields {
            *value = match *name {
                "push.actions.0.action" => "first",
                "push.actions.1.action" => "second",
                "push.actions.2.action" => "third",
                _ => value,
            };
        }
        fields
    };
    let path = format!("/campaigns/{id}");
    let moved = person.post(&path, &named("button:up:2")).await;
    assert!(moved.header("location").ends_with("#push.actions"));
    assert_eq!(
        buttons().await,
        ["first Show me", "third Later", "second Not my size"]
    );
    person.post(&path, &named("button:remove:0")).await;
    assert_eq!(buttons().await, ["second Not my size", "third Later"]);
    // Four are too many for everybody.
    let mut four = crate::pushes::push();
    let button = |name: &str| json!({"action": name, "title": "Words", "url": "https://shop.example.com/"});
    four["push"]["actions"] = json!(["a", "b", "c"].map(button));
    assert_eq!(
        bed.api("POST", "/preview", four.clone(), 200).await["faults"],
        json!([])
    );
    four["push"]["actions"] = json!(["a", "b", "c", "d"].map(button));
    let faults = bed.api("POST", "/preview", four, 200).await["faults"].clone();
    assert_eq!(faults[0]["field"], "push.actions", "{faults}");
}

async fn a_topic_is_written_and_judged(bed: &Bed) {
    let person = Person::administrator(bed).await;
    let id = led_to(
        &person
            .post("/campaigns", &typed(&[&[("push.topic", "weekly-news")]]))
            .await,
    );
    assert_eq!(of(bed, id).await["push"]["topic"], "weekly-news");
    let page = person.get(&format!("/campaigns/{id}/edit")).await.body;
    assert!(
        page.contains("name=\"push.topic\" value=\"weekly-news\""),
        "{page}"
    );
    let long = "t".repeat(65);
    let bad = [("push.topic", long.as_str())];
    let told = person.ask("/campaigns/preview", &typed(&[&bad])).await.json();
    assert_eq!(told["errors"][0]["field"], "push.topic", "{told}");
    person
        .post(&format!("/campaigns/{id}"), &typed(&[&[("push.topic", " ")]]))
        .await;
    assert_eq!(of(bed, id).await["push"]["topic"], Value::Null);
}
