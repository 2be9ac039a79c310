//! Whether two columns may hold the same things, by their names.

use forebay_sql::relations;

/// How much two names have in common; the greater the more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Affinity {
    None,
    /// Both name rows, of whatever table.
    Keys,
    /// They say that they are the same.
    Same,
}

/// Of the column that a child compares, and a parent's.
pub(super) fn affinity(child: Option<&str>, child_text: &str, parent: &str, parent_text: &str) -> Affinity {
    let Some(child) = child else { return Affinity::None };
    if child == parent {
        let is_general = child == "id" && !share_a_relation(child_text, parent_text);
        return if is_general { Affinity::Keys } else { Affinity::Same };
    }
    if refers(child, parent, parent_text) || refers(parent, child, child_text) {
        return Affinity::Same;
    }
    if is_key(child) && is_key(parent) { Affinity::Keys } else { Affinity::None }
}

/// Whether `reference` is `column` with the name of a relation of `text` before it: `author_id` is the `id` of `authors`.
fn refers(reference: &str, column: &str, text: &str) -> bool {
    let stem = reference.strip_suffix(column).and_then(|stem| stem.strip_suffix('_'));
    stem.is_some_and(|stem| !stem.is_empty() && names_of(text).iter().any(|name| is_of(name, stem)))
}

/// Whether a relation is the plural of a word, or the word with something before or behind it.
fn is_of(relation: &str, stem: &str) -> bool {
    let singular =
        |word: &str| word.strip_suffix("ies").or(word.strip_suffix('s')).unwrap_or(word).to_owned();
    let (relation, stem) = (singular(relation), singular(stem.strip_suffix('y').unwrap_or(stem)));
    relation.starts_with(&stem) || relation.ends_with(&stem)
}

fn share_a_relation(one: &str, other: &str) -> bool {
    let names = names_of(other);
    names_of(one).iter().any(|name| names.iter().any(|other| is_of(name, other) || is_of(other, name)))
}

/// The relations a text reads, without their schemas.
fn names_of(text: &str) -> Vec<String> {
    let found = relations(text);
    let reads = match &found {
        Ok(found) => found.reads(),
        Err(hidden) => hidden.seen().reads(),
    };
    reads
        .iter()
        .map(|relation| relation.to_string().rsplit('.').next().unwrap_or_default().to_owned())
        .collect()
}

/// Whether a column names rows, by its own name.
fn is_key(column: &str) -> bool {
    ["id", "uuid", "key", "code", "slug"]
        .iter()
        .any(|end| column.strip_suffix(end).is_some_and(|stem| stem.is_empty() || stem.ends_with('_')))
}
