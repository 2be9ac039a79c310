//! Lines that tell several amounts at once.

use super::header::number_of;
use crate::json::{Object, Value};

/// The number of `25kB`, `0.120 ms`, `7`.
pub(super) fn amount(text: &str) -> Option<Value> {
    let text = text.trim();
    let digits = text.strip_suffix("kB").or_else(|| text.strip_suffix(" ms")).unwrap_or(text);
    number_of(digits.trim_end())
}

/// A number where it is one, else the text.
pub(super) fn scalar(text: &str) -> Value {
    amount(text).unwrap_or_else(|| match text {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        _ => Value::from(text),
    })
}

/// `Buckets: 1024  Batches: 1  Memory Usage: 9kB`: keys and values, two spaces between them.
pub(super) fn pairs(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split("  ").filter_map(|pair| pair.split_once(':')).map(|(key, value)| (key.trim(), value.trim()))
}

/// `shared hit=3 read=1, temp read=5 written=5`: every count with the kind before it.
fn counts(text: &str) -> impl Iterator<Item = (&str, &str, Value)> {
    text.split(',').flat_map(|group| {
        let group = group.trim();
        let kind = match group.split_once(' ') {
            Some((kind, _)) if !kind.contains('=') => kind,
            _ => "",
        };
        let words = group.strip_prefix(kind).unwrap_or(group).split_whitespace();
        words.filter_map(move |word| {
            let (what, digits) = word.split_once('=')?;
            Some((kind, what, number_of(digits)?))
        })
    })
}

/// `Buffers: …`
pub(super) fn buffers(text: &str, fields: &mut Object) {
    for (kind, what, count) in counts(text) {
        fields.push(format!("{} {} Blocks", capital(kind), capital(what)), count);
    }
}

/// `I/O Timings: …`; which kinds are told apart depends on the version.
pub(super) fn timings(text: &str, fields: &mut Object) {
    for (kind, what, time) in counts(text) {
        let kind = match kind {
            "" | "shared/local" => String::new(),
            kind => format!("{} ", capital(kind)),
        };
        fields.push(format!("{kind}I/O {} Time", capital(what)), time);
    }
}

/// `WAL: records=3 fpi=1 bytes=200`
pub(super) fn wal(text: &str, fields: &mut Object) {
    // `buffers full=1` has a space in its name.
    for (_, what, count) in counts(&text.replace("buffers full", "full")) {
        let what = match what {
            "fpi" => "FPI".to_owned(),
            "full" => "Buffers Full".to_owned(),
            what => capital(what),
        };
        fields.push(format!("WAL {what}"), count);
    }
}

/// `Tuples: inserted=1 updated=2`, of a `MERGE`.
pub(super) fn tuples(text: &str, fields: &mut Object) {
    for (_, what, count) in counts(text) {
        fields.push(format!("Tuples {}", capital(what)), count);
    }
}

/// `Heap Blocks: exact=3 lossy=2`
pub(super) fn heap_blocks(text: &str, fields: &mut Object) {
    for (_, what, count) in counts(text) {
        fields.push(format!("{} Heap Blocks", capital(what)), count);
    }
}

/// `Full-sort Groups: 2  Sort Methods: quicksort, top-N heapsort  Average Memory: 26kB  Peak Memory: 26kB`
pub(super) fn sort_groups(key: &str, text: &str, fields: &mut Object) {
    let mut groups = Object::default();
    let count = text.split("  ").next().and_then(amount);
    groups.push("Group Count", count.unwrap_or(Value::Null));
    let mut spaces: Vec<(String, Object)> = Vec::new();
    for (what, value) in pairs(text) {
        if what.starts_with("Sort Method") {
            groups.push("Sort Methods Used", super::listing::list(value));
        } else if let Some((which, kind)) = what.split_once(' ') {
            let name = format!("Sort Space {kind}");
            if spaces.last().is_none_or(|(last, _)| *last != name) {
                spaces.push((name, Object::default()));
            }
            if let Some((_, space)) = spaces.last_mut() {
                space.push(format!("{which} Sort Space Used"), amount(value).unwrap_or(Value::Null));
            }
        }
    }
    for (name, space) in spaces {
        groups.push(name, Value::Object(space));
    }
    fields.push(key, Value::Object(groups));
}

/// With a capital first letter.
pub(super) fn capital(word: &str) -> String {
    let mut characters = word.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}
