//! The caller's handle of the shared sessions.

use crate::{
    call::Asked,
    error::PoolError,
    freshness::Freshness,
    lane::Caller,
    pool::Pool,
    rows,
    session::{Answer, Params},
};
use std::future::Future;
use tokio_postgres::Row;

/// Short reads over a few sessions that all callers share. Cloning is one reference count.
///
/// A guard of [`Pool::read`] has its session to itself, so each statement is a round trip of its own: two wake-ups, two system
/// calls on either side. Here the statements of many callers go out one behind the other on the same session, without waiting
/// in between, and so many share a system call. It pays when several callers read at the same time, by key and with few rows.
///
/// What a statement means is what it means on a guard: read-only at the server, committed by itself, on a replica that is
/// fresh enough for the current scope or else on the primary, prepared and kept by its text, told to the observer, ended by the
/// scope's deadline. Only where it runs is decided anew each time. A guard runs it, and nobody notices, when
///
/// - its text is not proven to be read-only ([`Pool::explain_route`] says why), or a standby refused it before;
/// - it took longer than `pipelined_slow` more than now and then, or longer than `pipelined_timeout`: for
///   `pipelined_slow_for`;
/// - it has waited behind a slow one for `pipelined_slow`: it is asked again elsewhere, and the first answer thrown away;
/// - no shared session is ready: the first calls, a server that was lost, `pipelined_depth_max` statements under way on
///   each, a position that no replica is known to have, a transaction pooler in between;
/// - its shared session was lost before the answer. A read without a row handed on may run again.
///
/// [`PoolStatus::pipelined`](crate::PoolStatus) counts these.
///
/// ```no_run
/// # async fn example(pool: forebay_pool::Pool) -> Result<(), forebay_pool::PoolError> {
/// let reads = pool.pipelined();
/// let row = reads.query_one("SELECT name FROM item WHERE id = $1", &[&7_i64]).await?;
/// # drop(row); Ok(()) }
/// ```
///
/// # Dropping futures
/// The statement of a dropped future runs to its end, and its answer is thrown away: to cancel it would stop other callers'
/// statements. `pipelined_timeout` bounds how long.
#[derive(Debug, Clone)]
pub struct Pipelined {
    pool: Pool,
    freshness: Freshness,
}

impl Pool {
    /// Short reads over a few sessions that all callers share: the second way to read, for what is asked often by many. See
    /// [`Pipelined`].
    ///
    /// The sessions, `pipelined_sessions` on each server that is asked, are opened when the first statement comes.
    #[must_use]
    pub fn pipelined(&self) -> Pipelined {
        Pipelined { pool: self.clone(), freshness: Freshness::default() }
    }
}

impl Pipelined {
    /// The same, with reads that are as fresh as `freshness` says, on top of what the scope requires. Default:
    /// [`Freshness::default`].
    #[must_use]
    pub fn with(mut self, freshness: Freshness) -> Self {
        self.freshness = freshness;
        self
    }

    /// Runs a statement and collects its rows.
    ///
    /// # Errors
    /// As [`Pool::read`] and [`Reader::query`](crate::Reader::query).
    #[track_caller]
    pub fn query<'a>(
        &'a self,
        sql: &'a str,
        params: Params<'a>,
    ) -> impl Future<Output = Result<Vec<Row>, PoolError>> + Send + 'a {
        let caller = self.pool.caller();
        async move { Ok(self.ask(sql, params, caller).await?.rows) }
    }

    /// [`Pipelined::query`] for exactly one row.
    ///
    /// # Errors
    /// [`PoolError::RowCount`] for another number of rows; otherwise as [`Pipelined::query`].
    #[track_caller]
    pub fn query_one<'a>(
        &'a self,
        sql: &'a str,
        params: Params<'a>,
    ) -> impl Future<Output = Result<Row, PoolError>> + Send + 'a {
        let caller = self.pool.caller();
        async move { rows::one(self.ask(sql, params, caller).await?.rows) }
    }

    /// [`Pipelined::query`] for at most one row.
    ///
    /// # Errors
    /// [`PoolError::RowCount`] for more than one row; otherwise as [`Pipelined::query`].
    #[track_caller]
    pub fn query_opt<'a>(
        &'a self,
        sql: &'a str,
        params: Params<'a>,
    ) -> impl Future<Output = Result<Option<Row>, PoolError>> + Send + 'a {
        let caller = self.pool.caller();
        async move { rows::at_most_one(self.ask(sql, params, caller).await?.rows) }
    }

    async fn ask(&self, sql: &str, params: Params<'_>, caller: Caller) -> Result<Answer, PoolError> {
        let asked = Asked::statement(sql, params, caller.place);
        match self.pool.0.share(asked, caller, self.freshness).await? {
            Some(answer) => Ok(answer),
            // Larger than the plain way.
            None => Box::pin(self.by_guard(asked, caller)).await,
        }
    }

    async fn by_guard(&self, asked: Asked<'_>, caller: Caller) -> Result<Answer, PoolError> {
        let reader = self.pool.reader(caller, self.freshness).await?;
        reader.ask(asked.sql, asked.params, asked.place).await
    }
}
