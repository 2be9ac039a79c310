//! What the wire says about a session: its transaction state and the requests without an answer.

use crate::{frames::Frames, listen::Ears, unnamed::Unnamed};
use std::{
    io,
    pin::Pin,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicI32, AtomicU8, AtomicU32, AtomicU64, Ordering},
    },
    task::{Context, Poll, ready},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::Notification;

/// Watches the bytes between a client and a server, because the client library throws away what a pool must
/// know: the status byte of `ReadyForQuery`, and how many requests are still without one.
///
/// An error reaches the caller *before* the `ReadyForQuery` that follows it, so the status is meaningful only
/// while [`Tap::in_flight`] is 0.
#[derive(Debug, Clone, Default)]
pub struct Tap(Arc<Seen>);

#[derive(Debug, Default)]
struct Seen {
    /// Messages written that the server answers with one `ReadyForQuery` each.
    asked: AtomicU64,
    /// `ReadyForQuery` messages read.
    answered: AtomicU64,
    /// Status byte of the last `ReadyForQuery`; 0 before the first.
    status: AtomicU8,
    /// `in_hot_standby`, which servers report since PostgreSQL 14: 0 not reported, else [`STANDBY`]/[`WRITABLE`].
    hot_standby: AtomicU8,
    /// Major version, as `server_version` says; 0 before it did.
    server_major: AtomicU32,
    /// Set by `CopyInResponse`: from there on the count of answers cannot be predicted (the server skips one
    /// `Sync` while it takes copy data), so such a session is not used again.
    copied_in: AtomicBool,
    /// Set by `DISCARD ALL` and `DEALLOCATE`: the server has forgotten statements that the client counts on.
    lost_statements: AtomicBool,
    /// Who listens on this connection.
    ears: OnceLock<Arc<Ears>>,
    /// `COMMIT` tags read. The server answers `COMMIT` of a failed transaction with `ROLLBACK`, and no error.
    commits: AtomicU64,
    /// The process the server named at the start, for requests to cancel.
    process: AtomicI32,
    /// From the next message on, nothing is prepared by name.
    unnamed: AtomicBool,
}

const SERVER_VERSION: &[u8] = b"server_version\0";

/// The number a text begins with: `15.4 (Debian …)` and `19devel` are 15 and 19.
fn leading_number(text: &[u8]) -> u32 {
    let digits = text.iter().take_while(|letter| letter.is_ascii_digit()).take(6);
    digits.fold(0, |number, digit| number * 10 + u32::from(digit - b'0'))
}

const STANDBY: u8 = 1;
const WRITABLE: u8 = 2;

/// Where a session stands in its transaction, by its last `ReadyForQuery`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TransactionState {
    /// Outside of a transaction.
    Idle,
    /// Inside a transaction.
    Open,
    /// Inside a transaction that failed and accepts nothing but its end.
    Failed,
    /// The server has not said yet.
    Unknown,
}

impl Tap {
    /// A tap for a new session.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts the tap on a stream that carries plain protocol messages: below the client, above any TLS.
    pub fn wrap<S>(&self, stream: S) -> Tapped<S> {
        let (reads, writes) = (Frames::backend(), Frames::frontend());
        Tapped { stream, seen: Arc::clone(&self.0), reads, writes, rewriting: None }
    }

    /// Requests written that the server has not finished.
    #[must_use]
    pub fn in_flight(&self) -> u64 {
        // Read in this order the difference can only be too small by requests written meanwhile, never negative.
        let answered = self.0.answered.load(Ordering::Acquire);
        self.0.asked.load(Ordering::Acquire).saturating_sub(answered)
    }

    /// Where the session stands in its transaction; exact while nothing is in flight.
    #[must_use]
    pub fn transaction(&self) -> TransactionState {
        match self.0.status.load(Ordering::Acquire) {
            b'I' => TransactionState::Idle,
            b'T' => TransactionState::Open,
            b'E' => TransactionState::Failed,
            _ => TransactionState::Unknown,
        }
    }

    /// Whether the server last called itself a standby; `None` where it does not say (before PostgreSQL 14).
    #[must_use]
    pub fn is_standby(&self) -> Option<bool> {
        match self.0.hot_standby.load(Ordering::Relaxed) {
            STANDBY => Some(true),
            WRITABLE => Some(false),
            _ => None,
        }
    }

    /// Takes in a notification that the connection's task was handed by the driver
    /// ([`poll_message`](tokio_postgres::Connection::poll_message)); a connector that drops them cannot be listened
    /// through.
    pub fn notified(&self, notification: Notification) {
        if let Some(ears) = self.0.ears.get() {
            ears.heard(notification);
        }
    }

    /// From now on notifications are led there.
    pub(crate) fn listen(&self, ears: Arc<Ears>) {
        let first = self.0.ears.set(ears).is_ok();
        debug_assert!(first, "a connection that listens is opened for it");
    }

    /// A copy was ended and answered, and so was everything sent before and after it: what is then without an answer
    /// can only be the `Sync` that the server skipped. The driver sends one with the statement, which arrives while
    /// the server takes copy data, and one at the end. Source: PostgreSQL documentation, 53.2.6 "COPY Operations".
    ///
    /// Where the count says otherwise, nothing is known, and the session stays one that is not used again.
    pub(crate) fn copy_is_over(&self) {
        if self.copied_in() && self.in_flight() == 1 {
            self.0.answered.fetch_add(1, Ordering::AcqRel);
            self.0.copied_in.store(false, Ordering::Release);
        }
    }

    /// The server's major version, once it said it.
    pub(crate) fn server_major(&self) -> Option<u32> {
        Some(self.0.server_major.load(Ordering::Relaxed)).filter(|major| *major > 0)
    }

    /// Whether prepared statements were removed behind the client's back.
    pub(crate) fn lost_statements(&self) -> bool {
        self.0.lost_statements.load(Ordering::Acquire)
    }

    /// How many commands the server has answered with the tag `COMMIT`.
    pub(crate) fn commits(&self) -> u64 {
        self.0.commits.load(Ordering::Acquire)
    }

    /// The process the server named for requests to cancel.
    pub(crate) fn process(&self) -> i32 {
        self.0.process.load(Ordering::Relaxed)
    }

    /// From here on statements that are prepared by name are sent without one. Nothing may be in flight.
    pub(crate) fn without_names(&self) {
        self.0.unnamed.store(true, Ordering::Release);
    }

    /// Whether the session took `COPY … FROM STDIN` data, after which it cannot be reused.
    #[must_use]
    pub fn copied_in(&self) -> bool {
        self.0.copied_in.load(Ordering::Acquire)
    }
}

impl Seen {
    fn sent(&self, tag: u8) {
        // Startup (untagged), Query, Sync and FunctionCall are answered by one ReadyForQuery each.
        if matches!(tag, Frames::STARTUP | b'Q' | b'S' | b'F') {
            self.asked.fetch_add(1, Ordering::AcqRel);
        }
    }

    fn received(&self, tag: u8, body: &[u8]) {
        match tag {
            b'Z' => {
                self.status.store(body.first().copied().unwrap_or(0), Ordering::Release);
                self.answered.fetch_add(1, Ordering::AcqRel);
            }
            b'S' if body.starts_with(SERVER_VERSION) => {
                self.server_major.store(leading_number(&body[SERVER_VERSION.len()..]), Ordering::Relaxed);
            }
            b'S' => match body.strip_prefix(b"in_hot_standby\0") {
                Some(b"on\0") => self.hot_standby.store(STANDBY, Ordering::Relaxed),
                Some(b"off\0") => self.hot_standby.store(WRITABLE, Ordering::Relaxed),
                _ => {}
            },
            b'C' if body == b"COMMIT\0" => {
                self.commits.fetch_add(1, Ordering::AcqRel);
            }
            b'C' if body == b"DISCARD ALL\0" || body.starts_with(b"DEALLOCATE") => {
                self.lost_statements.store(true, Ordering::Release);
            }
            b'K' => {
                let process = body.first_chunk().map_or(0, |four| i32::from_be_bytes(*four));
                self.process.store(process, Ordering::Relaxed);
            }
            b'G' => self.copied_in.store(true, Ordering::Release),
            _ => {}
        }
    }
}

/// A stream with a [`Tap`] on it.
#[derive(Debug)]
pub struct Tapped<S> {
    stream: S,
    seen: Arc<Seen>,
    reads: Frames,
    writes: Frames,
    /// Behind a transaction pooler.
    rewriting: Option<Box<Rewriting>>,
}

#[derive(Debug)]
struct Rewriting {
    unnamed: Unnamed,
    /// Rewritten, and not sent yet.
    sending: Vec<u8>,
    /// Rewritten, and not read yet.
    reading: Vec<u8>,
}

/// Most bytes read at once behind a pooler.
const CHUNK: usize = 8 << 10;

impl<S> Tapped<S> {
    fn rewriting(&mut self) -> Option<&mut Rewriting> {
        if self.rewriting.is_none() && self.seen.unnamed.load(Ordering::Acquire) {
            let (sending, reading) = (Vec::new(), Vec::new());
            self.rewriting = Some(Box::new(Rewriting { unnamed: Unnamed::new(), sending, reading }));
        }
        self.rewriting.as_deref_mut()
    }
}

impl<S: AsyncRead + Unpin> Tapped<S> {
    fn poll_read_rewritten(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let Some(rewriting) = &mut self.rewriting else { return Poll::Ready(Ok(())) };
        while rewriting.reading.is_empty() {
            let mut chunk = [0; CHUNK];
            let mut chunk = ReadBuf::new(&mut chunk);
            ready!(Pin::new(&mut self.stream).poll_read(cx, &mut chunk))?;
            if chunk.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
            let seen = &self.seen;
            self.reads.feed(chunk.filled(), |tag, body| seen.received(tag, body));
            rewriting.unnamed.read(chunk.filled(), &mut rewriting.reading);
        }
        let take = rewriting.reading.len().min(buf.remaining());
        buf.put_slice(&rewriting.reading[..take]);
        rewriting.reading.drain(..take);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> Tapped<S> {
    /// Sends what was rewritten.
    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some(rewriting) = &mut self.rewriting else { return Poll::Ready(Ok(())) };
        while !rewriting.sending.is_empty() {
            let sent = ready!(Pin::new(&mut self.stream).poll_write(cx, &rewriting.sending))?;
            if sent == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            rewriting.sending.drain(..sent);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Tapped<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.rewriting().is_some() {
            return this.poll_read_rewritten(cx, buf);
        }
        let before = buf.filled().len();
        ready!(Pin::new(&mut this.stream).poll_read(cx, buf))?;
        let seen = &this.seen;
        this.reads.feed(&buf.filled()[before..], |tag, body| seen.received(tag, body));
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Tapped<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if this.rewriting().is_some() {
            ready!(this.poll_send(cx))?;
            if let Some(rewriting) = &mut this.rewriting {
                rewriting.unnamed.write(buf, &mut rewriting.sending);
            }
            let seen = &this.seen;
            this.writes.feed(buf, |tag, _| seen.sent(tag));
            // What is left is sent by the flush.
            return match this.poll_send(cx) {
                Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
                _ => Poll::Ready(Ok(buf.len())),
            };
        }
        let written = ready!(Pin::new(&mut this.stream).poll_write(cx, buf))?;
        let seen = &this.seen;
        this.writes.feed(&buf[..written], |tag, _| seen.sent(tag));
        Poll::Ready(Ok(written))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_send(cx))?;
        Pin::new(&mut this.stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_send(cx))?;
        Pin::new(&mut this.stream).poll_shutdown(cx)
    }
}
