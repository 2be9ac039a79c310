//! Which way rows go.

use super::{
    row::BulkRow,
    target::{Bulk, Conflict},
};
use crate::{
    call::{Asked, Counted, watch},
    error::PoolError,
    identifier::quoted,
    inner::Inner,
    lease::Lease,
};
use std::{panic::Location, pin::pin};
use tokio_postgres::types::{Kind, Type};

/// A statement, and how it takes the rows.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) sql: String,
    pub(crate) way: Way,
}

/// How rows are handed to the server.
#[derive(Debug)]
pub(crate) enum Way {
    /// One by one, behind the statement.
    Copy(Vec<Type>),
    /// As one array for each column, with the statement.
    Unnest,
}

impl Counted for Vec<Type> {
    fn rows(&self) -> u64 {
        0
    }
}

/// Looks at the table and the rows.
pub(crate) async fn plan<R: BulkRow>(
    pool: &Inner,
    lease: &Lease,
    bulk: &Bulk,
    rows: &[R],
    place: &'static Location<'static>,
) -> Result<Plan, PoolError> {
    let wrong = |reason: String| PoolError::argument("insert_many", reason);
    let width = bulk.columns.len();
    if width == 0 {
        return Err(wrong("names no columns: give them with `columns`".to_owned()));
    }
    if let Some((row, values)) =
        rows.iter().map(|row| row.values().len()).enumerate().find(|(_, n)| *n != width)
    {
        return Err(wrong(format!("row {row} (counted from 0) has {values} values for {width} columns")));
    }
    let (table, list) = (&bulk.table, bulk.list());
    let look = format!("SELECT {list} FROM {table} LIMIT 0");
    let types =
        watch(pool, lease, Asked::statement(&look, &[], place), pin!(lease.column_types(&look))).await?;
    // An array of arrays is one array with more dimensions, which `unnest` takes apart altogether.
    let has_arrays = types.iter().any(|ty| matches!(ty.kind(), Kind::Array(_)));
    if bulk.conflict != Conflict::Fails && has_arrays {
        return Err(wrong(
            "has `or_skip` or `or_update` with a column that is an array: write it as SQL".to_owned(),
        ));
    }
    if bulk.conflict == Conflict::Fails && (has_arrays || rows.len() >= pool.bulk_copy_rows_min) {
        let sql = format!("COPY {table} ({list}) FROM STDIN (FORMAT binary)");
        return Ok(Plan { sql, way: Way::Copy(types) });
    }
    // Several arrays are taken apart side by side.
    let arrays = types.iter().enumerate().map(|(place, ty)| {
        let (schema, name) = (quoted(ty.schema()), quoted(ty.name()));
        format!("pg_catalog.unnest(${}::{schema}.{name}[])", place + 1)
    });
    let arrays = arrays.collect::<Vec<_>>().join(", ");
    let sql =
        format!("INSERT INTO {table} ({list}) SELECT * FROM ROWS FROM ({arrays}){}", bulk.on_conflict());
    Ok(Plan { sql, way: Way::Unnest })
}

/// Names the row that was to blame: `failed` counts from 1 and is 0 when this side found nothing; the server says the
/// line of a `COPY`.
pub(crate) fn with_row(error: PoolError, failed: usize) -> PoolError {
    let row = failed.checked_sub(1).or_else(|| line_of(&error)?.checked_sub(1));
    match row {
        Some(row) => PoolError::Row { row, source: Box::new(error) },
        None => error,
    }
}

/// `COPY account, line 3, column "balance"`: the first number behind the table's name, in any language.
fn line_of(error: &PoolError) -> Option<usize> {
    let PoolError::Statement { source, .. } = error else { return None };
    let context = source.as_db_error()?.where_()?;
    let behind = context.lines().find(|line| line.starts_with("COPY"))?.split_once(',')?.1;
    let digits = behind.trim_start_matches(|letter: char| !letter.is_ascii_digit());
    digits.split(|letter: char| !letter.is_ascii_digit()).next()?.parse().ok()
}
