//! Follows JavaScript far enough to know whether an output stands in a string, in code, or where it cannot stand.
//!
//! Left out: whether the script is right. A slash after a closing brace could begin a regular expression or a division;
//! then we say that we are lost rather than guess. Invariant: where this is wrong after all, the escaping of `place.rs`
//! leaves an error of syntax, not a call.

use super::place::Place;

/// What the next character belongs to.
#[derive(Debug, Clone, PartialEq)]
enum Mode {
    Code,
    /// A slash in code whose meaning the next character decides.
    Slash,
    /// A string in `'` or `"`.
    Quoted {
        quote: char,
        escaped: bool,
    },
    /// Between backticks.
    Template {
        escaped: bool,
        dollar: bool,
    },
    LineComment,
    BlockComment {
        star: bool,
    },
    Regex {
        escaped: bool,
        class: bool,
    },
    /// Anything is possible.
    Lost,
}

/// What stands before, as far as a slash after it cares.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Before {
    /// A value: a slash divides.
    Operand,
    /// A sign or a keyword: a slash begins a regular expression.
    Operator,
    Plus,
    Minus,
    Unknown,
}

/// The state of a script.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Script {
    mode: Mode,
    /// For each `${` around: braces that are open in it.
    braces: Vec<u32>,
    before: Before,
    word: String,
}

/// After these a slash begins a regular expression.
const KEYWORDS: &[&str] = &[
    "await",
    "case",
    "delete",
    "do",
    "else",
    "in",
    "instanceof",
    "new",
    "of",
    "return",
    "throw",
    "typeof",
    "void",
    "yield",
];

/// Longest word that could be a keyword, and deepest `${`.
const ENOUGH: usize = 16;

impl Script {
    /// The beginning of a script.
    pub(super) fn new() -> Self {
        Self {
            mode: Mode::Code,
            braces: Vec::new(),
            before: Before::Operator,
            word: String::new(),
        }
    }

    /// Something that cannot be read stands here.
    pub(super) fn lose(&mut self) {
        self.mode = Mode::Lost;
    }

    /// One character of literal text.
    pub(super) fn feed(&mut self, character: char) {
        let is_line_end = matches!(character, '\n' | '\r' | '\u{2028}' | '\u{2029}');
        match &mut self.mode {
            Mode::Code => self.code(character),
            Mode::Slash => self.after_slash(character),
            Mode::Quoted { quote, escaped } => {
                if *escaped {
                    *escaped = false;
                } else if character == '\\' {
                    *escaped = true;
                } else if character == *quote {
                    self.value_ends();
                } else if matches!(character, '\n' | '\r') {
                    self.mode = Mode::Lost;
                }
            }
            Mode::Template { escaped, dollar } => {
                let after_dollar = std::mem::replace(dollar, false);
                if *escaped {
                    *escaped = false;
                } else if character == '\\' {
                    *escaped = true;
                } else if character == '`' {
                    self.value_ends();
                } else if character == '$' {
                    *dollar = true;
                } else if character == '{' && after_dollar {
                    self.braces.push(0);
                    self.before = Before::Operator;
                    self.mode = if self.braces.len() > ENOUGH {
                        Mode::Lost
                    } else {
                        Mode::Code
                    };
                }
            }
            Mode::LineComment => {
                if is_line_end {
                    self.mode = Mode::Code;
                }
            }
            Mode::BlockComment { star } => {
                if *star && character == '/' {
                    self.mode = Mode::Code;
                } else {
                    *star = character == '*';
                }
            }
            Mode::Regex { escaped, class } => {
                if is_line_end {
                    self.mode = Mode::Lost;
                } else if *escaped {
                    *escaped = false;
                } else {
                    match character {
                        '\\' => *escaped = true,
                        '[' => *class = true,
                        ']' => *class = false,
                        '/' if !*class => self.value_ends(),
                        _ => {}
                    }
                }
            }
            Mode::Lost => {}
        }
    }

    fn value_ends(&mut self) {
        self.mode = Mode::Code;
        self.before = Before::Operand;
    }

    fn word_ends(&mut self) {
        if !self.word.is_empty() {
            let is_keyword = KEYWORDS.contains(&self.word.as_str());
            self.before = if is_keyword {
                Before::Operator
            } else {
                Before::Operand
            };
            self.word.clear();
        }
    }

    fn code(&mut self, character: char) {
        if character.is_alphanumeric() || matches!(character, '_' | '$') {
            if self.word.len() < ENOUGH {
                self.word.push(character);
            }
            return;
        }
        self.word_ends();
        match character {
            '/' => self.mode = Mode::Slash,
            '"' | '\'' => {
                self.mode = Mode::Quoted {
                    quote: character,
                    escaped: false,
                };
            }
            '`' => {
                self.mode = Mode::Template {
                    escaped: false,
                    dollar: false,
                };
            }
            '{' => {
                if let Some(open) = self.braces.last_mut() {
                    *open = open.saturating_add(1);
                }
                self.before = Before::Operator;
            }
            '}' => {
                self.before = Before::Unknown;
                match self.braces.last_mut() {
                    Some(0) => {
                        self.braces.pop();
                        self.mode = Mode::Template {
                            escaped: false,
                            dollar: false,
                        };
                    }
                    Some(open) => *open -= 1,
                    None => {}
                }
            }
            ')' | ']' => self.before = Before::Operand,
            '+' if self.before == Before::Plus => self.before = Before::Unknown,
            '-' if self.before == Before::Minus => self.before = Before::Unknown,
            '+' => self.before = Before::Plus,
            '-' => self.before = Before::Minus,
            '.' => self.before = Before::Unknown,
            _ if character.is_whitespace() => {}
            _ => self.before = Before::Operator,
        }
    }

    fn after_slash(&mut self, character: char) {
        match character {
            '/' => self.mode = Mode::LineComment,
            '*' => self.mode = Mode::BlockComment { star: false },
            _ => match self.before {
                Before::Operand => {
                    self.mode = Mode::Code;
                    self.before = Before::Operator;
                    self.code(character);
                }
                Before::Unknown => self.mode = Mode::Lost,
                Before::Operator | Before::Plus | Before::Minus => {
                    self.mode = Mode::Regex {
                        escaped: false,
                        class: false,
                    };
                    self.feed(character);
                }
            },
        }
    }

    /// An output stands here, in an attribute or in a script.
    pub(super) fn output(&mut self, attribute: bool) -> Result<Place, &'static str> {
        match &mut self.mode {
            Mode::Quoted { escaped: true, .. } | Mode::Template { escaped: true, .. } => {
                Err("a backslash stands right before this value: take it out")
            }
            Mode::Quoted { .. } => Ok(Place::ScriptText),
            Mode::Template { dollar, .. } => {
                *dollar = false;
                Ok(Place::ScriptText)
            }
            Mode::Code => {
                self.word.clear();
                self.before = Before::Operand;
                Ok(Place::ScriptValue { attribute })
            }
            Mode::Slash if self.before == Before::Operand => {
                self.value_ends();
                Ok(Place::ScriptValue { attribute })
            }
            Mode::Slash | Mode::Regex { .. } => {
                Err("a value cannot stand in a regular expression: put it into a string before it")
            }
            Mode::LineComment | Mode::BlockComment { .. } => {
                Err("a value cannot stand in a comment of a script: take it out, or use {% comment %}")
            }
            Mode::Lost => Err(
                "the script before this value cannot be followed, so the value might not be safe: put values into variables at the beginning of the script",
            ),
        }
    }

    /// What is known where two branches meet; nothing if they cannot.
    pub(super) fn join(mut self, mut other: Self) -> Option<Self> {
        self.word_ends();
        other.word_ends();
        if self == other || self.mode == Mode::Lost {
            return Some(self);
        }
        if other.mode == Mode::Lost {
            return Some(other);
        }
        let template = |mode: &Mode| matches!(mode, Mode::Template { escaped: false, .. });
        if template(&self.mode) && template(&other.mode) && self.braces == other.braces {
            // One of them has a dollar: what follows may be code or not.
            self.mode = if self.mode == other.mode {
                self.mode
            } else {
                Mode::Lost
            };
            return Some(self);
        }
        if self.mode != other.mode || self.braces != other.braces {
            return None;
        }
        self.before = Before::Unknown;
        Some(self)
    }
}
