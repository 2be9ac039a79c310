//! What stands below a plan: planning, triggers, JIT, times.

use super::amounts::{buffers, capital, scalar, timings};
use super::header::number_of;
use super::listing::parts;
use crate::json::{Object, Value};

/// Reads a line that is not indented; none when it is no part of a plan. What is given back is the section that it opens.
pub(super) fn read(fields: &mut Object, text: &str) -> Option<Option<&'static str>> {
    let (key, value) = text.split_once(':').map(|(key, value)| (key, value.trim()))?;
    match key {
        "Planning" | "JIT" if value.is_empty() => {
            let section = if key == "JIT" { "JIT" } else { "Planning" };
            fields.entry(section, || Value::Object(Object::default()));
            return Some(Some(section));
        }
        "Planning Time" | "Execution Time" | "Query Identifier" => fields.push(key, scalar(value)),
        "Settings" => fields.push(key, settings(value)),
        "Serialization" => {
            fields.push(key, Value::Object(serialization(value)));
            return Some(Some("Serialization"));
        }
        _ => trigger(fields, key.strip_prefix("Trigger ")?, value)?,
    }
    Some(None)
}

/// Reads a line of a section. One that is not known is kept under its name.
pub(super) fn read_in(fields: &mut Object, section: &'static str, text: &str) {
    let Value::Object(object) = fields.entry(section, || Value::Object(Object::default())) else { return };
    let (key, value) = text.split_once(':').map_or((text, ""), |(key, value)| (key.trim(), value.trim()));
    match (section, key) {
        (_, "Buffers") => buffers(value, object),
        (_, "I/O Timings") => timings(value, object),
        ("Planning", "Memory") => {
            for (key, value) in value.split("  ").filter_map(|pair| pair.split_once('=')) {
                object.push(format!("Memory {}", capital(key.trim())), scalar(value));
            }
        }
        ("JIT", "Options") => object.push(key, words(value, scalar)),
        ("JIT", "Timing") => object.push(key, words(value, time)),
        _ => object.push(key, scalar(value)),
    }
}

/// `Inlining false, Optimization true`
fn words(text: &str, value: impl Fn(&str) -> Value) -> Value {
    let mut object = Object::default();
    for (key, word) in parts(text).filter_map(|part| part.split_once(' ')) {
        object.push(key, value(word));
    }
    Value::Object(object)
}

/// `0.523 ms`, or with a part told: `0.523 ms (Deform 0.100 ms)`
fn time(text: &str) -> Value {
    let Some((total, part)) = text.split_once(" (Deform ") else { return scalar(text) };
    let mut object = Object::default();
    object.push("Deform", scalar(part.trim_end_matches(')')));
    object.push("Total", scalar(total));
    Value::Object(object)
}

/// `work_mem = '64kB', jit = 'off'`
fn settings(text: &str) -> Value {
    let mut object = Object::default();
    for (name, value) in parts(text).filter_map(|part| part.split_once(" = ")) {
        let value = value.trim_matches('\'').replace("''", "'");
        object.push(name, Value::Text(value));
    }
    Value::Object(object)
}

/// `time=0.045 ms  output=3kB  format=text`
fn serialization(text: &str) -> Object {
    let mut object = Object::default();
    for (key, value) in text.split("  ").filter_map(|pair| pair.split_once('=')) {
        match key.trim() {
            "time" => object.push("Time", scalar(value)),
            "output" => object.push("Output Volume", scalar(value)),
            "format" => object.push("Format", Value::from(value)),
            other => object.push(other, scalar(value)),
        }
    }
    object
}

/// `users_changed on users: time=0.120 calls=3`, `for constraint orders_user_fkey: …`, `NAME for constraint NAME on users: …`
fn trigger(fields: &mut Object, what: &str, value: &str) -> Option<()> {
    let mut told = Object::default();
    let (rest, relation) = match what.rsplit_once(" on ") {
        Some((rest, relation)) => (rest, Some(relation)),
        None => (what, None),
    };
    let (name, constraint) = match rest.strip_prefix("for constraint ") {
        Some(constraint) => (None, Some(constraint)),
        None => match rest.split_once(" for constraint ") {
            Some((name, constraint)) => (Some(name), Some(constraint)),
            None => (Some(rest), None),
        },
    };
    for (key, value) in [("Trigger Name", name), ("Constraint Name", constraint), ("Relation", relation)] {
        if let Some(value) = value {
            told.push(key, Value::from(value));
        }
    }
    for (key, number) in value.split(' ').filter_map(|word| word.split_once('=')) {
        told.push(capital(key), number_of(number)?);
    }
    if let Value::List(triggers) = fields.entry("Triggers", || Value::List(Vec::new())) {
        triggers.push(Value::Object(told));
    }
    Some(())
}
