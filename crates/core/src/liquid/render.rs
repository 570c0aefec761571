//! Renders a tree with the values of a scope.
//!
//! Left out: escaping (`place.rs`) and filters. Invariant: each node, value and filter is paid for from one budget, and
//! what is written has a limit, so any template ends soon with any data.

use super::filters::{Filter, apply, or_default};
use super::parse::Tree;
use super::syntax::{
    Case, Chain, Comparison, Condition, For, If, Junction, Node, Operand, Output, Path, Step, Test,
};
use super::value::{Budget, Num, Trouble, Val, by_index, by_key, contains, equal, is_empty, order};
use super::{Lookup, MAX_OUTPUT, MAX_RANGE, MAX_STEPS, MAX_TEXT, RenderError};
use serde_json::{Value, json};
use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Renders `tree`.
pub(super) fn render(tree: &Tree, scope: &dyn Lookup) -> Result<String, RenderError> {
    let globals = tree
        .names
        .iter()
        .filter_map(|name| scope.get(name).map(|value| (name.as_str(), value)))
        .collect();
    let mut renderer = Renderer {
        globals: &globals,
        locals: BTreeMap::new(),
        loops: Vec::new(),
        out: String::new(),
        most: MAX_OUTPUT,
        budget: Budget::new(MAX_STEPS),
    };
    renderer.nodes(&tree.nodes)?;
    Ok(renderer.out)
}

/// What comes after a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flow {
    Next,
    Break,
    Continue,
}

/// A loop that is running.
struct Round<'r> {
    name: &'r str,
    item: Val<'r>,
    index: usize,
    length: usize,
}

/// What a loop goes over.
enum Items<'r> {
    Borrowed(&'r [Value]),
    Shared(Rc<Value>),
}

impl Items<'_> {
    fn all(&self) -> &[Value] {
        match self {
            Self::Borrowed(items) => items,
            Self::Shared(list) => list.as_array().map_or(&[], Vec::as_slice),
        }
    }
}

struct Renderer<'r> {
    globals: &'r BTreeMap<&'r str, Cow<'r, Value>>,
    locals: BTreeMap<&'r str, Val<'r>>,
    loops: Vec<Round<'r>>,
    out: String,
    most: usize,
    budget: Budget,
}

/// An error whose cause has no name of its own.
fn plain(trouble: Trouble) -> RenderError {
    trouble.named(&|| "the template".to_owned())
}

impl<'r> Renderer<'r> {
    fn nodes(&mut self, nodes: &'r [Node]) -> Result<Flow, RenderError> {
        for node in nodes {
            let flow = self.node(node)?;
            if flow != Flow::Next {
                return Ok(flow);
            }
        }
        Ok(Flow::Next)
    }

    fn node(&mut self, node: &'r Node) -> Result<Flow, RenderError> {
        self.pay(1)?;
        match node {
            Node::Text { text, .. } => {
                self.budget.pay_text(text.len()).map_err(plain)?;
                self.out.push_str(text);
                self.within()?;
            }
            Node::Output(output) => self.output(output)?,
            Node::Assign { name, chain, .. } => {
                let value = self.chain(chain, &chain.calls)?;
                self.locals.insert(name, value);
            }
            Node::Capture { name, body, .. } => {
                let out = std::mem::take(&mut self.out);
                let most = std::mem::replace(&mut self.most, MAX_TEXT);
                // A tag that leaves a loop never leads out of a capture, so there is no flow to hand on.
                self.nodes(body)?;
                let captured = std::mem::replace(&mut self.out, out);
                self.most = most;
                self.locals
                    .insert(name, Val::Own(Rc::new(Value::String(captured))));
            }
            Node::If(node) => return self.if_node(node),
            Node::Case(node) => return self.case(node),
            Node::For(node) => return self.for_node(node),
            Node::Break(_) => return Ok(Flow::Break),
            Node::Continue(_) => return Ok(Flow::Continue),
        }
        Ok(Flow::Next)
    }

    fn pay(&mut self, steps: usize) -> Result<(), RenderError> {
        self.budget.pay(steps).map_err(plain)
    }

    fn within(&self) -> Result<(), RenderError> {
        if self.out.len() > self.most {
            return Err(RenderError::TooLong);
        }
        Ok(())
    }

    fn output(&mut self, output: &'r Output) -> Result<(), RenderError> {
        let calls = &output.chain.calls;
        let calls = &calls[..calls.len() - usize::from(output.without_last)];
        let value = match self.chain(&output.chain, calls)? {
            Val::Nil(path) => {
                return Err(RenderError::Missing {
                    path: path.to_string(),
                });
            }
            value => value,
        };
        let name = || output.chain.base.describe();
        self.budget
            .pay_value(value.json())
            .map_err(|trouble| trouble.named(&name))?;
        output.place.write(value.json(), &name, &mut self.out)?;
        self.within()
    }

    fn if_node(&mut self, node: &'r If) -> Result<Flow, RenderError> {
        for (condition, body) in &node.branches {
            if self.holds(condition)? {
                return self.nodes(body);
            }
        }
        self.nodes(&node.otherwise)
    }

    fn case(&mut self, node: &'r Case) -> Result<Flow, RenderError> {
        for (values, body) in &node.whens {
            for value in values {
                if self.equals(&node.subject, value)? {
                    return self.nodes(body);
                }
            }
        }
        self.nodes(&node.otherwise)
    }

    fn for_node(&mut self, node: &'r For) -> Result<Flow, RenderError> {
        let items = self.items(&node.over)?;
        let offset = self.size_of(node.offset.as_ref(), 0)?;
        let limit = self.size_of(node.limit.as_ref(), usize::MAX)?;
        let all = items.all().len();
        let start = offset.min(all);
        let length = limit.min(all - start);
        if length == 0 {
            return self.nodes(&node.otherwise);
        }
        for index in 0..length {
            self.pay(1)?;
            let at = if node.reversed {
                start + length - 1 - index
            } else {
                start + index
            };
            let found: Val<'r> = match &items {
                Items::Borrowed(list) => Val::Ref(&list[at]),
                Items::Shared(list) => {
                    let item = list
                        .as_array()
                        .and_then(|list| list.get(at))
                        .unwrap_or(&Value::Null);
                    self.budget.pay_value(item).map_err(plain)?;
                    Val::Own(Rc::new(item.clone()))
                }
            };
            let item = if found.json().is_null() {
                Val::Nil(node.name.as_str().into())
            } else {
                found
            };
            self.loops.push(Round {
                name: &node.name,
                item,
                index,
                length,
            });
            let flow = self.nodes(&node.body)?;
            self.loops.pop();
            if flow == Flow::Break {
                break;
            }
        }
        Ok(Flow::Next)
    }

    /// What a loop over `operand` goes over: a list, the pairs of an object, or one text. Anything else has no items.
    fn items(&mut self, operand: &'r Operand) -> Result<Items<'r>, RenderError> {
        let value = self.value(operand)?;
        Ok(match value {
            Val::Ref(Value::Array(list)) => Items::Borrowed(list),
            Val::Own(list) if list.is_array() => Items::Shared(list),
            other => {
                self.budget
                    .pay_value(other.json())
                    .map_err(|trouble| trouble.named(&|| operand.describe()))?;
                Items::Shared(Rc::new(match other.json() {
                    Value::Object(fields) => fields.iter().map(|(key, value)| json!([key, value])).collect(),
                    Value::String(text) if !text.is_empty() => json!([text]),
                    _ => Value::Array(Vec::new()),
                }))
            }
        })
    }

    /// How many items an option of a loop says.
    fn size_of(&mut self, operand: Option<&'r Operand>, default: usize) -> Result<usize, RenderError> {
        let Some(operand) = operand else {
            return Ok(default);
        };
        let number = self.whole(operand)?;
        Ok(usize::try_from(number.max(0)).unwrap_or(usize::MAX))
    }

    /// A whole number.
    fn whole(&mut self, operand: &'r Operand) -> Result<i64, RenderError> {
        let value = self.value(operand)?;
        let name = || operand.describe();
        if let Val::Nil(path) = value {
            return Err(RenderError::Missing {
                path: path.to_string(),
            });
        }
        match Num::of(value.json()).map_err(|trouble| trouble.named(&name))? {
            Num::Int(number) => Ok(number),
            Num::Float(number) => Ok(number as i64),
        }
    }

    /// A value after `calls` of its filters. Nothing stays nothing up to a `default`.
    fn chain(&mut self, chain: &'r Chain, calls: &'r [super::syntax::Call]) -> Result<Val<'r>, RenderError> {
        let name = || chain.base.describe();
        let mut value = self.value(&chain.base)?;
        for call in calls {
            self.pay(1)?;
            if value.is_nil() && call.filter != Filter::Default {
                continue;
            }
            let mut args = Vec::with_capacity(call.args.len());
            for arg in &call.args {
                args.push(self.value(arg)?);
            }
            if call.filter == Filter::Default {
                let other = args.swap_remove(0);
                value = or_default(value, other, call.allow_false);
            } else if let Some(missing) = args.iter().find(|arg| arg.is_nil()) {
                value = missing.clone();
            } else {
                let now = self.globals.get("now").map(AsRef::as_ref);
                let result = apply(call.filter, value.json(), &args, now, &mut self.budget)
                    .map_err(|trouble| trouble.named(&name))?;
                value = Val::made(result, &name);
            }
        }
        Ok(value)
    }

    fn value(&mut self, operand: &'r Operand) -> Result<Val<'r>, RenderError> {
        self.pay(1)?;
        match operand {
            Operand::Literal(Value::Null) => Ok(Val::Nil("nil".into())),
            Operand::Literal(value) => Ok(Val::Ref(value)),
            Operand::Empty | Operand::Blank => Ok(Val::Own(Rc::new(Value::String(String::new())))),
            Operand::Path(path) => self.path(path),
            Operand::Range(ends) => {
                let from = self.whole(&ends.0)?;
                let to = self.whole(&ends.1)?;
                let length = to.saturating_sub(from).saturating_add(1).max(0);
                if length > MAX_RANGE {
                    return Err(RenderError::Type {
                        path: operand.describe(),
                        reason: format!("has more than {MAX_RANGE} items"),
                    });
                }
                self.pay(length as usize / 4)?;
                let items: Vec<Value> = (0..length).map(|index| Value::from(from + index)).collect();
                Ok(Val::Own(Rc::new(items.into())))
            }
        }
    }

    fn path(&mut self, path: &'r Path) -> Result<Val<'r>, RenderError> {
        let name = || path.dotted();
        let mut value = self.head(&path.head);
        for step in &path.steps {
            self.pay(1)?;
            if value.is_nil() {
                break;
            }
            let found = match step {
                Step::Key(key) => value.child(&mut self.budget, &name, |value| by_key(value, key)),
                Step::Index(index) => value.child(&mut self.budget, &name, |value| by_index(value, *index)),
                Step::Of(operand) => {
                    let inner = self.value(operand)?;
                    match inner.json() {
                        Value::String(key) => {
                            value.child(&mut self.budget, &name, |value| by_key(value, key))
                        }
                        Value::Number(number) => {
                            let index = number.as_i64().unwrap_or(i64::MAX);
                            value.child(&mut self.budget, &name, |value| by_index(value, index))
                        }
                        _ => Ok(Val::Nil(operand.describe().into())),
                    }
                }
            };
            value = found.map_err(|trouble| trouble.named(&name))?;
        }
        // A name that was assigned from something missing keeps the path of that.
        Ok(match value {
            Val::Nil(origin) if path.steps.is_empty() => Val::Nil(origin),
            Val::Nil(_) => Val::Nil(name().into()),
            found => found,
        })
    }

    /// What a name alone stands for: an item of a loop, something assigned, or a value of the scope.
    fn head(&self, name: &'r str) -> Val<'r> {
        if let Some(round) = self.loops.iter().rev().find(|round| round.name == name) {
            return round.item.clone();
        }
        if name == "forloop"
            && let Some(round) = self.loops.last()
        {
            return Val::Own(Rc::new(json!({
                "index": round.index + 1,
                "index0": round.index,
                "rindex": round.length - round.index,
                "rindex0": round.length - round.index - 1,
                "first": round.index == 0,
                "last": round.index + 1 == round.length,
                "length": round.length,
            })));
        }
        if let Some(value) = self.locals.get(name) {
            return value.clone();
        }
        match self.globals.get(name) {
            Some(value) if !value.is_null() => Val::Ref(value),
            _ => Val::Nil(name.into()),
        }
    }

    /// Liquid reads `and` and `or` from the right: `a or (b and (c or d))`.
    fn holds(&mut self, condition: &'r Condition) -> Result<bool, RenderError> {
        let mut result = self.test(&condition.first)?;
        for (junction, test) in &condition.rest {
            if result == (*junction == Junction::Or) {
                break;
            }
            result = self.test(test)?;
        }
        Ok(result != condition.negated)
    }

    fn test(&mut self, test: &'r Test) -> Result<bool, RenderError> {
        let Some((comparison, right)) = &test.right else {
            return Ok(self.value(&test.left)?.is_true());
        };
        match comparison {
            Comparison::Equal => return self.equals(&test.left, right),
            Comparison::Unequal => return Ok(!self.equals(&test.left, right)?),
            _ => {}
        }
        let (left, right) = (self.value(&test.left)?, self.value(right)?);
        self.weigh(&left, &test.left)?;
        let order = order(left.json(), right.json());
        Ok(match comparison {
            Comparison::Less => order == Some(Ordering::Less),
            Comparison::Greater => order == Some(Ordering::Greater),
            Comparison::AtMost => order.is_some_and(Ordering::is_le),
            Comparison::AtLeast => order.is_some_and(Ordering::is_ge),
            Comparison::Contains | Comparison::Equal | Comparison::Unequal => {
                contains(left.json(), right.json())
            }
        })
    }

    fn equals(&mut self, left: &'r Operand, right: &'r Operand) -> Result<bool, RenderError> {
        match (left, right) {
            (Operand::Empty, other) | (other, Operand::Empty) => Ok(is_empty(self.value(other)?.json())),
            (Operand::Blank, other) | (other, Operand::Blank) => Ok(self.value(other)?.is_blank()),
            _ => {
                let (found, other) = (self.value(left)?, self.value(right)?);
                self.weigh(&found, left)?;
                Ok(equal(found.json(), other.json()))
            }
        }
    }

    fn weigh(&mut self, value: &Val<'r>, operand: &Operand) -> Result<(), RenderError> {
        self.budget
            .pay_value(value.json())
            .map_err(|trouble| trouble.named(&|| operand.describe()))
    }
}
