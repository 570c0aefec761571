//! The binary at the command line: settings, migration, accounts, and a server that stops when it is told to.

use crate::bed::exchange;
use http_body_util::Full;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Output, Stdio};
use tempfile::TempDir;

fn campanile(folder: &TempDir, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_campanile"));
    command
        .args(arguments)
        .env_clear()
        .env("CAMPANILE_DATA", folder.path().join("data"))
        .current_dir(folder.path());
    command
}

fn run(folder: &TempDir, arguments: &[&str]) -> Output {
    campanile(folder, arguments).output().unwrap()
}

fn text_of(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// A server that is ended with the test.
struct Server(Child, Value);

impl Server {
    fn start(folder: &TempDir, arguments: &[&str]) -> Self {
        let mut all = vec!["serve", "--listen", "127.0.0.1:0", "--json"];
        all.extend(arguments);
        Self::run(campanile(folder, &all))
    }

    fn run(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let ready = serde_json::from_str(&line).unwrap_or_else(|_| panic!("not ready: {line}"));
        Self(child, ready)
    }

    fn base(&self) -> &str {
        self.1["base"].as_str().unwrap()
    }

    fn terminate(mut self) -> i32 {
        let pid = self.0.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-TERM", &pid])
                .status()
                .unwrap()
                .success()
        );
        let code = self.0.wait().unwrap().code().unwrap();
        std::mem::forget(self);
        code
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn serves_until_told_to_stop_and_keeps_everything() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder, &[]);
    assert!(
        server.1["sign_in"].as_str().unwrap().contains("/sign-in/link_"),
        "{}",
        server.1
    );
    assert!(
        run(&folder, &["healthcheck", "--url", server.base()])
            .status
            .success()
    );
    let made = run(&folder, &["account", "new", "Second site", "--json"]);
    assert!(made.status.success(), "{}", text_of(&made));
    let made: Value = serde_json::from_slice(&made.stdout).unwrap();
    assert!(made["api_key"].as_str().unwrap().starts_with("cmp_"));
    let base = server.base().to_owned();
    assert_eq!(server.terminate(), 0);
    let dead = run(&folder, &["healthcheck", "--url", &base]);
    assert!(
        !dead.status.success() && text_of(&dead).contains("is the server running?"),
        "{}",
        text_of(&dead)
    );
    let listed = run(&folder, &["account", "list"]);
    assert!(
        text_of(&listed).contains("Second site") && text_of(&listed).contains("My site"),
        "{}",
        text_of(&listed)
    );
}

#[tokio::test]
async fn a_test_message_reaches_a_persons_browser() {
    let folder = tempfile::tempdir().unwrap();
    let lab = Server::run(campanile(
        &folder,
        &[
            "lab",
            "--listen",
            "127.0.0.1:0",
            "--listen-tls",
            "127.0.0.1:0",
            "--json",
        ],
    ));
    let server = Server::start(&folder, &[]);
    let made = run(
        &folder,
        &["account", "new", "Second site", "--id", "TEST-0001", "--json"],
    );
    let made: Value = serde_json::from_slice(&made.stdout).unwrap();
    let client: Client<_, Full<bytes::Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    let bearer = format!("Bearer {}", made["api_key"].as_str().unwrap());
    let web_push = format!("{}/api/v1/settings/web-push", server.base());
    // The running server hears of the new account by comparing, so the key opens it a moment later.
    let key = loop {
        let answer = exchange(
            &client,
            "GET",
            &web_push,
            &[("authorization", &bearer)],
            Vec::new(),
        )
        .await;
        if answer.status == 200 {
            break answer.json()["public_key"].as_str().unwrap().to_owned();
        }
        tokio::task::yield_now().await;
    };
    let wanted = json!({"applicationServerKey": key, "service": "mozilla", "count": 1}).to_string();
    let browsers = format!("{}/lab/browsers", lab.1["push"].as_str().unwrap());
    let json_body = [("content-type", "application/json")];
    let made = exchange(&client, "POST", &browsers, &json_body, wanted.into_bytes()).await;
    assert!(made.status < 300, "{}", made.body);
    let browser = made.json()["subscriptions"][0].clone();
    let now = campanile::clock::Clock::System.now();
    let id = |n: u8| campanile_core::id::Id::new(now, [n; 10]);
    let ops = json!([
        {"id": id(1), "t": now, "op": "login", "identity": {"Email": "customer@example.com"}},
        {"id": id(2), "t": now, "op": "subscribe", "subscription": browser, "key": key, "browser": "Firefox"},
    ]);
    let batch = json!({"v": 1, "account": "TEST-0001", "device": id(3), "now": now, "ops": ops}).to_string();
    let reply = exchange(
        &client,
        "POST",
        &format!("{}/ring", server.base()),
        &[],
        batch.into_bytes(),
    )
    .await
    .json();
    assert_eq!(reply["accepted"], 2, "{reply}");

    std::fs::write(folder.path().join("ca.pem"), lab.1["ca_pem"].as_str().unwrap()).unwrap();
    let address = lab.1["hosts"][0]["address"].as_str().unwrap().to_owned();
    let send = |to: &str| {
        let arguments = [
            "send-test",
            "--account",
            "TEST-0001",
            "--to",
            to,
            "--title",
            "Only a test",
            "--lab",
            &address,
            "--lab-ca",
            "ca.pem",
        ];
        campanile(&folder, &arguments)
            .env("CAMPANILE_PUSH__SUBJECT", "mailto:push@example.com")
            .output()
            .unwrap()
    };
    let sent = send("Email:customer@example.com");
    assert!(
        sent.status.success() && text_of(&sent).contains("201 Accepted"),
        "{}",
        text_of(&sent)
    );
    let messages = format!("{}/lab/messages", lab.1["push"].as_str().unwrap());
    let messages = exchange(&client, "GET", &messages, &[], Vec::new()).await.body;
    assert!(messages.contains("Only a test"), "{messages}");
    let nobody = send("Email:nobody@example.com");
    assert!(
        !nobody.status.success() && text_of(&nobody).contains("nobody is known as"),
        "{}",
        text_of(&nobody)
    );
}

#[test]
fn migrates_and_checks() {
    let folder = tempfile::tempdir().unwrap();
    let check = run(&folder, &["migrate", "--check"]);
    assert!(
        !check.status.success() && text_of(&check).contains("pending: core 0001"),
        "{}",
        text_of(&check)
    );
    let migrate = run(&folder, &["migrate"]);
    assert!(
        migrate.status.success() && text_of(&migrate).contains("applied: core 0001"),
        "{}",
        text_of(&migrate)
    );
    let check = run(&folder, &["migrate", "--check"]);
    assert!(
        check.status.success() && text_of(&check).contains("up to date"),
        "{}",
        text_of(&check)
    );
}

#[test]
fn says_what_is_wrong_with_the_settings() {
    let folder = tempfile::tempdir().unwrap();
    let fails = |arguments: &[&str], words: &str| {
        let output = run(&folder, arguments);
        assert!(
            !output.status.success() && text_of(&output).contains(words),
            "{arguments:?}: {}",
            text_of(&output)
        );
    };
    std::fs::write(folder.path().join("bad.toml"), "lsiten = \"127.0.0.1:1\"\n").unwrap();
    fails(&["serve", "--config", "bad.toml"], "“lsiten” is not a setting");
    fails(&["serve", "--config", "missing.toml"], "cannot be read");
    fails(&["serve", "--listen", "nowhere"], "listen");
    fails(&["serve", "--tls-cert", "a.pem"], "both");
    fails(&["account", "new", ""], "name");
    fails(&["account", "new", "x", "--zone", "Mars"], "“Mars”");
    assert!(
        run(&folder, &["account", "new", "x", "--id", "SHOP-0001"])
            .status
            .success()
    );
    fails(
        &["account", "new", "x", "--id", "SHOP-0001"],
        "There is an account SHOP-0001 already",
    );
    fails(
        &["account", "sign-in-link", "--email", "nobody@example.com"],
        "nobody signs in",
    );
    let secret = run(
        &folder,
        &[
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--database",
            "postgres://user:hunter2@127.0.0.1:1/none?connect_timeout=1",
        ],
    );
    assert!(
        !secret.status.success() && !text_of(&secret).contains("hunter2"),
        "{}",
        text_of(&secret)
    );
}

#[test]
fn help_teaches() {
    let folder = tempfile::tempdir().unwrap();
    let help = text_of(&run(&folder, &["--help"]));
    for word in [
        "demo",
        "serve",
        "account",
        "migrate",
        "lab",
        "send-test",
        "tail",
        "healthcheck",
    ] {
        assert!(help.contains(word), "{word}: {help}");
    }
    let defaults = text_of(&run(&folder, &["serve", "--print-defaults"]));
    assert!(defaults.contains("[push]") && defaults.contains("subject"));
}

#[test]
fn subscriptions_come_in_and_go_out_by_command() {
    let folder = tempfile::tempdir().unwrap();
    let made = run(&folder, &["account", "new", "Site", "--json"]);
    let made: Value = serde_json::from_slice(&made.stdout).unwrap();
    let key = made["api_key"].as_str().unwrap();
    let server = Server::start(&folder, &[]);
    let command = |arguments: &[&str]| {
        let mut all = vec!["subscriptions"];
        all.extend(arguments);
        all.extend(["--url", server.base()]);
        campanile(&folder, &all)
            .env("CAMPANILE_API_KEY", key)
            .output()
            .unwrap()
    };
    let endpoint = |name: &str| format!("https://fcm.googleapis.com/fcm/send/{name}");
    let (p256dh, auth) = (
        "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
        "BTBZMqHH6r4Tts7J_aSIgg",
    );
    let rows = format!(
        "endpoint,p256dh,auth,email\n{},{p256dh},{auth},ada@example.com\n{},{p256dh},short,\n",
        endpoint("a"),
        endpoint("b")
    );
    std::fs::write(folder.path().join("old.csv"), rows).unwrap();
    std::fs::write(folder.path().join("old.pem"), include_str!("data/vapid-sec1.pem")).unwrap();
    let import = ["import", "old.csv", "--key", "old.pem"];
    let looked = command(&[&import[..], &["--dry-run", "--refused", "refused.csv"]].concat());
    let said = text_of(&looked);
    assert_eq!(looked.status.code(), Some(3), "{said}");
    assert!(
        said.contains("Would be reachable") && said.contains("row 3  auth"),
        "{said}"
    );
    let refused = std::fs::read_to_string(folder.path().join("refused.csv")).unwrap();
    assert!(refused.contains("3,refused,auth,auth,"), "{refused}");
    assert!(command(&["export"]).stdout.is_empty(), "a dry run takes nothing");
    let taken = command(&[&import[..], &["--json"]].concat());
    assert_eq!(taken.status.code(), Some(3), "{}", text_of(&taken));
    let told: Value = serde_json::from_slice(&taken.stdout).unwrap();
    assert_eq!(
        (&told["state"], &told["accepted"]),
        (&json!("done"), &json!(1)),
        "{told}"
    );
    let out = command(&["export", "--format", "csv"]);
    assert!(out.status.success(), "{}", text_of(&out));
    std::fs::write(folder.path().join("all.csv"), &out.stdout).unwrap();
    let again = command(&["import", "all.csv", "--json"]);
    assert!(again.status.success(), "{}", text_of(&again));
    let told: Value = serde_json::from_slice(&again.stdout).unwrap();
    assert_eq!(
        (&told["known"], &told["accepted"]),
        (&json!(1), &json!(0)),
        "{told}"
    );
    for (arguments, words) in [
        (&["import", "missing.csv"][..], "missing.csv"),
        (&["import", "old.pem"][..], "no column “endpoint”"),
        (&["import", "old.csv", "--key", "old.csv"][..], "was not taken"),
    ] {
        let failed = command(arguments);
        assert_eq!(failed.status.code(), Some(1), "{}", text_of(&failed));
        assert!(text_of(&failed).contains(words), "{}", text_of(&failed));
    }
    assert_eq!(server.terminate(), 0);
}
