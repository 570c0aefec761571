//! The filters: their names, what they take, and what they do.
//!
//! Left out: what a chain of them means for a missing value (`render.rs`): only `default` ever sees one. Invariant: a
//! result has been paid for, and no text of it is longer than [`MAX_TEXT`].

use super::MAX_TEXT;
use super::date;
use super::place::{escape_html, percent_encode};
use super::value::{Budget, Num, Trouble, Val, by_key, equal, is_empty, order, size, text};
use serde_json::Value;
use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::HashSet;

/// A filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Filter {
    Abs,
    Append,
    AtLeast,
    AtMost,
    Capitalize,
    Ceil,
    Date,
    Default,
    DividedBy,
    Downcase,
    Escape,
    First,
    Floor,
    Join,
    Json,
    Last,
    Map,
    Minus,
    Modulo,
    Plus,
    Prepend,
    Remove,
    Replace,
    ReplaceFirst,
    Reverse,
    Round,
    Size,
    Sort,
    Split,
    Strip,
    Times,
    Truncate,
    TruncateWords,
    Uniq,
    Upcase,
    UrlEncode,
    Where,
}

/// Name, filter, fewest and most values after the colon, and how it is written.
const TABLE: &[(&str, Filter, usize, usize, &str)] = &[
    ("abs", Filter::Abs, 0, 0, "abs"),
    ("append", Filter::Append, 1, 1, "append: \"!\""),
    ("at_least", Filter::AtLeast, 1, 1, "at_least: 1"),
    ("at_most", Filter::AtMost, 1, 1, "at_most: 9"),
    ("capitalize", Filter::Capitalize, 0, 0, "capitalize"),
    ("ceil", Filter::Ceil, 0, 0, "ceil"),
    (
        "date",
        Filter::Date,
        1,
        2,
        "date: \"%d.%m.%Y\" or date: \"%H:%M\", \"Europe/Berlin\"",
    ),
    ("default", Filter::Default, 1, 1, "default: \"there\""),
    ("divided_by", Filter::DividedBy, 1, 1, "divided_by: 2"),
    ("downcase", Filter::Downcase, 0, 0, "downcase"),
    ("escape", Filter::Escape, 0, 0, "escape"),
    ("first", Filter::First, 0, 0, "first"),
    ("floor", Filter::Floor, 0, 0, "floor"),
    ("join", Filter::Join, 0, 1, "join: \", \""),
    ("json", Filter::Json, 0, 0, "json"),
    ("last", Filter::Last, 0, 0, "last"),
    ("map", Filter::Map, 1, 1, "map: \"name\""),
    ("minus", Filter::Minus, 1, 1, "minus: 1"),
    ("modulo", Filter::Modulo, 1, 1, "modulo: 2"),
    ("plus", Filter::Plus, 1, 1, "plus: 1"),
    ("prepend", Filter::Prepend, 1, 1, "prepend: \"Dear \""),
    ("remove", Filter::Remove, 1, 1, "remove: \"-\""),
    ("replace", Filter::Replace, 1, 2, "replace: \"a\", \"b\""),
    (
        "replace_first",
        Filter::ReplaceFirst,
        1,
        2,
        "replace_first: \"a\", \"b\"",
    ),
    ("reverse", Filter::Reverse, 0, 0, "reverse"),
    ("round", Filter::Round, 0, 1, "round or round: 2"),
    ("size", Filter::Size, 0, 0, "size"),
    ("sort", Filter::Sort, 0, 1, "sort or sort: \"price\""),
    ("split", Filter::Split, 1, 1, "split: \",\""),
    ("strip", Filter::Strip, 0, 0, "strip"),
    ("times", Filter::Times, 1, 1, "times: 2"),
    (
        "truncate",
        Filter::Truncate,
        0,
        2,
        "truncate: 20 or truncate: 20, \"…\"",
    ),
    (
        "truncatewords",
        Filter::TruncateWords,
        0,
        2,
        "truncatewords: 5 or truncatewords: 5, \"…\"",
    ),
    ("uniq", Filter::Uniq, 0, 0, "uniq"),
    ("upcase", Filter::Upcase, 0, 0, "upcase"),
    ("url_encode", Filter::UrlEncode, 0, 0, "url_encode"),
    ("where", Filter::Where, 1, 2, "where: \"kind\", \"jug\""),
];

impl Filter {
    /// The filter of that name.
    pub(super) fn named(name: &str) -> Option<Self> {
        TABLE.iter().find(|row| row.0 == name).map(|row| row.1)
    }

    /// All names.
    pub(super) fn names() -> impl Iterator<Item = &'static str> {
        TABLE.iter().map(|row| row.0)
    }

    /// Fewest and most values after the colon, and how the filter is written.
    pub(super) fn arguments(self) -> (usize, usize, &'static str) {
        TABLE
            .iter()
            .find(|row| row.1 == self)
            .map(|row| (row.2, row.3, row.4))
            .expect("every filter has its row, as a test says")
    }
}

/// What `default` makes of `input`.
pub(super) fn or_default<'r>(input: Val<'r>, other: Val<'r>, allow_false: bool) -> Val<'r> {
    let replaces = match input.json() {
        Value::Null => true,
        Value::Bool(false) => !allow_false,
        value => is_empty(value),
    };
    // Where neither is there, the first one's path is the one to name.
    if replaces && !(input.is_nil() && other.is_nil()) {
        other
    } else {
        input
    }
}

/// Does `filter` with `input`, which is there, and `args`, which are as many as the table says.
pub(super) fn apply(
    filter: Filter,
    input: &Value,
    args: &[Val<'_>],
    now: Option<&Value>,
    budget: &mut Budget,
) -> Result<Value, Trouble> {
    budget.pay_value(input)?;
    for arg in args {
        budget.pay_value(arg.json())?;
    }
    let result = run(filter, input, args, now)?;
    if let Value::String(text) = &result
        && text.len() > MAX_TEXT
    {
        return Err(Trouble::Long);
    }
    budget.pay_value(&result)?;
    Ok(result)
}

fn run(filter: Filter, input: &Value, args: &[Val<'_>], now: Option<&Value>) -> Result<Value, Trouble> {
    let text_arg = |index: usize| args.get(index).map(|arg| text(arg.json())).transpose();
    let needed = |index: usize| text_arg(index).map(Option::unwrap_or_default);
    let number_arg = |index: usize| args.get(index).map(|arg| Num::of(arg.json())).transpose();
    let operand = || number_arg(0).map(|found| found.unwrap_or(Num::Int(0)));
    Ok(match filter {
        Filter::Abs => match Num::of(input)? {
            Num::Int(int) => int
                .checked_abs()
                .map_or(Num::Float((int as f64).abs()), Num::Int)
                .json()?,
            Num::Float(float) => Num::Float(float.abs()).json()?,
        },
        Filter::Append => glue(&text(input)?, &needed(0)?)?,
        Filter::Prepend => glue(&needed(0)?, &text(input)?)?,
        Filter::AtLeast => larger(Num::of(input)?, operand()?, Ordering::Less).json()?,
        Filter::AtMost => larger(Num::of(input)?, operand()?, Ordering::Greater).json()?,
        Filter::Capitalize => {
            let text = text(input)?;
            let mut characters = text.chars();
            let first = characters.next().into_iter().flat_map(char::to_uppercase);
            first
                .chain(characters.as_str().to_lowercase().chars())
                .collect::<String>()
                .into()
        }
        Filter::Upcase => text(input)?.to_uppercase().into(),
        Filter::Downcase => text(input)?.to_lowercase().into(),
        Filter::Strip => text(input)?.trim().into(),
        Filter::Escape => escape_html(&text(input)?).into(),
        Filter::UrlEncode => {
            let mut out = String::new();
            percent_encode(&text(input)?, "+", &mut out);
            out.into()
        }
        Filter::Ceil => rounded(Num::of(input)?, f64::ceil)?,
        Filter::Floor => rounded(Num::of(input)?, f64::floor)?,
        Filter::Round => round(Num::of(input)?, number_arg(0)?)?,
        Filter::Date => date::write(input, &needed(0)?, text_arg(1)?.as_deref(), now)?.into(),
        // What is there is replaced by `or_default`.
        Filter::Default => input.clone(),
        Filter::Plus => calculate(Num::of(input)?, operand()?, i64::checked_add, |a, b| a + b)?,
        Filter::Minus => calculate(Num::of(input)?, operand()?, i64::checked_sub, |a, b| a - b)?,
        Filter::Times => calculate(Num::of(input)?, operand()?, i64::checked_mul, |a, b| a * b)?,
        Filter::DividedBy => divide(Num::of(input)?, operand()?, floor_div, |a, b| a / b)?,
        Filter::Modulo => divide(Num::of(input)?, operand()?, floor_mod, |a, b| {
            a - b * (a / b).floor()
        })?,
        Filter::First => list(input)?.first().cloned().unwrap_or_default(),
        Filter::Last => list(input)?.last().cloned().unwrap_or_default(),
        Filter::Size => size(input)
            .ok_or(Trouble::Type("has no size: only texts, lists and objects have"))?
            .into(),
        Filter::Join => join(list(input)?, &text_arg(0)?.unwrap_or(Cow::Borrowed(" ")))?,
        Filter::Json => input.to_string().into(),
        Filter::Map => {
            let key = needed(0)?;
            list(input)?.iter().map(|item| field(item, &key)).collect()
        }
        Filter::Where => {
            let key = needed(0)?;
            let wanted = args.get(1).map(Val::json);
            let fits = |item: &&Value| {
                let found = field(item, &key);
                match wanted {
                    Some(wanted) => equal(&found, wanted),
                    None => !matches!(found, Value::Null | Value::Bool(false)),
                }
            };
            list(input)?.iter().filter(fits).cloned().collect()
        }
        Filter::Remove => replace(&text(input)?, &needed(0)?, "", usize::MAX)?,
        Filter::Replace => replace(&text(input)?, &needed(0)?, &needed(1)?, usize::MAX)?,
        Filter::ReplaceFirst => replace(&text(input)?, &needed(0)?, &needed(1)?, 1)?,
        Filter::Reverse => list(input)?.iter().rev().cloned().collect(),
        Filter::Sort => sort(list(input)?, text_arg(0)?.as_deref()),
        Filter::Split => split(&text(input)?, &needed(0)?),
        Filter::Truncate => truncate(
            &text(input)?,
            count(number_arg(0)?, 50)?,
            &text_arg(1)?.unwrap_or(Cow::Borrowed("...")),
        ),
        Filter::TruncateWords => truncate_words(
            &text(input)?,
            count(number_arg(0)?, 15)?,
            &text_arg(1)?.unwrap_or(Cow::Borrowed("...")),
        ),
        Filter::Uniq => {
            let mut seen = HashSet::new();
            list(input)?
                .iter()
                .filter(|item| seen.insert(item.to_string()))
                .cloned()
                .collect()
        }
    })
}

fn list(value: &Value) -> Result<&Vec<Value>, Trouble> {
    value.as_array().ok_or(Trouble::Type("is no list"))
}

fn field(item: &Value, key: &str) -> Value {
    by_key(item, key).map(Cow::into_owned).unwrap_or_default()
}

fn glue(left: &str, right: &str) -> Result<Value, Trouble> {
    if left.len() + right.len() > MAX_TEXT {
        return Err(Trouble::Long);
    }
    Ok(format!("{left}{right}").into())
}

/// `left`, or `right` if `left` compared with it is `unwanted`.
fn larger(left: Num, right: Num, unwanted: Ordering) -> Num {
    let order = match (left, right) {
        (Num::Int(left), Num::Int(right)) => Some(left.cmp(&right)),
        _ => left.float().partial_cmp(&right.float()),
    };
    if order == Some(unwanted) { right } else { left }
}

fn calculate(
    left: Num,
    right: Num,
    whole: fn(i64, i64) -> Option<i64>,
    any: fn(f64, f64) -> f64,
) -> Result<Value, Trouble> {
    let exact = match (left, right) {
        (Num::Int(left), Num::Int(right)) => whole(left, right),
        _ => None,
    };
    exact
        .map_or_else(|| Num::Float(any(left.float(), right.float())), Num::Int)
        .json()
}

fn divide(
    left: Num,
    right: Num,
    whole: fn(i64, i64) -> Option<i64>,
    any: fn(f64, f64) -> f64,
) -> Result<Value, Trouble> {
    if right.float() == 0.0 {
        return Err(Trouble::Type("is divided by zero"));
    }
    calculate(left, right, whole, any)
}

/// Rounds down, as Liquid does with whole numbers.
fn floor_div(left: i64, right: i64) -> Option<i64> {
    let quotient = left.checked_div(right)?;
    let rest = left.checked_rem(right)?;
    Some(quotient - i64::from(rest != 0 && (rest < 0) != (right < 0)))
}

fn floor_mod(left: i64, right: i64) -> Option<i64> {
    let rest = left.checked_rem(right)?;
    Some(if rest != 0 && (rest < 0) != (right < 0) {
        rest + right
    } else {
        rest
    })
}

fn rounded(number: Num, how: fn(f64) -> f64) -> Result<Value, Trouble> {
    match number {
        Num::Int(_) => number.json(),
        Num::Float(float) => {
            let float = how(float);
            // Exact below 2^53, and no whole number a reader would want above.
            if float.abs() < 9e15 {
                Ok((float as i64).into())
            } else {
                Num::Float(float).json()
            }
        }
    }
}

fn round(number: Num, digits: Option<Num>) -> Result<Value, Trouble> {
    match (number, digits) {
        (Num::Float(float), Some(digits)) if digits.float() >= 1.0 => {
            let scale = 10_f64.powi(digits.float().min(15.0) as i32);
            let scaled = (float * scale).round() / scale;
            Num::Float(if scaled.is_finite() { scaled } else { float }).json()
        }
        _ => rounded(number, f64::round),
    }
}

fn count(number: Option<Num>, default: usize) -> Result<usize, Trouble> {
    match number {
        None => Ok(default),
        Some(number) if number.float() >= 0.0 => Ok(number.float().min(MAX_TEXT as f64) as usize),
        Some(_) => Err(Trouble::Type("cannot be cut to less than nothing")),
    }
}

fn join(items: &[Value], separator: &str) -> Result<Value, Trouble> {
    let mut out = String::new();
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push_str(separator);
        }
        out.push_str(&text(item)?);
        if out.len() > MAX_TEXT {
            return Err(Trouble::Long);
        }
    }
    Ok(out.into())
}

fn replace(text: &str, from: &str, to: &str, most: usize) -> Result<Value, Trouble> {
    if from.is_empty() {
        return Ok(text.into());
    }
    let times = text.matches(from).take(most).count();
    if text.len() + times * to.len() > MAX_TEXT + times * from.len() {
        return Err(Trouble::Long);
    }
    Ok(text.replacen(from, to, times).into())
}

fn split(text: &str, separator: &str) -> Value {
    let mut parts: Vec<Value> = match separator {
        "" => text.chars().map(|c| Value::from(c.to_string())).collect(),
        " " => text.split_whitespace().map(Value::from).collect(),
        _ => text.split(separator).map(Value::from).collect(),
    };
    while parts.last().is_some_and(is_empty) {
        parts.pop();
    }
    parts.into()
}

fn sort(items: &[Value], key: Option<&str>) -> Value {
    let mut keyed: Vec<(Value, &Value)> = items
        .iter()
        .map(|item| (key.map_or_else(|| item.clone(), |key| field(item, key)), item))
        .collect();
    // Kinds apart, so that the order is one whatever is in the list.
    let rank = |value: &Value| match value {
        Value::Number(_) => 0,
        Value::String(_) => 1,
        Value::Bool(_) => 2,
        Value::Array(_) | Value::Object(_) => 3,
        Value::Null => 4,
    };
    keyed.sort_by(|(left, _), (right, _)| {
        rank(left)
            .cmp(&rank(right))
            .then_with(|| order(left, right).unwrap_or(Ordering::Equal))
    });
    keyed.into_iter().map(|(_, item)| item.clone()).collect()
}

fn truncate(text: &str, most: usize, end: &str) -> Value {
    if text.chars().count() <= most {
        return text.into();
    }
    let kept = most.saturating_sub(end.chars().count());
    let mut out: String = text.chars().take(kept).collect();
    out.push_str(end);
    out.into()
}

fn truncate_words(text: &str, most: usize, end: &str) -> Value {
    let most = most.max(1);
    let words: Vec<&str> = text.split_whitespace().take(most + 1).collect();
    if words.len() <= most {
        return text.into();
    }
    format!("{}{end}", words[..most].join(" ")).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_filter_has_its_row_under_its_own_name() {
        for (index, row) in TABLE.iter().enumerate() {
            assert_eq!(Filter::named(row.0), Some(row.1));
            assert_eq!(row.1.arguments(), (row.2, row.3, row.4), "{} stands twice", row.0);
            assert!(
                index == 0 || TABLE[index - 1].0 < row.0,
                "{} is out of order",
                row.0
            );
            let written: String = row.0.split('_').collect();
            assert_eq!(format!("{:?}", row.1).to_lowercase(), written);
        }
        assert_eq!(TABLE.len(), Filter::Where as usize + 1);
    }
}
