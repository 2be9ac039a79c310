//! A read-only session for one caller.

use crate::{
    call::{Asked, settle, watch},
    endpoint::Role,
    error::PoolError,
    heal::{self, Cause, Phase, Refusal},
    inner::Inner,
    lease::Lease,
    rows,
    session::{Answer, Params},
    tap::TransactionState,
};
use std::{fmt, future::Future, panic::Location, pin::pin, sync::Arc};
use tokio_postgres::Row;

/// A read-only session on a replica or the primary, for one caller at a time.
///
/// The server refuses writes on it wherever it is. A statement that a standby refuses or loses, outside of a
/// transaction, runs once more on the primary, still read-only, unless its text writes, begins a transaction or is
/// about the session. So does one in a scope that has written since the guard was taken, unless the replica has that
/// by now. Statements are prepared and kept by their text.
///
/// Dropping a statement's future stops the statement: the session is not used again before the server has. When
/// several statements run on one guard at the same time, dropping one stops them all.
pub struct Reader {
    lease: Lease,
    pool: Arc<Inner>,
}

impl Reader {
    pub(crate) const fn new(lease: Lease, pool: Arc<Inner>) -> Self {
        Self { lease, pool }
    }

    /// Runs a statement and collects its rows.
    ///
    /// # Errors
    /// [`PoolError::ReadOnly`] for a statement that writes; otherwise what the server said.
    #[track_caller]
    pub fn query<'a>(
        &'a self,
        sql: &'a str,
        params: Params<'a>,
    ) -> impl Future<Output = Result<Vec<Row>, PoolError>> + Send + 'a {
        let place = Location::caller();
        async move { Ok(self.ask(sql, params, place).await?.rows) }
    }

    /// [`Reader::query`] for exactly one row.
    ///
    /// # Errors
    /// [`PoolError::RowCount`] for another number of rows; otherwise as [`Reader::query`].
    #[track_caller]
    pub fn query_one<'a>(
        &'a self,
        sql: &'a str,
        params: Params<'a>,
    ) -> impl Future<Output = Result<Row, PoolError>> + Send + 'a {
        let place = Location::caller();
        async move { rows::one(self.ask(sql, params, place).await?.rows) }
    }

    /// [`Reader::query`] for at most one row.
    ///
    /// # Errors
    /// [`PoolError::RowCount`] for more than one row; otherwise as [`Reader::query`].
    #[track_caller]
    pub fn query_opt<'a>(
        &'a self,
        sql: &'a str,
        params: Params<'a>,
    ) -> impl Future<Output = Result<Option<Row>, PoolError>> + Send + 'a {
        let place = Location::caller();
        async move { rows::at_most_one(self.ask(sql, params, place).await?.rows) }
    }

    /// `host:port` of the server this session is on.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.lease.lane().endpoint.name
    }

    /// The role of the server this session is on, now.
    #[must_use]
    pub fn role(&self) -> Role {
        self.lease.lane().endpoint.role()
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

    pub(crate) async fn ask(
        &self,
        sql: &str,
        params: Params<'_>,
        place: &'static Location<'static>,
    ) -> Result<Answer, PoolError> {
        let asked = Asked::statement(sql, params, place);
        let on_replica = self.role() == Role::Replica;
        if on_replica && self.lease.is_abandoned() {
            Box::pin(settle(&self.pool, &self.lease)).await?;
        }
        let phase = if self.in_autocommit() { Phase::Alone } else { Phase::InTransaction };
        if on_replica {
            let refusal = self.pool.known_refusal(sql);
            // What makes log would do so on a read-only session of the primary as well (large objects before PostgreSQL 16):
            // the standby refuses it again.
            let moves = phase == Phase::Alone && refusal != Some(Refusal::Write);
            if moves && (refusal.is_some() || !self.is_fresh().await) {
                return Box::pin(self.on_primary(asked)).await;
            }
        }
        let error = match watch(&self.pool, &self.lease, asked, pin!(self.lease.run(sql, params))).await {
            Err(error) if on_replica => error,
            result => return result,
        };
        match heal::rule(&error, phase, self.pool.only_reads(sql)) {
            None | Some(Cause::Refused(Refusal::Write)) => Err(error),
            Some(_) if !heal::may_move(self.pool.judgement.statement(sql).class()) => Err(error),
            // Rare, and as large as all the rest of the future.
            Some(cause) => self.pool.healed(cause, sql, Box::pin(self.on_primary(asked)).await),
        }
    }

    /// Whether the replica has what the scope requires by now: it may have written since the guard was taken.
    async fn is_fresh(&self) -> bool {
        match self.pool.missing(&self.lease) {
            None => true,
            Some(_) if self.lease.behind => true,
            Some(required) => Box::pin(self.pool.catches_up(&self.lease, required)).await,
        }
    }

    /// Outside of a transaction, as far as the server has said.
    fn in_autocommit(&self) -> bool {
        self.lease.tap().in_flight() == 0 && self.lease.tap().transaction() == TransactionState::Idle
    }

    async fn on_primary(&self, asked: Asked<'_>) -> Result<Answer, PoolError> {
        // Holders of primary sessions never wait for replica sessions, so this wait is in no circle.
        let lease = self.pool.primary_read(self.lease.caller()).await?;
        watch(&self.pool, &lease, asked, pin!(lease.run(asked.sql, asked.params))).await
    }
}

impl Inner {
    /// Counts a statement that ran again, and learns it when only the primary takes it.
    pub(crate) fn healed<T>(
        &self,
        cause: Cause,
        sql: &str,
        result: Result<T, PoolError>,
    ) -> Result<T, PoolError> {
        if result.is_ok() {
            match cause {
                Cause::Refused(refusal) => {
                    self.counts.refused.increment(1);
                    if refusal != Refusal::Likely {
                        self.learned.learn(self.judgement.statement(sql).fingerprint(), refusal);
                    }
                }
                Cause::Conflict => self.counts.conflict.increment(1),
                Cause::Lost => self.counts.lost.increment(1),
            }
        }
        result
    }
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").field("endpoint", &self.endpoint()).finish_non_exhaustive()
    }
}
