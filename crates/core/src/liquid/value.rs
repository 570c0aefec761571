//! Values while a template is rendered: steps into them, how they are compared, and what they cost.
//!
//! Left out: filters. Invariant: nothing here goes deeper into a value than [`MAX_INNER`], and everything that copies or
//! goes through a value has been paid for from the [`Budget`].

use super::RenderError;
use serde_json::{Number, Value};
use std::borrow::Cow;
use std::cmp::Ordering;
use std::rc::Rc;

/// Deepest value that is looked at.
const MAX_INNER: u32 = 64;

/// A value at hand.
#[derive(Debug, Clone)]
pub(super) enum Val<'r> {
    /// None, and the path at which it was missing.
    Nil(Rc<str>),
    /// One of the scope or of the template.
    Ref(&'r Value),
    /// One that rendering made.
    Own(Rc<Value>),
}

/// Why something cannot be done with a value; who asked knows its name.
#[derive(Debug)]
pub(super) enum Trouble {
    /// It is of the wrong kind: what is wrong, as the end of a sentence.
    Type(&'static str),
    /// Something else has no value.
    Missing(&'static str),
    /// The result is too long.
    Long,
    /// The budget is spent.
    Steps,
}

impl Trouble {
    /// As an error about `name`.
    pub(super) fn named(self, name: &dyn Fn() -> String) -> RenderError {
        match self {
            Self::Type(reason) => RenderError::Type {
                path: name(),
                reason: reason.to_owned(),
            },
            Self::Missing(path) => RenderError::Missing {
                path: path.to_owned(),
            },
            Self::Long => RenderError::TooLong,
            Self::Steps => RenderError::TooManySteps,
        }
    }
}

/// Steps that are left.
#[derive(Debug)]
pub(super) struct Budget {
    left: usize,
}

impl Budget {
    /// `steps` steps.
    pub(super) fn new(steps: usize) -> Self {
        Self { left: steps }
    }

    /// Pays for `steps`.
    pub(super) fn pay(&mut self, steps: usize) -> Result<(), Trouble> {
        self.left = self.left.checked_sub(steps).ok_or(Trouble::Steps)?;
        Ok(())
    }

    /// Pays for going through `bytes` of text.
    pub(super) fn pay_text(&mut self, bytes: usize) -> Result<(), Trouble> {
        self.pay(bytes / 256)
    }

    /// Pays for going through all of `value`.
    pub(super) fn pay_value(&mut self, value: &Value) -> Result<(), Trouble> {
        let cap = self.left.saturating_mul(4).saturating_add(4);
        let mut units = 0;
        weigh(value, 0, cap, &mut units)?;
        self.pay(units / 4)
    }
}

/// Counts what `value` holds in units of one item or 64 bytes, and gives up above `cap`.
fn weigh(value: &Value, depth: u32, cap: usize, units: &mut usize) -> Result<(), Trouble> {
    if depth > MAX_INNER {
        return Err(Trouble::Type("is nested too deeply"));
    }
    *units += 1;
    match value {
        Value::String(text) => *units += text.len() / 64,
        Value::Array(items) => {
            for item in items {
                weigh(item, depth + 1, cap, units)?;
            }
        }
        Value::Object(fields) => {
            for (key, item) in fields {
                *units += key.len() / 64;
                weigh(item, depth + 1, cap, units)?;
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
    if *units > cap {
        return Err(Trouble::Steps);
    }
    Ok(())
}

impl<'r> Val<'r> {
    /// A value that rendering made; null is none, missing at `name`.
    pub(super) fn made(value: Value, name: &dyn Fn() -> String) -> Self {
        if value.is_null() {
            Self::Nil(name().into())
        } else {
            Self::Own(Rc::new(value))
        }
    }

    /// The JSON of it.
    pub(super) fn json(&self) -> &Value {
        match self {
            Self::Nil(_) => &Value::Null,
            Self::Ref(value) => value,
            Self::Own(value) => value,
        }
    }

    /// Whether there is one.
    pub(super) fn is_nil(&self) -> bool {
        matches!(self, Self::Nil(_))
    }

    /// What `find` finds in it; nothing is none at `name`.
    pub(super) fn child(
        &self,
        budget: &mut Budget,
        name: &dyn Fn() -> String,
        find: impl for<'v> Fn(&'v Value) -> Option<Cow<'v, Value>>,
    ) -> Result<Val<'r>, Trouble> {
        let nil = || Val::Nil(name().into());
        match self {
            Self::Nil(_) => Ok(nil()),
            Self::Ref(value) => Ok(match find(value) {
                Some(Cow::Borrowed(found)) if !found.is_null() => Val::Ref(found),
                Some(Cow::Owned(found)) => Val::made(found, name),
                _ => nil(),
            }),
            Self::Own(value) => match find(value) {
                Some(found) if !found.is_null() => {
                    budget.pay_value(&found)?;
                    Ok(Val::Own(Rc::new(found.into_owned())))
                }
                _ => Ok(nil()),
            },
        }
    }

    /// Whether a condition takes it as true: everything but nil and false.
    pub(super) fn is_true(&self) -> bool {
        !matches!(self.json(), Value::Null | Value::Bool(false))
    }

    /// Whether it equals `blank`.
    pub(super) fn is_blank(&self) -> bool {
        match self.json() {
            Value::Null | Value::Bool(false) => true,
            Value::String(text) => text.trim().is_empty(),
            other => is_empty(other),
        }
    }
}

/// Whether `value` equals `empty`.
pub(super) fn is_empty(value: &Value) -> bool {
    match value {
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// What a key leads to; `size`, `first` and `last` also where there is no such key.
pub(super) fn by_key<'v>(value: &'v Value, key: &str) -> Option<Cow<'v, Value>> {
    if let Value::Object(fields) = value
        && let Some(found) = fields.get(key)
    {
        return Some(Cow::Borrowed(found));
    }
    match (key, value) {
        ("size", _) => size(value).map(|size| Cow::Owned(Value::from(size))),
        ("first", Value::Array(items)) => items.first().map(Cow::Borrowed),
        ("last", Value::Array(items)) => items.last().map(Cow::Borrowed),
        _ => None,
    }
}

/// What an index leads to, from the end when it is negative.
pub(super) fn by_index(value: &Value, index: i64) -> Option<Cow<'_, Value>> {
    let items = value.as_array()?;
    let index = if index < 0 {
        items
            .len()
            .checked_sub(usize::try_from(index.unsigned_abs()).ok()?)?
    } else {
        usize::try_from(index).ok()?
    };
    items.get(index).map(Cow::Borrowed)
}

/// Characters of a text, items of a list, fields of an object.
pub(super) fn size(value: &Value) -> Option<usize> {
    match value {
        Value::String(text) => Some(text.chars().count()),
        Value::Array(items) => Some(items.len()),
        Value::Object(fields) => Some(fields.len()),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

/// The text that a reader sees. Items of a list follow each other; an object has none.
pub(super) fn text(value: &Value) -> Result<Cow<'_, str>, Trouble> {
    match value {
        Value::Null => Ok(Cow::Borrowed("")),
        Value::String(text) => Ok(Cow::Borrowed(text)),
        Value::Bool(_) | Value::Number(_) => Ok(Cow::Owned(value.to_string())),
        Value::Array(_) => {
            let mut out = String::new();
            list_text(value, 0, &mut out)?;
            Ok(Cow::Owned(out))
        }
        Value::Object(_) => Err(Trouble::Type(
            "is an object, not a text: name one of its fields, or use the filter json",
        )),
    }
}

fn list_text(value: &Value, depth: u32, out: &mut String) -> Result<(), Trouble> {
    if depth > MAX_INNER {
        return Err(Trouble::Type("is nested too deeply"));
    }
    if let Value::Array(items) = value {
        for item in items {
            list_text(item, depth + 1, out)?;
        }
    } else {
        out.push_str(&text(value)?);
    }
    Ok(())
}

/// A number to calculate with.
#[derive(Debug, Clone, Copy)]
pub(super) enum Num {
    /// A whole number.
    Int(i64),
    /// Any other.
    Float(f64),
}

impl Num {
    /// The number that `value` is, or that its text says.
    pub(super) fn of(value: &Value) -> Result<Self, Trouble> {
        let found = match value {
            Value::Number(number) => match number.as_i64() {
                Some(int) => Some(Self::Int(int)),
                None => number.as_f64().map(Self::Float),
            },
            Value::String(text) => {
                let text = text.trim();
                match text.parse() {
                    Ok(int) => Some(Self::Int(int)),
                    // Words such as `inf` and `nan` are numbers for Rust alone.
                    Err(_) if text.ends_with(|c: char| c.is_ascii_digit()) => {
                        text.parse().ok().map(Self::Float)
                    }
                    Err(_) => None,
                }
            }
            _ => None,
        };
        found.ok_or(Trouble::Type("is no number"))
    }

    /// As a floating-point number.
    pub(super) fn float(self) -> f64 {
        match self {
            Self::Int(int) => int as f64,
            Self::Float(float) => float,
        }
    }

    /// As JSON.
    pub(super) fn json(self) -> Result<Value, Trouble> {
        match self {
            Self::Int(int) => Ok(int.into()),
            Self::Float(float) => Number::from_f64(float)
                .map(Value::Number)
                .ok_or(Trouble::Type("is too large to calculate with")),
        }
    }
}

/// Whether two values are the same; 1 and 1.0 are.
pub(super) fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => order_of_numbers(left, right) == Some(Ordering::Equal),
        _ => left == right,
    }
}

/// Which of two values comes first; nothing if they cannot be compared.
pub(super) fn order(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => order_of_numbers(left, right),
        (Value::String(left), Value::String(right)) => Some(left.cmp(right)),
        _ => None,
    }
}

fn order_of_numbers(left: &Number, right: &Number) -> Option<Ordering> {
    match (left.as_i64(), right.as_i64()) {
        (Some(left), Some(right)) => Some(left.cmp(&right)),
        _ => left.as_f64()?.partial_cmp(&right.as_f64()?),
    }
}

/// Whether `part` is in `whole`: in a text, a list, or among an object's keys.
pub(super) fn contains(whole: &Value, part: &Value) -> bool {
    match whole {
        Value::String(whole) => match part {
            Value::String(part) => whole.contains(part.as_str()),
            Value::Number(part) => whole.contains(&part.to_string()),
            _ => false,
        },
        Value::Array(items) => items.iter().any(|item| equal(item, part)),
        Value::Object(fields) => part.as_str().is_some_and(|key| fields.contains_key(key)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}
