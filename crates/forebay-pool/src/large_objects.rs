//! Large objects, which a read-only session could make and change before PostgreSQL 16.

use crate::{lane::Access, lease::Lease};
use forebay_sql::{Class, Reason};

/// Since this version a read-only session is kept from them by the server. Source: PostgreSQL, `libpq/be-fsstubs.c`
/// (`PreventCommandIfReadOnly`).
const REFUSED_SINCE: u32 = 16;

/// The functions that make, change or remove them. Source: PostgreSQL documentation, 35.4 "Server-Side Functions".
const WRITING: [&str; 9] = [
    "lo_creat",
    "lo_create",
    "lo_from_bytea",
    "lo_import",
    "lo_put",
    "lo_truncate",
    "lo_truncate64",
    "lo_unlink",
    "lowrite",
];

impl Lease {
    /// Whether it is for reading, and its server would let it write large objects all the same.
    pub(crate) fn lets_large_objects_be_made(&self) -> bool {
        self.lane().access == Access::Read
            && self.tap().is_standby() != Some(true)
            && self.tap().server_major().is_some_and(|major| major < REFUSED_SINCE)
    }
}

/// Whether a text shows that it writes large objects. What a user's own function or a view does inside is not seen here.
pub(crate) fn changes_large_objects(class: &Class) -> bool {
    class.reasons().iter().any(|reason| {
        matches!(reason, Reason::Function { name, .. } if WRITING.iter().any(|known| name.eq_ignore_ascii_case(known)))
    })
}

#[cfg(test)]
mod tests {
    use super::{WRITING, changes_large_objects};
    use forebay_sql::classify;

    #[test]
    fn each_function_is_seen_in_a_text() {
        for name in WRITING {
            assert!(changes_large_objects(&classify(&format!("SELECT {name}(7)"))), "{name}");
        }
        assert!(changes_large_objects(&classify(
            "WITH a AS (SELECT pg_catalog.LO_Create(0)) SELECT * FROM a"
        )));
        for sql in ["SELECT lo_get(7)", "SELECT loread(1, 2)", "SELECT 'lo_create(0)'", "SELECT 1"] {
            assert!(!changes_large_objects(&classify(sql)), "{sql}");
        }
    }
}
