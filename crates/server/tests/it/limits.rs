//! How often and when: caps of all campaigns, groups, priorities, schedules, silences, and that a person has one ledger on all devices.

use crate::bed::{Bed, popup};
use crate::engines;
use campanile_core::id::Id;
use serde_json::{Value, json};

engines!(
    caps_of_all_campaigns_count_them_together,
    a_group_shows_one_in_a_session,
    the_higher_priority_goes_first,
    a_schedule_opens_and_closes,
    silences_end,
    a_known_person_has_one_ledger_on_all_devices,
    a_cleared_browser_that_logs_in_has_seen_it,
);

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;

/// Opens a page and looks at all that comes; the titles.
async fn look(bed: &Bed, device: Id) -> Vec<String> {
    let messages = open(bed, device).await;
    for message in &messages {
        bed.ring(device, &[bed.reaction("view", message)]).await;
    }
    titles(&messages)
}

async fn open(bed: &Bed, device: Id) -> Vec<Value> {
    let reply = bed.ring(device, &[bed.page()]).await;
    reply["messages"].as_array().unwrap().clone()
}

fn titles(messages: &[Value]) -> Vec<String> {
    let title = |message: &Value| message["msgContent"]["title"].as_str().unwrap().to_owned();
    messages.iter().map(title).collect()
}

async fn settings(bed: &Bed, caps: Value) {
    bed.api("PATCH", "/account", json!({"settings": {"caps": caps}}), 200)
        .await;
}

async fn caps_of_all_campaigns_count_them_together(bed: &Bed) {
    settings(bed, json!({"session": 2, "day": 3})).await;
    for name in ["One", "Two", "Three"] {
        bed.launch(popup(name, &json!({}))).await;
    }
    let device = bed.id();
    assert_eq!(
        look(bed, device).await,
        ["Three", "Two"],
        "two a session, newest first"
    );
    assert_eq!(look(bed, device).await, [""; 0]);
    bed.pass(HOUR);
    assert_eq!(
        look(bed, device).await,
        ["Three"],
        "another session, and three a day"
    );
    bed.pass(24 * HOUR);
    assert_eq!(look(bed, device).await, ["Three", "Two"], "another day");
    let other = bed.id();
    assert_eq!(look(bed, other).await, ["Three", "Two"], "somebody else");
    let fault = bed
        .api(
            "PATCH",
            "/account",
            json!({"settings": {"caps": {"day": 0}}}),
            422,
        )
        .await;
    assert_eq!(fault["error"]["field"], "caps.day");
    settings(bed, json!({})).await;
    assert_eq!(look(bed, device).await, ["Three", "Two", "One"]);
}

async fn a_group_shows_one_in_a_session(bed: &Bed) {
    bed.launch(popup("First", &json!({"group": "sale"}))).await;
    bed.launch(popup("Second", &json!({"group": "sale"}))).await;
    bed.launch(popup("Beside", &json!({}))).await;
    let device = bed.id();
    assert_eq!(look(bed, device).await, ["Beside", "Second"]);
    assert_eq!(
        look(bed, device).await,
        ["Beside", "Second"],
        "the same one may come again"
    );
    bed.pass(HOUR);
    assert_eq!(look(bed, device).await, ["Beside", "Second"]);
}

async fn the_higher_priority_goes_first(bed: &Bed) {
    bed.launch(popup("High", &json!({"priority": 90}))).await;
    bed.launch(popup("Normal", &json!({}))).await;
    bed.launch(popup("Low", &json!({"priority": 10, "when_busy": "give_way"})))
        .await;
    let device = bed.id();
    assert_eq!(
        look(bed, device).await,
        ["High", "Normal"],
        "low gives way where a box stands"
    );
    settings(bed, json!({"session": 1})).await;
    assert_eq!(look(bed, bed.id()).await, ["High"]);
}

async fn a_schedule_opens_and_closes(bed: &Bed) {
    let now = bed.now();
    // The test begins on a Monday at 10:00 UTC.
    bed.launch(popup("Tuesday", &json!({"schedule": {"days": [2]}})))
        .await;
    bed.launch(popup(
        "Eleven",
        &json!({"schedule": {"from": "11:00", "to": "12:00"}}),
    ))
    .await;
    bed.launch(popup(
        "Night",
        &json!({"schedule": {"from": "22:00", "to": "06:00"}}),
    ))
    .await;
    bed.launch(popup(
        "Dates",
        &json!({"schedule": {"start": now + HOUR, "end": now + 2 * HOUR}}),
    ))
    .await;
    bed.launch(popup(
        "Theirs",
        &json!({"schedule": {"from": "19:00", "to": "20:00", "zone": "visitor"}}),
    ))
    .await;
    let device = bed.id();
    let tokyo = ("context", json!({"zone": "Asia/Tokyo"}));
    let reply = bed.post(Some(device), &[bed.page()], &[tokyo]).await.json();
    assert_eq!(
        titles(reply["messages"].as_array().unwrap()),
        ["Theirs"],
        "it is 19:00 in Tokyo"
    );
    bed.pass(HOUR);
    assert_eq!(look(bed, device).await, ["Dates", "Eleven"]);
    bed.pass(HOUR);
    assert_eq!(look(bed, device).await, [""; 0], "both end on the stroke");
    bed.pass(11 * HOUR);
    assert_eq!(look(bed, device).await, ["Night"], "23:00");
    bed.pass(5 * HOUR);
    assert_eq!(look(bed, device).await, ["Night", "Tuesday"], "04:00 on Tuesday");
}

async fn silences_end(bed: &Bed) {
    for (cap, op) in [
        ("after_shown", "view"),
        ("after_clicked", "click"),
        ("after_closed", "close"),
    ] {
        let caps = json!({"caps": {"session": null, cap: 90}});
        let campaign = bed.launch(popup(cap, &caps)).await;
        let device = bed.id();
        let message = open(bed, device).await.remove(0);
        assert_eq!(open(bed, device).await.len(), 1, "{cap}: nothing happened yet");
        bed.ring(device, &[bed.reaction(op, &message)]).await;
        bed.pass(89 * MINUTE);
        assert_eq!(open(bed, device).await.len(), 0, "{cap}");
        bed.pass(MINUTE);
        assert_eq!(open(bed, device).await.len(), 1, "{cap}");
        bed.api("POST", &format!("/campaigns/{campaign}/stop"), Value::Null, 200)
            .await;
    }
}

async fn a_known_person_has_one_ledger_on_all_devices(bed: &Bed) {
    bed.launch(popup("Once", &json!({"caps": {"session": null, "ever": 1}})))
        .await;
    let (phone, desk) = (bed.id(), bed.id());
    bed.ring(phone, &[bed.login("c-1")]).await;
    bed.ring(desk, &[bed.login("c-1")]).await;
    let held = open(bed, phone).await;
    assert_eq!(titles(&held), ["Once"]);
    assert_eq!(look(bed, desk).await, [""; 0], "a slot that is held counts");
    bed.ring(phone, &[bed.reaction("return", &held[0])]).await;
    assert_eq!(look(bed, desk).await, ["Once"]);
    assert_eq!(look(bed, phone).await, [""; 0]);
}

async fn a_cleared_browser_that_logs_in_has_seen_it(bed: &Bed) {
    bed.launch(popup("Once", &json!({"caps": {"session": null, "ever": 1}})))
        .await;
    let before = bed.id();
    bed.ring(before, &[bed.login("c-1")]).await;
    assert_eq!(look(bed, before).await, ["Once"]);
    bed.pass(48 * HOUR);
    // Storage is cleared: another device to the server, and the login comes with the first batch.
    let after = bed.id();
    let reply = bed.ring(after, &[bed.login("c-1"), bed.page()]).await;
    assert_eq!(reply["messages"], json!([]));
    // Without the login nobody can know.
    assert_eq!(look(bed, bed.id()).await, ["Once"]);
}
