//! A snapshot in the making.

use super::{AllowList, Catalog, Tie, Volatility, classify_with};

/// Gathers a [`Catalog`]. All names are those the catalogue holds: without quotes, in their own case.
#[derive(Debug)]
pub struct CatalogBuilder {
    catalog: Catalog,
    /// Relations whose reading runs a statement of its own.
    views: Vec<View>,
    /// Types with a check, as a statement.
    checks: Vec<(Box<str>, Box<str>, String)>,
}

#[derive(Debug)]
struct View {
    schema: Box<str>,
    name: Box<str>,
    tie: Tie,
    sql: String,
}

impl CatalogBuilder {
    pub(super) fn new(major: u8) -> Self {
        let catalog = Catalog { major, ..Catalog::default() };
        Self { catalog, views: Vec::new(), checks: Vec::new() }
    }

    /// A function, procedure or aggregate; an aggregate is as volatile as the functions it is made of. Default: none.
    #[must_use]
    pub fn function(mut self, schema: &str, name: &str, volatility: Volatility) -> Self {
        self.catalog.functions.add(schema, name, volatility);
        self
    }

    /// An operator, as volatile as its function. Default: none.
    #[must_use]
    pub fn operator(mut self, schema: &str, name: &str, volatility: Volatility) -> Self {
        self.catalog.operators.add(schema, name, volatility);
        self
    }

    /// A type to which a volatile function casts. Default: none.
    #[must_use]
    pub fn volatile_type(mut self, schema: &str, name: &str) -> Self {
        self.catalog.types.add(schema, name, ());
        self
    }

    /// A domain with a check, as `pg_get_constraintdef` spells it: `CHECK (…)`. Default: none.
    #[must_use]
    pub fn domain(mut self, schema: &str, name: &str, check: &str) -> Self {
        let expression = check.strip_prefix("CHECK").unwrap_or(check);
        self.checks.push((Box::from(schema), Box::from(name), format!("SELECT {expression}")));
        self
    }

    /// A relation that is not read on any server. Default: none.
    #[must_use]
    pub fn relation(mut self, schema: &str, name: &str, tie: Tie) -> Self {
        self.catalog.relations.add(schema, name, tie);
        self
    }

    /// A view, with its definition as `pg_get_viewdef` spells it under an empty `search_path`: it is tied if that is not a read. Default:
    /// none.
    #[must_use]
    pub fn view(mut self, schema: &str, name: &str, definition: &str) -> Self {
        self.depend(schema, name, Tie::View, definition.to_owned());
        self
    }

    /// A row security policy of a table, with its condition as `pg_get_expr` spells it under an empty `search_path`. Default: none.
    #[must_use]
    pub fn policy(mut self, schema: &str, table: &str, condition: &str) -> Self {
        self.depend(schema, table, Tie::Policy, format!("SELECT {condition}"));
        self
    }

    fn depend(&mut self, schema: &str, name: &str, tie: Tie, sql: String) {
        self.views.push(View { schema: Box::from(schema), name: Box::from(name), tie, sql });
    }

    /// The snapshot. Checks and views are judged here, views that read from others after those.
    #[must_use]
    pub fn build(mut self) -> Catalog {
        let nothing = AllowList::default();
        for (schema, name, sql) in std::mem::take(&mut self.checks) {
            if !classify_with(&sql, &self.catalog, &[], &nothing).is_read() {
                self.catalog.types.add(&schema, &name, ());
            }
        }
        // Each round finds the views over those found before; there are as many rounds as views lie over each other.
        let mut open = std::mem::take(&mut self.views);
        loop {
            let catalog = &self.catalog;
            let (reads, tied): (Vec<_>, Vec<_>) =
                open.into_iter().partition(|view| classify_with(&view.sql, catalog, &[], &nothing).is_read());
            if tied.is_empty() {
                return self.catalog;
            }
            for view in tied {
                self.catalog.relations.add(&view.schema, &view.name, view.tie);
            }
            open = reads;
        }
    }
}
