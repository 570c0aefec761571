//! The composer's rows for a push's words in other languages.
//!
//! Left out: reading them (`forms`). Invariant: a row has the inputs that its faults are told at.

use super::control::{Control, Fields};
use crate::http::pages::Errors;
use crate::http::pages::forms::{TRANSLATIONS, Typed};

/// Words in one language.
#[derive(Debug, Clone)]
pub(crate) struct LanguageRow {
    /// Path of its inputs.
    pub(crate) at: String,
    /// Which language.
    pub(crate) language: Control,
    /// First line.
    pub(crate) title: Control,
    /// Text.
    pub(crate) body: Control,
    /// Where a click leads.
    pub(crate) url: Control,
    /// Words on the buttons, one a line.
    pub(crate) buttons: Control,
}

impl LanguageRow {
    fn new(fields: &Fields<'_>, at: String) -> Self {
        Self {
            language: fields
                .line(format!("{at}.language"), "Language")
                .help("Like de or pt-BR."),
            title: fields.line(format!("{at}.title"), "Title").most(50),
            body: fields.area(format!("{at}.body"), "Text", 2).most(120),
            url: fields
                .mono(format!("{at}.url"), "Opens")
                .note("optional")
                .help("Empty: as in the first language."),
            buttons: fields
                .area(format!("{at}.buttons"), "Buttons", 2)
                .note("optional")
                .help("One a line, in their order. Empty: as in the first language."),
            at,
        }
    }

    /// One that script copies.
    pub(crate) fn blank() -> Self {
        let fields = Fields {
            typed: &Typed::default(),
            wrong: &Errors::default(),
        };
        Self::new(&fields, "__language__".to_owned())
    }

    /// Whether something is wrong with it.
    fn is_wrong(&self) -> bool {
        [&self.language, &self.title, &self.body, &self.url, &self.buttons]
            .iter()
            .any(|control| control.is_wrong())
    }
}

/// The rows.
#[derive(Debug, Clone)]
pub(crate) struct Languages(pub(crate) Vec<LanguageRow>);

impl Languages {
    /// Those that are typed.
    pub(crate) fn new(fields: &Fields<'_>) -> Self {
        let rows = (0..fields.typed.rows(TRANSLATIONS))
            .map(|at| format!("{TRANSLATIONS}[{at}]"))
            .filter(|at| fields.typed.has(&format!("{at}.language")))
            .map(|at| LanguageRow::new(fields, at));
        Self(rows.collect())
    }

    /// Whether they are to be seen at once: something is wrong, or a row was just asked for.
    pub(crate) fn is_open(&self) -> bool {
        self.0
            .iter()
            .any(|row| row.is_wrong() || row.language.value.is_empty())
    }

    /// Which there are, in a few words.
    pub(crate) fn words(&self) -> String {
        let names: Vec<&str> = self.0.iter().map(|row| row.language.value.trim()).collect();
        if names.is_empty() {
            "none".to_owned()
        } else {
            names.join(", ")
        }
    }
}
