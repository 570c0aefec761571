//! Servers in processes of their own, led to a test's lab (`examples/led.rs`).
//!
//! Left out: making accounts and campaigns, which a [`Bed`](crate::bed::Bed) did before it was [left](crate::bed::Bed::leave). Invariant: a
//! process ends with the value, whatever becomes of the test.

use crate::bed::{Left, exchange};
use bytes::Bytes;
use http_body_util::Full;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, ChildStdin, Command};

pub(crate) struct Led {
    child: Child,
    input: ChildStdin,
    base: String,
    bearer: String,
    client: Client<HttpConnector, Full<Bytes>>,
}

impl Led {
    /// Starts a process on what a bed left, at a moment.
    pub(crate) async fn start(left: &Left, now: i64) -> Self {
        let tests = std::env::current_exe().unwrap();
        let program = tests.ancestors().nth(2).unwrap().join("examples/led");
        let mut child = Command::new(&program)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|fault| {
                panic!(
                    "{}: {fault}; cargo build -p campanile --example led",
                    program.display()
                )
            });
        let mut input = child.stdin.take().unwrap();
        let place = json!({
            "data": left.flags.data, "database": left.flags.database,
            "hosts": left.lab.host_map(), "ca_pem": left.lab.ca_pem(), "now": now,
        });
        input.write_all(format!("{place}\n").as_bytes()).await.unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let address = tokio::time::timeout(Duration::from_secs(30), lines.next_line()).await;
        let address = address.expect("it starts in time").unwrap();
        Self {
            child,
            input,
            base: format!("http://{}", address.expect("it says where it is")),
            bearer: format!("Bearer {}", left.key),
            client: Client::builder(TokioExecutor::new()).build_http(),
        }
    }

    /// Tells it what time it is.
    pub(crate) async fn tell(&mut self, now: i64) {
        self.input.write_all(format!("{now}\n").as_bytes()).await.unwrap();
    }

    /// What the API or another address answers with 200.
    pub(crate) async fn get(&self, path: &str) -> String {
        let url = format!("{}{path}", self.base);
        let headers = [("authorization", self.bearer.as_str())];
        let answer = exchange(&self.client, "GET", &url, &headers, Vec::new()).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        answer.body
    }

    /// A campaign as the API has it.
    pub(crate) async fn campaign(&self, id: i64) -> Value {
        serde_json::from_str(&self.get(&format!("/api/v1/campaigns/{id}")).await).unwrap()
    }

    /// kill -9: no warning, no last word.
    pub(crate) async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    /// The end of its input, and the exit that follows.
    pub(crate) async fn stop(self) {
        let Self { mut child, input, .. } = self;
        drop(input);
        assert!(child.wait().await.unwrap().success());
    }
}
