//! Settings > Install > Check a page: what is looked at, and what is refused.
//!
//! Left out: what a real site gets to hear (`e2e/worker.test.mjs`) and the judging (`doctor/look`). Invariant: no one who signs in makes the
//! server ask an address that is not the owner's, or one of its own network.

use crate::bed::Bed;
use crate::dashboard::Person;
use crate::engines;
use serde_json::json;
use std::net::TcpListener;

engines!(only_pages_of_the_owner_and_none_of_the_servers_network);

const PAGE: &str = "/settings/doctor";

async fn only_pages_of_the_owner_and_none_of_the_servers_network(bed: &Bed) {
    let person = Person::administrator(bed).await;
    let first = person.get(PAGE).await;
    assert!(first.body.contains("/clevertap_sw.js"), "{}", first.body);

    // Somebody listens there, and nobody may call.
    let inside = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = inside.local_addr().expect("an address").port();
    let (named, bare) = (
        format!("http://inside.localhost:{port}"),
        format!("http://127.0.0.1:{port}"),
    );
    let origins = json!({"origins": ["https://shop.example.com", named, bare]});
    bed.api("PATCH", "/account", origins, 200).await;
    inside.set_nonblocking(true).expect("a socket that does not wait");
    for (url, worker, words) in [
        ("https://else.example.com/", "", "is not an origin of this site"),
        ("shop", "", "is not the address of a page"),
        ("", "", "Write the address of a page of yours"),
        (&format!("{named}/"), "", "cannot be reached"),
        (&format!("{bare}/"), "", "it is a private address"),
        (
            "https://shop.example.com/",
            "https://else.example.com/w.js",
            "a file of the same site",
        ),
    ] {
        let answer = person.post(PAGE, &[("url", url), ("worker", worker)]).await;
        assert_eq!(answer.status, 422, "{url} {worker}");
        assert!(answer.body.contains(words), "{url} {worker}: {}", answer.body);
    }
    let nobody = inside.accept().expect_err("nobody called");
    assert_eq!(nobody.kind(), std::io::ErrorKind::WouldBlock);
}
