//! What is wrong with the indexes that are there.

use super::table::{ExistingIndex, Table, qualified};

/// Something wrong with an index, or a missing one.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Trouble {
    /// `invalid-index`, `redundant-index`, `unused-index` or `foreign-key-without-index`; stays as it is.
    pub kind: &'static str,
    /// The table.
    pub table: String,
    /// The index, or the constraint.
    pub name: String,
    /// What is wrong, in a sentence with numbers.
    pub what: String,
    /// The statements that mend it.
    pub ddl: Vec<String>,
}

/// Scans of a table from which on an index that took part in none is called unused.
const SCANS_TO_TRUST: u64 = 1000;
/// Referring tables with fewer blocks are read as fast without an index.
const PAGES_TO_MIND: f64 = 64.0;

/// What is wrong with the indexes of one table. `elsewhere` are the scans of an index on the replicas; none when none were asked.
pub(crate) fn troubles(table: &Table, elsewhere: &dyn Fn(&str) -> Option<u64>) -> Vec<Trouble> {
    let mut found = Vec::new();
    for index in &table.indexes {
        if !index.is_valid {
            let what = format!(
                "{} is invalid: its build failed, so it is kept up to date and never used",
                index.name
            );
            found.push(about(table, index, "invalid-index", what));
        } else if let Some(other) = redundant_to(table, index) {
            let what = format!(
                "{} ({} MB) begins {} and adds nothing to it",
                index.name,
                megabytes(index.bytes),
                other.name
            );
            found.push(about(table, index, "redundant-index", what));
        } else if let Some(what) = unused(table, index, elsewhere) {
            found.push(about(table, index, "unused-index", what));
        }
    }
    found.extend(table.foreign_keys.iter().filter_map(|key| {
        let columns: Vec<&str> = key.columns.iter().map(String::as_str).collect();
        (table.pages >= PAGES_TO_MIND && !has_index_on(table, &columns)).then(|| {
            let list = key.columns.iter().map(|name| super::expression::quoted(name)).collect::<Vec<_>>().join(", ");
            Trouble {
                kind: "foreign-key-without-index",
                table: table.sql(),
                name: key.name.clone(),
                what: format!(
                    "no index begins with {list}: each DELETE and each change of a key in {} reads all {} blocks of {}",
                    key.target,
                    table.pages,
                    table.sql()
                ),
                ddl: vec![format!("CREATE INDEX CONCURRENTLY ON {} USING btree ({list})", table.sql())],
            }
        })
    }));
    found
}

fn about(table: &Table, index: &ExistingIndex, kind: &'static str, what: String) -> Trouble {
    let drop = format!("DROP INDEX CONCURRENTLY {}", qualified(&table.schema, &index.name));
    Trouble { kind, table: table.sql(), name: index.name.clone(), what, ddl: vec![drop] }
}

/// The index that makes another redundant; of two that are the same, the one made first stays.
fn redundant_to<'a>(table: &'a Table, index: &ExistingIndex) -> Option<&'a ExistingIndex> {
    if index.is_constraint {
        return None;
    }
    table.indexes.iter().find(|other| {
        let serves =
            other.oid != index.oid && other.is_valid && other.definition.serves_for(&index.definition);
        let mutual = index.definition.serves_for(&other.definition) && !other.is_constraint;
        serves && (!mutual || other.oid < index.oid)
    })
}

fn unused(table: &Table, index: &ExistingIndex, elsewhere: &dyn Fn(&str) -> Option<u64>) -> Option<String> {
    let replicas = elsewhere(&index.name);
    let used = index.scans > 0 || replicas.is_some_and(|scans| scans > 0);
    if used || index.is_constraint || index.definition.unique || table.activity.scans < SCANS_TO_TRUST {
        return None;
    }
    let where_else = match replicas {
        Some(_) => "nor on the replicas that were asked",
        None => "as far as this server knows (name the replicas, which count for themselves)",
    };
    Some(format!(
        "{} ({} MB) took part in none of {} scans of the table, {where_else}",
        index.name,
        megabytes(index.bytes),
        table.activity.scans
    ))
}

fn has_index_on(table: &Table, columns: &[&str]) -> bool {
    table.indexes.iter().filter(|index| index.is_valid && index.definition.predicate.is_none()).any(|index| {
        let keys = index.definition.keys.iter().take(columns.len());
        let first: Vec<&str> = keys.filter_map(|key| key.column.as_deref()).collect();
        first.len() == columns.len() && columns.iter().all(|column| first.contains(column))
    })
}

fn megabytes(bytes: u64) -> u64 {
    bytes.div_ceil(1024 * 1024)
}
