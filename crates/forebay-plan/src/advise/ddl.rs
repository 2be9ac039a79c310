//! The statements that make an index without holding anybody up.

use std::collections::HashSet;

use super::definition::Definition;
use super::expression::quoted;
use super::table::{Table, qualified};

/// Bytes a name may have; PostgreSQL cuts longer ones.
const NAME_BYTES_MAX: usize = 63;

/// A name for an index that none of `taken` has: the table and its columns, cut where it would be too long.
pub(crate) fn name(table: &str, definition: &Definition, taken: &HashSet<String>) -> String {
    let mut parts = vec![table.to_owned()];
    for key in &definition.keys {
        let words = key
            .column
            .as_deref()
            .unwrap_or(&key.text)
            .split(|letter: char| !letter.is_alphanumeric() && letter != '_');
        let word = words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join("_");
        if !word.is_empty() {
            parts.push(word);
        }
    }
    if definition.predicate.is_some() {
        parts.push("part".to_owned());
    }
    let stem = parts.join("_");
    let fitted = |end: &str| {
        let mut cut = stem.len().min(NAME_BYTES_MAX - end.len());
        while !stem.is_char_boundary(cut) {
            cut -= 1;
        }
        format!("{}{end}", &stem[..cut])
    };
    let first = fitted("_idx");
    let numbered = (1..).map(|number: u32| fitted(&format!("_idx{number}")));
    let mut names = std::iter::once(first).chain(numbered);
    names.find(|name| !taken.contains(name)).unwrap_or_default()
}

/// The statements, in order. Each is to be run by itself, outside of a transaction.
pub(crate) fn statements(
    table: &Table,
    definition: &Definition,
    name: &str,
    lock_timeout: &str,
) -> Vec<String> {
    let timeout = format!("SET lock_timeout = '{lock_timeout}'");
    let what = definition.sql();
    if table.partitions.is_empty() {
        return vec![
            timeout,
            format!("CREATE INDEX CONCURRENTLY {} ON {} {what}", quoted(name), table.sql()),
            "RESET lock_timeout".to_owned(),
        ];
    }
    // The parent's index is made last to be valid: without its partitions first, then each partition's by itself, then all attached.
    let mut all = vec![timeout, format!("CREATE INDEX {} ON ONLY {} {what}", quoted(name), table.sql())];
    let mut taken = HashSet::from([name.to_owned()]);
    for part in &table.partitions {
        let own = self::name(&part.name, definition, &taken);
        let place = qualified(&part.schema, &part.name);
        all.push(format!("CREATE INDEX CONCURRENTLY {} ON {place} {what}", quoted(&own)));
        let parent = qualified(&table.schema, name);
        all.push(format!("ALTER INDEX {parent} ATTACH PARTITION {}", qualified(&part.schema, &own)));
        taken.insert(own);
    }
    all.push("RESET lock_timeout".to_owned());
    all
}

/// What takes away the rest of a build that failed.
pub(crate) fn clean_up(table: &Table, name: &str) -> String {
    let concurrently = if table.partitions.is_empty() { "CONCURRENTLY " } else { "" };
    format!("DROP INDEX {concurrently}IF EXISTS {}", qualified(&table.schema, name))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::super::definition::{Definition, Key};
    use super::super::table::{Partition, Table};
    use super::{name, statements};

    #[test]
    fn names_are_new_and_short_enough_whatever_the_letters() {
        let definition =
            Definition::btree(vec![Key::column("größe"), Key::expression("lower((name)::text)")]);
        assert_eq!(name("t", &definition, &HashSet::new()), "t_größe_lower_name_text_idx");
        let taken = HashSet::from(["t_größe_lower_name_text_idx".to_owned()]);
        assert_eq!(name("t", &definition, &taken), "t_größe_lower_name_text_idx1");
        for length in 40..70 {
            assert!(name(&"ü".repeat(length), &definition, &taken).len() <= 63);
        }
    }

    #[test]
    fn each_partition_is_indexed_by_itself() {
        let part = |name: &str| Partition { schema: "s".into(), name: name.into() };
        let table = Table {
            schema: "s".into(),
            name: "t".into(),
            partitions: vec![part("t_1"), part("t_2")],
            ..Table::default()
        };
        let definition = Definition::btree(vec![Key::column("a")]);
        assert_eq!(
            statements(&table, &definition, "t_a_idx", "2s"),
            [
                "SET lock_timeout = '2s'",
                "CREATE INDEX t_a_idx ON ONLY s.t USING btree (a)",
                "CREATE INDEX CONCURRENTLY t_1_a_idx ON s.t_1 USING btree (a)",
                "ALTER INDEX s.t_a_idx ATTACH PARTITION s.t_1_a_idx",
                "CREATE INDEX CONCURRENTLY t_2_a_idx ON s.t_2 USING btree (a)",
                "ALTER INDEX s.t_a_idx ATTACH PARTITION s.t_2_a_idx",
                "RESET lock_timeout",
            ]
        );
    }
}
