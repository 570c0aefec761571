//! Who is who: logins, merges, several devices, several people on one browser.

use crate::bed::Bed;
use crate::engines;
use serde_json::{Value, json};

engines!(
    an_anonymous_visitor_becomes_known,
    a_second_device_merges_into_the_known_person,
    a_second_person_on_one_browser_is_another,
    logout_begins_anew,
    login_in_the_first_batch,
    several_identities,
    identities_of_one_person_are_bounded,
    a_bad_profile_field_does_not_take_the_others,
    profiles_are_numbered_densely,
);

async fn an_anonymous_visitor_becomes_known(bed: &Bed) {
    let device = bed.id();
    let reply = bed
        .ring(
            device,
            &[bed.page(), bed.op("profile", json!({"set": {"Plan": "trial"}}))],
        )
        .await;
    assert_eq!(reply["identified"], false);
    let before = bed.device(device).await;
    let login = bed.op("login", json!({"identity": {"Identity": "c-1", "Email": "Customer@Example.com"}, "set": {"Name": "A. Customer"}}));
    let reply = bed.ring(device, &[login]).await;
    assert_eq!(reply["identified"], true);
    let after = bed.person("Email:customer@example.com").await;
    assert_eq!(after["id"], before["id"], "the same profile");
    assert_eq!(
        after["identities"],
        json!({"Identity": ["c-1"], "Email": ["customer@example.com"]})
    );
    assert_eq!(
        after["properties"],
        json!({"Name": "A. Customer", "Plan": "trial"})
    );
}

async fn a_second_device_merges_into_the_known_person(bed: &Bed) {
    let (phone, desk) = (bed.id(), bed.id());
    bed.ring(
        phone,
        &[
            bed.event("On the phone"),
            bed.login("c-1"),
            bed.op("profile", json!({"set": {"Name": "Known"}})),
        ],
    )
    .await;
    bed.pass(1000);
    bed.ring(
        desk,
        &[
            bed.event("At the desk"),
            bed.op("profile", json!({"set": {"Name": "Anon", "Plan": "gold"}})),
        ],
    )
    .await;
    let anonymous = bed.device(desk).await;
    bed.pass(1000);
    bed.ring(desk, &[bed.login("c-1"), bed.event("After login")])
        .await;
    let person = bed.person("Identity:c-1").await;
    assert_eq!(
        person["properties"],
        json!({"Name": "Known", "Plan": "gold"}),
        "what is known wins, gaps are filled"
    );
    assert_eq!(person["devices"].as_array().unwrap().len(), 2);
    assert_eq!(person["merged"], json!([anonymous["id"]]));
    assert_eq!(
        bed.events(&person).await,
        ["On the phone", "At the desk", "After login"]
    );
    let followed = bed.get(&format!("/profiles/{}", anonymous["id"])).await;
    assert_eq!(
        followed["id"], person["id"],
        "the old number leads to the one that is left"
    );
}

async fn a_second_person_on_one_browser_is_another(bed: &Bed) {
    let device = bed.id();
    bed.ring(device, &[bed.event("First"), bed.login("c-1")]).await;
    bed.pass(1000);
    bed.ring(device, &[bed.login("c-2"), bed.event("Second")]).await;
    bed.pass(1000);
    bed.ring(device, &[bed.login("c-1"), bed.event("First again")])
        .await;
    assert_eq!(
        bed.events(&bed.person("Identity:c-1").await).await,
        ["First", "First again"]
    );
    assert_eq!(bed.events(&bed.person("Identity:c-2").await).await, ["Second"]);
    assert_eq!(
        bed.device(device).await["identities"],
        json!({"Identity": ["c-1"]})
    );
}

async fn logout_begins_anew(bed: &Bed) {
    let device = bed.id();
    bed.ring(device, &[bed.event("Known"), bed.login("c-1")]).await;
    let reply = bed
        .ring(device, &[bed.op("logout", json!({})), bed.event("Nobody")])
        .await;
    assert_eq!(reply["identified"], false);
    assert_eq!(bed.events(&bed.person("Identity:c-1").await).await, ["Known"]);
    assert_eq!(bed.events(&bed.device(device).await).await, ["Nobody"]);
}

async fn login_in_the_first_batch(bed: &Bed) {
    bed.ring(bed.id(), &[bed.login("c-1")]).await;
    let device = bed.id();
    bed.ring(
        device,
        &[bed.event("Before"), bed.login("c-1"), bed.event("After")],
    )
    .await;
    let person = bed.person("Identity:c-1").await;
    assert_eq!(bed.events(&person).await, ["Before", "After"]);
    assert_eq!(person["devices"].as_array().unwrap().len(), 2);
}

async fn several_identities(bed: &Bed) {
    let (one, two) = (bed.id(), bed.id());
    bed.ring(
        one,
        &[bed.op(
            "login",
            json!({"identity": {"Identity": "c-1", "Email": "one@example.com"}}),
        )],
    )
    .await;
    bed.ring(
        two,
        &[bed.op("login", json!({"identity": {"Email": "two@example.com"}}))],
    )
    .await;
    // Known by e-mail only, now with an Identity of her own: the same person tells more.
    bed.ring(
        two,
        &[bed.op(
            "login",
            json!({"identity": {"Identity": "c-2", "Email": "two@example.com"}}),
        )],
    )
    .await;
    assert_eq!(
        bed.person("Identity:c-2").await["identities"],
        json!({"Identity": ["c-2"], "Email": ["two@example.com"]})
    );
    // An Identity of one and the e-mail of another: the Identity is trusted, the e-mail stays where it is, and it is said.
    let mixed = bed.op(
        "login",
        json!({"identity": {"Identity": "c-1", "Email": "two@example.com"}}),
    );
    let reply = bed.post(Some(one), &[mixed], &[]).await.json();
    assert_eq!(
        (&reply["accepted"], &reply["refused"][0]["code"]),
        (&json!(1), &json!(602))
    );
    assert_eq!(
        bed.person("Email:two@example.com").await["identities"]["Identity"],
        json!(["c-2"])
    );
    let nobody = bed.op("login", json!({"identity": {"Email": "no address"}}));
    let reply = bed.post(Some(one), &[nobody], &[]).await.json();
    assert_eq!(reply["accepted"], 0, "{reply}");
}

async fn a_bad_profile_field_does_not_take_the_others(bed: &Bed) {
    let device = bed.id();
    let set = bed.op(
        "profile",
        json!({"set": {"Name": "A", "Age": "old", "Gender": "M", "Phone": "12"}}),
    );
    let reply = bed.post(Some(device), &[set], &[]).await.json();
    assert_eq!(reply["accepted"], 1);
    let fields: Vec<&str> = reply["refused"]
        .as_array()
        .unwrap()
        .iter()
        .map(|refusal| refusal["field"].as_str().unwrap())
        .collect();
    assert_eq!(fields, ["set.Age", "set.Phone"]);
    assert_eq!(
        bed.device(device).await["properties"],
        json!({"Name": "A", "Gender": "M"})
    );
}

async fn profiles_are_numbered_densely(bed: &Bed) {
    let mut numbers = Vec::new();
    for _ in 0..20 {
        let device = bed.id();
        bed.ring(device, &[bed.page()]).await;
        numbers.push(bed.device(device).await["id"].as_u64().unwrap());
    }
    assert_eq!(numbers, (1..=20).collect::<Vec<u64>>());
    assert_eq!(bed.person("Identity:unknown").await, Value::Null);
}

async fn identities_of_one_person_are_bounded(bed: &Bed) {
    let device = bed.id();
    let login = |number: usize| {
        let email = format!("c-{number}@example.com");
        bed.op("login", json!({"identity": {"Identity": "c-1", "Email": email}}))
    };
    let logins: Vec<Value> = (0..20).map(login).collect();
    bed.ring(device, &logins).await;
    let reply = bed.post(Some(device), &[login(20), login(0)], &[]).await.json();
    assert_eq!(
        (&reply["accepted"], &reply["refused"][0]["code"]),
        (&json!(2), &json!(602)),
        "{reply}"
    );
    assert_eq!(reply["refused"].as_array().unwrap().len(), 1);
    let person = bed.person("Identity:c-1").await;
    assert_eq!(person["identities"]["Email"].as_array().unwrap().len(), 20);
}
