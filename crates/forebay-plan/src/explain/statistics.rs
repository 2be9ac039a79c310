//! What the server knows of a plan's tables.

use crate::{finding::TableStatistics, plan::Plan};
use std::collections::BTreeSet;
use tokio_postgres::{Error, Row};

/// Most tables of one plan that are asked about; a plan of a thousand partitions has as many.
const TABLES_MAX: usize = 256;

/// `schema, name, rows, pages, modified since, was analysed, seconds ago` of the tables named by `$1` (schemas) and `$2` (names).
///
/// By the functions and not by `pg_stat_all_tables`, which goes through every table there is. After a crash, and on a standby, nobody
/// knows when a table was analysed; that it was shows in what came of it (`pg_stats`).
pub(super) const STATISTICS: &str = "
    SELECT n.nspname::text, c.relname::text, c.reltuples::float8, c.relpages::int8,
           coalesce(pg_catalog.pg_stat_get_mod_since_analyze(c.oid), 0)::int8,
           a.at IS NOT NULL OR EXISTS (SELECT FROM pg_catalog.pg_stats s WHERE s.schemaname = n.nspname AND s.tablename = c.relname),
           extract(epoch FROM pg_catalog.clock_timestamp() - a.at)::float8
    FROM ROWS FROM (pg_catalog.unnest($1::text[]), pg_catalog.unnest($2::text[])) AS w (s, t)
    JOIN pg_catalog.pg_namespace n ON n.nspname = w.s::name
    JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = w.t::name,
    LATERAL (SELECT greatest(pg_catalog.pg_stat_get_last_analyze_time(c.oid), pg_catalog.pg_stat_get_last_autoanalyze_time(c.oid))) AS a (at)";

/// The schemas and the names of what a plan reads.
pub(super) fn tables_of(plan: &Plan) -> (Vec<&str>, Vec<&str>) {
    let named = plan.nodes().iter().filter_map(|node| Some((node.schema()?, node.relation()?)));
    named.collect::<BTreeSet<_>>().into_iter().take(TABLES_MAX).unzip()
}

/// A row of [`STATISTICS`].
pub(super) fn table(row: &Row) -> Result<TableStatistics, Error> {
    let count = |at: usize| row.try_get::<_, i64>(at).map(|count| u64::try_from(count).unwrap_or(0));
    let mut table = TableStatistics::new(row.try_get::<_, String>(1)?, row.try_get(2)?);
    table.schema = Some(row.try_get(0)?);
    table.pages = count(3)?;
    table.modified_since_analyze = count(4)?;
    table.was_analyzed = row.try_get(5)?;
    table.analyzed_seconds_ago = row.try_get(6)?;
    Ok(table)
}
