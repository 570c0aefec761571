//! The pages under Settings, Install, filled.
//!
//! Left out: the rules that pages keep (`samples`). Invariant: the values are fixed.

use super::{NOW, SNIPPET, shell, told};
use crate::doctor::{Finding, USUAL, Weight};
use crate::http::pages::doctor::{DoctorPage, Found};
use crate::http::pages::settings::{InstallPage, OriginsPage, Room, SeenLine};
use crate::http::pages::{Errors, Nav, Said, Shell};
use campanile_core::FieldError;

/// Every one of them, by name.
pub(super) fn pages() -> Vec<(&'static str, Box<dyn askama::DynTemplate>)> {
    let mut pages: Vec<(&'static str, Box<dyn askama::DynTemplate>)> = Vec::new();
    let mut add = |name, page: Box<dyn askama::DynTemplate>| pages.push((name, page));
    let install = |seen| InstallPage {
        room: Room::Install,
        shell: Shell {
            said: Some(Said::Saved),
            ..shell(Nav::Settings, "/settings/install")
        },
        seen,
        origins_seen: vec!["https://shop.example.com".into()],
        snippet: SNIPPET.into(),
        account: "HG-4R9-7KW-2Z6Z".into(),
        base: "https://push.example.com".into(),
        sdk_path: "/js/clevertap.min.js".into(),
        worker_path: "/sw_webpush.js".into(),
        endpoint_path: "/ring".into(),
    };
    let line = SeenLine {
        origin: "shop.example.com".into(),
        at: told().when(NOW.plus_ms(-12_000)),
        sdk: "SDK web/0.1.0".into(),
    };
    add("settings-install", Box::new(install(Some(line))));
    add("settings-install-0", Box::new(install(None)));
    let doctor = |found, errors| DoctorPage {
        room: Room::Doctor,
        shell: shell(Nav::Settings, "/settings/doctor"),
        url: "https://shop.example.com/".into(),
        worker: USUAL.into(),
        found,
        errors: Errors(errors),
    };
    let finding = |weight, what: &str, remedy: &str| Finding {
        weight,
        what: what.into(),
        remedy: remedy.into(),
    };
    let found = Found::new(
        "https://shop.example.com/".into(),
        vec![
            finding(Weight::Good, "HTTPS, or this machine: push is possible", ""),
            finding(
                Weight::Note,
                "The page names no web app manifest",
                "Only iPhone and iPad need one: there push works from the home screen only, with \"display\": \"standalone\".",
            ),
            finding(
                Weight::Wrong,
                "The Content-Security-Policy keeps the service worker out (worker-src does not allow it)",
                "Add worker-src 'self'.",
            ),
        ],
    );
    add("settings-doctor-0", Box::new(doctor(None, Vec::new())));
    add("settings-doctor", Box::new(doctor(Some(found), Vec::new())));
    let away = FieldError::new(
        "url",
        "https://shop.example.com/ cannot be reached: the host has no public address.",
    );
    add("settings-doctor-wrong", Box::new(doctor(None, vec![away])));
    let origins = |text: &str, errors| OriginsPage {
        room: Room::Origins,
        shell: shell(Nav::Settings, "/settings/origins"),
        origins: text.into(),
        name: "Harbour Goods".into(),
        zone: "Europe/Lisbon".into(),
        strangers: vec!["https://stage.example.com".into()],
        errors: Errors(errors),
    };
    add(
        "settings-origins",
        Box::new(origins("https://shop.example.com", Vec::new())),
    );
    let not_one = FieldError::new(
        "origins",
        "“shop” is not an origin. Write it like https://shop.example.com, without a path.",
    );
    add("settings-origins-wrong", Box::new(origins("shop", vec![not_one])));
    pages
}
