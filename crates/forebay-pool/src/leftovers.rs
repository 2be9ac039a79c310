//! What a statement leaves behind in its session, and how it is removed.

use forebay_sql::{Class, Reason};

/// Removes settings, cursors, subscriptions, advisory locks, temporary tables and sequence values. Prepared
/// statements stay: the session keeps those on purpose. The settings given at the start of the session come
/// back by `RESET`.
pub(crate) const REMOVE: &str = "CLOSE ALL; SET SESSION AUTHORIZATION DEFAULT; RESET ALL; UNLISTEN *; \
    SELECT pg_catalog.pg_advisory_unlock_all(); DISCARD TEMP; DISCARD SEQUENCES";

/// Whether a text shows that something stays in its session after it. What a user's own function does inside is
/// not seen here.
pub(crate) fn leaves_something(class: &Class, sql: &str) -> bool {
    class.reasons().iter().any(|reason| match reason {
        Reason::Session { .. } | Reason::HiddenCode { .. } => true,
        Reason::Function { name, .. } => {
            // Written as any mix of cases, unless quoted.
            let name = name.to_ascii_lowercase();
            name == "set_config"
                || name == "setseed"
                || name.starts_with("pg_advisory_lock")
                || name.starts_with("pg_try_advisory_lock")
        }
        Reason::MakesTable { .. } | Reason::Writes { verb: "CREATE", .. } => names_temporary(sql),
        _ => false,
    })
}

/// `TEMP` or `TEMPORARY` somewhere in the text: a comment that says so costs one needless removal.
pub(crate) fn names_temporary(sql: &str) -> bool {
    sql.as_bytes().windows(4).any(|four| four.eq_ignore_ascii_case(b"temp"))
}

#[cfg(test)]
mod tests {
    use super::leaves_something;
    use forebay_sql::classify;

    #[test]
    fn statements_that_leave_something() {
        let leaves = |sql: &str| leaves_something(&classify(sql), sql);
        for sql in [
            "SET search_path = other",
            "select Set_Config('a.b', 'c', false)",
            "SELECT pg_advisory_lock(7)",
            "SELECT pg_try_advisory_lock_shared(7)",
            "CREATE TEMP TABLE t (v int)",
            "create temporary view v as select 1",
            "SELECT 1 INTO TEMP t",
            "DO $$ BEGIN PERFORM 1; END $$",
            "LISTEN news",
            "SELECT 1; SET a.b = 'c'",
        ] {
            assert!(leaves(sql), "{sql}");
        }
        for sql in ["SELECT 1", "INSERT INTO t VALUES (1)", "CREATE TABLE t (v int)", "SELECT nextval('s')"] {
            assert!(!leaves(sql), "{sql}");
        }
    }
}
