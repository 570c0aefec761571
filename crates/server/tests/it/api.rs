//! The JSON API: keys, errors that name the field, and an OpenAPI document that is true.

use crate::bed::Bed;
use crate::engines;
use campanile::app;
use campanile::launch::LaunchError;
use campanile_core::campaign::{Definition, Status};
use campanile_core::id::AccountId;
use serde_json::{Value, json};
use std::collections::BTreeSet;

engines!(
    keys_open_one_account,
    campaigns_from_draft_to_deleted,
    faults_name_the_field_and_the_remedy,
    the_document_lists_what_is_served,
    the_account_changes,
    changes_at_the_same_moment_are_not_lost,
    a_start_puts_kept_changes_into_force,
    a_link_shows_the_variant_that_was_asked_for,
    health_and_metrics
);

async fn keys_open_one_account(bed: &Bed) {
    let answer = bed.send("GET", "/api/v1/account", &[], Vec::new()).await;
    assert_eq!(answer.status, 401);
    let with = |key: String| async move {
        bed.send(
            "GET",
            "/api/v1/account",
            &[("authorization", &format!("Bearer {key}"))],
            Vec::new(),
        )
        .await
    };
    assert_eq!(with("cmp_made-up".into()).await.status, 401);
    let made = bed.api("POST", "/keys", json!({"name": "Second"}), 201).await;
    let key = made["key"].as_str().unwrap().to_owned();
    assert_eq!(with(key.clone()).await.json()["id"], crate::bed::ACCOUNT);
    let listed = bed.get("/keys").await;
    assert!(!listed.to_string().contains(&key), "a key is told once");
    assert_eq!(listed["keys"].as_array().unwrap().len(), 2);
    bed.api(
        "DELETE",
        &format!("/keys/{}", made["id"].as_str().unwrap()),
        Value::Null,
        204,
    )
    .await;
    assert_eq!(with(key).await.status, 401);
    bed.api("DELETE", "/keys/nonsense", Value::Null, 404).await;
}

async fn campaigns_from_draft_to_deleted(bed: &Bed) {
    let draft = bed
        .api(
            "POST",
            "/campaigns",
            json!({"name": "Half-written", "kind": "popup", "popup": {"title": ""}}),
            201,
        )
        .await;
    let id = draft["id"].as_i64().unwrap();
    assert_eq!(
        (&draft["status"], &draft["created_at"]),
        (&json!("draft"), &json!(bed.now()))
    );
    let fault = bed
        .api("POST", &format!("/campaigns/{id}/start"), Value::Null, 422)
        .await;
    assert_eq!(fault["error"]["errors"][0]["field"], "popup.title");
    let mut whole = draft.clone();
    whole["popup"]["title"] = json!("Whole");
    bed.api("PUT", &format!("/campaigns/{id}"), whole, 200).await;
    bed.api("POST", &format!("/campaigns/{id}/start"), Value::Null, 200)
        .await;
    bed.api("POST", &format!("/campaigns/{id}/start"), Value::Null, 409)
        .await;
    bed.api("DELETE", &format!("/campaigns/{id}"), Value::Null, 409)
        .await;
    let copy = bed
        .api("POST", &format!("/campaigns/{id}/duplicate"), Value::Null, 201)
        .await;
    assert_eq!(
        (copy["name"].as_str().unwrap(), copy["status"].as_str().unwrap()),
        ("Half-written, copy", "draft")
    );
    assert_ne!(copy["id"], draft["id"], "two in one second have two numbers");
    assert_eq!(
        bed.get("/campaigns?status=running").await["campaigns"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    assert_eq!(bed.get("/campaigns?kind=push").await["campaigns"], json!([]));
    bed.api("POST", &format!("/campaigns/{id}/stop"), Value::Null, 200)
        .await;
    bed.api("DELETE", &format!("/campaigns/{id}"), Value::Null, 204)
        .await;
    let gone = bed
        .api("GET", &format!("/campaigns/{id}"), Value::Null, 404)
        .await;
    assert_eq!(gone["error"]["code"], "campaign_unknown");
    let preview = bed
        .api(
            "POST",
            "/preview",
            json!({"name": "P", "kind": "popup", "popup": {"title": "<b>&"}}),
            200,
        )
        .await;
    assert!(
        preview["html"].as_str().unwrap().contains("&#60;b&#62;&#38;"),
        "{preview}"
    );
    assert_eq!(preview["bytes"], preview["html"].as_str().unwrap().len());
}

async fn faults_name_the_field_and_the_remedy(bed: &Bed) {
    let fault = async |definition: Value| -> (String, String) {
        let error = bed.api("POST", "/campaigns", definition, 422).await["error"].clone();
        (
            error["field"].as_str().unwrap().to_owned(),
            error["message"].as_str().unwrap().to_owned(),
        )
    };
    assert_eq!(fault(json!({"name": "x", "kind": "popup"})).await.0, "popup");
    let (field, message) =
        fault(json!({"name": "x", "kind": "popup", "popup": {"title": "T", "accent": "red"}})).await;
    assert!(
        field == "popup.accent" && message.contains("#2440c7"),
        "{message}"
    );
    assert_eq!(
        fault(json!({"name": "", "kind": "popup", "popup": {"title": "T"}}))
            .await
            .0,
        "name"
    );
    let (_, message) =
        fault(json!({"name": "x", "kind": "popup", "popup": {"title": "T", "tilte": "U"}})).await;
    assert!(message.contains("tilte"), "{message}");
    let bearer = format!("Bearer {}", bed.key);
    let answer = bed
        .send(
            "POST",
            "/api/v1/campaigns",
            &[("authorization", &bearer)],
            b"{".to_vec(),
        )
        .await;
    assert_eq!(
        (answer.status, answer.json()["error"]["code"].as_str().unwrap()),
        (400, "bad_request")
    );
    bed.api("GET", "/profiles", Value::Null, 400).await;
    bed.api("GET", "/profiles/4711", Value::Null, 404).await;
    bed.api("GET", "/nothing", Value::Null, 404).await;
}

async fn the_document_lists_what_is_served(bed: &Bed) {
    let document = bed.send("GET", "/api/openapi.json", &[], Vec::new()).await.json();
    assert_eq!(document["openapi"], "3.1.0");
    let mut ids = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            assert!(
                ids.insert(operation["operationId"].as_str().unwrap().to_owned()),
                "{path}: an operation id twice"
            );
            // Without a key every route answers 401: it is there, and it is closed.
            let answer = bed
                .send(
                    &method.to_uppercase(),
                    &path.replace("{id}", "1"),
                    &[],
                    Vec::new(),
                )
                .await;
            assert_eq!(answer.status, 401, "{method} {path}");
        }
    }
    assert!(ids.len() >= 20, "{ids:?}");
    // Every schema that is named is there.
    let text = document.to_string();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    for reference in text.split("#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(schemas.contains_key(name), "{name}");
    }
}

async fn the_account_changes(bed: &Bed) {
    let changed = bed
        .api(
            "PATCH",
            "/account",
            json!({"name": "Pots", "zone": "Europe/Berlin", "origins": ["https://shop.example.com/"]}),
            200,
        )
        .await;
    assert_eq!(
        (&changed["zone"], &changed["origins"]),
        (&json!("Europe/Berlin"), &json!(["https://shop.example.com"]))
    );
    let fault = bed
        .api(
            "PATCH",
            "/account",
            json!({"zone": "Mars", "origins": ["https://a.example.com/path"]}),
            422,
        )
        .await;
    let fields: Vec<&str> = fault["error"]["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["field"].as_str().unwrap())
        .collect();
    assert_eq!(fields, ["zone", "origins"]);
    assert_eq!(bed.get("/account").await["name"], "Pots");
}

async fn health_and_metrics(bed: &Bed) {
    bed.ring(bed.id(), &[bed.page()]).await;
    assert_eq!(bed.send("GET", "/healthz", &[], Vec::new()).await.body, "ok\n");
    assert_eq!(bed.send("GET", "/readyz", &[], Vec::new()).await.body, "ready\n");
    let metrics = bed.send("GET", "/metrics", &[], Vec::new()).await.body;
    assert!(
        metrics.contains("campanile_operations_accepted_total 1"),
        "{metrics}"
    );
    assert!(
        metrics.contains("campanile_http_requests_total{surface=\"wire\",status=\"200\"} 1"),
        "{metrics}"
    );
}

async fn changes_at_the_same_moment_are_not_lost(bed: &Bed) {
    // Another process closes the account to all origins but one; this one may not have heard of it.
    let here = &bed.running.app;
    let (_, _, _, there) = app::open(&here.config, here.clock.clone()).await.unwrap();
    let account = AccountId::parse(crate::bed::ACCOUNT).unwrap();
    let origins = ["https://shop.example.com".to_owned()];
    there
        .change_account(&account, None, None, Some(&origins), None)
        .await
        .unwrap();
    let renamed = bed
        .api("PATCH", "/account", json!({"name": "Renamed"}), 200)
        .await;
    assert_eq!(
        (&renamed["name"], &renamed["origins"]),
        (&json!("Renamed"), &json!(origins))
    );
    // Started and changed at once: what is told to have been kept is kept.
    for _ in 0..10 {
        let mut definition =
            Definition::parse(json!({"name": "Before", "kind": "popup", "popup": {"title": "T"}})).unwrap();
        let made = here.launch.create(&account, definition.clone()).await.unwrap();
        "After".clone_into(&mut definition.name);
        let (changed, started) = tokio::join!(
            here.launch.change(&account, made.clone(), definition),
            here.launch.start(&account, made.id)
        );
        let kept = here.launch.find(&account, made.id).await.unwrap();
        let name = if changed.is_ok() { "After" } else { "Before" };
        let status = if started.is_ok() {
            Status::Running
        } else {
            Status::Draft
        };
        assert_eq!((kept.definition.name.as_str(), kept.status), (name, status));
    }
    // Who read it before somebody else changed it is told, and changes nothing.
    let definition = |name: &str| {
        Definition::parse(json!({"name": name, "kind": "popup", "popup": {"title": "T"}})).unwrap()
    };
    let read = here
        .launch
        .create(&account, definition("As it was read"))
        .await
        .unwrap();
    let theirs = definition("Theirs");
    here.launch.change(&account, read.clone(), theirs).await.unwrap();
    let late = definition("Too late");
    let refused = [
        here.launch.change(&account, read.clone(), late.clone()).await,
        here.launch.keep_draft(&account, read.clone(), Some(late)).await,
    ];
    for refused in refused {
        assert!(matches!(refused, Err(LaunchError::Changed)), "{refused:?}");
    }
    let kept = here.launch.find(&account, read.id).await.unwrap();
    assert_eq!((kept.definition.name.as_str(), &kept.draft), ("Theirs", &None));
}

async fn a_start_puts_kept_changes_into_force(bed: &Bed) {
    let campaign = json!({"name": "Runs", "kind": "popup", "popup": {"title": "Before"}});
    let id = bed.launch(campaign.clone()).await;
    let path = format!("/campaigns/{id}");
    bed.api("POST", &format!("{path}/stop"), Value::Null, 200).await;
    let mut draft = campaign;
    draft["popup"]["title"] = json!("After");
    bed.api("PUT", &format!("{path}/draft"), draft.clone(), 200).await;
    let started = bed.api("POST", &format!("{path}/start"), Value::Null, 200).await;
    assert_eq!(
        (
            &started["popup"]["title"],
            &started["draft"],
            &started["revision"]
        ),
        (&json!("After"), &Value::Null, &json!(2))
    );
    // What is not fit to run stays beside it, and so does the campaign as it was.
    bed.api("POST", &format!("{path}/stop"), Value::Null, 200).await;
    draft["popup"]["title"] = json!("");
    bed.api("PUT", &format!("{path}/draft"), draft, 200).await;
    bed.api("POST", &format!("{path}/start"), Value::Null, 422).await;
    let kept = bed.get(&path).await;
    assert_eq!(
        (
            &kept["status"],
            &kept["popup"]["title"],
            &kept["draft"]["popup"]["title"],
            &kept["revision"]
        ),
        (&json!("stopped"), &json!("After"), &json!(""), &json!(2))
    );
}

async fn a_link_shows_the_variant_that_was_asked_for(bed: &Bed) {
    let campaign = json!({
        "name": "Two", "kind": "popup", "popup": {"title": "Of A"},
        "experiment": {"weight": 50, "variants": [{"name": "B", "weight": 50, "popup": {"title": "Of B"}}]},
    });
    let made = bed.api("POST", "/campaigns", campaign, 201).await;
    let path = format!("/campaigns/{}/links", made["id"]);
    for (variant, title) in [(json!(0), "Of A"), (json!(1), "Of B")] {
        let asked = json!({"purpose": "test", "url": "https://shop.example.com/", "variant": variant});
        let link = bed.api("POST", &path, asked, 201).await;
        let url = link["url"].as_str().unwrap();
        let token = url.split("campanile_test=").nth(1).unwrap();
        let reply = bed
            .post(Some(bed.id()), &[bed.page()], &[("test", json!(token))])
            .await
            .json();
        assert_eq!(reply["messages"][0]["msgContent"]["title"], title, "{reply}");
    }
}
