//! What goes into a statement and what comes out of it: [`Value`], [`Row`], [`Rows`].
//!
//! Left out on purpose: domain types. The waist knows integers, reals, text and bytes; ids, times and JSON are
//! spelled by the callers in `store/` (times as milliseconds, JSON as text, ids as bytes or text).
//!
//! Invariant: the same statement gives the same `Value` variants on both engines.

use super::error::DbError;

/// One argument of a statement, or one column of a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// SQL `NULL`.
    Null,
    /// A whole number; also truth (0, 1) and times (milliseconds since 1970).
    Int(i64),
    /// A floating-point number.
    Real(f64),
    /// Text without NUL characters, which PostgreSQL cannot hold.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
}

impl Value {
    /// What the value is, for error texts: never the value itself, which may be personal.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Value::Null => "null",
            Value::Int(_) => "an integer",
            Value::Real(_) => "a real number",
            Value::Text(_) => "text",
            Value::Bytes(_) => "bytes",
        }
    }
}

macro_rules! from_integer {
    ($($integer:ty),*) => {$(
        impl From<$integer> for Value {
            fn from(number: $integer) -> Value {
                Value::Int(i64::from(number))
            }
        }
    )*};
}
from_integer!(i64, i32, i16, u32, u16, u8, bool);

impl From<f64> for Value {
    fn from(number: f64) -> Value {
        Value::Real(number)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Value {
        Value::Text(text)
    }
}

impl From<&String> for Value {
    fn from(text: &String) -> Value {
        Value::Text(text.clone())
    }
}

impl From<Vec<u8>> for Value {
    fn from(bytes: Vec<u8>) -> Value {
        Value::Bytes(bytes)
    }
}

impl From<&[u8]> for Value {
    fn from(bytes: &[u8]) -> Value {
        Value::Bytes(bytes.to_vec())
    }
}

impl<const N: usize> From<[u8; N]> for Value {
    fn from(bytes: [u8; N]) -> Value {
        Value::Bytes(bytes.to_vec())
    }
}

impl<const N: usize> From<&[u8; N]> for Value {
    fn from(bytes: &[u8; N]) -> Value {
        Value::Bytes(bytes.to_vec())
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(option: Option<T>) -> Value {
        option.map_or(Value::Null, Into::into)
    }
}

/// Makes the arguments of a statement: `args![id, now, name]` is `Vec<Value>`, each by its `Into<Value>`.
#[macro_export]
macro_rules! args {
    ($($value:expr),* $(,)?) => {
        ::std::vec::Vec::<$crate::store::db::Value>::from([$($crate::store::db::Value::from($value)),*])
    };
}
pub use crate::args;

/// One row of an answer. Columns are counted from 0.
#[derive(Clone, Debug, PartialEq)]
pub struct Row(Box<[Value]>);

impl Row {
    pub(super) fn new(values: Vec<Value>) -> Row {
        Row(values.into_boxed_slice())
    }

    fn wrong(&self, column: usize, wanted: &'static str) -> DbError {
        let found = self.0.get(column).map_or("no such column", Value::kind);
        DbError::Column {
            column,
            wanted,
            found,
        }
    }

    /// The value of a column, whatever it is.
    pub fn value(&self, column: usize) -> Result<&Value, DbError> {
        self.0.get(column).ok_or_else(|| self.wrong(column, "a value"))
    }

    /// An integer that is there.
    pub fn int(&self, column: usize) -> Result<i64, DbError> {
        self.opt_int(column)?
            .ok_or_else(|| self.wrong(column, "an integer"))
    }

    /// An integer, or nothing for `NULL`.
    pub fn opt_int(&self, column: usize) -> Result<Option<i64>, DbError> {
        match self.0.get(column) {
            Some(Value::Int(number)) => Ok(Some(*number)),
            Some(Value::Null) => Ok(None),
            _ => Err(self.wrong(column, "an integer")),
        }
    }

    /// Truth, kept as the integers 0 and 1.
    pub fn bool(&self, column: usize) -> Result<bool, DbError> {
        Ok(self.int(column)? != 0)
    }

    /// A real number that is there; a whole number counts as one.
    pub fn real(&self, column: usize) -> Result<f64, DbError> {
        match self.0.get(column) {
            Some(Value::Real(number)) => Ok(*number),
            Some(Value::Int(number)) => Ok(*number as f64),
            _ => Err(self.wrong(column, "a real number")),
        }
    }

    /// Text that is there.
    pub fn text(&self, column: usize) -> Result<&str, DbError> {
        self.opt_text(column)?.ok_or_else(|| self.wrong(column, "text"))
    }

    /// Text, or nothing for `NULL`.
    pub fn opt_text(&self, column: usize) -> Result<Option<&str>, DbError> {
        match self.0.get(column) {
            Some(Value::Text(text)) => Ok(Some(text)),
            Some(Value::Null) => Ok(None),
            _ => Err(self.wrong(column, "text")),
        }
    }

    /// Bytes that are there.
    pub fn bytes(&self, column: usize) -> Result<&[u8], DbError> {
        self.opt_bytes(column)?.ok_or_else(|| self.wrong(column, "bytes"))
    }

    /// Bytes, or nothing for `NULL`.
    pub fn opt_bytes(&self, column: usize) -> Result<Option<&[u8]>, DbError> {
        match self.0.get(column) {
            Some(Value::Bytes(bytes)) => Ok(Some(bytes)),
            Some(Value::Null) => Ok(None),
            _ => Err(self.wrong(column, "bytes")),
        }
    }
}

/// The answer of a statement, in the order the statement asked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rows(Vec<Row>);

impl Rows {
    pub(super) fn new(rows: Vec<Row>) -> Rows {
        Rows(rows)
    }

    pub(super) fn extend(&mut self, more: Rows) {
        self.0.extend(more.0);
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The first row.
    pub fn first(&self) -> Option<&Row> {
        self.0.first()
    }

    /// The rows in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Row> {
        self.0.iter()
    }
}

impl IntoIterator for Rows {
    type Item = Row;
    type IntoIter = std::vec::IntoIter<Row>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a Rows {
    type Item = &'a Row;
    type IntoIter = std::slice::Iter<'a, Row>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl std::ops::Index<usize> for Rows {
    type Output = Row;

    fn index(&self, index: usize) -> &Row {
        &self.0[index]
    }
}
