//! The dashboard's pages that read and explain: reports, people, "why not shown", links into pages, caps of all campaigns; and what the API
//! has of the same.

use crate::bed::Bed;
use crate::dashboard::Person;
use crate::engines;
use serde_json::{Value, json};

engines!(
    people_are_found_and_their_story_is_told,
    a_report_shows_variants_and_answers,
    a_page_of_the_owner_is_opened_with_a_link,
    caps_of_all_campaigns_are_set_by_a_form,
    campaigns_are_put_away_and_taken_out,
    the_gallery_is_listed,
);

async fn people_are_found_and_their_story_is_told(bed: &Bed) {
    let owner = Person::administrator(bed).await;
    let empty = owner.get("/people").await;
    assert!(
        empty.body.contains("Whose story do you want to see?"),
        "{}",
        empty.body
    );
    bed.launch(json!({
        "name": "Sale, members", "kind": "popup", "popup": {"title": "Sale"},
        "trigger": {"on": "page", "when": {"rules": [{"is": "path", "op": "starts", "value": "/sale"}]}},
    }))
    .await;
    let device = bed.id();
    let login = bed.op(
        "login",
        json!({"identity": {"Identity": "c-1", "Email": "c@example.com"}, "set": {"Note": "<b>bold</b>"}}),
    );
    bed.ring(device, &[login, bed.page(), bed.event("Product Viewed")])
        .await;
    let id = bed.device(device).await["id"].clone();
    let to = format!("/people/{id}");
    for who in ["c-1", "C@Example.com", &device.to_string(), &format!("%23{id}")] {
        let found = owner.get(&format!("/people?q={who}")).await;
        assert_eq!(
            (found.status, found.header("location")),
            (303, to.as_str()),
            "{who}"
        );
    }
    assert!(owner.get("/people?q=nobody").await.body.contains("Nobody found"));

    let page = owner.get(&to).await;
    for words in [
        "Customer c-1",
        "c@example.com",
        "Product Viewed",
        "Why not shown",
        "Stopped at page and visit: page path starts with /sale. Seen: /.",
        "not looked at",
        "&#60;b&#62;bold",
    ] {
        assert!(page.body.contains(words), "{words} is missing: {}", page.body);
    }
    let asked = owner
        .get(&format!(
            "{to}?page=https%3A%2F%2Fshop.example.com%2Fsale&event=&props="
        ))
        .await;
    assert!(asked.body.contains("Every condition is met."), "{}", asked.body);
    let wrong = owner.get(&format!("{to}?page=sale")).await;
    assert!(wrong.body.contains("id=\"page-wrong\""), "{}", wrong.body);

    // A number that was merged leads to the one that is left.
    let other = bed.id();
    bed.ring(other, &[bed.page()]).await;
    let old = bed.device(other).await["id"].clone();
    bed.ring(other, &[bed.login("c-1")]).await;
    let moved = owner.get(&format!("/people/{old}")).await;
    assert_eq!((moved.status, moved.header("location")), (303, to.as_str()));
    for nobody in ["/people/4711", "/people/x"] {
        assert_eq!(owner.get(nobody).await.status, 404, "{nobody}");
    }
    assert_eq!(bed.send("GET", &to, &[], Vec::new()).await.status, 303, "closed");
}

async fn a_report_shows_variants_and_answers(bed: &Bed) {
    let owner = Person::administrator(bed).await;
    let campaign = bed
        .launch(json!({
            "name": "Leaving", "kind": "popup",
            "popup": {"template": "exit-question", "title": "Why?", "button": "Send",
                "field": {"ask": "choice", "options": ["Price", "Size"], "property": "Reason"}},
            "experiment": {"weight": 1, "control": 1, "variants": []}, "goal": {"event": "Charged"},
        }))
        .await;
    let path = format!("/campaigns/{campaign}");
    let before = owner.get(&path).await;
    assert!(before.body.contains("Not shown to anyone yet"), "{}", before.body);
    let mut person = Value::Null;
    for _ in 0..12 {
        let device = bed.id();
        let reply = bed.ring(device, &[bed.page()]).await;
        let message = &reply["messages"][0];
        if !message.is_null() {
            let answer =
                json!({"msg": message["msgId"], "impression": message["impression"], "answer": "Size"});
            bed.ring(device, &[bed.op("answer", answer)]).await;
            person = bed.device(device).await["id"].clone();
        }
    }
    let page = owner.get(&path).await;
    for words in [
        "Variants",
        "Sees nothing",
        "Too early: ",
        "Converted",
        "Answered",
        "Price",
    ] {
        assert!(page.body.contains(words), "{words} is missing: {}", page.body);
    }
    assert!(
        page.body.contains(&format!("href=\"/people/{person}\"")),
        "{}",
        page.body
    );
    let file = owner.get(&format!("{path}/answers.csv")).await;
    assert!(file.header("content-type").starts_with("text/csv"));
    assert!(file.header("content-disposition").contains(&campaign.to_string()));
    assert!(file.body.contains(",Size,,no\r\n"), "{}", file.body);
    let closed = bed
        .send("GET", &format!("{path}/answers.csv"), &[], Vec::new())
        .await;
    assert_eq!(closed.status, 303);
    let one = owner.get(&format!("{path}?revision=1&variant=A")).await;
    assert_eq!(one.status, 200);
}

async fn a_page_of_the_owner_is_opened_with_a_link(bed: &Bed) {
    let owner = Person::administrator(bed).await;
    let campaign = bed
        .launch(json!({"name": "Now", "kind": "popup", "popup": {"title": "Now"}}))
        .await;
    let path = format!("/campaigns/{campaign}/open");
    for (purpose, name) in [("why", "campanile_why=why.0."), ("test", "campanile_test=test.")] {
        let url = ("url", "https://shop.example.com/");
        let opening = owner.post(&path, &[("purpose", purpose), url]).await;
        assert_eq!(opening.status, 200, "{}", opening.body);
        let to = opening.header("refresh");
        assert!(
            to.starts_with("0;url=https://shop.example.com/?") && to.contains(name),
            "{to}"
        );
        assert!(opening.body.contains("Opening shop.example.com"));
    }
    let wrong = owner.post(&path, &[("purpose", "why"), ("url", "shop")]).await;
    assert_eq!((wrong.status, wrong.header("refresh")), (422, ""));
    assert!(
        wrong.body.contains("value=\"shop\"") && wrong.body.contains("id=\"url-wrong\""),
        "{}",
        wrong.body
    );
    let device = bed.id();
    bed.ring(device, &[bed.page()]).await;
    let person = bed.device(device).await["id"].clone();
    let opening = owner
        .post(
            &format!("/people/{person}/open"),
            &[("url", "https://shop.example.com/")],
        )
        .await;
    assert!(opening.header("refresh").contains("campanile_why="));
}

async fn caps_of_all_campaigns_are_set_by_a_form(bed: &Bed) {
    let owner = Person::administrator(bed).await;
    let path = "/settings/engage/caps";
    assert!(
        owner
            .get(path)
            .await
            .body
            .contains("Nothing limits all campaigns together")
    );
    let saved = owner
        .post(
            path,
            &[
                ("caps.session", "2"),
                ("caps.week", " 6 "),
                ("debug_overlay", "on"),
            ],
        )
        .await;
    assert_eq!(
        (saved.status, saved.header("location")),
        (303, "/settings/engage/caps?said=saved")
    );
    assert_eq!(
        bed.get("/account").await["settings"],
        json!({"caps": {"session": 2, "week": 6}, "debug_overlay": true})
    );
    assert!(
        owner
            .get(path)
            .await
            .body
            .contains("twice a session and 6 times a week")
    );
    for (typed, words) in [("many", "is not a number of times"), ("0", "Zero times")] {
        let wrong = owner.post(path, &[("caps.day", typed)]).await;
        assert_eq!(wrong.status, 422);
        assert!(
            wrong.body.contains(words) && wrong.body.contains(&format!("value=\"{typed}\"")),
            "{}",
            wrong.body
        );
    }
    assert_eq!(
        bed.get("/account").await["settings"]["caps"]["session"],
        2,
        "nothing was kept"
    );
    owner.post(path, &[]).await;
    let settings = bed.get("/account").await["settings"].clone();
    assert_eq!(
        (&settings["caps"]["session"], &settings["debug_overlay"]),
        (&Value::Null, &json!(false))
    );
}

async fn campaigns_are_put_away_and_taken_out(bed: &Bed) {
    let campaign = bed
        .launch(json!({"name": "Old", "kind": "popup", "popup": {"title": "Old"}}))
        .await;
    let path = format!("/campaigns/{campaign}");
    let listed = async |query: &str| {
        bed.get(&format!("/campaigns{query}")).await["campaigns"]
            .as_array()
            .unwrap()
            .len()
    };
    bed.api("POST", &format!("{path}/archive"), Value::Null, 409)
        .await;
    bed.api("POST", &format!("{path}/stop"), Value::Null, 200).await;
    let away = bed
        .api("POST", &format!("{path}/archive"), Value::Null, 200)
        .await;
    assert_eq!(away["archived_at"], bed.now());
    assert_eq!(
        (
            listed("").await,
            listed("?archived=true").await,
            listed("?archived=all").await
        ),
        (0, 1, 1)
    );
    bed.api("GET", "/campaigns?archived=yes", Value::Null, 400).await;
    let back = bed
        .api("POST", &format!("{path}/unarchive"), Value::Null, 200)
        .await;
    assert_eq!(back["archived_at"], Value::Null);
    assert_eq!(listed("").await, 1);
}

async fn the_gallery_is_listed(bed: &Bed) {
    let templates = bed.get("/templates").await["templates"].clone();
    let templates = templates.as_array().unwrap();
    assert_eq!(templates.len(), 21);
    assert_eq!(
        (&templates[0]["name"], &templates[0]["layout"]),
        (&json!("box"), &json!("box"))
    );
    assert!(
        templates[0]["slots"]
            .as_array()
            .unwrap()
            .contains(&json!("title"))
    );
    // What the description refers to is described.
    let document = bed.send("GET", "/api/openapi.json", &[], Vec::new()).await.json();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    let text = document.to_string();
    for reference in text.split("\"#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(schemas.contains_key(name), "{name} is not described");
    }
}
