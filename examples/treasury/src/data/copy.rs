use bytes::{Bytes, BytesMut};
use futures_util::SinkExt;
use std::{fmt::Write, pin::pin};
use tokio_postgres::Transaction;

/// Rows are sent in pieces of about this size.
const PIECE_BYTES: usize = 256 * 1024;

/// Streams rows into a table with `COPY`; `row` writes one row's columns, separated by tabs, without a line end.
///
/// Returns the number of rows.
pub(super) async fn copy<T>(
    transaction: &Transaction<'_>,
    table: &str,
    rows: impl Iterator<Item = T>,
    row: impl Fn(&mut BytesMut, T) -> std::fmt::Result,
) -> anyhow::Result<u64> {
    // FREEZE: the table was made in this transaction, so its rows need no later pass to settle.
    let sink = transaction.copy_in::<_, Bytes>(&format!("COPY {table} FROM STDIN WITH (FREEZE)")).await?;
    let mut sink = pin!(sink);
    let mut piece = BytesMut::with_capacity(PIECE_BYTES + 1024);
    for item in rows {
        row(&mut piece, item)?;
        piece.write_char('\n')?;
        if piece.len() >= PIECE_BYTES {
            sink.send(piece.split().freeze()).await?;
            piece.reserve(PIECE_BYTES + 1024);
        }
    }
    sink.send(piece.freeze()).await?;
    Ok(sink.finish().await?)
}
