//! "Why not?": over the API for a person or a browser, over the wire by a signed link or the debug switch, and messages shown for a test.

use crate::bed::{Bed, popup};
use crate::engines;
use campanile_core::id::Id;
use serde_json::{Value, json};

engines!(
    the_first_condition_that_fails_is_named,
    an_event_with_its_properties_is_asked_about,
    asking_takes_nothing,
    a_person_is_asked_about_on_the_last_browser,
    what_cannot_be_asked_is_said,
    a_signed_link_explains_on_the_page,
    the_debug_switch_tells_no_names,
    a_test_message_is_not_counted,
    links_lead_to_our_pages_only,
);

const HOUR: i64 = 3_600_000;

/// Asks about a person; the answer.
async fn why(bed: &Bed, person: &Value, pairs: &[(&str, &str)]) -> Value {
    bed.why(&format!("/profiles/{}", person["id"]), pairs).await
}

/// Names and results of a campaign's conditions.
fn conditions(answer: &Value, name: &str) -> (String, Vec<(String, Option<bool>)>) {
    let campaigns = answer["campaigns"].as_array().unwrap();
    let campaign = campaigns
        .iter()
        .find(|campaign| campaign["name"] == name)
        .unwrap_or_else(|| panic!("{name} is missing: {answer}"));
    let list = campaign["because"].as_array().unwrap();
    let list = list
        .iter()
        .map(|one| (one["name"].as_str().unwrap().to_owned(), one["passed"].as_bool()))
        .collect();
    (campaign["outcome"].as_str().unwrap().to_owned(), list)
}

fn listed(list: &[(&str, Option<bool>)]) -> Vec<(String, Option<bool>)> {
    list.iter()
        .map(|(name, passed)| ((*name).to_owned(), *passed))
        .collect()
}

async fn the_first_condition_that_fails_is_named(bed: &Bed) {
    let campaign = bed
        .launch(popup(
            "Sale",
            &json!({
                "trigger": {"on": "page", "when": {"rules": [{"is": "path", "op": "starts", "value": "/sale"}]}},
                "audience": {"rules": [{"is": "property", "name": "Plan", "value": "Club"}]},
                "caps": {"session": null, "ever": 1},
            }),
        ))
        .await;
    let device = bed.id();
    bed.ring(
        device,
        &[bed.page(), bed.op("profile", json!({"set": {"Plan": "Silver"}}))],
    )
    .await;
    let person = bed.device(device).await;
    let sale = ("url", "https://shop.example.com/sale/jugs");
    let (yes, no) = (Some(true), Some(false));

    let answer = why(bed, &person, &[("url", "https://shop.example.com/cart")]).await;
    let (outcome, list) = conditions(&answer, "Sale");
    assert_eq!(outcome, "not");
    assert_eq!(
        list,
        listed(&[
            ("trigger", yes),
            ("page", yes),
            ("conditions", no),
            ("audience", None),
            ("ever_cap", None)
        ])
    );
    let answer = why(bed, &person, &[sale]).await;
    let audience = &answer["campaigns"][0]["because"][3];
    assert_eq!(
        (&audience["seen"], &audience["passed"]),
        (&json!("Silver"), &json!(false))
    );
    assert_eq!((&answer["session"], &answer["pages"]), (&json!(1), &json!(2)));

    bed.ring(device, &[bed.op("profile", json!({"set": {"Plan": "club"}}))])
        .await;
    assert_eq!(conditions(&why(bed, &person, &[sale]).await, "Sale").0, "show");
    // It is as it was said.
    let page = bed.op("page", json!({"url": "https://shop.example.com/sale/jugs"}));
    let message = bed.ring(device, &[page]).await["messages"][0].clone();
    bed.ring(device, &[bed.reaction("view", &message)]).await;
    let (outcome, list) = conditions(&why(bed, &person, &[sale]).await, "Sale");
    assert_eq!(
        (outcome.as_str(), list.last().unwrap()),
        ("not", &("ever_cap".to_owned(), no))
    );
    bed.api("POST", &format!("/campaigns/{campaign}/stop"), Value::Null, 200)
        .await;
    assert_eq!(why(bed, &person, &[sale]).await["campaigns"], json!([]));
}

async fn an_event_with_its_properties_is_asked_about(bed: &Bed) {
    bed.launch(popup(
        "Cart",
        &json!({
            "trigger": {"on": "event", "event": "Added To Cart", "where": [{"name": "price", "op": "more", "value": 40}],
                "signals": {"list": [{"on": "delay", "seconds": 10}]}},
            "audience": {"rules": [{"is": "event", "name": "Added To Cart", "op": "at_least", "value": 2}]},
        }),
    ))
    .await;
    let device = bed.id();
    bed.ring(device, &[bed.page(), bed.event("Added To Cart")]).await;
    let person = bed.device(device).await;
    let ask = async |pairs: &[(&str, &str)]| conditions(&why(bed, &person, pairs).await, "Cart");
    let stopped = |list: &[(String, Option<bool>)]| {
        list.iter()
            .find(|(_, passed)| *passed == Some(false))
            .map(|(name, _)| name.clone())
    };
    let event = ("event", "Added To Cart");
    assert_eq!(stopped(&ask(&[]).await.1).as_deref(), Some("trigger"));
    let (_, list) = ask(&[event, ("props", "{\"price\": 20}")]).await;
    assert_eq!(stopped(&list).as_deref(), Some("trigger"));
    assert!(list[1..].iter().all(|(_, passed)| passed.is_none()), "{list:?}");
    // The event itself is the second one, as it would be when it really happens.
    let (outcome, list) = ask(&[event, ("props", "{\"price\": 41}")]).await;
    assert_eq!(outcome, "wait", "{list:?}");
    assert_eq!(list.last().unwrap(), &("sign".to_owned(), None));
    let real = bed.op("event", json!({"name": "Added To Cart", "props": {"price": 41}}));
    let reply = bed.ring(device, &[real]).await;
    assert_eq!(reply["waiting"].as_array().unwrap().len(), 1, "{reply}");
}

async fn asking_takes_nothing(bed: &Bed) {
    let campaign = bed
        .launch(popup("Once", &json!({"caps": {"session": null, "ever": 1}})))
        .await;
    let device = bed.id();
    bed.ring(device, &[bed.event("Looked Around")]).await;
    let person = bed.device(device).await;
    bed.pass(HOUR);
    for _ in 0..3 {
        let answer = why(bed, &person, &[]).await;
        assert_eq!(conditions(&answer, "Once").0, "show");
        assert_eq!(answer["session"], 2, "the next page begins another visit");
    }
    assert_eq!(bed.device(device).await, person, "nothing changed");
    assert_eq!(bed.counts(campaign).await["handed"], 0);
    assert_eq!(
        bed.ring(device, &[bed.page()]).await["messages"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

async fn a_person_is_asked_about_on_the_last_browser(bed: &Bed) {
    let phones = json!({"audience": {"rules": [{"is": "language", "value": "pt-PT"}]}});
    bed.launch(popup("Portuguese", &phones)).await;
    let (first, second) = (bed.id(), bed.id());
    let speaks = |language: &str| ("context", json!({"language": language}));
    bed.post(Some(first), &[bed.login("c-1")], &[speaks("pt-PT")])
        .await;
    bed.pass(1000);
    bed.post(Some(second), &[bed.login("c-1")], &[speaks("en-GB")])
        .await;
    let person = bed.person("Identity:c-1").await;
    let outcome = |answer: &Value| conditions(answer, "Portuguese").0;
    let answer = why(bed, &person, &[]).await;
    assert_eq!(
        (outcome(&answer), &answer["device"]["id"]),
        ("not".to_owned(), &json!(second))
    );
    let id = first.to_string();
    assert_eq!(outcome(&why(bed, &person, &[("device", &id)]).await), "show");
    assert_eq!(outcome(&bed.get(&format!("/devices/{first}/why")).await), "show");
    // A browser of somebody else is no browser of this person.
    let stranger = bed.id();
    bed.ring(stranger, &[bed.page()]).await;
    let path = format!("/profiles/{}/why?device={stranger}", person["id"]);
    let fault = bed.api("GET", &path, Value::Null, 422).await;
    assert_eq!(fault["error"]["field"], "device");
}

async fn what_cannot_be_asked_is_said(bed: &Bed) {
    let device = bed.id();
    bed.ring(device, &[bed.page()]).await;
    bed.api("GET", "/profiles/4711/why", Value::Null, 404).await;
    bed.api("GET", &format!("/devices/{}/why", bed.id()), Value::Null, 404)
        .await;
    bed.api("GET", "/devices/nonsense/why", Value::Null, 400).await;
    for (query, status, field) in [
        ("url=sale", 422, json!("url")),
        ("url=javascript:alert(1)", 422, json!("url")),
        ("event=Notification%20Viewed", 422, json!("event")),
        ("event=X&props=[1]", 400, Value::Null),
    ] {
        let path = format!("/devices/{device}/why?{query}");
        let fault = bed.api("GET", &path, Value::Null, status).await;
        assert_eq!(fault["error"]["field"], field, "{query}: {fault}");
    }
}

/// A link for a campaign; its token, and until when.
async fn link(bed: &Bed, campaign: i64, purpose: &str) -> (String, i64) {
    let body = json!({"purpose": purpose, "url": "https://shop.example.com/sale?page=2#top"});
    let made = bed
        .api("POST", &format!("/campaigns/{campaign}/links"), body, 201)
        .await;
    let url = url::Url::parse(made["url"].as_str().unwrap()).unwrap();
    assert_eq!((url.path(), url.fragment()), ("/sale", Some("top")));
    let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    assert_eq!(pairs[0], ("page".to_owned(), "2".to_owned()));
    assert_eq!(pairs[1].0, format!("campanile_{purpose}"));
    (pairs[1].1.clone(), made["until"].as_i64().unwrap())
}

async fn page_with(bed: &Bed, device: Id, name: &str, token: &str) -> Value {
    let answer = bed
        .post(Some(device), &[bed.page()], &[(name, json!(token))])
        .await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()
}

async fn a_signed_link_explains_on_the_page(bed: &Bed) {
    let campaign = bed
        .launch(popup(
            "Members, October",
            &json!({"audience": {"rules": [{"is": "property", "name": "Plan", "value": "Club"}]}}),
        ))
        .await;
    let (token, until) = link(bed, campaign, "why").await;
    assert_eq!(until, bed.now() + 2 * HOUR);
    let device = bed.id();
    let reply = page_with(bed, device, "why", &token).await;
    let told = &reply["why"];
    assert_eq!(told["until"], until);
    // What the overlay's links to campaigns begin with.
    let base = format!("http://{}", bed.running.address);
    assert_eq!((&told["dashboard"], &told["fault"]), (&json!(base), &Value::Null));
    let (outcome, list) = conditions(told, "Members, October");
    assert_eq!(outcome, "not");
    assert!(list.contains(&("audience".to_owned(), Some(false))), "{list:?}");
    assert!(told["campaigns"][0]["because"].to_string().contains("Club"));

    let forged = token.replace("why.0.", "why.0.9");
    for (bad, words) in [
        (forged.as_str(), "changed or cut off"),
        ("why.0.9999999999999.AAAA", "changed or cut off"),
        ("debug", "debug switch"),
    ] {
        let reply = page_with(bed, device, "why", bad).await;
        let told = reply["why"]["fault"].as_str().unwrap();
        assert!(told.contains(words), "{bad}: {reply}");
        assert_eq!(reply["why"]["campaigns"], json!([]), "{bad}: {reply}");
        assert!(!reply.to_string().contains("Members"), "{bad}: {reply}");
    }
    // An empty token is none: nothing was asked.
    let reply = page_with(bed, device, "why", "").await;
    assert_eq!(reply["why"], Value::Null, "{reply}");
    bed.pass(2 * HOUR);
    let reply = page_with(bed, device, "why", &token).await;
    let told = &reply["why"];
    assert!(
        told["fault"].as_str().unwrap().starts_with("This link has ended"),
        "{reply}"
    );
    assert_eq!(
        (&told["campaigns"], &told["dashboard"]),
        (&json!([]), &Value::Null)
    );
}

async fn the_debug_switch_tells_no_names(bed: &Bed) {
    bed.launch(popup(
        "Members, October",
        &json!({"audience": {"rules": [{"is": "property", "name": "Plan", "value": "Club"}]}}),
    ))
    .await;
    let device = bed.id();
    let refused = page_with(bed, device, "why", "debug").await;
    assert_eq!(refused["why"]["campaigns"], json!([]), "{refused}");
    assert!(
        refused["why"]["fault"].as_str().unwrap().contains("Settings"),
        "{refused}"
    );
    bed.api(
        "PATCH",
        "/account",
        json!({"settings": {"debug_overlay": true}}),
        200,
    )
    .await;
    let reply = page_with(bed, device, "why", "debug").await;
    assert_eq!(reply["why"]["campaigns"].as_array().unwrap().len(), 1, "{reply}");
    let text = reply["why"]["campaigns"].to_string();
    assert!(!text.contains("Members") && !text.contains("Club"), "{text}");
    for hidden in ["until", "dashboard", "fault"] {
        assert_eq!(reply["why"][hidden], Value::Null, "{hidden}");
    }
}

async fn a_test_message_is_not_counted(bed: &Bed) {
    let campaign = bed
        .launch(popup(
            "Now",
            &json!({"audience": {"rules": [{"is": "property", "name": "Plan", "value": "Club"}]}}),
        ))
        .await;
    let path = format!("/campaigns/{campaign}");
    let mut draft = bed.get(&path).await;
    draft["popup"]["title"] = json!("Not yet published");
    let kept = bed.api("PUT", &format!("{path}/draft"), draft, 200).await;
    assert_eq!(kept["draft"]["popup"]["title"], "Not yet published");
    assert_eq!(
        (&kept["popup"]["title"], &kept["revision"]),
        (&json!("Now"), &json!(1))
    );
    let (token, _) = link(bed, campaign, "test").await;
    let device = bed.id();
    let reply = page_with(bed, device, "test", &token).await;
    let message = &reply["messages"][0];
    assert_eq!(
        (&message["msgContent"]["title"], &message["test"]),
        (&json!("Not yet published"), &json!(true))
    );
    assert_eq!(
        reply["messages"].as_array().unwrap().len(),
        1,
        "whom it is for plays no part"
    );
    let counts = bed.counts(campaign).await;
    assert_eq!((&counts["handed"], &counts["shown"]), (&json!(0), &json!(0)));
    bed.api("DELETE", &format!("{path}/draft"), Value::Null, 200)
        .await;
    let reply = page_with(bed, device, "test", &token).await;
    assert_eq!(reply["messages"][0]["msgContent"]["title"], "Now");
    // The link of the overlay shows any message; one of a test explains nothing.
    let (why, _) = link(bed, campaign, "why").await;
    let reply = page_with(bed, device, "test", &format!("{why}~{campaign}")).await;
    assert_eq!(reply["messages"][0]["test"], true);
    let refused = page_with(bed, device, "why", &token).await;
    assert_eq!(refused["why"]["campaigns"], json!([]), "{refused}");
    let refused = async |token: &str, words: &str| {
        let reply = page_with(bed, device, "test", token).await;
        assert_eq!(reply["messages"], json!([]), "{token}");
        assert!(
            reply["why"]["fault"].as_str().unwrap().contains(words),
            "{token}: {reply}"
        );
    };
    refused("nonsense", "changed or cut off").await;
    refused(&token.replace("test.", "test.1"), "changed or cut off").await;
    refused(&why, "not made for this").await;
    refused(&format!("{why}~4711"), "was deleted").await;
    assert_eq!(bed.counts(campaign).await["handed"], 0);
    bed.pass(2 * HOUR);
    refused(&token, "has ended").await;
}

async fn links_lead_to_our_pages_only(bed: &Bed) {
    let campaign = bed.launch(popup("Now", &json!({}))).await;
    let path = format!("/campaigns/{campaign}/links");
    let ask = async |url: &str, status: u16| {
        bed.api("POST", &path, json!({"purpose": "why", "url": url}), status)
            .await
    };
    for bad in ["", "shop", "javascript:alert(1)", "https://a:b@shop.example.com/"] {
        assert_eq!(ask(bad, 422).await["error"]["field"], "url", "{bad}");
    }
    let origins = json!({"origins": ["https://shop.example.com"]});
    bed.api("PATCH", "/account", origins, 200).await;
    let fault = ask("https://evil.example.com/", 422).await;
    assert!(
        fault["error"]["message"]
            .as_str()
            .unwrap()
            .contains("https://shop.example.com"),
        "{fault}"
    );
    let made = ask("/cart?campanile_why=old", 201).await;
    let url = made["url"].as_str().unwrap();
    assert!(
        url.starts_with("https://shop.example.com/cart?campanile_why=why.0.") && !url.contains("old"),
        "{url}"
    );
    bed.api("POST", &path, json!({"purpose": "look", "url": "/"}), 400)
        .await;
    bed.api(
        "POST",
        "/campaigns/4711/links",
        json!({"purpose": "why", "url": "/"}),
        404,
    )
    .await;
}
