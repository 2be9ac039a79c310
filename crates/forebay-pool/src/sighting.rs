//! What a server says about itself.

use crate::connect::ConnectFailure;
use forebay_scope::Position;
use tokio_postgres::{Row, types::PgLsn};

/// Where the last record before `lsn` ends.
///
/// `pg_current_wal_insert_lsn()` says where the next record will begin, which at the start of a page is behind the
/// page's header, while a standby that has replayed everything says where the last record ended, which is before
/// it: an idle primary would look ahead for ever. Pages are 8 KiB; a header has 24 bytes, and 40 at the start of a
/// segment. Where these do not hold, nothing is lost: a record is larger than a header, so a standby that has not
/// replayed the last record before `lsn` stands before what is returned.
///
/// Source: PostgreSQL, `access/xlog_internal.h` (`XLogPageHeaderData`, `XLogLongPageHeaderData`).
pub(crate) const fn end_of_record(lsn: u64) -> u64 {
    const PAGE: u64 = 8192;
    /// Segments are a power of two of at least 1 MiB.
    const SEGMENT_MIN: u64 = 1 << 20;
    let header = if lsn % SEGMENT_MIN < PAGE { 40 } else { 24 };
    if lsn % PAGE <= header { lsn - lsn % PAGE } else { lsn }
}

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
            lsn: lsn.map_or(0, |lsn| end_of_record(lsn.into())),
        };
        Ok(Self { standby: row.try_get(0)?, at })
    }
}

#[cfg(test)]
mod tests {
    use super::end_of_record;

    #[test]
    fn the_header_of_a_page_is_left_out() {
        for (lsn, end) in [
            (0x500_0028, 0x500_0000),
            (0x500_2018, 0x500_2000),
            (0x500_2000, 0x500_2000),
            // Within records.
            (0x500_0030, 0x500_0030),
            (0x500_2028, 0x500_2028),
            (0x500_1ff8, 0x500_1ff8),
        ] {
            assert_eq!(end_of_record(lsn), end, "{lsn:x}");
        }
    }
}
