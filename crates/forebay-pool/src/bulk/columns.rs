//! Rows turned into one array for each column.

use super::row::BulkRow;
use bytes::BytesMut;
use std::{
    error::Error,
    sync::atomic::{AtomicUsize, Ordering},
};
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};

/// One array for each column, as parameters.
#[derive(Debug)]
pub(crate) struct Columns<'a>(Vec<Vec<Value<'a>>>);

/// A value of a row, which notes the row when it does not fit the column's type.
#[derive(Debug)]
struct Value<'a> {
    value: &'a (dyn ToSql + Sync),
    row: usize,
    failed: &'a AtomicUsize,
}

impl<'a> Columns<'a> {
    /// `failed` is set to the first row that cannot be sent, counted from 1.
    pub(crate) fn of<R: BulkRow>(rows: &'a [R], width: usize, failed: &'a AtomicUsize) -> Self {
        let mut columns: Vec<Vec<Value<'a>>> = (0..width).map(|_| Vec::with_capacity(rows.len())).collect();
        for (row, values) in rows.iter().map(BulkRow::values).enumerate() {
            for (column, value) in columns.iter_mut().zip(values) {
                column.push(Value { value, row, failed });
            }
        }
        Self(columns)
    }

    pub(crate) fn params(&self) -> Vec<&(dyn ToSql + Sync)> {
        self.0.iter().map(|column| column as &(dyn ToSql + Sync)).collect()
    }
}

impl ToSql for Value<'_> {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        let sent = self.value.to_sql_checked(ty, out);
        if sent.is_err() {
            self.failed.store(self.row + 1, Ordering::Relaxed);
        }
        sent
    }

    /// Each value says for itself, when it is sent.
    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}
