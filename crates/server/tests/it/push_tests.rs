//! A push tried out before it goes to anybody else: to whom it goes, what its author is told, and that nothing counts it.

use crate::bed::Bed;
use crate::composer::{led_to, typed};
use crate::dashboard::Person;
use crate::engines;
use crate::faults::status;
use crate::push_plans::somebody;
use crate::push_requests::titles;
use crate::pushes::counts;
use campanile_lab::{Rule, VirtualBrowser};
use serde_json::{Value, json};

engines!(
    a_test_arrives_and_counts_nowhere,
    the_answer_of_the_push_service_is_told,
    whoever_cannot_get_a_test_is_named,
);

fn ids(location: &str) -> &str {
    let query = location.split("tests=").nth(1).expect("tests");
    query.split('#').next().expect("ids")
}

async fn told(person: &Person<'_>, location: &str) -> Value {
    let path = format!("/campaigns/push-tests.json?ids={}", ids(location));
    person.get(&path).await.json()
}

async fn a_test_arrives_and_counts_nowhere(bed: &Bed) {
    let (_, for_ada) = somebody(bed, "ada", json!({"First": "Ada"}), "en").await;
    let (_, for_ben) = somebody(bed, "ben", json!({"First": "Ben"}), "en").await;
    let person = Person::administrator(bed).await;
    let to_ada = [("then", "test"), ("test.to", "ada")];
    let sent = person.post("/campaigns", &typed(&[&to_ada])).await;
    let id = led_to(&sent);
    let location = sent.header("location").to_owned();
    assert_eq!(told(&person, &location).await[0]["state"], "waiting");
    bed.work().await;
    assert_eq!(titles(&for_ada), ["Ada, the kiln is open"]);
    assert_eq!(for_ben.count(), 0);
    let answer = told(&person, &location).await;
    assert_eq!(answer[0]["state"], "sent", "{answer}");
    let page = person.get(location.split('#').next().unwrap()).await.body;
    assert!(
        page.contains("Taken by updates.push.services.mozilla.com"),
        "{page}"
    );
    // One browser of the list, in the variant that is looked at.
    let more = [("then", "variant:add")];
    person.post(&format!("/campaigns/{id}"), &typed(&[&more])).await;
    let ben = bed.person("Identity:ben").await["subscriptions"][0]["id"].clone();
    let to_ben = [
        ("then", "test"),
        ("test.subscription", ben.as_str().unwrap()),
        ("stage.variant", "1"),
        ("experiment.variants[0].push.title", "Other words"),
    ];
    person.post(&format!("/campaigns/{id}"), &typed(&[&to_ben])).await;
    bed.work().await;
    assert_eq!(titles(&for_ben), ["Other words"]);
    assert_eq!(for_ada.count(), 1);
    // Programs can do it too.
    let asked = json!({"to": {"identity": "Identity:ben"}});
    let made = bed
        .api("POST", &format!("/campaigns/{id}/test"), asked, 202)
        .await;
    bed.work().await;
    let test = made["tests"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(bed.get(&format!("/push-tests/{test}")).await["state"], "sent");
    assert_eq!(titles(&for_ben), ["Ben, the kiln is open"]);
    assert_eq!(counts(bed, id).await, json!({}));
    let campaign = bed.get(&format!("/campaigns/{id}")).await;
    assert_eq!(campaign["status"], "draft");
    let ledger = bed.get(&format!("/campaigns/{id}/deliveries")).await;
    assert_eq!(ledger["deliveries"], json!([]), "{ledger}");
}

async fn the_answer_of_the_push_service_is_told(bed: &Bed) {
    let person = Person::administrator(bed).await;
    let refused = async |who: &str, code: u16| -> (VirtualBrowser, Value) {
        let (_, browser) = somebody(bed, who, json!({}), "en").await;
        bed.lab.add_fault(Rule::on(browser.token(), status(code), 9));
        let fields = typed(&[&[("then", "test"), ("test.to", who)]]);
        let sent = person.post("/campaigns", &fields).await;
        bed.work().await;
        (browser, told(&person, sent.header("location")).await[0].clone())
    };
    let (_, answer) = refused("ada", 500).await;
    assert_eq!(answer["state"], "failed", "{answer}");
    assert!(
        answer["words"].as_str().unwrap().starts_with("Not taken (500)"),
        "{answer}"
    );
    assert_eq!(bed.get("/subscriptions").await["total"], 1);
    let (_, answer) = refused("ben", 410).await;
    assert_eq!(answer["state"], "gone", "{answer}");
    // What a push service says of a subscription is believed.
    assert_eq!(bed.get("/subscriptions").await["total"], 1);
}

async fn whoever_cannot_get_a_test_is_named(bed: &Bed) {
    let person = Person::administrator(bed).await;
    bed.ring(bed.id(), &[bed.page(), bed.login("eve")]).await;
    for (who, why) in [
        ("nobody", "Nobody is known by this."),
        ("eve", "No browser of this person is subscribed."),
        ("", "Choose a browser, or say who gets it."),
    ] {
        let fields = typed(&[&[("then", "test"), ("test.to", who)]]);
        let refused = person.post("/campaigns", &fields).await;
        assert_eq!(refused.status, 422, "{}", refused.body);
        assert!(refused.body.contains(why), "{who}: {}", refused.body);
        assert!(refused.body.contains("No test was sent. Everything is saved."));
    }
}
