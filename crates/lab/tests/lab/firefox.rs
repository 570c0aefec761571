//! Firefox's side of the push protocol, spoken by a client that does what the browser was seen to do.

use crate::sender::{PATIENCE, Rig};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use campanile_core::subscription::decode;
use campanile_push::ece::BrowserKeys;
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

const CHANNEL: &str = "d9b74644-4f97-46aa-b8fa-9393985cd6cd";

struct Firefox {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    uaid: String,
}

impl Firefox {
    async fn start(rig: &Rig, uaid: Option<&str>) -> Self {
        let mut request = rig
            .lab
            .start_hints()
            .firefox
            .server_url
            .into_client_request()
            .expect("an address");
        request.headers_mut().insert(
            "sec-websocket-protocol",
            "push-notification".parse().expect("a value"),
        );
        let (socket, answer) = connect_async(request).await.expect("a connection");
        assert_eq!(answer.headers()["sec-websocket-protocol"], "push-notification");
        let mut firefox = Self {
            socket,
            uaid: String::new(),
        };
        let mut hello = json!({"messageType": "hello", "broadcasts": {}, "use_webpush": true});
        if let Some(uaid) = uaid {
            hello["uaid"] = json!(uaid);
        }
        let welcome = firefox.ask(&hello).await;
        assert_eq!(
            (&welcome["messageType"], &welcome["status"]),
            (&json!("hello"), &json!(200))
        );
        welcome["uaid"]
            .as_str()
            .expect("a uaid")
            .clone_into(&mut firefox.uaid);
        firefox
    }

    async fn say(&mut self, message: &Value) {
        self.socket
            .send(Message::text(message.to_string()))
            .await
            .expect("sent");
    }

    async fn hear(&mut self) -> Value {
        let frame = tokio::time::timeout(PATIENCE, self.socket.next())
            .await
            .expect("in time");
        let frame = frame.expect("no end").expect("no error");
        serde_json::from_str(frame.to_text().expect("text")).expect("json")
    }

    async fn ask(&mut self, message: &Value) -> Value {
        self.say(message).await;
        self.hear().await
    }

    async fn register(&mut self, key: Option<&str>) -> Value {
        let mut register = json!({"messageType": "register", "channelID": CHANNEL});
        if let Some(key) = key {
            register["key"] = json!(key);
        }
        self.ask(&register).await
    }

    async fn acknowledge(&mut self, notification: &Value) {
        let update = json!({"channelID": CHANNEL, "version": notification["version"], "code": 100});
        self.say(&json!({"messageType": "ack", "updates": [update]}))
            .await;
        // The ping comes back after the acknowledgement was read.
        assert_eq!(self.ask(&json!({})).await, json!({}));
    }
}

fn subscription(registered: &Value, keys: &BrowserKeys) -> Value {
    let (p256dh, auth) = (
        URL_SAFE_NO_PAD.encode(keys.keys().p256dh),
        URL_SAFE_NO_PAD.encode(keys.keys().auth),
    );
    json!({"endpoint": registered["pushEndpoint"], "keys": {"p256dh": p256dh, "auth": auth}})
}

fn open(notification: &Value, keys: &BrowserKeys) -> Vec<u8> {
    assert_eq!(notification["messageType"], "notification");
    assert_eq!(notification["channelID"], CHANNEL);
    assert_eq!(notification["headers"], json!({"encoding": "aes128gcm"}));
    keys.decrypt(&decode(notification["data"].as_str().expect("data")).expect("base64url"))
        .expect("it opens")
}

#[tokio::test]
async fn subscribe_receive_acknowledge_unsubscribe() {
    let rig = Rig::new().await;
    let keys = BrowserKeys::generate().expect("keys");
    let mut firefox = Firefox::start(&rig, None).await;
    let registered = firefox.register(Some(rig.key.public_key())).await;
    assert_eq!(registered["status"], 200);
    let again = firefox.register(Some(rig.key.public_key())).await;
    assert_eq!(again["pushEndpoint"], registered["pushEndpoint"], "asked twice");
    assert_eq!(rig.lab.real_browsers().len(), 1);
    let subscription = subscription(&registered, &keys);
    assert_eq!(
        rig.post(rig.message(&subscription, b"the kiln is open", 0))
            .await
            .status,
        201
    );
    let notification = firefox.hear().await;
    assert_eq!(open(&notification, &keys), b"the kiln is open");
    firefox.acknowledge(&notification).await;
    let ended = firefox
        .ask(&json!({"messageType": "unregister", "channelID": CHANNEL, "code": 200}))
        .await;
    assert_eq!(ended["status"], 200);
    assert_eq!(
        rig.post(rig.message(&subscription, b"hello", 60)).await.status,
        410
    );
}

#[tokio::test]
async fn what_is_not_acknowledged_comes_again_after_a_reconnect() {
    let rig = Rig::new().await;
    let keys = BrowserKeys::generate().expect("keys");
    let mut firefox = Firefox::start(&rig, None).await;
    let subscription = subscription(&firefox.register(Some(rig.key.public_key())).await, &keys);
    for plaintext in [b"one".as_slice(), b"two"] {
        assert_eq!(
            rig.post(rig.message(&subscription, plaintext, 60)).await.status,
            201
        );
    }
    let first = firefox.hear().await;
    assert_eq!(open(&first, &keys), b"one");
    assert_eq!(open(&firefox.hear().await, &keys), b"two");
    firefox.acknowledge(&first).await;
    let mut back = Firefox::start(&rig, Some(&firefox.uaid)).await;
    assert_eq!(back.uaid, firefox.uaid);
    assert_eq!(open(&back.hear().await, &keys), b"two");
    // The older connection is told nothing more and is closed.
    let end = tokio::time::timeout(PATIENCE, firefox.socket.next())
        .await
        .expect("in time");
    assert!(!matches!(end, Some(Ok(Message::Text(_)))), "{end:?}");
}

#[tokio::test]
async fn a_browser_that_the_lab_does_not_know_gets_a_new_name() {
    let rig = Rig::new().await;
    let firefox = Firefox::start(&rig, Some("5f0c774dac78490985e5db5dd21e2b4f")).await;
    assert_ne!(firefox.uaid, "5f0c774dac78490985e5db5dd21e2b4f");
}

#[tokio::test]
async fn a_key_that_is_none_is_refused_and_nonsense_ends_the_connection() {
    let rig = Rig::new().await;
    let mut firefox = Firefox::start(&rig, None).await;
    assert_eq!(firefox.register(Some("AAAA")).await["status"], 400);
    firefox.say(&json!({"messageType": "dance"})).await;
    let end = tokio::time::timeout(PATIENCE, firefox.socket.next())
        .await
        .expect("in time");
    assert!(!matches!(end, Some(Ok(Message::Text(_)))), "{end:?}");
}

#[tokio::test]
async fn a_subscription_without_a_key_takes_messages_without_one() {
    let rig = Rig::new().await;
    let keys = BrowserKeys::generate().expect("keys");
    let mut firefox = Firefox::start(&rig, None).await;
    let subscription = subscription(&firefox.register(None).await, &keys);
    let mut message = rig.message(&subscription, b"hello", 60);
    message.headers_mut().remove("authorization");
    assert_eq!(rig.post(message).await.status, 201);
    assert_eq!(open(&firefox.hear().await, &keys), b"hello");
}
