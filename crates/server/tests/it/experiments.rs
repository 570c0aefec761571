//! Variants, control group, goals and answers: who gets what, and that each is counted once and where it belongs.

use crate::bed::Bed;
use crate::engines;
use campanile_core::id::Id;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

engines!(
    variants_are_sticky_and_counted_by_revision,
    the_control_group_sees_nothing_and_is_counted,
    a_goal_counts_once_within_its_window,
    answers_are_kept_once,
    a_scale_has_a_mean,
);

const HOUR: i64 = 3_600_000;

/// Opens a page; the one message that comes, or null.
async fn open(bed: &Bed, device: Id) -> Value {
    let reply = bed.ring(device, &[bed.page()]).await;
    reply["messages"].get(0).cloned().unwrap_or(Value::Null)
}

fn title(message: &Value) -> String {
    message["msgContent"]["title"].as_str().unwrap().to_owned()
}

fn experiment(more: &Value) -> Value {
    let mut value = json!({
        "name": "Which words", "kind": "popup", "popup": {"title": "Words A"}, "caps": {"session": null},
        "experiment": {"weight": 1, "variants": [{"name": "B", "weight": 1, "popup": {"title": "Words B"}}]},
        "goal": {"event": "Charged", "within_hours": 2},
    });
    let more = more.as_object().unwrap().clone();
    value.as_object_mut().unwrap().extend(more);
    value
}

/// A count of each variant in a report.
fn by_variant(report: &Value, measure: &str) -> BTreeMap<String, u64> {
    let parts = report["variants"].as_array().unwrap();
    parts
        .iter()
        .map(|part| {
            (
                part["name"].as_str().unwrap().to_owned(),
                part["counts"][measure].as_u64().unwrap(),
            )
        })
        .collect()
}

async fn variants_are_sticky_and_counted_by_revision(bed: &Bed) {
    let campaign = bed.launch(experiment(&json!({}))).await;
    let devices: Vec<Id> = (0..12).map(|_| bed.id()).collect();
    let mut had = Vec::new();
    for device in &devices {
        let first = open(bed, *device).await;
        bed.ring(*device, &[bed.reaction("view", &first)]).await;
        let second = open(bed, *device).await;
        assert_eq!(title(&first), title(&second), "the same person, the same words");
        had.push(title(&first));
    }
    let kinds: BTreeSet<&String> = had.iter().collect();
    assert_eq!(kinds.len(), 2, "both are given: {had:?}");
    let a = had.iter().filter(|title| *title == "Words A").count() as u64;
    let exposed = BTreeMap::from([("A".to_owned(), a), ("B".to_owned(), 12 - a)]);
    let path = format!("/campaigns/{campaign}");

    // Another message for B is another revision; who has B keeps B.
    bed.pass(HOUR);
    let mut definition = bed.get(&path).await;
    definition["experiment"]["variants"][0]["popup"]["title"] = json!("Words B, again");
    assert_eq!(bed.api("PUT", &path, definition, 200).await["revision"], 2);
    for (device, had) in devices.iter().zip(&had) {
        let message = open(bed, *device).await;
        let expected = if had == "Words A" {
            "Words A"
        } else {
            "Words B, again"
        };
        assert_eq!(title(&message), expected);
        bed.ring(*device, &[bed.reaction("view", &message)]).await;
    }
    // One of them reaches the goal: counted where the person was counted as exposed.
    bed.ring(devices[0], &[bed.event("Charged")]).await;
    let of = async |revision: &str| bed.get(&format!("{path}/report{revision}")).await;
    let (all, first, second) = (of("").await, of("?revision=1").await, of("?revision=2").await);
    assert_eq!(by_variant(&all, "exposed"), exposed);
    assert_eq!(by_variant(&first, "exposed"), exposed);
    assert_eq!(first["counts"]["shown"], 12);
    assert_eq!(first["counts"]["converted"], 1);
    assert_eq!(
        (
            &second["counts"]["shown"],
            &second["counts"]["exposed"],
            &second["counts"]["converted"]
        ),
        (&json!(12), &json!(0), &json!(0))
    );
    assert_eq!(all["counts"]["shown"], 24);
    assert_eq!(all["revisions"].as_array().unwrap().len(), 2);
    assert_eq!(all["compared_by"], "goal");
    let b = &all["variants"][1];
    assert_eq!(
        (&b["against"], &b["uplift"]["verdict"]),
        (&json!("A"), &json!("too_early"))
    );
    assert!(
        b["interval"]["low"].as_f64() < b["interval"]["high"].as_f64(),
        "{b}"
    );
    bed.api("GET", &format!("{path}/report?revision=9"), Value::Null, 400)
        .await;
}

async fn the_control_group_sees_nothing_and_is_counted(bed: &Bed) {
    let campaign = bed
        .launch(experiment(
            &json!({"experiment": {"weight": 1, "control": 1, "variants": []}}),
        ))
        .await;
    let mut held_out = Vec::new();
    for _ in 0..20 {
        let device = bed.id();
        let message = open(bed, device).await;
        if message.is_null() {
            held_out.push(device);
            assert!(open(bed, device).await.is_null(), "for good");
        } else {
            bed.ring(device, &[bed.reaction("view", &message)]).await;
        }
    }
    let n = held_out.len() as u64;
    assert!((4..=16).contains(&n), "about half of 20: {n}");
    bed.ring(held_out[0], &[bed.event("Charged")]).await;
    let report = bed.get(&format!("/campaigns/{campaign}/report")).await;
    let count = |measure| by_variant(&report, measure);
    let expected =
        |a: u64, control: u64| BTreeMap::from([("A".to_owned(), a), ("control".to_owned(), control)]);
    assert_eq!(count("exposed"), expected(20 - n, n));
    assert_eq!(count("handed"), expected(20 - n, 0));
    assert_eq!(count("converted"), expected(0, 1));
    assert_eq!(report["variants"][0]["against"], "control");
    assert_eq!(report["variants"][1]["uplift"], Value::Null);
}

async fn a_goal_counts_once_within_its_window(bed: &Bed) {
    let goal = json!({"event": "Charged", "where": [{"name": "amount", "op": "at_least", "value": 20}], "within_hours": 2});
    let campaign = bed
        .launch(json!({"name": "Goal", "kind": "popup", "popup": {"title": "Goal"}, "goal": goal}))
        .await;
    let charged = |amount: u32| bed.op("event", json!({"name": "Charged", "props": {"amount": amount}}));
    let converted = async || bed.counts(campaign).await["converted"].clone();
    let device = bed.id();
    bed.ring(device, &[charged(50)]).await;
    let message = open(bed, device).await;
    bed.ring(device, &[charged(50)]).await;
    assert_eq!(converted().await, 0, "what was handed out is not seen yet");
    bed.ring(device, &[bed.reaction("view", &message)]).await;
    bed.ring(device, &[charged(19)]).await;
    assert_eq!(converted().await, 0, "too little");
    bed.pass(2 * HOUR);
    bed.ring(device, &[charged(20)]).await;
    assert_eq!(converted().await, 1, "to the last moment of the window");
    bed.ring(device, &[charged(20)]).await;
    assert_eq!(converted().await, 1, "once");

    let late = bed.id();
    let message = open(bed, late).await;
    bed.ring(late, &[bed.reaction("view", &message)]).await;
    bed.pass(2 * HOUR + 1);
    bed.ring(late, &[charged(99)]).await;
    assert_eq!(converted().await, 1, "too late");

    // Who saw it before the campaign ended has the window's time.
    let last = bed.id();
    let message = open(bed, last).await;
    bed.ring(last, &[bed.reaction("view", &message)]).await;
    bed.api("POST", &format!("/campaigns/{campaign}/stop"), Value::Null, 200)
        .await;
    bed.pass(HOUR);
    bed.ring(last, &[charged(99)]).await;
    assert_eq!(converted().await, 2);
}

async fn csv(bed: &Bed, campaign: i64) -> String {
    let bearer = format!("Bearer {}", bed.key);
    let path = format!("/api/v1/campaigns/{campaign}/answers.csv");
    let answer = bed
        .send("GET", &path, &[("authorization", &bearer)], Vec::new())
        .await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert!(answer.header("content-type").starts_with("text/csv"));
    answer.body
}

async fn answers_are_kept_once(bed: &Bed) {
    let campaign = bed
        .launch(json!({
            "name": "Why", "kind": "popup",
            "popup": {"template": "exit-question", "title": "Why are you leaving?", "button": "Send", "field": {
                "ask": "choice", "label": "What is missing?", "options": ["=The price", "The size"], "comment": "More?", "property": "Reason",
                "consent": {"text": "You may write to me.", "required": true}}},
        }))
        .await;
    let device = bed.id();
    let message = open(bed, device).await;
    let answer = |answer: &str, consent: bool| {
        bed.op(
            "answer",
            json!({"msg": message["msgId"], "impression": message["impression"], "answer": answer, "comment": "say \"ten\", not more",
                "consent": consent}),
        )
    };
    for bad in [answer("The size", false), answer("Nothing", true)] {
        let reply = bed.post(Some(device), &[bad], &[]).await.json();
        assert_eq!(reply["refused"][0]["code"], 609, "{reply}");
    }
    let good = answer("=The price", true);
    bed.ring(device, std::slice::from_ref(&good)).await;
    bed.ring(device, &[good, answer("The size", true)]).await;
    let person = bed.device(device).await;
    assert_eq!(person["properties"]["Reason"], "=The price", "the first stays");
    let events = bed.events(&person).await;
    assert_eq!(events.iter().filter(|name| *name == "Popup Answered").count(), 1);
    let counts = bed.counts(campaign).await;
    assert_eq!((&counts["answered"], &counts["shown"]), (&json!(1), &json!(1)));

    let other = bed.id();
    bed.pass(1000);
    let second = open(bed, other).await;
    let more = bed.op(
        "answer",
        json!({"msg": second["msgId"], "impression": second["impression"], "answer": "The size", "consent": true}),
    );
    bed.ring(other, &[more]).await;
    let path = format!("/campaigns/{campaign}/answers");
    let newest = bed.get(&format!("{path}?limit=1")).await;
    assert_eq!(newest["answers"][0]["answer"], "The size");
    let next = newest["next"].as_str().unwrap();
    let older = bed.get(&format!("{path}?limit=5&before={next}")).await;
    assert_eq!(older["answers"].as_array().unwrap().len(), 1);
    let kept = &older["answers"][0];
    assert_eq!(
        (
            &kept["answer"],
            &kept["comment"],
            &kept["consent"],
            &kept["profile"]
        ),
        (
            &json!("=The price"),
            &json!("say \"ten\", not more"),
            &json!(true),
            &person["id"]
        )
    );
    assert_eq!(older["next"], Value::Null);
    let report = bed.get(&format!("/campaigns/{campaign}/report")).await;
    assert_eq!(
        report["answers"]["counts"],
        json!([{"answer": "=The price", "times": 1}, {"answer": "The size", "times": 1}])
    );
    let text = csv(bed, campaign).await;
    let lines: Vec<&str> = text.split("\r\n").collect();
    assert_eq!(lines[0], "at,person,revision,variant,answer,comment,consent");
    assert!(lines[1].ends_with(",1,A,The size,,yes"), "{text}");
    assert!(
        lines[2].ends_with(",1,A,'=The price,\"say \"\"ten\"\", not more\",yes"),
        "{text}"
    );
    assert_eq!(&lines[3..], [""]);
    bed.api("GET", "/campaigns/4711/answers", Value::Null, 404).await;
}

async fn a_scale_has_a_mean(bed: &Bed) {
    let campaign = bed
        .launch(json!({
            "name": "Scale", "kind": "popup",
            "popup": {"template": "box-question", "title": "How easy was it?", "field": {"ask": "scale", "property": "Ease"}},
        }))
        .await;
    for step in [5, 5, 2] {
        let device = bed.id();
        let message = open(bed, device).await;
        let answer = json!({"msg": message["msgId"], "impression": message["impression"], "answer": step});
        bed.ring(device, &[bed.op("answer", answer)]).await;
    }
    let report = bed.get(&format!("/campaigns/{campaign}/report")).await;
    assert_eq!(
        (&report["answers"]["total"], &report["answers"]["mean"]),
        (&json!(3), &json!(4.0))
    );
    let times: Vec<&Value> = report["answers"]["counts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|count| &count["times"])
        .collect();
    assert_eq!(times, [0, 1, 0, 0, 2]);
    let count = csv(bed, campaign).await.matches("\r\n").count();
    assert_eq!(count, 4);
}
