//! Running statements that are prepared and kept, also while the schema changes.

use super::{Answer, Params, Session};
use crate::{leftovers::leaves_something, pipelined::Encoded, statements::Prepared, tap::TransactionState};
use forebay_scope::Position;
use futures_util::{TryStreamExt as _, future};
use std::{
    pin::pin,
    sync::{Arc, atomic::Ordering},
    time::Instant,
};
use tokio_postgres::{Error, RowStream, Statement, error::SqlState, types::Type};

/// A kept statement that the server does not accept any more: `cached plan must not change result type`, or it does
/// not know the statement (somebody deallocated it). Nothing was run.
///
/// The first is told by its routine, because its text is translated and its code, 0A000, is shared with the refusals
/// of a standby. Source: PostgreSQL, `utils/cache/plancache.c` (`RevalidateCachedQuery`).
pub(crate) fn is_stale(error: &Error) -> bool {
    error.as_db_error().is_some_and(|db| {
        db.routine() == Some("RevalidateCachedQuery") || *db.code() == SqlState::INVALID_SQL_STATEMENT_NAME
    })
}

/// What a kept statement fails with when the type of a parameter is gone, be there another of its name or not:
/// `cache lookup failed for type …`, while its values are read, so nothing was run. Sources: PostgreSQL,
/// `utils/cache/lsyscache.c` (`getTypeBinaryInputInfo`), `tcop/postgres.c` (`exec_bind_message`).
fn is_of_gone_type(error: &Error) -> bool {
    error.as_db_error().is_some_and(|db| {
        *db.code() == SqlState::INTERNAL_ERROR
            && matches!(db.routine(), Some("getTypeBinaryInputInfo" | "getTypeInputInfo"))
    })
}

/// What a session has of a text.
pub(crate) enum Kept {
    /// It can be run.
    Ready(Arc<Prepared>, Statement),
    /// Somebody sees to it.
    BeingPrepared,
    /// Nobody has asked for it; the caller is to see to it.
    New,
    /// It is too long to be kept.
    TooLong,
}

impl Session {
    /// Runs one statement, prepared and kept under its text, and collects its rows.
    ///
    /// A kept statement that the server does not accept any more (its result type changed, or somebody
    /// deallocated it) is prepared and run again, unless a transaction is open, which it has broken.
    #[expect(clippy::manual_async_fn, reason = "an `async fn` has each of its arguments twice")]
    pub(crate) fn run(
        &self,
        sql: &str,
        params: Params<'_>,
    ) -> impl Future<Output = Result<Answer, Error>> + Send {
        async move {
            if self.is_pooled() {
                return Box::pin(self.run_pooled(sql, params)).await;
            }
            let autocommit = self.in_autocommit();
            let (prepared, statement, fresh) = self.prepared(sql).await?;
            match self.execute(&statement, params).await {
                Err(error) if self.outlived(sql, &prepared, fresh, &error) && autocommit => {
                    // Rare, and larger than all the rest of the future.
                    Box::pin(self.run_anew(sql, params)).await
                }
                result => result,
            }
        }
    }

    /// [`Session::run`], and the log position behind the statement, asked on the same flush. No position means
    /// that it has to be asked again.
    #[expect(clippy::manual_async_fn, reason = "an `async fn` has each of its arguments twice")]
    pub(crate) fn run_then_position(
        &self,
        sql: &str,
        params: Params<'_>,
    ) -> impl Future<Output = Result<(Answer, Option<Position>), Error>> + Send {
        async move {
            if self.is_pooled() {
                return Box::pin(self.run_pooled_then_position(sql, params)).await;
            }
            let autocommit = self.in_autocommit();
            // Prepared before, so that the two requests leave in this order.
            let (prepared, statement, fresh) = self.prepared(sql).await?;
            // The driver's futures have room for preparing, which neither of these needs: two of them are as large as all the
            // rest.
            let position = Box::pin(self.log_position());
            match future::join(self.execute(&statement, params), position).await {
                (Err(error), _) if self.outlived(sql, &prepared, fresh, &error) && autocommit => {
                    Ok((Box::pin(self.run_anew(sql, params)).await?, None))
                }
                (answer, at) => Ok((answer?, at.ok())),
            }
        }
    }

    /// Outside of a transaction, as far as the server has said.
    fn in_autocommit(&self) -> bool {
        self.tap.transaction() == TransactionState::Idle
    }

    /// Whether a kept statement failed because the schema changed since it was prepared; it is then forgotten, here
    /// and by the other sessions.
    pub(crate) fn outlived(&self, sql: &str, prepared: &Arc<Prepared>, fresh: bool, error: &Error) -> bool {
        let outlived = is_stale(error) || (!fresh && is_of_gone_type(error));
        if outlived {
            self.statements.epoch.end(prepared.epoch);
            self.statements.forget(sql, prepared);
        }
        outlived
    }

    /// Runs a statement again that had become stale. Where the schema changes once more in between, it is parsed and
    /// run by one message: the server holds the lock that parsing took until it has run.
    async fn run_anew(&self, sql: &str, params: Params<'_>) -> Result<Answer, Error> {
        let (prepared, statement, _) = self.prepared(sql).await?;
        let answer = match self.execute(&statement, params).await {
            Err(error) if self.outlived(sql, &prepared, true, &error) => {
                let typed = params.iter().copied().zip(statement.params().iter().cloned());
                collect(self.client.query_typed_raw(sql, typed).await?).await
            }
            result => result,
        }?;
        self.statements.epoch.note_healed();
        Ok(answer)
    }

    /// The statement of a text, and whether it was prepared just now. Callers that ask for the same one at the same
    /// time prepare it once.
    pub(super) async fn prepared(&self, sql: &str) -> Result<(Arc<Prepared>, Statement, bool), Error> {
        let kept = self.statements.get(sql);
        let fresh = kept.as_ref().is_none_or(|kept| !kept.statement.initialized());
        let prepared = match kept {
            Some(kept) => kept,
            // Looked at once per session and text, beside a round trip.
            None => self.statements.reserve(sql, leaves_something(&forebay_sql::classify(sql), sql)),
        };
        let statement = match prepared.statement.get() {
            Some(statement) => statement.clone(),
            None => Box::pin(self.prepare(sql, &prepared)).await?,
        };
        if prepared.leaves_something && !self.is_pooled() {
            self.touched.store(true, Ordering::Relaxed);
        }
        Ok((prepared, statement, fresh))
    }

    /// What is kept of a text that others run at the same time.
    pub(crate) fn kept(&self, sql: &str) -> Kept {
        match self.statements.get(sql) {
            None if !self.statements.keeps(sql) => Kept::TooLong,
            None => {
                // So that only one of the callers prepares it.
                self.statements.reserve(sql, leaves_something(&forebay_sql::classify(sql), sql));
                Kept::New
            }
            Some(prepared) => match prepared.statement.get().cloned() {
                Some(statement) => Kept::Ready(prepared, statement),
                None => Kept::BeingPrepared,
            },
        }
    }

    /// The types of a kept statement's parameters.
    pub(crate) fn parameter_types(&self, sql: &str) -> Option<Vec<Type>> {
        Some(self.statements.get(sql)?.statement.get()?.params().to_vec())
    }

    /// Prepares a text and keeps it.
    pub(crate) async fn keep(&self, sql: &str) -> Result<(), Error> {
        self.prepared(sql).await.map(drop)
    }

    /// Runs a kept statement once, with values that were encoded for it.
    pub(crate) async fn run_kept(
        &self,
        statement: &Statement,
        params: Vec<Encoded>,
    ) -> Result<Answer, Error> {
        collect(self.client.query_raw(statement, params).await?).await
    }

    async fn prepare(&self, sql: &str, place: &Arc<Prepared>) -> Result<Statement, Error> {
        if self.statements.types_are_old() {
            self.client.clear_type_cache();
        }
        let prepared = place.statement.get_or_try_init(|| self.client.prepare(sql)).await;
        if prepared.is_err() {
            self.statements.forget(sql, place);
        }
        prepared.cloned()
    }

    async fn execute(&self, statement: &Statement, params: Params<'_>) -> Result<Answer, Error> {
        collect(self.client.query_raw(statement, params.iter().copied()).await?).await
    }
}

pub(super) async fn collect(stream: RowStream) -> Result<Answer, Error> {
    let began = Instant::now();
    let mut stream = pin!(stream);
    let mut rows = Vec::new();
    while let Some(row) = stream.try_next().await? {
        rows.push(row);
    }
    Ok(Answer { affected: stream.rows_affected().unwrap_or(0), rows, began })
}
