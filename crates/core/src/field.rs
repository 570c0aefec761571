//! One way to say which field of an input is wrong and how to mend it.
//!
//! Everything that comes from a form, the API or the wire reports through this type, so that the dashboard can put the
//! sentence beside the field and the API can name it. Invariant: `message` is a whole sentence for a person.

use std::fmt;

/// A field that was not accepted: where, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct FieldError {
    /// Path of the field as the sender wrote it, for example `popup.on_click.url`.
    pub field: String,
    /// What is wrong and the remedy, as a sentence.
    pub message: String,
}

impl FieldError {
    /// Names `field` and says `message`.
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            message: message.into(),
        }
    }
}

impl fmt::Display for FieldError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.field, self.message)
    }
}

impl std::error::Error for FieldError {}
