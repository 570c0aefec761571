//! What is said of good sites and of bad ones.
//!
//! Left out: asking. Invariant: a good site has nothing but good findings.

use super::*;

fn answer(address: &str, kind: &str, body: &str) -> Answer {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, kind.parse().expect("a header"));
    Answer {
        address: Url::parse(address).expect("an address"),
        redirected: false,
        status: 200,
        headers,
        body: body.to_owned(),
    }
}

fn with(mut answer: Answer, name: header::HeaderName, value: &str) -> Answer {
    answer.headers.append(name, value.parse().expect("a header"));
    answer
}

fn said(findings: &[Finding]) -> String {
    findings
        .iter()
        .filter(|finding| finding.weight != Weight::Good)
        .map(|finding| format!("{:?}: {} → {}\n", finding.weight, finding.what, finding.remedy))
        .collect::<Vec<_>>()
        .concat()
}

const HOME: &str = "<html><head><script async src='https://push.example.com/js/clevertap.min.js'></script>\
                    <link rel=\"manifest\" href=/site.json></head>";

fn home() -> Answer {
    answer("https://shop.example.com/", "text/html", HOME)
}

fn sw(body: &str) -> Answer {
    answer(
        "https://shop.example.com/clevertap_sw.js",
        "text/javascript",
        body,
    )
}

const LINE: &str = "importScripts('https://push.example.com/sw_webpush.js');";

/// The findings about a worker whose imports are all there: ours from our server, something else from elsewhere.
fn of_worker(page: &Answer, one: &Answer) -> Vec<Finding> {
    let imported = imports(one).into_iter().map(|address| {
        let ours = address.host_str() == Some("push.example.com");
        let body = if ours { "/* Campanile 1 */" } else { "theirs" };
        let file = answer(address.as_str(), "text/javascript", body);
        (address, Some(file))
    });
    worker(page, one, &imported.collect::<Vec<_>>())
}

#[test]
fn a_good_site_has_nothing_wrong() {
    assert_eq!(said(&page(&home())), "");
    assert_eq!(said(&of_worker(&home(), &sw(LINE))), "");
    assert_eq!(
        manifest_address(&home()).map(String::from).as_deref(),
        Some("https://shop.example.com/site.json")
    );
    let strict = "default-src 'none'; script-src 'nonce-x'; connect-src https://push.example.com; worker-src 'self'; \
                  require-trusted-types-for 'script'; trusted-types campanile";
    assert_eq!(
        said(&page(&with(home(), header::CONTENT_SECURITY_POLICY, strict))),
        ""
    );
}

#[test]
fn each_finding_has_its_remedy() {
    let plain = answer(
        "http://shop.example.com/",
        "text/html",
        "<script>navigator.serviceWorker.register('/app.js')</script>",
    );
    let told = said(&page(&plain));
    assert!(
        told.contains("not on HTTPS")
            && told.contains("/app.js itself")
            && told.contains("Paste the snippet"),
        "{told}"
    );
    let closed = "default-src 'none'; require-trusted-types-for 'script'; trusted-types a";
    let told = said(&page(&with(home(), header::CONTENT_SECURITY_POLICY, closed)));
    for part in [
        "worker-src 'self'",
        "https://push.example.com to connect-src",
        "script-src",
        "campanile to trusted-types",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    let meta = HOME.replace(
        "<head>",
        "<head><meta http-equiv=\"Content-Security-Policy\" content=\"worker-src 'none'\">",
    );
    let told = said(&page(&answer("https://shop.example.com/", "text/html", &meta)));
    assert!(told.contains("keeps the service worker out"), "{told}");

    let told = said(&of_worker(
        &home(),
        &answer("https://shop.example.com/clevertap_sw.js", "text/html", LINE),
    ));
    assert!(
        told.contains("text/html") && told.contains("text/javascript"),
        "{told}"
    );
    let told = said(&of_worker(&home(), &sw("addEventListener('push', f)")));
    assert!(told.contains("does not import it"), "{told}");
    let late = with(
        sw(&format!("addEventListener('push', f); {LINE}")),
        header::CACHE_CONTROL,
        "public, max-age=31536000",
    );
    let told = said(&of_worker(
        &home(),
        &with(late, header::CONTENT_SECURITY_POLICY, "script-src 'none'"),
    ));
    for part in ["line first", "no-cache", "own Content-Security-Policy"] {
        assert!(told.contains(part), "{part}: {told}");
    }
    let deep = answer("https://shop.example.com/lib/sw.js", "text/javascript", LINE);
    assert!(said(&of_worker(&home(), &deep)).contains("scope is /lib/"));
    let moved = Answer {
        redirected: true,
        ..sw(LINE)
    };
    assert!(said(&of_worker(&home(), &moved)).contains("redirects"));
}

#[test]
fn ours_is_found_among_what_a_worker_imports() {
    let cdn = "importScripts('https://cdn.example.com/workbox.js');";
    for good in [
        format!("{cdn}\n{LINE}"),
        "importScripts('https://cdn.example.com/a.js', \"https://push.example.com/sw_webpush.js\")"
            .to_owned(),
        format!("/* importScripts('https://gone.example.com/x.js') */ {LINE} // importScripts(x)"),
    ] {
        assert_eq!(said(&of_worker(&home(), &sw(&good))), "", "{good}");
    }
    for bad in [
        cdn.to_owned(),
        "importScripts(WHERE)".to_owned(),
        format!("// {LINE}"),
    ] {
        let told = said(&of_worker(&home(), &sw(&bad)));
        assert!(told.contains("does not import it"), "{bad}: {told}");
    }
    let away = (
        Url::parse("https://push.example.com/sw_webpush.js").expect("an address"),
        None,
    );
    let told = said(&worker(&home(), &sw(LINE), &[away]));
    assert!(
        told.contains("cannot be reached from here") && !told.contains("does not import"),
        "{told}"
    );
}

#[test]
fn the_sites_own_origin_is_not_the_servers() {
    for (policy, wrong) in [
        ("connect-src 'self'", true),
        ("default-src 'self'; script-src 'self' 'nonce-x'", true),
        ("connect-src 'self' https://push.example.com", false),
        ("worker-src https://shop.example.com", false),
        ("worker-src https://else.example.com", true),
    ] {
        let told = said(&page(&with(home(), header::CONTENT_SECURITY_POLICY, policy)));
        assert_eq!(told.contains("Wrong"), wrong, "{policy}: {told}");
    }
}

#[test]
fn others_and_manifest() {
    assert!(other(&sw("importScripts('https://cdn.example.com/vendor.js')")).is_some());
    assert!(other(&sw(LINE)).is_none());
    assert!(other(&answer("https://shop.example.com/sw.js", "text/html", "")).is_none());
    let read = |body: &str| {
        said(&manifest(Some(&answer(
            "https://shop.example.com/m",
            "application/json",
            body,
        ))))
    };
    assert_eq!(read("{\"display\":\"standalone\"}"), "");
    let told = read("{\"gcm_sender_id\":\"1\"}");
    assert!(told.contains("“browser”") && told.contains("VAPID"), "{told}");
    assert!(read("<html>").contains("cannot be read"));
}
