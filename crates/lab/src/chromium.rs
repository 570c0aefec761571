//! Chromium's check-in (protobuf) and registration (form) with its push service.
//!
//! Left out: the connection on which messages come (`mcs`), and checking the device's security token (loopback only).
//! Invariant: a device that comes back with its number keeps it, so its subscriptions outlive a restart of the browser.

use crate::chance;
use crate::proto::{Writer, fields};
use crate::queue::Address;
use crate::registry::Registry;
use crate::service::Service;
use campanile_core::subscription::decode;
use std::collections::HashMap;

/// Separates the parts of a registration's name; none of them can hold it.
const SEPARATOR: char = '\n';

/// Answers a check-in: the device's number and a security token.
pub(crate) fn check_in(registry: &Registry, request: &[u8]) -> Vec<u8> {
    let told = |wanted: u32| {
        fields(request)
            .find(|(field, _)| *field == wanted)
            .map_or(0, |(_, value)| value.number())
    };
    let (id, token) = (told(2), told(13));
    let (id, token) = if id == 0 || token == 0 {
        (chance::number(), chance::number())
    } else {
        (id, token)
    };
    registry.chromium(id);
    Writer::default()
        .varint(1, 1)
        .varint(3, registry.now().ms().max(0) as u64)
        .varint(9, 0)
        .fixed64(7, id)
        .fixed64(8, token)
        .finish()
}

/// Answers a registration or its end.
pub(crate) fn register(registry: &Registry, form: &[u8]) -> String {
    let form: HashMap<String, String> = form_urlencoded::parse(form).into_owned().collect();
    let field = |names: &[&str]| {
        names
            .iter()
            .find_map(|name| form.get(*name))
            .map_or("", String::as_str)
    };
    let Ok(android_id) = field(&["device"]).parse::<u64>() else {
        return "Error=INVALID_PARAMETERS".to_owned();
    };
    let (app, sender) = (field(&["app"]), field(&["sender"]));
    let subtype = field(&["X-subtype", "subtype"]);
    let device = registry.chromium(android_id);
    if field(&["delete"]) == "true" {
        let all_senders = sender.is_empty() || sender == "*";
        registry.unsubscribe_device(&device, |name| {
            let mut parts = name.split(SEPARATOR);
            let same = parts.next() == Some(app) && parts.next() == Some(subtype);
            same && (all_senders || parts.next() == Some(sender))
        });
        tracing::info!(android_id, subtype, "chromium unsubscribed");
        // A token registration wants to read `token=`, an app registration `deleted=`.
        return if form.contains_key("appid") {
            format!("token={}", field(&["appid"]))
        } else {
            format!("deleted={app}")
        };
    }
    if sender.is_empty() {
        return "Error=INVALID_SENDER".to_owned();
    }
    // A sender that is no P-256 key is the number of a legacy project: nobody can sign for it.
    let vapid = decode(sender).and_then(|bytes| <[u8; 65]>::try_from(bytes).ok());
    let name = [app, subtype, sender].join(&SEPARATOR.to_string());
    let address = Address::Chromium {
        app: app.to_owned(),
        subtype: subtype.to_owned(),
        sender: sender.to_owned(),
    };
    let subscription = registry.subscribe_device(&device, name, Service::Fcm, vapid, address);
    tracing::info!(android_id, subtype, "chromium subscribed");
    format!("token={}", subscription.token)
}
