//! What a server says about itself.

use crate::connect::ConnectFailure;
use forebay_scope::Position;
use tokio_postgres::{Row, types::PgLsn};

/// What a server said about itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sighting {
    pub(crate) standby: bool,
    /// What it has written (a primary) or replayed (a standby).
    pub(crate) at: Position,
}

impl Sighting {
    /// Role, log position, system and timeline in one round trip; any role may ask.
    ///
    /// A standby's timeline is what it receives, or (for roles that may not see that) what its last restart point
    /// was on, which is older and so errs to the safe side.
    pub(crate) const QUERY: &str = "SELECT s.standby, \
    CASE WHEN s.standby THEN pg_catalog.pg_last_wal_replay_lsn() ELSE pg_catalog.pg_current_wal_insert_lsn() END, \
    (SELECT system_identifier FROM pg_catalog.pg_control_system()), \
    CASE WHEN s.standby \
      THEN coalesce((SELECT received_tli FROM pg_catalog.pg_stat_wal_receiver), \
                    (SELECT timeline_id FROM pg_catalog.pg_control_checkpoint())) \
      ELSE ('x' || substr(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_insert_lsn()), 1, 8))::bit(32)::int END \
    FROM (SELECT pg_catalog.pg_is_in_recovery() AS standby) AS s";

    /// Reads the row of [`Sighting::QUERY`].
    pub(crate) fn of(row: &Row) -> Result<Self, ConnectFailure> {
        let lsn: Option<PgLsn> = row.try_get(1)?;
        let system: i64 = row.try_get(2)?;
        let timeline: i32 = row.try_get(3)?;
        let at = Position {
            // The identifier is unsigned and shown by PostgreSQL as a signed column.
            system: system.cast_unsigned(),
            timeline: timeline.cast_unsigned(),
            // A standby that has replayed nothing yet.
            lsn: lsn.map_or(0, u64::from),
        };
        Ok(Self { standby: row.try_get(0)?, at })
    }
}
