//! The edges of the pop-up editor: what is refused and in which form, and what must stay as it was while something beside it changes.

use crate::bed::{Answer, Bed};
use crate::dashboard::Person;
use crate::editor::{begin, step, went};
use crate::engines;
use serde_json::json;

engines!(
    a_script_is_refused_in_json_and_a_person_by_a_page,
    a_form_that_comes_back_unchanged_moves_no_moment,
    nothing_wrong_is_folded_away,
    a_refused_publish_and_the_newest_visitors_are_called_so,
    an_address_that_cannot_be_read_leads_to_a_page,
    another_picture_does_not_take_over_the_size,
    a_message_that_cannot_be_read_alone_is_told_in_a_page,
);

/// What an input of a page holds.
fn value(page: &Answer, name: &str) -> String {
    let input = format!("name=\"{name}\" value=\"");
    page.body
        .split(&input)
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .unwrap_or_else(|| panic!("{name} is not in {}", page.body))
        .to_owned()
}

fn is_page(answer: &Answer, status: u16, words: &str) {
    assert_eq!(answer.status, status, "{}", answer.body);
    assert!(
        answer.header("content-type").starts_with("text/html") && answer.body.contains(words),
        "{}",
        answer.body
    );
}

async fn a_script_is_refused_in_json_and_a_person_by_a_page(bed: &Bed) {
    let mut person = Person::administrator(bed).await;
    let id = begin(&person, "box").await;
    let (own, large) = (person.csrf.clone(), "x".repeat(600_000));
    for (csrf, path, text, status, code) in [
        ("x", step(id, "what"), "T", 403, "form_expired"),
        ("x", "/campaigns/preview".to_owned(), "T", 403, "form_expired"),
        (&own, step(id, "what"), large.as_str(), 413, "too_large"),
        (&own, step(999, "what"), "T", 404, "campaign_unknown"),
        (&own, "/campaigns/x/edit".to_owned(), "T", 404, "not_found"),
        (
            &own,
            format!("/campaigns/{id}/edit?variant=x"),
            "T",
            400,
            "bad_request",
        ),
    ] {
        csrf.clone_into(&mut person.csrf);
        let fields = [("popup.title", text), ("kind", "popup")];
        let told = person.ask(&path, &fields).await;
        assert_eq!(told.status, status, "{path}: {}", told.body);
        assert_eq!(told.json()["error"]["code"], code, "{path}");
        is_page(&person.post(&path, &fields).await, status, "oops-sign");
    }
}

async fn a_form_that_comes_back_unchanged_moves_no_moment(bed: &Bed) {
    let person = Person::administrator(bed).await;
    let zone = async |zone: &str| {
        let fields = [
            ("origins", "https://shop.example.com"),
            ("name", "Test"),
            ("zone", zone),
        ];
        went(&person.post("/settings/origins", &fields).await, "said=saved");
    };
    zone("Europe/Lisbon").await;
    // A moment between two seconds, and half past one for the second time in the night that has it twice.
    let (start, end) = (1_795_608_012_345_i64, 1_824_946_200_000_i64);
    let popup = json!({"template": "bar-countdown", "title": "T", "ends_at": end});
    let campaign =
        json!({"name": "Dated", "kind": "popup", "popup": popup, "schedule": {"start": start, "end": end}});
    let id = bed.launch(campaign).await;
    let when = person.get(&step(id, "when")).await;
    let what = person.get(&step(id, "what")).await;
    // Where the site has moved meanwhile, what was written beside the old zone means the old zone.
    for now in ["Europe/Lisbon", "Europe/Berlin"] {
        zone(now).await;
        let (from, to) = (value(&when, "schedule.start"), value(&when, "schedule.end"));
        let fields = [
            ("zone", value(&when, "zone")),
            ("schedule.start", from),
            ("schedule.end", to),
        ];
        let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
        went(&person.post(&step(id, "when"), &fields).await, "said=saved");
        let until = value(&what, "popup.ends_at");
        let fields = [("zone", value(&what, "zone")), ("popup.ends_at", until)];
        let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
        went(&person.post(&step(id, "what"), &fields).await, "said=saved");
        let kept = bed.get(&format!("/campaigns/{id}")).await;
        assert!(kept["draft"].is_null(), "{now}: {}", kept["draft"]);
    }
    // What is not accepted comes back beside the zone that it was written in.
    let (of, end) = (value(&when, "zone"), value(&when, "schedule.end"));
    let fields = [
        ("zone", of.as_str()),
        ("schedule.end", end.as_str()),
        ("caps.session", "often"),
    ];
    let again = person.post(&step(id, "when"), &fields).await;
    assert_eq!(again.status, 422, "{}", again.body);
    assert_eq!((value(&again, "zone"), value(&again, "schedule.end")), (of, end));
}

async fn nothing_wrong_is_folded_away(bed: &Bed) {
    let person = Person::administrator(bed).await;
    let id = begin(&person, "box").await;
    let open = |page: &Answer, title: &str| {
        let before = page.body.split(title).next().unwrap();
        before
            .rsplit("<details")
            .next()
            .unwrap()
            .starts_with(" class=\"fold\" open")
    };
    let second = [
        ("popup.second.label", "Not now"),
        ("popup.second.on_click.do", "url"),
        ("popup.second.on_click.url", "htps://shop.example.com"),
        ("then", "variant:add"),
    ];
    went(&person.post(&step(id, "what"), &second).await, "variant=1");
    let page = person.get(&step(id, "what")).await;
    assert!(open(&page, "<h2>Second button</h2>"), "{}", page.body);
    assert!(!open(&page, "Shares<"), "{}", page.body);
    let shares = person
        .post(&step(id, "what"), &[("experiment.weight", "half")])
        .await;
    assert!(
        shares.status == 422 && open(&shares, "Shares<"),
        "{}",
        shares.body
    );
}

async fn a_refused_publish_and_the_newest_visitors_are_called_so(bed: &Bed) {
    let person = Person::administrator(bed).await;
    bed.ring(bed.id(), &[bed.page()]).await;
    let id = bed
        .launch(json!({"name": "Runs", "kind": "popup", "popup": {"title": "Before"}}))
        .await;
    went(
        &person.post(&step(id, "what"), &[("popup.title", "")]).await,
        "said=saved",
    );
    let refused = person.post(&format!("/campaigns/{id}/publish"), &[]).await;
    went(&refused, "step=review&not=published");
    let review = person.get(refused.header("location")).await;
    is_page(&review, 200, "Not published. Everything is saved");
    is_page(&review, 200, "of the newest visitor<");
    is_page(&person.get(&step(id, "who")).await, 200, "of the newest visitor<");
}

async fn an_address_that_cannot_be_read_leads_to_a_page(bed: &Bed) {
    let person = Person::administrator(bed).await;
    let id = begin(&person, "box").await;
    let edit = format!("/campaigns/{id}/edit?variant=x");
    for path in [
        edit.as_str(),
        "/campaigns/new?kind=a&kind=b",
        "/campaigns?q=a&q=b",
        "/people?q=a&q=b",
    ] {
        is_page(&person.get(path).await, 400, "This could not be read");
    }
    let door = bed.send("GET", "/sign-in?next=/a&next=/b", &[], Vec::new()).await;
    is_page(&door, 400, "This could not be read");
    let program = bed
        .api("GET", "/campaigns?status=a&status=b", json!(null), 400)
        .await;
    assert_eq!(program["error"]["code"], "bad_request");
}

async fn another_picture_does_not_take_over_the_size(bed: &Bed) {
    let person = Person::administrator(bed).await;
    let id = begin(&person, "box").await;
    let image = async || bed.get(&format!("/campaigns/{id}")).await["popup"]["image"].clone();
    let first = [
        ("popup.image.url", "/first.png"),
        ("popup.image.size_of", "/first.png"),
        ("popup.image.width", "640"),
        ("popup.image.height", "400"),
    ];
    went(&person.post(&step(id, "what"), &first).await, "said=saved");
    assert_eq!(
        (image().await["width"].as_u64(), image().await["height"].as_u64()),
        (Some(640), Some(400))
    );
    // The page has the size in inputs that nobody sees; only the address is typed anew.
    let page = person.get(&step(id, "what")).await;
    let [of, width, height] =
        ["size_of", "width", "height"].map(|part| value(&page, &format!("popup.image.{part}")));
    let second = [
        ("popup.image.url", "/second.png"),
        ("popup.image.size_of", of.as_str()),
        ("popup.image.width", width.as_str()),
        ("popup.image.height", height.as_str()),
    ];
    went(&person.post(&step(id, "what"), &second).await, "said=saved");
    let kept = image().await;
    assert_eq!(kept["url"], "/second.png");
    assert!(
        kept["width"].as_u64().unwrap_or(0) == 0 && kept["height"].as_u64().unwrap_or(0) == 0,
        "{kept}"
    );
}

async fn a_message_that_cannot_be_read_alone_is_told_in_a_page(bed: &Bed) {
    let person = Person::administrator(bed).await;
    let id = begin(&person, "box").await.to_string();
    let look = [("kind", "popup"), ("id", id.as_str()), ("popup.title", "Alone")];
    is_page(&person.post("/campaigns/preview", &look).await, 200, "Alone");
    let wrong = [("kind", "popup"), ("id", id.as_str()), ("popup.accent", "red")];
    is_page(
        &person.post("/campaigns/preview", &wrong).await,
        422,
        "“red” is not a colour",
    );
}
