//! What a report and a ledger say of a push beyond its counts: shares, browsers and systems, each try, files; and from when its goal counts.

use crate::bed::{ACCOUNT, Bed};
use crate::dashboard::Person;
use crate::engines;
use crate::faults::{crowd, status};
use crate::pushes::{operation, push, subscribe, work_through};
use campanile::store::db::Batch;
use campanile_core::id::{AccountId, CampaignId};
use campanile_core::stats::Measure;
use campanile_core::time::Day;
use campanile_lab::{Fault, Rule, Service};
use serde_json::{Value, json};

engines!(
    each_try_is_in_the_ledger,
    a_goal_counts_from_when_the_message_was_sent,
    by_system_beside_by_browser,
    the_report_is_a_file,
    the_ledger_is_a_file_of_any_length,
);

const HOUR: i64 = 3_600_000;

async fn file(bed: &Bed, path: &str) -> Vec<Vec<String>> {
    let bearer = format!("Bearer {}", bed.key);
    let path = format!("/api/v1{path}");
    let answer = bed
        .send("GET", &path, &[("authorization", &bearer)], Vec::new())
        .await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(
        answer.header("content-type"),
        "text/csv; charset=utf-8; header=present"
    );
    assert!(
        answer
            .header("content-disposition")
            .starts_with("attachment; filename=\"")
    );
    let lines = answer.body.split_terminator("\r\n");
    // No cell of these files has a comma in it.
    lines
        .map(|line| line.split(',').map(str::to_owned).collect())
        .collect()
}

/// The cell of a row under a head.
fn cell<'a>(rows: &'a [Vec<String>], row: usize, head: &str) -> &'a str {
    let column = rows[0].iter().position(|name| name == head).unwrap();
    &rows[row][column]
}

async fn each_try_is_in_the_ledger(bed: &Bed) {
    let (_, smooth) = subscribe(bed, Service::Mozilla).await;
    let (_, rough) = subscribe(bed, Service::Fcm).await;
    bed.lab.add_fault(Rule::on(rough.token(), status(503), 1));
    let campaign = bed.launch(push()).await;
    bed.work().await;
    let began = bed.now();
    bed.lab.clear_faults();
    bed.lab.add_fault(Rule::on(rough.token(), Fault::Cut, 1));
    work_through(bed, campaign).await;
    assert_eq!((smooth.count(), rough.count()), (1, 1));
    let path = format!("/campaigns/{campaign}");
    let ledger = bed.get(&format!("{path}/deliveries")).await;
    let of = |attempts: u64| {
        let all = ledger["deliveries"].as_array().unwrap();
        all.iter().find(|line| line["attempts"] == attempts).unwrap()
    };
    assert_eq!(of(1)["tries"], json!([]), "one that went at once needs none");
    let tries = of(3)["tries"].as_array().unwrap();
    let said: Vec<_> = tries
        .iter()
        .map(|one| (&one["attempt"], &one["status"], &one["cause"]))
        .collect();
    assert_eq!(
        said,
        [
            (&json!(1), &json!(503), &Value::Null),
            (&json!(2), &Value::Null, &json!("unanswered")),
            (&json!(3), &json!(201), &Value::Null)
        ],
        "{ledger}"
    );
    assert_eq!(tries[0]["at"], began);
    assert!(tries[0]["reason"].as_str().unwrap().contains("503"), "{tries:?}");
    let person = of(3)["profile"].clone();
    let of_person = bed.get(&format!("/profiles/{person}/deliveries")).await;
    assert_eq!(of_person["deliveries"][0]["tries"], of(3)["tries"]);
    let owner = Person::administrator(bed).await;
    let html = owner.get(&format!("{path}/deliveries")).await.body;
    assert!(html.contains("<summary>3 tries</summary>"), "{html}");
    assert_eq!(html.matches("<details class=\"tries\"").count(), 1);
    let rows = file(bed, &format!("{path}/deliveries.csv")).await;
    let row = (1..3).find(|row| cell(&rows, *row, "attempts") == "3").unwrap();
    assert_eq!(cell(&rows, row, "tries").matches("; ").count(), 2, "{rows:?}");
    // They go with their messages.
    bed.api("DELETE", &path, Value::Null, 204).await;
    let sql = "-- left\nSELECT COUNT(*) FROM send_tries";
    let left = bed.running.app.store.db.query(sql, vec![]).await.unwrap();
    assert_eq!(left.first().unwrap().int(0).unwrap(), 0);
}

async fn a_goal_counts_from_when_the_message_was_sent(bed: &Bed) {
    let (early, first) = subscribe(bed, Service::Mozilla).await;
    let (late, second) = subscribe(bed, Service::Fcm).await;
    let mut definition = push();
    definition["goal"] = json!({"event": "Charged", "within_hours": 2});
    bed.lab.add_fault(Rule::on(second.token(), status(503), 1));
    let campaign = bed.launch(definition).await;
    let path = format!("/campaigns/{campaign}");
    let converted = async || bed.counts(campaign).await["converted"].clone();
    // Made, and not sent.
    bed.running.delivery.step().await.unwrap();
    bed.api("POST", &format!("{path}/pause"), Value::Null, 200).await;
    bed.pass(HOUR);
    bed.ring(early, &[bed.event("Charged")]).await;
    assert_eq!(converted().await, 0, "nobody has sent anything yet");
    bed.api("POST", &format!("{path}/resume"), Value::Null, 200).await;
    bed.pass(HOUR + HOUR / 2);
    bed.work().await;
    assert_eq!((first.count(), second.count()), (1, 0));
    bed.ring(late, &[bed.event("Charged")]).await;
    assert_eq!(converted().await, 0, "its message waits for its push service");
    // More than two hours after it was made, less than that after it was sent.
    bed.pass(1_000);
    bed.ring(early, &[bed.event("Charged")]).await;
    assert_eq!(converted().await, 1);
    work_through(bed, campaign).await;
    assert_eq!(second.count(), 1);
    bed.pass(HOUR);
    bed.ring(late, &[bed.event("Charged")]).await;
    bed.ring(early, &[bed.event("Charged")]).await;
    assert_eq!(converted().await, 2, "each once");
}

async fn by_system_beside_by_browser(bed: &Bed) {
    let agents = [
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:150.0) Gecko/20100101 Firefox/150.0",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:150.0) Gecko/20100101 Firefox/150.0",
        "Mozilla/5.0 (Android 16; Mobile; rv:150.0) Gecko/150.0 Firefox/150.0",
    ];
    let mut last = None;
    for agent in agents {
        let browser = bed
            .lab
            .virtual_browser_at(Service::Mozilla, &crate::pushes::vapid(bed).await);
        let subscribed = operation(bed, &browser).await;
        let answer = bed
            .post_with(Some(bed.id()), &[subscribed], &[], &[("user-agent", agent)])
            .await;
        assert_eq!(answer.json()["accepted"], 1, "{}", answer.body);
        last = Some(browser);
    }
    let phone = last.unwrap();
    bed.lab.add_fault(Rule::on(phone.token(), status(413), 9));
    let campaign = bed.launch(push()).await;
    work_through(bed, campaign).await;
    let path = format!("/campaigns/{campaign}");
    let report = bed.get(&format!("{path}/report")).await;
    let line = |name: &str, of: &str, sent: u64, failed: u64| json!({name: of, "sent": sent, "failed": failed, "gone": 0, "shown": 0, "clicked": 0});
    assert_eq!(report["browsers"], json!([line("browser", "Firefox", 2, 1)]));
    assert_eq!(
        report["systems"],
        json!([line("system", "Windows", 2, 0), line("system", "Android", 0, 1)])
    );
    assert_eq!(report["browsers_up_to"], Value::Null);
    let owner = Person::administrator(bed).await;
    let html = owner.get(&path).await.body;
    assert!(
        html.contains("<h2>By browser</h2>") && html.contains("33.3% failed"),
        "{html}"
    );
    assert!(
        html.contains("1 of 3 messages, 33.3%"),
        "the share beside the count: {html}"
    );
    let html = owner.get(&format!("{path}?by=system")).await.body;
    assert!(html.contains("<h2>By operating system</h2>"), "{html}");
    assert!(
        html.contains("Windows") && html.contains("100.0% failed"),
        "{html}"
    );
    // Too many to look at: said, and not left out.
    let mut batch = Batch::new("many");
    let account = AccountId::parse(ACCOUNT).unwrap();
    let (id, day) = (CampaignId(campaign), Day(20_260_302));
    bed.running
        .app
        .store
        .count(&mut batch, &account, id, day, Measure::Sent, 600_000);
    bed.running.app.store.db.write(batch).await.unwrap();
    let report = bed.get(&format!("{path}/report")).await;
    assert_eq!(
        (&report["browsers"], &report["browsers_up_to"]),
        (&json!([]), &json!(500_000))
    );
    let html = owner.get(&path).await.body;
    assert!(
        html.contains("This push has more than 500,000 messages"),
        "{html}"
    );
}

async fn the_report_is_a_file(bed: &Bed) {
    let (device, _) = subscribe(bed, Service::Mozilla).await;
    let (_, refused) = subscribe(bed, Service::Fcm).await;
    bed.lab.add_fault(Rule::on(refused.token(), status(400), 9));
    let mut definition = push();
    definition["experiment"] =
        json!({"weight": 50, "variants": [{"name": "B", "weight": 50, "push": push()["push"]}]});
    let campaign = bed.launch(definition).await;
    work_through(bed, campaign).await;
    let sent = bed
        .get(&format!("/campaigns/{campaign}/deliveries?state=sent"))
        .await;
    let id = sent["deliveries"][0]["id"].clone();
    bed.ring(device, &[bed.op("push_clicked", json!({"send": id}))])
        .await;
    let rows = file(bed, &format!("/campaigns/{campaign}/report.csv")).await;
    assert_eq!(
        rows[0].join(","),
        "table,of,audience,sent,failed,gone,unsent,capped,held,shown,clicked,dismissed,exposed,converted"
    );
    let of = |table: &str| -> Vec<usize> { (1..rows.len()).filter(|row| rows[*row][0] == table).collect() };
    for table in ["total", "day", "browser"] {
        let row = of(table)[0];
        assert_eq!(
            ["sent", "failed", "shown", "clicked"].map(|head| cell(&rows, row, head)),
            ["1"; 4],
            "{rows:?}"
        );
    }
    assert_eq!(rows[of("day")[0]][1], "2026-03-02");
    assert_eq!(of("variant").len(), 2);
    let owner = Person::administrator(bed).await;
    let path = format!("/campaigns/{campaign}");
    let page = owner.get(&path).await.body;
    assert!(page.contains(&format!("href=\"{path}/report.csv\"")), "{page}");
    let answer = owner.get(&format!("{path}/report.csv")).await;
    assert_eq!(answer.body.lines().count(), rows.len());
    assert_eq!(owner.get("/campaigns/999/report.csv").await.status, 404);
}

async fn the_ledger_is_a_file_of_any_length(bed: &Bed) {
    let _crowd = crowd(bed, Service::Fcm, 1_010).await;
    let campaign = bed.launch(push()).await;
    work_through(bed, campaign).await;
    let rows = file(bed, &format!("/campaigns/{campaign}/deliveries.csv")).await;
    assert_eq!(rows.len(), 1_011, "a head, and each message");
    let mut ids: Vec<&str> = (1..rows.len()).map(|row| cell(&rows, row, "id")).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 1_010, "none twice");
    assert_eq!(
        ["state", "status", "attempts", "push_service"].map(|head| cell(&rows, 700, head)),
        ["sent", "201", "1", "fcm.googleapis.com"]
    );
    let failed = file(bed, &format!("/campaigns/{campaign}/deliveries.csv?state=failed")).await;
    assert_eq!(failed.len(), 1);
    let owner = Person::administrator(bed).await;
    let path = format!("/campaigns/{campaign}/deliveries");
    let page = owner.get(&path).await.body;
    assert!(page.contains("deliveries.csv?state="), "{page}");
    let answer = owner.get(&format!("{path}.csv?state=sent")).await;
    assert_eq!(answer.body.lines().count(), 1_011);
}
