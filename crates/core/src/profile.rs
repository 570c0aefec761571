//! People: their properties and identities, and what a login does.
//!
//! Left out: storage, and devices' sessions. Invariant: an identity belongs to at most one profile of an account; two
//! identified people are never merged by a login.

use crate::event::{Notice, clean_props};
use crate::id::Ordinal;
use serde_json::{Map, Value};

/// By what a person is known. The order is the order of trust.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IdentityKind {
    /// The owner's own id.
    Identity,
    /// E-mail, compared in lower case.
    Email,
    /// Phone with country code.
    Phone,
}

impl IdentityKind {
    /// Every kind, most trusted first.
    pub const ALL: [Self; 3] = [Self::Identity, Self::Email, Self::Phone];

    /// Its name in the documented API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Identity => "Identity",
            Self::Email => "Email",
            Self::Phone => "Phone",
        }
    }

    /// The kind of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// Identities of one kind that a person may have. A browser can claim to be anybody and add to it.
pub const MAX_IDENTITIES: usize = 20;

/// One identity, in the form in which it is compared.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity {
    /// What kind.
    pub kind: IdentityKind,
    /// The value, normalised.
    pub value: String,
}

impl Identity {
    /// Longest identity in characters.
    pub const MAX_CHARS: usize = 256;

    /// Normalises and checks a value; numbers are taken as their text.
    pub fn parse(kind: IdentityKind, value: &Value) -> Result<Self, Notice> {
        let text = match value {
            Value::String(text) => text.trim().to_owned(),
            Value::Number(number) => number.to_string(),
            _ => String::new(),
        };
        let field = format!("identity.{}", kind.as_str());
        if text.is_empty() || text.chars().count() > Self::MAX_CHARS || text.chars().any(char::is_control) {
            return Err(Notice::new(
                602,
                field,
                "An identity is 1 to 256 characters of text; this one was left out.",
            ));
        }
        let value = match kind {
            IdentityKind::Identity => text,
            IdentityKind::Email => {
                if !text.contains('@') {
                    return Err(Notice::new(602, field, "The e-mail has no @; it was left out."));
                }
                text.to_lowercase()
            }
            IdentityKind::Phone => {
                let digits: String = text.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect();
                if digits.trim_start_matches('+').len() < 8 {
                    let message = "A phone number has a country code and at least 8 digits; it was left out.";
                    return Err(Notice::new(602, field, message));
                }
                format!("+{}", digits.trim_start_matches('+'))
            }
        };
        Ok(Self { kind, value })
    }
}

/// What a login does to the device that it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Login {
    /// The device's profile takes the identities that it does not have.
    Take,
    /// The device's anonymous profile is merged into this known one.
    MergeInto(Ordinal),
    /// The device moves to this other person; nothing is merged.
    MoveTo(Ordinal),
    /// The device moves to a person who is not known yet.
    MoveToNew,
}

/// Decides what a login does. `owners` are the owners of the given identities, most trusted first, `None` where nobody has it;
/// `current` is the device's profile, `own_identities` what it is known by.
pub fn login(
    current: Ordinal,
    own_identities: &[Identity],
    given: &[Identity],
    owners: &[Option<Ordinal>],
) -> Login {
    let known = owners.iter().flatten().next().copied();
    let anonymous = own_identities.is_empty();
    match known {
        Some(owner) if owner == current => Login::Take,
        Some(owner) if anonymous => Login::MergeInto(owner),
        Some(owner) => Login::MoveTo(owner),
        None if anonymous => Login::Take,
        // Known by other kinds only (say an e-mail, now an Identity as well): the same person tells more about herself.
        None if given
            .iter()
            .all(|new| own_identities.iter().all(|own| own.kind != new.kind)) =>
        {
            Login::Take
        }
        None => Login::MoveToNew,
    }
}

/// Most bytes of a profile's properties, as JSON.
pub const MAX_PROFILE_BYTES: usize = 64 * 1024;

/// Bytes of properties as they are kept.
pub fn properties_bytes(properties: &Map<String, Value>) -> usize {
    serde_json::to_vec(properties).map_or(usize::MAX, |bytes| bytes.len())
}

/// Puts an anonymous profile's properties under a known one's: what is known wins, gaps are filled, as far as [`MAX_PROFILE_BYTES`] go.
/// A browser can claim to be anybody, so many of them together must not fill up a profile beyond what its person may set.
pub fn merge_properties(known: &mut Map<String, Value>, anonymous: Map<String, Value>) {
    let mut bytes = properties_bytes(known);
    for (key, value) in anonymous {
        if known.contains_key(&key) {
            continue;
        }
        let added = Map::from_iter([(key, value)]);
        // The braces of the one stand for the comma of the other.
        bytes = bytes.saturating_add(properties_bytes(&added));
        if bytes > MAX_PROFILE_BYTES {
            return;
        }
        known.extend(added);
    }
}

/// Cleans properties to set: the general limits, and the checks on the names that the documented API gives a meaning.
/// A bad field is left out and reported; the others are kept.
pub fn clean_profile(set: Map<String, Value>, notices: &mut Vec<Notice>) -> Map<String, Value> {
    let mut cleaned = clean_props(set, "set", notices);
    cleaned.retain(|key, value| match fault(key, value) {
        None => true,
        Some(message) => {
            notices.push(Notice::new(601, format!("set.{key}"), message));
            false
        }
    });
    cleaned
}

fn fault(key: &str, value: &Value) -> Option<String> {
    const FLAT: &[&str] = &[
        "Name",
        "Email",
        "Education",
        "Married",
        "DOB",
        "Gender",
        "Phone",
        "Age",
        "FBID",
        "GPID",
        "Birthday",
        "Identity",
    ];
    if FLAT.contains(&key) && (value.is_object() || value.is_array()) {
        return Some(format!(
            "“{key}” takes one value, not a list or an object; it was left out."
        ));
    }
    let text = value.as_str().unwrap_or_default();
    let one_of = |words: &[&str]| {
        let good = words.iter().any(|word| word.eq_ignore_ascii_case(text));
        (!good).then(|| format!("“{key}” takes one of {}; it was left out.", words.join(", ")))
    };
    match key {
        "Gender" => one_of(&["M", "F", "O", "U", "Male", "Female", "Others", "Unknown"]),
        "Employed" | "Married" => one_of(&["Y", "N"]),
        "Education" => one_of(&["School", "College", "Graduate"]),
        "Age" => (!value.is_number()).then(|| "“Age” takes a number; it was left out.".to_owned()),
        "DOB" => {
            let good = text
                .strip_prefix("$D_")
                .or_else(|| text.strip_prefix("D_"))
                .is_some_and(|rest| rest.parse::<i64>().is_ok());
            (!good).then(|| "“DOB” takes a Date; it was left out.".to_owned())
        }
        "Phone" => {
            let digits = match value {
                Value::Number(number) => number.to_string(),
                _ => text.trim_start_matches('+').to_owned(),
            };
            let good = digits.len() >= 8 && digits.bytes().all(|byte| byte.is_ascii_digit());
            (!good).then(|| {
                "“Phone” takes a number with its country code, such as +15551234567; it was left out."
                    .to_owned()
            })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn identity(kind: IdentityKind, value: &str) -> Identity {
        Identity::parse(kind, &json!(value)).expect("a good identity")
    }

    #[test]
    fn logins() {
        let me = Ordinal(1);
        let other = Ordinal(2);
        let own = identity(IdentityKind::Identity, "c-1");
        let new = identity(IdentityKind::Identity, "c-2");
        let mail = identity(IdentityKind::Email, "Customer@Example.com");
        assert_eq!(
            login(me, &[], std::slice::from_ref(&own), &[None]),
            Login::Take,
            "anonymous, unknown"
        );
        assert_eq!(
            login(me, &[], std::slice::from_ref(&own), &[Some(other)]),
            Login::MergeInto(other),
            "anonymous, known"
        );
        assert_eq!(
            login(
                me,
                std::slice::from_ref(&own),
                std::slice::from_ref(&own),
                &[Some(me)]
            ),
            Login::Take,
            "again"
        );
        assert_eq!(
            login(
                me,
                std::slice::from_ref(&own),
                std::slice::from_ref(&new),
                &[Some(other)]
            ),
            Login::MoveTo(other),
            "another, known"
        );
        assert_eq!(
            login(me, std::slice::from_ref(&own), &[new], &[None]),
            Login::MoveToNew,
            "another, unknown"
        );
        assert_eq!(
            login(me, &[own], &[mail], &[None]),
            Login::Take,
            "the same person adds an e-mail"
        );
    }

    #[test]
    fn identities_are_compared_in_one_form() {
        assert_eq!(
            identity(IdentityKind::Email, " Customer@Example.COM ").value,
            "customer@example.com"
        );
        assert_eq!(
            identity(IdentityKind::Phone, "+1 (555) 123-4567").value,
            "+15551234567"
        );
        assert_eq!(
            Identity::parse(IdentityKind::Identity, &json!(1001))
                .expect("number")
                .value,
            "1001"
        );
        assert!(Identity::parse(IdentityKind::Email, &json!("nobody")).is_err());
        assert!(Identity::parse(IdentityKind::Identity, &json!({"a": 1})).is_err());
    }

    #[test]
    fn a_bad_field_never_takes_the_others_with_it() {
        let Value::Object(set) =
            json!({"Name": "A", "Age": "old", "Phone": "123", "Gender": "X", "Plan": "gold", "Married": "y"})
        else {
            unreachable!()
        };
        let mut notices = Vec::new();
        let kept = clean_profile(set, &mut notices);
        assert_eq!(
            Value::Object(kept),
            json!({"Name": "A", "Plan": "gold", "Married": "y"})
        );
        assert_eq!(notices.len(), 3);
    }

    #[test]
    fn merging_fills_gaps_only() {
        let Value::Object(mut known) = json!({"Name": "Known"}) else {
            unreachable!()
        };
        let Value::Object(anonymous) = json!({"Name": "Anon", "Plan": "trial"}) else {
            unreachable!()
        };
        merge_properties(&mut known, anonymous);
        assert_eq!(Value::Object(known), json!({"Name": "Known", "Plan": "trial"}));
    }

    #[test]
    fn merging_keeps_the_limit() {
        let mut known = Map::from_iter([("Name".to_owned(), json!("Known"))]);
        for browser in 0..100 {
            let anonymous = Map::from_iter([(format!("k{browser}"), json!("x".repeat(1024)))]);
            merge_properties(&mut known, anonymous);
        }
        assert!(properties_bytes(&known) <= MAX_PROFILE_BYTES);
        assert!(known.len() > 60, "as far as it goes");
    }
}
