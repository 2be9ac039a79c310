//! Running statements behind a transaction pooler, where each transaction has another session of the server.

use super::{Answer, Params, Session, prepared::collect};
use crate::{pooler::Demands, tap::TransactionState};
use forebay_scope::{Position, Scope};
use futures_util::future;
use std::sync::atomic::Ordering;
use tokio_postgres::{Error, Statement, error::SqlState};

/// What a session behind a pooler asks of each transaction, because it could not ask it once at its start.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pooled {
    pub(crate) demands: Demands,
}

/// A type that was looked up is gone: `type with OID … does not exist`, or as [`super::prepared`] has it.
fn is_of_gone_type(error: &Error) -> bool {
    error.code().is_some_and(|code| [SqlState::UNDEFINED_OBJECT, SqlState::INTERNAL_ERROR].contains(code))
}

impl Session {
    /// Whether a transaction pooler is between here and the server.
    pub(crate) const fn is_pooled(&self) -> bool {
        self.pooled.is_some()
    }

    /// Whether it is for reads, a pooler keeps the server from knowing, and no transaction says so either: then each
    /// statement has to.
    pub(crate) fn wraps_reads(&self) -> bool {
        self.pooled.is_some_and(|pooled| pooled.demands.read_only)
            && !self.in_transaction.load(Ordering::Relaxed)
    }

    /// [`Session::run`], by one message without a name for the statement. Its parameter types are asked for once.
    pub(super) async fn run_pooled(&self, sql: &str, params: Params<'_>) -> Result<Answer, Error> {
        let alone = self.wraps_reads() || self.tap.transaction() == TransactionState::Idle;
        let (prepared, statement, fresh) = self.prepared(sql).await?;
        match self.once(&statement, sql, params).await {
            // Parsing failed, so nothing was run.
            Err(error) if !fresh && alone && is_of_gone_type(&error) => {
                self.statements.epoch.end(prepared.epoch);
                let (_, statement, _) = self.prepared(sql).await?;
                let answer = self.once(&statement, sql, params).await?;
                self.statements.epoch.note_healed();
                Ok(answer)
            }
            result => result,
        }
    }

    /// [`Session::run_pooled`] and the log position behind it: of the server, whichever session tells it.
    pub(super) async fn run_pooled_then_position(
        &self,
        sql: &str,
        params: Params<'_>,
    ) -> Result<(Answer, Option<Position>), Error> {
        let (_, statement, _) = self.prepared(sql).await?;
        let (answer, at) = future::join(self.once(&statement, sql, params), self.log_position()).await;
        Ok((answer?, at.ok()))
    }

    async fn once(&self, statement: &Statement, sql: &str, params: Params<'_>) -> Result<Answer, Error> {
        let typed = async {
            if params.len() != statement.params().len() {
                // Its error says how many there should be; nothing is sent.
                return collect(self.client.query_raw(statement, params.iter().copied()).await?).await;
            }
            let typed = params.iter().copied().zip(statement.params().iter().cloned());
            collect(self.client.query_typed_raw(sql, typed).await?).await
        };
        if !self.wraps_reads() {
            return typed.await;
        }
        let deadline = Scope::with_current(Scope::deadline).flatten();
        let remaining =
            deadline.map(|deadline| deadline.saturating_duration_since(tokio::time::Instant::now()));
        let begin = match self.limit.of_one_transaction(remaining) {
            Some(limit) => format!("BEGIN READ ONLY; SET LOCAL statement_timeout = {limit}"),
            None => "BEGIN READ ONLY".to_owned(),
        };
        // On one flush. After an error the last one rolls back.
        let (begun, answer, ended) = future::join3(self.batch(&begin), typed, self.batch("COMMIT")).await;
        begun?;
        let answer = answer?;
        ended?;
        Ok(answer)
    }
}
