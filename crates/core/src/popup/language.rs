//! Languages of a message: tags, direction, and the few words that the product itself puts into a pop-up.
//!
//! Left out: translating what the owner wrote. Invariant: every language has every word; an unknown one speaks English.

/// Whether `tag` looks like a BCP 47 tag.
pub(super) fn is_language(tag: &str) -> bool {
    (2..=35).contains(&tag.len())
        && tag
            .split('-')
            .all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric()))
}

/// Whether the words of this language run from right to left.
pub fn is_right_to_left(tag: &str) -> bool {
    let primary = tag.split('-').next().unwrap_or_default().to_ascii_lowercase();
    matches!(
        primary.as_str(),
        "ar" | "he" | "fa" | "ur" | "yi" | "ps" | "sd" | "ug" | "dv" | "ckb"
    )
}

/// The spoken name of the close button.
pub(super) fn close_label(tag: &str) -> &'static str {
    match tag.split('-').next().unwrap_or_default() {
        "de" => "Schließen",
        "fr" => "Fermer",
        "es" => "Cerrar",
        "it" => "Chiudi",
        "pt" => "Fechar",
        "nl" => "Sluiten",
        "pl" => "Zamknij",
        "ar" => "إغلاق",
        "he" => "סגירה",
        _ => "Close",
    }
}
