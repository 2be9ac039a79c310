//! How big an index would be.

use super::definition::{Definition, Key};
use super::expression::{Piece, columns};
use super::table::{Column, Table};

const BLOCK: f64 = 8192.0;
/// A block without its header and a b-tree's own part.
const USABLE: f64 = BLOCK - 24.0 - 16.0;
/// How full the build of a b-tree leaves its leaves (`fillfactor`).
const FULL: f64 = 0.9;
/// A pointer within the block, and the head of an entry.
const POINTER: f64 = 4.0;
const HEAD: f64 = 8.0;
/// A row's place.
const PLACE: f64 = 6.0;
/// The most bytes of one list of rows with the same key that the build of an index writes: a tenth of a block.
const LIST: f64 = 812.0;

impl Definition {
    /// Bytes the index would take right after it was built.
    ///
    /// Computed from the widths, NULLs and numbers of different values that the server's statistics have, by the layout of PostgreSQL's
    /// b-trees: alignment, the bitmap of NULLs, 90 % full leaves, inner blocks, and equal keys stored once where the types allow it.
    /// `cargo xtask bench plan` prints how far that is from real indexes.
    #[must_use]
    pub fn bytes_in(&self, table: &Table) -> u64 {
        let rows = (table.rows * self.share_of(table)).max(1.0);
        let pages = match self.method.as_str() {
            "brin" => 3.0 + (table.pages / 128.0) * 40.0 / USABLE,
            "gin" => table.pages * 0.5,
            _ => {
                // Each partition has one of its own, and any of them may have any key.
                let parts = table.partitions.len().max(1) as f64;
                self.btree_pages(table, (rows / parts).max(1.0)) * parts
            }
        };
        (pages.ceil().max(1.0) * BLOCK) as u64
    }

    fn btree_pages(&self, table: &Table, rows: f64) -> f64 {
        let parts: Vec<Part> = self.parts(table);
        let keys = &parts[..self.keys.len().min(parts.len())];
        let no_nulls: f64 = parts.iter().map(|part| 1.0 - part.null_share).product();
        let mut offset = 0.0;
        for part in &parts {
            offset = part.append(offset);
        }
        // Entries with a NULL have a bitmap, which alignment makes as long as the head again.
        let entry = align(HEAD + offset) + (1.0 - no_nulls) * 8.0;
        let leaf = match self.include.is_empty() && keys.iter().all(|part| part.equal_is_same) {
            true => deduplicated(rows, distinct_together(keys, rows), entry),
            false => rows * (entry + POINTER),
        };
        let leaves = (leaf / (USABLE * FULL - align(entry))).ceil().max(1.0);
        // Inner blocks have one entry for each block below, cut to what tells neighbours apart.
        let fan = USABLE * 0.7 / (entry + POINTER);
        1.0 + leaves + if leaves > 1.0 { (leaves / (fan - 1.0).max(1.0)).ceil() } else { 0.0 }
    }

    fn parts(&self, table: &Table) -> Vec<Part> {
        let keys = self.keys.iter().map(|key| Part::of_key(key, table));
        let include = self.include.iter().map(|name| Part::of(table.column(name), table.rows));
        keys.chain(include).collect()
    }

    /// The part of the table's rows that the predicate keeps, as far as the statistics tell.
    fn share_of(&self, table: &Table) -> f64 {
        self.predicate.as_deref().map_or(1.0, |predicate| predicate_share(predicate, table))
    }
}

/// The part of the rows a predicate keeps: `column IS NULL`, `column = constant`, a column that is true. What is not understood: a tenth.
pub(crate) fn predicate_share(predicate: &str, table: &Table) -> f64 {
    use super::expression::{Side, Test, conjuncts};
    // A name no column can be mistaken for stands for the table.
    let text = with_alias(predicate, table);
    let found = conjuncts(&text, &|name| name == ALIAS);
    found
        .iter()
        .map(|conjunct| match &conjunct.test {
            Test::Null { operand, is_null } => {
                let share =
                    operand.column.as_deref().and_then(|name| table.column(name)).map(|c| c.null_share);
                share.map_or(0.1, |share| if *is_null { share } else { 1.0 - share })
            }
            Test::Boolean { operand, value } => {
                let column = operand.column.as_deref().and_then(|name| table.column(name));
                column.map_or(0.1, |column| frequency(column, if *value { "t" } else { "f" }, table.rows))
            }
            Test::Compare {
                left: Side::Key(operand),
                operator,
                right: Side::Constant(value),
                any: false,
            } if operator == "=" => {
                let column = operand.column.as_deref().and_then(|name| table.column(name));
                column.map_or(0.1, |column| frequency(column, &literal(value), table.rows))
            }
            _ => 0.1,
        })
        .product::<f64>()
        .clamp(0.0, 1.0)
}

const ALIAS: &str = "the table";

/// The predicate as a plan would have it, so that one reader serves both.
fn with_alias(predicate: &str, table: &Table) -> String {
    let pieces = super::expression::Pieces::of(predicate);
    let whole: Piece<'_> = pieces.whole();
    whole.with_alias(ALIAS, &|name| table.column(name).is_some())
}

/// The value of a constant: `'open'::text` is `open`.
pub(crate) fn literal(constant: &str) -> String {
    let text = constant.trim_start_matches('(').split("::").next().unwrap_or(constant);
    let inner = text.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''));
    inner.map_or_else(|| text.trim_end_matches(')').to_owned(), |inner| inner.replace("''", "'"))
}

/// The part of the rows that have a value.
pub(crate) fn frequency(column: &Column, value: &str, rows: f64) -> f64 {
    if let Some((_, share)) = column.common.iter().find(|(common, _)| common == value) {
        return *share;
    }
    let common: f64 = column.common.iter().map(|(_, share)| share).sum();
    let others = (column.distinct(rows) - column.common.len() as f64).max(1.0);
    ((1.0 - column.null_share - common).max(0.0) / others).clamp(0.0, 1.0)
}

/// One attribute of an index's entries.
struct Part {
    width: f64,
    alignment: f64,
    null_share: f64,
    distinct: f64,
    equal_is_same: bool,
}

impl Part {
    fn of(column: Option<&Column>, rows: f64) -> Self {
        match column {
            Some(column) => Self {
                width: if column.type_bytes > 0 {
                    f64::from(column.type_bytes)
                } else {
                    column.width.max(1.0)
                },
                // Short values of varying length begin anywhere.
                alignment: if column.type_bytes > 0 || column.width > 126.0 {
                    f64::from(column.alignment)
                } else {
                    1.0
                },
                null_share: column.null_share,
                distinct: column.distinct(rows),
                equal_is_same: column.equal_is_same,
            },
            None => {
                Self { width: 16.0, alignment: 1.0, null_share: 0.0, distinct: rows, equal_is_same: false }
            }
        }
    }

    /// An expression is taken to be as wide, and to have as many values, as the columns in it.
    fn of_key(key: &Key, table: &Table) -> Self {
        if key.column.is_some() {
            return Self::of(key.column.as_deref().and_then(|name| table.column(name)), table.rows);
        }
        let text = with_alias(&key.text, table);
        let named = columns(&text, &|name| name == ALIAS);
        let mut parts = named.iter().map(|(_, name)| Self::of(table.column(name), table.rows));
        parts.next().unwrap_or_else(|| Self::of(None, table.rows))
    }

    /// Where the next part begins, or the entry ends.
    fn append(&self, offset: f64) -> f64 {
        let start = (offset / self.alignment).ceil() * self.alignment;
        start + self.width * (1.0 - self.null_share)
    }
}

fn align(bytes: f64) -> f64 {
    (bytes / 8.0).ceil() * 8.0
}

/// Different keys of so many rows: what independent columns would have.
fn distinct_together(parts: &[Part], rows: f64) -> f64 {
    if let [one] = parts {
        return one.distinct.min(rows);
    }
    let possible: f64 = parts.iter().map(|part| part.distinct).product();
    // So many of them are met in so many draws.
    (possible * (1.0 - (-rows / possible).exp())).clamp(1.0, rows)
}

/// Bytes of leaves that store equal keys once, with lists of rows.
fn deduplicated(rows: f64, distinct: f64, entry: f64) -> f64 {
    let each = rows / distinct;
    // Where few rows share a key, how many do varies: alone, a row has a plain entry.
    let alone = if each < 3.0 { (1.0 / each).powi(2) } else { 0.0 };
    let shared_rows = rows * (1.0 - alone);
    let shared_keys = distinct * (1.0 - alone);
    let per_list = ((LIST - entry) / PLACE).floor().max(2.0);
    let lists = shared_keys * (shared_rows / shared_keys.max(1.0) / per_list).ceil().max(1.0);
    rows * alone * (entry + POINTER) + lists * (entry + POINTER) + shared_rows * PLACE
}
