//! How many rows were expected.

use crate::error::PoolError;
use tokio_postgres::Row;

pub(crate) fn one(rows: Vec<Row>) -> Result<Row, PoolError> {
    let found = rows.len();
    let mut rows = rows.into_iter();
    match (rows.next(), rows.next()) {
        (Some(row), None) => Ok(row),
        _ => Err(PoolError::RowCount { expected: "one", found }),
    }
}

pub(crate) fn at_most_one(rows: Vec<Row>) -> Result<Option<Row>, PoolError> {
    let found = rows.len();
    let mut rows = rows.into_iter();
    match (rows.next(), rows.next()) {
        (row, None) => Ok(row),
        _ => Err(PoolError::RowCount { expected: "at most one", found }),
    }
}
