//! Which statements may change the schema.

use crate::leftovers::names_temporary;
use forebay_sql::{Class, Reason};

/// Whether a statement may change what the catalogue says, as far as its text shows: a function that does so is noticed
/// by the next look.
pub(super) fn may_change_schema(class: &Class, sql: &str) -> bool {
    let reasons = class.reasons();
    // Whatever else such a text does is not listed.
    if reasons.len() == Class::REASONS_MAX {
        return true;
    }
    let changes = |reason: &&Reason| match reason {
        Reason::HiddenCode { .. } => true,
        Reason::Writes { verb, .. } => {
            matches!(*verb, "CREATE" | "ALTER" | "DROP" | "GRANT" | "REVOKE" | "IMPORT FOREIGN SCHEMA")
        }
        _ => false,
    };
    match reasons.iter().filter(changes).collect::<Vec<_>>()[..] {
        [] => false,
        [Reason::Writes { verb: "CREATE", .. }] => !names_temporary(sql),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::may_change_schema;
    use forebay_sql::classify;

    #[test]
    fn definitions_change_it_and_data_does_not() {
        let changes = |sql: &str| may_change_schema(&classify(sql), sql);
        for sql in [
            "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
            "create or replace view v as select 1",
            "ALTER TABLE t SET UNLOGGED",
            "DROP FUNCTION f",
            "DO $$ BEGIN EXECUTE 'DROP FUNCTION f'; END $$",
            "BEGIN; INSERT INTO t VALUES (1); DROP VIEW v; COMMIT",
            "CREATE TEMP TABLE t (v int); CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
            "GRANT USAGE ON SCHEMA app TO shop",
            &("INSERT INTO t VALUES (1);".repeat(20) + "DROP VIEW v"),
        ] {
            assert!(changes(sql), "{sql}");
        }
        for sql in [
            "SELECT 1",
            "INSERT INTO t VALUES (1)",
            "TRUNCATE t",
            "CREATE TEMPORARY TABLE t (v int) ON COMMIT DROP",
            "SET search_path = app",
        ] {
            assert!(!changes(sql), "{sql}");
        }
    }
}
