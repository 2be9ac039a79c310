//! A node's line: what it is, `(cost=…)`, `(actual …)`.

use super::{label, target};
use crate::error::ReadError;
use crate::json::{Object, Value};
use crate::read::lines::At;

const COST: &str = " (cost=";
const ACTUAL: &str = " (actual ";
const NEVER: &str = " (never executed)";

/// Whether a line, without its arrow, is a node's.
pub(super) fn is_header(line: &str) -> bool {
    [COST, ACTUAL, NEVER].iter().any(|part| line.contains(part))
        && line.ends_with(')')
        && !line.contains(": ")
        || label::is_known(line)
}

/// Reads the line of a node; `text` is the part of it behind the arrow.
pub(super) fn read(line: At<'_>, text: &str) -> Result<Object, ReadError> {
    let never = text.rfind(NEVER);
    let actual = text.rfind(ACTUAL).or(never);
    let cost = text[..actual.unwrap_or(text.len())].rfind(COST);
    let name = text[..cost.or(actual).unwrap_or(text.len())].trim_end();
    if name.is_empty() {
        return Err(line.unexpected("a node such as `Seq Scan on users`", text));
    }
    let mut fields = Object::default();
    let rest = label::read(name, &mut fields);
    target::read(rest, &mut fields);
    if let Some(at) = cost {
        let part = closed(line, &text[at + COST.len()..])?;
        costs(part, &mut fields).ok_or_else(|| {
            line.unexpected("costs such as `(cost=0.00..1.05 rows=5 width=8)`", &text[at + 1..])
        })?;
    }
    if never.is_some() {
        fields.push("Actual Rows", Value::digits("0"));
        fields.push("Actual Loops", Value::digits("0"));
    } else if let Some(at) = actual {
        let part = closed(line, &text[at + ACTUAL.len()..])?;
        actuals(part, &mut fields).ok_or_else(|| {
            line.unexpected(
                "what happened, such as `(actual time=0.01..0.02 rows=5 loops=1)`",
                &text[at + 1..],
            )
        })?;
    }
    Ok(fields)
}

/// The part up to the closing parenthesis.
fn closed<'a>(line: At<'_>, text: &'a str) -> Result<&'a str, ReadError> {
    match text.find(')') {
        Some(end) => Ok(&text[..end]),
        None => Err(line.unexpected("`)` at the end of a node's figures", text)),
    }
}

fn costs(part: &str, fields: &mut Object) -> Option<()> {
    let (range, rest) = part.split_once(' ')?;
    span(range, ["Startup Cost", "Total Cost"], fields)?;
    for word in rest.split(' ') {
        let (key, number) = word.split_once('=')?;
        let key = match key {
            "rows" => "Plan Rows",
            "width" => "Plan Width",
            _ => return None,
        };
        fields.push(key, number_of(number)?);
    }
    Some(())
}

/// `time=0.01..0.02 rows=5 loops=1`, of a node or a worker.
pub(super) fn actuals(part: &str, fields: &mut Object) -> Option<()> {
    for word in part.split(' ') {
        let (key, value) = word.split_once('=')?;
        match key {
            "time" => span(value, ["Actual Startup Time", "Actual Total Time"], fields)?,
            "rows" => fields.push("Actual Rows", number_of(value)?),
            "loops" => fields.push("Actual Loops", number_of(value)?),
            _ => return None,
        }
    }
    Some(())
}

/// `0.00..1.05`
fn span(range: &str, keys: [&str; 2], fields: &mut Object) -> Option<()> {
    let (from, to) = range.split_once("..")?;
    fields.push(keys[0], number_of(from)?);
    fields.push(keys[1], number_of(to)?);
    Some(())
}

/// A number, spelled as it stands there.
pub(super) fn number_of(text: &str) -> Option<Value> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || b".-+e".contains(&byte));
    (plain && text.parse::<f64>().is_ok_and(f64::is_finite) && !text.starts_with(['.', '+']))
        .then(|| Value::digits(text))
}
