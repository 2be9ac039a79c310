//! What is known beside the plan.

/// What is known of a statement and its tables beside its plan. Default: nothing.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Circumstances {
    /// Statistics of the tables the plan reads; those that are missing are not known.
    pub tables: Vec<TableStatistics>,
    /// The columns of the result, with which of them the caller looked at; empty when that is not known.
    pub columns: Vec<ResultColumn>,
    /// What a call with this plan gave and took, where only its plan was asked for afterwards. Default: not known.
    pub call: Option<Call>,
}

impl Circumstances {
    /// Nothing is known but the plan.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds what is known of a table. Default: none.
    #[must_use]
    pub fn table(mut self, table: TableStatistics) -> Self {
        self.tables.push(table);
        self
    }

    /// Adds a column of the result. Default: none.
    #[must_use]
    pub fn column(mut self, column: ResultColumn) -> Self {
        self.columns.push(column);
        self
    }

    /// Sets what the call gave and took. Default: not known.
    #[must_use]
    pub fn call(mut self, call: Call) -> Self {
        self.call = Some(call);
        self
    }
}

/// What `pg_class` and `pg_stat_user_tables` say of a table.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct TableStatistics {
    /// Its schema, where that is known. Default: not known.
    pub schema: Option<String>,
    /// Its name.
    pub name: String,
    /// Rows it had when it was last analysed (`reltuples`); negative when it never was.
    pub rows: f64,
    /// Blocks it had then (`relpages`). Default: 0.
    pub pages: u64,
    /// Rows inserted, updated and deleted since (`n_mod_since_analyze`). Default: 0.
    pub modified_since_analyze: u64,
    /// Whether it was ever analysed (`last_analyze`, `last_autoanalyze`). Default: yes.
    pub was_analyzed: bool,
    /// Seconds since the last time. Default: not known.
    pub analyzed_seconds_ago: Option<f64>,
}

impl TableStatistics {
    /// A table by its name, with `reltuples`.
    #[must_use]
    pub fn new(name: impl Into<String>, rows: f64) -> Self {
        Self {
            schema: None,
            name: name.into(),
            rows,
            pages: 0,
            modified_since_analyze: 0,
            was_analyzed: true,
            analyzed_seconds_ago: None,
        }
    }
}

/// What a call gave and took. It makes up in part for what a plan that was not run does not tell.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Call {
    /// Milliseconds, as its caller saw it.
    pub took_ms: f64,
    /// Rows it returned or changed, if it came to its end. Default: not known.
    pub rows: Option<f64>,
}

impl Call {
    /// A call by the milliseconds it took.
    #[must_use]
    pub fn new(took_ms: f64) -> Self {
        Self { took_ms, rows: None }
    }

    /// Sets how many rows it returned. Default: not known.
    #[must_use]
    pub fn rows(mut self, rows: f64) -> Self {
        self.rows = Some(rows);
        self
    }
}

/// A column of a result.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ResultColumn {
    /// Its name in the result.
    pub name: String,
    /// Whether the caller looked at it.
    pub used: bool,
    /// Bytes of a value on average, where that is known. Default: not known; every column then counts alike.
    pub bytes_average: Option<f64>,
}

impl ResultColumn {
    /// A column, and whether it was looked at.
    #[must_use]
    pub fn new(name: impl Into<String>, used: bool) -> Self {
        Self { name: name.into(), used, bytes_average: None }
    }
}
