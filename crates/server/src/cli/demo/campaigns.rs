//! The campaigns that the demo's shop begins with, as written in `assets/shop/campaigns.json`.
//!
//! The file holds what an owner would send to the API. It leaves three things open, which only the start of a demo knows: its address
//! (`$base`), when the next seconds come out of the kiln (`$seconds:ms`, and `$seconds:words` for people), and the HTML of a message
//! that is kept in a file of its own (`$html:undecided`). Left out: storing and starting them. Invariant: a definition that the API would
//! refuse stops the demo with its name and field; nothing is left away in silence.

use anyhow::Context as _;
use campanile_core::campaign::Definition;
use campanile_core::time::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{ToSpan as _, Zoned};
use serde::Deserialize;
use serde_json::Value;

const CAMPAIGNS: &str = include_str!("../../../assets/shop/campaigns.json");
const UNDECIDED: &str = include_str!("../../../assets/shop/undecided.html");
/// The hour at which the kiln is opened.
const OPENS: i8 = 10;

/// What the demo begins with.
#[derive(Debug)]
pub(super) struct Campaigns {
    /// Shown to visitors from the first moment.
    pub(super) running: Vec<Definition>,
    /// For the person at the dashboard to look at and start.
    pub(super) drafts: Vec<Definition>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    running: Vec<Value>,
    drafts: Vec<Value>,
}

/// The campaigns of a demo at `base` that starts at `now`.
pub(super) fn read(base: &str, now: Timestamp) -> anyhow::Result<Campaigns> {
    let file: File = serde_json::from_str(CAMPAIGNS).context("campaigns.json of the demo")?;
    let opens = next_seconds(now)?;
    let definitions = |list: Vec<Value>| -> anyhow::Result<Vec<Definition>> {
        list.into_iter()
            .map(|campaign| definition(campaign, base, &opens))
            .collect()
    };
    Ok(Campaigns {
        running: definitions(file.running)?,
        drafts: definitions(file.drafts)?,
    })
}

fn definition(mut campaign: Value, base: &str, opens: &Zoned) -> anyhow::Result<Definition> {
    let name = campaign["name"].to_string();
    fill(&mut campaign, base, opens);
    let definition = Definition::parse(campaign).with_context(|| format!("campaign {name} of the demo"))?;
    if let Some(fault) = definition.check().first() {
        anyhow::bail!("campaign {name} of the demo cannot start: {fault}");
    }
    Ok(definition)
}

/// Puts in what only the start of a demo knows.
fn fill(value: &mut Value, base: &str, opens: &Zoned) {
    match value {
        Value::Object(fields) => fields.iter_mut().for_each(|(_, value)| fill(value, base, opens)),
        Value::Array(list) => list.iter_mut().for_each(|value| fill(value, base, opens)),
        Value::String(text) if text == "$seconds:ms" => *value = opens.timestamp().as_millisecond().into(),
        Value::String(text) if text == "$html:undecided" => UNDECIDED.clone_into(text),
        Value::String(text) if text.contains('$') => {
            let day = opens.strftime("%A, %-d %B, %H:%M").to_string();
            *text = text.replace("$base", base).replace("$seconds:words", &day);
        }
        _ => {}
    }
}

/// When the next seconds come out of the kiln: on the first of a month, by the clock of the demo's account.
fn next_seconds(now: Timestamp) -> anyhow::Result<Zoned> {
    let today = jiff::Timestamp::from_millisecond(now.ms())?.to_zoned(TimeZone::UTC);
    let first: Date = today.date().first_of_month();
    let next = first.checked_add(1.month())?;
    Ok(next.at(OPENS, 0, 0, 0).to_zoned(TimeZone::UTC)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use campanile_core::campaign::Body;
    use campanile_core::popup::Template;

    fn seeded() -> Campaigns {
        // Wednesday, 25 November 2026, noon.
        read("http://127.0.0.1:8080", Timestamp(1_795_608_000_000))
            .expect("the demo's campaigns are well formed")
    }

    #[test]
    fn every_campaign_may_start_and_has_a_template_of_its_own() {
        let Campaigns { running, drafts } = seeded();
        let mut templates: Vec<Template> = Vec::new();
        for definition in &running {
            assert_eq!(definition.check(), [], "{}", definition.name);
            let Body::Popup(plan) = &definition.body else {
                panic!("{} would be sent at once", definition.name);
            };
            assert!(!templates.contains(&plan.popup.template), "{}", definition.name);
            templates.push(plan.popup.template);
            let caps = plan.caps;
            assert!(
                caps.session.is_some()
                    && caps
                        .after_closed
                        .or(caps.after_clicked)
                        .or(caps.after_shown)
                        .is_some(),
                "{} would come back too soon",
                definition.name
            );
        }
        for definition in &drafts {
            assert_eq!(definition.check(), [], "{}", definition.name);
        }
    }

    #[test]
    fn nothing_is_left_open() {
        let Campaigns { running, drafts } = seeded();
        for definition in running.iter().chain(&drafts) {
            let json = definition.to_json().to_string();
            for open in ["$base", "$seconds", "$html"] {
                assert!(!json.contains(open), "{}: {open}", definition.name);
            }
        }
    }

    #[test]
    fn seconds_come_on_the_first_of_the_next_month() {
        let Campaigns { running, .. } = seeded();
        let texts = running
            .iter()
            .map(|definition| definition.to_json().to_string())
            .collect::<String>();
        assert!(
            texts.contains("It opens on Tuesday, 1 December, 10:00."),
            "{texts}"
        );
    }
}
