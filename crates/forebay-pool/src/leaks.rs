//! What a statement would leave to strangers behind a transaction pooler.

use crate::{error::PoolError, lease::Lease, leftovers::names_temporary, tap::TransactionState};
use forebay_sql::{Class, Reason};

/// What is refused, and what to do instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Leak(&'static str, &'static str);

const NO_SETTING: Leak = Leak("SET", "use SET LOCAL in a transaction, or ALTER ROLE … SET for every session");
const NO_LOCK: Leak = Leak("a session advisory lock", "use pg_advisory_xact_lock in a transaction");
const NO_NAME: Leak =
    Leak("the SQL command PREPARE", "send the statement itself: it is prepared without a name of its own");
const NO_LISTEN: Leak = Leak("LISTEN", "use Pool::listen, with the servers' own addresses in `direct`");
const NO_CURSOR: Leak = Leak("a cursor WITH HOLD", "declare it without, and fetch in the same transaction");
const NO_TABLE: Leak = Leak("a temporary table", "make it in a transaction with ON COMMIT DROP");
const NO_SESSION: Leak =
    Leak("a command about the session", "there is no session of one's own: leave it out");
const NO_VALUE: Leak =
    Leak("currval or lastval", "use RETURNING, or ask in the transaction that called nextval");
const NO_BEGIN: Leak =
    Leak("a transaction through a read guard", "use Pool::begin: each read here is a transaction already");

/// Refuses a statement that a caller gave if it would leave something in a session that others get next.
pub(crate) fn check(lease: &Lease, class: &Class, sql: &str) -> Result<(), PoolError> {
    let inside = lease.tap().transaction() != TransactionState::Idle;
    match leak(class, sql, inside, lease.wraps_reads()) {
        None => Ok(()),
        Some(Leak(what, instead)) => {
            let endpoint = lease.lane().endpoint.name.clone();
            Err(PoolError::BehindPooler { endpoint, what, instead })
        }
    }
}

fn leak(class: &Class, sql: &str, inside: bool, read_only: bool) -> Option<Leak> {
    class.reasons().iter().find_map(|reason| match reason {
        Reason::Session { verb, at } => of_verb(verb, sql, *at),
        Reason::Function { name, .. } => of_function(&name.to_ascii_lowercase(), sql, inside),
        Reason::MakesTable { .. } | Reason::Writes { verb: "CREATE", .. } => {
            (names_temporary(sql) && !says(sql, &["on", "commit", "drop"])).then_some(NO_TABLE)
        }
        Reason::LeavesTransactionOpen { .. } | Reason::ContinuesTransaction { .. } if read_only => {
            Some(NO_BEGIN)
        }
        _ => None,
    })
}

fn of_verb(verb: &str, sql: &str, at: usize) -> Option<Leak> {
    match verb {
        "SHOW" | "FETCH" | "MOVE" | "CLOSE" => None,
        "SET" => {
            let next = sql.get(at..).unwrap_or_default().split_whitespace().nth(1).unwrap_or_default();
            let ends =
                ["LOCAL", "TRANSACTION", "CONSTRAINTS"].iter().any(|word| next.eq_ignore_ascii_case(word));
            (!ends).then_some(NO_SETTING)
        }
        "DECLARE" => says(sql, &["with", "hold"]).then_some(NO_CURSOR),
        "LISTEN" | "UNLISTEN" => Some(NO_LISTEN),
        "PREPARE" | "EXECUTE" | "DEALLOCATE" => Some(NO_NAME),
        _ => Some(NO_SESSION),
    }
}

fn of_function(name: &str, sql: &str, inside: bool) -> Option<Leak> {
    match name {
        "setseed" => Some(NO_SESSION),
        // Its last argument says whether it ends with the transaction.
        "set_config" => {
            let bare: String = sql.chars().filter(|letter| !letter.is_whitespace()).collect();
            (!bare.to_ascii_lowercase().contains(",true)")).then_some(NO_SETTING)
        }
        "currval" | "lastval" => (!inside).then_some(NO_VALUE),
        _ => ["pg_advisory_lock", "pg_try_advisory_lock", "pg_advisory_unlock"]
            .iter()
            .any(|lock| name.starts_with(lock))
            .then_some(NO_LOCK),
    }
}

/// Whether these words, in small letters, follow each other in a text.
fn says(sql: &str, words: &[&str]) -> bool {
    let all: Vec<&str> =
        sql.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    all.windows(words.len()).any(|found| found.iter().zip(words).all(|(a, b)| a.eq_ignore_ascii_case(b)))
}

#[cfg(test)]
mod tests {
    use super::leak;
    use forebay_sql::classify;

    fn what(sql: &str, inside: bool) -> Option<&'static str> {
        leak(&classify(sql), sql, inside, false).map(|leak| leak.0)
    }

    #[test]
    fn each_kind_is_named() {
        for (sql, kind) in [
            ("SET search_path = a", "SET"),
            ("set session statement_timeout = 1", "SET"),
            ("SELECT set_config('a.b', 'c', false)", "SET"),
            ("SELECT 1; SET a.b = 'c'", "SET"),
            ("RESET ALL", "a command about the session"),
            ("DISCARD ALL", "a command about the session"),
            ("LISTEN news", "LISTEN"),
            ("PREPARE p AS SELECT 1", "the SQL command PREPARE"),
            ("EXECUTE p", "the SQL command PREPARE"),
            ("SELECT pg_advisory_lock(7)", "a session advisory lock"),
            ("SELECT pg_try_advisory_lock_shared(7)", "a session advisory lock"),
            ("DECLARE c CURSOR  WITH\nHOLD FOR SELECT 1", "a cursor WITH HOLD"),
            ("CREATE TEMP TABLE t (v int)", "a temporary table"),
            ("SELECT 1 INTO TEMP t", "a temporary table"),
            ("SELECT currval('s')", "currval or lastval"),
        ] {
            assert_eq!(what(sql, false), Some(kind), "{sql}");
        }
        let begin = "BEGIN";
        assert!(leak(&classify(begin), begin, false, true).is_some());
    }

    #[test]
    fn what_ends_with_its_transaction_passes() {
        for sql in [
            "SELECT 1",
            "SHOW work_mem",
            "SET LOCAL work_mem = '8MB'",
            "set transaction isolation level serializable",
            "SELECT set_config('a.b', $1, true)",
            "SELECT pg_advisory_xact_lock(7)",
            "SELECT pg_try_advisory_xact_lock(7)",
            "DECLARE c CURSOR FOR SELECT 1",
            "FETCH 5 FROM c",
            "CREATE TEMP TABLE t (v int) ON COMMIT DROP",
            "CREATE TABLE t (v int)",
            "SELECT currval('s')",
            "BEGIN",
        ] {
            assert_eq!(what(sql, true), None, "{sql}");
        }
    }
}
