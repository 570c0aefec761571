//! Reads what stands inside a tag: values, paths, filters and conditions.
//!
//! Left out: tags as a whole (`parse.rs`). Invariant: reading goes at most [`MAX_INNER`] values deep into one another, and
//! every fault says what to write instead.

use super::filters::Filter;
use super::lex::{Fault, Word, words};
use super::syntax::{Call, Chain, Comparison, Condition, Junction, Operand, Path, Step, Test};
use serde_json::Value;

/// Deepest `a[b[c]]`.
const MAX_INNER: u32 = 8;

/// The words of one tag, read from the left.
pub(super) struct Reader {
    words: Vec<(Word, usize)>,
    next: usize,
    end: usize,
}

impl Reader {
    /// The words of `inside`, which begins at byte `from` of the source.
    pub(super) fn new(inside: &str, from: usize) -> Result<Self, Fault> {
        Ok(Self {
            words: words(inside, from)?,
            next: 0,
            end: from + inside.len(),
        })
    }

    /// Where the next word begins.
    pub(super) fn at(&self) -> usize {
        self.words.get(self.next).map_or(self.end, |(_, at)| *at)
    }

    /// The next word, which stays.
    pub(super) fn peek(&self) -> Option<&Word> {
        self.words.get(self.next).map(|(word, _)| word)
    }

    /// Whether nothing is left.
    pub(super) fn is_done(&self) -> bool {
        self.next >= self.words.len()
    }

    /// A fault at the next word.
    pub(super) fn fault(&self, message: impl Into<String>) -> Fault {
        Fault::new(self.at(), message)
    }

    /// Takes a sign if it is the next word.
    pub(super) fn take_sign(&mut self, sign: &str) -> bool {
        let found = matches!(self.peek(), Some(Word::Sign(next)) if *next == sign);
        self.next += usize::from(found);
        found
    }

    /// Takes this name if it is the next word.
    pub(super) fn take_word(&mut self, name: &str) -> bool {
        let found = matches!(self.peek(), Some(Word::Name(next)) if next == name);
        self.next += usize::from(found);
        found
    }

    /// Takes a name.
    pub(super) fn name(&mut self, what: &str) -> Result<String, Fault> {
        let Some(Word::Name(name)) = self.peek() else {
            return Err(self.fault(format!(
                "{what} is missing here: write a name of letters, digits and _"
            )));
        };
        let name = name.clone();
        self.next += 1;
        Ok(name)
    }

    /// Nothing may be left.
    pub(super) fn finish(&self, what: &str) -> Result<(), Fault> {
        if self.is_done() {
            return Ok(());
        }
        Err(self.fault(format!(
            "{what} ends before this: take the rest out, or look for a missing | or quote"
        )))
    }

    /// A value with its filters.
    pub(super) fn chain(&mut self) -> Result<Chain, Fault> {
        let base = self.operand()?;
        let mut calls = Vec::new();
        while self.take_sign("|") {
            calls.push(self.call()?);
        }
        Ok(Chain { base, calls })
    }

    /// One filter after its `|`.
    fn call(&mut self) -> Result<Call, Fault> {
        let at = self.at();
        let name = self.name("the filter's name")?;
        let Some(filter) = Filter::named(&name) else {
            return Err(Fault::new(
                at,
                format!(
                    "there is no filter “{name}”: did you mean “{}”?",
                    nearest(&name, Filter::names())
                ),
            ));
        };
        let mut args = Vec::new();
        let mut allow_false = false;
        if self.take_sign(":") {
            loop {
                let named = matches!(self.words.get(self.next + 1), Some((Word::Sign(":"), _)));
                if named {
                    let option = self.at();
                    let key = self.name("the option's name")?;
                    if key != "allow_false" || filter != Filter::Default {
                        return Err(Fault::new(
                            option,
                            format!("`{name}` has no option “{key}”: take it out"),
                        ));
                    }
                    self.take_sign(":");
                    allow_false = match self.operand()? {
                        Operand::Literal(Value::Bool(yes)) => yes,
                        _ => {
                            return Err(Fault::new(
                                option,
                                "`allow_false` is true or false: write one of them",
                            ));
                        }
                    };
                } else {
                    args.push(self.operand()?);
                }
                if !self.take_sign(",") {
                    break;
                }
            }
        }
        let (fewest, most, usage) = filter.arguments();
        if args.len() < fewest || args.len() > most {
            let found = args.len();
            return Err(Fault::new(
                at,
                format!("`{name}` does not work with {found} values: write it as {usage}"),
            ));
        }
        if filter == Filter::Date {
            let literal = |index: usize| match args.get(index) {
                Some(Operand::Literal(Value::String(text))) => Some(text.as_str()),
                _ => None,
            };
            super::date::check(literal(0), literal(1)).map_err(|message| Fault::new(at, message))?;
        }
        Ok(Call {
            filter,
            args,
            allow_false,
        })
    }

    /// A value.
    pub(super) fn operand(&mut self) -> Result<Operand, Fault> {
        self.inner(0)
    }

    fn inner(&mut self, depth: u32) -> Result<Operand, Fault> {
        if depth > MAX_INNER {
            return Err(
                self.fault("brackets are nested too deeply here: use {% assign %} for the inner ones")
            );
        }
        let Some((word, at)) = self.words.get(self.next).cloned() else {
            return Err(self.fault("a value is missing here: write a variable, a number or a text in quotes"));
        };
        self.next += 1;
        Ok(match word {
            Word::Text(text) => Operand::Literal(Value::String(text)),
            Word::Int(number) => Operand::Literal(number.into()),
            Word::Float(number) => Operand::Literal(number.into()),
            Word::Name(name) => match name.as_str() {
                "true" => Operand::Literal(Value::Bool(true)),
                "false" => Operand::Literal(Value::Bool(false)),
                "nil" | "null" => Operand::Literal(Value::Null),
                "empty" => Operand::Empty,
                "blank" => Operand::Blank,
                _ => Operand::Path(Path {
                    head: name,
                    steps: self.steps(depth)?,
                }),
            },
            Word::Sign("(") => {
                let from = self.inner(depth + 1)?;
                if !self.take_sign("..") {
                    return Err(self.fault("round brackets hold a range: write it as (1..5)"));
                }
                let to = self.inner(depth + 1)?;
                if !self.take_sign(")") {
                    return Err(self.fault("the range is not closed: write )"));
                }
                Operand::Range(Box::new((from, to)))
            }
            Word::Sign(sign) => {
                return Err(Fault::new(
                    at,
                    format!(
                        "a value is missing before “{sign}”: write a variable, a number or a text in quotes"
                    ),
                ));
            }
        })
    }

    /// `.key`, `["key"]`, `[0]` and `[name]` after a name.
    fn steps(&mut self, depth: u32) -> Result<Vec<Step>, Fault> {
        let mut steps = Vec::new();
        loop {
            if self.take_sign(".") {
                steps.push(Step::Key(self.name("the name after the dot")?));
            } else if self.take_sign("[") {
                steps.push(match self.inner(depth + 1)? {
                    Operand::Literal(Value::String(key)) => Step::Key(key),
                    Operand::Literal(Value::Number(number)) if number.is_i64() => {
                        Step::Index(number.as_i64().expect("it was asked whether it is one"))
                    }
                    inner @ Operand::Path(_) => Step::Of(inner),
                    _ => {
                        return Err(self.fault(
                            "square brackets hold a text in quotes, a whole number or a variable: write one of them",
                        ));
                    }
                });
                if !self.take_sign("]") {
                    return Err(self.fault("the square bracket is not closed: write ]"));
                }
            } else {
                return Ok(steps);
            }
        }
    }

    /// Tests joined by `and` and `or`, to the end of the tag.
    pub(super) fn condition(&mut self, negated: bool) -> Result<Condition, Fault> {
        let first = self.test()?;
        let mut rest = Vec::new();
        loop {
            let junction = if self.take_word("and") {
                Junction::And
            } else if self.take_word("or") {
                Junction::Or
            } else {
                break;
            };
            rest.push((junction, self.test()?));
        }
        if matches!(self.peek(), Some(Word::Sign("="))) {
            return Err(self.fault("a comparison has two equals signs: write =="));
        }
        if matches!(self.peek(), Some(Word::Sign("|"))) {
            return Err(self.fault("filters do not work in a condition: use {% assign %} before it"));
        }
        self.finish("the condition")?;
        Ok(Condition { negated, first, rest })
    }

    fn test(&mut self) -> Result<Test, Fault> {
        let left = self.operand()?;
        let comparison = match self.peek() {
            Some(Word::Sign(sign)) => match *sign {
                "==" => Some(Comparison::Equal),
                "!=" | "<>" => Some(Comparison::Unequal),
                "<" => Some(Comparison::Less),
                ">" => Some(Comparison::Greater),
                "<=" => Some(Comparison::AtMost),
                ">=" => Some(Comparison::AtLeast),
                _ => None,
            },
            Some(Word::Name(name)) if name == "contains" => Some(Comparison::Contains),
            _ => None,
        };
        let right = match comparison {
            Some(comparison) => {
                self.next += 1;
                Some((comparison, self.operand()?))
            }
            None => None,
        };
        Ok(Test { left, right })
    }
}

/// The known name that is nearest to what was written.
pub(super) fn nearest<'a>(written: &str, known: impl Iterator<Item = &'a str>) -> &'a str {
    let written: Vec<char> = written.chars().take(40).collect();
    known
        .min_by_key(|name| distance(&written, name))
        .unwrap_or_default()
}

/// How many characters have to change.
fn distance(left: &[char], right: &str) -> usize {
    let mut row: Vec<usize> = (0..=left.len()).collect();
    for (index, there) in right.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = index + 1;
        for (column, here) in left.iter().enumerate() {
            let above = row[column + 1];
            row[column + 1] = (diagonal + usize::from(*here != there))
                .min(above + 1)
                .min(row[column] + 1);
            diagonal = above;
        }
    }
    row[left.len()]
}
