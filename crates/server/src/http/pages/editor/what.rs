//! The step What: the fields of the chosen template, its variants, and the stage beside them.
//!
//! Left out: reading them (`forms`) and drawing (`stage`). Invariant: which controls there are follows from `Template::slots`; nothing that
//! a template does not draw is asked for.

use super::bar::{Bar, Look, Step};
use super::control::{Control, Fields, Shape};
use super::stage::Stage;
use super::warnings::Warning;
use crate::http::pages::campaigns::layout_name;
use crate::http::pages::forms::RECEIPT_LINES;
use crate::http::pages::icon::Icon;
use crate::http::pages::{Nav, Shell, Theme, asset, format};
use askama::Template;
use campanile_core::experiment::Experiment;
use campanile_core::id::CampaignId;
use campanile_core::popup::{Colour, Popup, Slot, contrast, nearest_passing};

/// The page.
#[derive(Debug, Template)]
#[template(path = "editor_what.html")]
pub(crate) struct WhatPage {
    /// What stands around it.
    pub(crate) shell: Shell,
    /// What stands above it.
    pub(crate) bar: Bar,
    /// The template in words.
    pub(crate) template: &'static str,
    /// Its kind in words.
    pub(crate) kind: String,
    /// A, B and so on.
    pub(crate) variants: Vec<VariantTab>,
    /// The shares of all of them.
    pub(crate) shares: Vec<Control>,
    /// The fields.
    pub(crate) sections: Vec<Section>,
    /// Names of properties that visitors were seen to have.
    pub(crate) properties: Vec<String>,
    /// What is not wrong, but not good.
    pub(crate) warnings: Vec<Warning>,
    /// The message as it looks.
    pub(crate) stage: Stage,
}

impl WhatPage {
    /// Whether a share is wrong, so that they must not be folded.
    fn has_wrong_share(&self) -> bool {
        self.shares.iter().any(Control::is_wrong)
    }

    /// The control group's share in per cent, if there is one.
    fn control(&self) -> Option<u64> {
        let value = |control: &Control| control.value.trim().parse::<u64>().unwrap_or(0);
        let control = value(self.shares.last()?);
        let sum: u64 = self.shares.iter().map(value).sum();
        (control > 0).then(|| format::percent(control, sum))
    }
}

/// A variant in the line of variants.
#[derive(Debug, Clone)]
pub(crate) struct VariantTab {
    /// Its name with its share.
    pub(crate) words: String,
    /// Where it leads.
    pub(crate) href: String,
    /// Whether it is the one that is shown.
    pub(crate) current: bool,
}

/// A part of the form.
#[derive(Debug, Clone)]
pub(crate) struct Section {
    /// Its id, where a fault of the whole part leads.
    pub(crate) id: String,
    /// Its title.
    pub(crate) title: &'static str,
    /// What is wrong with the part as a whole.
    pub(crate) wrong: Option<String>,
    /// What stands beside the title while it is folded; `None`: it does not fold.
    pub(crate) fold: Option<String>,
    /// Its parts.
    pub(crate) items: Vec<Item>,
}

impl Section {
    fn new(id: impl Into<String>, title: &'static str, items: Vec<Item>) -> Self {
        Self {
            id: id.into(),
            title,
            wrong: None,
            fold: None,
            items,
        }
    }

    /// Whether something in it is wrong, so that it must not be folded.
    pub(crate) fn is_wrong(&self) -> bool {
        let inside = |item: &Item| match item {
            Item::One(control) => control.is_wrong(),
            Item::Pair(controls) | Item::Colours(controls) => controls.iter().any(Control::is_wrong),
            Item::Lines(lines) => lines
                .iter()
                .any(|(name, amount)| name.is_wrong() || amount.is_wrong()),
            Item::Click(click) => click.url.is_wrong() || click.function.is_wrong(),
            Item::Picture(picture) => [&picture.url, &picture.alt, &picture.dark]
                .into_iter()
                .any(Control::is_wrong),
        };
        self.wrong.is_some() || self.items.iter().any(inside)
    }
}

/// What stands in a part.
#[expect(
    clippy::large_enum_variant,
    reason = "made once per page and most are controls; a box would only add a hop"
)]
#[derive(Debug, Clone)]
pub(crate) enum Item {
    /// One control.
    One(Control),
    /// Two beside each other.
    Pair(Vec<Control>),
    /// Colours beside each other.
    Colours(Vec<Control>),
    /// What a click does.
    Click(Box<Click>),
    /// A picture.
    Picture(Box<Picture>),
    /// Lines of a receipt: name and amount.
    Lines(Vec<(Control, Control)>),
}

/// What a click does.
#[derive(Debug, Clone)]
pub(crate) struct Click {
    /// Name of the choice.
    pub(crate) name: String,
    /// Its words.
    pub(crate) label: &'static str,
    /// Which is chosen.
    pub(crate) kind: String,
    /// The address.
    pub(crate) url: Control,
    /// Name of the choice of a tab.
    pub(crate) target: String,
    /// Whether it is a new one.
    pub(crate) new_tab: bool,
    /// The function.
    pub(crate) function: Control,
}

/// A picture.
#[derive(Debug, Clone)]
pub(crate) struct Picture {
    /// Its address.
    pub(crate) url: Control,
    /// What it shows.
    pub(crate) alt: Control,
    /// Another one for the dark theme.
    pub(crate) dark: Control,
    /// Its size, with the address that has it: names and values of the hidden inputs.
    pub(crate) size: [(String, String); 3],
    /// Whether it can be shown small beside its address.
    pub(crate) shown: bool,
    /// Whether the template draws something where there is none.
    pub(crate) own_art: bool,
}

/// The tabs over the variants.
pub(crate) fn tabs(id: CampaignId, step: Step, experiment: &Experiment, current: usize) -> Vec<VariantTab> {
    let weights: Vec<u32> = std::iter::once(experiment.weight)
        .chain(experiment.variants.iter().map(|variant| variant.weight))
        .collect();
    let sum = experiment.shares().max(1);
    weights
        .iter()
        .enumerate()
        .map(|(index, weight)| VariantTab {
            words: if experiment.is_one() {
                experiment.name(index).to_owned()
            } else {
                format!(
                    "{}, {}%",
                    experiment.name(index),
                    (u64::from(*weight) * 100 + sum / 2) / sum
                )
            },
            href: step.href(id, index),
            current: index == current,
        })
        .collect()
}

/// The kind of a pop-up in a few words.
pub(crate) fn kind_words(popup: &Popup) -> String {
    let what = match popup.layout() {
        campanile_core::popup::Layout::Box => "in a corner, does not block the page",
        campanile_core::popup::Layout::Banner => "across the page, does not block it",
        campanile_core::popup::Layout::Interstitial => "over the page, until it is closed",
    };
    format!("{}, {what}", layout_name(popup.layout()))
}

/// The shares of the variants.
pub(crate) fn shares(fields: &Fields<'_>, experiment: &Experiment) -> Vec<Control> {
    if experiment.is_one() {
        return Vec::new();
    }
    let number = |name: String, label: String| fields.control(name, label, Shape::Number);
    let mut shares = vec![number("experiment.weight".to_owned(), "A".to_owned())];
    for (index, variant) in experiment.variants.iter().enumerate() {
        shares.push(number(
            format!("experiment.variants[{index}].weight"),
            variant.name.clone(),
        ));
    }
    shares.push(number("experiment.control".to_owned(), "Control".to_owned()));
    shares
}

/// The parts of the form of a message.
pub(crate) fn sections(fields: &Fields<'_>, at: &str, popup: &Popup, zone: &str) -> Vec<Section> {
    let make = Make {
        fields,
        at,
        popup,
        zone,
    };
    let mut sections = vec![make.words()];
    sections.extend(make.field());
    sections.extend(make.receipt());
    sections.extend(make.html());
    sections.extend(make.clicks());
    sections.extend(make.picture());
    sections.push(make.look());
    sections.push(make.more());
    sections
}

struct Make<'a> {
    fields: &'a Fields<'a>,
    at: &'a str,
    popup: &'a Popup,
    zone: &'a str,
}

impl Make<'_> {
    fn name(&self, slot: &str) -> String {
        format!("{}.{slot}", self.at)
    }

    fn has(&self, slot: Slot) -> bool {
        self.popup.template.has(slot)
    }

    fn line(&self, slot: &str, label: &str) -> Control {
        self.fields.line(self.name(slot), label)
    }

    fn words(&self) -> Section {
        let image_only = self.popup.template.is_image_only();
        let mut items = Vec::new();
        for slot in self.popup.template.slots() {
            let control = match slot {
                Slot::Title if image_only => self
                    .line("title", "What the picture says")
                    .help("The whole message in words, for those who do not see it."),
                Slot::Title => self.line("title", "Title").most(120).tags().help(
                    if self.popup.template == campanile_core::popup::Template::Custom {
                        "Read out when it appears; your HTML has its own."
                    } else {
                        "*Stars* around a word set it off."
                    },
                ),
                Slot::Text => self
                    .fields
                    .area(self.name("text"), "Text", 3)
                    .most(600)
                    .tags()
                    .help("A blank line begins a new paragraph."),
                Slot::Status => self
                    .line("status", "Line above the title")
                    .note("optional")
                    .tags(),
                Slot::Figure => self.line("figure", "Large figure").note("optional").tags(),
                Slot::Code => self.line("code", "Code to copy").tags(),
                Slot::Features => self
                    .fields
                    .area(self.name("features"), "Lines with a tick", 3)
                    .tags()
                    .help("One a line, at most 6."),
                Slot::Progress => self
                    .line("progress", "How far along, in per cent")
                    .tags()
                    .help("0 to 100, or a visitor's number."),
                Slot::EndsAt => self
                    .fields
                    .control(
                        self.name("ends_at"),
                        "Counts down to",
                        Shape::Moment(self.zone.to_owned()),
                    )
                    .help("A real moment, for example 30 Nov 23:59 or tomorrow 9."),
                Slot::Note => self.line("note", "Small print").note("optional").tags(),
                Slot::NoteLink => {
                    items.push(Item::Pair(vec![
                        self.line("note_link.label", "Link in small print")
                            .note("optional"),
                        self.fields.mono(self.name("note_link.url"), "Its address"),
                    ]));
                    continue;
                }
                _ => continue,
            };
            items.push(Item::One(control));
        }
        Section::new(format!("{}.words", self.at), "Words", items)
    }

    fn field(&self) -> Option<Section> {
        let asked = [Slot::Email, Slot::Choice, Slot::Scale]
            .into_iter()
            .find(|slot| self.has(*slot))?;
        let name = |part: &str| format!("{}.field.{part}", self.at);
        let line = |part: &str, label: &str| self.fields.line(name(part), label);
        let mut items = Vec::new();
        let label = line("label", "Label of the field").tags();
        items.push(Item::Pair(vec![
            if asked == Slot::Email {
                label
            } else {
                label.note("optional").help("The title may be the question.")
            },
            line("property", "Keep the answer as").help("A property of the profile."),
        ]));
        if asked == Slot::Choice {
            items.push(Item::One(
                self.fields
                    .area(name("options"), "Answers", 3)
                    .help("One a line, 2 to 6."),
            ));
        }
        if asked == Slot::Scale {
            items.push(Item::Pair(vec![
                line("ends[0]", "Word at 1").note("optional"),
                line("ends[1]", "Word at 5").note("optional"),
            ]));
        }
        if asked != Slot::Email {
            items.push(Item::One(
                line("comment", "Ask for a few words, too")
                    .note("optional")
                    .help("The label of a second field. Empty: no such field."),
            ));
        }
        items.push(Item::One(
            self.fields
                .area(name("consent.text"), "Consent beside the button", 2)
                .note("optional")
                .help("The box is never ticked beforehand. Empty: none."),
        ));
        items.push(Item::One(self.fields.tick(
            name("consent.required"),
            "The answer is taken only with the tick",
        )));
        items.push(Item::Pair(vec![
            line("thanks", "Title after the answer").tags(),
            line("thanks_text", "Text after the answer")
                .note("optional")
                .tags(),
        ]));
        let mut section = Section::new(format!("{}.field", self.at), "What it asks", items);
        let whole = |field: &&campanile_core::FieldError| {
            field.field == section.id || field.field == format!("{}.ask", section.id)
        };
        section.wrong = self
            .fields
            .wrong
            .0
            .iter()
            .find(whole)
            .map(|fault| fault.message.clone());
        Some(section)
    }

    fn receipt(&self) -> Option<Section> {
        if !self.has(Slot::Receipt) {
            return None;
        }
        let name = |part: &str| format!("{}.receipt.{part}", self.at);
        let rows = self.fields.typed.rows(&name("lines")).clamp(1, RECEIPT_LINES);
        let lines = (0..rows)
            .map(|index| {
                (
                    self.fields.line(
                        name(&format!("lines[{index}].name")),
                        format!("Line {}", index + 1),
                    ),
                    self.fields
                        .line(name(&format!("lines[{index}].amount")), "Amount"),
                )
            })
            .collect();
        let items = vec![
            Item::Lines(lines),
            Item::Pair(vec![
                self.fields.line(name("total.name"), "Last line").tags(),
                self.fields.line(name("total.amount"), "Amount").tags(),
            ]),
            Item::One(
                self.fields
                    .mono(name("from"), "Lines from a visitor's list")
                    .note("optional")
                    .help("For example profile.Cart; each entry has a name and an amount. They come first."),
            ),
        ];
        let mut section = Section::new(name("lines"), "Receipt", items);
        section.wrong = ["receipt", "receipt.lines"]
            .iter()
            .find_map(|part| self.fields.wrong.of(&self.name(part)).map(str::to_owned));
        Some(section)
    }

    fn html(&self) -> Option<Section> {
        if !self.has(Slot::Html) {
            return None;
        }
        let name = |part: &str| format!("{}.custom.{part}", self.at);
        let layouts = [
            ("box", "A box in a corner"),
            ("banner", "A bar across the page"),
            ("interstitial", "Over the page"),
        ];
        let items = vec![
            Item::One(
                self.fields
                    .control(name("html"), "HTML", Shape::Code(10))
                    .tags()
                    .help("A document or a fragment, at most 128 KiB. A visitor’s data is escaped where it stands."),
            ),
            Item::Pair(vec![
                self.fields.choice(name("layout"), "Where it stands", &layouts),
                self.fields
                    .control(name("width"), "Width in px", Shape::Number)
                    .help("A bar takes all there is."),
            ]),
            Item::One(
                self.fields
                    .tick(name("sandbox"), "No access to the page")
                    .help("For HTML that you do not trust. Its closing snippets then do not work."),
            ),
        ];
        let mut section = Section::new(format!("{}.custom", self.at), "Your own HTML", items);
        section.wrong = self.fields.wrong.of(&section.id).map(str::to_owned);
        Some(section)
    }

    fn click(&self, name: &str, label: &'static str) -> Item {
        let part = |part: &str| format!("{name}.{part}");
        let typed = self.fields.typed;
        Item::Click(Box::new(Click {
            label,
            kind: typed.get(&part("do")).to_owned(),
            url: self
                .fields
                .mono(part("url"), "Address")
                .help("A whole address, or a path of your site such as /sale."),
            new_tab: typed.get(&part("target")) == "new",
            target: part("target"),
            function: self
                .fields
                .mono(part("name"), "Function of the page")
                .help("Called with the key-values, like addVoucher(kv) or shop.addVoucher(kv)."),
            name: part("do"),
        }))
    }

    fn clicks(&self) -> Vec<Section> {
        let mut sections = Vec::new();
        let mut items = Vec::new();
        if self.has(Slot::Button) {
            items.push(Item::One(
                self.line("button", "Words on the button")
                    .tags()
                    .help("Say what happens next. Empty: no button."),
            ));
        }
        let title = if self.popup.template.is_image_only() {
            "When the picture is clicked"
        } else {
            "When the button is clicked"
        };
        let after = if self.popup.drawn_field().is_some() {
            "After the answer is sent"
        } else if self.has(Slot::Code) {
            "After the code is copied"
        } else {
            title
        };
        items.push(self.click(&self.name("on_click"), after));
        sections.push(Section::new(format!("{}.on_click", self.at), title, items));
        if self.has(Slot::Second) {
            let items = vec![
                Item::One(
                    self.line("second.label", "Words on the second button")
                        .note("optional")
                        .tags()
                        .help("Quiet, and as polite as the first: “Not now”. Empty: one button."),
                ),
                self.click(&self.name("second.on_click"), "When the second button is clicked"),
            ];
            let mut section = Section::new(format!("{}.second", self.at), "Second button", items);
            let words = self.fields.typed.get(&self.name("second.label"));
            section.fold = Some(if words.is_empty() {
                "none".to_owned()
            } else {
                format!("“{words}”")
            });
            sections.push(section);
        }
        sections
    }

    fn picture(&self) -> Option<Section> {
        if !self.has(Slot::Image) {
            return None;
        }
        let name = |part: &str| format!("{}.image.{part}", self.at);
        let typed = self.fields.typed;
        let url = typed.get(&name("url"));
        let own_art = !matches!(
            self.popup.template,
            campanile_core::popup::Template::Box | campanile_core::popup::Template::Interstitial
        );
        let picture = Picture {
            url: self
                .fields
                .mono(name("url"), "Address of the picture")
                .note("optional")
                .help(if own_art {
                    "Upload one, or write an address. Empty: the template’s own drawing."
                } else {
                    "Upload one, or write an address. Empty: no picture."
                }),
            alt: self
                .fields
                .line(name("alt"), "What it shows")
                .help("For those who do not see it. Empty: it only decorates."),
            dark: self
                .fields
                .mono(name("dark"), "Another one for the dark theme")
                .note("optional"),
            size: ["size_of", "width", "height"].map(|part| (name(part), typed.get(&name(part)).to_owned())),
            shown: url.starts_with("https://") || url.starts_with("http://") || url.starts_with('/'),
            own_art,
        };
        Some(Section::new(
            format!("{}.image", self.at),
            "Picture",
            vec![Item::Picture(Box::new(picture))],
        ))
    }

    fn colour(&self, slot: &str, label: &str) -> Control {
        let name = self.name(slot);
        self.fields.control(name, label, Shape::Colour)
    }

    fn look(&self) -> Section {
        let mut items = Vec::new();
        let mut pair = Vec::new();
        if self.has(Slot::Corner) {
            let corners = [
                ("bottom-right", "Bottom right"),
                ("bottom-left", "Bottom left"),
                ("top-right", "Top right"),
                ("top-left", "Top left"),
            ];
            pair.push(self.fields.choice(self.name("corner"), "Corner", &corners));
        }
        if self.has(Slot::Edge) {
            let edges = [("top", "At the top"), ("bottom", "At the bottom")];
            pair.push(self.fields.choice(self.name("edge"), "Edge", &edges));
        }
        let themes = [
            ("auto", "As the visitor prefers"),
            ("light", "Always light"),
            ("dark", "Always dark"),
        ];
        pair.push(self.fields.choice(self.name("theme"), "Light or dark", &themes));
        let voices = [
            ("", "The template’s own"),
            ("plain", "Plain"),
            ("bookman", "Bookman"),
            ("bookish", "Bookish"),
            ("geometric", "Geometric"),
            ("narrow", "Narrow"),
            ("receipt", "Receipt"),
        ];
        pair.push(
            self.fields
                .choice(self.name("voice"), "Type of the title", &voices),
        );
        pair.push(
            self.fields
                .control(self.name("radius"), "Corner radius", Shape::Line)
                .note("px")
                .help("0 to 32. Empty: the template’s own."),
        );
        while !pair.is_empty() {
            let two: Vec<Control> = pair.drain(..pair.len().min(2)).collect();
            items.push(Item::Pair(two));
        }
        let ratio = contrast(self.popup.ink, self.popup.ground);
        let on = self.popup.accent.on();
        let button = contrast(on, self.popup.accent);
        items.push(Item::Colours(vec![
            self.colour("accent", "Button")
                .help(format!("Words on it {button:.1}:1, in {on}")),
            self.colour("ground", "Ground").help("Surface in the light theme"),
            self.colour("ink", "Text")
                .help(format!("On the ground {ratio:.1}:1"))
                .mend(better(self.popup.ink, self.popup.ground)),
            self.colour("art", "Drawing")
                .note("optional")
                .help("Empty: the template’s own"),
        ]));
        Section::new(format!("{}.look", self.at), "Look", items)
    }

    fn more(&self) -> Section {
        let mut items = Vec::new();
        if self.has(Slot::Close) {
            items.push(Item::One(
                self.fields
                    .tick(self.name("close"), "Show a close button")
                    .help("Without it a button or Escape closes."),
            ));
        }
        items.push(Item::One(self.line("language", "Language of the words").help(
            "A tag such as en or ar. It sets the direction and the words of the close button.",
        )));
        items.push(Item::One(
            self.fields
                .control(self.name("kv"), "Key-values", Shape::Code(3))
                .note("key = value, one a line")
                .help("Handed to the function and to your callbacks."),
        ));
        let mut section = Section::new(
            format!("{}.more", self.at),
            "Language, closing, key-values",
            items,
        );
        let count = self.fields.typed.get(&self.name("kv")).lines().count();
        section.fold = Some(match count {
            0 => self.popup.language.clone(),
            n => format!("{}, {n} key-values", self.popup.language),
        });
        section
    }
}

/// The nearest colour that can be read on a ground, with the words for it; nothing where this one can.
fn better(ink: Colour, ground: Colour) -> Option<(String, String)> {
    (contrast(ink, ground) < 4.5).then(|| {
        let colour = nearest_passing(ink, ground, 4.5);
        let words = format!("Use {colour}, {:.1}:1", contrast(colour, ground));
        (colour.to_string(), words)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::pages::Errors;
    use crate::http::pages::forms::{Typed, fill_popup};
    use campanile_core::popup::{Template, gallery};
    use campanile_core::time::Zone;

    #[test]
    fn only_what_a_template_draws_is_asked_for() {
        let errors = Errors::default();
        for template in Template::ALL {
            let popup = gallery::sample(template);
            let mut typed = Typed::default();
            fill_popup(&mut typed, "popup", &popup, &Zone::utc());
            let fields = Fields {
                typed: &typed,
                wrong: &errors,
            };
            let sections = sections(&fields, "popup", &popup, "UTC");
            let items: usize = sections.iter().map(|section| section.items.len()).sum();
            assert!(items > 5, "{}", template.name());
            let named = |id: &str| sections.iter().any(|section| section.id == format!("popup.{id}"));
            assert_eq!(named("image"), template.has(Slot::Image));
            assert_eq!(named("second"), template.has(Slot::Second));
            assert_eq!(named("receipt.lines"), template.has(Slot::Receipt));
            assert_eq!(named("custom"), template.has(Slot::Html));
        }
    }

    #[test]
    fn a_better_colour_is_offered_with_the_contrast_that_it_has() {
        let colour = |text: &str| Colour::parse(text).expect("a colour");
        assert!(better(colour("#14181f"), colour("#ffffff")).is_none());
        let mut ratios = Vec::new();
        for shade in 0..=255 {
            let ground = colour(&format!("#{shade:02x}{shade:02x}ff"));
            if let Some((value, words)) = better(colour("#808080"), ground) {
                let ratio = format!("{:.1}:1", contrast(colour(&value), ground));
                assert_eq!(words, format!("Use {value}, {ratio}"));
                ratios.push(ratio);
            }
        }
        assert!(ratios.iter().any(|ratio| ratio != "4.5:1"), "{ratios:?}");
    }
}
