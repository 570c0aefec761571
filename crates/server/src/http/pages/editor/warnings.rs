//! What the editor warns of: not wrong, but what visitors do not forgive.
//!
//! Left out: what stops a start (`Definition::check`). Invariant: each warning leads to the field that would mend it and says how.

use super::path_of;
use campanile_core::campaign::PopupPlan;
use campanile_core::popup::{Layout, Popup, Slot, Template};
use campanile_core::rule::Op;
use campanile_core::segment::{Rules, Subject};
use campanile_core::time::Timestamp;
use campanile_core::trigger::{On, Signal};
use serde::Serialize;

/// Letters of a word that a poster can still set large.
const LETTERS: usize = 12;

/// Something to think about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Warning {
    /// The field that would mend it.
    pub(crate) field: String,
    /// What, why, and what to do.
    pub(crate) message: String,
}

fn warn(field: impl Into<String>, message: impl Into<String>) -> Warning {
    Warning {
        field: field.into(),
        message: message.into(),
    }
}

/// Everything to think about in a plan, all its variants included.
pub(crate) fn of_plan(plan: &PopupPlan, now: Timestamp) -> Vec<Warning> {
    let mut warnings = of_popup(&plan.popup, "popup", now);
    for (index, variant) in plan.experiment.variants.iter().enumerate() {
        warnings.extend(of_popup(&variant.popup, &path_of(index + 1), now));
    }
    warnings.extend(of_moment(plan));
    warnings
}

/// What there is to think about in one message, whose fields begin with `at`.
pub(crate) fn of_popup(popup: &Popup, at: &str, now: Timestamp) -> Vec<Warning> {
    let mut warnings = Vec::new();
    let template = popup.template;
    let long = |text: &str| {
        text.split(|c: char| c.is_whitespace() || c == '-')
            .find(|word| word.chars().filter(|c| c.is_alphanumeric()).count() > LETTERS)
            .map(str::to_owned)
    };
    if template == Template::FullPoster
        && let Some(word) = long(&popup.title)
    {
        let message = format!(
            "“{word}” has more than {LETTERS} letters; a poster sets it small on a phone. Choose a shorter word."
        );
        warnings.push(warn(format!("{at}.title"), message));
    }
    if let Some(image) = popup.image.as_ref().filter(|_| template.has(Slot::Image)) {
        if template.is_image_only() {
            if popup.title.split_whitespace().count() < 3 {
                let message = "Words in a picture are read by nobody who does not see it. Write all of them as the title.";
                warnings.push(warn(format!("{at}.title"), message));
            }
        } else if image.alt.trim().is_empty() {
            let message = "The picture has no description. Say what it shows, unless it only decorates.";
            warnings.push(warn(format!("{at}.image.alt"), message));
        }
    }
    if template == Template::BarNotice {
        let words = format!("{} {}", popup.text, popup.button.as_deref().unwrap_or_default()).to_lowercase();
        if ["accept all", "consent", "agree"]
            .iter()
            .any(|word| words.contains(word))
        {
            let message = "This notice has one button. Where visitors are to agree to something, refusing must be as easy: use a template \
                           with two equal buttons.";
            warnings.push(warn(format!("{at}.button"), message));
        }
    }
    if let Some(second) = popup.second.as_ref().filter(|_| template.has(Slot::Second)) {
        let words = second.label.trim().to_lowercase();
        if words.starts_with("no, i") || words.starts_with("no thanks, i") {
            let message =
                "A button that makes people call themselves names is remembered. “Not now” says enough.";
            warnings.push(warn(format!("{at}.second.label"), message));
        }
    }
    if let Some(ends_at) = popup.ends_at.filter(|_| template.has(Slot::EndsAt))
        && ends_at <= now
    {
        let message = "The countdown is over already. Choose a moment that lies ahead.";
        warnings.push(warn(format!("{at}.ends_at"), message));
    }
    if popup
        .field
        .as_ref()
        .is_some_and(|field| popup.drawn_field().is_some() && field.thanks.trim().is_empty())
    {
        let message = "Nobody is told that the answer arrived. Write a title for afterwards.";
        warnings.push(warn(format!("{at}.field.thanks"), message));
    }
    warnings
}

/// What there is to think about in the moment.
pub(crate) fn of_moment(plan: &PopupPlan) -> Vec<Warning> {
    let mut warnings = Vec::new();
    let trigger = &plan.trigger;
    let about = |subjects: &[Subject]| {
        let among = |rules: &Rules| rules.rules.iter().any(|rule| subjects.contains(&rule.is));
        among(&trigger.when) || among(&plan.audience)
    };
    let modal = plan.popup.layout() == Layout::Interstitial;
    let waits = trigger.waits() || about(&[Subject::PageNumber, Subject::SessionNumber, Subject::Event]);
    if modal && trigger.on == On::Page && !waits {
        let message = "It covers the page the moment it opens, before anybody has seen anything. Wait for a sign: some seconds, a scroll, or \
                       the second page of the visit.";
        warnings.push(warn("trigger.signals.list", message));
    }
    let exit = trigger.signals.list.contains(&Signal::Exit);
    if exit && only_touch(&plan.audience) {
        let message = "A finger never leaves the page through the top: on phones and tablets this sign never comes. Choose another sign, or \
                       other devices.";
        warnings.push(warn("trigger.signals.list", message));
    }
    let caps = &plan.caps;
    if caps.page.is_none() && caps.limits().set().next().is_none() && caps.silences().next().is_none() {
        let message = "There is no limit: it shows every time. Set one, for example once a session.";
        warnings.push(warn("caps.session", message));
    }
    warnings
}

/// Whether an audience has touch screens only.
fn only_touch(audience: &Rules) -> bool {
    let touch = |value: &serde_json::Value| matches!(value.as_str(), Some("phone" | "tablet"));
    audience.how == campanile_core::segment::Match::All
        && audience.rules.iter().any(|rule| {
            rule.is == Subject::Device
                && match (&rule.op, &rule.value) {
                    (Op::Is, serde_json::Value::Array(list)) => list.iter().all(touch),
                    (Op::Is, one) => touch(one),
                    (Op::IsNot, one) => one.as_str() == Some("desktop"),
                    _ => false,
                }
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use campanile_core::campaign::{Body, Definition};
    use serde_json::{Value, json};

    fn fields(popup: &Value, more: &Value) -> Vec<String> {
        let mut campaign = json!({"name": "W", "kind": "popup", "popup": popup});
        for (key, value) in more.as_object().expect("an object") {
            campaign[key] = value.clone();
        }
        let definition = Definition::parse(campaign).expect("a campaign");
        let Body::Popup(plan) = definition.body else {
            panic!("a pop-up")
        };
        of_plan(&plan, Timestamp(2_000))
            .into_iter()
            .map(|warning| warning.field)
            .collect()
    }

    #[test]
    fn what_visitors_do_not_forgive_is_said() {
        assert!(fields(&json!({"title": "T"}), &json!({})).is_empty());
        let modal = json!({"template": "interstitial", "title": "T", "button": "Go"});
        assert_eq!(fields(&modal, &json!({})), ["trigger.signals.list"]);
        let waits = json!({"trigger": {"signals": {"list": [{"on": "scroll", "percent": 40}]}}});
        assert!(fields(&modal, &waits).is_empty());
        let exit = json!({
            "trigger": {"signals": {"list": [{"on": "exit"}]}},
            "audience": {"rules": [{"is": "device", "op": "is", "value": ["phone", "tablet"]}]},
        });
        assert_eq!(fields(&json!({"title": "T"}), &exit), ["trigger.signals.list"]);
        let poster = json!({"template": "full-poster", "title": "Donaudampfschifffahrt", "button": "Go"});
        let second =
            json!({"trigger": {"when": {"rules": [{"is": "page_number", "op": "at_least", "value": 2}]}}});
        assert_eq!(fields(&poster, &second), ["popup.title"]);
        let picture =
            json!({"title": "T", "image": {"url": "/a.png"}, "second": {"label": "No, I like paying more"}});
        assert_eq!(
            fields(&picture, &json!({})),
            ["popup.image.alt", "popup.second.label"]
        );
        let baked = json!({"template": "image-sticker", "title": "Sale", "image": {"url": "/a.png"}});
        assert_eq!(fields(&baked, &json!({})), ["popup.title"]);
        let notice = json!({"template": "bar-notice", "title": "Cookies", "button": "Accept all"});
        assert_eq!(fields(&notice, &json!({})), ["popup.button"]);
        let over = json!({"template": "bar-countdown", "title": "T", "ends_at": 1_000});
        assert_eq!(
            fields(&over, &json!({"caps": {}})),
            ["popup.ends_at", "caps.session"]
        );
    }
}
