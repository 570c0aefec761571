//! The push notification: what the owner writes, and the one payload that every browser reads.
//!
//! The payload is declarative web push (`web_push: 8030`: Safari shows it without a worker) with a `campanile` object that
//! our worker reads. Left out: encryption and headers (`campanile-push`).
//! Invariant: a parsed [`PushMessage`] has a title, an absolute target, and fits one record with a token of full length.

mod check;
mod fill;
pub mod support;

pub use fill::{Given, PreparedPush, Unfillable};

use crate::id::{AccountId, CampaignId, Id};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Plaintext bytes that every push service must take: 4096 less header (86), delimiter (1) and tag (16). RFC 8291 section 4.
pub const MAX_PAYLOAD_BYTES: usize = 3993;
/// Plaintext bytes that reach Firefox on Android: Mozilla hands its messages on to Google, and says that bodies of up to 2744 bytes get
/// through (autopush's documentation); header, delimiter and tag take 103 of them.
pub const SMALL_PAYLOAD_BYTES: usize = 2641;
/// Bytes kept free for the wire's address, which the sender adds where it knows its public one.
const ENDPOINT_ROOM: usize = 160;
/// The longest time to live that is asked for: FCM's limit of 28 days.
pub const MAX_TTL_SECONDS: u32 = 2_419_200;

/// How soon a message matters (RFC 8030 section 5.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Urgency {
    /// May wait for power and Wi-Fi.
    VeryLow,
    /// May wait for power or Wi-Fi.
    Low,
    /// The default.
    #[default]
    Normal,
    /// Now, even on a low battery.
    High,
}

impl Urgency {
    /// The header's value.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::VeryLow => "very-low",
            Self::Low => "low",
            Self::Normal => "normal",
            Self::High => "high",
        }
    }
}

/// In which direction the words run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it all")]
pub enum Direction {
    #[default]
    Auto,
    Ltr,
    Rtl,
}

impl Direction {
    /// The value in the payload.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Ltr => "ltr",
            Self::Rtl => "rtl",
        }
    }
}

/// The words in another language, for those whose browser speaks it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Translation {
    /// First line.
    pub title: String,
    /// Text.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub body: String,
    /// Where a click leads; none: as in the first language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Words on the buttons, in their order; a missing or empty one stays as in the first language.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub buttons: Vec<String>,
    /// In which direction the words run.
    #[serde(default, skip_serializing_if = "is_auto")]
    pub direction: Direction,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_auto(direction: &Direction) -> bool {
    *direction == Direction::Auto
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_not(truth: &bool) -> bool {
    !truth
}

/// A button of a notification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Action {
    /// Name that clicks are counted under: `a-z 0-9 - _`, at most 32.
    pub action: String,
    /// Words on the button.
    pub title: String,
    /// Where it leads, absolute.
    pub url: String,
}

/// A push notification as its owner wrote it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PushMessage {
    /// First line, 1..=120 characters.
    pub title: String,
    /// Text, at most 500 characters.
    #[serde(default)]
    pub body: String,
    /// Where a click leads: absolute http(s).
    pub url: String,
    /// Small picture, absolute.
    #[serde(default)]
    pub icon: Option<String>,
    /// Large picture, absolute. Chrome on desktop and Android only.
    #[serde(default)]
    pub image: Option<String>,
    /// Monochrome status-bar picture, absolute. Android only.
    #[serde(default)]
    pub badge: Option<String>,
    /// At most three buttons; most browsers show two.
    #[serde(default)]
    pub actions: Vec<Action>,
    /// A later message with the same tag takes this one's place on the screen; none: the campaign's own, and of a push that follows
    /// an event or that a program asks for each message's.
    #[serde(default)]
    pub tag: Option<String>,
    /// Of messages with the same topic a push service keeps only the newest for a browser that is away; none: each sending of a campaign
    /// is a topic of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// Stays until it is dealt with (Chrome and Edge on desktop).
    #[serde(default)]
    pub require_interaction: bool,
    /// Without sound or vibration.
    #[serde(default)]
    pub silent: bool,
    /// Sounds and vibrates again where it takes the place of another with its tag (Chrome and Edge).
    #[serde(default, skip_serializing_if = "is_not")]
    pub renotify: bool,
    /// Milliseconds of vibration and rest in turn, at most 10. Android only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub vibrate: Vec<u16>,
    /// In which direction the words run.
    #[serde(default, skip_serializing_if = "is_auto")]
    pub direction: Direction,
    /// BCP 47 tag of the words.
    #[serde(default = "english")]
    pub language: String,
    /// The words in other languages, by BCP 47 tag.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub translations: BTreeMap<String, Translation>,
    /// How long a push service keeps it for a browser that is away, in seconds.
    #[serde(default = "one_day")]
    pub ttl_seconds: u32,
    /// How soon it matters.
    #[serde(default)]
    pub urgency: Urgency,
    /// Own key-values, handed to the page's worker.
    #[serde(default)]
    pub kv: BTreeMap<String, String>,
}

fn english() -> String {
    "en".to_owned()
}

fn one_day() -> u32 {
    86_400
}

impl PushMessage {
    /// The message with the words of one of its translations.
    #[must_use]
    pub fn translated(&self, language: &str, words: &Translation) -> Self {
        let mut message = self.clone();
        message.title.clone_from(&words.title);
        message.body.clone_from(&words.body);
        message.direction = words.direction;
        language.clone_into(&mut message.language);
        if let Some(url) = &words.url {
            message.url.clone_from(url);
        }
        for (action, title) in message.actions.iter_mut().zip(&words.buttons) {
            if !title.trim().is_empty() {
                action.title.clone_from(title);
            }
        }
        message.translations.clear();
        message
    }

    /// The message with so much left out that it `fits`: pictures first, from the largest on, then the end of its text. None where it fits
    /// as it is, and where that is not enough: without its target, buttons and key-values it would be another message.
    #[must_use]
    pub fn smaller(&self, fits: impl Fn(&Self) -> bool) -> Option<Self> {
        if fits(self) {
            return None;
        }
        let mut message = self.clone();
        for picture in [Self::image_mut, Self::badge_mut, Self::icon_mut] {
            if picture(&mut message).take().is_some() && fits(&message) {
                return Some(message);
            }
        }
        let cut = |letters: usize| {
            let mut cut = message.clone();
            cut.body = support::cut(&message.body, letters);
            cut
        };
        // The longest that fits lies just before the first length that does not; one letter is only the sign that there were more.
        let lengths: Vec<usize> = (2..=message.body.chars().count().saturating_sub(1)).collect();
        let fitting = lengths.partition_point(|letters| fits(&cut(*letters)));
        (fitting > 0).then(|| cut(lengths[fitting - 1]))
    }

    fn image_mut(&mut self) -> &mut Option<String> {
        &mut self.image
    }

    fn badge_mut(&mut self) -> &mut Option<String> {
        &mut self.badge
    }

    fn icon_mut(&mut self) -> &mut Option<String> {
        &mut self.icon
    }

    /// Bytes of the payload with ids of full length and an address of the wire as long as one is likely to be.
    pub fn largest_payload_bytes(&self) -> usize {
        let account = AccountId::parse(&"A".repeat(32)).expect("32 letters are an account id");
        let send = Id::from_bytes(&[0xff; 16]).expect("16 bytes are an id");
        let endpoint = format!("https://{}", "w".repeat(ENDPOINT_ROOM - 8));
        self.payload(&account, CampaignId(9_999_999_999), send, Some(&endpoint))
            .len()
    }

    /// The plaintext for one recipient. `send` is the token that the worker reports with; `endpoint` the absolute address of
    /// the wire where the server knows its public one.
    pub fn payload(
        &self,
        account: &AccountId,
        campaign: CampaignId,
        send: Id,
        endpoint: Option<&str>,
    ) -> Vec<u8> {
        let mut shown = Map::new();
        shown.insert("title".into(), json!(self.title));
        shown.insert("body".into(), json!(self.body));
        shown.insert("navigate".into(), json!(self.url));
        shown.insert("lang".into(), json!(self.language));
        shown.insert("dir".into(), json!(self.direction.as_str()));
        shown.insert(
            "tag".into(),
            json!(
                self.tag
                    .clone()
                    .unwrap_or_else(|| format!("campanile-{campaign}"))
            ),
        );
        for (key, value) in [
            ("icon", &self.icon),
            ("image", &self.image),
            ("badge", &self.badge),
        ] {
            if let Some(address) = value {
                shown.insert(key.into(), json!(address));
            }
        }
        shown.insert("silent".into(), json!(self.silent));
        shown.insert("requireInteraction".into(), json!(self.require_interaction));
        if self.renotify {
            shown.insert("renotify".into(), json!(true));
        }
        if !self.vibrate.is_empty() {
            shown.insert("vibrate".into(), json!(self.vibrate));
        }
        if !self.actions.is_empty() {
            let actions: Vec<Value> = self
                .actions
                .iter()
                .map(|action| json!({"action": action.action, "title": action.title, "navigate": action.url}))
                .collect();
            shown.insert("actions".into(), Value::Array(actions));
        }
        let mut ours = Map::new();
        ours.insert("v".into(), json!(1));
        ours.insert("account".into(), json!(account));
        ours.insert("send".into(), json!(send));
        ours.insert("campaign".into(), json!(campaign));
        if let Some(endpoint) = endpoint {
            ours.insert("endpoint".into(), json!(endpoint));
        }
        if !self.kv.is_empty() {
            ours.insert("kv".into(), json!(self.kv));
        }
        let payload = json!({"web_push": 8030, "notification": shown, "campanile": ours});
        serde_json::to_vec(&payload).expect("a JSON value always serialises")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message() -> PushMessage {
        serde_json::from_value(json!({
            "title": "The kiln is open",
            "body": "Twelve new pots, three of them blue.",
            "url": "https://shop.example.com/new",
            "icon": "https://shop.example.com/icon-192.png",
            "image": "https://shop.example.com/hero.png",
            "badge": "https://shop.example.com/badge-96.png",
            "actions": [{"action": "new", "title": "See them", "url": "https://shop.example.com/new"}],
            "kv": {"season": "winter"},
        }))
        .expect("a message")
    }

    #[test]
    fn the_payload_is_the_fixture() {
        let fixture: Value =
            serde_json::from_str(include_str!("../../../docs/wire/push-payload.json")).expect("fixture");
        let account = AccountId::parse("TEST-0001").expect("id");
        let send = Id::parse("5f1d7a84c2a14fd0a6a1d1f0c1b2a3d4").expect("id");
        let payload = message().payload(&account, CampaignId(1_763_890_000), send, None);
        assert_eq!(serde_json::from_slice::<Value>(&payload).expect("json"), fixture);
    }

    #[test]
    fn what_is_left_out_first() {
        let bytes = |message: &PushMessage| message.largest_payload_bytes();
        let mut large = message();
        large.body = "🏺".repeat(400);
        assert_eq!(large.smaller(|_| true), None, "nothing is taken from what fits");
        let all = bytes(&large);
        let without = large
            .smaller(|less| bytes(less) < all)
            .expect("it can be smaller");
        assert_eq!((without.image.is_none(), without.icon.is_some()), (true, true));
        assert_eq!(without.body, large.body);
        let most = 1200;
        let cut = large
            .smaller(|less| bytes(less) <= most)
            .expect("it can be smaller");
        assert_eq!((&cut.image, &cut.badge, &cut.icon), (&None, &None, &None));
        assert!(
            cut.body.ends_with('…') && (most - 3..=most).contains(&bytes(&cut)),
            "{}",
            bytes(&cut)
        );
        assert_eq!(
            (&cut.url, &cut.actions, &cut.kv),
            (&large.url, &large.actions, &large.kv)
        );
        assert_eq!(large.smaller(|less| bytes(less) < 100), None);
    }

    #[test]
    fn what_passes_the_check_can_be_sent() {
        let mut largest = message();
        let mut length = 4000;
        while !largest.check(None).is_empty() {
            length -= 1;
            largest.kv.insert("k".into(), "x".repeat(length));
        }
        let account = AccountId::parse(&"A".repeat(32)).expect("id");
        let send = Id::from_bytes(&[0xff; 16]).expect("id");
        let endpoint = "https://messages.shop-with-a-long-name.example.com:8443/messages/ring";
        let payload = largest.payload(&account, CampaignId(1_763_890_000), send, Some(endpoint));
        assert!(payload.len() <= MAX_PAYLOAD_BYTES, "{}", payload.len());
    }
}
