//! A node's properties.

use super::amounts::{amount, buffers, heap_blocks, pairs, scalar, sort_groups, timings, tuples, wal};
use super::{header, label, listing, target};
use crate::json::{Object, Value};

/// Reads one line below a node; none when it is no property.
pub(super) fn read(fields: &mut Object, text: &str) -> Option<()> {
    match key(text) {
        Some((key, value)) => property(fields, key, value),
        None => table(fields, text)?,
    }
    Some(())
}

/// The part of a worker's line behind its number.
pub(super) fn read_worker(fields: &mut Object, text: &str) -> Option<()> {
    match text.strip_prefix("actual ") {
        Some(actual) => header::actuals(actual, fields),
        None => read(fields, text),
    }
}

/// What is told of one worker.
pub(super) fn worker<'a>(fields: &'a mut Object, number: &str) -> &'a mut Object {
    let workers = fields.entry("Workers", || Value::List(Vec::new()));
    if !matches!(workers, Value::List(_)) {
        *workers = Value::List(Vec::new());
    }
    let Value::List(workers) = workers else { unreachable!("it was made one above") };
    let digits = Value::digits(number);
    let is_it =
        |worker: &Value| worker.object().and_then(|worker| worker.get("Worker Number")) == Some(&digits);
    let at = workers.iter().position(is_it).unwrap_or_else(|| {
        let mut new = Object::default();
        new.push("Worker Number", digits.clone());
        workers.push(Value::Object(new));
        workers.len() - 1
    });
    let Value::Object(worker) = &mut workers[at] else { unreachable!("only objects are put there") };
    worker
}

/// `Key: value`, where the key looks like one.
fn key(text: &str) -> Option<(&str, &str)> {
    let (key, value) = text.split_once(':')?;
    let plain = |c: char| c.is_ascii_alphanumeric() || " -/()_".contains(c);
    let named = key.starts_with(|c: char| c.is_ascii_uppercase()) && key.chars().all(plain);
    (named && (value.is_empty() || value.starts_with(' '))).then(|| (key, value.trim()))
}

fn property(fields: &mut Object, key: &str, value: &str) {
    match key {
        "Output"
        | "Sort Key"
        | "Presorted Key"
        | "Group Key"
        | "Params Evaluated"
        | "Conflict Arbiter Indexes" => {
            fields.push(key, listing::list(value));
        }
        "Buffers" => buffers(value, fields),
        "I/O Timings" => timings(value, fields),
        "WAL" => wal(value, fields),
        "Tuples" => tuples(value, fields),
        "Heap Blocks" => heap_blocks(value, fields),
        "Full-sort Groups" | "Pre-sorted Groups" => sort_groups(key, value, fields),
        "Sampling" => sampling(value, fields),
        "Sort Method" | "Buckets" | "Batches" | "Planned Partitions" | "Hits" | "Storage" | "Estimates" => {
            let whole = format!("{key}: {value}");
            for (key, value) in pairs(&whole) {
                compound(fields, key, value);
            }
        }
        _ if is_expression(key) => fields.push(key, Value::from(value)),
        _ => fields.push(key, scalar(value)),
    }
}

/// Properties that are text even where it reads `true` or `7`.
fn is_expression(key: &str) -> bool {
    let counts = key.starts_with("Rows Removed by ");
    !counts
        && ["Filter", "Cond", "Condition", "Call", "Key", "Mode", "Order By", "SQL", "Window"]
            .iter()
            .any(|end| key.ends_with(end))
}

/// One amount of a line that has several.
fn compound(fields: &mut Object, key: &str, value: &str) {
    let is_aggregate = fields.text("Node Type") == Some("Aggregate") || fields.get("Worker Number").is_some();
    let number = |value: &str| amount(value).unwrap_or_else(|| Value::from(value));
    let mut sort_space = |kind: &str| {
        fields.push("Sort Space Used", number(value));
        fields.push("Sort Space Type", Value::from(kind));
    };
    match key {
        "Sort Method" => fields.push(key, Value::from(value)),
        "Memory" => sort_space("Memory"),
        "Disk" => sort_space("Disk"),
        "Buckets" => originally(fields, "Hash Buckets", value),
        "Batches" if is_aggregate => fields.push("HashAgg Batches", number(value)),
        "Batches" => originally(fields, "Hash Batches", value),
        "Memory Usage" => fields.push("Peak Memory Usage", number(value)),
        "Hits" | "Misses" | "Evictions" | "Overflows" => fields.push(format!("Cache {key}"), number(value)),
        "Storage" => fields.push(key, Value::from(value)),
        _ => fields.push(key, number(value)),
    }
}

/// `4096 (originally 1024)`
fn originally(fields: &mut Object, key: &str, value: &str) {
    let (now, before) = match value.split_once(" (originally ") {
        Some((now, before)) => (now, before.trim_end_matches(')')),
        None => (value, value),
    };
    for (key, value) in [(key.to_owned(), now), (format!("Original {key}"), before)] {
        fields.push(key, amount(value).unwrap_or_else(|| Value::from(value)));
    }
}

/// `bernoulli ('10'::real) REPEATABLE ('3'::double precision)`
fn sampling(value: &str, fields: &mut Object) {
    let (method, rest) = value.split_once(" (").unwrap_or((value, ""));
    let (parameters, seed) = match rest.split_once(" REPEATABLE (") {
        Some((parameters, seed)) => (parameters, Some(seed)),
        None => (rest, None),
    };
    let inside = |text: &str| text.strip_suffix(')').unwrap_or(text).to_owned();
    fields.push("Sampling Method", Value::from(method));
    fields.push("Sampling Parameters", listing::list(&inside(parameters)));
    if let Some(seed) = seed {
        fields.push("Repeatable Seed", Value::Text(inside(seed)));
    }
}

/// One of several tables a statement writes to: `Update on users_2024 users_1`.
fn table(fields: &mut Object, text: &str) -> Option<()> {
    let mut told = Object::default();
    let rest = label::read(text, &mut told);
    if fields.text("Node Type") != Some("ModifyTable") || told.text("Node Type") != Some("ModifyTable") {
        return None;
    }
    let mut table = Object::default();
    target::relation(rest.strip_prefix(" on ")?, Some("Relation Name"), &mut table);
    if let Value::List(tables) = fields.entry("Target Tables", || Value::List(Vec::new())) {
        tables.push(Value::Object(table));
    }
    Some(())
}
