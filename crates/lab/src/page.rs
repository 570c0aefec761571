//! The lab's front page: what runs, and how to start both browsers against it.
//!
//! Left out: everything that changes while one looks; the counters are those of the moment. Invariant: no script, no request to
//! anywhere.

use crate::http::Door;
use std::fmt::Write as _;

const HEAD: &str = include_str!("../assets/front-head.html");

/// The whole page.
pub(crate) fn front(door: &Door) -> String {
    let counts = door.registry.journal.counts();
    let subscriptions = door.registry.subscriptions();
    let live = subscriptions.iter().filter(|one| !one.ended()).count();
    let mut page = String::from(HEAD);
    let tiles = [
        ("Subscriptions", live as u64),
        ("Accepted", counts.accepted),
        ("Refused", counts.refused),
        ("Scripted faults", counts.faulted),
    ];
    page.push_str("<dl class=tiles>");
    for (name, number) in tiles {
        let _ = write!(page, "<div><dt>{name}</dt><dd>{number}</dd></div>");
    }
    page.push_str("</dl>");
    let firefox = escape(
        &door
            .hints
            .firefox_command("/tmp/lab-firefox", "http://localhost:8080/"),
    );
    let chromium = escape(
        &door
            .hints
            .chromium_command("/tmp/lab-chromium", "http://localhost:8080/"),
    );
    let _ = write!(
        page,
        "<h2>Start a browser against it</h2><p>Use a profile of its own, and put your page's address at the end. Pages on \
         <code>localhost</code> need no certificate.</p><h3>Firefox</h3><pre>{firefox}</pre><h3>Chromium or Chrome</h3>\
         <pre>{chromium}</pre>"
    );
    page.push_str(
        "<h2>Point a sender at it</h2><p>Endpoints carry the push services’ real names. Lead these names to the lab and trust \
         <a href=/lab/ca.pem>its certificate authority</a>:</p><table><thead><tr><th>Push host<th>Address</thead><tbody>",
    );
    for (host, address) in door.hosts.iter() {
        let _ = write!(
            page,
            "<tr><td><code>{}</code><td><code>{address}</code>",
            escape(host)
        );
    }
    let url = escape(&door.url);
    let _ = write!(
        page,
        "</tbody></table><h2>Control it</h2><table><tbody>\
         <tr><td><code>GET <a href=/lab>/lab</a></code><td>Hosts, certificate authority, browser settings, as JSON\
         <tr><td><code>GET <a href=/lab/messages>/lab/messages</a></code><td>What arrived; plaintext where a virtual browser read it\
         <tr><td><code>GET <a href=/lab/subscriptions>/lab/subscriptions</a></code><td>Who is subscribed\
         <tr><td><code>POST /lab/browsers</code><td>Subscribe virtual browsers\
         <tr><td><code>DELETE /lab/browsers</code><td>Forget every Firefox, whose subscriptions end: it gets another name and says so to its workers\
         <tr><td><code>POST /lab/faults</code><td>Let the next requests fail\
         <tr><td><code>DELETE /lab/subscriptions/&lt;token&gt;</code><td>End a subscription: 410 from then on\
         </tbody></table><pre>curl {url}/lab/faults --json '{{\"fault\": {{\"status\": {{\"code\": 429, \"retry_after\": 2}}}}, \"times\": 3}}'</pre>\
         </main></html>"
    );
    page
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
