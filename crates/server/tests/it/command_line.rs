//! The binary at the command line: settings, migration, accounts, and a server that stops when it is told to.

use serde_json::Value;
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

fn text(output: &Output) -> String {
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
        let mut child = campanile(folder, &all).stdout(Stdio::piped()).spawn().unwrap();
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
    assert!(made.status.success(), "{}", text(&made));
    let made: Value = serde_json::from_slice(&made.stdout).unwrap();
    assert!(made["api_key"].as_str().unwrap().starts_with("cmp_"));
    let base = server.base().to_owned();
    assert_eq!(server.terminate(), 0);
    let dead = run(&folder, &["healthcheck", "--url", &base]);
    assert!(
        !dead.status.success() && text(&dead).contains("is the server running?"),
        "{}",
        text(&dead)
    );
    let listed = run(&folder, &["account", "list"]);
    assert!(
        text(&listed).contains("Second site") && text(&listed).contains("My site"),
        "{}",
        text(&listed)
    );
}

#[test]
fn migrates_and_checks() {
    let folder = tempfile::tempdir().unwrap();
    let check = run(&folder, &["migrate", "--check"]);
    assert!(
        !check.status.success() && text(&check).contains("pending: core 0001"),
        "{}",
        text(&check)
    );
    let migrate = run(&folder, &["migrate"]);
    assert!(
        migrate.status.success() && text(&migrate).contains("applied: core 0001"),
        "{}",
        text(&migrate)
    );
    let check = run(&folder, &["migrate", "--check"]);
    assert!(
        check.status.success() && text(&check).contains("up to date"),
        "{}",
        text(&check)
    );
}

#[test]
fn says_what_is_wrong_with_the_settings() {
    let folder = tempfile::tempdir().unwrap();
    let fails = |arguments: &[&str], words: &str| {
        let output = run(&folder, arguments);
        assert!(
            !output.status.success() && text(&output).contains(words),
            "{arguments:?}: {}",
            text(&output)
        );
    };
    std::fs::write(folder.path().join("bad.toml"), "lsiten = \"127.0.0.1:1\"\n").unwrap();
    fails(&["serve", "--config", "bad.toml"], "“lsiten” is not a setting");
    fails(&["serve", "--config", "missing.toml"], "cannot be read");
    fails(&["serve", "--listen", "nowhere"], "listen");
    fails(&["serve", "--tls-cert", "a.pem"], "both");
    fails(&["account", "new", ""], "name");
    fails(&["account", "new", "x", "--zone", "Mars"], "“Mars”");
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
        !secret.status.success() && !text(&secret).contains("hunter2"),
        "{}",
        text(&secret)
    );
}

#[test]
fn help_teaches() {
    let folder = tempfile::tempdir().unwrap();
    let help = text(&run(&folder, &["--help"]));
    for word in [
        "demo",
        "serve",
        "account",
        "migrate",
        "lab",
        "send-test",
        "healthcheck",
    ] {
        assert!(help.contains(word), "{word}: {help}");
    }
    let defaults = text(&run(&folder, &["serve", "--print-defaults"]));
    assert!(defaults.contains("[push]") && defaults.contains("subject"));
}
