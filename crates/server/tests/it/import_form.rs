//! The dashboard's form for a file of subscriptions: what is wrong beside the file is said, however large the file is, and nothing is half-done.
//!
//! Left out: what is in a file (`imports`), and the page as a browser has it (`e2e/import.test.mjs`). Invariant: without the form's token nothing
//! happens.

use crate::bed::{Answer, Bed};
use crate::dashboard::Person;
use crate::engines;
use crate::imports::{AUTH, IMPORTS, P256DH, endpoint};
use serde_json::{Value, json};

engines!(the_form_says_what_is_wrong_and_keeps_the_pair);

async fn send(bed: &Bed, person: &Person<'_>, fields: &[(&str, &str)], file: &[u8]) -> Answer {
    let mut body = Vec::new();
    for (name, value) in fields {
        body.extend(
            format!("--frontier\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
                .bytes(),
        );
    }
    body.extend(
        b"--frontier\r\nContent-Disposition: form-data; name=\"file\"; filename=\"old.csv\"\r\nContent-Type: text/csv\r\n\r\n",
    );
    body.extend(file);
    body.extend(b"\r\n--frontier--\r\n");
    let headers = [
        ("content-type", "multipart/form-data; boundary=frontier"),
        ("cookie", person.cookie.as_str()),
        ("accept", "text/html"),
    ];
    bed.send("POST", "/people/import", &headers, body).await
}

async fn the_form_says_what_is_wrong_and_keeps_the_pair(bed: &Bed) {
    let person = Person::administrator(bed).await;
    let token = ("csrf", person.csrf.as_str());
    let private = ("private_key", include_str!("data/vapid-pkcs8.pem"));
    let public = include_str!("data/vapid.pub").trim();
    let rows = format!("endpoint,p256dh,auth\n{},{P256DH},{AUTH}\n", endpoint("a"));
    // Many times what fits the buffers of a socket: who is cut off while sending would hear nothing.
    let large = rows.repeat(100_000);
    for (what, fields, status, words) in [
        ("no token", &[][..], 403, "form"),
        (
            "no key",
            &[token, ("private_key", "made-up")],
            422,
            "not the private key of a VAPID pair",
        ),
        (
            "no such pair",
            &[token, ("key", public)],
            422,
            "not in the key ring",
        ),
    ] {
        let answer = send(bed, &person, fields, large.as_bytes()).await;
        assert_eq!(answer.status, status, "{what}: {}", answer.body);
        assert!(answer.body.contains(words), "{what}: {}", answer.body);
    }
    assert_eq!(
        bed.get("/settings/web-push").await["keys"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    // The private key was good and the file was not: the pair is kept, and the page says so.
    let answer = send(bed, &person, &[token, private], b"name,price\nJug,20\n").await;
    assert_eq!(answer.status, 422);
    assert!(
        answer.body.contains(&format!("value=\"{public}\" selected")),
        "{}",
        answer.body
    );
    assert!(
        answer.body.contains("is in the key ring now") && !answer.body.contains("BEGIN"),
        "{}",
        answer.body
    );
    let ring = bed.get("/settings/web-push").await;
    assert_eq!(ring["keys"].as_array().unwrap().len(), 2);
    assert_ne!(
        ring["public_key"], public,
        "new subscriptions are made with the pair of before"
    );
    assert_eq!(
        bed.get(IMPORTS).await["imports"],
        json!([]),
        "nothing of the files was kept"
    );
    // With the pair that is chosen there, the right file is looked at.
    let answer = send(bed, &person, &[token, ("key", public)], rows.as_bytes()).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    let id = answer.header("location").rsplit('/').next().unwrap().to_owned();
    bed.work().await;
    let checked: Value = bed.get(&format!("{IMPORTS}/{id}")).await;
    assert_eq!(
        (&checked["state"], &checked["name"]),
        (&json!("checked"), &json!("old.csv"))
    );
    assert_eq!(checked["reachable"]["by_key"][0]["public_key"], public);
    let page = bed
        .send(
            "GET",
            &format!("/people/import/{id}"),
            &[("cookie", &person.cookie)],
            Vec::new(),
        )
        .await;
    assert!(page.body.contains("Import 1 subscription<"), "{}", page.body);
}
