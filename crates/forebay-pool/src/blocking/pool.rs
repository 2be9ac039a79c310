//! The handle of a pool, for threads.

use super::{
    guards::{Reader, Writer},
    listener::Listener,
    runner::Runner,
    transaction::Transaction,
};
use crate::{
    builder::PoolBuilder, error::PoolError, freshness::Freshness, lane::Priority, route::Route,
    session::Params, status::PoolStatus, transaction::Committed,
};
use forebay_scope::{Position, Scope};
use std::{fmt, time::Duration};
use tokio::runtime::Handle;
use tokio_postgres::Row;

/// [`crate::Pool`] for threads. Cloning is cheap.
///
/// Every method that waits refuses to in an asynchronous task, with [`PoolError::WouldBlock`].
#[derive(Clone)]
pub struct Pool {
    inner: crate::Pool,
    runner: Runner,
}

impl Pool {
    /// Builds the pool, with a runtime of its own: one thread, which ends with the last handle or guard. Sessions are then
    /// cut off; [`Pool::shutdown`] says goodbye to the servers.
    ///
    /// # Errors
    /// As [`PoolBuilder::build`]; [`PoolError::NoRuntime`] when the thread cannot be started.
    pub fn start(builder: PoolBuilder) -> Result<Self, PoolError> {
        Self::build(Runner::start()?, builder)
    }

    /// Builds the pool on a runtime that is there, which has to have its I/O and time enabled and must be running: one of
    /// flavor `current_thread` runs only while something blocks on it.
    ///
    /// # Errors
    /// As [`PoolBuilder::build`].
    pub fn start_on(handle: Handle, builder: PoolBuilder) -> Result<Self, PoolError> {
        Self::build(Runner::on(handle), builder)
    }

    fn build(runner: Runner, builder: PoolBuilder) -> Result<Self, PoolError> {
        let inner = runner.wait("Pool::start", Box::pin(builder.build()))?;
        Ok(Self { inner, runner })
    }

    /// A pool that is there, for the threads of an asynchronous program. `handle` is of the runtime it was built on.
    #[must_use]
    pub const fn over(pool: crate::Pool, handle: Handle) -> Self {
        Self { inner: pool, runner: Runner::on(handle) }
    }

    /// The same pool for callers of another class, as [`crate::Pool::with_priority`].
    #[must_use]
    pub fn with_priority(&self, priority: Priority) -> Self {
        Self { inner: self.inner.with_priority(priority), runner: self.runner.clone() }
    }

    /// The same pool for the work of one request: its deadline ends waits and statements, and its reads see its writes.
    /// Guards keep the scope of the handle they were taken from.
    #[must_use]
    pub fn within(&self, scope: &Scope) -> Self {
        Self { inner: self.inner.clone(), runner: self.runner.within(scope.clone()) }
    }

    /// The asynchronous pool below.
    #[must_use]
    pub const fn get_ref(&self) -> &crate::Pool {
        &self.inner
    }

    /// Waits for anything that the asynchronous pool can do and has no method here.
    ///
    /// # Errors
    /// What `work` returned.
    pub fn run<T, E: From<PoolError>>(
        &self,
        work: impl AsyncFnOnce(&crate::Pool) -> Result<T, E>,
    ) -> Result<T, E> {
        self.runner.wait("Pool::run", work(&self.inner))
    }

    /// As [`crate::Pool::read`].
    ///
    /// # Errors
    /// As there.
    #[track_caller]
    pub fn read(&self) -> Result<Reader, PoolError> {
        self.reader("Pool::read", self.inner.read())
    }

    /// As [`crate::Pool::read_with`].
    ///
    /// # Errors
    /// As there.
    #[track_caller]
    pub fn read_with(&self, freshness: Freshness) -> Result<Reader, PoolError> {
        self.reader("Pool::read_with", self.inner.read_with(freshness))
    }

    /// As [`crate::Pool::read_after`].
    ///
    /// # Errors
    /// As there.
    #[track_caller]
    pub fn read_after(&self, position: Position) -> Result<Reader, PoolError> {
        self.reader("Pool::read_after", self.inner.read_after(position))
    }

    fn reader(
        &self,
        call: &'static str,
        taken: impl Future<Output = Result<crate::Reader, PoolError>>,
    ) -> Result<Reader, PoolError> {
        Ok(Reader::new(self.runner.wait(call, taken)?, self.runner.clone()))
    }

    /// As [`crate::Pool::write`].
    ///
    /// # Errors
    /// As there.
    #[track_caller]
    pub fn write(&self) -> Result<Writer, PoolError> {
        let taken = self.runner.wait("Pool::write", self.inner.write())?;
        Ok(Writer::new(taken, self.runner.clone()))
    }

    /// As [`crate::Pool::begin`].
    ///
    /// # Errors
    /// As there.
    #[track_caller]
    pub fn begin(&self) -> Result<Transaction, PoolError> {
        let begun = self.runner.wait("Pool::begin", self.inner.begin())?;
        Ok(Transaction::new(begun, self.runner.clone()))
    }

    /// Runs `work` in a transaction: commits when it returns `Ok`, rolls back otherwise. It is not repeated.
    ///
    /// # Errors
    /// What `work` returned, or why the transaction could not begin or commit.
    #[track_caller]
    pub fn transaction<T, E: From<PoolError>>(
        &self,
        work: impl FnOnce(&Transaction) -> Result<T, E>,
    ) -> Result<Committed<T>, E> {
        let transaction = self.begin()?;
        let value = work(&transaction)?;
        let position = transaction.commit()?;
        Ok(Committed { value, position })
    }

    /// As [`crate::Pool::query`].
    ///
    /// # Errors
    /// As there.
    #[track_caller]
    pub fn query(&self, sql: &str, params: Params<'_>) -> Result<Vec<Row>, PoolError> {
        self.runner.wait("Pool::query", self.inner.query(sql, params))
    }

    /// As [`crate::Pool::query_one`].
    ///
    /// # Errors
    /// As there.
    #[track_caller]
    pub fn query_one(&self, sql: &str, params: Params<'_>) -> Result<Row, PoolError> {
        self.runner.wait("Pool::query_one", self.inner.query_one(sql, params))
    }

    /// As [`crate::Pool::query_opt`].
    ///
    /// # Errors
    /// As there.
    #[track_caller]
    pub fn query_opt(&self, sql: &str, params: Params<'_>) -> Result<Option<Row>, PoolError> {
        self.runner.wait("Pool::query_opt", self.inner.query_opt(sql, params))
    }

    /// As [`crate::Pool::execute`].
    ///
    /// # Errors
    /// As there.
    #[track_caller]
    pub fn execute(&self, sql: &str, params: Params<'_>) -> Result<u64, PoolError> {
        self.runner.wait("Pool::execute", self.inner.execute(sql, params))
    }

    /// As [`crate::Pool::listen`].
    ///
    /// # Errors
    /// As there.
    pub fn listen<S: Into<String>>(
        &self,
        channels: impl IntoIterator<Item = S>,
    ) -> Result<Listener, PoolError> {
        let listener = self.runner.wait("Pool::listen", self.inner.listen(channels))?;
        Ok(Listener::new(listener, self.runner.clone()))
    }

    /// As [`crate::Pool::explain_route`].
    #[must_use]
    pub fn explain_route(&self, sql: &str) -> Route {
        self.inner.explain_route(sql)
    }

    /// As [`crate::Pool::status`].
    #[must_use]
    pub fn status(&self) -> PoolStatus {
        self.inner.status()
    }

    /// As [`crate::Pool::shutdown`].
    ///
    /// # Errors
    /// [`PoolError::WouldBlock`] only.
    pub fn shutdown(&self, timeout: Duration) -> Result<bool, PoolError> {
        self.runner.wait("Pool::shutdown", async { Ok(self.inner.shutdown(timeout).await) })
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.inner, f)
    }
}
