//! Pop-ups: handed out by trigger and cap, seen, clicked and closed exactly once.

use crate::bed::Bed;
use crate::engines;
use serde_json::{Value, json};

engines!(
    shown_on_a_page_view_and_counted_once,
    shown_on_an_event_only,
    once_a_session_unless_told_otherwise,
    nothing_is_shown_to_a_page_that_cannot,
    changes_and_stops_take_effect_at_once,
    a_click_without_a_view_was_seen,
    only_pop_ups_that_exist_are_counted,
    asked_for_push_where_it_can_be_allowed,
    what_the_browser_said_to_the_question_is_counted_once,
);

fn popup(more: &Value) -> Value {
    let mut value = json!({
        "name": "Back from the kiln", "kind": "popup",
        "popup": {"title": "Back from the kiln", "text": "The blue jug is here again.", "button": "Show me", "kv": {"voucher": "BLUE"},
                  "on_click": {"do": "url", "url": "https://shop.example.com/jug"}},
    });
    value
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    value
}

async fn shown_on_a_page_view_and_counted_once(bed: &Bed) {
    let campaign = bed.launch(popup(&json!({}))).await;
    let device = bed.id();
    let reply = bed.ring(device, &[bed.page()]).await;
    let message = &reply["messages"][0];
    assert_eq!(message["msgId"], format!("{campaign}_20260302"));
    assert_eq!(message["msgContent"]["templateType"], "box");
    assert_eq!(message["msgContent"]["kv"], json!({"voucher": "BLUE"}));
    assert!(
        message["msgContent"]["html"]
            .as_str()
            .unwrap()
            .contains("The blue jug is here again.")
    );
    assert_eq!(
        bed.counts(campaign).await,
        json!({"handed": 1, "shown": 0, "clicked": 0, "closed": 0, "exposed": 0, "converted": 0, "answered": 0, "granted": 0, "blocked": 0, "returned": 0})
    );

    let view = bed.reaction("view", message);
    bed.ring(device, std::slice::from_ref(&view)).await;
    bed.ring(device, &[view, bed.reaction("view", message)]).await;
    bed.ring(
        device,
        &[
            bed.reaction("click", message),
            bed.reaction("click", message),
            bed.reaction("close", message),
        ],
    )
    .await;
    bed.ring(device, &[bed.reaction("close", message)]).await;
    assert_eq!(
        bed.counts(campaign).await,
        json!({"handed": 1, "shown": 1, "clicked": 1, "closed": 1, "exposed": 1, "converted": 0, "answered": 0, "granted": 0, "blocked": 0, "returned": 0})
    );
    let events = bed.events(&bed.device(device).await).await;
    assert_eq!(
        events
            .iter()
            .filter(|name| *name == "Notification Viewed")
            .count(),
        1
    );
    assert_eq!(
        events
            .iter()
            .filter(|name| *name == "Notification Clicked")
            .count(),
        1
    );
    let report = bed.get(&format!("/campaigns/{campaign}/report")).await;
    assert_eq!(
        report["days"],
        json!([{"day": "2026-03-02", "handed": 1, "shown": 1, "clicked": 1, "closed": 1, "exposed": 1, "converted": 0, "answered": 0, "granted": 0, "blocked": 0, "returned": 0}])
    );

    let unknown = bed.op("view", json!({"msg": message["msgId"], "impression": bed.id()}));
    let reply = bed.post(Some(device), &[unknown], &[]).await.json();
    assert_eq!(reply["refused"][0]["code"], 605);
}

async fn shown_on_an_event_only(bed: &Bed) {
    bed.launch(popup(
        &json!({"trigger": {"on": "event", "event": "Added To Cart"}}),
    ))
    .await;
    let device = bed.id();
    assert_eq!(
        bed.ring(device, &[bed.page(), bed.event("Product Viewed")]).await["messages"],
        json!([])
    );
    let reply = bed.ring(device, &[bed.event("Added To Cart")]).await;
    assert_eq!(reply["messages"].as_array().unwrap().len(), 1);
    // What waited in an offline browser is history, not a moment to show something.
    let other = bed.id();
    let mut late = bed.event("Added To Cart");
    late["t"] = json!(bed.now() - 3_600_000);
    assert_eq!(bed.ring(other, &[late]).await["messages"], json!([]));
}

async fn once_a_session_unless_told_otherwise(bed: &Bed) {
    let once = bed.launch(popup(&json!({"name": "Once"}))).await;
    let always = bed
        .launch(popup(&json!({"name": "Always", "caps": {"session": null}})))
        .await;
    let device = bed.id();
    let shown = async |bed: &Bed| -> Vec<String> {
        let reply = bed.ring(device, &[bed.page()]).await;
        reply["messages"]
            .as_array()
            .unwrap()
            .iter()
            .map(|message| message["msgId"].as_str().unwrap().to_owned())
            .collect()
    };
    let of = |id: i64| format!("{id}_20260302");
    assert_eq!(shown(bed).await, [of(always), of(once)], "newest first");
    assert_eq!(shown(bed).await, [of(always)]);
    bed.pass(21 * 60 * 1000);
    assert_eq!(shown(bed).await, [of(always), of(once)], "a new session");
}

async fn nothing_is_shown_to_a_page_that_cannot(bed: &Bed) {
    let campaign = bed.launch(popup(&json!({}))).await;
    let reply = bed
        .post(Some(bed.id()), &[bed.page()], &[("show", json!(false))])
        .await
        .json();
    assert_eq!(reply["messages"], json!([]));
    assert_eq!(bed.counts(campaign).await["handed"], 0);
}

async fn changes_and_stops_take_effect_at_once(bed: &Bed) {
    let campaign = bed.launch(popup(&json!({"caps": {"session": null}}))).await;
    let device = bed.id();
    let path = format!("/campaigns/{campaign}");
    let mut definition = bed.get(&path).await;
    definition["popup"]["title"] = json!("Now in green");
    bed.api("PUT", &path, definition.clone(), 200).await;
    let reply = bed.ring(device, &[bed.page()]).await;
    assert_eq!(reply["messages"][0]["msgContent"]["title"], "Now in green");
    // A running pop-up must stay fit to run.
    definition["popup"]["title"] = json!("");
    let fault = bed.api("PUT", &path, definition, 422).await;
    assert_eq!(fault["error"]["field"], "popup.title");
    bed.api("POST", &format!("{path}/stop"), Value::Null, 200).await;
    assert_eq!(bed.ring(device, &[bed.page()]).await["messages"], json!([]));
    bed.api("POST", &format!("{path}/start"), Value::Null, 200).await;
    assert_eq!(
        bed.ring(device, &[bed.page()]).await["messages"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

async fn a_click_without_a_view_was_seen(bed: &Bed) {
    let campaign = bed.launch(popup(&json!({}))).await;
    let device = bed.id();
    let reply = bed.ring(device, &[bed.page()]).await;
    let message = reply["messages"][0].clone();
    bed.ring(device, &[bed.reaction("click", &message)]).await;
    bed.ring(device, &[bed.reaction("view", &message)]).await;
    assert_eq!(
        bed.counts(campaign).await,
        json!({"handed": 1, "shown": 1, "clicked": 1, "closed": 0, "exposed": 1, "converted": 0, "answered": 0, "granted": 0, "blocked": 0, "returned": 0})
    );
    // Raised by hand, without an impression: each is one.
    bed.ring(
        device,
        &[
            bed.op("view", json!({"msg": message["msgId"]})),
            bed.op("view", json!({"msg": campaign.to_string()})),
        ],
    )
    .await;
    assert_eq!(bed.counts(campaign).await["shown"], 3);
}

async fn only_pop_ups_that_exist_are_counted(bed: &Bed) {
    let campaign = bed.launch(popup(&json!({}))).await;
    let device = bed.id();
    let view = |campaign: i64| bed.op("view", json!({"msg": format!("{campaign}_20260302")}));
    let made_up = bed.post(Some(device), &[view(campaign + 1)], &[]).await.json();
    assert_eq!(
        (&made_up["accepted"], &made_up["refused"][0]["code"]),
        (&json!(0), &json!(605)),
        "{made_up}"
    );
    // Whoever gets that number later begins at nought.
    let next = bed.launch(popup(&json!({}))).await;
    assert_eq!(
        (next, bed.counts(next).await["shown"].clone()),
        (campaign + 1, json!(0))
    );
    // One that was stopped may still be on a screen.
    bed.api("POST", &format!("/campaigns/{campaign}/stop"), Value::Null, 200)
        .await;
    bed.ring(device, &[view(campaign)]).await;
    assert_eq!(bed.counts(campaign).await["shown"], 1);
}

/// A pop-up whose yes brings the browser's question.
fn question() -> Value {
    popup(&json!({
        "caps": {},
        "popup": {"template": "push-card", "title": "Hear when your order moves", "button": "Keep me posted", "on_click": {"do": "prompt"},
                  "second": {"label": "Not now"}, "close": false},
    }))
}

async fn asked_for_push_where_it_can_be_allowed(bed: &Bed) {
    bed.launch(question()).await;
    let shown = async |permission: &str| {
        let context = ("context", json!({"push": permission}));
        let reply = bed.post(Some(bed.id()), &[bed.page()], &[context]).await.json();
        reply["messages"].as_array().map_or(0, Vec::len)
    };
    for (permission, times) in [("default", 1), ("denied", 0), ("unsupported", 0), ("granted", 1)] {
        assert_eq!(shown(permission).await, times, "{permission}");
    }

    // Who cannot get out of it is not asked: the yes is no way out.
    let mut trap = question();
    trap["popup"]["second"] = Value::Null;
    bed.refused(&trap, "popup.close").await;
}

async fn what_the_browser_said_to_the_question_is_counted_once(bed: &Bed) {
    let campaign = bed.launch(question()).await;
    let asked = async |outcomes: &[&str]| {
        let device = bed.id();
        let context = ("context", json!({"push": "default"}));
        let reply = bed.post(Some(device), &[bed.page()], &[context]).await.json();
        let message = &reply["messages"][0];
        let mut ops = vec![bed.reaction("view", message), bed.reaction("click", message)];
        for outcome in outcomes {
            let mut op = bed.reaction("prompt", message);
            op["outcome"] = json!(outcome);
            ops.push(op);
        }
        bed.ring(device, &ops).await;
        device
    };
    let yes = asked(&["granted", "granted"]).await;
    asked(&["denied"]).await;
    asked(&["dismissed"]).await;
    // The page's own question is nobody's campaign, and a hand-out that does not exist counts nothing.
    let device = bed.id();
    let unknown =
        json!({"outcome": "granted", "msg": format!("{campaign}_20260302"), "impression": bed.id()});
    bed.ring(
        device,
        &[
            bed.op("prompt", json!({"outcome": "granted"})),
            bed.op("prompt", unknown),
        ],
    )
    .await;
    let counts = bed.counts(campaign).await;
    assert_eq!(
        [
            &counts["shown"],
            &counts["clicked"],
            &counts["granted"],
            &counts["blocked"]
        ],
        [&json!(3), &json!(3), &json!(1), &json!(1)]
    );
    let events = bed.events(&bed.device(yes).await).await;
    assert_eq!(
        events.iter().filter(|name| *name == "Permission Prompt").count(),
        2
    );
}
