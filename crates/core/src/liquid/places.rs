//! Walks a template's tree with its literal text to find out where each output stands.
//!
//! Left out: reading the text itself (`html.rs`). Invariant: whatever branches are taken and however often a loop runs, an
//! output stands where its [`Place`] says.

use super::Context;
use super::filters::Filter;
use super::html::State;
use super::lex::Fault;
use super::place::Place;
use super::syntax::{Node, Output};

/// Work that may be done: a loop is walked again when its end teaches us something about its beginning.
const MAX_WORK: usize = 4 * 1024 * 1024;

/// Gives each output of `nodes` its place.
pub(super) fn find(nodes: &mut [Node], context: Context, end: usize) -> Result<(), Fault> {
    let start = match context {
        Context::Text => return Ok(()),
        Context::Url => State::address(),
        Context::Html => State::document(),
    };
    let mut walk = Walk {
        work: 0,
        loops: Vec::new(),
    };
    match walk.nodes(nodes, Some(start))? {
        Some(state) if !state.may_end() => Err(Fault::new(
            end,
            format!("the template ends {}: close it", state.describe()),
        )),
        _ => Ok(()),
    }
}

/// Where the paths out of a loop's body lead; nothing if there is no such path.
#[derive(Default)]
struct Exits {
    breaks: Option<State>,
    continues: Option<State>,
}

struct Walk {
    work: usize,
    loops: Vec<Exits>,
}

impl Walk {
    /// From the state before `nodes` to the one after them; nothing if they always leave the loop.
    fn nodes(&mut self, nodes: &mut [Node], mut state: Option<State>) -> Result<Option<State>, Fault> {
        for node in nodes {
            state = self.node(node, state)?;
        }
        Ok(state)
    }

    fn node(&mut self, node: &mut Node, state: Option<State>) -> Result<Option<State>, Fault> {
        let at = position(node);
        let size = if let Node::Text { text, .. } = node {
            text.len()
        } else {
            0
        };
        self.work += 16 + size;
        if self.work > MAX_WORK {
            return Err(Fault::new(
                at,
                "loops are nested too deeply here to be followed: take some of them out of the others",
            ));
        }
        let Some(mut state) = state else {
            return match node {
                Node::Text { text, .. } if text.trim().is_empty() => Ok(None),
                _ => Err(Fault::new(
                    at,
                    "nothing after {% break %} or {% continue %} is ever shown: take it out",
                )),
            };
        };
        match node {
            Node::Text { text, at } => state
                .feed(text)
                .map_err(|(offset, message)| Fault::new(*at + offset, message))?,
            Node::Output(output) => {
                let place = state.output().map_err(|message| Fault::new(output.at, message))?;
                put(output, place);
            }
            // What is captured is plain text; it is escaped where it is written.
            Node::Assign { .. } | Node::Capture { .. } => {}
            Node::If(node) => {
                let mut after = Meeting::new("this {% if %}", node.at);
                for (_, body) in &mut node.branches {
                    after.join(self.nodes(body, Some(state.clone()))?)?;
                }
                after.join(self.nodes(&mut node.otherwise, Some(state))?)?;
                return Ok(after.state);
            }
            Node::Case(node) => {
                let mut after = Meeting::new("this {% case %}", node.at);
                for (_, body) in &mut node.whens {
                    after.join(self.nodes(body, Some(state.clone()))?)?;
                }
                after.join(self.nodes(&mut node.otherwise, Some(state))?)?;
                return Ok(after.state);
            }
            Node::For(node) => {
                let before = state.clone();
                let exits = loop {
                    self.loops.push(Exits::default());
                    let end = self.nodes(&mut node.body, Some(state.clone()))?;
                    let exits = self.loops.pop().unwrap_or_default();
                    let mut back = Meeting::new("this {% for %}", node.at);
                    back.join(Some(state.clone()))?;
                    back.join(end)?;
                    back.join(exits.continues)?;
                    let known = back.state.unwrap_or_else(|| state.clone());
                    if known == state {
                        break exits.breaks;
                    }
                    state = known;
                };
                let mut after = Meeting::new("this {% for %}", node.at);
                after.join(Some(state))?;
                after.join(exits)?;
                after.join(self.nodes(&mut node.otherwise, Some(before))?)?;
                return Ok(after.state);
            }
            Node::Break(at) => {
                let exit = self.loops.last_mut().map(|exits| &mut exits.breaks);
                leave(exit, state, *at)?;
                return Ok(None);
            }
            Node::Continue(at) => {
                let exit = self.loops.last_mut().map(|exits| &mut exits.continues);
                leave(exit, state, *at)?;
                return Ok(None);
            }
        }
        Ok(Some(state))
    }
}

/// Adds `state` to those in which a loop's body is left in one way.
fn leave(exit: Option<&mut Option<State>>, state: State, at: usize) -> Result<(), Fault> {
    if let Some(exit) = exit {
        let mut meeting = Meeting::new("the loop around this tag", at);
        meeting.join(exit.take())?;
        meeting.join(Some(state))?;
        *exit = meeting.state;
    }
    Ok(())
}

/// Branches that come together.
struct Meeting {
    what: &'static str,
    at: usize,
    state: Option<State>,
}

impl Meeting {
    fn new(what: &'static str, at: usize) -> Self {
        Self {
            what,
            at,
            state: None,
        }
    }

    fn join(&mut self, other: Option<State>) -> Result<(), Fault> {
        let Some(other) = other else { return Ok(()) };
        let Some(here) = self.state.take() else {
            self.state = Some(other);
            return Ok(());
        };
        let (left, right) = (here.describe(), other.describe());
        self.state = here.join(other);
        if self.state.is_some() {
            return Ok(());
        }
        let ends = if left == right {
            format!("all {left}, but not at the same place of it")
        } else {
            format!("some {left}, some {right}")
        };
        Err(Fault::new(
            self.at,
            format!(
                "{} can end in different ways ({ends}): open and close tags, quotes and scripts inside of the same branch",
                self.what
            ),
        ))
    }
}

/// Notes where `output` stands; a last filter that says what the place does anyway is left out.
fn put(output: &mut Output, place: Place) {
    let last = output.chain.calls.last().map(|call| call.filter);
    output.place = place;
    output.without_last = matches!(
        (place, last),
        (Place::Markup, Some(Filter::Escape))
            | (Place::AddressPart, Some(Filter::UrlEncode))
            | (Place::ScriptValue { .. }, Some(Filter::Json))
    );
}

fn position(node: &Node) -> usize {
    match node {
        Node::Text { at, .. }
        | Node::Assign { at, .. }
        | Node::Capture { at, .. }
        | Node::Break(at)
        | Node::Continue(at) => *at,
        Node::Output(output) => output.at,
        Node::If(node) => node.at,
        Node::Case(node) => node.at,
        Node::For(node) => node.at,
    }
}
