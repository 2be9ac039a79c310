//! Moving bytes one way, under faults.

use std::io::{Error, ErrorKind, Result};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, sleep_until};

use super::faults::Faults;
use super::turns::Turns;

const CHUNK_BYTES: usize = 16 * 1024;
/// Chunks under way while replies are delayed.
const CHUNKS_DELAYED: usize = 1024;
/// A throttled stream passes this many pieces a second.
const PIECES_PER_S: u64 = 50;

/// Passes what the client sends.
pub(super) async fn requests(
    from: &mut (impl AsyncRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
    mut faults: watch::Receiver<Faults>,
    turns: &Turns,
) -> Result<()> {
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        let length = from.read(&mut chunk).await?;
        passable(&mut faults).await?;
        if length == 0 {
            return Ok(());
        }
        turns.asked();
        to.write_all(&chunk[..length]).await?;
    }
}

/// Passes what the server answers: later, slower, or cut off.
pub(super) async fn replies(
    from: &mut (impl AsyncRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
    faults: watch::Receiver<Faults>,
    turns: &Turns,
) -> Result<()> {
    let (queue, chunks) = mpsc::channel(CHUNKS_DELAYED);
    let reading = async move {
        loop {
            let mut chunk = vec![0; CHUNK_BYTES];
            let length = from.read(&mut chunk).await?;
            chunk.truncate(length);
            turns.answered();
            if length == 0 || queue.send((Instant::now(), chunk)).await.is_err() {
                return Ok(());
            }
        }
    };
    tokio::try_join!(reading, Outlet { to, faults, limit: None, passed: 0 }.pass(chunks)).map(|_| ())
}

/// The client's side of the replies.
struct Outlet<'a, W> {
    to: &'a mut W,
    faults: watch::Receiver<Faults>,
    /// The number of the limit `passed` counts for.
    limit: Option<u64>,
    passed: u64,
}

impl<W: AsyncWrite + Unpin> Outlet<'_, W> {
    async fn pass(mut self, mut chunks: mpsc::Receiver<(Instant, Vec<u8>)>) -> Result<()> {
        while let Some((arrived, chunk)) = chunks.recv().await {
            let delay = self.faults.borrow().delay;
            sleep_until(arrived + delay).await;
            let mut rest = chunk.as_slice();
            while !rest.is_empty() {
                passable(&mut self.faults).await?;
                let throttle = self.faults.borrow().throttle;
                let piece = throttle.map_or(rest.len(), |rate| piece_bytes(rate).min(rest.len()));
                self.write(&rest[..piece]).await?;
                rest = &rest[piece..];
                if let Some(rate) = throttle {
                    sleep(Duration::from_secs_f64(piece as f64 / rate as f64)).await;
                }
            }
        }
        passable(&mut self.faults).await
    }

    /// Writes a piece, or as much of it as a cut allows.
    async fn write(&mut self, piece: &[u8]) -> Result<()> {
        let cut = self.faults.borrow().cut_after;
        let Some(cut) = cut else { return self.to.write_all(piece).await };
        if self.limit != Some(cut.number) {
            self.limit = Some(cut.number);
            self.passed = 0;
        }
        let room = usize::try_from(cut.bytes - self.passed).unwrap_or(usize::MAX);
        let piece_allowed = &piece[..piece.len().min(room)];
        self.to.write_all(piece_allowed).await?;
        self.passed += piece_allowed.len() as u64;
        if self.passed == cut.bytes {
            return Err(Error::new(ErrorKind::ConnectionAborted, "cut by the proxy"));
        }
        Ok(())
    }
}

/// Waits while nothing may pass.
async fn passable(faults: &mut watch::Receiver<Faults>) -> Result<()> {
    faults.wait_for(|faults| !faults.black_hole).await.map(|_| ()).map_err(Error::other)
}

fn piece_bytes(rate: u64) -> usize {
    usize::try_from(rate / PIECES_PER_S).unwrap_or(usize::MAX).max(1)
}
