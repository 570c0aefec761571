//! Variants of a message and the control group: who gets which.
//!
//! Left out: counting and judging ([`crate::stats`]). Invariant: the same person gets the same variant of a campaign for as long as the
//! weights stay; what a person once had (in the ledger) wins over what the weights say now.

use crate::FieldError;
use crate::id::{AccountId, CampaignId, Ordinal};
use crate::notification::PushMessage;
use crate::popup::Popup;
use serde::{Deserialize, Serialize};

/// Name of the group that sees nothing.
pub const CONTROL: &str = "control";
/// Name of the campaign's own message.
pub const FIRST: &str = "A";

/// Another message of the same campaign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variant {
    /// Its name, `B` and on.
    pub name: String,
    /// Its share, beside the others'.
    pub weight: u32,
    /// Its message.
    pub popup: Popup,
}

/// Another message of the same push.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PushVariant {
    /// Its name, `B` and on.
    pub name: String,
    /// Its share, beside the others'.
    pub weight: u32,
    /// Its message.
    pub push: PushMessage,
}

/// What variants of all kinds of messages have.
pub trait Arm {
    /// Message of this kind.
    type Message: Clone;
    /// A variant of that name and share.
    fn new(name: String, weight: u32, message: Self::Message) -> Self;
    /// Its name.
    fn name(&self) -> &str;
    /// Its share.
    fn weight(&self) -> u32;
    /// Gives it another share.
    fn weigh(&mut self, weight: u32);
    /// Its message.
    fn message(&self) -> &Self::Message;
    /// What is wrong with its message; `given` is what the texts of a push may read beside those of every one.
    fn check(&self, given: Option<&str>) -> Vec<FieldError>;
}

/// Both kinds differ in the name of their message only.
macro_rules! arm {
    ($variant:ident, $message:ident, $field:ident, $check:expr) => {
        impl Arm for $variant {
            type Message = $message;
            fn new(name: String, weight: u32, $field: $message) -> Self {
                Self {
                    name,
                    weight,
                    $field,
                }
            }
            fn name(&self) -> &str {
                &self.name
            }
            fn weight(&self) -> u32 {
                self.weight
            }
            fn weigh(&mut self, weight: u32) {
                self.weight = weight;
            }
            fn message(&self) -> &$message {
                &self.$field
            }
            fn check(&self, given: Option<&str>) -> Vec<FieldError> {
                $check(&self.$field, given)
            }
        }
    };
}
arm!(Variant, Popup, popup, |popup: &Popup, _| popup.check());
arm!(PushVariant, PushMessage, push, PushMessage::check);

/// How people are parted. Weights are shares of their sum.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, bound(deserialize = "V: Deserialize<'de>"))]
pub struct Experiment<V = Variant> {
    /// Share of the campaign's own message, variant A.
    #[serde(default)]
    pub weight: u32,
    /// Share of the control group, who see nothing and are counted.
    #[serde(default)]
    pub control: u32,
    /// Further messages.
    #[serde(default)]
    pub variants: Vec<V>,
}

impl<V> Default for Experiment<V> {
    fn default() -> Self {
        Self {
            weight: 0,
            control: 0,
            variants: Vec::new(),
        }
    }
}

impl<V: Arm> Experiment<V> {
    /// Whether there is anything to part.
    pub fn is_one(&self) -> bool {
        self.control == 0 && self.variants.is_empty()
    }

    /// What is wrong with it; `given` as of [`Arm::check`].
    pub fn check(&self, given: Option<&str>) -> Vec<FieldError> {
        let mut errors = Vec::new();
        if self.is_one() {
            return errors;
        }
        if self.variants.len() > 5 {
            errors.push(FieldError::new(
                "experiment.variants",
                "At most 5 further variants: more would never tell apart. Remove some.",
            ));
        }
        let mut names = vec![FIRST, CONTROL];
        for (at, variant) in self.variants.iter().enumerate() {
            let name = variant.name();
            if name.is_empty() || name.len() > 24 || names.contains(&name) {
                errors.push(FieldError::new(
                    format!("experiment.variants[{at}].name"),
                    "A variant needs a name of its own, such as B. “A” and “control” are taken.",
                ));
            }
            names.push(name);
            if variant.weight() == 0 || variant.weight() > 1000 {
                errors.push(FieldError::new(
                    format!("experiment.variants[{at}].weight"),
                    "A variant's share is 1 to 1000. Remove the variant to show it to nobody.",
                ));
            }
            errors.extend(variant.check(given).into_iter().map(|fault| {
                FieldError::new(
                    format!("experiment.variants[{at}].{}", fault.field),
                    fault.message,
                )
            }));
        }
        if self.weight == 0 || self.weight > 1000 {
            errors.push(FieldError::new(
                "experiment.weight",
                "The share of A is 1 to 1000.",
            ));
        }
        if self.control > 1000 || u64::from(self.control) * 2 > self.shares() {
            errors.push(FieldError::new(
                "experiment.control",
                "The control group is at most half of all. Make its share smaller.",
            ));
        }
        errors
    }

    /// The variant of a person: `None` is the control group, 0 the campaign's own message, then the further ones.
    pub fn draw(&self, account: &AccountId, campaign: CampaignId, person: Ordinal) -> Option<usize> {
        if self.is_one() {
            return Some(0);
        }
        let mut at = hash(account, campaign, person) % self.shares().max(1);
        if at < u64::from(self.control) {
            return None;
        }
        at -= u64::from(self.control);
        if at < u64::from(self.weight) {
            return Some(0);
        }
        at -= u64::from(self.weight);
        for (index, variant) in self.variants.iter().enumerate() {
            if at < u64::from(variant.weight()) {
                return Some(index + 1);
            }
            at -= u64::from(variant.weight());
        }
        Some(0)
    }

    /// The name of the group that a person is in.
    pub fn draw_name(&self, account: &AccountId, campaign: CampaignId, person: Ordinal) -> &str {
        self.draw(account, campaign, person)
            .map_or(CONTROL, |index| self.name(index))
    }

    /// The index of a variant by its name; `None` when there is none of that name any more.
    pub fn index(&self, name: &str) -> Option<usize> {
        if name == FIRST {
            return Some(0);
        }
        self.variants
            .iter()
            .position(|variant| variant.name() == name)
            .map(|at| at + 1)
    }

    /// The name of a variant.
    pub fn name(&self, index: usize) -> &str {
        index
            .checked_sub(1)
            .and_then(|at| self.variants.get(at))
            .map_or(FIRST, |variant| variant.name())
    }

    /// The share of the control group in percent.
    pub fn control_percent(&self) -> f64 {
        self.percent(self.control)
    }

    /// A share in percent of all.
    pub fn percent(&self, share: u32) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "a percentage need not be exact")]
        let all = self.shares().max(1) as f64;
        100.0 * f64::from(share) / all
    }

    /// All shares together: of A, the further variants and the control group. A draft's may be too large for their own type.
    pub fn shares(&self) -> u64 {
        let variants = self.variants.iter().map(Arm::weight);
        variants.chain([self.weight, self.control]).map(u64::from).sum()
    }
}

/// Whether a person is among the `percent` who get a test before the others. Says nothing of the variant that they get in it.
pub fn takes_part(account: &AccountId, campaign: CampaignId, person: Ordinal, percent: u32) -> bool {
    mix(hash(account, campaign, person) ^ 0x9e37_79b9_7f4a_7c15) % 100 < u64::from(percent)
}

/// FNV-1a over the names, finished by the mixer of SplitMix64, so that neighbours in number are no neighbours in group.
fn hash(account: &AccountId, campaign: CampaignId, person: Ordinal) -> u64 {
    let mut state = 0xcbf2_9ce4_8422_2325_u64;
    let campaign = campaign.0.to_le_bytes();
    let person = person.0.to_le_bytes();
    for byte in account.as_str().bytes().chain(campaign).chain(person) {
        state = (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    mix(state)
}

fn mix(mut state: u64) -> u64 {
    state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^ (state >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_come_out_and_stay() {
        let popup: Popup = serde_json::from_value(serde_json::json!({"title": "B"})).expect("a pop-up");
        let experiment = Experiment {
            weight: 45,
            control: 10,
            variants: vec![Variant {
                name: "B".to_owned(),
                weight: 45,
                popup,
            }],
        };
        assert!(experiment.check(None).is_empty());
        let account = AccountId::parse("TEST-0001").expect("an account");
        let of = |person| experiment.draw(&account, CampaignId(1_763_890_000), Ordinal(person));
        let mut groups = [0_u32; 3];
        for person in 1..=20_000 {
            groups[of(person).map_or(2, |index| index)] += 1;
            assert_eq!(of(person), of(person));
        }
        // Six standard deviations around 45, 45 and 10 per cent.
        assert!((8_580..9_420).contains(&groups[0]), "{groups:?}");
        assert!((8_580..9_420).contains(&groups[1]), "{groups:?}");
        assert!((1_750..2_250).contains(&groups[2]), "{groups:?}");
        // Who takes part in a test is another question than the variant: a fifth of each group does.
        let mut parts = [0_u32; 3];
        for person in 1..=20_000 {
            if takes_part(&account, CampaignId(1_763_890_000), Ordinal(person), 20) {
                parts[of(person).map_or(2, |index| index)] += 1;
            }
        }
        assert!((1_570..2_030).contains(&parts[0]), "{parts:?}");
        assert!((1_570..2_030).contains(&parts[1]), "{parts:?}");
        assert!((290..510).contains(&parts[2]), "{parts:?}");
        assert_eq!(
            Experiment::<Variant>::default().draw(&account, CampaignId(1), Ordinal(1)),
            Some(0)
        );
    }
}
