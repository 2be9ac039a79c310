//! Rows copied into a table, and the session fit for use after it.

use super::{Answer, Session};
use crate::bulk::BulkRow;
use std::{
    pin::pin,
    sync::atomic::{AtomicUsize, Ordering},
    time::Instant,
};
use tokio_postgres::{Error, binary_copy::BinaryCopyInWriter, types::Type};

impl Session {
    /// The types of what a statement returns, without running it.
    pub(crate) async fn column_types(&self, sql: &str) -> Result<Vec<Type>, Error> {
        let (_, statement, _) = self.prepared(sql).await?;
        Ok(statement.columns().iter().map(|column| column.type_().clone()).collect())
    }

    /// Sends rows behind a `COPY … FROM STDIN (FORMAT binary)`; none is there when it fails. `failed` is set to the
    /// first row that cannot be sent, counted from 1.
    pub(crate) async fn copy_rows<R: BulkRow>(
        &self,
        sql: &str,
        types: &[Type],
        rows: &[R],
        failed: &AtomicUsize,
    ) -> Result<Answer, Error> {
        let (_, statement, _) = self.prepared(sql).await?;
        let mut writer = pin!(BinaryCopyInWriter::new(self.client.copy_in(&statement).await?, types));
        for (row, values) in rows.iter().enumerate() {
            let sent = writer.as_mut().write(&values.values()).await;
            if sent.is_err() {
                failed.store(row + 1, Ordering::Relaxed);
            }
            sent?;
        }
        let affected = writer.finish().await?;
        let began = Instant::now();
        // The copy's end is told before its `ReadyForQuery`; behind this one everything is answered.
        self.barrier().await?;
        self.tap.copy_is_over();
        Ok(Answer { rows: Vec::new(), affected, began })
    }
}
