//! An account: one site, its name, its zone and the origins that may speak for it.
//!
//! Left out: who may sign in (the server's). Invariant: an [`Origin`] is `scheme://host[:port]` and nothing more.

use crate::FieldError;
use crate::asking::Asking;
use crate::caps::Limits;
use crate::id::AccountId;
use crate::push_log::PushCaps;
use crate::push_when::Quiet;
use crate::time::{Timestamp, Zone};
use serde::{Deserialize, Serialize};
use url::Url;

/// Where a page lives: scheme, host and port.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(transparent)]
pub struct Origin(String);

impl Origin {
    /// Longest origin, bytes: a host name of 253 with scheme and port. Browsers send these, and each is kept in memory for a while.
    pub const MAX_BYTES: usize = 267;

    /// Reads `https://shop.example.com`; a trailing slash is forgiven, a path is not.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        let refuse = || {
            FieldError::new(
                "origins",
                format!(
                    "“{}” is not an origin. Write it like https://shop.example.com, without a path.",
                    text.chars().take(300).collect::<String>()
                ),
            )
        };
        let url = Url::parse(text.trim()).map_err(|_| refuse())?;
        let bare = matches!(url.scheme(), "http" | "https")
            && url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none()
            && url.host_str().is_some();
        let origin = url.origin().ascii_serialization();
        if bare && origin.len() <= Self::MAX_BYTES {
            Ok(Self(origin))
        } else {
            Err(refuse())
        }
    }

    /// The origin as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// One site.
#[derive(Debug, Clone)]
pub struct Account {
    /// Its id, as in the snippet.
    pub id: AccountId,
    /// Its name for people.
    pub name: String,
    /// The zone in which its days begin.
    pub zone: Zone,
    /// Origins whose pages may send; empty means every origin.
    pub origins: Vec<Origin>,
    /// What holds for all its campaigns.
    pub settings: Settings,
    /// When it was made.
    pub created_at: Timestamp,
}

/// What holds for all campaigns of an account.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// How many pop-ups of all campaigns together one visitor sees.
    pub caps: Limits,
    /// Whether the debug switch of a browser opens the overlay that says why messages are shown, without a signed link. Names of campaigns
    /// and their audiences stay hidden there.
    pub debug_overlay: bool,
    /// What holds for all pushes together that are not transactional.
    #[serde(skip_serializing_if = "PushRules::is_none")]
    pub push: PushRules,
    /// How questions about push look where the page does not say.
    #[serde(skip_serializing_if = "Asking::is_none")]
    pub prompts: Asking,
}

/// What holds for all pushes of an account together that are not transactional.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PushRules {
    /// How many of them one person gets.
    #[serde(skip_serializing_if = "PushCaps::is_none")]
    pub caps: PushCaps,
    /// Hours by each recipient's clock in which none goes out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quiet: Option<Quiet>,
}

impl PushRules {
    /// Whether they ask for nothing.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

impl Settings {
    /// What is wrong with them.
    pub fn check(&self) -> Vec<FieldError> {
        let mut errors = self.caps.check("caps");
        errors.extend(self.push.caps.check("push.caps"));
        errors.extend(self.push.quiet.and_then(|quiet| quiet.check("push.quiet")));
        errors.extend(self.prompts.check("prompts"));
        errors
    }
}

impl Account {
    /// Whether a request with this `Origin` header may speak for the account. Without the header (a same-origin worker, a
    /// command-line client) there is nothing to hold against it.
    pub fn allows(&self, origin: Option<&str>) -> bool {
        match origin {
            None => true,
            Some(origin) => {
                self.origins.is_empty() || self.origins.iter().any(|allowed| allowed.as_str() == origin)
            }
        }
    }

    /// Checks a new name.
    pub fn check_name(name: &str) -> Result<String, FieldError> {
        let name = name.trim();
        if (1..=80).contains(&name.chars().count()) && !name.chars().any(char::is_control) {
            Ok(name.to_owned())
        } else {
            Err(FieldError::new(
                "name",
                "A name has 1 to 80 characters, on one line.",
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_has_no_path() {
        assert_eq!(
            Origin::parse("https://Shop.example.com/").expect("good").as_str(),
            "https://shop.example.com"
        );
        assert_eq!(
            Origin::parse("http://localhost:8080").expect("good").as_str(),
            "http://localhost:8080"
        );
        for bad in [
            "shop.example.com",
            "https://shop.example.com/path",
            "ftp://example.com",
            "https://a@example.com",
            "https://:b@example.com",
            "*",
            &format!("https://{}.example.com", "a.".repeat(200)),
        ] {
            assert!(Origin::parse(bad).is_err(), "{bad}");
        }
    }
}
