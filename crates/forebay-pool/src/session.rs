//! One connection to one server, with everything that belongs to it.

mod copying;
mod limit;
mod pooled;
mod prepared;
mod reading;

pub(crate) use limit::{Change, Limit};
pub(crate) use pooled::Pooled;
pub(crate) use prepared::{Kept, is_stale};

use crate::{
    connect::{Canceller, ConnectFailure},
    contain::contained,
    credentials::Standing,
    leftovers::leaves_something,
    sighting::{Sighting, end_of_record},
    statements::Statements,
    tap::{Tap, TransactionState},
};
use deadpool_postgres::ClientWrapper;
use forebay_scope::Position;
use futures_util::future;
use std::{
    fmt,
    sync::atomic::{AtomicBool, Ordering},
    time::Instant,
};
use tokio::task::AbortHandle;
use tokio_postgres::{
    Error, Row, Statement,
    types::{PgLsn, ToSql},
};

/// A parameter list as the driver takes it.
pub(crate) type Params<'a> = &'a [&'a (dyn ToSql + Sync)];

/// What a statement returned.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) rows: Vec<Row>,
    /// The count in the command's tag.
    pub(crate) affected: u64,
    /// When the first of the answer came.
    pub(crate) began: Instant,
}

/// A connection and what was put on it.
pub(crate) struct Wired {
    pub(crate) client: ClientWrapper,
    pub(crate) tap: Tap,
    pub(crate) cancel: Canceller,
    /// The task that moves the bytes. It ends by itself after the client is dropped, once the server has
    /// answered everything; a session whose server may not answer is aborted instead.
    pub(crate) task: AbortHandle,
    /// What it logged in with.
    pub(crate) standing: Standing,
}

pub(crate) struct Session {
    client: ClientWrapper,
    tap: Tap,
    cancel: Canceller,
    task: AbortHandle,
    statements: Statements,
    /// Asks where the log stands: what the primary has written, or what the replica has replayed.
    log: Statement,
    /// System and timeline of `log`'s answers. A server changes its timeline only by a restart or a promotion,
    /// and neither leaves a writable session behind.
    origin: Position,
    /// A future that had sent something was dropped before its answer came.
    abandoned: AtomicBool,
    /// Somebody had the driver's own client: what was sent through it is not known until it is drained.
    lent: AtomicBool,
    /// A statement left something behind that the next borrower must not find: a setting, a lock.
    touched: AtomicBool,
    /// A request to cancel is under way. When its future is dropped, the server may still get to it, at whatever
    /// the session runs by then.
    cancelling: AtomicBool,
    /// What `statement_timeout` is at the server.
    limit: Limit,
    standing: Standing,
    /// Behind a transaction pooler.
    pooled: Option<Pooled>,
    /// A transaction of a caller's is open, or about to be: there a read is one already.
    in_transaction: AtomicBool,
    retire_at: Instant,
    /// The server's when it was opened.
    pub(crate) epoch: u64,
    pub(crate) idle_since: Instant,
}

impl Session {
    /// `log` asks where the log stands, and `origin` has the system and timeline of its answers.
    pub(crate) fn new(
        wired: Wired,
        statements: Statements,
        limit: Limit,
        pooled: Option<Pooled>,
        log: Statement,
        origin: Position,
        retire_at: Instant,
    ) -> Self {
        Self {
            client: wired.client,
            tap: wired.tap,
            cancel: wired.cancel,
            task: wired.task,
            statements,
            log,
            origin,
            abandoned: AtomicBool::new(false),
            lent: AtomicBool::new(false),
            touched: AtomicBool::new(false),
            cancelling: AtomicBool::new(false),
            limit,
            standing: wired.standing,
            pooled,
            in_transaction: AtomicBool::new(false),
            retire_at,
            epoch: 0,
            idle_since: Instant::now(),
        }
    }

    /// [`Session::batch`] of a text that a caller gave.
    pub(crate) async fn foreign_batch(&self, sql: &str) -> Result<(), Error> {
        self.look_for_leftovers(sql);
        self.batch(sql).await
    }

    /// Notes what a text that is sent without being prepared leaves behind.
    pub(crate) fn look_for_leftovers(&self, sql: &str) {
        // Behind a pooler it was refused.
        if !self.is_pooled() && leaves_something(&forebay_sql::classify(sql), sql) {
            self.touched.store(true, Ordering::Relaxed);
        }
    }

    /// [`Session::batch`], and the log position behind it, asked on the same flush.
    pub(crate) async fn batch_then_position(&self, sql: &str) -> (Result<(), Error>, Option<Position>) {
        let (done, at) = future::join(self.client.batch_execute(sql), Box::pin(self.log_position())).await;
        (done, at.ok())
    }

    /// Runs several statements without parameters, by the simple protocol.
    pub(crate) async fn batch(&self, sql: &str) -> Result<(), Error> {
        self.client.batch_execute(sql).await
    }

    /// Where the log stands: written by a primary, replayed by a standby.
    pub(crate) async fn log_position(&self) -> Result<Position, Error> {
        let row = self.client.query_one(&self.log, &[]).await?;
        let lsn: Option<PgLsn> = row.try_get(0)?;
        Ok(Position { lsn: lsn.map_or(0, |lsn| end_of_record(lsn.into())), ..self.origin })
    }

    /// Role and log position, freshly asked.
    pub(crate) async fn sight(&self) -> Result<Sighting, ConnectFailure> {
        let answer = self.run(Sighting::QUERY, &[]).await?;
        Sighting::of(answer.rows.first().ok_or("the server said nothing about itself")?)
    }

    /// Resolves when the server has finished everything sent before.
    pub(crate) async fn barrier(&self) -> Result<(), Error> {
        self.client.check_connection().await
    }

    /// Asks the server to stop what it runs; resolves when a late cancel can do no harm any more.
    pub(crate) async fn cancel(&self) -> Result<(), ConnectFailure> {
        self.cancelling.store(true, Ordering::Release);
        contained("canceller", || self.cancel.request()).await?;
        self.cancelling.store(false, Ordering::Release);
        Ok(())
    }

    /// Whether a cancel of ours may still arrive: one that failed or whose future was dropped.
    pub(crate) fn awaits_cancel(&self) -> bool {
        self.cancelling.load(Ordering::Acquire)
    }

    /// System and timeline of the positions this session reports.
    pub(crate) const fn origin(&self) -> Position {
        self.origin
    }

    pub(crate) fn client(&self) -> &ClientWrapper {
        self.lent.store(true, Ordering::Relaxed);
        &self.client
    }

    pub(crate) fn client_mut(&mut self) -> &mut ClientWrapper {
        *self.lent.get_mut() = true;
        &mut self.client
    }

    /// `BEGIN` is about to be sent for a caller.
    pub(crate) fn begins(&self) {
        self.in_transaction.store(true, Ordering::Relaxed);
    }

    /// His transaction was ended.
    pub(crate) fn ends(&self) {
        self.in_transaction.store(false, Ordering::Relaxed);
    }

    pub(crate) fn tap(&self) -> &Tap {
        &self.tap
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    pub(crate) fn abandon(&self) {
        self.abandoned.store(true, Ordering::Release);
    }

    pub(crate) fn is_abandoned(&self) -> bool {
        self.abandoned.load(Ordering::Acquire)
    }

    /// The caller has drained what was abandoned.
    pub(crate) fn settled(&self) {
        self.abandoned.store(false, Ordering::Release);
    }

    /// Whether the next borrower finds it as new: nothing running, no transaction, nobody else's requests.
    pub(crate) fn is_clean(&self) -> bool {
        !self.is_abandoned()
            && !self.lent.load(Ordering::Relaxed)
            && !self.touched.load(Ordering::Relaxed)
            && !self.in_transaction.load(Ordering::Relaxed)
            && self.tap.in_flight() == 0
            && self.tap.transaction() == TransactionState::Idle
            && !self.tap.copied_in()
            && !self.tap.lost_statements()
            && !self.awaits_cancel()
    }

    /// Whether something may have been left behind that has to be removed.
    pub(crate) fn may_be_touched(&self) -> bool {
        !self.is_pooled() && (self.touched.load(Ordering::Relaxed) || self.lent.load(Ordering::Relaxed))
    }

    /// Forgets what had to be cleaned; the caller has done it.
    pub(crate) fn drained(&mut self, statements_max: usize) {
        if self.may_be_touched() {
            self.limit.reset();
        }
        *self.abandoned.get_mut() = false;
        *self.lent.get_mut() = false;
        *self.in_transaction.get_mut() = false;
        *self.touched.get_mut() = false;
        // The driver wrapper's own cache has no bound.
        if self.client.statement_cache.size() > statements_max {
            self.client.statement_cache.clear();
        }
    }

    pub(crate) fn is_past_lifetime(&self, now: Instant) -> bool {
        now >= self.retire_at || self.standing.is_over()
    }

    /// Whether what it logged in with was replaced.
    pub(crate) fn has_old_login(&self) -> bool {
        self.standing.is_over()
    }

    /// Whether the server is the standby it is `thought` to be, or none, as far as it says so unasked.
    pub(crate) fn is_standby(&self, thought: bool) -> bool {
        self.tap.is_standby().is_none_or(|standby| standby == thought)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if !self.is_clean() {
            self.task.abort();
        }
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("in_flight", &self.tap.in_flight())
            .field("transaction", &self.tap.transaction())
            .field("abandoned", &self.is_abandoned())
            .finish_non_exhaustive()
    }
}
