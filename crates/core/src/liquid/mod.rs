//! Liquid templates for texts that an owner writes and a visitor's data completes.
//!
//! A small, strict engine. Owners may be careless and visitors hostile: a template is parsed once, with an error that says
//! what to write instead, and each output is escaped for the place in which it stands, with no way to opt out. A value
//! that is missing and has no `default` is an error, since nobody should read “Welcome back, !”. Left out: templates that
//! include others, counters, and writing dates in other languages than English. Invariant: parsing and rendering end soon
//! and never panic, whatever the template and the data (the limits below); what was written by a visitor stays data.

mod address;
mod date;
mod expression;
mod filters;
mod html;
mod lex;
mod parse;
mod place;
mod places;
mod render;
mod script;
mod syntax;
mod value;

#[cfg(test)]
mod limits_tests;
#[cfg(test)]
mod places_tests;
#[cfg(test)]
mod tests;

pub use place::escape_html;

use serde_json::{Map, Value};
use std::borrow::Cow;
use std::sync::Arc;

/// Longest source in bytes.
pub const MAX_SOURCE: usize = 128 * 1024;
/// Deepest nesting of tags.
pub const MAX_DEPTH: usize = 16;
/// Most texts, outputs and tags.
pub const MAX_NODES: usize = 2_000;
/// Most steps of rendering. A node, a value, a filter and a round of a loop are steps; so are 256 bytes that are copied.
pub const MAX_STEPS: usize = 20_000;
/// Longest output in bytes.
pub const MAX_OUTPUT: usize = 256 * 1024;
/// Longest text that a filter or `capture` makes, in bytes.
pub const MAX_TEXT: usize = 64 * 1024;
/// Most items of a range.
pub const MAX_RANGE: i64 = 1_000;

/// Where the output of a template goes; decides how each `{{ }}` is escaped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Context {
    /// Plain text: nothing is escaped, the caller does it.
    Text,
    /// The whole template is one address. Values are percent-encoded as a component; one that stands first may be a whole
    /// http(s) address or a path.
    Url,
    /// An HTML document or a part of one: each output is escaped for the place in which it stands.
    Html,
}

/// A template that cannot be used: where, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {message}")]
pub struct ParseError {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong and what to do.
    pub message: String,
}

/// Why a template was not rendered with some data. Nothing of it must be shown then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RenderError {
    /// There is no value, and the output has no `default`.
    #[error("`{path}` has no value and the template gives no default for it")]
    Missing {
        /// What has no value.
        path: String,
    },
    /// The output, or a text on the way to it, is longer than the limit.
    #[error("the text becomes too long")]
    TooLong,
    /// Rendering takes more steps than the limit.
    #[error("rendering takes too many steps")]
    TooManySteps,
    /// The value could do harm at this place.
    #[error("`{path}` {reason}")]
    Unsafe {
        /// The value.
        path: String,
        /// What is wrong with it, as the rest of a sentence.
        reason: String,
    },
    /// The value is of a kind that cannot be used so.
    #[error("`{path}` {reason}")]
    Type {
        /// The value.
        path: String,
        /// What is wrong with it, as the rest of a sentence.
        reason: String,
    },
}

/// Where values come from.
pub trait Lookup {
    /// The value of a name that stands first in a path, such as `profile`; steps from it are ours. Each name is asked for at
    /// most once in a rendering.
    fn get(&self, name: &str) -> Option<Cow<'_, Value>>;
}

impl Lookup for Map<String, Value> {
    fn get(&self, name: &str) -> Option<Cow<'_, Value>> {
        Map::get(self, name).map(Cow::Borrowed)
    }
}

/// A template: parsed once, rendered often.
#[derive(Debug, Clone)]
pub struct Template {
    tree: Arc<parse::Tree>,
}

impl Template {
    /// Reads a template whose output goes to `context`.
    pub fn parse(source: &str, context: Context) -> Result<Self, ParseError> {
        let tree = parse::read(source).and_then(|mut tree| {
            if !tree.is_constant {
                places::find(&mut tree.nodes, context, source.len())?;
            }
            Ok(tree)
        });
        match tree {
            Ok(tree) => Ok(Self { tree: Arc::new(tree) }),
            Err(fault) => {
                let before = source.get(..fault.at).unwrap_or(source);
                Err(ParseError {
                    line: before.matches('\n').count() + 1,
                    column: before.rsplit('\n').next().unwrap_or_default().chars().count() + 1,
                    message: fault.message,
                })
            }
        }
    }

    /// Whether there is neither tag nor output, so that rendering gives the source as it is.
    pub fn is_constant(&self) -> bool {
        self.tree.is_constant
    }

    /// The paths that are read from outside, such as `profile.first_name`, in their order and each once.
    pub fn variables(&self) -> Vec<String> {
        self.tree.variables.iter().cloned().collect()
    }

    /// The text with the values of `scope`.
    pub fn render(&self, scope: &dyn Lookup) -> Result<String, RenderError> {
        render::render(&self.tree, scope)
    }
}
