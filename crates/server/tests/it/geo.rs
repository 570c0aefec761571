//! The country of a visitor: from the owner's file, with the visitor's consent only, and as the proxy tells the address.
//!
//! The databases are written here, after the MaxMind DB File Format Specification 2.0. Left out: two engines (what is kept lies in a column
//! that other tests cover on both).

use crate::bed::Bed;
use campanile::app::{self, Surroundings};
use campanile::config::{Config, Flags};
use campanile_core::id::Id;
use serde_json::{Value, json};
use std::net::Ipv4Addr;
use std::path::Path;
use tempfile::TempDir;

/// A network and its country.
type Network = (Ipv4Addr, u8, &'static str);

const NETWORKS: &[Network] = &[
    (Ipv4Addr::new(203, 0, 113, 0), 24, "PT"),
    (Ipv4Addr::new(198, 51, 100, 0), 25, "DE"),
    (Ipv4Addr::new(127, 0, 0, 0), 8, "ES"),
];

/// What a bit of an address leads to.
#[derive(Clone, Copy)]
enum Turn {
    Nowhere,
    Node(usize),
    Data(usize),
}

/// A database in which each network has `{field: {"iso_code": country}}`.
fn database(networks: &[Network], field: &str) -> Vec<u8> {
    let mut nodes = vec![[Turn::Nowhere; 2]];
    let mut data = Vec::new();
    for (address, bits, country) in networks {
        let record = data.len();
        map(&mut data, 1);
        text(&mut data, field);
        map(&mut data, 1);
        text(&mut data, "iso_code");
        text(&mut data, country);
        let mut at = 0;
        for depth in 0..*bits {
            let side = (u32::from(*address) >> (31 - depth) & 1) as usize;
            if depth + 1 == *bits {
                nodes[at][side] = Turn::Data(record);
                continue;
            }
            at = if let Turn::Node(next) = nodes[at][side] {
                next
            } else {
                nodes.push([Turn::Nowhere; 2]);
                let next = nodes.len() - 1;
                nodes[at][side] = Turn::Node(next);
                next
            };
        }
    }
    let count = nodes.len();
    let mut file = Vec::new();
    for turn in nodes.into_iter().flatten() {
        // 24 bits each; data begins 16 bytes after the tree, and those 16 are counted.
        let value = match turn {
            Turn::Nowhere => count,
            Turn::Node(next) => next,
            Turn::Data(record) => count + 16 + record,
        };
        file.extend_from_slice(&(value as u32).to_be_bytes()[1..]);
    }
    file.extend_from_slice(&[0; 16]);
    file.append(&mut data);
    file.extend_from_slice(b"\xab\xcd\xefMaxMind.com");
    map(&mut file, 9);
    for (name, kind, value) in [
        ("node_count", 6, count),
        ("record_size", 5, 24),
        ("ip_version", 5, 4),
        ("binary_format_major_version", 5, 2),
        ("binary_format_minor_version", 5, 0),
        ("build_epoch", 9, 1_772_445_600),
    ] {
        text(&mut file, name);
        number(&mut file, kind, value);
    }
    text(&mut file, "database_type");
    text(&mut file, "Test-Country");
    text(&mut file, "languages");
    file.extend_from_slice(&[0, 4]); // an empty list: extended type 11
    text(&mut file, "description");
    map(&mut file, 0);
    file
}

/// The head of a map: type 7 in the upper three bits.
fn map(out: &mut Vec<u8>, pairs: u8) {
    out.push(7 << 5 | pairs);
}

/// A text of fewer than 29 bytes: type 2, length, bytes.
fn text(out: &mut Vec<u8>, text: &str) {
    assert!(text.len() < 29, "{text}");
    out.push(2 << 5 | text.len() as u8);
    out.extend_from_slice(text.as_bytes());
}

/// A number of four bytes, or two of type 5; type 9 is written as extended: zero, then what is over 7.
fn number(out: &mut Vec<u8>, kind: u8, value: usize) {
    let bytes = (value as u32).to_be_bytes();
    let bytes = if kind == 5 { &bytes[2..] } else { &bytes[..] };
    if kind > 7 {
        out.extend_from_slice(&[bytes.len() as u8, kind - 7]);
    } else {
        out.push(kind << 5 | bytes.len() as u8);
    }
    out.extend_from_slice(bytes);
}

/// A server with the file, and the file's folder.
async fn start(trust_proxy: bool) -> (Bed, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("countries.mmdb");
    std::fs::write(&file, database(NETWORKS, "country")).unwrap();
    let bed = Bed::with(|config| {
        config.trust_proxy = trust_proxy;
        config.geo.country_file = file.display().to_string();
    })
    .await;
    (bed, folder)
}

/// A page view of `device` by the hands of proxies; the reply.
async fn visit(bed: &Bed, device: Id, forwarded: &str, before: Option<Value>) -> Value {
    let ops: Vec<Value> = before.into_iter().chain([bed.page()]).collect();
    let answer = bed
        .post_with(Some(device), &ops, &[], &[("x-forwarded-for", forwarded)])
        .await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()
}

async fn country(bed: &Bed, device: Id) -> String {
    let person = bed.device(device).await;
    person["devices"][0]["country"].as_str().unwrap().to_owned()
}

fn campaign(country: &str) -> Value {
    json!({
        "name": "Only there", "kind": "popup", "popup": {"title": "Olá", "text": "The kiln is open."}, "caps": {"session": null},
        "audience": {"rules": [{"is": "country", "value": country}]},
    })
}

fn messages(reply: &Value) -> usize {
    reply["messages"].as_array().unwrap().len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_country_decides_and_is_kept_with_consent_only() {
    let (bed, _folder) = start(true).await;
    bed.launch(campaign("PT")).await;
    let consent = |yes: bool| Some(bed.op("privacy", json!({"useIP": yes})));
    let (porto, berlin, shy) = (bed.id(), bed.id(), bed.id());

    // What the proxy wrote stands last; before it stands whatever the browser claimed.
    let reply = visit(&bed, porto, "198.51.100.9, 203.0.113.7", consent(true)).await;
    assert_eq!(messages(&reply), 1, "{reply}");
    assert_eq!(country(&bed, porto).await, "PT");
    let reply = visit(&bed, berlin, "203.0.113.7, 198.51.100.9", consent(true)).await;
    assert_eq!(messages(&reply), 0, "{reply}");
    assert_eq!(country(&bed, berlin).await, "DE");
    let reply = visit(&bed, shy, "203.0.113.7", None).await;
    assert_eq!(messages(&reply), 0, "{reply}");
    assert_eq!(country(&bed, shy).await, "");

    // Consent lasts until it is taken back, and follows the visitor to another country.
    let reply = visit(&bed, berlin, "203.0.113.8", None).await;
    assert_eq!(messages(&reply), 1, "{reply}");
    assert_eq!(messages(&visit(&bed, porto, "203.0.113.7", None).await), 1);
    for nowhere in ["192.0.2.1", "nonsense", "203.0.113.7, "] {
        assert_eq!(messages(&visit(&bed, porto, nowhere, None).await), 0, "{nowhere}");
        assert_eq!(country(&bed, porto).await, "");
    }
    assert_eq!(messages(&visit(&bed, porto, "203.0.113.7:4711", None).await), 1);
    let reply = visit(&bed, porto, "203.0.113.7", consent(false)).await;
    assert_eq!(messages(&reply), 0, "{reply}");
    assert_eq!(country(&bed, porto).await, "");
    let person = bed.device(porto).await;
    let events = bed
        .get(&format!("/profiles/{}/events?limit=1000", person["id"]))
        .await;
    for kept in [person, events] {
        assert!(!kept.to_string().contains("203.0.113"), "{kept}");
    }
    bed.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_proxy_the_connection_counts() {
    let (bed, _folder) = start(false).await;
    bed.launch(campaign("ES")).await;
    let device = bed.id();
    let consent = bed.op("privacy", json!({"useIP": true}));
    let reply = visit(&bed, device, "203.0.113.7", Some(consent)).await;
    assert_eq!(messages(&reply), 1, "{reply}");
    assert_eq!(country(&bed, device).await, "ES");
    bed.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_file_is_read_again_and_a_bad_one_is_not() {
    let (bed, folder) = start(true).await;
    let file = folder.path().join("countries.mmdb");
    let device = bed.id();
    let of = async |bed: &Bed| {
        let consent = bed.op("privacy", json!({"useIP": true}));
        visit(bed, device, "203.0.113.7", Some(consent)).await;
        country(bed, device).await
    };
    assert_eq!(of(&bed).await, "PT");
    let moved = [(Ipv4Addr::new(203, 0, 113, 0), 24, "FR")];
    std::fs::write(&file, database(&moved, "country")).unwrap();
    bed.pass(59_000);
    assert_eq!(of(&bed).await, "PT", "looked at no more than once a minute");
    bed.pass(1_000);
    assert_eq!(of(&bed).await, "FR");
    std::fs::write(&file, "half a file").unwrap();
    bed.pass(60_000);
    assert_eq!(of(&bed).await, "FR", "the last good file stays");
    std::fs::remove_file(&file).unwrap();
    bed.pass(60_000);
    assert_eq!(of(&bed).await, "FR");
    std::fs::write(&file, database(NETWORKS, "country")).unwrap();
    bed.pass(60_000);
    assert_eq!(of(&bed).await, "PT");
    bed.end().await;
}

#[tokio::test]
async fn a_file_that_is_none_stops_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let refused = async |name: &str, bytes: Option<&[u8]>| {
        let file = folder.path().join(name);
        if let Some(bytes) = bytes {
            std::fs::write(&file, bytes).unwrap();
        }
        let fault = begin(folder.path(), &file).await.unwrap_err();
        assert!(
            fault.contains("geo.country_file") && fault.contains(name),
            "{fault}"
        );
        fault
    };
    let good = database(NETWORKS, "country");
    assert!(refused("missing.mmdb", None).await.contains("cannot be read"));
    assert!(refused("text.mmdb", Some(b"PT")).await.contains("damaged"));
    assert!(
        refused("half.mmdb", Some(&good[..good.len() / 2]))
            .await
            .contains("damaged")
    );
    let cut = [&good[good.len() / 2..]].concat();
    assert!(refused("end.mmdb", Some(&cut)).await.contains("damaged"));
    let other = database(NETWORKS, "continent");
    assert!(refused("other.mmdb", Some(&other)).await.contains("no country"));
    let file = folder.path().join("good.mmdb");
    std::fs::write(&file, good).unwrap();
    begin(folder.path(), &file).await.unwrap();
}

/// Starts and stops a server with this file.
async fn begin(folder: &Path, file: &Path) -> Result<(), String> {
    let flags = Flags {
        listen: Some("127.0.0.1:0".into()),
        data: Some(folder.join("data")),
        ..Flags::default()
    };
    let mut config = Config::load(None, [], &flags).unwrap();
    config.geo.country_file = file.display().to_string();
    match app::start(config, Surroundings::default()).await {
        Ok(running) => {
            running.stop().await.unwrap();
            Ok(())
        }
        Err(fault) => Err(format!("{fault:#}")),
    }
}
