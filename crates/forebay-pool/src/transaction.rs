//! Several statements that take effect together.

mod options;
mod retries;
mod run;

pub use options::{Isolation, TransactionOptions};
pub use retries::Retries;

use crate::{
    bulk::{self, Bulk, BulkRow, Columns, Plan, Way},
    call::{Asked, Counted, Effect, watch},
    endpoint::Role,
    error::PoolError,
    inner::Inner,
    lease::Lease,
    position::{self, Unsettled},
    rows,
    session::{Answer, Params},
    step::Step,
    tap::TransactionState,
};
use forebay_scope::{Position, Scope};
use retries::Collision;
use std::{
    fmt,
    future::Future,
    panic::Location,
    pin::{Pin, pin},
    sync::{Arc, Mutex, PoisonError, atomic::AtomicUsize},
};
use tokio_postgres::{Row, error::SqlState};

/// An open transaction: on the primary, or on a replica when it is read-only. Dropping it rolls back, in the
/// background, before the session is used again.
pub struct Transaction {
    lease: Lease,
    pool: Arc<Inner>,
    read_only: bool,
    /// Commits the session had seen when this began.
    commits_before: u64,
    /// Whether the failure of its last statement was one of those after which it is worth running again.
    collision: Mutex<Option<Collision>>,
}

/// What a transaction returned, and the log position behind its commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Committed<T> {
    /// What the closure returned.
    pub value: T,
    /// A read at or after this position sees the transaction; of a read-only one, at least what it saw.
    pub position: Position,
}

impl Transaction {
    pub(crate) async fn begin(
        lease: Lease,
        pool: Arc<Inner>,
        options: TransactionOptions,
        place: &'static Location<'static>,
    ) -> Result<Self, PoolError> {
        let begin = options.begin();
        let asked = Asked { step: Step::Begin, ..Asked::statement(&begin, &[], place) };
        lease.begins();
        watch(&pool, &lease, asked, pin!(lease.batch(&begin))).await?;
        let (read_only, commits_before) = (options.is_read_only(), lease.tap().commits());
        Ok(Self { lease, pool, read_only, commits_before, collision: Mutex::new(None) })
    }

    /// `host:port` of the server it is on.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.lease.lane().endpoint.name
    }

    /// The role of that server, now.
    #[must_use]
    pub fn role(&self) -> Role {
        self.lease.lane().endpoint.role()
    }

    /// Runs a statement and returns how many rows it changed or returned.
    ///
    /// # Errors
    /// What the server said; the transaction has then failed and only its end is accepted.
    #[track_caller]
    pub fn execute<'a>(
        &'a self,
        sql: &'a str,
        params: Params<'a>,
    ) -> impl Future<Output = Result<u64, PoolError>> + Send + 'a {
        let place = Location::caller();
        async move { Ok(self.ask(sql, params, place).await?.affected) }
    }

    /// Runs a statement and collects its rows.
    ///
    /// # Errors
    /// As [`Transaction::execute`].
    #[track_caller]
    pub fn query<'a>(
        &'a self,
        sql: &'a str,
        params: Params<'a>,
    ) -> impl Future<Output = Result<Vec<Row>, PoolError>> + Send + 'a {
        let place = Location::caller();
        async move { Ok(self.ask(sql, params, place).await?.rows) }
    }

    /// [`Transaction::query`] for exactly one row.
    ///
    /// # Errors
    /// [`PoolError::RowCount`] for another number of rows; otherwise as [`Transaction::execute`].
    #[track_caller]
    pub fn query_one<'a>(
        &'a self,
        sql: &'a str,
        params: Params<'a>,
    ) -> impl Future<Output = Result<Row, PoolError>> + Send + 'a {
        let place = Location::caller();
        async move { rows::one(self.ask(sql, params, place).await?.rows) }
    }

    /// [`Transaction::query`] for at most one row.
    ///
    /// # Errors
    /// As [`Transaction::query_one`].
    #[track_caller]
    pub fn query_opt<'a>(
        &'a self,
        sql: &'a str,
        params: Params<'a>,
    ) -> impl Future<Output = Result<Option<Row>, PoolError>> + Send + 'a {
        let place = Location::caller();
        async move { rows::at_most_one(self.ask(sql, params, place).await?.rows) }
    }

    /// Runs several statements without parameters, separated by semicolons: savepoints and `SET LOCAL` as well.
    ///
    /// # Errors
    /// As [`Transaction::execute`].
    #[track_caller]
    pub fn batch_execute<'a>(
        &'a self,
        sql: &'a str,
    ) -> impl Future<Output = Result<(), PoolError>> + Send + 'a {
        let place = Location::caller();
        async move { self.send(Asked::statement(sql, &[], place), pin!(self.lease.foreign_batch(sql))).await }
    }

    /// Writes many rows, all or none, and returns how many were written, as
    /// [`Writer::insert_many`](crate::Writer::insert_many).
    ///
    /// # Errors
    /// As there; the transaction has then failed and only its end is accepted.
    #[track_caller]
    pub fn insert_many<'a, R: BulkRow>(
        &'a self,
        bulk: &'a Bulk,
        rows: &'a [R],
    ) -> impl Future<Output = Result<u64, PoolError>> + Send + 'a {
        let place = Location::caller();
        Box::pin(async move {
            let Plan { sql, way } = bulk::plan(&self.pool, &self.lease, bulk, rows, place).await?;
            let failed = AtomicUsize::new(0);
            let done = match way {
                Way::Unnest => {
                    let columns = Columns::of(rows, bulk.width(), &failed);
                    self.ask(&sql, &columns.params(), place).await
                }
                Way::Copy(types) => {
                    let work = self.lease.copy_rows(&sql, &types, rows, &failed);
                    self.send(Asked::statement(&sql, &[], place), pin!(work)).await
                }
            };
            let answer = done.map_err(|error| bulk::with_row(error, failed.into_inner()))?;
            Ok(answer.affected)
        })
    }

    /// Commits, and returns the log position behind the commit, taken on the same flush. The current scope, if
    /// any, is told of it. Of a read-only transaction it is how far its server had got by then, and a scope is not told.
    ///
    /// In the rare case that the connection ends after the commit and before the position, the position is one
    /// that only the primary satisfies.
    ///
    /// # Errors
    /// [`PoolError::TransactionFailed`] when a statement of the transaction had failed: it was rolled back. A
    /// statement whose future was dropped is stopped before, which may have failed the transaction as well.
    /// [`PoolError::TransactionEnded`] when the text of a statement had ended it.
    /// After [`PoolError::is_outcome_unknown`] it may have been committed.
    ///
    /// # Cancellation
    /// When the future is dropped, the commit may or may not have happened.
    #[track_caller]
    pub fn commit(self) -> impl Future<Output = Result<Position, PoolError>> + Send {
        let place = Location::caller();
        async move {
            match self.state(place).await? {
                TransactionState::Open => {}
                TransactionState::Idle => return Err(PoolError::TransactionEnded),
                TransactionState::Failed | TransactionState::Unknown => {
                    return Err(PoolError::TransactionFailed);
                }
            }
            let commits = self.lease.tap().commits();
            let unsettled = (!self.read_only).then(|| Unsettled::arm(&self.lease));
            let result = self.send_commit(place).await;
            let (at, unsettled) = match unsettled {
                // The server said that it rolled back.
                Some(unsettled) if result.as_ref().is_err_and(|error| Collision::of(error).is_some()) => {
                    unsettled.disarm();
                    (result?, None)
                }
                Some(unsettled) => {
                    let (at, unsettled) = unsettled.unless_untouched(result)?;
                    (at, Some(unsettled))
                }
                None => (result?, None),
            };
            // A statement that was on its way unseen could have failed the transaction since.
            let failed = self.lease.tap().commits() == commits;
            self.lease.ends();
            let behind = match failed {
                true => None,
                false => Some(position::settle(&self.lease, at).await),
            };
            if let Some(unsettled) = unsettled {
                if let Some(behind) = behind {
                    Scope::with_current(|scope| position::tell(scope, behind));
                }
                unsettled.disarm();
            }
            behind.map(|behind| behind.position()).ok_or(PoolError::TransactionFailed)
        }
    }

    async fn send_commit(&self, place: &'static Location<'static>) -> Result<Option<Position>, PoolError> {
        let effect = if self.read_only { Effect::None } else { Effect::Possible };
        let asked = Asked { step: Step::Commit, effect, ..Asked::statement("COMMIT", &[], place) };
        let work = async {
            let (done, at) = self.lease.batch_then_position("COMMIT").await;
            done.map(|()| ((), at))
        };
        let ((), at) = watch(&self.pool, &self.lease, asked, pin!(work)).await?;
        Ok(at)
    }

    /// Rolls back and gives the session back. Dropping the transaction does the same without waiting.
    ///
    /// # Errors
    /// When the connection is lost, which rolls back as well.
    #[track_caller]
    pub fn rollback(self) -> impl Future<Output = Result<(), PoolError>> + Send {
        let place = Location::caller();
        async move {
            let asked = Asked { step: Step::Rollback, ..Asked::statement("ROLLBACK", &[], place) };
            watch(&self.pool, &self.lease, asked, pin!(self.lease.batch("ROLLBACK"))).await?;
            self.lease.ends();
            Ok(())
        }
    }

    /// Why it was rolled back, where that is a reason to run it again: its last statement failed for it, and nothing of
    /// the transaction can have been committed.
    async fn collided(&self, place: &'static Location<'static>) -> Option<Collision> {
        let collision = (*self.collision.lock().unwrap_or_else(PoisonError::into_inner))?;
        if self.read_only && self.lease.is_closed() {
            return Some(collision);
        }
        let failed = matches!(self.state(place).await, Ok(TransactionState::Failed));
        // A text may have committed, and begun again.
        (failed && self.lease.tap().commits() == self.commits_before).then_some(collision)
    }

    /// Where the transaction stands once everything sent before is answered. `COMMIT` of a failed transaction
    /// rolls back and reports success, so this is looked at before. An error reaches the caller before the state
    /// that follows it, and a dropped statement may not even be on the wire, hence the barrier.
    async fn state(&self, place: &'static Location<'static>) -> Result<TransactionState, PoolError> {
        if self.lease.is_abandoned() || self.lease.tap().in_flight() > 0 {
            // Stops what is abandoned first.
            let asked = Asked { step: Step::Commit, ..Asked::statement("", &[], place) };
            let barrier = async { watch(&self.pool, &self.lease, asked, pin!(self.lease.barrier())).await };
            Box::pin(barrier).await?;
        }
        Ok(self.lease.tap().transaction())
    }

    async fn ask(
        &self,
        sql: &str,
        params: Params<'_>,
        place: &'static Location<'static>,
    ) -> Result<Answer, PoolError> {
        self.send(Asked::statement(sql, params, place), pin!(self.lease.run(sql, params))).await
    }

    /// Runs `work`, which sends a statement, and notes how it failed.
    async fn send<T: Counted>(
        &self,
        asked: Asked<'_>,
        work: Pin<&mut impl Future<Output = Result<T, tokio_postgres::Error>>>,
    ) -> Result<T, PoolError> {
        let result = watch(&self.pool, &self.lease, asked, work).await;
        if let Err(error) = &result
            // That only says that one failed before.
            && error.sql_state() != Some(&SqlState::IN_FAILED_SQL_TRANSACTION)
        {
            *self.collision.lock().unwrap_or_else(PoisonError::into_inner) = Collision::of(error);
        }
        result
    }
}

impl fmt::Debug for Transaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transaction").field("endpoint", &self.endpoint()).finish_non_exhaustive()
    }
}
