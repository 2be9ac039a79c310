//! Where a statement goes, and why.

use crate::{
    call::{Asked, watch},
    endpoint::Role,
    error::PoolError,
    heal,
    inner::Inner,
    lane::{Access, Patience},
    pool::Pool,
    session::{Answer, Params},
    writer::Writer,
};
use std::{panic::Location, sync::Arc};

/// Where a statement would go, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Route {
    /// The role of the server that would be asked.
    pub role: Role,
    /// Why, in words.
    pub reasons: Vec<String>,
}

impl Inner {
    /// Whether a statement certainly changes nothing and may run on a standby.
    pub(crate) fn only_reads(&self, sql: &str) -> bool {
        sql.is_empty()
    }

    pub(crate) fn explain_route(&self, sql: &str) -> Route {
        let _ = sql;
        Route { role: Role::Primary, reasons: Vec::new() }
    }
}

impl Pool {
    /// Runs a statement where it belongs.
    pub(crate) async fn routed(
        &self,
        sql: &str,
        params: Params<'_>,
        place: &'static Location<'static>,
    ) -> Result<Answer, PoolError> {
        let inner = &self.0;
        if !inner.only_reads(sql) || inner.learned.knows(sql) {
            let lease = inner.take(&inner.write, Patience::UntilTimeout).await?;
            return Writer::new(lease, Arc::clone(inner)).ask(sql, params, place).await;
        }
        let lease = inner.read_lease(None).await?;
        let asked = Asked::statement(sql, params, place);
        let error = match watch(inner, &lease, asked, lease.run(sql, params)).await {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        // A text that reads may still hide a write, in a view or an operator: the primary runs it, as it would
        // have if the text had shown it. A session of `read_lease` is never inside a transaction.
        let cause = match (&error, lease.lane().access) {
            (_, Access::Replica) => heal::rule(&error),
            (PoolError::ReadOnly { .. }, _) => Some(heal::Cause::Refused),
            _ => None,
        };
        let Some(cause) = cause else { return Err(error) };
        drop(lease);
        let lease = inner.take(&inner.write, Patience::UntilTimeout).await?;
        let answer = Writer::new(lease, Arc::clone(inner)).ask(sql, params, place).await;
        inner.healed(cause, sql, answer)
    }
}
