//! The dashboard over HTTP: who gets in, what a form must carry, and what a wrong one says. (Clicking through it is e2e's.)

use crate::bed::{Answer, Bed};
use crate::engines;
use serde_json::{Value, json};

engines!(
    a_link_makes_the_administrator_once,
    five_wrong_passwords_and_a_pause,
    wrong_passwords_at_the_same_moment_are_counted,
    only_one_of_the_first_links_is_used,
    a_form_needs_its_token_and_our_own_page,
    api_keys_are_told_once,
    pages_are_closed_and_their_policy_is_strict,
);

const PASSWORD: &str = "correct horse battery";

fn form(fields: &[(&str, &str)]) -> Vec<u8> {
    let mut body = url::form_urlencoded::Serializer::new(String::new());
    body.extend_pairs(fields);
    body.finish().into_bytes()
}

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

fn cookie(answer: &Answer) -> String {
    answer
        .header("set-cookie")
        .split(';')
        .next()
        .unwrap_or_default()
        .to_owned()
}

/// A signed-in browser.
pub(crate) struct Person<'a> {
    bed: &'a Bed,
    pub(crate) cookie: String,
    pub(crate) csrf: String,
}

impl<'a> Person<'a> {
    pub(crate) async fn administrator(bed: &'a Bed) -> Self {
        let token = bed.running.app.launch.create_link(None, 60_000).await.unwrap();
        let fields = form(&[("email", "admin@example.com"), ("password", PASSWORD)]);
        let answer = bed
            .send("POST", &format!("/sign-in/{token}"), &[FORM], fields)
            .await;
        assert_eq!(answer.status, 303, "{}", answer.body);
        let cookie = cookie(&answer);
        let page = bed
            .send(
                "GET",
                "/campaigns/new?kind=popup",
                &[("cookie", &cookie)],
                Vec::new(),
            )
            .await;
        let csrf = page
            .body
            .split("name=\"csrf\" value=\"")
            .nth(1)
            .and_then(|rest| rest.split('"').next())
            .unwrap()
            .to_owned();
        Self { bed, cookie, csrf }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.bed
            .send("GET", path, &[("cookie", &self.cookie)], Vec::new())
            .await
    }

    pub(crate) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let mut all = vec![("csrf", self.csrf.as_str())];
        all.extend(fields);
        self.bed
            .send("POST", path, &[FORM, ("cookie", &self.cookie)], form(&all))
            .await
    }
}

impl Person<'_> {
    /// The same as a script asks.
    pub(crate) async fn ask(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let mut all = vec![("csrf", self.csrf.as_str())];
        all.extend(fields);
        let headers = [
            FORM,
            ("cookie", self.cookie.as_str()),
            ("accept", "application/json"),
        ];
        self.bed.send("POST", path, &headers, form(&all)).await
    }
}

async fn a_link_makes_the_administrator_once(bed: &Bed) {
    let token = bed.running.app.launch.create_link(None, 60_000).await.unwrap();
    let path = format!("/sign-in/{token}");
    // Looking at a link does not use it up.
    assert_eq!(bed.send("GET", &path, &[], Vec::new()).await.status, 200);
    let weak = bed
        .send(
            "POST",
            &path,
            &[FORM],
            form(&[("email", "admin"), ("password", "short")]),
        )
        .await;
    assert_eq!(weak.status, 422);
    assert!(
        weak.body.contains("Write an e-mail address") && weak.body.contains("at least 10 characters"),
        "{}",
        weak.body
    );
    assert!(
        !weak.body.contains("value=\"short\""),
        "a password is not written back"
    );
    let good = form(&[("email", "Admin@Example.com"), ("password", PASSWORD)]);
    let answer = bed.send("POST", &path, &[FORM], good.clone()).await;
    assert_eq!((answer.status, answer.header("location")), (303, "/overview"));
    let set = answer.header("set-cookie");
    assert!(
        set.contains("HttpOnly") && set.contains("SameSite=Lax") && set.contains("Path=/"),
        "{set}"
    );
    assert_eq!(bed.send("POST", &path, &[FORM], good).await.status, 403, "once");
    let again = form(&[
        ("email", "admin@example.com"),
        ("password", PASSWORD),
        ("next", "/\t/evil.example.com"),
    ]);
    let answer = bed.send("POST", "/sign-in", &[FORM], again).await;
    assert_eq!((answer.status, answer.header("location")), (303, "/overview"));
    let cookie = cookie(&answer);
    assert_eq!(
        bed.send("GET", "/campaigns", &[("cookie", &cookie)], Vec::new())
            .await
            .status,
        200
    );
    bed.pass(15 * 24 * 3600 * 1000);
    assert_eq!(
        bed.send("GET", "/campaigns", &[("cookie", &cookie)], Vec::new())
            .await
            .status,
        303,
        "sessions end"
    );
    let late = bed.running.app.launch.create_link(None, 60_000).await.unwrap();
    bed.pass(60_001);
    assert_eq!(
        bed.send("GET", &format!("/sign-in/{late}"), &[], Vec::new())
            .await
            .status,
        403
    );
}

async fn five_wrong_passwords_and_a_pause(bed: &Bed) {
    Person::administrator(bed).await;
    let wrong = form(&[("email", "admin@example.com"), ("password", "wrong")]);
    for left in (0..5).rev() {
        let answer = bed.send("POST", "/sign-in", &[FORM], wrong.clone()).await;
        assert_eq!(answer.status, 422);
        let words = if left == 0 {
            "Wait 15 min".to_owned()
        } else {
            format!("{left} tries left")
        };
        assert!(answer.body.contains(&words), "{left}: {}", answer.body);
    }
    let right = form(&[("email", "admin@example.com"), ("password", PASSWORD)]);
    assert!(
        bed.send("POST", "/sign-in", &[FORM], right.clone())
            .await
            .body
            .contains("Too many tries")
    );
    // Somebody who is not known is told the same.
    let nobody = form(&[("email", "nobody@example.com"), ("password", PASSWORD)]);
    assert!(
        bed.send("POST", "/sign-in", &[FORM], nobody)
            .await
            .body
            .contains("E-mail and password do not match")
    );
    bed.pass(15 * 60 * 1000);
    assert_eq!(bed.send("POST", "/sign-in", &[FORM], right).await.status, 303);
}

async fn a_form_needs_its_token_and_our_own_page(bed: &Bed) {
    let person = Person::administrator(bed).await;
    let id = bed
        .launch(json!({"name": "Runs", "kind": "popup", "popup": {"title": "T"}}))
        .await;
    let path = format!("/campaigns/{id}/stop");
    let without = bed
        .send(
            "POST",
            &path,
            &[FORM, ("cookie", &person.cookie)],
            form(&[("csrf", "made-up")]),
        )
        .await;
    assert_eq!(without.status, 403);
    assert_eq!(bed.get(&format!("/campaigns/{id}")).await["status"], "running");
    assert_eq!(person.post(&path, &[]).await.status, 303);
    assert_eq!(bed.get(&format!("/campaigns/{id}")).await["status"], "stopped");
    for header in [
        ("origin", "https://evil.example.com"),
        ("sec-fetch-site", "cross-site"),
    ] {
        let fields = form(&[("email", "a"), ("password", "b")]);
        let answer = bed.send("POST", "/sign-in", &[FORM, header], fields).await;
        assert_eq!(answer.status, 403, "{header:?}");
    }
    assert_eq!(person.post("/sign-out", &[]).await.status, 303);
    assert_eq!(
        person.get("/campaigns").await.header("location"),
        "/sign-in?next=/campaigns"
    );
}

async fn api_keys_are_told_once(bed: &Bed) {
    let person = Person::administrator(bed).await;
    let path = "/settings/access/api-keys";
    let made = person.post(path, &[("name", "Warehouse")]).await;
    let key = made
        .body
        .split("cmp_")
        .nth(1)
        .map(|rest| format!("cmp_{}", &rest[..32]))
        .expect("the key is shown");
    let bearer = format!("Bearer {key}");
    assert_eq!(
        bed.send(
            "GET",
            "/api/v1/account",
            &[("authorization", &bearer)],
            Vec::new()
        )
        .await
        .status,
        200
    );
    let list = person.get(path).await;
    assert!(list.body.contains("Warehouse") && !list.body.contains(&key));
}

async fn pages_are_closed_and_their_policy_is_strict(bed: &Bed) {
    for path in [
        "/overview",
        "/campaigns",
        "/campaigns/new",
        "/settings/install",
        "/settings/origins",
        "/settings/access/api-keys",
    ] {
        assert_eq!(bed.send("GET", path, &[], Vec::new()).await.status, 303, "{path}");
    }
    let person = Person::administrator(bed).await;
    for path in [
        "/overview",
        "/campaigns",
        "/campaigns/new?kind=push",
        "/settings/install",
        "/settings/engage/channels/web-push",
    ] {
        let page = person.get(path).await;
        assert_eq!(page.status, 200, "{path}");
        let policy = page.header("content-security-policy");
        assert!(
            policy.contains("default-src 'none'")
                && policy.contains("frame-ancestors 'none'")
                && !policy.contains("unsafe"),
            "{policy}"
        );
        assert!(
            !page.body.contains(" style=") && !page.body.contains(" onclick="),
            "{path}: inline style or handler"
        );
    }
    assert_eq!(person.get("/campaigns/4711").await.status, 404);
    let none = person.get("/campaigns/nonsense").await;
    assert!(
        none.status == 404 && none.body.contains("This page is not here"),
        "{}",
        none.body
    );
    assert_eq!(person.get("/nothing").await.status, 404);
    let install = bed.get("/install").await;
    assert_eq!(install["seen"], Value::Null);
}

async fn wrong_passwords_at_the_same_moment_are_counted(bed: &Bed) {
    let wrong = form(&[("email", "admin@example.com"), ("password", "wrong")]);
    let tries = (0..12).map(|_| bed.send("POST", "/sign-in", &[FORM], wrong.clone()));
    let answers = futures_util::future::join_all(tries).await;
    let looked_at = answers
        .iter()
        .filter(|answer| !answer.body.contains("Too many tries"))
        .count();
    assert_eq!(looked_at, 5);
}

async fn only_one_of_the_first_links_is_used(bed: &Bed) {
    // Every start prints a link until there is an administrator.
    let second = bed.running.app.launch.create_link(None, 60_000).await.unwrap();
    Person::administrator(bed).await;
    let path = format!("/sign-in/{second}");
    assert_eq!(bed.send("GET", &path, &[], Vec::new()).await.status, 403);
    let fields = form(&[("email", "another@example.com"), ("password", PASSWORD)]);
    assert_eq!(bed.send("POST", &path, &[FORM], fields).await.status, 403);
}
