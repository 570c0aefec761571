//! The tree of a parsed template: nodes, expressions, and the place in which each output stands.
//!
//! Left out: how the tree is made (`parse.rs`, `expression.rs`) and walked (`html.rs`, `render.rs`). Invariant: filters are
//! known and have as many arguments as they take; the tree is at most [`super::MAX_DEPTH`] deep.

use super::filters::Filter;
use super::place::Place;
use serde_json::Value;

/// One piece of a template.
#[derive(Debug, Clone)]
pub(super) enum Node {
    /// Literal text, and where it begins in the source.
    Text { text: String, at: usize },
    /// `{{ … }}`.
    Output(Output),
    /// `{% assign name = … %}`.
    Assign { name: String, chain: Chain, at: usize },
    /// `{% capture name %}…{% endcapture %}`.
    Capture {
        name: String,
        body: Vec<Node>,
        at: usize,
    },
    /// `if`, `unless` and their branches.
    If(If),
    /// `case`.
    Case(Case),
    /// `for`.
    For(For),
    /// Leaves the innermost loop; where it stands.
    Break(usize),
    /// Goes on with the innermost loop's next item; where it stands.
    Continue(usize),
}

/// A value that is written.
#[derive(Debug, Clone)]
pub(super) struct Output {
    /// What is written.
    pub(super) chain: Chain,
    /// Decides how it is escaped.
    pub(super) place: Place,
    /// The last filter does what the place does anyway, and is left out so that nothing is escaped twice.
    pub(super) without_last: bool,
    /// Where the tag begins.
    pub(super) at: usize,
}

/// Branches of which at most one is rendered.
#[derive(Debug, Clone)]
pub(super) struct If {
    /// Conditions in their order.
    pub(super) branches: Vec<(Condition, Vec<Node>)>,
    /// What is rendered when none holds.
    pub(super) otherwise: Vec<Node>,
    /// Where the tag begins.
    pub(super) at: usize,
}

/// One value compared with several.
#[derive(Debug, Clone)]
pub(super) struct Case {
    /// The value.
    pub(super) subject: Operand,
    /// Values of a branch and what it renders.
    pub(super) whens: Vec<(Vec<Operand>, Vec<Node>)>,
    /// What is rendered when none equals.
    pub(super) otherwise: Vec<Node>,
    /// Where the tag begins.
    pub(super) at: usize,
}

/// A loop.
#[derive(Debug, Clone)]
pub(super) struct For {
    /// Name of the item.
    pub(super) name: String,
    /// What is looped over.
    pub(super) over: Operand,
    /// At most so many.
    pub(super) limit: Option<Operand>,
    /// Without the first so many.
    pub(super) offset: Option<Operand>,
    /// From the end.
    pub(super) reversed: bool,
    /// For each item.
    pub(super) body: Vec<Node>,
    /// When there is no item.
    pub(super) otherwise: Vec<Node>,
    /// Where the tag begins.
    pub(super) at: usize,
}

/// A value and the filters that it goes through.
#[derive(Debug, Clone)]
pub(super) struct Chain {
    /// Where it begins.
    pub(super) base: Operand,
    /// From left to right.
    pub(super) calls: Vec<Call>,
}

/// One filter with its arguments.
#[derive(Debug, Clone)]
pub(super) struct Call {
    /// Which.
    pub(super) filter: Filter,
    /// Values after the colon.
    pub(super) args: Vec<Operand>,
    /// `allow_false: true` of `default`.
    pub(super) allow_false: bool,
}

/// A value as it is written in a tag.
#[derive(Debug, Clone)]
pub(super) enum Operand {
    /// A string, number, `true`, `false` or `nil`.
    Literal(Value),
    /// `empty`.
    Empty,
    /// `blank`.
    Blank,
    /// Something that is looked up.
    Path(Path),
    /// `(from..to)`.
    Range(Box<(Operand, Operand)>),
}

/// A name and the steps from it.
#[derive(Debug, Clone)]
pub(super) struct Path {
    /// The name.
    pub(super) head: String,
    /// From left to right.
    pub(super) steps: Vec<Step>,
}

/// One step into a value.
#[derive(Debug, Clone)]
pub(super) enum Step {
    /// `.key` or `["key"]`.
    Key(String),
    /// `[0]`; from the end when negative.
    Index(i64),
    /// `[name]`.
    Of(Operand),
}

/// Tests joined by `and` and `or`, which Liquid reads from the right.
#[derive(Debug, Clone)]
pub(super) struct Condition {
    /// True where the tag is `unless`.
    pub(super) negated: bool,
    /// The first test.
    pub(super) first: Test,
    /// What is joined to it.
    pub(super) rest: Vec<(Junction, Test)>,
}

/// How a test is joined to the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Junction {
    /// Both.
    And,
    /// One is enough.
    Or,
}

/// A value that is true, or a comparison.
#[derive(Debug, Clone)]
pub(super) struct Test {
    /// The left side.
    pub(super) left: Operand,
    /// The comparison, if it is one.
    pub(super) right: Option<(Comparison, Operand)>,
}

/// How two values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    Unequal,
    Less,
    Greater,
    AtMost,
    AtLeast,
    Contains,
}

/// Bytes of a path that are shown.
const MAX_SHOWN: usize = 512;

impl Path {
    /// The path as an owner would write it, up to the first step that only rendering knows, or that is very long.
    pub(super) fn dotted(&self) -> String {
        let mut text = self.head.clone();
        for step in &self.steps {
            if text.len() > MAX_SHOWN {
                break;
            }
            match step {
                Step::Key(key) if key.len() > MAX_SHOWN => break,
                Step::Key(key) if is_name(key) => {
                    text.push('.');
                    text.push_str(key);
                }
                Step::Key(key) => {
                    text.push_str("[\"");
                    text.push_str(key);
                    text.push_str("\"]");
                }
                Step::Index(index) => {
                    text.push('[');
                    text.push_str(&index.to_string());
                    text.push(']');
                }
                Step::Of(_) => break,
            }
        }
        text
    }
}

impl Operand {
    /// What an error calls it.
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Literal(Value::String(text)) => {
                format!("\"{}\"", text.chars().take(40).collect::<String>())
            }
            Self::Literal(Value::Null) => "nil".to_owned(),
            Self::Literal(value) => value.to_string(),
            Self::Empty => "empty".to_owned(),
            Self::Blank => "blank".to_owned(),
            Self::Path(path) => path.dotted(),
            Self::Range(ends) => format!("({}..{})", ends.0.describe(), ends.1.describe()),
        }
    }
}

/// Can begin a name.
pub(super) fn begins_name(character: char) -> bool {
    character == '_' || character.is_alphabetic()
}

/// Can stand in a name.
pub(super) fn continues_name(character: char) -> bool {
    character == '_' || character == '-' || character.is_alphanumeric()
}

/// Whether a key can be written after a dot.
fn is_name(key: &str) -> bool {
    key.starts_with(begins_name) && key.chars().all(continues_name)
}
