//! What a form is made of: a control with its words, its value and what is wrong with it.
//!
//! Left out: which controls a page has. Invariant: a control's name is the path of its fault; a fault of a part that has no input of its
//! own is told at the control above it.

use crate::http::pages::Errors;
use crate::http::pages::forms::Typed;

/// The shape of a control.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Shape {
    /// One line.
    Line,
    /// One line of code: an address, a name of a function.
    Mono,
    /// Several lines; how many at first.
    Area(u8),
    /// Several lines of code.
    Code(u8),
    /// A whole number.
    Number,
    /// A colour: the text, with a picker beside it once script runs.
    Colour,
    /// A moment, with the zone that it is read in.
    Moment(String),
    /// Yes or no.
    Tick,
    /// One of several: values and words.
    Choice(Vec<(String, String)>),
}

/// One input with its label.
#[derive(Debug, Clone)]
pub(crate) struct Control {
    /// Name and id.
    pub(crate) name: String,
    /// Its words.
    pub(crate) label: String,
    /// A word after the label, for example `optional`.
    pub(crate) note: &'static str,
    /// A line below.
    pub(crate) help: String,
    /// What is typed.
    pub(crate) value: String,
    /// Its shape.
    pub(crate) shape: Shape,
    /// What is wrong.
    pub(crate) wrong: Option<String>,
    /// Most characters that are sensible; a counter shows them. 0: no counter.
    pub(crate) most: usize,
    /// Whether a visitor's data can be put in.
    pub(crate) tags: bool,
    /// A value that would mend it, for one click.
    pub(crate) mend: Option<(String, String)>,
}

impl Control {
    /// With a line below it.
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = help.into();
        self
    }

    /// With a word after the label.
    pub(crate) fn note(mut self, note: &'static str) -> Self {
        self.note = note;
        self
    }

    /// With a counter.
    pub(crate) fn most(mut self, most: usize) -> Self {
        self.most = most;
        self
    }

    /// A visitor's data may stand in it.
    pub(crate) fn tags(mut self) -> Self {
        self.tags = true;
        self
    }

    /// With a value that would mend it.
    pub(crate) fn mend(mut self, value: Option<(String, String)>) -> Self {
        self.mend = value;
        self
    }

    /// How many characters are typed.
    pub(crate) fn used(&self) -> usize {
        self.value.chars().count()
    }

    /// Whether something is wrong with it.
    pub(crate) fn is_wrong(&self) -> bool {
        self.wrong.is_some()
    }

    /// Whether it is ticked.
    pub(crate) fn ticked(&self) -> bool {
        self.value == "yes"
    }

    /// The id of what describes it, if anything does.
    pub(crate) fn described(&self) -> Option<&'static str> {
        if self.wrong.is_some() {
            Some("wrong")
        } else {
            (!self.help.is_empty()).then_some("help")
        }
    }
}

/// Makes controls from what is typed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fields<'a> {
    /// What is typed.
    pub(crate) typed: &'a Typed,
    /// What is wrong.
    pub(crate) wrong: &'a Errors,
}

impl Fields<'_> {
    /// What is wrong with an input, or with a part of it that has no input of its own.
    pub(crate) fn fault(&self, name: &str) -> Option<String> {
        let below = |field: &str| {
            field.strip_prefix(name).is_some_and(|rest| {
                rest.is_empty() || (rest.starts_with(['[', '.']) && !self.typed.has(field))
            })
        };
        self.wrong
            .0
            .iter()
            .find(|fault| fault.field == name)
            .or_else(|| self.wrong.0.iter().find(|fault| below(&fault.field)))
            .map(|fault| fault.message.clone())
    }

    /// A control of any shape.
    pub(crate) fn control(&self, name: impl Into<String>, label: impl Into<String>, shape: Shape) -> Control {
        let name = name.into();
        Control {
            label: label.into(),
            note: "",
            help: String::new(),
            value: self.typed.get(&name).to_owned(),
            shape,
            wrong: self.fault(&name),
            most: 0,
            tags: false,
            mend: None,
            name,
        }
    }

    /// One line of words.
    pub(crate) fn line(&self, name: impl Into<String>, label: impl Into<String>) -> Control {
        self.control(name, label, Shape::Line)
    }

    /// One line of code.
    pub(crate) fn mono(&self, name: impl Into<String>, label: impl Into<String>) -> Control {
        self.control(name, label, Shape::Mono)
    }

    /// Several lines.
    pub(crate) fn area(&self, name: impl Into<String>, label: impl Into<String>, rows: u8) -> Control {
        self.control(name, label, Shape::Area(rows))
    }

    /// Yes or no.
    pub(crate) fn tick(&self, name: impl Into<String>, label: impl Into<String>) -> Control {
        self.control(name, label, Shape::Tick)
    }

    /// One of several.
    pub(crate) fn choice(
        &self,
        name: impl Into<String>,
        label: impl Into<String>,
        of: &[(&str, &str)],
    ) -> Control {
        let of = of
            .iter()
            .map(|(value, words)| ((*value).to_owned(), (*words).to_owned()))
            .collect();
        self.control(name, label, Shape::Choice(of))
    }
}
