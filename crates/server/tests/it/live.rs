//! The live tail over a real connection: who listens hears what happens, and only what was asked for.

use crate::bed::{ACCOUNT, Bed, popup};
use crate::engines;
use crate::pushes::{push, subscribe, work_through};
use campanile::tail::{KEPT, Kind, Line};
use campanile_core::id::{AccountId, Ordinal};
use campanile_core::time::{Timestamp, Zone};
use campanile_lab::{Fault, Rule, Service};
use serde_json::{Value, json};
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

engines!(
    events_and_popups_are_heard_as_they_happen,
    a_push_is_heard_with_its_answer_and_what_became_of_it,
    only_what_was_asked_for_is_heard,
    a_push_is_heard_by_its_campaign_and_by_its_subscriber,
    what_happens_at_another_account_is_not_heard,
    who_was_cut_off_goes_on_where_it_was,
    the_command_prints_a_line_each_and_goes_on_where_it_was_cut_off,
    the_command_prints_json_and_says_what_is_refused,
);

/// Somebody on a socket of the stream.
struct Listening {
    lines: BufReader<TcpStream>,
}

impl Listening {
    async fn to(bed: &Bed, query: &str, more: &str) -> Self {
        Self::with(bed, &bed.key, query, more).await
    }

    /// With the key of somebody.
    async fn with(bed: &Bed, key: &str, query: &str, more: &str) -> Self {
        let mut socket = TcpStream::connect(bed.running.address).await.unwrap();
        let request = format!(
            "GET /api/v1/live{query} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\nAccept-Encoding: gzip, br\r\n{more}\r\n"
        );
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut listening = Self {
            lines: BufReader::new(socket),
        };
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            listening.lines.read_line(&mut head).await.unwrap();
        }
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        assert!(head.contains("content-type: text/event-stream"), "{head}");
        assert!(
            !head.contains("content-encoding"),
            "each line comes at once: {head}"
        );
        listening.until(": listening").await;
        listening
    }

    /// Reads on to a line of the stream that begins so; empty at the end of it.
    async fn until(&mut self, beginning: &str) -> String {
        loop {
            let mut line = String::new();
            if self.lines.read_line(&mut line).await.unwrap() == 0 || line.starts_with("0\r\n") {
                return String::new();
            }
            if line.starts_with(beginning) {
                return line.trim_end().to_owned();
            }
        }
    }

    /// The next event of the tail.
    async fn next(&mut self) -> Value {
        let data = self.until("data: ").await;
        serde_json::from_str(data.trim_start_matches("data: "))
            .unwrap_or_else(|_| panic!("the stream ended: {data}"))
    }
}

async fn events_and_popups_are_heard_as_they_happen(bed: &Bed) {
    let goal = json!({"goal": {"event": "Charged"}, "caps": {"session": null}});
    let campaign = bed.launch(popup("Autumn sale", &goal)).await;
    let mut heard = Listening::to(bed, "", "").await;
    let device = bed.id();
    let page = bed.op("page", json!({"url": "https://shop.example.com/sale?ref=1", "referrer": "https://www.example.org/x", "title": "Sale"}));
    let reply = bed.ring(device, &[page]).await;
    let line = heard.next().await;
    assert_eq!(
        (&line["kind"], &line["title"], &line["time"]),
        (&json!("event"), &json!("Page Viewed"), &json!("10:00:00.000"))
    );
    assert_eq!(
        line["facts"],
        json!({"path": "/sale?ref=1", "title": "Sale", "referrer": "www.example.org"})
    );
    let person = bed.device(device).await["id"].clone();
    assert_eq!(
        (&line["profile"], &line["who"]),
        (&person, &json!(format!("Person {person}")))
    );

    let message = &reply["messages"][0];
    bed.ring(device, &[bed.reaction("view", message)]).await;
    let line = heard.next().await;
    assert_eq!(
        (&line["kind"], &line["channel"], &line["campaign"], &line["title"]),
        (
            &json!("shown"),
            &json!("popup"),
            &json!(campaign),
            &json!("Autumn sale")
        )
    );
    bed.ring(
        device,
        &[bed.op("event", json!({"name": "Charged", "props": {"amount": 129}}))],
    )
    .await;
    let line = heard.next().await;
    assert_eq!(
        (&line["kind"], &line["details"]),
        (&json!("converted"), &json!("amount=129 campaign=Autumn sale"))
    );
    assert_eq!(heard.next().await["title"], "Charged");
    // What was handed out for the event goes unused, and is said to.
    let again = bed.ring(device, &[bed.page()]).await;
    assert_eq!(heard.next().await["kind"], "event");
    let unused = bed.op("return", json!({"msg": again["messages"][0]["msgId"], "impression": again["messages"][0]["impression"], "reason": "busy"}));
    bed.ring(device, &[unused]).await;
    let line = heard.next().await;
    assert_eq!(
        (&line["kind"], &line["details"]),
        (&json!("not_shown"), &json!("given back: busy"))
    );
}

async fn a_push_is_heard_with_its_answer_and_what_became_of_it(bed: &Bed) {
    let mut heard = Listening::to(bed, "?kind=push", "").await;
    let (_, browser) = subscribe(bed, Service::Mozilla).await;
    let (_, gone) = subscribe(bed, Service::Fcm).await;
    for _ in 0..2 {
        assert_eq!(heard.next().await["kind"], "subscribed");
    }
    bed.lab.add_fault(Rule::on(
        gone.token(),
        Fault::Status {
            code: 410,
            retry_after: None,
        },
        1,
    ));
    let campaign = bed.launch(push()).await;
    work_through(bed, campaign).await;
    let mut lines = [heard.next().await, heard.next().await];
    lines.sort_by_key(|line| line["kind"].to_string());
    let [failed, sent] = lines;
    assert_eq!(
        (&failed["kind"], &failed["facts"]["status"]),
        (&json!("failed"), &json!("410"))
    );
    assert!(
        failed["details"]
            .as_str()
            .unwrap()
            .contains("subscription removed"),
        "{failed}"
    );
    assert_eq!(
        (&sent["kind"], &sent["facts"]["status"], &sent["title"]),
        (&json!("sent"), &json!("201"), &json!("Kiln"))
    );
    assert_eq!(sent["facts"]["host"], "updates.push.services.mozilla.com");
    assert!(
        sent["details"]
            .as_str()
            .unwrap()
            .starts_with("201 updates.push.services.mozilla.com "),
        "{sent}"
    );
    assert_eq!(sent["browser"], "Firefox");

    let received = browser.try_next().unwrap();
    let payload: Value = serde_json::from_slice(received.plaintext.as_ref().unwrap()).unwrap();
    let send = payload["campanile"]["send"].clone();
    bed.post(
        None,
        &[bed.op("push_clicked", json!({"send": send, "action": ""}))],
        &[],
    )
    .await;
    let line = heard.next().await;
    assert_eq!(
        (
            &line["kind"],
            &line["channel"],
            &line["profile"],
            &line["campaign"]
        ),
        (
            &json!("clicked"),
            &json!("push"),
            &sent["profile"],
            &json!(campaign)
        )
    );
}

async fn only_what_was_asked_for_is_heard(bed: &Bed) {
    let (one, two) = (bed.id(), bed.id());
    bed.ring(one, &[bed.login("c-1001")]).await;
    bed.ring(two, &[bed.page()]).await;
    let person = bed.device(two).await["id"].clone();
    let mut by_person = Listening::to(bed, &format!("?profile={person}"), "").await;
    let mut by_identity = Listening::to(bed, "?search=c-1001", "").await;
    let mut by_value = Listening::to(bed, "?search=price%3D129", "").await;
    let mut by_word = Listening::to(bed, "?search=added&kind=events", "").await;
    let priced = bed.op(
        "event",
        json!({"name": "Product Viewed", "props": {"price": 129}}),
    );
    bed.ring(one, &[priced]).await;
    bed.ring(two, &[bed.event("Added to cart")]).await;
    assert_eq!(by_person.next().await["title"], "Added to cart");
    assert_eq!(by_identity.next().await["title"], "Product Viewed");
    assert_eq!(by_value.next().await["title"], "Product Viewed");
    assert_eq!(by_word.next().await["title"], "Added to cart");
    for query in ["kind=bells", "campaign=first", "most=many"] {
        let refused = bed.api("GET", &format!("/live?{query}"), Value::Null, 400).await;
        assert!(
            refused["error"]["message"].as_str().unwrap().len() > 10,
            "{refused}"
        );
    }
}

async fn a_push_is_heard_by_its_campaign_and_by_its_subscriber(bed: &Bed) {
    let (one, _one) = subscribe(bed, Service::Mozilla).await;
    let (_, _two) = subscribe(bed, Service::Fcm).await;
    let person = bed.device(one).await["id"].clone();
    let (first, second) = (bed.launch(push()).await, bed.launch(push()).await);
    let mut by_campaign = Listening::to(bed, &format!("?campaign={second}&kind=sent"), "").await;
    let mut by_person = Listening::to(bed, &format!("?profile={person}&kind=sent"), "").await;
    work_through(bed, first).await;
    work_through(bed, second).await;
    let of_campaign = [by_campaign.next().await, by_campaign.next().await];
    assert!(
        of_campaign.iter().all(|line| line["campaign"] == second),
        "{of_campaign:?}"
    );
    assert_ne!(of_campaign[0]["profile"], of_campaign[1]["profile"]);
    let of_person = [by_person.next().await, by_person.next().await];
    assert!(
        of_person.iter().all(|line| line["profile"] == person),
        "{of_person:?}"
    );
    assert_ne!(of_person[0]["campaign"], of_person[1]["campaign"]);
}

async fn what_happens_at_another_account_is_not_heard(bed: &Bed) {
    let launch = &bed.running.app.launch;
    let other = launch
        .create_account("Other", None, Zone::utc())
        .await
        .unwrap()
        .id;
    let (_, key) = launch.create_api_key(&other, "Test").await.unwrap();
    let mut heard = Listening::with(bed, &key, "", "").await;
    bed.ring(bed.id(), &[bed.page()]).await;
    bed.running
        .app
        .tail
        .say(&other, [Line::new(Timestamp(bed.now()), Kind::Event, Ordinal(7))]);
    assert_eq!(heard.next().await["profile"], 7);
    // Nor is an account asked for by who has no key of it.
    let refused = bed
        .send(
            "GET",
            "/api/v1/live",
            &[("authorization", "Bearer cmp_none")],
            Vec::new(),
        )
        .await;
    assert_eq!(refused.status, 401);
    assert!(
        refused.json()["error"]["message"]
            .as_str()
            .unwrap()
            .contains("key"),
        "{}",
        refused.body
    );
}

async fn who_was_cut_off_goes_on_where_it_was(bed: &Bed) {
    let mut heard = Listening::to(bed, "", "").await;
    let device = bed.id();
    bed.ring(device, &[bed.event("First"), bed.event("Second")]).await;
    let id = heard.next().await["id"].as_str().unwrap().to_owned();
    drop(heard);
    bed.ring(device, &[bed.event("Third")]).await;
    let mut again = Listening::to(bed, "", &format!("Last-Event-ID: {id}\r\n")).await;
    assert_eq!(again.next().await["title"], "Second");
    assert_eq!(again.next().await["title"], "Third");
}

#[tokio::test]
async fn what_is_too_fast_for_an_eye_is_told_as_one_in_so_many() {
    let bed = Bed::sqlite().await;
    let mut heard = Listening::to(&bed, "?most=2", "").await;
    let device = bed.id();
    let many: Vec<Value> = (0..20).map(|n| bed.event(&format!("E {n}"))).collect();
    bed.ring(device, &many).await;
    assert_eq!(heard.next().await["title"], "E 0");
    assert_eq!(heard.next().await["title"], "E 1");
    heard.until("event: rate").await;
    assert_eq!(heard.next().await, json!({"per_second": 20, "one_in": 10}));
    bed.end().await;
}

#[tokio::test]
async fn who_reads_too_slowly_is_told_how_many_lines_it_missed() {
    let bed = Bed::sqlite().await;
    let account = AccountId::parse(ACCOUNT).unwrap();
    let mut heard = Listening::to(&bed, "", "").await;
    let lines = (0..KEPT + 500).map(|n| {
        let mut line = Line::new(Timestamp(bed.now()), Kind::Event, Ordinal(1));
        line.event = format!("E {n}");
        line
    });
    bed.running.app.tail.say(&account, lines);
    heard.until("event: lost").await;
    assert_eq!(heard.next().await, json!({"lines": 500}));
    assert_eq!(heard.next().await["title"], "E 500");
    bed.end().await;
}

#[tokio::test]
async fn who_comes_from_another_start_of_the_server_is_told_that_lines_are_missing() {
    let bed = Bed::sqlite().await;
    let mut heard = Listening::to(&bed, "", "Last-Event-ID: 00000000-7\r\n").await;
    heard.until("event: lost").await;
    assert_eq!(heard.next().await, json!({"lines": null}));
    bed.end().await;
}

/// The command in a process of its own.
struct Command {
    child: tokio::process::Child,
    lines: tokio::io::Lines<BufReader<tokio::process::ChildStdout>>,
    aside: tokio::io::Lines<BufReader<tokio::process::ChildStderr>>,
}

impl Command {
    fn start(arguments: &[&str], key: &str) -> Self {
        let mut child = tokio::process::Command::new(env!("CARGO_BIN_EXE_campanile"))
            .arg("tail")
            .args(arguments)
            .env("CAMPANILE_API_KEY", key)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        Self {
            lines: BufReader::new(child.stdout.take().unwrap()).lines(),
            aside: BufReader::new(child.stderr.take().unwrap()).lines(),
            child,
        }
    }

    async fn next(&mut self) -> String {
        self.lines.next_line().await.unwrap().unwrap()
    }

    async fn aside(&mut self) -> String {
        self.aside.next_line().await.unwrap().unwrap()
    }
}

async fn the_command_prints_a_line_each_and_goes_on_where_it_was_cut_off(bed: &Bed) {
    let door = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", door.local_addr().unwrap());
    let through = async |mut outside: TcpStream| {
        let mut inside = TcpStream::connect(bed.running.address).await.unwrap();
        let _ = tokio::io::copy_bidirectional(&mut outside, &mut inside).await;
        panic!("neither side ends the connection");
    };
    let mut command = Command::start(&["--url", &url, "--kind", "events", "--search", "seen"], &bed.key);
    let (outside, _) = door.accept().await.unwrap();
    let device = bed.id();
    tokio::select! {
        () = through(outside) => {}
        () = async {
            assert_eq!(command.aside().await, format!("listening to {url}; Ctrl C ends it"));
            bed.ring(device, &[bed.event("Not this one"), bed.event("Jug seen")]).await;
            let person = bed.device(device).await["id"].clone();
            let line = command.next().await;
            assert!(line.starts_with("10:00:00.000  Event "), "{line}");
            assert!(line.contains(&format!("Person {person} ")) && line.ends_with("Jug seen"), "{line}");
        } => {}
    }
    assert!(command.aside().await.starts_with("cut off: "));
    bed.ring(device, &[bed.event("Plate seen")]).await;
    let (outside, _) = door.accept().await.unwrap();
    tokio::select! {
        () = through(outside) => {}
        line = command.next() => assert!(line.ends_with("Plate seen"), "{line}"),
    }
}

async fn the_command_prints_json_and_says_what_is_refused(bed: &Bed) {
    let url = format!("http://{}", bed.running.address);
    let mut command = Command::start(&["--url", &url, "--json"], &bed.key);
    command.aside().await;
    bed.ring(bed.id(), &[bed.event("Jug seen")]).await;
    let line: Value = serde_json::from_str(&command.next().await).unwrap();
    assert_eq!(
        (&line["kind"], &line["event"]),
        (&json!("event"), &json!("Jug seen"))
    );
    for (arguments, key, said) in [
        (&["--url", &url][..], "cmp_none", "401"),
        (
            &["--url", &url, "--kind", "bells"],
            &bed.key,
            "“kind” is one or more of events, popups",
        ),
        (
            &["--url", "http://127.0.0.1:1"],
            &bed.key,
            "is the server running?",
        ),
    ] {
        let mut refused = Command::start(arguments, key);
        let aside = refused.aside().await;
        assert!(aside.contains(said), "{aside}");
        assert_eq!(refused.child.wait().await.unwrap().code(), Some(1));
    }
}

#[tokio::test]
async fn listeners_end_when_the_server_does_and_a_key_is_needed() {
    let bed = Bed::sqlite().await;
    let refused = bed.send("GET", "/api/v1/live", &[], Vec::new()).await;
    assert_eq!(refused.status, 401);
    let mut heard = Listening::to(&bed, "", "").await;
    bed.end().await;
    assert_eq!(heard.until("data: ").await, "", "the stream ended");
}
