//! What a node works on: ` using users_pkey on public.users u`.

use crate::json::{Object, Value};

/// Reads the part of a node's line behind its name into fields.
pub(super) fn read(rest: &str, fields: &mut Object) {
    let mut rest = rest;
    if let Some(text) = rest.strip_prefix(" using ") {
        let (index, after) = name(text);
        fields.push("Index Name", Value::Text(index));
        rest = after;
    }
    let Some(text) = rest.strip_prefix(" on ") else { return };
    let kind = fields.text("Node Type").unwrap_or("").to_owned();
    if kind == "Bitmap Index Scan" {
        fields.push("Index Name", Value::Text(name(text).0));
        return;
    }
    let key = match kind.as_str() {
        "Function Scan" => Some("Function Name"),
        "Table Function Scan" => Some("Table Function Name"),
        "CTE Scan" | "WorkTable Scan" => Some("CTE Name"),
        "Named Tuplestore Scan" => Some("Tuplestore Name"),
        "Values Scan" | "Subquery Scan" => None,
        _ => Some("Relation Name"),
    };
    relation(text, key, fields);
}

/// `public.users u`: the name goes under `key`, or is itself what the statement calls it.
pub(super) fn relation(text: &str, key: Option<&str>, fields: &mut Object) {
    let (mut object, mut rest) = name(text);
    let mut schema = None;
    if let Some(after) = rest.strip_prefix('.') {
        schema = Some(std::mem::take(&mut object));
        (object, rest) = name(after);
    }
    let alias = rest.strip_prefix(' ').map(|rest| name(rest).0).filter(|alias| !alias.is_empty());
    if let Some(key) = key {
        fields.push(key, Value::Text(object.clone()));
    }
    if let Some(schema) = schema {
        fields.push("Schema", Value::Text(schema));
    }
    fields.push("Alias", Value::Text(alias.unwrap_or(object)));
}

/// The name at the start, without its quotes, and what follows.
fn name(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([' ', '.']).unwrap_or(text.len());
        return (text[..end].to_owned(), &text[end..]);
    };
    let mut from = 0;
    loop {
        match quoted[from..].find('"') {
            None => return (quoted.replace("\"\"", "\""), ""),
            Some(at) if quoted[from + at + 1..].starts_with('"') => from += at + 2,
            Some(at) => return (quoted[..from + at].replace("\"\"", "\""), &quoted[from + at + 1..]),
        }
    }
}
