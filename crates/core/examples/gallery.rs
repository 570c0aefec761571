//! Writes the gallery's documents into a folder, to be looked at: `cargo run -p campanile-core --example gallery -- <folder>`.
//!
//! Each template in the light and the dark theme, in Arabic, and with long German words; `frames.json` says how large each frame
//! wants to be. Left out: taking pictures. Invariant: the words are the gallery's own, or those of [`arabic`] and [`german`].

use campanile_core::id::{CampaignId, Id};
use campanile_core::popup::{Colour, HandOut, Image, Popup, Template, Theme, Voice, gallery};
use campanile_core::time::Day;
use std::fs;
use std::path::PathBuf;

fn main() -> std::io::Result<()> {
    let folder = PathBuf::from(std::env::args().nth(1).unwrap_or_else(|| "gallery".to_owned()));
    fs::create_dir_all(&folder)?;
    let mut frames = serde_json::Map::new();
    for template in Template::ALL {
        for (kind, popup) in [
            ("light", gallery::sample(template)),
            ("dark", gallery::sample(template)),
            ("ar", arabic(gallery::sample(template))),
            ("de", german(gallery::sample(template))),
            ("picture", pictured(gallery::sample(template))),
            ("harbour", themed(gallery::sample(template), 0)),
            ("orchard", themed(gallery::sample(template), 1)),
            ("ledger", themed(gallery::sample(template), 2)),
        ] {
            let popup = Popup {
                theme: if kind == "dark" || kind == "ar" && template.name().len() % 2 == 0 {
                    Theme::Dark
                } else {
                    Theme::Light
                },
                ..popup
            };
            let name = format!("{}.{kind}", template.name());
            let html = popup.html();
            fs::write(folder.join(format!("{name}.html")), &html)?;
            let hand_out = HandOut {
                campaign: CampaignId(1),
                day: Day(20_261_125),
                impression: Id::parse("0199c0de7a5570008000000000000c01").expect("a constant id"),
                lease_ms: 0,
            };
            frames.insert(name, serde_json::to_value(popup.message("", hand_out).display)?);
        }
    }
    fs::write(folder.join("frames.json"), serde_json::to_vec_pretty(&frames)?)
}

/// The same pop-up with a picture of the owner's, which whoever takes pictures has to serve.
fn pictured(popup: Popup) -> Popup {
    Popup {
        image: Some(Image {
            url: "https://shop.example.com/jug.svg".to_owned(),
            alt: "A blue jug".to_owned(),
            width: 600,
            height: 800,
            dark: None,
        }),
        ..popup
    }
}

/// The same pop-up in another shop's colours, corners and voice.
fn themed(popup: Popup, shop: usize) -> Popup {
    let (accent, ground, ink, art, radius, voice) = [
        ("#0b5d57", "#f1fbf9", "#0d2422", "#ff8f6b", 0, Voice::Narrow),
        ("#8a1c55", "#fff5fb", "#2b0f20", "#c9e265", 28, Voice::Geometric),
        ("#e8c060", "#171b1a", "#f3ecd9", "#2d3a36", 6, Voice::Bookish),
    ][shop];
    let colour = |text| Colour::parse(text).expect("a constant colour");
    Popup {
        accent: colour(accent),
        ground: colour(ground),
        ink: colour(ink),
        art: Some(colour(art)),
        radius: Some(radius),
        voice: Some(voice),
        ..popup
    }
}

/// The same pop-up with Arabic words.
fn arabic(mut popup: Popup) -> Popup {
    popup.language = "ar".into();
    popup.title = match popup.template {
        Template::FullPoster => "تخفيضات",
        Template::ExitQuestion => "قبل أن تذهب: ما الذي كان *ينقصك؟*",
        Template::ImageSticker => "تغليف *مجاني*",
        Template::BoxTicket => "خصم على أول طلب لك",
        _ => "خمسة أشكال جديدة",
    }
    .into();
    if !popup.text.is_empty() {
        popup.text = "شتاء من التجارب أعطانا لونًا أزرق يميل إلى البياض.".into();
    }
    for (slot, words) in [
        (&mut popup.status, "متوفر من جديد"),
        (&mut popup.note, "لطلب واحد، صالح حتى ٣١ ديسمبر ٢٠٢٦."),
    ] {
        if !slot.is_empty() {
            words.clone_into(slot);
        }
    }
    if !popup.figure.is_empty() {
        popup.figure = "١٥ ٪".into();
    }
    if let Some(button) = &mut popup.button {
        *button = "انسخ الرمز".into();
    }
    if let Some(second) = &mut popup.second {
        second.label = "ليس الآن".into();
    }
    if let Some(field) = &mut popup.field {
        field.label = "بريدك الإلكتروني".into();
        field.comment = field.comment.take().map(|_| "ماذا كان ينقص؟ (اختياري)".into());
        field.ends = field.ends.take().map(|_| ("مكسورًا".into(), "تمامًا".to_owned()));
        for option in &mut field.options {
            *option = "لا شيء، أتفرج فقط".into();
        }
    }
    for feature in &mut popup.features {
        *feature = "ستة ألوان للطلاء".into();
    }
    if let Some(receipt) = &mut popup.receipt {
        for line in &mut receipt.lines {
            line.name = "إبريق أزرق".into();
        }
        receipt.total.name = "المجموع".into();
    }
    popup
}

/// The same pop-up with long German words.
fn german(mut popup: Popup) -> Popup {
    popup.language = "de".into();
    popup.title = match popup.template {
        Template::FullPoster => "Sommerschlussverkauf",
        Template::ExitQuestion => "Bevor Sie gehen: was hat *gefehlt?*",
        Template::BoxTicket => "Willkommensnachlass auf Ihre erste Bestellung",
        Template::BarCountdown => "Zweite-Wahl-Woche",
        Template::ImageSticker => "Geschenkverpackung *kostenlos*",
        _ => "Neuigkeiten aus der Steinzeugbrennerei",
    }
    .into();
    if !popup.text.is_empty() {
        popup.text = "Einmal im Monat erzählen wir, was gelungen ist, was gesprungen ist, und Sie wählen vor allen anderen aus den Stücken zweiter Wahl.".into();
    }
    if popup.template == Template::ImageSticker {
        popup.text = "Stroh, Papier, Schnur und Karte".into();
    }
    if !popup.note.is_empty() {
        popup.note =
            "Zwölf Briefe im Jahr. Abmelden mit einem Klick, Datenschutzgrundverordnung inklusive.".into();
    }
    if let Some(button) = &mut popup.button {
        *button = "Monatsbrief abonnieren".into();
    }
    if let Some(second) = &mut popup.second {
        second.label = "Nicht mehr benachrichtigen".into();
    }
    if let Some(field) = &mut popup.field {
        field.label = "Ihre E-Mail-Adresse".into();
        for option in &mut field.options {
            *option = "Ein Foto auf einem gedeckten Tisch mit Geschirrspülmaschinenhinweis".into();
        }
    }
    popup
}
