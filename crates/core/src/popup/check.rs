//! What an owner must mend before a pop-up may start, slot by slot.
//!
//! Left out: shape (serde) and who may see it. Invariant: each fault names the field of the API and says the remedy; a template is
//! judged only by the slots that it draws.

use super::{
    Ask, Field, Image, OnClick, Popup, Slot, Template, address, contrast, language, nearest_passing, slots,
};
use crate::FieldError;
use crate::liquid;

/// Longest HTML of the owner's own, bytes.
const HTML_BYTES: usize = 128 * 1024;

impl Popup {
    /// All that is wrong, in the order of the fields; empty when it may start.
    pub fn check(&self) -> Vec<FieldError> {
        let mut faults = Faults(Vec::new());
        self.check_words(&mut faults);
        if let Some(image) = self.image.as_ref().filter(|_| self.template.has(Slot::Image)) {
            check_image(image, &mut faults);
        }
        self.check_buttons(&mut faults);
        self.check_parts(&mut faults);
        if self.kv.len() > 50
            || self
                .kv
                .iter()
                .any(|(key, value)| key.len() > 120 || value.len() > 1024)
        {
            faults.say(
                "kv",
                "At most 50 key-values, keys of 120 and values of 1024 bytes. Remove or shorten some.",
            );
        }
        self.check_look(&mut faults);
        let found = &mut faults.0;
        let mut texts = self.clone();
        let parsed: Result<(), std::convert::Infallible> =
            slots::each_text(&mut texts, &mut |field, context, text| {
                if let Err(fault) = liquid::Template::parse(text, context) {
                    found.push(FieldError::new(format!("popup.{field}"), fault.to_string()));
                }
                Ok(())
            });
        parsed.unwrap_or_else(|never| match never {});
        faults.0
    }

    fn check_words(&self, faults: &mut Faults) {
        let title = self.title.trim().chars().count();
        if title == 0 {
            let message = if self.template.is_image_only() {
                "A picture needs its message in words, for those who do not see it. Write it as the title."
            } else {
                "A pop-up needs a title. Write one."
            };
            faults.say("title", message);
        }
        faults.longer("title", &self.title, 120, "The title");
        faults.longer("text", &self.text, 600, "The text");
        faults.longer("status", &self.status, 80, "The line above the title");
        faults.longer("figure", &self.figure, 40, "The figure");
        faults.longer("note", &self.note, 300, "The small print");
        if let Some(link) = self
            .note_link
            .as_ref()
            .filter(|_| self.template.has(Slot::NoteLink))
        {
            if link.label.trim().is_empty() {
                faults.say(
                    "note_link.label",
                    "The link needs words. Write some, or remove it.",
                );
            }
            faults.longer("note_link.label", &link.label, 60, "The link");
            faults.address("note_link.url", &link.url);
        }
    }

    fn check_buttons(&self, faults: &mut Faults) {
        if self.template.has(Slot::Button)
            && self
                .button
                .as_ref()
                .is_some_and(|words| words.trim().is_empty() || words.chars().count() > 120)
        {
            faults.say(
                "button",
                "The button's words have 1 to 120 characters. Leave it out for a pop-up without a button.",
            );
        }
        check_click("on_click", &self.on_click, faults);
        if let Some(second) = self.second.as_ref().filter(|_| self.template.has(Slot::Second)) {
            if second.label.trim().is_empty() || second.label.chars().count() > 120 {
                faults.say(
                    "second.label",
                    "The second button's words have 1 to 120 characters. Leave it out for one button.",
                );
            }
            check_click("second.on_click", &second.on_click, faults);
        }
        let has = |slot| self.template.has(slot);
        let closes = self.close && has(Slot::Close)
            || self.button.is_some() && has(Slot::Button) && !self.asks_for_push()
            || self.second.is_some() && has(Slot::Second)
            || self.template == Template::Custom;
        if !closes {
            faults.say(
                "close",
                "Nobody could close it: without a close button it needs a button, and where that asks for push, a second one that says no.",
            );
        }
    }

    fn check_parts(&self, faults: &mut Faults) {
        if self.template.has(Slot::Code) {
            match &self.code {
                None => faults.say("code", "This template shows a code. Write it."),
                Some(code) if code.trim().is_empty() || code.chars().count() > 80 => {
                    faults.say("code", "The code has 1 to 80 characters. Write it.");
                }
                Some(_) => {}
            }
        }
        if self.template.has(Slot::Features)
            && (self.features.len() > 6
                || self
                    .features
                    .iter()
                    .any(|line| line.trim().is_empty() || line.chars().count() > 120))
        {
            faults.say(
                "features",
                "At most 6 lines of 1 to 120 characters. Remove or shorten some.",
            );
        }
        if self.template.has(Slot::Receipt) {
            match &self.receipt {
                None => faults.say(
                    "receipt",
                    "This template shows a receipt. Write its lines and its total.",
                ),
                Some(receipt) => {
                    if receipt.lines.len() > 8 {
                        faults.say("receipt.lines", "A receipt has at most 8 lines. Remove some.");
                    }
                    if receipt.lines.is_empty() && receipt.from.is_none() {
                        faults.say(
                            "receipt.lines",
                            "A receipt needs lines, or a list such as profile.Cart in “from”.",
                        );
                    }
                    let is_path = |path: &str| {
                        path.len() <= 200
                            && path.split('.').all(|step| {
                                !step.is_empty()
                                    && step.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-')
                            })
                    };
                    if receipt.from.as_ref().is_some_and(|path| !is_path(path)) {
                        faults.say(
                            "receipt.from",
                            "A list's path is like profile.Cart or event.items.",
                        );
                    }
                }
            }
        }
        if self.template.has(Slot::EndsAt) && self.ends_at.is_none() {
            faults.say(
                "ends_at",
                "A countdown needs the moment at which it really ends. Choose it.",
            );
        }
        let asked = [
            (Slot::Email, Ask::Email),
            (Slot::Choice, Ask::Choice),
            (Slot::Scale, Ask::Scale),
        ]
        .into_iter()
        .find(|(slot, _)| self.template.has(*slot));
        if let Some((_, ask)) = asked {
            match &self.field {
                None => faults.say(
                    "field",
                    "This template asks something. Say what and in which property the answer is kept.",
                ),
                Some(field) => check_field(field, ask, faults),
            }
        }
        if self.template == Template::Custom {
            match &self.custom {
                None => faults.say("custom", "Your own HTML is missing. Paste it."),
                Some(custom) => {
                    if custom.html.trim().is_empty() {
                        faults.say("custom.html", "Your own HTML is missing. Paste it.");
                    }
                    if custom.html.len() > HTML_BYTES {
                        faults.say(
                            "custom.html",
                            "The HTML is larger than 128 KiB. Put pictures and scripts into files of their own.",
                        );
                    }
                    if !(100..=1600).contains(&custom.width) {
                        faults.say("custom.width", "The width is 100 to 1600 px.");
                    }
                }
            }
        }
    }

    fn check_look(&self, faults: &mut Faults) {
        if self.radius.is_some_and(|radius| radius > 32) {
            faults.say("radius", "The corner radius is at most 32 px.");
        }
        if !language::is_language(&self.language) {
            faults.say("language", "The language is a tag such as en or pt-BR.");
        }
        let reading = contrast(self.ink, self.ground);
        if reading < 4.5 {
            let better = nearest_passing(self.ink, self.ground, 4.5);
            faults.say(
                "ink",
                &format!(
                    "Text on this ground has a contrast of {reading:.1}:1; 4.5:1 can be read by all. {better} would pass."
                ),
            );
        }
    }
}

struct Faults(Vec<FieldError>);

impl Faults {
    fn say(&mut self, field: &str, message: &str) {
        self.0.push(FieldError::new(format!("popup.{field}"), message));
    }

    fn longer(&mut self, field: &str, text: &str, most: usize, what: &str) {
        if text.chars().count() > most {
            self.say(
                field,
                &format!("{what} is longer than {most} characters. Shorten it."),
            );
        }
    }

    /// An address without Liquid is judged now; one with it when it is filled.
    fn address(&mut self, field: &str, text: &str) {
        if has_liquid(text) {
            return;
        }
        if let Err(problem) = address::site_url(text) {
            self.say(field, &problem);
        }
    }
}

fn has_liquid(text: &str) -> bool {
    text.contains("{{") || text.contains("{%")
}

fn check_image(image: &Image, faults: &mut Faults) {
    faults.address("image.url", &image.url);
    faults.longer("image.alt", &image.alt, 200, "The description");
    if let Some(dark) = &image.dark {
        faults.address("image.dark", dark);
    }
    if image.width > 10_000 || image.height > 10_000 {
        faults.say("image.width", "A picture's size is at most 10,000 px.");
    }
}

fn check_click(field: &str, click: &OnClick, faults: &mut Faults) {
    match click {
        OnClick::Url { url, .. } => faults.address(&format!("{field}.url"), url),
        OnClick::Function { name } if !address::is_function_name(name) => {
            faults.say(
                &format!("{field}.name"),
                "A function's name is like addVoucher or shop.addVoucher.",
            );
        }
        OnClick::Function { .. } | OnClick::Prompt | OnClick::Close => {}
    }
}

fn check_field(field: &Field, ask: Ask, faults: &mut Faults) {
    if field.ask != ask {
        faults.say(
            "field.ask",
            &format!(
                "This template asks for {}. Choose that, or another template.",
                match ask {
                    Ask::Email => "an e-mail address (“email”)",
                    Ask::Choice => "one of several answers (“choice”)",
                    Ask::Scale => "one of five steps (“scale”)",
                    Ask::Text => "a few words (“text”)",
                }
            ),
        );
    }
    if field.label.trim().is_empty() && field.ask == Ask::Email {
        faults.say(
            "field.label",
            "A field needs a label. Write one, for example “Your email”.",
        );
    }
    faults.longer("field.label", &field.label, 80, "The label");
    if field.ask == Ask::Choice
        && (!(2..=6).contains(&field.options.len())
            || field
                .options
                .iter()
                .any(|option| option.trim().is_empty() || option.chars().count() > 80))
    {
        faults.say(
            "field.options",
            "A choice has 2 to 6 answers of 1 to 80 characters.",
        );
    }
    if let Some((low, high)) = &field.ends {
        faults.longer("field.ends", low, 30, "The word at the end of the scale");
        faults.longer("field.ends", high, 30, "The word at the end of the scale");
    }
    if let Some(comment) = &field.comment {
        faults.longer("field.comment", comment, 80, "The label");
    }
    let property = field.property.trim();
    if property.is_empty()
        || property.chars().count() > 120
        || property.contains(['.', ':', '$', '\'', '"', '\\'])
    {
        faults.say(
            "field.property",
            "The answer is kept in a property of the profile. Name it, without . : $ ' \" \\",
        );
    }
    if let Some(consent) = &field.consent {
        if consent.text.trim().is_empty() {
            faults.say(
                "field.consent.text",
                "Say what the visitor agrees to, or remove the consent.",
            );
        }
        faults.longer("field.consent.text", &consent.text, 300, "The consent");
    }
    faults.longer("field.thanks", &field.thanks, 120, "The thanks");
    faults.longer(
        "field.thanks_text",
        &field.thanks_text,
        300,
        "The text of the thanks",
    );
}
