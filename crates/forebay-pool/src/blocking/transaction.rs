//! Several statements of one thread that take effect together.

use super::runner::Runner;
use crate::{
    bulk::{Bulk, BulkRow},
    error::PoolError,
    session::Params,
};
use forebay_scope::Position;
use tokio_postgres::Row;

/// [`crate::Transaction`] for threads. Dropping it rolls back in the background.
#[derive(Debug)]
pub struct Transaction {
    inner: crate::Transaction,
    runner: Runner,
}

impl Transaction {
    pub(super) const fn new(inner: crate::Transaction, runner: Runner) -> Self {
        Self { inner, runner }
    }

    /// As [`crate::Transaction::execute`].
    ///
    /// # Errors
    /// As there.
    #[track_caller]
    pub fn execute(&self, sql: &str, params: Params<'_>) -> Result<u64, PoolError> {
        self.runner.wait("Transaction::execute", self.inner.execute(sql, params))
    }

    /// As [`crate::Transaction::query`].
    ///
    /// # Errors
    /// As there.
    #[track_caller]
    pub fn query(&self, sql: &str, params: Params<'_>) -> Result<Vec<Row>, PoolError> {
        self.runner.wait("Transaction::query", self.inner.query(sql, params))
    }

    /// As [`crate::Transaction::query_one`].
    ///
    /// # Errors
    /// As there.
    #[track_caller]
    pub fn query_one(&self, sql: &str, params: Params<'_>) -> Result<Row, PoolError> {
        self.runner.wait("Transaction::query_one", self.inner.query_one(sql, params))
    }

    /// As [`crate::Transaction::query_opt`].
    ///
    /// # Errors
    /// As there.
    #[track_caller]
    pub fn query_opt(&self, sql: &str, params: Params<'_>) -> Result<Option<Row>, PoolError> {
        self.runner.wait("Transaction::query_opt", self.inner.query_opt(sql, params))
    }

    /// As [`crate::Transaction::batch_execute`].
    ///
    /// # Errors
    /// As there.
    #[track_caller]
    pub fn batch_execute(&self, sql: &str) -> Result<(), PoolError> {
        self.runner.wait("Transaction::batch_execute", self.inner.batch_execute(sql))
    }

    /// As [`crate::Transaction::insert_many`].
    ///
    /// # Errors
    /// As there.
    #[track_caller]
    pub fn insert_many<R: BulkRow>(&self, bulk: &Bulk, rows: &[R]) -> Result<u64, PoolError> {
        self.runner.wait("Transaction::insert_many", self.inner.insert_many(bulk, rows))
    }

    /// As [`crate::Transaction::commit`].
    ///
    /// # Errors
    /// As there.
    #[track_caller]
    pub fn commit(self) -> Result<Position, PoolError> {
        self.runner.wait("Transaction::commit", self.inner.commit())
    }

    /// As [`crate::Transaction::rollback`].
    ///
    /// # Errors
    /// As there.
    #[track_caller]
    pub fn rollback(self) -> Result<(), PoolError> {
        self.runner.wait("Transaction::rollback", self.inner.rollback())
    }
}
