//! Rows that read as a sentence: rules about a visitor, tests of properties, signs from the browser.
//!
//! Left out: reading them (`forms`). Invariant: a row's inputs stand below its name, so removing and adding need no other knowledge than
//! that name.

use super::control::Fields;
use crate::http::pages::forms::{TRANSLATIONS, Typed};
use campanile_core::rule::Op;
use campanile_core::segment::{Rule, Subject};
use std::borrow::Borrow;

/// A rule's row.
#[derive(Debug, Clone, Default)]
pub(crate) struct RuleRow {
    /// Name of the row, for example `audience.rules[0]`.
    pub(crate) at: String,
    /// What it is about; empty in a new row.
    pub(crate) is: String,
    /// Which one.
    pub(crate) name: String,
    /// How it is compared.
    pub(crate) op: String,
    /// With what.
    pub(crate) value: String,
    /// Of how many days.
    pub(crate) days: String,
    /// What is wrong.
    pub(crate) wrong: Option<String>,
    /// A rule that rows cannot show, in words, with its JSON.
    pub(crate) raw: Option<(String, String)>,
    /// Rules of a group.
    pub(crate) group: Option<Box<RuleRows>>,
}

impl RuleRow {
    /// Whether it is answered with yes or no.
    pub(crate) fn is_yes_no(&self) -> bool {
        matches!(self.is.as_str(), "identified" | "subscribed")
    }
}

/// A list of rules.
#[derive(Debug, Clone, Default)]
pub(crate) struct RuleRows {
    /// Its name, for example `audience`.
    pub(crate) at: String,
    /// `all` or `any`.
    pub(crate) how: String,
    /// Its rows.
    pub(crate) rows: Vec<RuleRow>,
}

impl RuleRows {
    /// The rows below `at`.
    pub(crate) fn new(fields: &Fields<'_>, at: &str) -> Self {
        let typed = fields.typed;
        let rows = (0..typed.rows(&format!("{at}.rules")))
            .map(|index| format!("{at}.rules[{index}]"))
            .filter(|row| typed.has_below(row))
            .map(|row| Self::row(fields, row))
            .collect();
        let how = typed.get(&format!("{at}.match"));
        Self {
            at: at.to_owned(),
            how: if how.is_empty() { "all" } else { how }.to_owned(),
            rows,
        }
    }

    fn row(fields: &Fields<'_>, at: String) -> RuleRow {
        let typed = fields.typed;
        let text = |part: &str| typed.get(&format!("{at}.{part}")).to_owned();
        let raw = typed.has(&format!("{at}.raw")).then(|| {
            let json = text("raw");
            let words = serde_json::from_str::<Rule>(&json).map(|rule| rule.words());
            (words.unwrap_or_else(|_| "Rules in groups".to_owned()), json)
        });
        let group = text("is") == Subject::Group.name() && raw.is_none();
        let parts = ["name", "op", "value", "days", "is"];
        RuleRow {
            is: text("is"),
            name: text("name"),
            op: text("op"),
            value: text("value"),
            days: text("days"),
            wrong: parts
                .iter()
                .find_map(|part| fields.wrong.of(&format!("{at}.{part}")).map(str::to_owned)),
            raw,
            group: group.then(|| Box::new(Self::new(fields, &format!("{at}.group")))),
            at,
        }
    }
}

/// A test of a property.
#[derive(Debug, Clone, Default)]
pub(crate) struct WhereRow {
    /// Name of the row.
    pub(crate) at: String,
    /// The property.
    pub(crate) name: String,
    /// How it is compared.
    pub(crate) op: String,
    /// With what.
    pub(crate) value: String,
    /// What is wrong.
    pub(crate) wrong: Option<String>,
}

/// Tests of the properties of an event.
#[derive(Debug, Clone, Default)]
pub(crate) struct WhereRows {
    /// Its name, for example `trigger.where`.
    pub(crate) at: String,
    /// Its rows.
    pub(crate) rows: Vec<WhereRow>,
}

impl WhereRows {
    /// The rows of the list `at`.
    pub(crate) fn new(fields: &Fields<'_>, at: &str) -> Self {
        let typed = fields.typed;
        let rows = (0..typed.rows(at))
            .map(|index| format!("{at}[{index}]"))
            .filter(|row| typed.has_below(row))
            .map(|row| WhereRow {
                name: typed.get(&format!("{row}.name")).to_owned(),
                op: typed.get(&format!("{row}.op")).to_owned(),
                value: typed.get(&format!("{row}.value")).to_owned(),
                wrong: ["name", "op", "value"]
                    .iter()
                    .find_map(|part| fields.wrong.of(&format!("{row}.{part}")).map(str::to_owned)),
                at: row,
            })
            .collect();
        Self {
            at: at.to_owned(),
            rows,
        }
    }
}

/// A sign from the browser.
#[derive(Debug, Clone, Default)]
pub(crate) struct SignRow {
    /// Name of the row.
    pub(crate) at: String,
    /// Which sign.
    pub(crate) on: String,
    /// Seconds of a delay or of idleness.
    pub(crate) seconds: String,
    /// Per cent of a scroll.
    pub(crate) percent: String,
    /// Selector of an element.
    pub(crate) selector: String,
    /// Whether the clock runs on across pages.
    pub(crate) across: bool,
    /// What is wrong.
    pub(crate) wrong: Option<String>,
}

/// The signs as the editor offers them: name and words.
pub(crate) const SIGNS: [(&str, &str); 6] = [
    ("delay", "wait"),
    ("scroll", "scrolled"),
    ("idle", "idle for"),
    ("exit", "pointer leaves"),
    ("click", "click on"),
    ("visible", "comes into view"),
];

/// The signs of a trigger.
pub(crate) fn signs(fields: &Fields<'_>) -> Vec<SignRow> {
    const LIST: &str = "trigger.signals.list";
    let typed = fields.typed;
    (0..typed.rows(LIST))
        .map(|index| format!("{LIST}[{index}]"))
        .filter(|row| typed.has_below(row))
        .map(|row| {
            let text = |part: &str| typed.get(&format!("{row}.{part}")).to_owned();
            SignRow {
                on: text("on"),
                seconds: text("seconds"),
                percent: text("percent"),
                selector: text("selector"),
                across: text("across_pages") == "yes",
                wrong: ["on", "seconds", "percent", "selector"]
                    .iter()
                    .find_map(|part| fields.wrong.of(&format!("{row}.{part}")).map(str::to_owned)),
                at: row,
            }
        })
        .collect()
}

/// Subjects about the page and the visit, in the order of the list.
pub(crate) const PAGE: [Subject; 6] = [
    Subject::Path,
    Subject::Url,
    Subject::Query,
    Subject::Referrer,
    Subject::PageNumber,
    Subject::SessionNumber,
];

/// Subjects about the person.
pub(crate) const PERSON: [Subject; 13] = [
    Subject::Property,
    Subject::Event,
    Subject::FirstEvent,
    Subject::LastEvent,
    Subject::Identified,
    Subject::Subscribed,
    Subject::Topic,
    Subject::Device,
    Subject::Browser,
    Subject::System,
    Subject::Language,
    Subject::Country,
    Subject::Utm,
];

/// Names of the subjects that an operator goes with, for script to offer only those.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "templates hand out references")]
pub(crate) fn goes_with(op: &Op) -> String {
    Subject::ALL
        .into_iter()
        .filter(|subject| subject.ops().contains(op))
        .map(Subject::name)
        .collect::<Vec<_>>()
        .join(" ")
}

/// Every operator.
pub(crate) fn every_op() -> &'static [Op] {
    &Op::ALL
}

/// The subjects in two groups, those of the step first.
pub(crate) fn subjects(person_first: impl Borrow<bool>) -> [(&'static str, &'static [Subject]); 2] {
    let person: (&str, &[Subject]) = ("The person", &PERSON);
    let page: (&str, &[Subject]) = ("Page and visit", &PAGE);
    if *person_first.borrow() {
        [person, page]
    } else {
        [page, person]
    }
}

/// A row that script copies.
pub(crate) fn blank_rule() -> RuleRow {
    RuleRow {
        at: "__rule__".to_owned(),
        ..RuleRow::default()
    }
}

/// A test that script copies.
pub(crate) fn blank_where() -> WhereRow {
    WhereRow {
        at: "__where__".to_owned(),
        ..WhereRow::default()
    }
}

/// A sign that script copies.
pub(crate) fn blank_sign() -> SignRow {
    SignRow {
        at: "__sign__".to_owned(),
        on: "delay".to_owned(),
        seconds: "15".to_owned(),
        ..SignRow::default()
    }
}

/// Adds one more, empty row to a list that somebody asked to add to.
pub(crate) fn add_row(typed: &mut Typed, list: &str) {
    if let Some(at) = list.strip_suffix("+group") {
        let row = format!("{at}.rules[{}]", typed.rows(&format!("{at}.rules")));
        typed.set(format!("{row}.is"), "group");
        typed.set(format!("{row}.group.match"), "any");
        typed.set(format!("{row}.group.rules[0].is"), "");
        return;
    }
    match list {
        "trigger.signals.list" => {
            let row = format!("{list}[{}]", typed.rows(list));
            typed.set(format!("{row}.on"), "delay");
            typed.set(format!("{row}.seconds"), "15");
        }
        TRANSLATIONS => typed.set(format!("{list}[{}].language", typed.rows(list)), ""),
        "trigger.where" | "goal.where" => typed.set(format!("{list}[{}].name", typed.rows(list)), ""),
        rules if rules.starts_with("audience") || rules.starts_with("trigger.when") => {
            let rules = format!("{rules}.rules");
            typed.set(format!("{rules}[{}].is", typed.rows(&rules)), "");
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::pages::Errors;

    #[test]
    fn a_list_grows_by_one_row_and_a_group_by_its_own() {
        let mut typed = Typed::default();
        add_row(&mut typed, "audience");
        typed.set("audience.rules[0].is", "path");
        add_row(&mut typed, "audience+group");
        add_row(&mut typed, "audience.rules[1].group");
        add_row(&mut typed, "popup.title");
        let errors = Errors::default();
        let fields = Fields {
            typed: &typed,
            wrong: &errors,
        };
        let rows = RuleRows::new(&fields, "audience");
        assert_eq!(rows.rows.len(), 2);
        assert_eq!(rows.rows[1].group.as_ref().map(|group| group.rows.len()), Some(2));
        assert!(!typed.has("popup.title"));
        assert_eq!(PAGE.len() + PERSON.len() + 1, Subject::ALL.len());
    }
}
