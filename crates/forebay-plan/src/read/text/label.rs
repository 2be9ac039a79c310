//! What a node is called in the text, and what it is called in JSON.

use crate::json::{Object, Value};

/// The node types whose text is their name, by the explain code of PostgreSQL 14 to 18.
const PLAIN: [&str; 39] = [
    "Result",
    "ProjectSet",
    "Append",
    "Merge Append",
    "Recursive Union",
    "BitmapAnd",
    "BitmapOr",
    "Seq Scan",
    "Sample Scan",
    "Gather",
    "Gather Merge",
    "Index Scan",
    "Index Only Scan",
    "Bitmap Index Scan",
    "Bitmap Heap Scan",
    "Tid Scan",
    "Tid Range Scan",
    "Subquery Scan",
    "Function Scan",
    "Table Function Scan",
    "Values Scan",
    "CTE Scan",
    "Named Tuplestore Scan",
    "WorkTable Scan",
    "Foreign Scan",
    "Custom Scan",
    "Materialize",
    "Memoize",
    "Sort",
    "Incremental Sort",
    "Group",
    "Aggregate",
    "WindowAgg",
    "Unique",
    "SetOp",
    "LockRows",
    "Limit",
    "Hash",
    "Nested Loop",
];

const JOINS: [&str; 2] = ["Merge", "Hash"];

const WRITES: [&str; 4] = ["Insert", "Update", "Delete", "Merge"];

/// Whether a line begins with the name of a node and has nothing but its target behind that.
pub(super) fn is_known(line: &str) -> bool {
    let (name, rest) = split(line);
    let (_, _, name) = shared(name);
    if WRITES.contains(&name) {
        return !rest.is_empty();
    }
    let mut fields = Object::default();
    named(name, &mut fields);
    let kind = fields.text("Node Type").unwrap_or("");
    let known = PLAIN.contains(&kind) || ["Merge Join", "Hash Join"].contains(&kind);
    known && (kind != name || PLAIN.contains(&name) || name.ends_with(" Join"))
}

/// Reads the name into fields; what it works on is given back: ` on users u`.
pub(super) fn read<'a>(text: &'a str, fields: &mut Object) -> &'a str {
    let (name, rest) = split(text);
    let (parallel, is_async, name) = shared(name);
    if WRITES.contains(&name) && !rest.is_empty() {
        fields.push("Node Type", Value::from("ModifyTable"));
        fields.push("Operation", Value::from(name));
    } else {
        named(name, fields);
    }
    fields.push("Parallel Aware", Value::Bool(parallel));
    fields.push("Async Capable", Value::Bool(is_async));
    rest
}

/// The name, and what begins with ` on ` or ` using `.
fn split(text: &str) -> (&str, &str) {
    let ends = [" on ", " using "].iter().filter_map(|word| text.find(word));
    text.split_at(ends.min().unwrap_or(text.len()))
}

/// Whether several processes share the work, whether it runs asynchronously, and the name without these words.
fn shared(name: &str) -> (bool, bool, &str) {
    let (parallel, name) = match name.strip_prefix("Parallel ") {
        Some(name) => (true, name),
        None => (false, name),
    };
    match name.strip_prefix("Async ") {
        Some(name) => (parallel, true, name),
        None => (parallel, false, name),
    }
}

fn named(name: &str, fields: &mut Object) {
    let mut put = |pairs: &[(&str, &str)]| {
        for (key, value) in pairs {
            fields.push(*key, Value::from(*value));
        }
    };
    let (mode, aggregate) = match name.split_once(' ') {
        Some((mode @ ("Partial" | "Finalize"), rest)) => (mode, rest),
        _ => ("Simple", name),
    };
    let strategy = match aggregate {
        "Aggregate" => Some("Plain"),
        "GroupAggregate" => Some("Sorted"),
        "HashAggregate" => Some("Hashed"),
        "MixedAggregate" => Some("Mixed"),
        _ => None,
    };
    if let Some(strategy) = strategy {
        return put(&[("Node Type", "Aggregate"), ("Strategy", strategy), ("Partial Mode", mode)]);
    }
    if let Some(kind) = joined(name, "Nested Loop") {
        return put(&[("Node Type", "Nested Loop"), ("Join Type", kind)]);
    }
    for base in JOINS {
        if let Some(kind) = joined(name, base).filter(|_| name.ends_with(" Join")) {
            return put(&[("Node Type", &format!("{base} Join")), ("Join Type", kind)]);
        }
    }
    for (base, strategy) in [("SetOp ", "Sorted"), ("HashSetOp ", "Hashed")] {
        if let Some(command) = name.strip_prefix(base) {
            return put(&[("Node Type", "SetOp"), ("Strategy", strategy), ("Command", command)]);
        }
    }
    if let Some(operation) = name.strip_prefix("Foreign ") {
        let operation = if operation == "Scan" { "Select" } else { operation };
        return put(&[("Node Type", "Foreign Scan"), ("Operation", operation)]);
    }
    if let Some(provider) = name.strip_prefix("Custom Scan (").and_then(|rest| rest.strip_suffix(')')) {
        return put(&[("Node Type", "Custom Scan"), ("Custom Plan Provider", provider)]);
    }
    if let Some(kind) = name.strip_suffix(" Backward") {
        return put(&[("Node Type", kind), ("Scan Direction", "Backward")]);
    }
    put(&[("Node Type", name)]);
}

/// The kind of a join: `Hash Left Join` is `Left`, `Hash Join` is `Inner`.
fn joined<'a>(name: &'a str, base: &str) -> Option<&'a str> {
    let rest = name.strip_prefix(base)?;
    match rest.strip_suffix(" Join") {
        Some("") => Some("Inner"),
        None if rest.is_empty() => Some("Inner"),
        Some(kind) => kind.strip_prefix(' '),
        None => None,
    }
}
