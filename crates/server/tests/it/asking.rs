//! How questions about push look: chosen by an owner, told to pages.
//!
//! Left out: drawing (`e2e/prompts.test.mjs`). Invariant: what cannot be drawn is refused with its field, and saving one room of the settings
//! leaves the others.

use crate::bed::Bed;
use crate::dashboard::Person;
use crate::engines;
use serde_json::{Value, json};

engines!(a_look_is_kept_and_told_to_pages);

const PAGE: &str = "/settings/engage/prompts";

async fn told(bed: &Bed) -> Value {
    let reply = bed.post(Some(bed.id()), &[bed.page()], &[]).await.json();
    reply["settings"]["push"]["asking"].clone()
}

async fn a_look_is_kept_and_told_to_pages(bed: &Bed) {
    let person = Person::administrator(bed).await;
    assert_eq!(
        told(bed).await,
        Value::Null,
        "nothing is said of what nobody chose"
    );
    let caps = json!({"settings": {"caps": {"week": 6}}});
    bed.api("PATCH", "/account", caps, 200).await;

    let card = [
        ("prompts.style", "card"),
        ("prompts.position", "top-right"),
        ("prompts.theme", ""),
    ];
    let wrong = [
        ("prompts.color", "red"),
        ("prompts.icon_url", "//cdn.example.com/a.png"),
        ("prompts.worker_path", "sw.js"),
    ];
    let refused = person.post(PAGE, &[&card[..], &wrong].concat()).await;
    assert_eq!(refused.status, 422);
    for words in [
        "“red” is not a colour",
        "is not the address of a picture",
        "“sw.js” is not a path of your site",
        "value=\"card\" selected",
    ] {
        assert!(refused.body.contains(words), "{words}: {}", refused.body);
    }
    assert_eq!(told(bed).await, Value::Null);

    let right = [
        ("prompts.color", "#123456"),
        ("prompts.icon_url", "/icon.png"),
        ("prompts.worker_path", "/lib/sw.js"),
    ];
    let saved = person.post(PAGE, &[&card[..], &right].concat()).await;
    assert_eq!(saved.status, 303);
    let look = json!({"style": "card", "position": "top-right", "color": "#123456", "icon_url": "/icon.png", "worker_path": "/lib/sw.js"});
    assert_eq!(told(bed).await, look);
    let account = bed.get("/account").await;
    assert_eq!(account["settings"]["prompts"], look);
    assert_eq!(account["settings"]["caps"]["week"], 6, "the rest stays");
    let caps = person.post("/settings/engage/caps", &[("caps.week", "5")]).await;
    assert_eq!(caps.status, 303);
    assert_eq!(told(bed).await, look, "and stays the other way round");
    let page = person.get(PAGE).await;
    assert!(page.body.contains("value=\"#123456\""), "{}", page.body);
}
