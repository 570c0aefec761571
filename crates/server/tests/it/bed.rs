//! A running server on a free port with a clock that stands still, a lab, and a client.

use campanile::app::{self, Running, Surroundings};
use campanile::clock::Clock;
use campanile::config::{Config, Flags};
use campanile::delivery::Step;
use campanile::delivery::transport::HostMap;
use campanile_core::id::{AccountId, Id};
use campanile_core::time::{Timestamp, Zone};
use campanile_lab::{Lab, LabConfig};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use tempfile::TempDir;

/// The moment at which every test begins: 2026-03-02T10:00:00Z, a Monday.
pub(crate) const START: i64 = 1_772_445_600_000;
pub(crate) const ACCOUNT: &str = "TEST-0001";

/// An answer, read to its end.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) version: axum::http::Version,
    pub(crate) headers: axum::http::HeaderMap,
    pub(crate) body: String,
    /// The body as it came, for what is no text.
    pub(crate) bytes: bytes::Bytes,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body)
            .unwrap_or_else(|fault| panic!("{} is not JSON ({fault}): {}", self.status, self.body))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }
}

pub(crate) struct Bed {
    pub(crate) running: Running,
    pub(crate) lab: Lab,
    /// The push services' time; a test may set it apart from the server's.
    pub(crate) lab_clock: campanile_lab::Clock,
    pub(crate) key: String,
    clock: Arc<AtomicI64>,
    chance: AtomicU64,
    client: Client<HttpConnector, Full<bytes::Bytes>>,
    flags: Flags,
    folder: Option<TempDir>,
    drop_database: Option<(String, String)>,
}

/// What a bed leaves for servers in processes of their own: its store, and the lab.
pub(crate) struct Left {
    pub(crate) lab: Lab,
    pub(crate) lab_clock: campanile_lab::Clock,
    pub(crate) key: String,
    /// Where the store is.
    pub(crate) flags: Flags,
    _folder: Option<TempDir>,
    drop_database: Option<(String, String)>,
}

impl Left {
    /// Removes the store.
    pub(crate) async fn end(self) {
        if let Some((server, name)) = self.drop_database {
            execute(&server, &format!("DROP DATABASE {name} WITH (FORCE)")).await;
        }
    }
}

impl Bed {
    pub(crate) async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let flags = Flags {
            data: Some(folder.path().to_owned()),
            ..Flags::default()
        };
        Self::start(flags, Some(folder), None).await
    }

    /// On SQLite, with settings that a test changes.
    pub(crate) async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let flags = Flags {
            data: Some(folder.path().to_owned()),
            ..Flags::default()
        };
        Self::start_with(flags, Some(folder), None, change).await
    }

    pub(crate) async fn postgres() -> Self {
        let server = std::env::var("CAMPANILE_TEST_POSTGRES").expect(
            "PostgreSQL is part of the tests: export CAMPANILE_TEST_POSTGRES=\"$(.ci/postgres start)\"",
        );
        Self::postgres_at(server).await
    }

    /// In a database of its own on this server.
    pub(crate) async fn postgres_at(server: String) -> Self {
        let name = format!("it_{}", campanile::secret::hex(&campanile::clock::random::<8>()));
        execute(&server, &format!("CREATE DATABASE {name}")).await;
        let mut url = url::Url::parse(&server).unwrap();
        url.set_path(&name);
        let flags = Flags {
            database: Some(url.to_string()),
            ..Flags::default()
        };
        Self::start(flags, None, Some((server, name))).await
    }

    async fn start(flags: Flags, folder: Option<TempDir>, drop_database: Option<(String, String)>) -> Self {
        Self::start_with(flags, folder, drop_database, |_| {}).await
    }

    async fn start_with(
        flags: Flags,
        folder: Option<TempDir>,
        drop_database: Option<(String, String)>,
        change: impl FnOnce(&mut Config),
    ) -> Self {
        let flags = Flags {
            listen: Some("127.0.0.1:0".into()),
            ..flags
        };
        let mut config = Config::load(None, [], &flags).unwrap();
        config.push.subject = "mailto:push@example.com".into();
        change(&mut config);
        let clock = Arc::new(AtomicI64::new(START));
        let lab_clock = campanile_lab::Clock::standing(Timestamp(START));
        let lab = Lab::start(LabConfig {
            clock: lab_clock.clone(),
            ..LabConfig::default()
        })
        .await
        .unwrap();
        let push = HostMap {
            hosts: lab.host_map().into_iter().collect(),
            ca_pem: Some(lab.ca_pem().to_owned()),
        };
        let surroundings = Surroundings {
            clock: Clock::Test(clock.clone()),
            push,
            shop: None,
            deliver: false,
        };
        let running = app::start(config, surroundings).await.unwrap();
        let account = AccountId::parse(ACCOUNT).unwrap();
        running
            .app
            .launch
            .create_account("Tindermere", Some(account.clone()), Zone::utc())
            .await
            .unwrap();
        let (_, key) = running
            .app
            .launch
            .create_api_key(&account, "Tests")
            .await
            .unwrap();
        let client = Client::builder(TokioExecutor::new()).build_http();
        Self {
            running,
            lab,
            lab_clock,
            key,
            clock,
            chance: AtomicU64::new(1),
            client,
            flags,
            folder,
            drop_database,
        }
    }

    /// A second server on the same store and lab, at the same time of day, with settings that a test changes.
    pub(crate) async fn beside(&self, change: impl FnOnce(&mut Config)) -> Running {
        let mut config = Config::load(None, [], &self.flags).unwrap();
        config.push.subject = "mailto:push@example.com".into();
        change(&mut config);
        let surroundings = Surroundings {
            clock: Clock::Test(self.clock.clone()),
            push: HostMap {
                hosts: self.lab.host_map().into_iter().collect(),
                ca_pem: Some(self.lab.ca_pem().to_owned()),
            },
            shop: None,
            deliver: false,
        };
        app::start(config, surroundings).await.unwrap()
    }

    /// Stops the server in the middle of its work.
    pub(crate) async fn leave(self) -> Left {
        self.running.stop().await.unwrap();
        Left {
            lab: self.lab,
            lab_clock: self.lab_clock,
            key: self.key,
            flags: self.flags,
            _folder: self.folder,
            drop_database: self.drop_database,
        }
    }

    /// Stops the server and checks that it left no work behind.
    pub(crate) async fn end(self) {
        let now = Timestamp(self.clock.load(Ordering::SeqCst));
        let (jobs, _) = self.running.app.queue.depth(now).await.unwrap();
        assert_eq!(jobs, 0, "jobs were left behind");
        self.running.stop().await.unwrap();
        if let Some((server, name)) = self.drop_database {
            execute(&server, &format!("DROP DATABASE {name} WITH (FORCE)")).await;
        }
    }

    pub(crate) fn now(&self) -> i64 {
        self.clock.load(Ordering::SeqCst)
    }

    /// Time passes, for the server and for the push services.
    pub(crate) fn pass(&self, ms: i64) {
        self.clock.fetch_add(ms, Ordering::SeqCst);
        self.lab_clock.advance_ms(ms);
    }

    /// An id as a browser makes it, of this moment.
    pub(crate) fn id(&self) -> Id {
        let mut random = [0; 10];
        random[2..].copy_from_slice(&self.chance.fetch_add(1, Ordering::SeqCst).to_be_bytes());
        Id::new(Timestamp(self.now()), random)
    }

    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Answer {
        exchange(
            &self.client,
            method,
            &format!("http://{}{path}", self.running.address),
            headers,
            body,
        )
        .await
    }

    /// Calls the JSON API; the status must be `status`.
    pub(crate) async fn api(&self, method: &str, path: &str, body: Value, status: u16) -> Value {
        let bearer = format!("Bearer {}", self.key);
        let bytes = if body.is_null() {
            Vec::new()
        } else {
            body.to_string().into_bytes()
        };
        let answer = self
            .send(
                method,
                &format!("/api/v1{path}"),
                &[("authorization", &bearer)],
                bytes,
            )
            .await;
        assert_eq!(answer.status, status, "{method} {path}: {}", answer.body);
        if answer.body.is_empty() {
            Value::Null
        } else {
            answer.json()
        }
    }

    /// Posts bytes to an address of the API as they are; the answer whatever it is.
    pub(crate) async fn raw(&self, path: &str, body: Vec<u8>) -> Answer {
        let bearer = format!("Bearer {}", self.key);
        self.send("POST", path, &[("authorization", &bearer)], body).await
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        self.api("GET", path, Value::Null, 200).await
    }

    /// Makes and starts a campaign; its id.
    pub(crate) async fn launch(&self, definition: Value) -> i64 {
        let id = self.api("POST", "/campaigns", definition, 201).await["id"]
            .as_i64()
            .unwrap();
        self.api("POST", &format!("/campaigns/{id}/start"), Value::Null, 200)
            .await;
        id
    }

    /// Asks why, and why not, about a person or a browser (`/profiles/…`, `/devices/…`).
    pub(crate) async fn why(&self, whom: &str, about: &[(&str, &str)]) -> Value {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(about);
        self.get(&format!("{whom}/why?{}", query.finish())).await
    }

    /// Faults of a definition that cannot start: fields and messages. One that cannot even be a draft answers so at once.
    pub(crate) async fn faults(&self, definition: &Value) -> Vec<(String, String)> {
        let made = self
            .raw("/api/v1/campaigns", definition.to_string().into_bytes())
            .await;
        let answer = if made.status == 201 {
            let start = format!("/api/v1/campaigns/{}/start", made.json()["id"]);
            self.raw(&start, Vec::new()).await
        } else {
            made
        };
        assert_eq!(answer.status, 422, "{definition}: {}", answer.body);
        let errors = answer.json()["error"]["errors"].clone();
        let text = |error: &Value, name: &str| error[name].as_str().unwrap_or_default().to_owned();
        errors
            .as_array()
            .unwrap()
            .iter()
            .map(|error| (text(error, "field"), text(error, "message")))
            .collect()
    }

    /// The faults of a definition name this field, and each says something.
    pub(crate) async fn refused(&self, definition: &Value, field: &str) {
        let faults = self.faults(definition).await;
        assert!(
            faults.iter().any(|(named, _)| named == field),
            "{field}: {faults:?}"
        );
        assert!(faults.iter().all(|(_, message)| message.len() > 10), "{faults:?}");
    }

    /// The server is there and does its work: a visitor gets the message that everybody gets, and it is counted.
    pub(crate) async fn works(&self) {
        assert_eq!(self.send("GET", "/readyz", &[], Vec::new()).await.status, 200);
        let event = self.id().to_string();
        let trigger = json!({"trigger": {"on": "event", "event": event}});
        let id = self.launch(popup("Still here", &trigger)).await;
        let reply = self.ring(self.id(), &[self.event(&event)]).await;
        assert_eq!(
            reply["messages"][0]["msgContent"]["title"], "Still here",
            "{reply}"
        );
        assert_eq!(self.counts(id).await["handed"], 1);
        self.api("POST", &format!("/campaigns/{id}/stop"), Value::Null, 200)
            .await;
    }

    pub(crate) async fn counts(&self, campaign: i64) -> Value {
        self.get(&format!("/campaigns/{campaign}")).await["counts"].clone()
    }

    /// Posts operations to the wire; the answer whatever it is.
    pub(crate) async fn post(&self, device: Option<Id>, ops: &[Value], more: &[(&str, Value)]) -> Answer {
        self.post_with(device, ops, more, &[]).await
    }

    /// The same with headers of the way.
    pub(crate) async fn post_with(
        &self,
        device: Option<Id>,
        ops: &[Value],
        more: &[(&str, Value)],
        headers: &[(&str, &str)],
    ) -> Answer {
        let mut body = json!({"v": 1, "account": ACCOUNT, "sdk": "web/0.1.0", "now": self.now(), "show": true, "ops": ops});
        if let Some(device) = device {
            body["device"] = json!(device);
        }
        for (name, value) in more {
            body[*name] = value.clone();
        }
        let headers = [&[("content-type", "text/plain;charset=UTF-8")], headers].concat();
        self.send("POST", "/ring", &headers, body.to_string().into_bytes())
            .await
    }

    /// Posts operations that must all be taken; the reply.
    pub(crate) async fn ring(&self, device: Id, ops: &[Value]) -> Value {
        let answer = self.post(Some(device), ops, &[]).await;
        let reply = answer.json();
        assert_eq!(answer.status, 200, "{reply}");
        assert_eq!(
            (reply["accepted"].as_u64(), &reply["refused"]),
            (Some(ops.len() as u64), &json!([])),
            "{reply}"
        );
        reply
    }

    /// Sends an event; the document of the one message that comes.
    pub(crate) async fn document(&self, device: Id, event: Value) -> Value {
        let reply = self.ring(device, &[self.op("event", event)]).await;
        reply["messages"][0]["msgContent"]["html"].clone()
    }

    /// An event with properties that the texts of its campaign, which has its name, cannot be filled with: no message, and a reason is told.
    pub(crate) async fn unfillable(&self, device: Id, name: &str, props: Value) {
        let said = props.to_string();
        let shown = self.document(device, json!({"name": name, "props": props})).await;
        assert_eq!(shown, Value::Null, "{name}: {said}");
        let about = [("event", name), ("props", said.as_str())];
        let why = self.why(&format!("/devices/{device}"), &about).await;
        let campaigns = why["campaigns"].as_array().unwrap();
        let told = campaigns.iter().find(|one| one["name"] == name).unwrap();
        let last = told["because"].as_array().unwrap().last().unwrap();
        assert_eq!(
            (&last["name"], &last["passed"]),
            (&json!("words"), &json!(false)),
            "{told}"
        );
        assert!(last["seen"].as_str().unwrap().len() > 10, "{told}");
    }

    /// Posts bytes to the wire as they are: what no well-behaved page would send.
    pub(crate) async fn ring_raw(&self, body: impl Into<Vec<u8>>) -> Answer {
        let headers = [("content-type", "text/plain")];
        self.send("POST", "/ring", &headers, body.into()).await
    }

    /// An operation of this moment.
    pub(crate) fn op(&self, op: &str, fields: Value) -> Value {
        let mut value = json!({"id": self.id(), "t": self.now(), "op": op});
        if let Value::Object(fields) = fields {
            value.as_object_mut().unwrap().extend(fields);
        }
        value
    }

    pub(crate) fn page(&self) -> Value {
        self.op("page", json!({"url": "https://shop.example.com/"}))
    }

    pub(crate) fn event(&self, name: &str) -> Value {
        self.op("event", json!({"name": name}))
    }

    pub(crate) fn login(&self, identity: &str) -> Value {
        self.op("login", json!({"identity": {"Identity": identity}}))
    }

    /// What a visitor does with a message: `view`, `click`, `close`, `return`.
    pub(crate) fn reaction(&self, op: &str, message: &Value) -> Value {
        let named = json!({"msg": message["msgId"], "impression": message["impression"]});
        self.op(op, named)
    }

    /// The person of a device or an identity (`device:…`, `Identity:…`).
    pub(crate) async fn person(&self, who: &str) -> Value {
        let found = self.get(&format!("/profiles?identity={who}")).await;
        found["profiles"].get(0).cloned().unwrap_or(Value::Null)
    }

    pub(crate) async fn device(&self, device: Id) -> Value {
        self.person(&format!("device:{device}")).await
    }

    /// Names of a person's events, oldest first.
    pub(crate) async fn events(&self, person: &Value) -> Vec<String> {
        let events = self
            .get(&format!("/profiles/{}/events?limit=1000", person["id"]))
            .await;
        events["events"]
            .as_array()
            .unwrap()
            .iter()
            .rev()
            .map(|event| event["name"].as_str().unwrap().to_owned())
            .collect()
    }

    /// Works off what is ready now.
    pub(crate) async fn work(&self) {
        while self.running.delivery.step().await.unwrap() == Step::Worked {}
    }
}

/// A pop-up for every page view, as often as it comes; `more` replaces fields of its definition.
pub(crate) fn popup(name: &str, more: &Value) -> Value {
    let mut value =
        json!({"name": name, "kind": "popup", "popup": {"title": name}, "caps": {"session": null}});
    let more = more.as_object().unwrap().clone();
    value.as_object_mut().unwrap().extend(more);
    value
}

/// A pop-up of its owner's own HTML.
pub(crate) fn own(name: &str, html: &str) -> Value {
    popup(
        name,
        &json!({"popup": {"template": "custom", "title": name, "custom": {"html": html, "layout": "box", "width": 380}}}),
    )
}

/// One request, read to its end.
pub(crate) async fn exchange<C>(
    client: &Client<C, Full<bytes::Bytes>>,
    method: &str,
    url: &str,
    headers: &[(&str, &str)],
    body: Vec<u8>,
) -> Answer
where
    C: hyper_util::client::legacy::connect::Connect + Clone + Send + Sync + 'static,
{
    let mut request = axum::http::Request::builder().method(method).uri(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = client
        .request(request.body(Full::new(body.into())).unwrap())
        .await
        .unwrap();
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    Answer {
        status: parts.status.as_u16(),
        version: parts.version,
        headers: parts.headers,
        body: String::from_utf8_lossy(&body).into_owned(),
        bytes: body,
    }
}

async fn execute(server: &str, sql: &str) {
    let (client, connection) = tokio_postgres::connect(server, tokio_postgres::NoTls)
        .await
        .unwrap();
    let connection = tokio::spawn(connection);
    client.batch_execute(sql).await.unwrap();
    drop(client);
    connection.await.unwrap().unwrap();
}
