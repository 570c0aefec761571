//! The step What as inputs: the slots of one message, under `popup` or under a variant's path.
//!
//! Left out: judging, and which controls a page shows (`editor::what`). Invariant: slots that the template does not draw keep what was
//! typed into them; an input that was not sent leaves its slot as it was.

use super::{Reading, Typed, key_values, lines_of, moment, optional, plain, tick};
use campanile_core::experiment::Experiment;
use campanile_core::popup::{Ask, Field, OnClick, Popup, Slot, Target, Template, gallery};
use campanile_core::time::Zone;
use serde_json::{Value, json};

/// Lines that a receipt may have.
pub(crate) const RECEIPT_LINES: usize = 8;

/// Writes the slots of a message into a form under `at`.
pub(crate) fn fill_popup(typed: &mut Typed, at: &str, popup: &Popup, zone: &Zone) {
    let mut set = |name: &str, value: &str| typed.set(format!("{at}.{name}"), value);
    set("title", &popup.title);
    set("text", &popup.text);
    set("status", &popup.status);
    set("figure", &popup.figure);
    set("note", &popup.note);
    let link = popup.note_link.as_ref();
    set("note_link.label", link.map_or("", |link| &link.label));
    set("note_link.url", link.map_or("", |link| &link.url));
    let image = popup.image.as_ref();
    set("image.url", image.map_or("", |image| &image.url));
    set("image.alt", image.map_or("", |image| &image.alt));
    set(
        "image.dark",
        image.and_then(|image| image.dark.as_deref()).unwrap_or_default(),
    );
    set("image.size_of", image.map_or("", |image| &image.url));
    set("image.width", &image.map_or(0, |image| image.width).to_string());
    set("image.height", &image.map_or(0, |image| image.height).to_string());
    set("button", popup.button.as_deref().unwrap_or_default());
    set("code", popup.code.as_deref().unwrap_or_default());
    set("features", &popup.features.join("\n"));
    set("progress", &popup.progress);
    let ends_at = popup.ends_at.map(|at| moment::written(at, zone));
    set("ends_at", &ends_at.unwrap_or_default());
    set(
        "second.label",
        popup.second.as_ref().map_or("", |second| &second.label),
    );
    set("kv", &lines_of(&popup.kv));
    set("corner", &plain(&json!(popup.corner)));
    set("edge", &plain(&json!(popup.edge)));
    set("close", tick(popup.close));
    set("theme", popup.theme.as_str());
    set("accent", &popup.accent.to_string());
    set("ground", &popup.ground.to_string());
    set("ink", &popup.ink.to_string());
    set(
        "art",
        &popup.art.map(|colour| colour.to_string()).unwrap_or_default(),
    );
    set(
        "radius",
        &popup.radius.map(|radius| radius.to_string()).unwrap_or_default(),
    );
    set("voice", &plain(&json!(popup.voice)));
    set("language", &popup.language);
    fill_click(typed, &format!("{at}.on_click"), &popup.on_click);
    let second = popup
        .second
        .as_ref()
        .map_or(&OnClick::Close, |second| &second.on_click);
    fill_click(typed, &format!("{at}.second.on_click"), second);
    fill_receipt(typed, at, popup);
    fill_field(typed, &format!("{at}.field"), popup.field.as_ref());
    let custom = popup.custom.as_ref();
    let mut set = |name: &str, value: &str| typed.set(format!("{at}.custom.{name}"), value);
    set("html", custom.map_or("", |custom| &custom.html));
    set("layout", custom.map_or("box", |custom| custom.layout.as_str()));
    set("sandbox", tick(custom.is_some_and(|custom| custom.sandbox)));
    set("width", &custom.map_or(400, |custom| custom.width).to_string());
}

fn fill_click(typed: &mut Typed, at: &str, click: &OnClick) {
    let (kind, url, target, name) = match click {
        OnClick::Url { url, target } => ("url", url.as_str(), *target, ""),
        OnClick::Function { name } => ("function", "", Target::Same, name.as_str()),
        OnClick::Prompt => ("prompt", "", Target::Same, ""),
        OnClick::Close => ("close", "", Target::Same, ""),
    };
    typed.set(format!("{at}.do"), kind);
    typed.set(format!("{at}.url"), url);
    typed.set(
        format!("{at}.target"),
        if target == Target::New { "new" } else { "same" },
    );
    typed.set(format!("{at}.name"), name);
}

fn fill_receipt(typed: &mut Typed, at: &str, popup: &Popup) {
    let receipt = popup.receipt.as_ref();
    let lines = receipt.map_or(&[][..], |receipt| &receipt.lines);
    for index in 0..(lines.len() + 1).min(RECEIPT_LINES) {
        let line = lines.get(index);
        let row = format!("{at}.receipt.lines[{index}]");
        typed.set(format!("{row}.name"), line.map_or("", |line| &line.name));
        typed.set(format!("{row}.amount"), line.map_or("", |line| &line.amount));
    }
    let from = receipt
        .and_then(|receipt| receipt.from.as_deref())
        .unwrap_or_default();
    typed.set(format!("{at}.receipt.from"), from);
    let total = receipt.map(|receipt| &receipt.total);
    typed.set(
        format!("{at}.receipt.total.name"),
        total.map_or("", |total| &total.name),
    );
    typed.set(
        format!("{at}.receipt.total.amount"),
        total.map_or("", |total| &total.amount),
    );
}

fn fill_field(typed: &mut Typed, at: &str, field: Option<&Field>) {
    let mut set = |name: &str, value: &str| typed.set(format!("{at}.{name}"), value);
    set("label", field.map_or("", |field| &field.label));
    set("property", field.map_or("", |field| &field.property));
    set(
        "options",
        &field.map(|field| field.options.join("\n")).unwrap_or_default(),
    );
    let ends = field.and_then(|field| field.ends.as_ref());
    set("ends[0]", ends.map_or("", |ends| &ends.0));
    set("ends[1]", ends.map_or("", |ends| &ends.1));
    set(
        "comment",
        field
            .and_then(|field| field.comment.as_deref())
            .unwrap_or_default(),
    );
    let consent = field.and_then(|field| field.consent.as_ref());
    set("consent.text", consent.map_or("", |consent| &consent.text));
    set(
        "consent.required",
        tick(consent.is_some_and(|consent| consent.required)),
    );
    set("thanks", field.map_or("", |field| &field.thanks));
    set("thanks_text", field.map_or("", |field| &field.thanks_text));
}

/// The message's JSON with what the form says under `at`.
pub(crate) fn read_popup(reading: &mut Reading<'_>, at: &str, before: &Popup) -> Value {
    let mut popup = json!(before);
    let name = |slot: &str| format!("{at}.{slot}");
    for slot in before.template.slots() {
        match slot {
            Slot::Title => reading.put_text(&mut popup, "title", &name("title")),
            Slot::Text => reading.put_text(&mut popup, "text", &name("text")),
            Slot::Status => reading.put_text(&mut popup, "status", &name("status")),
            Slot::Figure => reading.put_text(&mut popup, "figure", &name("figure")),
            Slot::Note => reading.put_text(&mut popup, "note", &name("note")),
            Slot::Progress => reading.put_text(&mut popup, "progress", &name("progress")),
            Slot::NoteLink => read_link(reading, &mut popup, &name("note_link")),
            Slot::Image => read_image(reading, &mut popup, &name("image")),
            Slot::Button => reading.put_optional(&mut popup, "button", &name("button")),
            Slot::Second => read_second(reading, &mut popup, &name("second"), before),
            Slot::Code => reading.put_optional(&mut popup, "code", &name("code")),
            Slot::Features => {
                if let Some(text) = reading.text(&name("features")) {
                    popup["features"] = json!(lines(text));
                }
            }
            Slot::Receipt => read_receipt(reading, &mut popup, &name("receipt")),
            Slot::EndsAt => reading.put_moment(&mut popup, "ends_at", &name("ends_at")),
            Slot::Email => read_field(reading, &mut popup, &name("field"), Ask::Email),
            Slot::Choice => read_field(reading, &mut popup, &name("field"), Ask::Choice),
            Slot::Scale => read_field(reading, &mut popup, &name("field"), Ask::Scale),
            Slot::Html => read_custom(reading, &mut popup, &name("custom")),
            Slot::Corner => reading.put_text(&mut popup, "corner", &name("corner")),
            Slot::Edge => reading.put_text(&mut popup, "edge", &name("edge")),
            Slot::Close => reading.put_tick(&mut popup, "close", &name("close")),
        }
    }
    if let Some(click) = read_click(reading, &name("on_click"), &before.on_click) {
        popup["on_click"] = click;
    }
    if let Some(text) = reading.text(&name("kv")) {
        match key_values(&name("kv"), text) {
            Ok(kv) => popup["kv"] = kv,
            Err(fault) => reading.faults.push(fault),
        }
    }
    reading.put_text(&mut popup, "theme", &name("theme"));
    for colour in ["accent", "ground", "ink"] {
        reading.put_colour(&mut popup, colour, &name(colour));
    }
    match reading.text(&name("art")) {
        Some(text) if text.trim().is_empty() => popup["art"] = Value::Null,
        _ => reading.put_colour(&mut popup, "art", &name("art")),
    }
    let remedy = "Give the radius in pixels, 0 to 32, or nothing for the template's own.";
    reading.put_optional_number(&mut popup, "radius", &name("radius"), remedy);
    if let Some(radius) = popup["radius"].as_u64() {
        popup["radius"] = json!(radius.min(255));
    }
    reading.put_optional(&mut popup, "voice", &name("voice"));
    if let Some(language) = reading.text(&name("language")) {
        popup["language"] = json!(language.trim());
    }
    popup
}

fn lines(text: &str) -> Vec<&str> {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect()
}

fn read_link(reading: &Reading<'_>, popup: &mut Value, at: &str) {
    let (label, url) = (format!("{at}.label"), format!("{at}.url"));
    if reading.text(&label).is_none() && reading.text(&url).is_none() {
        return;
    }
    let (label, url) = (reading.typed.get(&label), reading.typed.get(&url).trim());
    popup["note_link"] = if label.trim().is_empty() && url.is_empty() {
        Value::Null
    } else {
        json!({"label": label, "url": url})
    };
}

fn read_image(reading: &Reading<'_>, popup: &mut Value, at: &str) {
    let Some(url) = reading.text(&format!("{at}.url")) else {
        return;
    };
    popup["image"] = match optional(url) {
        None => Value::Null,
        Some(url) => {
            let typed = reading.typed;
            // The size is that of one picture: it does not go along to another address.
            let sized = reading.text(&format!("{at}.size_of")).is_none_or(|of| of == url);
            let pixels = |name: &str| {
                let sent = typed.get(&format!("{at}.{name}")).trim();
                sent.parse::<u32>().ok().filter(|_| sized).unwrap_or(0)
            };
            json!({
                "url": url, "alt": typed.get(&format!("{at}.alt")), "dark": optional(typed.get(&format!("{at}.dark"))),
                "width": pixels("width"), "height": pixels("height"),
            })
        }
    };
}

fn read_click(reading: &Reading<'_>, at: &str, before: &OnClick) -> Option<Value> {
    let typed = reading.typed;
    let kind = reading.text(&format!("{at}.do"))?;
    Some(match kind {
        "url" => {
            // Where only the kind was sent, the rest stays.
            let (mut url, mut target) = match before {
                OnClick::Url { url, target } => {
                    (url.as_str(), if *target == Target::New { "new" } else { "same" })
                }
                _ => ("", "same"),
            };
            if let Some(sent) = reading.text(&format!("{at}.url")) {
                url = sent.trim();
            }
            if let Some(sent) = reading.text(&format!("{at}.target")) {
                target = if sent == "new" { "new" } else { "same" };
            }
            json!({"do": "url", "url": url, "target": target})
        }
        "function" => json!({"do": "function", "name": typed.get(&format!("{at}.name")).trim()}),
        "prompt" => json!({"do": "prompt"}),
        _ => json!({"do": "close"}),
    })
}

fn read_second(reading: &Reading<'_>, popup: &mut Value, at: &str, before: &Popup) {
    let Some(label) = reading.text(&format!("{at}.label")) else {
        return;
    };
    if label.trim().is_empty() {
        popup["second"] = Value::Null;
        return;
    }
    let known = before
        .second
        .as_ref()
        .map_or(&OnClick::Close, |second| &second.on_click);
    let click = read_click(reading, &format!("{at}.on_click"), known).unwrap_or_else(|| json!(known));
    popup["second"] = json!({"label": label, "on_click": click});
}

fn read_receipt(reading: &Reading<'_>, popup: &mut Value, at: &str) {
    let typed = reading.typed;
    if !typed.has_below(&format!("{at}.")) {
        return;
    }
    let lines: Vec<Value> = (0..typed.rows(&format!("{at}.lines")))
        .map(|index| format!("{at}.lines[{index}]"))
        .map(|row| {
            (
                typed.get(&format!("{row}.name")),
                typed.get(&format!("{row}.amount")),
            )
        })
        .filter(|(name, amount)| !(name.trim().is_empty() && amount.trim().is_empty()))
        .map(|(name, amount)| json!({"name": name, "amount": amount}))
        .collect();
    popup["receipt"] = json!({
        "lines": lines, "from": optional(typed.get(&format!("{at}.from"))),
        "total": {"name": typed.get(&format!("{at}.total.name")), "amount": typed.get(&format!("{at}.total.amount"))},
    });
}

fn read_field(reading: &Reading<'_>, popup: &mut Value, at: &str, ask: Ask) {
    let typed = reading.typed;
    if !typed.has_below(&format!("{at}.")) {
        return;
    }
    let text = |name: &str| typed.get(&format!("{at}.{name}"));
    let mut field = popup["field"].clone();
    if !field.is_object() {
        field = json!({});
    }
    field["ask"] = json!(ask);
    for name in ["label", "thanks", "thanks_text"] {
        reading.put_text(&mut field, name, &format!("{at}.{name}"));
    }
    field["property"] = json!(text("property").trim());
    if typed.has(&format!("{at}.options")) {
        field["options"] = json!(lines(text("options")));
    }
    if typed.has(&format!("{at}.ends[0]")) {
        let (low, high) = (text("ends[0]").trim(), text("ends[1]").trim());
        field["ends"] = if low.is_empty() && high.is_empty() {
            Value::Null
        } else {
            json!([low, high])
        };
    }
    reading.put_optional(&mut field, "comment", &format!("{at}.comment"));
    if typed.has(&format!("{at}.consent.text")) {
        field["consent"] = match optional(text("consent.text")) {
            Some(words) => json!({"text": words, "required": text("consent.required") == "yes"}),
            None => Value::Null,
        };
    }
    popup["field"] = field;
}

fn read_custom(reading: &mut Reading<'_>, popup: &mut Value, at: &str) {
    if !reading.typed.has_below(&format!("{at}.")) {
        return;
    }
    let mut custom = popup["custom"].clone();
    if !custom.is_object() {
        custom = json!({"html": ""});
    }
    reading.put_text(&mut custom, "html", &format!("{at}.html"));
    reading.put_text(&mut custom, "layout", &format!("{at}.layout"));
    reading.put_tick(&mut custom, "sandbox", &format!("{at}.sandbox"));
    let remedy = "Give the width in pixels, 100 to 1600.";
    reading.put_number(&mut custom, "width", &format!("{at}.width"), remedy);
    popup["custom"] = custom;
}

/// The same words in another template; what it needs and nobody wrote comes from its starting point.
pub(crate) fn change_template(before: &Popup, template: Template) -> Popup {
    let mut popup = before.clone();
    let sample = gallery::sample(template);
    popup.template = template;
    if sample.asks_for_push() {
        // It is chosen for its question. A link or a function is kept: those the owner wrote.
        if popup.on_click == OnClick::Close {
            popup.on_click = OnClick::Prompt;
        }
        popup.second = popup.second.or(sample.second);
    }
    // Whoever could get out of it still can: by the second button, else by the close button, else the only button just closes.
    if popup.asks_for_push() && !template.has(Slot::Second) {
        popup.close |= template.has(Slot::Close);
        if !template.has(Slot::Close) {
            popup.on_click = OnClick::Close;
        }
    }
    if template.has(Slot::Code) && popup.code.is_none() {
        popup.code = sample.code;
    }
    if template.has(Slot::Receipt) && popup.receipt.is_none() {
        popup.receipt = sample.receipt;
    }
    if template.has(Slot::EndsAt) && popup.ends_at.is_none() {
        popup.ends_at = sample.ends_at;
    }
    if template.has(Slot::Figure) && popup.figure.is_empty() {
        popup.figure = sample.figure;
    }
    if template.has(Slot::Progress) && popup.progress.is_empty() {
        popup.progress = sample.progress;
    }
    if template.has(Slot::Button) && popup.button.is_none() {
        popup.button = sample.button;
    }
    if template.has(Slot::Features) && popup.features.is_empty() {
        popup.features = sample.features;
    }
    if template == Template::Custom && popup.custom.is_none() {
        popup.custom = sample.custom;
    }
    if let Some(asked) = sample.field {
        popup.field = Some(match popup.field.take() {
            None => asked,
            Some(mut field) => {
                field.ask = asked.ask;
                if field.options.is_empty() {
                    field.options = asked.options;
                }
                if field.label.is_empty() {
                    field.label = asked.label;
                }
                field
            }
        });
    }
    popup
}

/// Writes the shares of the variants into a form.
pub(crate) fn fill_experiment(typed: &mut Typed, experiment: &Experiment) {
    typed.set("experiment.weight", experiment.weight.to_string());
    typed.set("experiment.control", experiment.control.to_string());
    for (index, variant) in experiment.variants.iter().enumerate() {
        typed.set(
            format!("experiment.variants[{index}].weight"),
            variant.weight.to_string(),
        );
    }
}

/// Puts the shares of the variants into an experiment's JSON.
pub(crate) fn read_experiment(reading: &mut Reading<'_>, experiment: &mut Value) {
    let remedy = "A share is a whole number, for example 45.";
    reading.put_number(experiment, "weight", "experiment.weight", remedy);
    reading.put_number(experiment, "control", "experiment.control", remedy);
    let count = experiment["variants"].as_array().map_or(0, Vec::len);
    for index in 0..count {
        let name = format!("experiment.variants[{index}].weight");
        reading.put_number(&mut experiment["variants"][index], "weight", &name, remedy);
    }
}

/// What can be done with the variants by a button.
pub(crate) mod variants {
    use crate::http::pages::forms::goal::spread;
    use campanile_core::experiment::{Arm, Experiment};

    /// One more, a copy of A, with a fair share of what is not control.
    pub(crate) fn add<V: Arm>(experiment: &mut Experiment<V>, first: &V::Message) {
        let name = ('B'..='Z')
            .map(String::from)
            .find(|name| experiment.index(name).is_none())
            .unwrap_or_else(|| "Z".to_owned());
        experiment.variants.push(V::new(name, 1, first.clone()));
        even(experiment);
    }

    /// One less.
    pub(crate) fn remove<V: Arm>(experiment: &mut Experiment<V>, index: usize) {
        if index < experiment.variants.len() {
            experiment.variants.remove(index);
            even(experiment);
        }
    }

    /// Even shares of what the control group leaves.
    fn even<V: Arm>(experiment: &mut Experiment<V>) {
        if experiment.is_one() {
            *experiment = Experiment::default();
            return;
        }
        let control = if experiment.control > 50 {
            0
        } else {
            experiment.control
        };
        experiment.control = control;
        let shares = spread(&vec![1; experiment.variants.len() + 1], 100 - control);
        let mut shares = shares.into_iter();
        experiment.weight = shares.next().unwrap_or(1);
        for (variant, weight) in experiment.variants.iter_mut().zip(shares) {
            variant.weigh(weight);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use campanile_core::time::Timestamp;

    #[test]
    fn every_template_goes_round() {
        let zone = Zone::parse("Europe/Lisbon").expect("a zone");
        for template in Template::ALL {
            let mut before = gallery::sample(template);
            before.kv.insert("sku".to_owned(), "a=b".to_owned());
            before.radius = Some(8);
            let mut typed = Typed::default();
            fill_popup(&mut typed, "popup", &before, &zone);
            let mut bare = gallery::sample(Template::Box);
            bare.template = template;
            for base in [&before, &bare] {
                let mut reading = Reading::new(&typed, &zone, Timestamp(0));
                let read = read_popup(&mut reading, "popup", base);
                assert_eq!(reading.faults, Vec::new(), "{}", template.name());
                let after: Popup = serde_json::from_value(read).expect("a pop-up");
                let mut again = Typed::default();
                fill_popup(&mut again, "popup", &after, &zone);
                for slot in template.slots() {
                    let name = json!(slot).as_str().unwrap_or_default().to_owned();
                    let name = match name.as_str() {
                        "email" | "choice" | "scale" => "field".to_owned(),
                        "html" => "custom".to_owned(),
                        _ => name,
                    };
                    let name = format!("popup.{name}");
                    let below = |typed: &Typed| -> Vec<(String, String)> {
                        typed
                            .0
                            .iter()
                            .filter(|(key, _)| key.starts_with(&name))
                            .map(|(key, value)| (key.clone(), value.clone()))
                            .collect()
                    };
                    assert_eq!(below(&again), below(&typed), "{}: {name}", template.name());
                }
            }
            let mut reading = Reading::new(&typed, &zone, Timestamp(0));
            let whole: Popup =
                serde_json::from_value(read_popup(&mut reading, "popup", &before)).expect("a pop-up");
            assert_eq!(whole, before, "{}", template.name());
        }
    }

    #[test]
    fn another_template_keeps_the_words_and_may_start() {
        for from in Template::ALL {
            for to in Template::ALL {
                let before = gallery::sample(from);
                let after = change_template(&before, to);
                assert_eq!(after.title, before.title);
                assert_eq!(after.check(), Vec::new(), "{} to {}", from.name(), to.name());
                let back = change_template(&after, from);
                assert_eq!(back.text, before.text);
            }
        }
    }

    #[test]
    fn variants_come_and_go_with_even_shares() {
        let first = gallery::sample(Template::Box);
        let mut experiment: Experiment = Experiment::default();
        variants::add(&mut experiment, &first);
        assert_eq!((experiment.weight, experiment.variants[0].weight), (50, 50));
        experiment.control = 10;
        variants::add(&mut experiment, &first);
        let weights: Vec<u32> = experiment.variants.iter().map(|variant| variant.weight).collect();
        assert_eq!((experiment.weight, weights), (30, vec![30, 30]));
        assert_eq!(experiment.variants[1].name, "C");
        assert!(experiment.check(None).is_empty());
        variants::remove(&mut experiment, 0);
        variants::remove(&mut experiment, 0);
        experiment.control = 0;
        variants::remove(&mut experiment, 5);
        assert_eq!(experiment.variants.len(), 0);
    }
}
