//! Rule rows as inputs: `audience.rules[0].is`, `.name`, `.op`, `.value`, `.days`, and groups one level deep.
//!
//! Left out: judging. Invariant: a row without a subject is ignored; a group deeper than the rows go is carried along as it is; a value
//! keeps its type, and a text with a comma in it stands in quotes.

use super::{Reading, Typed, plain};
use campanile_core::rule::{Op, Test, shown};
use campanile_core::segment::{Match, Rule, Rules, Subject};
use campanile_core::trigger::Where;
use serde_json::{Value, json};

/// Writes rules into a form under `at`.
pub(crate) fn fill_rules(typed: &mut Typed, at: &str, rules: &Rules) {
    fill(typed, at, rules, 1);
}

fn fill(typed: &mut Typed, at: &str, rules: &Rules, depth: usize) {
    typed.set(
        format!("{at}.match"),
        if rules.how == Match::Any { "any" } else { "all" },
    );
    for (index, rule) in rules.rules.iter().enumerate() {
        let row = format!("{at}.rules[{index}]");
        typed.set(format!("{row}.is"), rule.is.name());
        match &rule.group {
            Some(group) if rule.is == Subject::Group && depth == 1 && is_flat(group) => {
                fill(typed, &format!("{row}.group"), group, depth + 1);
            }
            Some(_) => typed.set(format!("{row}.raw"), json!(rule).to_string()),
            None => fill_rule(typed, &row, rule),
        }
    }
}

fn is_flat(group: &Rules) -> bool {
    group.rules.iter().all(|rule| rule.is != Subject::Group)
}

fn fill_rule(typed: &mut Typed, row: &str, rule: &Rule) {
    typed.set(format!("{row}.name"), rule.name.as_str());
    typed.set(format!("{row}.op"), rule.op.name());
    typed.set(format!("{row}.value"), value_text(&rule.value));
    typed.set(
        format!("{row}.days"),
        rule.days.map(|days| days.to_string()).unwrap_or_default(),
    );
}

/// The rules of a form under `at` as JSON.
pub(crate) fn read_rules(reading: &mut Reading<'_>, at: &str) -> Value {
    let mut rules = Vec::new();
    for index in 0..reading.typed.rows(&format!("{at}.rules")) {
        let row = format!("{at}.rules[{index}]");
        if reading.is_left_out(&row) {
            continue;
        }
        if let Some(raw) = reading.text(&format!("{row}.raw")) {
            rules.extend(serde_json::from_str::<Value>(raw));
            continue;
        }
        match subject(reading.typed.get(&format!("{row}.is"))) {
            Some(Subject::Group) => {
                let group = read_rules(reading, &format!("{row}.group"));
                if group["rules"].as_array().is_some_and(|rules| !rules.is_empty()) {
                    rules.push(json!({"is": "group", "group": group}));
                }
            }
            Some(is) => rules.push(read_rule(reading, &row, is)),
            None => {}
        }
    }
    let how = if reading.typed.get(&format!("{at}.match")) == "any" {
        "any"
    } else {
        "all"
    };
    json!({"match": how, "rules": rules})
}

/// The subject of that name.
pub(crate) fn subject(name: &str) -> Option<Subject> {
    Subject::ALL.into_iter().find(|subject| subject.name() == name)
}

/// The operator of that name.
pub(crate) fn op(name: &str) -> Option<Op> {
    Op::ALL.into_iter().find(|op| op.name() == name)
}

fn read_rule(reading: &mut Reading<'_>, row: &str, is: Subject) -> Value {
    let typed = reading.typed;
    // A row whose subject was changed may still have the operator of the one before.
    let op = op(typed.get(&format!("{row}.op")))
        .filter(|op| is.ops().contains(op))
        .unwrap_or(is.ops()[0]);
    let text = typed.get(&format!("{row}.value"));
    let mut rule = json!({"is": is.name(), "op": op.name()});
    if is.is_named() {
        rule["name"] = json!(typed.get(&format!("{row}.name")).trim());
    }
    rule["value"] = match is {
        Subject::Identified | Subject::Subscribed => json!(!matches!(text.trim(), "no" | "false")),
        _ if op.is_unary() => Value::Null,
        _ => read_value(
            text,
            op,
            is.ops().iter().any(|op| matches!(op, Op::AtLeast | Op::LastDays)),
        ),
    };
    if is == Subject::Event {
        reading.put_optional_number(
            &mut rule,
            "days",
            &format!("{row}.days"),
            "Say how many days are counted, 1 to 90, or nothing for all time.",
        );
    }
    rule
}

/// A value as it stands in its input: several are parted by commas, one with a comma or quotes in it is quoted.
pub(super) fn value_text(value: &Value) -> String {
    let one = |value: &Value| {
        let text = shown(value).into_owned();
        let bare = !text.contains([',', '"']) && text.trim() == text;
        if bare {
            text
        } else {
            format!("\"{}\"", text.replace('"', "\"\""))
        }
    };
    match value {
        Value::Null => String::new(),
        Value::Array(list) => list.iter().map(one).collect::<Vec<_>>().join(", "),
        Value::String(text) if text.contains('"') || text.trim() != text => one(value),
        other => match other.as_str() {
            // A single text may have commas where nothing is parted: an expression, a number.
            Some(text) if text.contains(',') => one(value),
            _ => shown(other).into_owned(),
        },
    }
}

/// Reads a value for an operator; `numbers`: the subject can be compared with numbers.
pub(super) fn read_value(text: &str, op: Op, numbers: bool) -> Value {
    let texts = parts(text);
    let parted = matches!(
        op,
        Op::Is | Op::IsNot | Op::Contains | Op::NotContains | Op::Starts | Op::Ends
    );
    let typed = |text: &str| {
        let number = numbers
            && !matches!(
                op,
                Op::Contains | Op::NotContains | Op::Starts | Op::Ends | Op::Regex
            );
        let counted = number.then(|| text.parse::<serde_json::Number>().ok()).flatten();
        match counted {
            Some(number) if number.to_string() == text => Value::Number(number),
            _ => match text {
                "true" if number => Value::Bool(true),
                "false" if number => Value::Bool(false),
                _ => json!(text),
            },
        }
    };
    match texts.as_slice() {
        [] => Value::Null,
        [one] => typed(one),
        _ if parted => texts.iter().map(|text| typed(text)).collect(),
        // One value that has commas of its own.
        _ => typed(text.trim()),
    }
}

/// The parts of a text between commas; quotes hold a part together.
fn parts(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut part = String::new();
    let (mut quoted, mut was_quoted) = (false, false);
    let mut letters = text.chars().peekable();
    let mut end = |part: &mut String, was_quoted: &mut bool| {
        let whole = if *was_quoted {
            std::mem::take(part)
        } else {
            std::mem::take(part).trim().to_owned()
        };
        if !whole.is_empty() {
            found.push(whole);
        }
        *was_quoted = false;
    };
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                part.push('"');
                letters.next();
            }
            '"' if quoted => quoted = false,
            '"' if part.trim().is_empty() && !was_quoted => {
                part.clear();
                (quoted, was_quoted) = (true, true);
            }
            ',' if !quoted => end(&mut part, &mut was_quoted),
            letter if was_quoted && !quoted && letter.is_whitespace() => {}
            letter => part.push(letter),
        }
    }
    end(&mut part, &mut was_quoted);
    found
}

/// Writes tests of properties into a form under `list`.
pub(super) fn fill_where(typed: &mut Typed, list: &str, filters: &[Where]) {
    for (index, filter) in filters.iter().enumerate() {
        let row = format!("{list}[{index}]");
        typed.set(format!("{row}.name"), filter.name.as_str());
        typed.set(format!("{row}.op"), filter.test.op.name());
        typed.set(format!("{row}.value"), value_text(&filter.test.value));
    }
}

/// The tests of properties of a form under `list`; a row without a name and without a value is ignored.
pub(super) fn read_where(reading: &Reading<'_>, list: &str) -> Value {
    let typed = reading.typed;
    (0..typed.rows(list))
        .map(|index| format!("{list}[{index}]"))
        .filter(|row| !reading.is_left_out(row))
        .filter_map(|row| {
            let (name, value) = (
                typed.get(&format!("{row}.name")).trim(),
                typed.get(&format!("{row}.value")),
            );
            let op = op(typed.get(&format!("{row}.op"))).unwrap_or_default();
            if name.is_empty() && value.trim().is_empty() {
                return None;
            }
            let value = if op.is_unary() {
                Value::Null
            } else {
                read_value(value, op, true)
            };
            let test = serde_json::to_value(Test::new(op, value)).unwrap_or_default();
            let mut filter = json!({"name": name, "op": plain(&test["op"])});
            if !test["value"].is_null() {
                filter["value"] = test["value"].clone();
            }
            Some(filter)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use campanile_core::time::{Timestamp, Zone};

    fn round(rules: Value) {
        let before: Rules = serde_json::from_value(rules).expect("rules");
        let mut typed = Typed::default();
        fill_rules(&mut typed, "audience", &before);
        let zone = Zone::utc();
        let mut reading = Reading::new(&typed, &zone, Timestamp(0));
        let after = read_rules(&mut reading, "audience");
        assert!(reading.faults.is_empty(), "{:?}", reading.faults);
        let after: Rules = serde_json::from_value(after).expect("rules again");
        assert_eq!(after, before);
    }

    #[test]
    fn rules_go_round() {
        round(json!({"match": "any", "rules": [
            {"is": "path", "op": "starts", "value": ["/sale", "/p/a,b", "say \"hi\""]},
            {"is": "path", "op": "regex", "value": "^/p/[0-9]{1,3}$"},
            {"is": "property", "name": "Tier", "op": "is", "value": "gold"},
            {"is": "property", "name": "Spent", "op": "more", "value": 40.5},
            {"is": "property", "name": "Vip", "op": "is", "value": true},
            {"is": "property", "name": "Tier", "op": "set"},
            {"is": "event", "name": "Charged", "op": "at_least", "value": 3, "days": 14},
            {"is": "last_event", "name": "Charged", "op": "last_days", "value": 7},
            {"is": "identified", "op": "is", "value": false},
            {"is": "group", "group": {"match": "any", "rules": [
                {"is": "country", "op": "is", "value": ["PT", "ES"]}, {"is": "device", "op": "is_not", "value": "phone"},
            ]}},
            {"is": "group", "group": {"match": "all", "rules": [
                {"is": "group", "group": {"match": "any", "rules": [{"is": "page_number", "op": "at_least", "value": 3}]}},
            ]}},
        ]}));
        round(json!({"match": "all", "rules": []}));
    }

    #[test]
    fn empty_rows_are_ignored_and_an_operator_that_does_not_fit_is_replaced() {
        let mut typed = Typed::default();
        typed.set("audience.rules[0].is", "");
        typed.set("audience.rules[0].value", "left over");
        typed.set("audience.rules[1].is", "path");
        typed.set("audience.rules[1].op", "at_least");
        typed.set("audience.rules[1].value", "/sale");
        typed.set("audience.rules[2].is", "country");
        typed.set("audience.rules[2].value", "PT");
        let zone = Zone::utc();
        let mut reading = Reading::new(&typed, &zone, Timestamp(0));
        reading.without = Some("audience.rules[2]");
        assert_eq!(
            read_rules(&mut reading, "audience"),
            json!({"match": "all", "rules": [{"is": "path", "op": "is", "value": "/sale"}]})
        );
    }
}
