//! Sessions for one thread at a time.

use super::runner::Runner;
use crate::{
    bulk::{Bulk, BulkRow},
    endpoint::Role,
    error::PoolError,
    session::Params,
};
use tokio_postgres::Row;

/// [`crate::Reader`] for threads.
#[derive(Debug)]
pub struct Reader {
    inner: crate::Reader,
    runner: Runner,
}

impl Reader {
    pub(super) const fn new(inner: crate::Reader, runner: Runner) -> Self {
        Self { inner, runner }
    }

    /// As [`crate::Reader::query`].
    ///
    /// # Errors
    /// As there.
    #[track_caller]
    pub fn query(&self, sql: &str, params: Params<'_>) -> Result<Vec<Row>, PoolError> {
        self.runner.wait("Reader::query", self.inner.query(sql, params))
    }

    /// As [`crate::Reader::query_one`].
    ///
    /// # Errors
    /// As there.
    #[track_caller]
    pub fn query_one(&self, sql: &str, params: Params<'_>) -> Result<Row, PoolError> {
        self.runner.wait("Reader::query_one", self.inner.query_one(sql, params))
    }

    /// As [`crate::Reader::query_opt`].
    ///
    /// # Errors
    /// As there.
    #[track_caller]
    pub fn query_opt(&self, sql: &str, params: Params<'_>) -> Result<Option<Row>, PoolError> {
        self.runner.wait("Reader::query_opt", self.inner.query_opt(sql, params))
    }

    /// `host:port` of the server this session is on.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        self.inner.endpoint()
    }

    /// The role of the server this session is on, now.
    #[must_use]
    pub fn role(&self) -> Role {
        self.inner.role()
    }
}

/// [`crate::Writer`] for threads.
#[derive(Debug)]
pub struct Writer {
    inner: crate::Writer,
    runner: Runner,
}

impl Writer {
    pub(super) const fn new(inner: crate::Writer, runner: Runner) -> Self {
        Self { inner, runner }
    }

    /// As [`crate::Writer::execute`].
    ///
    /// # Errors
    /// As there.
    #[track_caller]
    pub fn execute(&self, sql: &str, params: Params<'_>) -> Result<u64, PoolError> {
        self.runner.wait("Writer::execute", self.inner.execute(sql, params))
    }

    /// As [`crate::Writer::query`].
    ///
    /// # Errors
    /// As there.
    #[track_caller]
    pub fn query(&self, sql: &str, params: Params<'_>) -> Result<Vec<Row>, PoolError> {
        self.runner.wait("Writer::query", self.inner.query(sql, params))
    }

    /// As [`crate::Writer::query_one`].
    ///
    /// # Errors
    /// As there.
    #[track_caller]
    pub fn query_one(&self, sql: &str, params: Params<'_>) -> Result<Row, PoolError> {
        self.runner.wait("Writer::query_one", self.inner.query_one(sql, params))
    }

    /// As [`crate::Writer::query_opt`].
    ///
    /// # Errors
    /// As there.
    #[track_caller]
    pub fn query_opt(&self, sql: &str, params: Params<'_>) -> Result<Option<Row>, PoolError> {
        self.runner.wait("Writer::query_opt", self.inner.query_opt(sql, params))
    }

    /// As [`crate::Writer::batch_execute`].
    ///
    /// # Errors
    /// As there.
    #[track_caller]
    pub fn batch_execute(&self, sql: &str) -> Result<(), PoolError> {
        self.runner.wait("Writer::batch_execute", self.inner.batch_execute(sql))
    }

    /// As [`crate::Writer::insert_many`].
    ///
    /// # Errors
    /// As there.
    #[track_caller]
    pub fn insert_many<R: BulkRow>(&self, bulk: &Bulk, rows: &[R]) -> Result<u64, PoolError> {
        self.runner.wait("Writer::insert_many", self.inner.insert_many(bulk, rows))
    }

    /// `host:port` of the server this session is on.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        self.inner.endpoint()
    }
}
