//! The lines of a plan into its tree, by how far they are indented.

use super::{header, property, statement};
use crate::error::ReadError;
use crate::json::{Object, Value};
use crate::limits::Limits;
use crate::plan::Plan;
use crate::read::lines::{At, Lines};
use crate::read::tree::Tree;

const EXPECTED: &str = "a node (`->  …`) or one of its properties (`Filter: …`)";
const QUERY: &str = "Query Text: ";

/// Whether a plan begins in this line.
pub(in crate::read) fn is_start(line: &str) -> bool {
    let line = line.trim();
    line.starts_with(QUERY) || header::is_header(line.strip_prefix("->").unwrap_or(line).trim_start())
}

/// Reads the plan that begins in the next line, up to the first line that is none of it.
pub(in crate::read) fn read(
    lines: &mut Lines<'_>,
    limits: &Limits,
    nodes_left: &mut usize,
) -> Result<Plan, ReadError> {
    let mut fields = Object::default();
    let line = lines.peek().map_or(1, |line| line.number);
    query(lines, &mut fields);
    let Some(first) = lines.next() else {
        return Err(lines.nothing("the plan of the query above"));
    };
    let root = header::read(first, bare(first.text))?;
    let mut outline = Outline {
        base: indentation(first.text),
        fields,
        tree: Tree::default(),
        open: Vec::new(),
        name: None,
        worker: None,
        section: None,
    };
    outline.add(first, -1, root, limits, nodes_left)?;
    while let Some(line) = lines.peek() {
        if !outline.take(line, limits, nodes_left)? {
            break;
        }
        lines.next();
        outline.finish_literal(lines);
    }
    Ok(Plan { line, fields: outline.fields, nodes: outline.tree.nodes })
}

/// The statement a log tells before its plan.
fn query(lines: &mut Lines<'_>, fields: &mut Object) {
    let Some(first) = lines.peek().and_then(|line| line.text.trim_start().strip_prefix(QUERY)) else {
        return;
    };
    let mut text = first.to_owned();
    lines.next();
    while let Some(line) = lines.peek().filter(|line| !header::is_header(line.text.trim())) {
        text.push('\n');
        text.push_str(line.text);
        lines.next();
    }
    fields.push("Query Text", Value::Text(text));
}

fn indentation(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

/// A node's line without its arrow.
fn bare(line: &str) -> &str {
    let line = line.trim();
    line.strip_prefix("->").unwrap_or(line).trim_start()
}

/// A plan that is being read.
struct Outline {
    /// How far the root is indented.
    base: usize,
    fields: Object,
    tree: Tree,
    /// The node of the last line and those above it, each with the column of its arrow.
    open: Vec<(isize, usize)>,
    /// `InitPlan 1 (returns $0)`: the name of the plan whose node comes next, and its column.
    name: Option<(isize, String)>,
    /// The column of the worker whose properties follow, and its number.
    worker: Option<(isize, String)>,
    /// The part of what is told of the whole statement.
    section: Option<&'static str>,
}

impl Outline {
    /// Whether the line was one of this plan.
    fn take(&mut self, line: At<'_>, limits: &Limits, nodes_left: &mut usize) -> Result<bool, ReadError> {
        let text = line.text.trim();
        if text.is_empty() {
            return Ok(true);
        }
        let column = indentation(line.text) as isize - self.base as isize;
        if let Some(node) = text.strip_prefix("->") {
            let fields = header::read(line, node.trim_start())?;
            self.add(line, column, fields, limits, nodes_left)?;
            return Ok(true);
        }
        if column <= 0 {
            let Some(section) = statement::read(&mut self.fields, text) else { return Ok(false) };
            self.section = section;
            return Ok(true);
        }
        if let Some(section) = self.section {
            statement::read_in(&mut self.fields, section, text);
            return Ok(true);
        }
        if is_name(text) {
            self.name = Some((column, text.to_owned()));
            return Ok(true);
        }
        self.property(column, text)
            .map(|()| true)
            .ok_or_else(|| line.unexpected(EXPECTED, line.text.trim_start()))
    }

    fn add(
        &mut self,
        line: At<'_>,
        column: isize,
        mut fields: Object,
        limits: &Limits,
        nodes_left: &mut usize,
    ) -> Result<(), ReadError> {
        let name = self.name.take();
        let depth = name.as_ref().map_or(column, |(column, _)| *column);
        while self.open.last().is_some_and(|(above, _)| *above >= depth) {
            self.open.pop();
        }
        let parent = self.open.last().map(|(_, id)| *id);
        if parent.is_none() && !self.tree.nodes.is_empty() {
            return Err(
                line.unexpected("a node further to the right than the plan's first", line.text.trim_start())
            );
        }
        if let Some(parent) = parent {
            fields.push(
                "Parent Relationship",
                self.relationship(parent, name.as_ref().map(|(_, name)| &**name)),
            );
        }
        if let Some((_, name)) = name {
            fields.push("Subplan Name", Value::Text(name));
        }
        let id = self.tree.add(line.number, parent, fields, limits, nodes_left)?;
        self.open.push((column, id));
        self.worker = None;
        self.section = None;
        Ok(())
    }

    /// What the JSON form tells and the text shows by order.
    fn relationship(&self, parent: usize, name: Option<&str>) -> Value {
        let above = &self.tree.nodes[parent];
        Value::from(match (name, above.node_type()) {
            (Some(name), _) if name.starts_with("SubPlan") => "SubPlan",
            (Some(_), _) => "InitPlan",
            (None, "Append" | "Merge Append" | "BitmapAnd" | "BitmapOr") => "Member",
            (None, "Subquery Scan") => "Subquery",
            (None, _) => {
                let inputs = above.children.iter().filter(|child| !self.tree.nodes[**child].is_subplan());
                if inputs.count() == 0 { "Outer" } else { "Inner" }
            }
        })
    }

    fn property(&mut self, column: isize, text: &str) -> Option<()> {
        let (_, id) = *self.open.last()?;
        let fields = &mut self.tree.nodes[id].fields;
        if let Some((number, rest)) = worker(text) {
            self.worker = Some((column, number.to_owned()));
            return property::read_worker(property::worker(fields, number), rest);
        }
        match self.worker.as_ref().filter(|(begins, _)| column > *begins) {
            Some((_, number)) => property::read(property::worker(fields, number), text),
            None => property::read(fields, text),
        }
    }

    /// A literal of several lines goes on behind the line that opened it.
    fn finish_literal(&mut self, lines: &mut Lines<'_>) {
        let Some((_, id)) = self.open.last() else { return };
        let Some(Value::Text(text)) = self.tree.nodes[*id].fields.last_mut() else { return };
        // An escape string doubles its quotes as well.
        let mut open = text.matches('\'').count() % 2 == 1;
        while open {
            let Some(line) = lines.peek().filter(|line| !line.text.trim_start().starts_with("->  ")) else {
                return;
            };
            open ^= line.text.matches('\'').count() % 2 == 1;
            text.push('\n');
            text.push_str(&line.text[indentation(line.text).min(self.base)..]);
            lines.next();
        }
    }
}

/// Whether a line names the plan that follows.
fn is_name(text: &str) -> bool {
    ["InitPlan ", "SubPlan ", "CTE "].iter().any(|kind| text.starts_with(kind)) && !header::is_header(text)
}

/// `Worker 0:  …`
fn worker(text: &str) -> Option<(&str, &str)> {
    let (number, rest) = text.strip_prefix("Worker ")?.split_once(':')?;
    number.bytes().all(|byte| byte.is_ascii_digit()).then_some((number, rest.trim_start()))
}
