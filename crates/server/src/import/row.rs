//! What a row of an import says: names of columns, the browser's own JSON shape, and every check of one subscription.
//!
//! Whether an endpoint is believed and a key is one is judged by the code that judges what browsers send (`core::subscription`, `push::ece`).
//! Left out: cutting a file into rows (`file`), and whatever needs the store. Invariant: an optional field never takes the row with it.

use super::file;
use super::reason::{Fault, Reason};
use campanile_core::FieldError;
use campanile_core::event::Notice;
use campanile_core::id::Id;
use campanile_core::profile::{self, Identity, IdentityKind};
use campanile_core::subscription::{Endpoint, Keys, PushHosts, decode};
use campanile_core::time::Timestamp;
use campanile_core::wire;
use campanile_push::ece;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Every column that is read, and what else it may be called.
const COLUMNS: &[(&str, &[&str])] = &[
    ("endpoint", &["subscription_endpoint", "push_endpoint"]),
    ("p256dh", &["keys.p256dh", "keys_p256dh", "p256dh_key"]),
    ("auth", &["keys.auth", "keys_auth", "auth_key", "auth_secret"]),
    (
        "vapid_public_key",
        &["application_server_key", "applicationserverkey", "vapid_key"],
    ),
    ("state", &[]),
    ("reason", &[]),
    (
        "identity",
        &["external_id", "external_user_id", "user_id", "customer_id"],
    ),
    ("email", &["e_mail", "email_address"]),
    ("phone", &["phone_number"]),
    ("name", &[]),
    ("properties", &[]),
    ("topics", &["tags"]),
    ("language", &["lang", "locale"]),
    ("zone", &["timezone", "time_zone"]),
    ("browser", &[]),
    ("system", &["os", "operating_system"]),
    ("opt_out", &[]),
    ("device", &[]),
    ("created_at", &["created", "subscribed_at"]),
    ("changed_at", &[]),
    ("seen_at", &["last_seen", "last_active", "last_seen_at"]),
    ("device_token", &["devicetoken", "safari_token"]),
];

/// A row on its way from the file to its piece of work.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Line {
    /// Its number, the header counted.
    pub(super) number: u32,
    /// What it says, by the names of columns.
    pub(super) given: Map<String, Value>,
    /// What was wrong with it before anything was looked up.
    pub(super) fault: Option<(Reason, String)>,
}

/// A subscription that may be taken.
#[derive(Debug, Clone)]
pub(super) struct Row {
    /// Number of the row.
    pub(super) number: u32,
    /// Where its push service takes messages.
    pub(super) endpoint: Endpoint,
    /// Its keys.
    pub(super) keys: Keys,
    /// Multiples of its public key.
    pub(super) multiples: Vec<u8>,
    /// The VAPID pair that it was made with.
    pub(super) vapid_key: Id,
    /// `live`, `aside` or `gone`.
    pub(super) state: String,
    /// Why it is not live.
    pub(super) reason: String,
    /// By what the person is known, most trusted first.
    pub(super) identities: Vec<Identity>,
    /// Properties of the person.
    pub(super) properties: Map<String, Value>,
    /// What the visitor chose to hear of.
    pub(super) topics: Vec<String>,
    /// Language, zone, browser, system.
    pub(super) language: String,
    /// IANA zone.
    pub(super) zone: String,
    /// Browser family.
    pub(super) browser: String,
    /// Operating system.
    pub(super) system: String,
    /// The person does not want to be followed.
    pub(super) opt_out: bool,
    /// The browser's id where it came from.
    pub(super) device: Option<Id>,
    /// When it was made.
    pub(super) created_at: Option<Timestamp>,
    /// When it last changed.
    pub(super) changed_at: Option<Timestamp>,
    /// When its browser was last seen.
    pub(super) seen_at: Option<Timestamp>,
}

/// What rows are judged by.
pub(super) struct Rules<'a> {
    /// The push hosts that are believed.
    pub(super) hosts: &'a PushHosts,
    /// The key ring: public keys and ids.
    pub(super) ring: &'a [(String, Id)],
    /// The pair of rows that name none.
    pub(super) named: Option<Id>,
    /// Nothing is younger.
    pub(super) now: Timestamp,
}

fn plain(name: &str) -> String {
    name.trim().to_ascii_lowercase().replace([' ', '-'], "_")
}

fn column(name: &str) -> Option<&'static str> {
    let name = plain(name);
    COLUMNS
        .iter()
        .find(|(column, others)| *column == name || others.contains(&name.as_str()))
        .map(|(column, _)| *column)
}

/// The header of a CSV file.
#[derive(Debug, Clone)]
pub(super) struct Header {
    between: char,
    columns: Vec<Option<&'static str>>,
    /// Columns that nothing here reads.
    pub(super) ignored: Vec<String>,
}

impl Header {
    /// Reads it, or says which column is missing.
    pub(super) fn read(text: &str) -> Result<Self, FieldError> {
        let between = file::separator(text);
        let names = file::cells(text, between);
        let columns: Vec<_> = names.iter().map(|name| column(name)).collect();
        let told = || {
            let names: Vec<String> = names
                .iter()
                .take(20)
                .map(|name| format!("“{}”", short(name)))
                .collect();
            names.join(", ")
        };
        let has = |wanted: &str| columns.iter().flatten().any(|column| *column == wanted);
        for wanted in ["endpoint", "p256dh", "auth"] {
            if !has(wanted) && !has("device_token") {
                let message = format!(
                    "The header has no column “{wanted}”. Its columns are: {}. Name the columns in the first row: endpoint, p256dh, auth, vapid_public_key and whatever else there is.",
                    told()
                );
                return Err(FieldError::new("file", message));
            }
        }
        for (index, column) in columns.iter().enumerate() {
            if let Some(column) = column
                && columns[..index].contains(&Some(*column))
            {
                let message = format!(
                    "Two columns of the header mean “{column}”. Its columns are: {}. Leave one of them out.",
                    told()
                );
                return Err(FieldError::new("file", message));
            }
        }
        let unread = names.iter().zip(&columns).filter(|(_, column)| column.is_none());
        let ignored = unread
            .map(|(name, _)| short(name))
            .filter(|name| !name.is_empty());
        Ok(Self {
            between,
            ignored: ignored.take(50).collect(),
            columns,
        })
    }

    /// What a row of the file says.
    pub(super) fn given(&self, text: &str) -> Result<Map<String, Value>, Fault> {
        let cells = file::cells(text, self.between);
        if cells.len() != self.columns.len() {
            let message = format!(
                "This row has {} cells, the header {}.",
                cells.len(),
                self.columns.len()
            );
            return Err(Fault::new("", Reason::Cells, message));
        }
        let named = self.columns.iter().zip(cells);
        let given = named.filter_map(|(column, cell)| {
            let cell = unguarded(cell.trim());
            column
                .filter(|_| !cell.is_empty())
                .map(|column| (column.to_owned(), Value::String(cell.to_owned())))
        });
        Ok(given.collect())
    }
}

/// A cell without the quote that keeps spreadsheets from taking it for a formula.
fn unguarded(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if rest.starts_with(['=', '+', '-', '@', '\t', '\r', '\'']) => rest,
        _ => cell,
    }
}

/// What a line of JSON says. The browser's `PushSubscription.toJSON()` may stand in it as it is, or as `subscription`.
pub(super) fn from_json(text: &str) -> Result<Map<String, Value>, Fault> {
    let object: Map<String, Value> = serde_json::from_str(text).map_err(|fault| {
        let place = format!("at character {}", fault.column());
        let message = if fault.is_data() {
            "This line is JSON, but no object.".to_owned()
        } else {
            format!("This line cannot be read as JSON {place}.")
        };
        Fault::new("", Reason::Json, message)
    })?;
    let mut given = Map::new();
    let mut add = |name: &str, value: &Value| {
        if let Some(column) = column(name)
            && !value.is_null()
            && value.as_str() != Some("")
        {
            given.entry(column).or_insert_with(|| value.clone());
        }
    };
    for (name, value) in &object {
        match (plain(name).as_str(), value) {
            ("keys", Value::Object(keys)) => keys.iter().for_each(|(name, value)| add(name, value)),
            ("subscription", Value::Object(inner)) => {
                for (name, value) in inner {
                    match value {
                        Value::Object(keys) if name == "keys" => {
                            keys.iter().for_each(|(name, value)| add(name, value));
                        }
                        value => add(name, value),
                    }
                }
            }
            _ => add(name, value),
        }
    }
    Ok(given)
}

fn short(text: &str) -> String {
    let signs = text.trim().chars().filter(|sign| !sign.is_control());
    signs.take(64).collect()
}

fn words(given: &Map<String, Value>, name: &str) -> String {
    match given.get(name) {
        Some(Value::String(text)) => text.trim().to_owned(),
        Some(Value::Number(number)) => number.to_string(),
        Some(Value::Bool(true)) => "yes".to_owned(),
        _ => String::new(),
    }
}

/// A field that may hold several: a list, JSON of one, or one alone.
fn several(given: &Map<String, Value>, name: &str) -> Vec<Value> {
    match given.get(name) {
        Some(Value::Array(list)) => list.clone(),
        Some(Value::String(text)) if text.trim_start().starts_with('[') => {
            serde_json::from_str(text).unwrap_or_else(|_| vec![Value::String(text.clone())])
        }
        Some(value) => vec![value.clone()],
        None => Vec::new(),
    }
}

/// Milliseconds or seconds since 1970, or RFC 3339; without a zone it is UTC.
fn moment(text: &str, now: Timestamp) -> Option<Timestamp> {
    let at = if let Ok(number) = text.parse::<i64>() {
        // Seconds of this century have ten digits.
        if number.unsigned_abs() < 100_000_000_000 {
            number.checked_mul(1000)?
        } else {
            number
        }
    } else if let Ok(moment) = text.parse::<jiff::Timestamp>() {
        moment.as_millisecond()
    } else {
        let civil = text.parse::<jiff::civil::DateTime>().ok()?;
        civil
            .to_zoned(jiff::tz::TimeZone::UTC)
            .ok()?
            .timestamp()
            .as_millisecond()
    };
    (at > 0 && at <= now.ms() + 24 * 3600 * 1000).then(|| Timestamp(at.min(now.ms())))
}

/// The browser family that a push service's host speaks of.
fn family(host: &str) -> &'static str {
    match host {
        host if host.ends_with("push.services.mozilla.com") => "Firefox",
        host if host.ends_with("push.apple.com") => "Safari",
        host if host.ends_with("notify.windows.com") => "Edge",
        _ => "Chrome",
    }
}

fn endpoint(text: &str, rules: &Rules<'_>) -> Result<Endpoint, Fault> {
    let wrong = |reason, message: &str| Err(Fault::new("endpoint", reason, message));
    if text.is_empty() {
        return wrong(Reason::Endpoint, "There is no endpoint.");
    }
    if text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return wrong(
            Reason::SafariToken,
            "This is a device token of Safari, not an endpoint.",
        );
    }
    if !text.contains("://") && text.contains(":APA91") {
        return wrong(
            Reason::FcmToken,
            "This is a registration token of the FCM SDK, not an endpoint.",
        );
    }
    if !text.starts_with("https://") {
        return wrong(Reason::Endpoint, "The endpoint does not begin with https://.");
    }
    Endpoint::parse(text, rules.hosts).map_err(|fault| match url::Url::parse(text) {
        Ok(url) if !rules.hosts.allows(&url) => {
            let host = short(url.host_str().unwrap_or_default());
            let port = url.port().map_or_else(String::new, |port| format!(":{port}"));
            let message = format!("“{host}{port}” is not a known push service.");
            Fault::new("endpoint", Reason::Host, message)
        }
        _ => Fault::new("endpoint", Reason::Endpoint, fault.message),
    })
}

fn key(given: &Map<String, Value>, rules: &Rules<'_>) -> Result<Id, Fault> {
    let wrong = |reason, message: String| Err(Fault::new("vapid_public_key", reason, message));
    let text = words(given, "vapid_public_key");
    if text.is_empty() {
        return match rules.named {
            Some(id) if rules.ring.iter().any(|(_, known)| *known == id) => Ok(id),
            Some(_) => wrong(
                Reason::KeyUnknown,
                "The VAPID pair that was chosen for this file is not in the key ring any more.".to_owned(),
            ),
            None => wrong(
                Reason::KeyMissing,
                "It is not said with which VAPID pair this subscription was made.".to_owned(),
            ),
        };
    }
    let same =
        |public: &str| decode(public).is_some_and(|known| decode(&text).is_some_and(|told| told == known));
    let found = rules.ring.iter().find(|(public, _)| same(public));
    if let Some((_, id)) = found {
        return Ok(*id);
    }
    let begin: String = text.chars().take(12).collect();
    let message =
        format!("This subscription was made with the VAPID pair {begin}…, which is not in the key ring.");
    wrong(Reason::KeyUnknown, message)
}

impl Row {
    /// Judges a line. What is wrong with optional fields comes beside the row.
    pub(super) fn read(line: &Line, rules: &Rules<'_>) -> Result<(Self, Vec<Fault>), Fault> {
        if let Some((reason, message)) = &line.fault {
            let field = if *reason == Reason::Duplicate {
                "endpoint"
            } else {
                ""
            };
            return Err(Fault::new(field, *reason, message.clone()));
        }
        let given = &line.given;
        if given.contains_key("device_token") && !given.contains_key("endpoint") {
            let message = "This row has a device token of Safari and no endpoint.";
            return Err(Fault::new("device_token", Reason::SafariToken, message));
        }
        let endpoint = endpoint(&words(given, "endpoint"), rules)?;
        let keys = Keys::parse(&words(given, "p256dh"), &words(given, "auth")).map_err(|fault| {
            if fault.field.ends_with("auth") {
                Fault::new("auth", Reason::Auth, fault.message)
            } else {
                Fault::new("p256dh", Reason::P256dh, fault.message)
            }
        })?;
        let multiples = ece::multiples(&keys)
            .map_err(|_| Fault::new("p256dh", Reason::P256dh, "The key is not a point of P-256."))?;
        let vapid_key = key(given, rules)?;
        let state = match words(given, "state").to_ascii_lowercase() {
            state if state.is_empty() => "live".to_owned(),
            state if matches!(state.as_str(), "live" | "aside" | "gone") => state,
            state => {
                let message = format!("“{}” is no state of a subscription.", short(&state));
                return Err(Fault::new("state", Reason::State, message));
            }
        };
        let mut faults = Vec::new();
        let identities = identities(given, &mut faults);
        let properties = properties(given, &identities, &mut faults);
        let topics = several(given, "topics");
        let topics = match topics.as_slice() {
            [Value::String(one)] => one.split([',', ';', '|']).map(str::to_owned).collect(),
            list => list
                .iter()
                .filter_map(|topic| topic.as_str().map(str::to_owned))
                .collect(),
        };
        let mut time = |name: &'static str| {
            let text = words(given, name);
            let at = moment(&text, rules.now);
            if at.is_none() && !text.is_empty() {
                let message = format!("“{}” is no moment, or lies ahead.", short(&text));
                faults.push(Fault::new(name, Reason::Moment, message));
            }
            at
        };
        let (created_at, changed_at, seen_at) = (time("created_at"), time("changed_at"), time("seen_at"));
        let browser = match short(&words(given, "browser")) {
            browser if browser.is_empty() => family(&endpoint.host()).to_owned(),
            browser => browser,
        };
        let row = Self {
            number: line.number,
            keys,
            multiples,
            vapid_key,
            state,
            reason: words(given, "reason")
                .chars()
                .filter(|sign| !sign.is_control())
                .take(300)
                .collect(),
            identities,
            properties,
            topics: wire::topics(topics),
            language: short(&words(given, "language")),
            zone: short(&words(given, "zone")),
            browser,
            system: short(&words(given, "system")),
            opt_out: matches!(
                words(given, "opt_out").to_ascii_lowercase().as_str(),
                "yes" | "true" | "1"
            ),
            device: Id::parse(&words(given, "device")),
            created_at,
            changed_at,
            seen_at,
            endpoint,
        };
        Ok((row, faults))
    }
}

fn identities(given: &Map<String, Value>, faults: &mut Vec<Fault>) -> Vec<Identity> {
    let mut found: Vec<Identity> = Vec::new();
    for (field, kind) in [
        ("identity", IdentityKind::Identity),
        ("email", IdentityKind::Email),
        ("phone", IdentityKind::Phone),
    ] {
        for value in several(given, field) {
            match Identity::parse(kind, &value) {
                Ok(identity) if found.contains(&identity) => {}
                Ok(identity) => found.push(identity),
                Err(notice) => faults.push(Fault::new(field, Reason::Identity, notice.message)),
            }
        }
    }
    found
}

/// What is set of the person: as a login on the page sets it, by the names of the documented API.
fn properties(
    given: &Map<String, Value>,
    identities: &[Identity],
    faults: &mut Vec<Fault>,
) -> Map<String, Value> {
    let mut set = match given.get("properties") {
        Some(Value::Object(map)) => map.clone(),
        Some(Value::String(text)) => serde_json::from_str(text).unwrap_or_else(|_| {
            faults.push(Fault::new(
                "properties",
                Reason::Properties,
                "The properties are no JSON object.",
            ));
            Map::new()
        }),
        _ => Map::new(),
    };
    let name = words(given, "name");
    let named = (!name.is_empty()).then_some(("Name", name));
    // Who gives all properties gives these among them.
    let is_whole = given.contains_key("properties");
    let known = IdentityKind::ALL
        .into_iter()
        .filter(|_| !is_whole)
        .filter_map(|kind| {
            let first = identities.iter().find(|identity| identity.kind == kind)?;
            Some((kind.as_str(), first.value.clone()))
        });
    for (property, value) in named.into_iter().chain(known) {
        set.entry(property).or_insert(Value::String(value));
    }
    let mut notices: Vec<Notice> = Vec::new();
    let set = profile::clean_profile(set, &mut notices);
    for notice in notices {
        faults.push(Fault::new("properties", Reason::Properties, notice.message));
    }
    set
}
