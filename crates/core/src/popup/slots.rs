//! The texts of a pop-up as Liquid: all of them by name, and filling them with one visitor's data.
//!
//! Left out: the language itself ([`crate::liquid`]) and drawing. Invariant: a message is filled wholly or not at all; a visitor never
//! reads a half-filled text, and a filled address is an address.

use super::language::words;
use super::{OnClick, Popup, ReceiptLine, Slot, Template, address};
use crate::liquid::{self, Context, Lookup, RenderError};
use serde_json::Value;

/// Most lines of a receipt that are taken from a list; a last line says how many more there are.
const LINES: usize = 5;

/// Why a message cannot be filled for somebody.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {reason}")]
pub struct Unfillable {
    /// The slot.
    pub field: String,
    /// Why, as a sentence.
    pub reason: String,
}

impl Unfillable {
    /// What kept `field` from being filled, with the remedy.
    pub(crate) fn new(field: String, fault: &RenderError) -> Self {
        let reason = match fault {
            RenderError::Missing { path } => {
                format!(
                    "It needs {path}, which is not known here. Give it a default: {{{{ {path} | default: \"…\" }}}}."
                )
            }
            other => format!("It could not be filled: {other}."),
        };
        Self { field, reason }
    }
}

/// A pop-up whose texts are parsed and whose drawing is at hand where it is the same for all.
#[derive(Debug, Clone)]
pub struct Prepared {
    popup: Popup,
    words: Vec<liquid::Template>,
    reads: Vec<String>,
    html: Option<String>,
}

impl Prepared {
    /// Parses all texts; what [`Popup::check`] finds nothing wrong with can be prepared.
    pub fn new(popup: Popup) -> Result<Self, crate::FieldError> {
        let mut words = Vec::new();
        let mut texts = popup.clone();
        each_text(&mut texts, &mut |field, context, text| {
            let parsed = liquid::Template::parse(text, context)
                .map_err(|fault| crate::FieldError::new(format!("popup.{field}"), fault.to_string()))?;
            words.push(parsed);
            Ok::<(), crate::FieldError>(())
        })?;
        let constant = words.iter().all(liquid::Template::is_constant)
            && popup
                .receipt
                .as_ref()
                .is_none_or(|receipt| receipt.from.is_none());
        let mut reads: Vec<String> = words.iter().flat_map(liquid::Template::variables).collect();
        reads.extend(popup.receipt.iter().filter_map(|receipt| receipt.from.clone()));
        reads.sort();
        reads.dedup();
        Ok(Self {
            reads,
            html: constant.then(|| popup.html()),
            popup,
            words,
        })
    }

    /// The pop-up as it was written.
    pub fn popup(&self) -> &Popup {
        &self.popup
    }

    /// The data that the texts read, for example `profile.first_name`.
    pub fn variables(&self) -> &[String] {
        &self.reads
    }

    /// The pop-up with one visitor's data, and its document.
    pub fn fill(&self, scope: &dyn Lookup) -> Result<(Popup, String), Unfillable> {
        if let Some(html) = &self.html {
            return Ok((self.popup.clone(), html.clone()));
        }
        let mut popup = self.popup.clone();
        let mut words = self.words.iter();
        each_text(&mut popup, &mut |field, context, text| {
            let template = words.next().expect("as many texts as were parsed");
            if template.is_constant() {
                return Ok(());
            }
            let filled = template
                .render(scope)
                .map_err(|fault| Unfillable::new(format!("popup.{field}"), &fault))?;
            if matches!(context, Context::Url) {
                address::site_url(&filled).map_err(|reason| Unfillable {
                    field: format!("popup.{field}"),
                    reason,
                })?;
            }
            *text = filled;
            Ok(())
        })?;
        if let Some(receipt) = &mut popup.receipt
            && let Some(path) = receipt.from.take()
        {
            let mut lines = lines_of(scope, &path, &popup.language)?;
            lines.append(&mut receipt.lines);
            receipt.lines = lines;
        }
        let html = popup.html();
        Ok((popup, html))
    }
}

/// The lines of the list at `path`.
fn lines_of(scope: &dyn Lookup, path: &str, language: &str) -> Result<Vec<ReceiptLine>, Unfillable> {
    let refuse = |reason: String| Unfillable {
        field: "popup.receipt.from".to_owned(),
        reason,
    };
    let mut steps = path.split('.');
    let first = scope.get(steps.next().unwrap_or_default());
    let mut at = first.as_deref();
    for step in steps {
        at = at.and_then(|value| value.get(step));
    }
    let list = at
        .and_then(Value::as_array)
        .filter(|list| !list.is_empty())
        .ok_or_else(|| refuse(format!("{path} is no list with something in it.")))?;
    let text = |value: Option<&Value>| match value {
        Some(Value::String(text)) => Some(text.clone()),
        Some(Value::Number(number)) => Some(number.to_string()),
        _ => None,
    };
    let mut lines = list
        .iter()
        .take(LINES)
        .map(|entry| {
            let name = text(entry.get("name").or_else(|| entry.get("Name")));
            let amount = text(
                entry
                    .get("amount")
                    .or_else(|| entry.get("price"))
                    .or_else(|| entry.get("Price")),
            );
            match (name, amount) {
                (Some(name), amount) => Ok(ReceiptLine {
                    name,
                    amount: amount.unwrap_or_default(),
                }),
                _ => Err(refuse(format!("An entry of {path} has no name."))),
            }
        })
        .collect::<Result<Vec<_>, _>>()?;
    let more = list.len().saturating_sub(LINES);
    if more > 0 {
        lines.push(ReceiptLine {
            name: words(language).more.replace("{}", &more.to_string()),
            amount: String::new(),
        });
    }
    Ok(lines)
}

/// Visits every text that the template draws, always in the same order, with its field and the context that it is put into.
pub(super) fn each_text<E>(
    popup: &mut Popup,
    visit: &mut dyn FnMut(&str, Context, &mut String) -> Result<(), E>,
) -> Result<(), E> {
    let template = popup.template;
    visit("title", Context::Text, &mut popup.title)?;
    visit("text", Context::Text, &mut popup.text)?;
    for (slot, field, text) in [
        (Slot::Status, "status", &mut popup.status),
        (Slot::Figure, "figure", &mut popup.figure),
        (Slot::Note, "note", &mut popup.note),
        (Slot::Progress, "progress", &mut popup.progress),
    ] {
        if template.has(slot) {
            visit(field, Context::Text, text)?;
        }
    }
    if template.has(Slot::NoteLink)
        && let Some(link) = &mut popup.note_link
    {
        visit("note_link.label", Context::Text, &mut link.label)?;
        visit("note_link.url", Context::Url, &mut link.url)?;
    }
    if template.has(Slot::Image)
        && let Some(image) = &mut popup.image
    {
        visit("image.url", Context::Url, &mut image.url)?;
        visit("image.alt", Context::Text, &mut image.alt)?;
    }
    if template.has(Slot::Button)
        && let Some(button) = &mut popup.button
    {
        visit("button", Context::Text, button)?;
    }
    if let OnClick::Url { url, .. } = &mut popup.on_click {
        visit("on_click.url", Context::Url, url)?;
    }
    if template.has(Slot::Second)
        && let Some(second) = &mut popup.second
    {
        visit("second.label", Context::Text, &mut second.label)?;
        if let OnClick::Url { url, .. } = &mut second.on_click {
            visit("second.on_click.url", Context::Url, url)?;
        }
    }
    if template.has(Slot::Code)
        && let Some(code) = &mut popup.code
    {
        visit("code", Context::Text, code)?;
    }
    if template.has(Slot::Features) {
        for (at, line) in popup.features.iter_mut().enumerate() {
            visit(&format!("features[{at}]"), Context::Text, line)?;
        }
    }
    if template.has(Slot::Receipt)
        && let Some(receipt) = &mut popup.receipt
    {
        for (at, line) in receipt.lines.iter_mut().enumerate() {
            visit(
                &format!("receipt.lines[{at}].name"),
                Context::Text,
                &mut line.name,
            )?;
            visit(
                &format!("receipt.lines[{at}].amount"),
                Context::Text,
                &mut line.amount,
            )?;
        }
        visit("receipt.total.name", Context::Text, &mut receipt.total.name)?;
        visit("receipt.total.amount", Context::Text, &mut receipt.total.amount)?;
    }
    if let Some(field) = &mut popup.field {
        visit("field.label", Context::Text, &mut field.label)?;
        if let Some(consent) = &mut field.consent {
            visit("field.consent.text", Context::Text, &mut consent.text)?;
        }
        visit("field.thanks", Context::Text, &mut field.thanks)?;
        visit("field.thanks_text", Context::Text, &mut field.thanks_text)?;
    }
    if template == Template::Custom
        && let Some(custom) = &mut popup.custom
    {
        visit("custom.html", Context::Html, &mut custom.html)?;
    }
    for (key, value) in &mut popup.kv {
        visit(&format!("kv.{key}"), Context::Text, value)?;
    }
    Ok(())
}
