//! Puts pieces together into a tree: which tag opens what, and what it reads from outside.
//!
//! Left out: HTML (`html.rs`). Invariant: the tree keeps the limits of `mod.rs` on size and depth; every block is closed.

use super::expression::{Reader, nearest};
use super::filters::Filter;
use super::lex::{Fault, Piece, Word, cut};
use super::place::Place;
use super::syntax::{Case, Chain, For, If, Node, Operand, Output, Path, Step};
use super::{MAX_DEPTH, MAX_NODES, MAX_RANGE, MAX_SOURCE};
use serde_json::Value;
use std::collections::BTreeSet;

/// Every tag; those that begin with `end` and the like belong to another.
const TAGS: &[&str] = &[
    "assign",
    "break",
    "capture",
    "case",
    "comment",
    "continue",
    "else",
    "elsif",
    "endcapture",
    "endcase",
    "endcomment",
    "endfor",
    "endif",
    "endraw",
    "endunless",
    "for",
    "if",
    "raw",
    "unless",
    "when",
];

/// A tree and what is to know about it.
#[derive(Debug, Clone)]
pub(super) struct Tree {
    /// The template's nodes.
    pub(super) nodes: Vec<Node>,
    /// Neither tag nor output.
    pub(super) is_constant: bool,
    /// Paths that are read from outside.
    pub(super) variables: BTreeSet<String>,
    /// Every name that rendering may look up.
    pub(super) names: BTreeSet<String>,
}

/// Reads a whole template.
pub(super) fn read(source: &str) -> Result<Tree, Fault> {
    if source.len() > MAX_SOURCE {
        return Err(Fault::new(
            0,
            format!(
                "the template has {} KiB, and the most is {} KiB: make it shorter",
                source.len().div_ceil(1024),
                MAX_SOURCE / 1024
            ),
        ));
    }
    let pieces = cut(source)?;
    let is_constant = match pieces.as_slice() {
        [] => source.is_empty(),
        [Piece::Text { text, .. }] => text.len() == source.len(),
        _ => false,
    };
    let mut parser = Parser {
        pieces: pieces.into_iter(),
        count: 0,
        variables: BTreeSet::new(),
        names: BTreeSet::new(),
        assigned: BTreeSet::new(),
        loops: Vec::new(),
        outside: 0,
    };
    let (nodes, end) = parser.nodes(0, None)?;
    debug_assert!(
        end.is_none(),
        "without an opening tag only the end of the source ends it"
    );
    Ok(Tree {
        nodes,
        is_constant,
        variables: parser.variables,
        names: parser.names,
    })
}

/// A tag that ended a run of nodes, with the rest of its words.
struct End {
    word: String,
    reader: Reader,
    at: usize,
}

/// The block that is being read: its name, where it opens, and what may end its present part.
#[derive(Clone, Copy)]
struct Block {
    name: &'static str,
    at: usize,
    ends: &'static [&'static str],
}

struct Parser<'s> {
    pieces: std::vec::IntoIter<Piece<'s>>,
    count: usize,
    variables: BTreeSet<String>,
    names: BTreeSet<String>,
    /// Names that `assign` and `capture` have given so far.
    assigned: BTreeSet<String>,
    /// Names of the items of the loops around.
    loops: Vec<String>,
    /// How many of them stand around the `capture` that is being read: those cannot be left from inside.
    outside: usize,
}

impl Parser<'_> {
    /// Nodes up to one of the tags that end `block`, or to the end of the source.
    fn nodes(&mut self, depth: usize, block: Option<Block>) -> Result<(Vec<Node>, Option<End>), Fault> {
        let mut nodes = Vec::new();
        while let Some(piece) = self.pieces.next() {
            self.count += 1;
            match piece {
                Piece::Text { text, at } => {
                    self.within(at)?;
                    nodes.push(Node::Text {
                        text: text.to_owned(),
                        at,
                    });
                }
                Piece::Output { inside, at, from } => {
                    self.within(at)?;
                    let mut reader = Reader::new(inside, from)?;
                    if reader.is_done() {
                        return Err(Fault::new(at, "this {{ }} is empty: write a variable into it"));
                    }
                    let chain = reader.chain()?;
                    reader.finish("the output")?;
                    self.reads_chain(&chain);
                    nodes.push(Node::Output(Output {
                        chain,
                        place: Place::Plain,
                        without_last: false,
                        at,
                    }));
                }
                Piece::Tag { inside, at, from } => {
                    self.within(at)?;
                    let mut reader = Reader::new(inside, from)?;
                    let word_at = reader.at();
                    if reader.is_done() {
                        return Err(Fault::new(
                            at,
                            "this {% %} is empty: write a tag into it, or take it out",
                        ));
                    }
                    let word = reader.name("the tag's name")?;
                    if block.is_some_and(|block| block.ends.contains(&word.as_str())) {
                        return Ok((nodes, Some(End { word, reader, at })));
                    }
                    nodes.extend(self.tag(&word, word_at, reader, at, depth, block)?);
                }
            }
        }
        match block {
            None => Ok((nodes, None)),
            Some(block) => Err(Fault::new(
                block.at,
                format!("this {{% {0} %}} is never closed: add {{% end{0} %}}", block.name),
            )),
        }
    }

    fn within(&self, at: usize) -> Result<(), Fault> {
        if self.count <= MAX_NODES {
            return Ok(());
        }
        Err(Fault::new(
            at,
            format!("the template has more than {MAX_NODES} pieces here: make it shorter"),
        ))
    }

    /// One tag that is no end of the block around it.
    fn tag(
        &mut self,
        word: &str,
        word_at: usize,
        mut reader: Reader,
        at: usize,
        depth: usize,
        block: Option<Block>,
    ) -> Result<Option<Node>, Fault> {
        let opens = matches!(word, "if" | "unless" | "case" | "for" | "capture");
        if opens && depth >= MAX_DEPTH {
            return Err(Fault::new(
                at,
                format!("tags are nested deeper than {MAX_DEPTH} here: take some of them out of the others"),
            ));
        }
        let node = match word {
            "assign" => {
                let name = reader.name("the variable's name")?;
                if !reader.take_sign("=") {
                    return Err(reader.fault("assign has an equals sign: write {% assign name = value %}"));
                }
                let chain = reader.chain()?;
                reader.finish("assign")?;
                self.reads_chain(&chain);
                self.assigned.insert(name.clone());
                Node::Assign { name, chain, at }
            }
            "capture" => {
                let name = reader.name("the variable's name")?;
                reader.finish("capture")?;
                let outside = std::mem::replace(&mut self.outside, self.loops.len());
                let (body, end) = self.block("capture", at, &["endcapture"], depth)?;
                self.outside = outside;
                end.reader.finish("endcapture")?;
                self.assigned.insert(name.clone());
                Node::Capture { name, body, at }
            }
            "if" => self.if_tag("if", &["elsif", "else", "endif"], &["endif"], reader, at, depth)?,
            "unless" => self.if_tag(
                "unless",
                &["elsif", "else", "endunless"],
                &["endunless"],
                reader,
                at,
                depth,
            )?,
            "case" => self.case_tag(reader, at, depth)?,
            "for" => self.for_tag(reader, at, depth)?,
            "break" | "continue" => {
                reader.finish(word)?;
                if self.loops.len() <= self.outside {
                    return Err(Fault::new(
                        at,
                        format!(
                            "{word} stands outside of a loop: put it between {{% for %}} and {{% endfor %}}, and not into a {{% capture %}} there"
                        ),
                    ));
                }
                if word == "break" {
                    Node::Break(at)
                } else {
                    Node::Continue(at)
                }
            }
            "comment" | "raw" => {
                return Err(Fault::new(
                    at,
                    format!("{word} stands alone in its tag: write {{% {word} %}}"),
                ));
            }
            _ => return Err(Self::stray(word, word_at, block)),
        };
        Ok(Some(node))
    }

    /// A tag that is unknown or stands where it cannot.
    fn stray(word: &str, at: usize, block: Option<Block>) -> Fault {
        if !TAGS.contains(&word) {
            let known = TAGS.iter().copied();
            return Fault::new(
                at,
                format!(
                    "there is no tag “{word}”: did you mean “{}”?",
                    nearest(word, known)
                ),
            );
        }
        match block {
            Some(block) => Fault::new(
                at,
                format!(
                    "{{% {word} %}} cannot stand here, inside {{% {0} %}}: close that with {{% end{0} %}} first",
                    block.name
                ),
            ),
            None => Fault::new(
                at,
                format!("{{% {word} %}} belongs to no tag before it: take it out, or add the tag that opens"),
            ),
        }
    }

    /// The nodes inside of a block, and the tag that ended them.
    fn block(
        &mut self,
        name: &'static str,
        at: usize,
        ends: &'static [&'static str],
        depth: usize,
    ) -> Result<(Vec<Node>, End), Fault> {
        let (nodes, end) = self.nodes(depth + 1, Some(Block { name, at, ends }))?;
        let end = end.expect("a block that is not ended by a tag is a fault");
        Ok((nodes, end))
    }

    fn if_tag(
        &mut self,
        name: &'static str,
        ends: &'static [&'static str],
        last: &'static [&'static str],
        mut reader: Reader,
        at: usize,
        depth: usize,
    ) -> Result<Node, Fault> {
        let mut branches = Vec::new();
        let mut condition = reader.condition(name == "unless")?;
        loop {
            for test in std::iter::once(&condition.first).chain(condition.rest.iter().map(|(_, test)| test)) {
                self.reads(&test.left);
                if let Some((_, right)) = &test.right {
                    self.reads(right);
                }
            }
            let (nodes, mut end) = self.block(name, at, ends, depth)?;
            branches.push((condition, nodes));
            let otherwise = match end.word.as_str() {
                "elsif" => {
                    condition = end.reader.condition(false)?;
                    continue;
                }
                "else" => {
                    if end.reader.take_word("if") {
                        return Err(Fault::new(
                            end.at,
                            "“else if” is written in one word: {% elsif … %}",
                        ));
                    }
                    end.reader.finish("else")?;
                    let (nodes, end) = self.block(name, at, last, depth)?;
                    end.reader.finish(last[0])?;
                    nodes
                }
                _ => {
                    end.reader.finish(last[0])?;
                    Vec::new()
                }
            };
            return Ok(Node::If(If {
                branches,
                otherwise,
                at,
            }));
        }
    }

    fn case_tag(&mut self, mut reader: Reader, at: usize, depth: usize) -> Result<Node, Fault> {
        let subject = reader.operand()?;
        reader.finish("case")?;
        self.reads(&subject);
        let (before, mut end) = self.block("case", at, &["when", "else", "endcase"], depth)?;
        let is_blank = |node: &Node| matches!(node, Node::Text { text, .. } if text.trim().is_empty());
        if !before.iter().all(is_blank) {
            return Err(Fault::new(
                at,
                "something stands between {% case %} and its first {% when %}: take it out",
            ));
        }
        let mut whens = Vec::new();
        let mut otherwise = Vec::new();
        loop {
            match end.word.as_str() {
                "when" => {
                    let mut values = Vec::new();
                    loop {
                        let value = end.reader.operand()?;
                        self.reads(&value);
                        values.push(value);
                        if !end.reader.take_sign(",") && !end.reader.take_word("or") {
                            break;
                        }
                    }
                    end.reader.finish("when")?;
                    let (nodes, next) = self.block("case", at, &["when", "else", "endcase"], depth)?;
                    whens.push((values, nodes));
                    end = next;
                }
                "else" => {
                    end.reader.finish("else")?;
                    (otherwise, end) = self.block("case", at, &["endcase"], depth)?;
                }
                _ => {
                    end.reader.finish("endcase")?;
                    return Ok(Node::Case(Case {
                        subject,
                        whens,
                        otherwise,
                        at,
                    }));
                }
            }
        }
    }

    fn for_tag(&mut self, mut reader: Reader, at: usize, depth: usize) -> Result<Node, Fault> {
        let name = reader.name("the item's name")?;
        if !reader.take_word("in") {
            return Err(reader.fault("a loop names its list after “in”: write {% for item in list %}"));
        }
        let over_at = reader.at();
        let over = reader.operand()?;
        if let Operand::Range(ends) = &over
            && let (Operand::Literal(from), Operand::Literal(to)) = (&ends.0, &ends.1)
            && let (Some(from), Some(to)) = (from.as_i64(), to.as_i64())
            && to.saturating_sub(from) >= MAX_RANGE
        {
            return Err(Fault::new(
                over_at,
                format!("a range has at most {MAX_RANGE} items: write a shorter one"),
            ));
        }
        let (mut limit, mut offset, mut reversed) = (None, None, false);
        while let Some(word) = reader.peek() {
            let option = match word {
                Word::Name(option) => option.clone(),
                Word::Sign(",") => {
                    reader.take_sign(",");
                    continue;
                }
                _ => String::new(),
            };
            match option.as_str() {
                "reversed" => {
                    reader.take_word("reversed");
                    reversed = true;
                }
                "limit" | "offset" => {
                    reader.take_word(&option);
                    if !reader.take_sign(":") {
                        return Err(reader.fault(format!("{option} has a colon: write {option}:3")));
                    }
                    let value = reader.operand()?;
                    self.reads(&value);
                    *if option == "limit" {
                        &mut limit
                    } else {
                        &mut offset
                    } = Some(value);
                }
                _ => {
                    return Err(
                        reader.fault("a loop knows limit:, offset: and reversed: take anything else out")
                    );
                }
            }
        }
        self.reads(&over);
        self.loops.push(name.clone());
        let (body, end) = self.block("for", at, &["else", "endfor"], depth)?;
        self.loops.pop();
        let otherwise = if end.word == "else" {
            end.reader.finish("else")?;
            let (nodes, end) = self.block("for", at, &["endfor"], depth)?;
            end.reader.finish("endfor")?;
            nodes
        } else {
            end.reader.finish("endfor")?;
            Vec::new()
        };
        Ok(Node::For(For {
            name,
            over,
            limit,
            offset,
            reversed,
            body,
            otherwise,
            at,
        }))
    }

    /// Notes what a chain reads.
    fn reads_chain(&mut self, chain: &Chain) {
        self.reads(&chain.base);
        for call in &chain.calls {
            for arg in &call.args {
                self.reads(arg);
            }
            if call.filter == Filter::Date {
                self.names.insert("now".to_owned());
                if matches!(&chain.base, Operand::Literal(Value::String(text)) if text == "now" || text == "today")
                {
                    self.variables.insert("now".to_owned());
                }
            }
        }
    }

    /// Notes what a value reads.
    fn reads(&mut self, operand: &Operand) {
        match operand {
            Operand::Path(path) => self.reads_path(path),
            Operand::Range(ends) => {
                self.reads(&ends.0);
                self.reads(&ends.1);
            }
            Operand::Literal(_) | Operand::Empty | Operand::Blank => {}
        }
    }

    fn reads_path(&mut self, path: &Path) {
        self.names.insert(path.head.clone());
        let is_own = self.assigned.contains(&path.head)
            || self.loops.contains(&path.head)
            || path.head == "forloop" && !self.loops.is_empty();
        if !is_own {
            self.variables.insert(path.dotted());
        }
        for step in &path.steps {
            if let Step::Of(inner) = step {
                self.reads(inner);
            }
        }
    }
}
