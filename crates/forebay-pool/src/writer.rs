//! A session on the primary for one caller.

use crate::{
    bulk::{self, Bulk, BulkRow, Columns, Plan, Way},
    call::{Asked, Effect, watch},
    error::PoolError,
    inner::Inner,
    lease::Lease,
    position::{self, Unsettled},
    rows,
    session::{Answer, Params},
};
use forebay_scope::{Position, Scope};
use std::{
    fmt,
    future::Future,
    panic::Location,
    pin::pin,
    sync::{Arc, atomic::AtomicUsize},
};
use tokio_postgres::Row;

/// A session on the primary, for one caller at a time.
///
/// Each statement commits by itself; for several at once use [`crate::Pool::transaction`]. Inside a
/// [`Scope`] the log position behind every statement that may write is taken on the same flush and noted, so
/// that the scope's later reads see the write. When a write ends otherwise (it fails, its time runs out, its
/// future is dropped) the scope reads from the primary from then on.
///
/// Dropping a statement's future stops the statement; whether it took effect is then unknown.
pub struct Writer {
    lease: Lease,
    pool: Arc<Inner>,
}

impl Writer {
    pub(crate) const fn new(lease: Lease, pool: Arc<Inner>) -> Self {
        Self { lease, pool }
    }

    /// Runs a statement and returns how many rows it changed or returned.
    ///
    /// # Errors
    /// What the server said. After [`PoolError::is_outcome_unknown`] the statement may have taken effect.
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
    /// As [`Writer::execute`].
    #[track_caller]
    pub fn query<'a>(
        &'a self,
        sql: &'a str,
        params: Params<'a>,
    ) -> impl Future<Output = Result<Vec<Row>, PoolError>> + Send + 'a {
        let place = Location::caller();
        async move { Ok(self.ask(sql, params, place).await?.rows) }
    }

    /// [`Writer::query`] for exactly one row.
    ///
    /// # Errors
    /// [`PoolError::RowCount`] for another number of rows (the statement took effect all the same); otherwise as
    /// [`Writer::execute`].
    #[track_caller]
    pub fn query_one<'a>(
        &'a self,
        sql: &'a str,
        params: Params<'a>,
    ) -> impl Future<Output = Result<Row, PoolError>> + Send + 'a {
        let place = Location::caller();
        async move { rows::one(self.ask(sql, params, place).await?.rows) }
    }

    /// [`Writer::query`] for at most one row.
    ///
    /// # Errors
    /// As [`Writer::query_one`].
    #[track_caller]
    pub fn query_opt<'a>(
        &'a self,
        sql: &'a str,
        params: Params<'a>,
    ) -> impl Future<Output = Result<Option<Row>, PoolError>> + Send + 'a {
        let place = Location::caller();
        async move { rows::at_most_one(self.ask(sql, params, place).await?.rows) }
    }

    /// Runs several statements without parameters, separated by semicolons, as one implicit transaction.
    ///
    /// # Errors
    /// As [`Writer::execute`].
    #[track_caller]
    pub fn batch_execute<'a>(
        &'a self,
        sql: &'a str,
    ) -> impl Future<Output = Result<(), PoolError>> + Send + 'a {
        let place = Location::caller();
        async move {
            let asked = Asked { effect: Effect::ByText, ..Asked::statement(sql, &[], place) };
            if Scope::with_current(|_| ()).is_none() {
                return watch(&self.pool, &self.lease, asked, pin!(self.lease.foreign_batch(sql))).await;
            }
            let work = async {
                self.lease.look_for_leftovers(sql);
                let (done, at) = self.lease.batch_then_position(sql).await;
                done.map(|()| ((), at))
            };
            let unsettled = Unsettled::arm(&self.lease);
            let result = watch(&self.pool, &self.lease, asked, pin!(work)).await;
            self.noted(unsettled, result).await
        }
    }

    /// Writes many rows, all or none, and returns how many were written: few as arrays with one statement, many by
    /// `COPY` ([`PoolConfig::bulk_copy_rows_min`](crate::PoolConfig)); with `or_skip` and `or_update` always the first.
    ///
    /// # Errors
    /// [`PoolError::Argument`] when the rows do not go with the columns; [`PoolError::Row`] around the reason when it
    /// is known which row is to blame; otherwise as [`Writer::execute`].
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
                    self.ask_as(Effect::Possible, &sql, &columns.params(), place).await
                }
                Way::Copy(types) => {
                    let asked = Asked { effect: Effect::Possible, ..Asked::statement(&sql, &[], place) };
                    let work = async {
                        let copied = self.lease.copy_rows(&sql, &types, rows, &failed).await?;
                        // Asked behind the copy: requests cannot go out beside its data.
                        Ok((copied, None))
                    };
                    let unsettled = Unsettled::arm(&self.lease);
                    let result = watch(&self.pool, &self.lease, asked, pin!(work)).await;
                    self.noted(unsettled, result).await
                }
            };
            let answer = done.map_err(|error| bulk::with_row(error, failed.into_inner()))?;
            Ok(answer.affected)
        })
    }

    /// `host:port` of the primary.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.lease.lane().endpoint.name
    }

    pub(crate) fn lease(&self) -> &Lease {
        &self.lease
    }

    pub(crate) fn system(&self) -> u64 {
        self.pool.system
    }

    pub(crate) fn lease_mut(&mut self) -> &mut Lease {
        &mut self.lease
    }

    async fn ask(
        &self,
        sql: &str,
        params: Params<'_>,
        place: &'static Location<'static>,
    ) -> Result<Answer, PoolError> {
        // What a standby refused may write whatever its text looks like.
        let effect = if self.pool.knows_refused(sql) { Effect::Possible } else { Effect::ByText };
        self.ask_as(effect, sql, params, place).await
    }

    /// Runs a statement of which the caller knows whether it may write.
    pub(crate) async fn ask_as(
        &self,
        effect: Effect,
        sql: &str,
        params: Params<'_>,
        place: &'static Location<'static>,
    ) -> Result<Answer, PoolError> {
        let asked = Asked { effect, ..Asked::statement(sql, params, place) };
        // Without a scope nobody would be told of the position.
        if Scope::with_current(|_| ()).is_none() || !self.pool.may_have_changed(asked) {
            return watch(&self.pool, &self.lease, asked, pin!(self.lease.run(sql, params))).await;
        }
        let work = self.lease.run_then_position(sql, params);
        let unsettled = Unsettled::arm(&self.lease);
        let result = watch(&self.pool, &self.lease, asked, pin!(work)).await;
        self.noted(unsettled, result).await
    }

    /// Tells the scope of a write, however it ends.
    async fn noted<T>(
        &self,
        unsettled: Unsettled,
        result: Result<(T, Option<Position>), PoolError>,
    ) -> Result<T, PoolError> {
        let ((answer, at), unsettled) = unsettled.unless_untouched(result)?;
        position::note_write(&self.lease, at).await;
        unsettled.disarm();
        Ok(answer)
    }
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer").field("endpoint", &self.endpoint()).finish_non_exhaustive()
    }
}
