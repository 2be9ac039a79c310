//! What is known of a table.

use super::definition::Definition;

/// A table, as the catalogue and its statistics describe it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Table {
    /// The schema it is in.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// Its number in the catalogue.
    pub oid: u32,
    /// Rows, as the planner believes.
    pub rows: f64,
    /// Blocks of 8 kB.
    pub pages: f64,
    /// The part of its blocks that index-only scans need not look at, 0 to 1.
    pub all_visible: f64,
    /// Its columns.
    pub columns: Vec<Column>,
    /// The indexes it has.
    pub indexes: Vec<ExistingIndex>,
    /// What was done to it since the statistics began.
    pub activity: Activity,
    /// Its partitions that hold rows; empty for a plain table.
    pub partitions: Vec<Partition>,
    /// Its references to other tables.
    pub foreign_keys: Vec<ForeignKey>,
}

/// A column and the spread of its values.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type, as `format_type` spells it.
    pub type_name: String,
    /// Bytes of a value: negative for those of varying length.
    pub type_bytes: i16,
    /// Where a value may begin: a multiple of 1, 2, 4 or 8.
    pub alignment: u8,
    /// Bytes of an average value.
    pub width: f64,
    /// The part of the rows without a value, 0 to 1.
    pub null_share: f64,
    /// Different values; where negative, as a share of the rows (as in `pg_stats`). 0: not known.
    pub n_distinct: f64,
    /// How far the rows are stored in the order of the values, −1 to 1.
    pub correlation: f64,
    /// The commonest values with their shares.
    pub common: Vec<(String, f64)>,
    /// Whether it never is NULL.
    pub not_null: bool,
    /// Whether texts are ordered byte by byte, so that a plain index serves `LIKE 'x%'`.
    pub bytewise: bool,
    /// Whether equal values are always the same bytes, so that an index may store them once.
    pub equal_is_same: bool,
    /// Whether the role was shown statistics of it.
    pub has_statistics: bool,
}

impl Column {
    /// Different values in a table of so many rows; without statistics a tenth of them, at most 200 (the planner's guess).
    #[must_use]
    pub fn distinct(&self, rows: f64) -> f64 {
        let distinct = if self.n_distinct > 0.0 {
            self.n_distinct
        } else if self.n_distinct < 0.0 {
            -self.n_distinct * rows
        } else {
            (rows / 10.0).min(200.0)
        };
        distinct.clamp(1.0, rows.max(1.0))
    }
}

/// An index that is there.
#[derive(Debug, Clone, PartialEq)]
pub struct ExistingIndex {
    /// Its name.
    pub name: String,
    /// Its number in the catalogue.
    pub oid: u32,
    /// What it indexes.
    pub definition: Definition,
    /// Whether it may be used: a build that failed leaves an invalid one.
    pub is_valid: bool,
    /// Whether a constraint needs it.
    pub is_constraint: bool,
    /// Its size, that of its partitions included.
    pub bytes: u64,
    /// How often it was scanned since the statistics began, on this server.
    pub scans: u64,
}

/// What was done to a table since the statistics began.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Activity {
    /// Scans, sequential and through indexes.
    pub scans: u64,
    /// Rows inserted.
    pub inserted: u64,
    /// Rows updated.
    pub updated: u64,
    /// Rows updated within their block, without a touch of the indexes.
    pub updated_hot: u64,
    /// Rows deleted.
    pub deleted: u64,
}

/// A partition that holds rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partition {
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub name: String,
}

/// A reference to another table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignKey {
    /// The constraint's name.
    pub name: String,
    /// The columns that refer.
    pub columns: Vec<String>,
    /// The table referred to.
    pub target: String,
}

impl Table {
    /// The column of that name.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// Schema and name as SQL spells them.
    #[must_use]
    pub fn sql(&self) -> String {
        qualified(&self.schema, &self.name)
    }
}

/// Schema and name as SQL spells them.
pub(crate) fn qualified(schema: &str, name: &str) -> String {
    use super::expression::quoted;
    format!("{}.{}", quoted(schema), quoted(name))
}
