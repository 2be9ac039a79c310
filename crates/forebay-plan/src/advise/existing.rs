//! When one index makes another needless.

use super::definition::{Definition, Key};
use super::table::{ExistingIndex, Table};

impl Definition {
    /// Whether every scan of `other` could use this index instead: the same method; its first keys are the other's, of the same operator
    /// class and collation, in the same direction or all in the opposite one; it holds the columns the other carries along; it has at
    /// least the rows of the other; and it keeps unique what the other keeps unique.
    #[must_use]
    pub fn serves_for(&self, other: &Self) -> bool {
        let rows = match (&self.predicate, &other.predicate) {
            (None, _) => true,
            (Some(own), Some(wanted)) => bare(own) == bare(wanted),
            (Some(_), None) => false,
        };
        let unique = !other.unique || (self.unique && self.keys.len() == other.keys.len());
        let carried = other.include.iter().all(|name| self.columns().any(|column| column == name));
        rows && unique && carried && self.method == other.method && self.begins_with(&other.keys)
    }

    /// Whether both index the same, names, uniqueness and the order of what is carried along aside.
    #[must_use]
    pub fn indexes_the_same(&self, other: &Self) -> bool {
        let plain = |definition: &Self| Self { unique: false, ..definition.clone() };
        let (own, other) = (plain(self), plain(other));
        own.keys.len() == other.keys.len() && own.serves_for(&other) && other.serves_for(&own)
    }

    fn begins_with(&self, keys: &[Key]) -> bool {
        if self.method != "btree" {
            return self.keys == keys;
        }
        let pairs = || self.keys.iter().zip(keys);
        let same = |own: &Key, other: &Key| {
            own.text == other.text
                && own.operator_class == other.operator_class
                && own.collation == other.collation
        };
        let forward = |(own, other): (&Key, &Key)| {
            (own.descending, own.nulls_first) == (other.descending, other.nulls_first)
        };
        let backward = |(own, other): (&Key, &Key)| {
            (own.descending, own.nulls_first) == (!other.descending, !other.nulls_first)
        };
        self.keys.len() >= keys.len()
            && pairs().all(|(own, other)| same(own, other))
            && (pairs().all(forward) || pairs().all(backward))
    }
}

/// A predicate without parentheses around it.
fn bare(predicate: &str) -> &str {
    let inner = predicate.strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
    inner.filter(|inner| !inner.contains([')', '('])).unwrap_or(predicate)
}

impl Table {
    /// The index that is there and serves for another.
    #[must_use]
    pub fn index_serving(&self, wanted: &Definition) -> Option<&ExistingIndex> {
        self.indexes.iter().find(|index| index.is_valid && index.definition.serves_for(wanted))
    }

    /// Whether these columns are known to have one row for each value.
    pub(crate) fn is_unique_in(&self, columns: &[&str]) -> bool {
        self.indexes.iter().any(|index| {
            let definition = &index.definition;
            index.is_valid
                && definition.unique
                && definition.predicate.is_none()
                && definition
                    .keys
                    .iter()
                    .all(|key| key.column.as_deref().is_some_and(|name| columns.contains(&name)))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::definition::{Definition, Key};

    fn btree(names: &[&str]) -> Definition {
        Definition::btree(names.iter().map(|name| Key::column(name)).collect())
    }

    #[test]
    fn a_longer_index_serves_for_its_beginning_only() {
        assert!(btree(&["a", "b"]).serves_for(&btree(&["a"])));
        assert!(!btree(&["a", "b"]).serves_for(&btree(&["b"])));
        assert!(!btree(&["a"]).serves_for(&btree(&["a", "b"])));
    }

    #[test]
    fn carried_columns_may_be_keys() {
        let wanted = Definition { include: vec!["b".into()], ..btree(&["a"]) };
        assert!(btree(&["a", "b"]).serves_for(&wanted));
        assert!(!btree(&["a"]).serves_for(&wanted));
        assert!(Definition { include: vec!["b".into(), "c".into()], ..btree(&["a"]) }.serves_for(&wanted));
    }

    #[test]
    fn a_partial_index_serves_only_for_its_rows() {
        let partial = |rows: &str| Definition { predicate: Some(rows.into()), ..btree(&["a"]) };
        assert!(btree(&["a"]).serves_for(&partial("gone IS NULL")));
        assert!(!partial("gone IS NULL").serves_for(&btree(&["a"])));
        assert!(partial("(gone IS NULL)").serves_for(&partial("gone IS NULL")));
        assert!(!partial("live").serves_for(&partial("gone IS NULL")));
    }

    #[test]
    fn order_class_and_collation_have_to_be_the_same() {
        let down = |name: &str| Key { descending: true, nulls_first: true, ..Key::column(name) };
        let both = Definition::btree(vec![down("a"), down("b")]);
        assert!(both.serves_for(&btree(&["a", "b"])), "read backwards");
        assert!(!Definition::btree(vec![Key::column("a"), down("b")]).serves_for(&btree(&["a", "b"])));
        let pattern = Key { operator_class: Some("text_pattern_ops".into()), ..Key::column("a") };
        assert!(!Definition::btree(vec![pattern.clone()]).serves_for(&btree(&["a"])));
        assert!(!btree(&["a"]).serves_for(&Definition::btree(vec![pattern])));
        let collated = Key { collation: Some("C".into()), ..Key::column("a") };
        assert!(!btree(&["a"]).serves_for(&Definition::btree(vec![collated])));
        assert!(!Definition::btree(vec![Key::expression("lower(a)")]).serves_for(&btree(&["a"])));
    }

    #[test]
    fn what_keeps_values_unique_is_not_replaced_by_what_does_not() {
        let unique = |names: &[&str]| Definition { unique: true, ..btree(names) };
        assert!(!btree(&["a"]).serves_for(&unique(&["a"])));
        assert!(!unique(&["a", "b"]).serves_for(&unique(&["a"])));
        assert!(unique(&["a"]).serves_for(&btree(&["a"])));
    }
}
