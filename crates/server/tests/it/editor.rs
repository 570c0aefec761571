//! The pop-up editor over HTTP, without script: from the gallery to a running campaign, changes beside it, and what a wrong form says.

use crate::bed::{Answer, Bed};
use crate::dashboard::Person;
use crate::engines;
use serde_json::{Value, json};

engines!(
    from_the_gallery_to_a_running_campaign,
    changes_of_a_running_campaign_wait_until_they_are_published,
    what_is_not_accepted_comes_back_as_it_was_typed,
    nobody_overwrites_somebody_else,
    another_template_keeps_the_words,
    variants_have_forms_of_their_own,
    a_script_is_told_the_same,
    a_test_leads_only_to_pages_of_the_site,
    what_is_put_away_stands_apart,
    dates_say_whether_a_campaign_runs,
);

/// Makes a draft of a template and answers with its number.
pub(crate) async fn begin(person: &Person<'_>, template: &str) -> i64 {
    let answer = person
        .post("/campaigns", &[("kind", "popup"), ("template", template)])
        .await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    let to = answer.header("location");
    assert!(to.ends_with("/edit?step=what"), "{to}");
    to.split('/').nth(2).unwrap().parse().unwrap()
}

pub(crate) fn step(id: i64, step: &str) -> String {
    format!("/campaigns/{id}/edit?step={step}")
}

pub(crate) fn went(answer: &Answer, to: &str) {
    assert_eq!(answer.status, 303, "{}", answer.body);
    assert!(
        answer.header("location").contains(to),
        "{}",
        answer.header("location")
    );
}

async fn from_the_gallery_to_a_running_campaign(bed: &Bed) {
    let person = Person::administrator(bed).await;
    let gallery = person.get("/campaigns/new?kind=popup").await;
    assert_eq!(gallery.status, 200);
    for words in [
        "Newsletter",
        "Countdown sale",
        "Why are you leaving",
        "name=\"template\" value=\"custom\"",
    ] {
        assert!(gallery.body.contains(words), "{words}");
    }
    let id = begin(&person, "box-letter").await;
    let page = person.get(&step(id, "what")).await;
    for field in [
        "popup.title",
        "popup.field.label",
        "popup.field.property",
        "popup.note_link.url",
        "popup.corner",
    ] {
        assert!(page.body.contains(&format!("name=\"{field}\"")), "{field}");
    }
    for foreign in ["popup.code", "popup.receipt.from", "popup.ends_at", "popup.edge"] {
        assert!(!page.body.contains(&format!("name=\"{foreign}\"")), "{foreign}");
    }
    let what = [
        (
            "popup.title",
            "A letter for {{ profile.Name | default: \"you\" }}",
        ),
        ("popup.button", "Send it to me"),
        ("popup.on_click.do", "url"),
        ("popup.on_click.url", "/thanks"),
        ("popup.on_click.target", "new"),
        ("popup.kv", "list = letters"),
        ("popup.close", "no"),
        ("popup.close", "yes"),
        ("then", "next"),
    ];
    went(&person.post(&step(id, "what"), &what).await, "step=when");
    let goal = [
        ("name", "Letters"),
        ("goal.event", "Charged"),
        ("goal.within_hours", "3"),
        ("goal.within_hours.unit", "days"),
        ("goal.where[0].name", "Amount"),
        ("goal.where[0].op", "more"),
        ("goal.where[0].value", "40"),
        ("experiment.control", "10"),
        ("then", "next"),
    ];
    went(&person.post(&step(id, "goal"), &goal).await, "step=who");
    // Without script a row is added by a button that saves, and an empty row is ignored.
    let add = [("audience.match", "all"), ("then", "add:audience")];
    let more = person.post(&step(id, "who"), &add).await;
    went(&more, "add=audience");
    let page = person
        .get(more.header("location").split('#').next().unwrap())
        .await;
    assert!(
        page.body.contains("name=\"audience.rules[0].is\""),
        "{}",
        page.body
    );
    let who = [
        ("audience.match", "any"),
        ("audience.rules[0].is", "property"),
        ("audience.rules[0].name", "Tier"),
        ("audience.rules[0].op", "is"),
        ("audience.rules[0].value", "gold, silver"),
        ("audience.rules[1].is", ""),
        ("audience.rules[2].is", "group"),
        ("audience.rules[2].group.match", "all"),
        ("audience.rules[2].group.rules[0].is", "identified"),
        ("audience.rules[2].group.rules[0].value", "no"),
        ("then", "next"),
    ];
    went(&person.post(&step(id, "who"), &who).await, "step=what");
    let when = [
        ("trigger.on", "page"),
        ("trigger.when.match", "all"),
        ("trigger.when.rules[0].is", "path"),
        ("trigger.when.rules[0].op", "starts"),
        ("trigger.when.rules[0].value", "/"),
        ("trigger.signals.match", "any"),
        ("trigger.signals.list[0].on", "delay"),
        ("trigger.signals.list[0].seconds", "10"),
        ("trigger.signals.list[0].across_pages", "yes"),
        ("trigger.signals.list[1].on", "exit"),
        ("schedule.end", "30 Nov 2027 23:59"),
        ("schedule.days[1]", "yes"),
        ("schedule.days[2]", "yes"),
        ("schedule.from", "08:00"),
        ("schedule.to", "22:00"),
        ("caps.session", "1"),
        ("caps.ever", "3"),
        ("caps.after_closed", "2"),
        ("caps.after_closed.unit", "days"),
        ("caps.until_goal", "yes"),
        ("priority", "70"),
        ("group", "Letters"),
        ("when_busy", "give_way"),
        ("then", "next"),
    ];
    went(&person.post(&step(id, "when"), &when).await, "step=review");
    let review = person.get(&step(id, "review")).await;
    for words in [
        "scrolling",
        "Nothing is missing",
        "control group of 10 %",
        "“Charged” within 3 days",
    ] {
        let absent = words == "scrolling";
        assert_eq!(review.body.contains(words), !absent, "{words}: {}", review.body);
    }
    let started = person.post(&format!("/campaigns/{id}/start"), &[]).await;
    went(&started, "said=started");
    let kept = bed.get(&format!("/campaigns/{id}")).await;
    assert_eq!(
        (
            kept["status"].as_str(),
            kept["name"].as_str(),
            kept["revision"].as_u64()
        ),
        (Some("running"), Some("Letters"), Some(1))
    );
    assert_eq!(
        kept["popup"]["on_click"],
        json!({"do": "url", "url": "/thanks", "target": "new"})
    );
    assert_eq!(kept["popup"]["kv"], json!({"list": "letters"}));
    assert_eq!(
        kept["audience"]["rules"],
        json!([
            {"is": "property", "name": "Tier", "op": "is", "value": ["gold", "silver"]},
            {"is": "group", "op": "is", "group": {"match": "all", "rules": [{"is": "identified", "op": "is", "value": false}]}},
        ])
    );
    assert_eq!(
        kept["trigger"]["signals"],
        json!({"match": "any", "list": [{"on": "delay", "seconds": 10, "across_pages": true}, {"on": "exit"}]})
    );
    assert_eq!(kept["schedule"]["days"], json!([1, 2]));
    assert_eq!(kept["caps"]["after_closed"], 2880);
    assert_eq!(
        kept["goal"]["where"],
        json!([{"name": "Amount", "op": "more", "value": 40}])
    );
    assert_eq!(
        (
            kept["experiment"]["weight"].as_u64(),
            kept["experiment"]["control"].as_u64()
        ),
        (Some(90), Some(10))
    );
}

async fn changes_of_a_running_campaign_wait_until_they_are_published(bed: &Bed) {
    let person = Person::administrator(bed).await;
    let campaign =
        json!({"name": "Runs", "kind": "popup", "popup": {"title": "Before"}, "caps": {"session": null}});
    let id = bed.launch(campaign).await;
    let title = async || {
        let reply = bed.ring(bed.id(), &[bed.page()]).await;
        reply["messages"][0]["msgContent"]["title"].clone()
    };
    assert_eq!(title().await, "Before");
    let saved = person.post(&step(id, "what"), &[("popup.title", "After")]).await;
    went(&saved, "said=saved");
    assert_eq!(title().await, "Before", "changes are kept beside it");
    let page = person.get(&step(id, "what")).await;
    assert!(
        page.body.contains("Changes are not live yet.") && page.body.contains("value=\"After\""),
        "{}",
        page.body
    );
    let bad = person.post(&step(id, "what"), &[("popup.title", "")]).await;
    went(&bad, "said=saved");
    went(
        &person.post(&format!("/campaigns/{id}/publish"), &[]).await,
        "not=published",
    );
    assert_eq!(title().await, "Before");
    person.post(&step(id, "what"), &[("popup.title", "After")]).await;
    went(
        &person.post(&format!("/campaigns/{id}/publish"), &[]).await,
        "said=published",
    );
    assert_eq!(title().await, "After");
    assert_eq!(bed.get(&format!("/campaigns/{id}")).await["revision"], 2);
    person.post(&step(id, "what"), &[("popup.title", "Never")]).await;
    let asked = person.get(&format!("/campaigns/{id}/discard")).await;
    assert!(
        asked.body.contains("Discard the changes of “Runs”?"),
        "{}",
        asked.body
    );
    went(
        &person.post(&format!("/campaigns/{id}/discard"), &[]).await,
        "said=discarded",
    );
    assert!(
        person
            .get(&step(id, "what"))
            .await
            .body
            .contains("value=\"After\"")
    );
    // What is changed back is no change.
    person.post(&step(id, "what"), &[("popup.title", "Other")]).await;
    person.post(&step(id, "what"), &[("popup.title", "After")]).await;
    assert!(bed.get(&format!("/campaigns/{id}")).await["draft"].is_null());
    // A stopped one takes its changes along when it starts again.
    person.post(&format!("/campaigns/{id}/stop"), &[]).await;
    person.post(&step(id, "what"), &[("popup.title", "Again")]).await;
    went(
        &person.post(&format!("/campaigns/{id}/start"), &[]).await,
        "said=started",
    );
    assert_eq!(title().await, "Again");
}

async fn what_is_not_accepted_comes_back_as_it_was_typed(bed: &Bed) {
    let person = Person::administrator(bed).await;
    let id = begin(&person, "box").await;
    let wrong = [
        ("popup.title", "Kept as typed <b>"),
        ("popup.accent", "red"),
        ("popup.kv", "no key here"),
    ];
    let answer = person.post(&step(id, "what"), &wrong).await;
    assert_eq!(answer.status, 422);
    for words in [
        "Kept as typed &#60;b&#62;",
        "“red” is not a colour",
        "href=\"#popup.accent\"",
        "href=\"#popup.kv\"",
        "no key here",
        "Not saved. What you typed is still here.",
    ] {
        assert!(answer.body.contains(words), "{words}: {}", answer.body);
    }
    assert_ne!(
        bed.get(&format!("/campaigns/{id}")).await["popup"]["title"],
        "Kept as typed <b>"
    );
    // What can be kept is kept, is said beside its field, and stops the start.
    let half = [
        ("popup.on_click.do", "url"),
        ("popup.on_click.url", "htps://shop.example.com"),
    ];
    went(&person.post(&step(id, "what"), &half).await, "said=saved");
    let page = person.get(&step(id, "what")).await;
    assert!(
        page.body.contains("Did you mean https://shop.example.com?"),
        "{}",
        page.body
    );
    assert!(page.body.contains("id=\"popup.on_click.url-wrong\""));
    let refused = person.post(&format!("/campaigns/{id}/start"), &[]).await;
    went(&refused, "step=review&not=started");
    let review = person.get(refused.header("location")).await;
    assert!(
        review.body.contains("Not started.") && review.body.contains("step=what#popup.on_click.url"),
        "{}",
        review.body
    );
    let when = [
        ("caps.session", "often"),
        ("schedule.end", "some day"),
        ("schedule.from", "8 o'clock"),
        ("trigger.signals.list[0].on", "delay"),
        ("trigger.signals.list[0].seconds", "ten"),
    ];
    let answer = person.post(&step(id, "when"), &when).await;
    assert_eq!(answer.status, 422);
    for words in [
        "“often” is not a whole number",
        "“some day” is not a date",
        "is not a time of day",
        "value=\"ten\"",
    ] {
        assert!(answer.body.contains(words), "{words}: {}", answer.body);
    }
    let page = person.get(&step(id, "when")).await;
    assert!(
        page.body
            .contains("name=\"trigger.signals.list[0].seconds\" value=\"15\""),
        "the box's own sign"
    );
    let removed = person
        .post(
            &step(id, "when"),
            &[
                ("trigger.signals.match", "all"),
                ("trigger.signals.list[0].on", "delay"),
                ("trigger.signals.list[0].seconds", "15"),
                ("then", "remove:trigger.signals.list[0]"),
            ],
        )
        .await;
    went(&removed, "step=when");
    let kept = bed.get(&format!("/campaigns/{id}")).await;
    assert!(kept["trigger"]["signals"].is_null(), "{kept}");
}

async fn nobody_overwrites_somebody_else(bed: &Bed) {
    let person = Person::administrator(bed).await;
    let id = begin(&person, "box").await;
    let page = person.get(&step(id, "what")).await;
    let version = page
        .body
        .split("name=\"version\" value=\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .unwrap()
        .to_owned();
    person.post(&step(id, "what"), &[("popup.title", "Theirs")]).await;
    let mine = [("version", version.as_str()), ("popup.title", "Mine")];
    let answer = person.post(&step(id, "what"), &mine).await;
    assert_eq!(answer.status, 409);
    assert!(
        answer.body.contains("somebody else changed this campaign") && answer.body.contains("value=\"Mine\""),
        "{}",
        answer.body
    );
    assert_eq!(
        bed.get(&format!("/campaigns/{id}")).await["popup"]["title"],
        "Theirs"
    );
    let over = [
        ("version", version.as_str()),
        ("popup.title", "Mine"),
        ("over", "yes"),
    ];
    went(&person.post(&step(id, "what"), &over).await, "said=saved");
    assert_eq!(
        bed.get(&format!("/campaigns/{id}")).await["popup"]["title"],
        "Mine"
    );
}

async fn another_template_keeps_the_words(bed: &Bed) {
    let person = Person::administrator(bed).await;
    let id = begin(&person, "box").await;
    let words = [
        ("popup.title", "Mine"),
        ("popup.text", "All mine"),
        ("then", "template"),
    ];
    let answer = person.post(&step(id, "what"), &words).await;
    went(&answer, "step=template");
    let gallery = person.get(answer.header("location")).await;
    assert!(gallery.body.contains("Choose another template") && gallery.body.contains("Used now"));
    let to = [("template", "bar-countdown"), ("variant", "0")];
    went(
        &person.post(&format!("/campaigns/{id}/template"), &to).await,
        "step=what",
    );
    let kept = bed.get(&format!("/campaigns/{id}")).await["popup"].clone();
    assert_eq!(
        (
            kept["template"].as_str(),
            kept["title"].as_str(),
            kept["text"].as_str()
        ),
        (Some("bar-countdown"), Some("Mine"), Some("All mine"))
    );
    assert!(
        kept["ends_at"].is_number(),
        "what it needs comes from its starting point"
    );
    person
        .post(&step(id, "what"), &[("popup.ends_at", "24 Dec 2027, 18:00")])
        .await;
    let page = person.get(&step(id, "what")).await;
    assert!(
        page.body.contains("value=\"24 Dec 2027, 18:00\""),
        "{}",
        page.body
    );
}

async fn variants_have_forms_of_their_own(bed: &Bed) {
    let person = Person::administrator(bed).await;
    let id = begin(&person, "box").await;
    let add = [("popup.title", "First"), ("then", "variant:add")];
    went(&person.post(&step(id, "what"), &add).await, "variant=1");
    let path = format!("/campaigns/{id}/edit?step=what&variant=1");
    let page = person.get(&path).await;
    assert!(
        page.body.contains("name=\"experiment.variants[0].popup.title\"") && page.body.contains("B, 50%"),
        "{}",
        page.body
    );
    let second = [
        ("experiment.variants[0].popup.title", "Second"),
        ("experiment.weight", "70"),
    ];
    went(&person.post(&path, &second).await, "said=saved");
    let kept = bed.get(&format!("/campaigns/{id}")).await;
    assert_eq!(
        (
            kept["popup"]["title"].as_str(),
            kept["experiment"]["variants"][0]["popup"]["title"].as_str()
        ),
        (Some("First"), Some("Second"))
    );
    assert_eq!(kept["experiment"]["weight"], 70);
    went(
        &person.post(&path, &[("then", "variant:copy")]).await,
        "variant=1",
    );
    let kept = bed.get(&format!("/campaigns/{id}")).await;
    assert_eq!(kept["experiment"]["variants"][0]["popup"]["title"], "First");
    let removed = person.post(&path, &[("then", "variant:remove")]).await;
    assert!(
        removed.header("location").ends_with("/edit?step=what"),
        "{}",
        removed.header("location")
    );
    assert!(bed.get(&format!("/campaigns/{id}")).await["experiment"].is_null());
}

async fn a_script_is_told_the_same(bed: &Bed) {
    let person = Person::administrator(bed).await;
    let id = begin(&person, "box").await;
    let ask = async |path: &str, fields: &[(&str, &str)]| -> (u16, Value) {
        let answer = person.ask(path, fields).await;
        (answer.status, answer.json())
    };
    let title = [("popup.title", "Hello {{ profile.Name | default: \"you\" }}")];
    let (status, told) = ask(&step(id, "what"), &title).await;
    assert_eq!(status, 200, "{told}");
    assert_eq!(
        (told["saved"].as_bool(), told["pending"].as_bool()),
        (Some(true), Some(false))
    );
    assert!(told["html"].is_null(), "the stage was told when it was typed");
    assert_eq!(told["errors"], json!([]));
    assert!(
        told["sentence"]
            .as_str()
            .unwrap()
            .starts_with("Shows a box to every visitor"),
        "{told}"
    );
    let version = told["version"].as_str().unwrap().to_owned();
    let (status, again) = ask(
        &step(id, "what"),
        &[("version", &version), ("popup.title", "Two")],
    )
    .await;
    assert_eq!((status, again["saved"].as_bool()), (200, Some(true)));
    let (status, conflict) = ask(
        &step(id, "what"),
        &[("version", &version), ("popup.title", "Three")],
    )
    .await;
    assert_eq!((status, conflict["conflict"].as_bool()), (409, Some(true)));
    let (status, wrong) = ask(&step(id, "what"), &[("popup.accent", "red")]).await;
    assert_eq!(
        (status, wrong["errors"][0]["field"].as_str()),
        (422, Some("popup.accent"))
    );
    // The stage looks without keeping: another theme, another direction, another person.
    let number = id.to_string();
    let look = [
        ("kind", "popup"),
        ("id", number.as_str()),
        ("variant", "0"),
        ("popup.title", "Only looked at"),
        ("stage.theme", "dark"),
        ("stage.direction", "rtl"),
    ];
    let (_, told) = ask("/campaigns/preview", &look).await;
    let html = told["html"].as_str().unwrap();
    assert!(
        html.contains("dir=\"rtl\"") && html.contains("Only looked at"),
        "{html}"
    );
    assert_eq!(
        (
            told["display"]["kind"].as_str(),
            told["display"]["theme"].as_str()
        ),
        (Some("box"), Some("dark"))
    );
    assert_eq!(
        bed.get(&format!("/campaigns/{id}")).await["popup"]["title"],
        "Two"
    );
}

async fn a_test_leads_only_to_pages_of_the_site(bed: &Bed) {
    let person = Person::administrator(bed).await;
    let id = begin(&person, "box").await;
    let path = format!("/campaigns/{id}/test-link");
    let open = person
        .post(&path, &[("test.address", "https://shop.example.com/sale?a=1")])
        .await;
    // Not a redirect: to a browser that would be a form that goes to another host, which our policy forbids.
    assert_eq!(open.status, 200, "{}", open.body);
    let to = open.header("refresh").trim_start_matches("0;url=").to_owned();
    assert!(
        to.starts_with("https://shop.example.com/sale?a=1&campanile_test=test."),
        "{to}"
    );
    let token = to.split("campanile_test=").nth(1).unwrap().to_owned();
    let shown = bed
        .post(Some(bed.id()), &[bed.page()], &[("test", json!(token))])
        .await
        .json();
    assert!(shown.to_string().contains("\"test\":true"), "{shown}");
    for wrong in ["javascript:alert(1)", "shop.example.com"] {
        let refused = person.post(&path, &[("test.address", wrong)]).await;
        assert_eq!(refused.status, 422, "{wrong}");
    }
    person
        .post(
            "/settings/origins",
            &[
                ("origins", "https://shop.example.com"),
                ("name", "Test"),
                ("zone", "UTC"),
            ],
        )
        .await;
    let refused = person
        .post(&path, &[("test.address", "https://evil.example.com/")])
        .await;
    assert_eq!(refused.status, 422);
    assert!(
        refused.body.contains("is not an origin of this site"),
        "{}",
        refused.body
    );
    let home = person.post(&path, &[("test.address", "")]).await;
    let to = home.header("refresh");
    assert!(
        to.starts_with("0;url=https://shop.example.com/?campanile_test="),
        "{to}"
    );
}

async fn what_is_put_away_stands_apart(bed: &Bed) {
    let person = Person::administrator(bed).await;
    let id = begin(&person, "box-ticket").await;
    person
        .post(&step(id, "goal"), &[("name", "Put away later")])
        .await;
    let list = person.get("/campaigns").await;
    assert!(list.body.contains("Put away later") && list.body.contains("Box · Welcome discount · Page view"));
    went(
        &person.post(&format!("/campaigns/{id}/archive"), &[]).await,
        "said=archived",
    );
    assert!(!person.get("/campaigns").await.body.contains("Put away later"));
    let away = person.get("/campaigns?status=archived").await;
    assert!(
        away.body.contains("Put away later") && away.body.contains(&format!("/campaigns/{id}/unarchive"))
    );
    went(
        &person.post(&format!("/campaigns/{id}/unarchive"), &[]).await,
        "said=unarchived",
    );
    assert!(person.get("/campaigns").await.body.contains("Put away later"));
    went(
        &person.post(&format!("/campaigns/{id}/duplicate"), &[]).await,
        "said=duplicated",
    );
}

async fn dates_say_whether_a_campaign_runs(bed: &Bed) {
    let person = Person::administrator(bed).await;
    let day = 24 * 3600 * 1000;
    let (start, end) = (bed.now() + day, bed.now() + 2 * day);
    let campaign = json!({"name": "In December", "kind": "popup", "popup": {"title": "T"}, "schedule": {"start": start, "end": end}});
    bed.launch(campaign).await;
    assert!(
        person
            .get("/campaigns?status=scheduled")
            .await
            .body
            .contains("In December")
    );
    bed.pass(day + 1);
    assert!(
        person
            .get("/campaigns?status=running")
            .await
            .body
            .contains("In December")
    );
    bed.pass(day);
    let ended = person.get("/campaigns?status=ended").await;
    assert!(
        ended.body.contains("In December") && ended.body.contains("Ended"),
        "{}",
        ended.body
    );
}
