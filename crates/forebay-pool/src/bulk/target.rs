//! Where rows go, and what happens to those that are there already.

use crate::identifier::quoted;

/// A table and its columns, for [`Writer::insert_many`](crate::Writer::insert_many) and
/// [`Transaction::insert_many`](crate::Transaction::insert_many).
///
/// Names are taken letter by letter and quoted. Types are asked from the server.
///
/// ```
/// use forebay_pool::Bulk;
/// let accounts = Bulk::into("shop.account").columns(["id", "balance"]).or_update(["id"]);
/// # let _ = accounts;
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "it says where rows go; give it to `insert_many`"]
pub struct Bulk {
    /// Quoted.
    pub(super) table: String,
    /// As given.
    pub(super) columns: Vec<String>,
    pub(super) conflict: Conflict,
}

/// What happens to a row that is there already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Conflict {
    Fails,
    Skips,
    /// The columns that say which row it is.
    Updates(Vec<String>),
}

impl Bulk {
    /// Rows go into this table, named `table` or `schema.table`.
    pub fn into(table: &str) -> Self {
        let table = table.split('.').map(quoted).collect::<Vec<_>>().join(".");
        Self { table, columns: Vec::new(), conflict: Conflict::Fails }
    }

    /// Values of a row are for these columns, in this order. Default: none, which is refused.
    pub fn columns<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.columns = names.into_iter().map(Into::into).collect();
        self
    }

    /// A row that is there already, by any unique index, is left as it is. Default: it is an error.
    pub fn or_skip(mut self) -> Self {
        self.conflict = Conflict::Skips;
        self
    }

    /// A row that is there already, by the unique index on these columns, gets the other columns' new values. The
    /// same key twice in one call is an error of the server (SQLSTATE 21000). Default: it is an error.
    pub fn or_update<S: Into<String>>(mut self, key: impl IntoIterator<Item = S>) -> Self {
        self.conflict = Conflict::Updates(key.into_iter().map(Into::into).collect());
        self
    }

    /// How many columns.
    pub(crate) const fn width(&self) -> usize {
        self.columns.len()
    }

    pub(super) fn list(&self) -> String {
        self.columns.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", ")
    }

    /// The end of an `INSERT`.
    pub(super) fn on_conflict(&self) -> String {
        match &self.conflict {
            Conflict::Fails => String::new(),
            Conflict::Skips => " ON CONFLICT DO NOTHING".to_owned(),
            Conflict::Updates(key) => {
                let list = key.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", ");
                let others = self.columns.iter().filter(|name| !key.contains(name)).map(|name| {
                    let name = quoted(name);
                    format!("{name} = EXCLUDED.{name}")
                });
                let set = others.collect::<Vec<_>>().join(", ");
                if set.is_empty() {
                    return format!(" ON CONFLICT ({list}) DO NOTHING");
                }
                format!(" ON CONFLICT ({list}) DO UPDATE SET {set}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Bulk;

    #[test]
    fn names_are_quoted_and_the_key_is_not_updated() {
        let bulk = Bulk::into("s.My\"Table").columns(["id", "a b"]).or_update(["id"]);
        assert_eq!(bulk.table, "\"s\".\"My\"\"Table\"");
        assert_eq!(bulk.list(), "\"id\", \"a b\"");
        assert_eq!(bulk.on_conflict(), " ON CONFLICT (\"id\") DO UPDATE SET \"a b\" = EXCLUDED.\"a b\"");
        let only_key = Bulk::into("t").columns(["id"]).or_update(["id"]);
        assert_eq!(only_key.on_conflict(), " ON CONFLICT (\"id\") DO NOTHING");
    }
}
