//! Chromium's side: check-in, registration and the message connection, with a protobuf coder of its own so that the lab's is not
//! checked by itself.

use crate::sender::{PATIENCE, Rig, plain};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use campanile_push::ece::BrowserKeys;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

const SUBTYPE: &str = "wp:https://shop.example.com/#7B64E1E5-BD3E-4F4F-A4B5-3E5F0F7C-V2";

/// Field numbers with their values; numbers of every kind as `u64` in little-endian bytes.
type Fields = Vec<(u64, Vec<u8>)>;

fn field(number: u8, value: &[u8]) -> Vec<u8> {
    assert!(number < 16 && value.len() < 128);
    [&[number << 3 | 2, value.len() as u8], value].concat()
}

fn parse(mut bytes: &[u8]) -> Fields {
    fn varint(bytes: &mut &[u8]) -> u64 {
        let (mut value, mut shift) = (0, 0);
        loop {
            let byte = bytes[0];
            *bytes = &bytes[1..];
            value |= u64::from(byte & 127) << shift;
            shift += 7;
            if byte < 128 {
                return value;
            }
        }
    }
    let mut fields = Vec::new();
    while !bytes.is_empty() {
        let tag = varint(&mut bytes);
        let value = match tag & 7 {
            0 => varint(&mut bytes).to_le_bytes().to_vec(),
            1 => bytes.split_off(..8).expect("8 bytes").to_vec(),
            2 => {
                let length = varint(&mut bytes) as usize;
                bytes.split_off(..length).expect("its bytes").to_vec()
            }
            kind => panic!("kind {kind}"),
        };
        fields.push((tag >> 3, value));
    }
    fields
}

fn one(fields: &Fields, number: u64) -> &[u8] {
    &fields
        .iter()
        .find(|(candidate, _)| *candidate == number)
        .unwrap_or_else(|| panic!("field {number}"))
        .1
}

fn app_data(stanza: &Fields) -> Vec<(String, String)> {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("text");
    let pairs = stanza
        .iter()
        .filter(|(number, _)| *number == 7)
        .map(|(_, value)| parse(value));
    pairs
        .map(|pair| (text(one(&pair, 1)), text(one(&pair, 2))))
        .collect()
}

async fn check_in(rig: &Rig) -> u64 {
    let answer = plain(&rig.lab, "POST", "/checkin", "application/x-protobuf", &[]).await;
    assert_eq!(answer.status, 200);
    let answer = parse(&answer.bytes);
    assert_eq!(one(&answer, 1)[0], 1, "stats_ok");
    assert!(one(&answer, 8).iter().any(|byte| *byte != 0), "security token");
    u64::from_le_bytes(one(&answer, 7).try_into().expect("8 bytes"))
}

struct Chromium {
    socket: TlsStream<TcpStream>,
}

impl Chromium {
    /// Logs in; `received` names messages that it has already.
    async fn start(rig: &Rig, device: u64, received: &[&str]) -> Self {
        let mcs = rig.lab.start_hints().chromium.mcs;
        let port = mcs
            .strip_prefix("https://localhost:")
            .expect("loopback")
            .parse()
            .expect("a port");
        let socket = TcpStream::connect(("127.0.0.1", port))
            .await
            .expect("a connection");
        let mut socket = rig.trusting("localhost", socket).await;
        let device = device.to_string();
        let mut login = [
            field(1, b"chrome-156.0"),
            field(2, b"mcs.android.com"),
            field(3, device.as_bytes()),
        ]
        .concat();
        for id in received {
            login.extend(field(10, id.as_bytes()));
        }
        socket.write_u8(41).await.expect("sent");
        let mut chromium = Self { socket };
        chromium.say(2, &login).await;
        assert_eq!(chromium.socket.read_u8().await.expect("a version"), 41);
        let (tag, welcome) = chromium.hear().await;
        assert_eq!((tag, one(&welcome, 1)), (3, b"chrome-156.0".as_slice()));
        chromium
    }

    async fn say(&mut self, tag: u8, frame: &[u8]) {
        assert!(frame.len() < 128);
        self.socket
            .write_all(&[&[tag, frame.len() as u8], frame].concat())
            .await
            .expect("sent");
    }

    async fn hear(&mut self) -> (u8, Fields) {
        tokio::time::timeout(PATIENCE, async {
            let tag = self.socket.read_u8().await.expect("a tag");
            let (mut length, mut shift) = (0, 0);
            loop {
                let byte = self.socket.read_u8().await.expect("a length");
                length |= usize::from(byte & 127) << shift;
                shift += 7;
                if byte < 128 {
                    break;
                }
            }
            let mut frame = vec![0; length];
            self.socket.read_exact(&mut frame).await.expect("a frame");
            (tag, parse(&frame))
        })
        .await
        .expect("in time")
    }

    /// A heartbeat: its answer comes after everything before it was read.
    async fn beat(&mut self) {
        self.say(0, &[]).await;
        assert_eq!(self.hear().await.0, 1);
    }
}

async fn register(rig: &Rig, device: u64, more: &str) -> String {
    let subtype: String = form_urlencoded::byte_serialize(SUBTYPE.as_bytes()).collect();
    let form = format!(
        "app=org.chromium.linux&X-subtype={subtype}&device={device}&scope=GCM&X-scope=GCM&appid=fXyz&sender={}{more}",
        rig.key.public_key()
    );
    let answer = plain(
        &rig.lab,
        "POST",
        "/c2dm/register3",
        "application/x-www-form-urlencoded",
        form.as_bytes(),
    )
    .await;
    answer.body
}

fn subscription(token: &str, keys: &BrowserKeys) -> Value {
    let (p256dh, auth) = (
        URL_SAFE_NO_PAD.encode(keys.keys().p256dh),
        URL_SAFE_NO_PAD.encode(keys.keys().auth),
    );
    let endpoint = format!("https://jmt17.google.com/fcm/send/{token}");
    json!({"endpoint": endpoint, "keys": {"p256dh": p256dh, "auth": auth}})
}

#[tokio::test]
async fn check_in_register_receive_acknowledge_unsubscribe() {
    let rig = Rig::new().await;
    let keys = BrowserKeys::generate().expect("keys");
    let device = check_in(&rig).await;
    let answer = register(&rig, device, "").await;
    let token = answer.strip_prefix("token=").expect("a token").to_owned();
    assert_eq!(register(&rig, device, "").await, answer, "asked twice");
    let mut chromium = Chromium::start(&rig, device, &[]).await;
    let subscription = subscription(&token, &keys);
    assert_eq!(
        rig.post(rig.message(&subscription, b"the kiln is open", 60))
            .await
            .status,
        201
    );
    let (tag, stanza) = chromium.hear().await;
    assert_eq!(tag, 8);
    assert_eq!(one(&stanza, 3), rig.key.public_key().as_bytes());
    assert_eq!(one(&stanza, 5), b"org.chromium.linux");
    let pairs = [("subtype", SUBTYPE), ("content-encoding", "aes128gcm")];
    assert_eq!(
        app_data(&stanza),
        pairs.map(|(key, value)| (key.to_owned(), value.to_owned()))
    );
    assert_eq!(
        keys.decrypt(one(&stanza, 21)).expect("it opens"),
        b"the kiln is open"
    );
    assert_eq!(one(&stanza, 24)[0], 1, "immediate acknowledgement is asked for");
    // Stream acknowledgement of two frames: the login response and the message.
    chromium
        .say(7, &[field(7, &[8, 13]), vec![10 << 3, 2]].concat())
        .await;
    chromium.beat().await;
    let mut again = Chromium::start(&rig, device, &[]).await;
    again.beat().await;
    assert_eq!(register(&rig, device, "&delete=true").await, "token=fXyz");
    assert_eq!(
        rig.post(rig.message(&subscription, b"hello", 60)).await.status,
        410
    );
}

#[tokio::test]
async fn messages_wait_for_a_closed_browser_and_come_until_it_has_them() {
    let rig = Rig::new().await;
    let keys = BrowserKeys::generate().expect("keys");
    let device = check_in(&rig).await;
    let token = register(&rig, device, "").await.replace("token=", "");
    let subscription = subscription(&token, &keys);
    for plaintext in [b"one".as_slice(), b"two", b"three"] {
        assert_eq!(
            rig.post(rig.message(&subscription, plaintext, 60)).await.status,
            201
        );
    }
    let mut chromium = Chromium::start(&rig, device, &[]).await;
    let mut ids = Vec::new();
    for plaintext in [b"one".as_slice(), b"two", b"three"] {
        let (_, stanza) = chromium.hear().await;
        assert_eq!(keys.decrypt(one(&stanza, 21)).expect("it opens"), plaintext);
        ids.push(String::from_utf8(one(&stanza, 9).to_vec()).expect("a persistent id"));
    }
    // A selective acknowledgement of the first; the second is named at the next login.
    let selective = [vec![8, 12], field(2, &field(1, ids[0].as_bytes()))].concat();
    chromium.say(7, &field(7, &selective)).await;
    chromium.beat().await;
    let mut back = Chromium::start(&rig, device, &[&ids[1]]).await;
    let (_, stanza) = back.hear().await;
    assert_eq!(keys.decrypt(one(&stanza, 21)).expect("it opens"), b"three");
}

#[tokio::test]
async fn a_certificate_pin_is_that_of_the_certificate() {
    let rig = Rig::new().await;
    let pin = STANDARD.decode(rig.lab.spki_sha256()).expect("base64");
    assert_eq!(pin.len(), 32);
    let arguments = rig.lab.start_hints().chromium_args;
    assert!(arguments.contains(&format!(
        "--ignore-certificate-errors-spki-list={}",
        rig.lab.spki_sha256()
    )));
}

#[tokio::test]
async fn registrations_without_a_device_or_sender_are_refused() {
    let rig = Rig::new().await;
    let kind = "application/x-www-form-urlencoded";
    for (form, error) in [
        ("app=a&sender=b", "Error=INVALID_PARAMETERS"),
        ("app=a&device=5", "Error=INVALID_SENDER"),
    ] {
        assert_eq!(
            plain(&rig.lab, "POST", "/c2dm/register3", kind, form.as_bytes())
                .await
                .body,
            error
        );
    }
}
