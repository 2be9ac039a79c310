//! Plans as JSON.

use super::lines::Lines;
use super::tree::Tree;
use crate::error::ReadError;
use crate::json::{Fault, Object, Value, parse};
use crate::limits::Limits;
use crate::plan::Plan;

const EXPECTED: &str = "a plan: an object with `Plan` in it, and in that `Node Type`";

/// Reads the document that begins in the next line: what `EXPLAIN` gives, what `auto_explain` logs, a row as drivers give it, or a
/// bare node.
pub(super) fn read(
    lines: &mut Lines<'_>,
    limits: &Limits,
    nodes_left: &mut usize,
    plans: &mut Vec<Plan>,
) -> Result<(), ReadError> {
    let text = lines.rest();
    let line = lines.peek().map_or(1, |line| line.number);
    let (value, taken) = parse(&text, limits.json_depth_max()).map_err(|fault| match fault {
        Fault::Expected(expected, at) => {
            let (line, column) = lines.place(at);
            ReadError::unexpected(line, column, expected, &text[at..])
        }
        Fault::TooDeep(at) => {
            let (what, max) = ("the depth of the document", limits.json_depth_max());
            ReadError::TooLarge { line: lines.place(at).0, what, max }
        }
    })?;
    let before = plans.len();
    for object in statements(value) {
        plans.push(
            plan(object, line, limits, nodes_left)
                .map_err(|error| error.unwrap_or_else(|| lines.unexpected(EXPECTED, text.trim_start())))?,
        );
    }
    if plans.len() == before {
        return Err(lines.unexpected(EXPECTED, text.trim_start()));
    }
    lines.pass(taken);
    Ok(())
}

/// The statements of a document, out of the lists and rows around them.
fn statements(value: Value) -> Vec<Object> {
    let mut found = Vec::new();
    let mut open = vec![value];
    while let Some(value) = open.pop() {
        match value {
            Value::List(values) => open.extend(values.into_iter().rev()),
            Value::Object(mut object) => match object.take("QUERY PLAN") {
                Some(inner) => open.push(inner),
                None => found.push(object),
            },
            _ => {}
        }
    }
    found
}

/// `Err(None)`: the object is no plan.
fn plan(
    mut fields: Object,
    line: usize,
    limits: &Limits,
    nodes_left: &mut usize,
) -> Result<Plan, Option<ReadError>> {
    let root = match fields.take("Plan") {
        Some(Value::Object(root)) => root,
        Some(_) => return Err(None),
        None => std::mem::take(&mut fields),
    };
    let mut tree = Tree::default();
    let mut open = vec![(None, root)];
    while let Some((parent, mut node)) = open.pop() {
        if node.text("Node Type").is_none() {
            return Err(None);
        }
        let children = match node.take("Plans") {
            Some(Value::List(children)) => children,
            Some(_) => return Err(None),
            None => Vec::new(),
        };
        let id = tree.add(line, parent, node, limits, nodes_left)?;
        for child in children.into_iter().rev() {
            let Value::Object(child) = child else { return Err(None) };
            open.push((Some(id), child));
        }
    }
    Ok(Plan { line, fields, nodes: tree.nodes })
}
