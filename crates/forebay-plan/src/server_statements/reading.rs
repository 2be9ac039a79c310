//! One reading.

use std::collections::HashMap;
use tokio_postgres::{
    Client, Error, Row,
    types::{Oid, Type},
};

/// The counters of one database at one moment.
#[derive(Debug)]
pub(super) struct Reading {
    /// Where the extension is, quoted.
    pub(super) schema: String,
    /// When all counters began, in microseconds; not known before version 1.9 of the extension.
    pub(super) reset: Option<i64>,
    /// How many times the server made room in its table.
    pub(super) evictions: i64,
    /// There were more than were asked for.
    pub(super) is_cut: bool,
    pub(super) counters: HashMap<Key, Counters>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) user: Oid,
    /// The server's number for the statement.
    pub(super) query: i64,
}

#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Counters {
    pub(super) calls: u64,
    pub(super) total_ms: f64,
    pub(super) rows: u64,
    pub(super) blocks_hit: u64,
    pub(super) blocks_read: u64,
    pub(super) temp_blocks_written: u64,
    /// When these began, in microseconds; told from PostgreSQL 17 on.
    pub(super) began: Option<i64>,
}

/// The version of the extension that brought `toplevel` and `pg_stat_statements_info` (PostgreSQL 14), and the one that tells when
/// counters began (17).
const TOP_LEVEL_FROM: (u32, u32) = (1, 9);
const BEGAN_FROM: (u32, u32) = (1, 11);

const EXTENSION: &str = "SELECT pg_catalog.quote_ident(n.nspname), e.extversion \
    FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace \
    WHERE e.extname = 'pg_stat_statements' \
    AND pg_catalog.current_setting('pg_stat_statements.max', true) IS NOT NULL";

/// Longest text of a statement that is asked for, in characters.
const TEXT_MAX: u32 = 64 << 10;

impl Reading {
    /// `None` where there is no extension, or it is not loaded.
    pub(super) async fn take(client: &Client, max: usize) -> Result<Option<Self>, Error> {
        let Some(row) = client.query_typed_opt(EXTENSION, &[]).await? else { return Ok(None) };
        let (schema, version): (String, &str) = (row.try_get(0)?, row.try_get(1)?);
        let version = parsed(version);
        let (mut reset, mut evictions) = (None, 0);
        if version >= TOP_LEVEL_FROM {
            let info = format!(
                "SELECT (extract(epoch FROM stats_reset) * 1000000)::int8, dealloc FROM {schema}.pg_stat_statements_info"
            );
            let info = client.query_typed_one(&info, &[]).await?;
            (reset, evictions) = (info.try_get(0)?, info.try_get(1)?);
        }
        let top_level = if version >= TOP_LEVEL_FROM { "AND toplevel" } else { "" };
        let began = if version >= BEGAN_FROM { "stats_since" } else { "NULL::timestamptz" };
        // Without texts, which the server keeps in a file.
        let counters = format!(
            "SELECT userid, queryid, calls, total_exec_time, rows, shared_blks_hit, shared_blks_read, \
             temp_blks_written, (extract(epoch FROM {began}) * 1000000)::int8 \
             FROM {schema}.pg_stat_statements(false) \
             WHERE dbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()) \
             AND queryid IS NOT NULL {top_level} ORDER BY total_exec_time DESC LIMIT $1"
        );
        let wanted = i64::try_from(max).unwrap_or(i64::MAX);
        let rows = client.query_typed(&counters, &[(&wanted, Type::INT8)]).await?;
        let is_cut = rows.len() >= max;
        let counters = rows.iter().map(counted).collect::<Result<_, _>>()?;
        Ok(Some(Self { schema, reset, evictions, is_cut, counters }))
    }
}

fn counted(row: &Row) -> Result<(Key, Counters), Error> {
    let count = |at| row.try_get::<_, i64>(at).map(i64::unsigned_abs);
    let counters = Counters {
        calls: count(2)?,
        total_ms: row.try_get(3)?,
        rows: count(4)?,
        blocks_hit: count(5)?,
        blocks_read: count(6)?,
        temp_blocks_written: count(7)?,
        began: row.try_get(8)?,
    };
    Ok((Key { user: row.try_get(0)?, query: row.try_get(1)? }, counters))
}

/// The texts of some statements, but for those this role may not see.
pub(super) async fn texts(
    client: &Client,
    schema: &str,
    queries: &[i64],
) -> Result<Vec<(i64, String)>, Error> {
    let sql = format!(
        "SELECT DISTINCT ON (queryid) queryid, left(query, {TEXT_MAX}) FROM {schema}.pg_stat_statements(true) \
         WHERE queryid = ANY ($1) AND query <> '<insufficient privilege>' ORDER BY queryid"
    );
    let rows = client.query_typed(&sql, &[(&queries, Type::INT8_ARRAY)]).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

/// `1.10` is later than `1.9`.
fn parsed(version: &str) -> (u32, u32) {
    let mut parts = version.split('.').map(|part| part.parse().unwrap_or(0));
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0))
}

impl Counters {
    /// What came since `earlier`; all of it, if these counters began anew in between.
    pub(super) fn since(&self, earlier: &Self) -> Self {
        if self.calls < earlier.calls || self.began != earlier.began {
            return *self;
        }
        Self {
            calls: self.calls - earlier.calls,
            total_ms: (self.total_ms - earlier.total_ms).max(0.0),
            rows: self.rows.saturating_sub(earlier.rows),
            blocks_hit: self.blocks_hit.saturating_sub(earlier.blocks_hit),
            blocks_read: self.blocks_read.saturating_sub(earlier.blocks_read),
            temp_blocks_written: self.temp_blocks_written.saturating_sub(earlier.temp_blocks_written),
            began: self.began,
        }
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.calls += other.calls;
        self.total_ms += other.total_ms;
        self.rows += other.rows;
        self.blocks_hit += other.blocks_hit;
        self.blocks_read += other.blocks_read;
        self.temp_blocks_written += other.temp_blocks_written;
    }
}
