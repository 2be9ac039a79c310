//! Names of relations and columns that tell a server, a session or a sequence.

use crate::names::Names;

/// What a relation or column of a known name is tied to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tied {
    /// The view shows the server that answers.
    Server,
    /// The view or schema belongs to the session.
    Session,
    /// The column is one of a sequence's, whose value on a standby runs ahead by up to 32.
    Sequence,
}

/// Views of pg_catalog whose rows are made by the server that answers. `pg_stat_…` and `pg_statio_…` are matched by their beginning,
/// which takes in extensions such as pg_stat_statements; `pg_stats…` and `pg_statistic…` are replicated tables.
const SERVER: &[&str] = &[
    "pg_aios",
    "pg_available_extension_versions",
    "pg_available_extensions",
    "pg_backend_memory_contexts",
    "pg_buffercache",
    "pg_config",
    "pg_dsm_registry_allocations",
    "pg_file_settings",
    "pg_hba_file_rules",
    "pg_ident_file_mappings",
    "pg_locks",
    "pg_prepared_xacts",
    "pg_replication_origin_status",
    "pg_replication_slots",
    "pg_settings",
    "pg_shmem_allocations",
    "pg_shmem_allocations_numa",
    "pg_wait_events",
];

static TABLE: Names<64> = Names::index(SERVER);

/// What a name that stands where a relation or a column may stand is tied to, if anything.
#[inline]
pub(crate) fn tied(name: &str) -> Option<Tied> {
    // Called for each name: nearly all leave at their first letter.
    match name.as_bytes().first()? | 0x20 {
        b'p' if begins(name, "pg_") => catalogue(name),
        b'l' if name.eq_ignore_ascii_case("last_value") || name.eq_ignore_ascii_case("log_cnt") => {
            Some(Tied::Sequence)
        }
        b'i' if name.eq_ignore_ascii_case("is_called") => Some(Tied::Sequence),
        _ => None,
    }
}

fn catalogue(name: &str) -> Option<Tied> {
    if begins(name, "pg_stat_") || begins(name, "pg_statio_") || TABLE.find_folded(SERVER, name).is_some() {
        return Some(Tied::Server);
    }
    if name.eq_ignore_ascii_case("pg_sequences") {
        return Some(Tied::Sequence);
    }
    let session = begins(name, "pg_temp")
        || begins(name, "pg_toast_temp")
        || name.eq_ignore_ascii_case("pg_cursors")
        || name.eq_ignore_ascii_case("pg_prepared_statements");
    session.then_some(Tied::Session)
}

fn begins(name: &str, with: &str) -> bool {
    name.as_bytes().get(..with.len()).is_some_and(|start| start.eq_ignore_ascii_case(with.as_bytes()))
}
