//! Pushes with variants: who gets which, who is held back, and how a winner is found and goes to all others.

use crate::bed::{Bed, START};
use crate::dashboard::Person;
use crate::engines;
use crate::push_plans::{draft, somebody, status, verb};
use crate::pushes::{counts, push, work_through};
use campanile_core::id::Id;
use campanile_lab::VirtualBrowser;
use serde_json::{Value, json};

engines!(
    a_test_first_and_then_the_winner_to_all_others,
    who_is_held_back_is_counted_and_reaches_the_goal,
    a_person_has_one_variant_on_every_browser,
    the_winner_is_chosen_by_hand,
    a_choice_in_the_middle_of_the_test,
    paused_it_decides_and_sends_later,
    paused_before_its_test_went_out_it_waits_for_that,
    stopped_in_the_test_nobody_else_gets_it,
    after_an_event_the_winner_is_for_everybody_from_then_on,
    a_test_that_nobody_got_goes_on,
    rounds_test_until_they_know,
    the_test_ends_after_those_who_sleep,
    capped_and_compared,
    what_cannot_be_compared_is_named,
    sizes_are_told_before_the_start,
    the_report_says_what_has_won_and_lets_choose,
    written_in_the_composer,
);

const HOUR: i64 = 3_600_000;

fn two(more: &Value) -> Value {
    let mut definition = push();
    definition["experiment"] = json!({"weight": 1, "variants": [
        {"name": "B", "weight": 1, "push": {"title": "The other words", "url": "https://shop.example.com/other"}},
    ]});
    for (name, value) in more.as_object().unwrap() {
        definition[name] = value.clone();
    }
    definition
}

fn tested(hours: u32, percent: u32) -> Value {
    two(&json!({"winner": {"after_hours": hours, "test_percent": percent, "by": "click"}}))
}

async fn people(bed: &Bed, n: usize) -> Vec<(Id, VirtualBrowser)> {
    let mut all = Vec::new();
    for at in 0..n {
        all.push(somebody(bed, &format!("p{at}"), json!({}), "en").await);
    }
    all
}

/// The title of the next message of a browser, and its token.
fn next(browser: &VirtualBrowser) -> Option<(String, Value)> {
    let received = browser.try_next()?;
    let payload: Value = serde_json::from_slice(received.plaintext.as_ref().unwrap()).unwrap();
    let title = payload["notification"]["title"].as_str().unwrap().to_owned();
    Some((title, payload["campanile"]["send"].clone()))
}

async fn click(bed: &Bed, send: &Value) {
    let op = bed.op("push_clicked", json!({"send": send, "action": "default"}));
    let answer = bed.post(None, &[op], &[]).await;
    assert_eq!(answer.json()["accepted"], 1, "{}", answer.body);
}

/// Those who got something: how many of A and of B, and the tokens of B.
fn got(people: &[(Id, VirtualBrowser)]) -> (u64, u64, Vec<Value>) {
    let (mut a, mut tokens) = (0, Vec::new());
    for (title, send) in people.iter().filter_map(|(_, browser)| next(browser)) {
        if title == "The other words" {
            tokens.push(send);
        } else {
            a += 1;
        }
    }
    (a, tokens.len() as u64, tokens)
}

async fn report(bed: &Bed, campaign: i64) -> Value {
    bed.get(&format!("/campaigns/{campaign}/report")).await
}

fn of(report: &Value, variant: &str, measure: &str) -> u64 {
    let all = report["variants"].as_array().unwrap();
    let part = all.iter().find(|part| part["name"] == variant).unwrap();
    part["counts"][measure].as_u64().unwrap()
}

async fn choose(bed: &Bed, campaign: i64, variant: &str, status: u16) -> Value {
    let path = format!("/campaigns/{campaign}/winner");
    bed.api("POST", &path, json!({"variant": variant}), status).await
}

async fn a_test_first_and_then_the_winner_to_all_others(bed: &Bed) {
    let people = people(bed, 60).await;
    let campaign = bed.launch(tested(2, 40)).await;
    bed.work().await;
    let (a, b, tokens) = got(&people);
    assert!(a > 2 && b > 2 && a + b < 45, "{a} of A and {b} of B");
    let now = report(bed, campaign).await;
    assert_eq!((of(&now, "A", "sent"), of(&now, "B", "sent")), (a, b), "{now}");
    assert_eq!(of(&now, "B", "exposed"), b);
    assert_eq!(now["test"]["ends_at"], START + 2 * HOUR);
    assert_eq!(now["test"]["winner"], Value::Null);
    assert_eq!(now["compared_by"], "click");
    assert!(
        now["verdicts"][0].as_str().unwrap().starts_with("Too early"),
        "{now}"
    );
    assert_eq!(status(bed, campaign).await, "sending");
    for send in &tokens {
        click(bed, send).await;
    }
    bed.pass(2 * HOUR - 1);
    bed.work().await;
    assert_eq!(got(&people).1, 0, "the others wait");
    bed.pass(1);
    bed.work().await;
    let (more_a, rest, _) = got(&people);
    assert_eq!((more_a, a + b + rest), (0, 60), "everybody else gets B");
    bed.pass(2_000);
    bed.work().await;
    assert_eq!(status(bed, campaign).await, "sent");
    let end = report(bed, campaign).await;
    let test = &end["test"];
    assert_eq!(
        (&test["winner"], &test["decided_by"], &test["decided_at"]),
        (&json!("B"), &json!("click"), &json!(START + 2 * HOUR)),
        "{end}"
    );
    assert_eq!(test["after"]["sent"], rest);
    assert_eq!(of(&end, "B", "sent"), b, "what follows the test is not of it");
    assert_eq!(of(&end, "B", "clicked"), b);
    assert_eq!(
        counts(bed, campaign).await,
        json!({"audience": 60, "sent": 60, "shown": b, "clicked": b, "exposed": 60})
    );
    assert_eq!(people.iter().map(|(_, browser)| browser.count()).max(), Some(1));
    let ledger = bed
        .get(&format!("/campaigns/{campaign}/deliveries?limit=100"))
        .await;
    let variant = |name: &str| {
        let all = ledger["deliveries"].as_array().unwrap();
        all.iter().filter(|line| line["variant"] == name).count() as u64
    };
    assert_eq!((variant("A"), variant("B")), (a, b + rest));
}

async fn who_is_held_back_is_counted_and_reaches_the_goal(bed: &Bed) {
    let people = people(bed, 40).await;
    let goal = json!({"goal": {"event": "Charged", "within_hours": 2}});
    let mut definition = two(&goal);
    definition["experiment"]["control"] = json!(1);
    let campaign = bed.launch(definition).await;
    work_through(bed, campaign).await;
    let (held, reached): (Vec<_>, Vec<_>) = people.iter().partition(|(_, browser)| browser.count() == 0);
    let n = held.len() as u64;
    assert!(n > 3 && n < 25, "{n} are held back");
    assert_eq!(
        counts(bed, campaign).await,
        json!({"audience": 40, "sent": 40 - n, "held": n, "exposed": 40})
    );
    // The name as a page may write it: it is cleaned before it is compared.
    for (device, _) in [held[0], held[0], held[1], reached[0]] {
        bed.ring(*device, &[bed.event(" Charged:")]).await;
    }
    bed.pass(2 * HOUR + 1);
    bed.ring(held[2].0, &[bed.event("Charged")]).await;
    let now = report(bed, campaign).await;
    assert_eq!(now["compared_by"], "goal");
    assert_eq!(
        (of(&now, "control", "converted"), of(&now, "control", "exposed")),
        (2, n),
        "each once, and in time: {now}"
    );
    assert_eq!(of(&now, "A", "converted") + of(&now, "B", "converted"), 1);
    assert_eq!(now["variants"][0]["against"], "control");
    assert_eq!(now["counts"]["converted"], 3);
    let ledger = bed
        .get(&format!("/campaigns/{campaign}/deliveries?state=held"))
        .await;
    let lines = ledger["deliveries"].as_array().unwrap();
    assert_eq!(lines.len() as u64, n);
    assert!(lines.iter().all(|line| line["variant"] == "control"));
}

async fn a_person_has_one_variant_on_every_browser(bed: &Bed) {
    let mut browsers = Vec::new();
    for at in 0..24 {
        let who = format!("p{}", at % 8);
        browsers.push((who.clone(), somebody(bed, &who, json!({}), "en").await.1));
    }
    let campaign = bed.launch(two(&json!({}))).await;
    work_through(bed, campaign).await;
    let mut titles = std::collections::BTreeMap::new();
    for (who, browser) in &browsers {
        let (title, _) = next(browser).unwrap();
        let first = titles.entry(who).or_insert_with(|| title.clone());
        assert_eq!(*first, title, "{who}");
    }
    assert_eq!(
        counts(bed, campaign).await,
        json!({"audience": 24, "sent": 24, "exposed": 8}),
        "messages go to browsers, people are compared"
    );
}

async fn the_winner_is_chosen_by_hand(bed: &Bed) {
    let people = people(bed, 30).await;
    let campaign = draft(bed, tested(24, 30)).await;
    assert!(choose(bed, campaign, "B", 409).await["error"]["message"].is_string());
    verb(bed, campaign, "start").await;
    bed.work().await;
    let (a, b, _) = got(&people);
    let refused = choose(bed, campaign, "Z", 422).await;
    assert_eq!(refused["error"]["errors"][0]["field"], "variant", "{refused}");
    choose(bed, campaign, "B", 200).await;
    work_through(bed, campaign).await;
    let (more_a, rest, _) = got(&people);
    assert_eq!((more_a, a + b + rest), (0, 30));
    assert_eq!(status(bed, campaign).await, "sent");
    let end = report(bed, campaign).await;
    assert_eq!(end["test"]["decided_by"], "hand", "{end}");
    choose(bed, campaign, "A", 409).await;
    // The job that would have decided finds that it is decided.
    bed.pass(24 * HOUR);
    bed.work().await;
    assert_eq!(report(bed, campaign).await["test"]["winner"], "B");
}

async fn a_choice_in_the_middle_of_the_test(bed: &Bed) {
    let people = people(bed, 30).await;
    let mut definition = tested(24, 50);
    definition["send"] = json!({"per_minute": 60});
    let campaign = bed.launch(definition).await;
    for _ in 0..10 {
        bed.work().await;
        bed.pass(1_000);
    }
    choose(bed, campaign, "B", 200).await;
    work_through(bed, campaign).await;
    let (a, b, _) = got(&people);
    assert_eq!(a + b, 30);
    assert!(a < 8, "{a} of A");
    assert_eq!(people.iter().map(|(_, browser)| browser.count()).max(), Some(1));
    assert_eq!(status(bed, campaign).await, "sent");
}

async fn paused_it_decides_and_sends_later(bed: &Bed) {
    let people = people(bed, 30).await;
    let campaign = bed.launch(tested(1, 30)).await;
    bed.work().await;
    let (a, b, _) = got(&people);
    verb(bed, campaign, "pause").await;
    bed.pass(HOUR);
    bed.work().await;
    assert_eq!(
        report(bed, campaign).await["test"]["winner"],
        "A",
        "a draw: the first"
    );
    assert_eq!(got(&people).0, 0);
    verb(bed, campaign, "resume").await;
    bed.pass(3_000);
    work_through(bed, campaign).await;
    assert_eq!(a + b + got(&people).0, 30);
}

async fn paused_before_its_test_went_out_it_waits_for_that(bed: &Bed) {
    let people = people(bed, 30).await;
    let campaign = bed.launch(tested(1, 40)).await;
    // The test is made, and halted before any of it is sent.
    while counts(bed, campaign).await.get("audience").is_none() {
        bed.running.delivery.step().await.unwrap();
    }
    assert_eq!(got(&people).0, 0);
    verb(bed, campaign, "pause").await;
    bed.pass(2 * HOUR);
    bed.work().await;
    assert_eq!(report(bed, campaign).await["test"]["winner"], Value::Null);
    verb(bed, campaign, "resume").await;
    bed.pass(60_000);
    bed.work().await;
    let (a, b, tokens) = got(&people);
    assert!(a > 0 && b > 0, "{a} of A and {b} of B");
    for send in &tokens {
        click(bed, send).await;
    }
    bed.pass(2 * HOUR);
    work_through(bed, campaign).await;
    assert_eq!(report(bed, campaign).await["test"]["winner"], "B");
}

async fn stopped_in_the_test_nobody_else_gets_it(bed: &Bed) {
    let people = people(bed, 30).await;
    let campaign = bed.launch(tested(1, 30)).await;
    bed.work().await;
    let (a, b, _) = got(&people);
    verb(bed, campaign, "stop").await;
    bed.pass(HOUR);
    bed.work().await;
    assert_eq!(counts(bed, campaign).await["sent"], a + b);
    assert_eq!(got(&people).0, 0);
    choose(bed, campaign, "A", 409).await;
}

async fn after_an_event_the_winner_is_for_everybody_from_then_on(bed: &Bed) {
    let people = people(bed, 24).await;
    let mut definition = tested(2, 20);
    definition["on_event"] = json!({"event": "Added To Cart", "silence_hours": 0});
    definition["experiment"]["control"] = json!(1);
    let campaign = bed.launch(definition).await;
    for (device, _) in &people {
        bed.ring(*device, &[bed.event("Added To Cart")]).await;
    }
    bed.work().await;
    let held = people.iter().filter(|(_, browser)| browser.count() == 0).count() as u64;
    let (a, b, tokens) = got(&people);
    assert!(a > 0 && b > 0 && held > 0, "{a} {b} {held}");
    assert_eq!(a + b + held, 24, "all of them test");
    for send in &tokens {
        click(bed, send).await;
    }
    // Until it is decided everybody keeps what they had.
    bed.pass(HOUR);
    for (device, _) in &people {
        bed.ring(*device, &[bed.event("Added To Cart")]).await;
    }
    bed.work().await;
    assert_eq!(got(&people).0, a);
    bed.pass(HOUR);
    bed.work().await;
    let now = report(bed, campaign).await;
    assert_eq!(now["test"]["winner"], "B", "{now}");
    for (device, _) in &people {
        bed.ring(*device, &[bed.event("Added To Cart")]).await;
    }
    bed.work().await;
    let (later_a, later_b, _) = got(&people);
    assert_eq!(
        (later_a, later_b),
        (0, a + b),
        "the control group stays out of it"
    );
    let end = report(bed, campaign).await;
    assert_eq!(end["test"]["after"]["sent"], a + b);
    assert_eq!(of(&end, "control", "held"), 3 * held);
    verb(bed, campaign, "stop").await;
    // Another start is another test.
    bed.pass(1_000);
    verb(bed, campaign, "start").await;
    let again = report(bed, campaign).await;
    assert_eq!(again["test"]["winner"], Value::Null, "{again}");
    choose(bed, campaign, "A", 200).await;
    bed.pass(2 * HOUR);
    bed.work().await;
    assert_eq!(report(bed, campaign).await["test"]["decided_by"], "hand");
}

async fn a_test_that_nobody_got_goes_on(bed: &Bed) {
    let mut definition = tested(1, 20);
    definition["on_event"] = json!({"event": "Added To Cart"});
    let campaign = bed.launch(definition).await;
    bed.pass(HOUR);
    bed.work().await;
    let now = report(bed, campaign).await;
    assert_eq!(
        (&now["test"]["winner"], &now["test"]["ends_at"]),
        (&Value::Null, &json!(START + 2 * HOUR)),
        "{now}"
    );
    choose(bed, campaign, "A", 200).await;
    bed.pass(HOUR);
    bed.work().await;
    verb(bed, campaign, "stop").await;
}

async fn rounds_test_until_they_know(bed: &Bed) {
    let people = people(bed, 20).await;
    let mut definition = tested(3, 20);
    definition["send"] = json!({"repeat": {"at": "12:00", "times": 2}});
    let campaign = bed.launch(definition).await;
    bed.pass(2 * HOUR);
    bed.work().await;
    let (a, b, tokens) = got(&people);
    assert_eq!(a + b, 20, "everybody is in the test");
    assert_eq!(report(bed, campaign).await["test"]["ends_at"], START + 5 * HOUR);
    click(bed, &tokens[0]).await;
    bed.pass(3 * HOUR);
    bed.work().await;
    bed.pass(21 * HOUR);
    work_through(bed, campaign).await;
    let (a, b, _) = got(&people);
    assert_eq!((a, b), (0, 20), "the second round is the winner’s");
    let end = report(bed, campaign).await;
    assert_eq!(end["rounds"].as_array().unwrap().len(), 2, "{end}");
    assert_eq!(status(bed, campaign).await, "sent");
}

async fn the_test_ends_after_those_who_sleep(bed: &Bed) {
    bed.api(
        "PATCH",
        "/account",
        json!({"settings": {"push": {"quiet": {"from": "09:00", "to": "13:00"}}}}),
        200,
    )
    .await;
    let people = people(bed, 20).await;
    let campaign = bed.launch(tested(2, 50)).await;
    bed.work().await;
    assert_eq!(report(bed, campaign).await["test"]["ends_at"], START + 5 * HOUR);
    bed.pass(3 * HOUR);
    bed.work().await;
    let (a, b, _) = got(&people);
    assert!(a + b > 0 && a + b < 20);
    bed.pass(2 * HOUR);
    work_through(bed, campaign).await;
    let (more_a, more_b, _) = got(&people);
    assert_eq!((a + b + more_a, more_b), (20, 0));
}

async fn capped_and_compared(bed: &Bed) {
    let caps = json!({"settings": {"push": {"caps": {"day": 1}}}});
    bed.api("PATCH", "/account", caps, 200).await;
    let _people = people(bed, 12).await;
    let first = bed.launch(push()).await;
    work_through(bed, first).await;
    let campaign = bed.launch(two(&json!({}))).await;
    work_through(bed, campaign).await;
    let now = report(bed, campaign).await;
    assert_eq!(of(&now, "A", "capped") + of(&now, "B", "capped"), 12, "{now}");
    assert_eq!(
        counts(bed, campaign).await,
        json!({"audience": 12, "capped": 12, "exposed": 12})
    );
}

async fn what_cannot_be_compared_is_named(bed: &Bed) {
    let winner = json!({"after_hours": 4});
    let mut alone = push();
    alone["winner"] = winner.clone();
    bed.refused(&alone, "winner").await;
    let mut definition = two(&json!({"winner": {"after_hours": 4, "by": "goal"}}));
    bed.refused(&definition, "winner.by").await;
    definition["winner"] = json!({"after_hours": 0, "test_percent": 95});
    bed.refused(&definition, "winner.after_hours").await;
    bed.refused(&definition, "winner.test_percent").await;
    definition["winner"] = winner;
    definition["send"] = json!({"at": START + 48 * HOUR, "zone": "recipient"});
    bed.refused(&definition, "winner").await;
    let mut kept = two(&json!({}));
    kept["experiment"]["variants"][0]["push"]["ttl_seconds"] = json!(60);
    bed.refused(&kept, "experiment.variants[0].push.ttl_seconds")
        .await;
    kept = two(&json!({}));
    kept["experiment"]["variants"][0]["push"]["title"] = json!("");
    bed.refused(&kept, "experiment.variants[0].push.title").await;
    kept = two(&json!({"goal": {"event": "", "within_hours": 0}}));
    bed.refused(&kept, "goal.event").await;
}

async fn sizes_are_told_before_the_start(bed: &Bed) {
    let _people = people(bed, 20).await;
    let mut definition = tested(4, 20);
    definition["experiment"] = json!({"weight": 45, "control": 10, "variants": [{"name": "B", "weight": 45, "push": definition["push"]}]});
    let estimate = bed.api("POST", "/estimate", definition, 200).await;
    assert_eq!(
        estimate["groups"],
        json!([{"group": "A", "n": 1}, {"group": "B", "n": 1}, {"group": "control", "n": 2}, {"group": "rest", "n": 16}])
    );
    let estimate = bed.api("POST", "/estimate", push(), 200).await;
    assert_eq!(estimate["groups"], json!([]));
}

async fn the_report_says_what_has_won_and_lets_choose(bed: &Bed) {
    let people = people(bed, 30).await;
    let campaign = bed.launch(tested(24, 30)).await;
    bed.work().await;
    let (a, b, _) = got(&people);
    let ada = Person::administrator(bed).await;
    let path = format!("/campaigns/{campaign}");
    let page = ada.get(&path).await.body;
    assert!(page.contains("The winner is found on"), "{page}");
    assert!(page.contains("Too early"), "{page}");
    let question = ada.get(&format!("{path}/winner?variant=B")).await.body;
    assert!(question.contains("Let variant B of “Kiln” win?"), "{question}");
    let done = ada.post(&format!("{path}/winner?variant=B"), &[]).await;
    assert_eq!(done.status, 303, "{}", done.body);
    work_through(bed, campaign).await;
    let (more_a, rest, _) = got(&people);
    assert_eq!((more_a, a + b + rest), (0, 30));
    let page = ada.get(&path).await.body;
    assert!(page.contains("B won on"), "{page}");
    assert!(page.contains("by hand. Its lead may be chance"), "{page}");
    assert!(!page.contains("Let A win"), "{page}");
    bed.pass(24 * HOUR);
    bed.work().await;
}

async fn written_in_the_composer(bed: &Bed) {
    let ada = Person::administrator(bed).await;
    let campaign = draft(bed, push()).await;
    let path = format!("/campaigns/{campaign}");
    let message = [
        ("kind", "push"),
        ("name", "Kiln"),
        ("push.title", "The kiln is open"),
        ("push.url", "https://shop.example.com/new"),
        ("push.ttl_seconds", "3600"),
        ("push.urgency", "normal"),
        ("push.language", "en"),
        ("push.direction", "auto"),
    ];
    let form = |more: &[(&'static str, &'static str)]| [&message[..], more].concat();
    let added = ada.post(&path, &form(&[("then", "variant:add")])).await;
    assert_eq!(added.status, 303, "{}", added.body);
    let typed = [
        ("experiment.weight", "45"),
        ("experiment.control", "10"),
        ("experiment.variants[0].weight", "45"),
        ("experiment.variants[0].push.title", "Twelve new pots"),
        ("experiment.variants[0].push.body", "Come and see"),
        ("experiment.variants[0].push.url", "https://shop.example.com/pots"),
        ("goal.event", "Charged"),
        ("goal.within_hours", "2"),
        ("goal.within_hours.unit", "days"),
        ("winner.after_hours", "4"),
        ("winner.test_percent", "20"),
        ("winner.by", "goal"),
    ];
    let saved = ada.post(&path, &form(&typed)).await;
    assert_eq!(saved.status, 303, "{}", saved.body);
    let kept = bed.get(&path).await;
    assert_eq!(
        kept["experiment"]["variants"][0]["push"]["title"],
        "Twelve new pots"
    );
    assert_eq!(kept["experiment"]["variants"][0]["push"]["ttl_seconds"], 3600);
    assert_eq!(kept["goal"], json!({"event": "Charged", "within_hours": 48}));
    assert_eq!(
        kept["winner"],
        json!({"after_hours": 4, "test_percent": 20, "by": "goal"})
    );
    let page = ada.get(&format!("{path}/edit")).await.body;
    assert!(page.contains("Twelve new pots"), "{page}");
    assert!(page.contains("People are parted into A 45 %, B 45 %"), "{page}");
    let mut wrong = form(&typed);
    wrong.push(("winner.after_hours", "soon"));
    let refused = ada.post(&path, &wrong).await;
    assert_eq!(refused.status, 422);
    assert!(refused.body.contains("“soon” is not a whole number"));
    let removed = ada.post(&path, &form(&[("then", "variant:remove:0")])).await;
    assert_eq!(removed.status, 303, "{}", removed.body);
    let kept = bed.get(&path).await;
    assert_eq!(
        (&kept["winner"], &kept["experiment"]["variants"]),
        (&Value::Null, &json!([]))
    );
}
