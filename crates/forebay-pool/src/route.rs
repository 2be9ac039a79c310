//! Where a statement goes, and why.

use crate::{
    call::{Asked, Effect, watch},
    endpoint::Role,
    error::PoolError,
    heal::{self, Refusal},
    inner::Inner,
    lane::Caller,
    pool::Pool,
    routed::{Routing, Why},
    session::{Answer, Params},
    writer::Writer,
};
use forebay_sql::{Kind, Statement};
use std::sync::Arc;

/// Where a statement would go, and why. A replica stands for *some server that is fresh enough*, which may turn
/// out to be the primary.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Route {
    /// The role of the server that would be asked.
    pub role: Role,
    /// What the text was found to be.
    pub kind: Kind,
    /// Why it goes there, in words; empty for a read that goes to a replica.
    pub reasons: Vec<String>,
}

impl Inner {
    /// Whether a statement certainly changes nothing and may run on a standby.
    pub(crate) fn only_reads(&self, sql: &str) -> bool {
        self.judgement.statement(sql).class().is_read()
    }

    /// The same, whatever a session's `search_path` has become: a function that the catalogue proves may be another one
    /// under another path.
    pub(crate) fn certainly_only_reads(&self, sql: &str) -> bool {
        let statement = self.judgement.statement(sql);
        statement.class().is_read() && !statement.class().rests_on_catalog()
    }

    /// Whether a standby refused this statement before, or one that differs in its values only.
    pub(crate) fn knows_refused(&self, sql: &str) -> bool {
        self.known_refusal(sql).is_some()
    }

    /// How a standby refused it, if one did.
    pub(crate) fn known_refusal(&self, sql: &str) -> Option<Refusal> {
        if !self.learned.any() {
            return None;
        }
        self.learned.refusal(self.judgement.statement(sql).fingerprint())
    }

    fn why(&self, statement: &Statement) -> Why {
        match statement.kind() {
            Kind::Read if self.learned.knows(statement.fingerprint()) => Why::Learned,
            Kind::Read if self.routing == Routing::Shadow => Why::Shadowed,
            kind => kind.into(),
        }
    }

    pub(crate) fn explain_route(&self, sql: &str) -> Route {
        let statement = self.judgement.statement(sql);
        let class = statement.class();
        let mut route = Route {
            role: Role::Primary,
            kind: class.kind(),
            reasons: class.reasons().iter().map(ToString::to_string).collect(),
        };
        if !class.is_read() {
            if class.kind() == Kind::Unproven {
                route.reasons.extend(self.judgement.why_in_doubt());
            }
            return route;
        }
        if self.learned.knows(statement.fingerprint()) {
            route.reasons.push("a standby refused this statement before".to_owned());
        } else if self.cluster.servers().len() == 1 {
            route.reasons.push("no replica is configured".to_owned());
        } else if self.routing == Routing::Shadow {
            route.reasons.push("routing is in shadow mode: it would go to a replica".to_owned());
        } else {
            route.role = Role::Replica;
        }
        route
    }
}

impl Pool {
    /// Runs a statement where it belongs.
    pub(crate) async fn routed(
        &self,
        sql: &str,
        params: Params<'_>,
        caller: Caller,
    ) -> Result<Answer, PoolError> {
        let inner = &self.0;
        let place = caller.place;
        let statement = inner.judgement.statement(sql);
        let why = inner.why(&statement);
        inner.routed.count(why);
        if !matches!(why, Why::Read) {
            let lease = inner.write_lease(caller).await?;
            return Writer::new(lease, Arc::clone(inner)).ask_as(Effect::Possible, sql, params, place).await;
        }
        let freshness = inner.judgement.freshness(statement.class());
        let lease = match &inner.hedging {
            Some(hedging) => Box::pin(inner.lease_hedged(hedging, caller, freshness)).await?,
            None => inner.read_lease(caller, freshness).await?,
        };
        let role = lease.lane().endpoint.role();
        let asked = Asked::statement(sql, params, place);
        let result = match &inner.hedging {
            // The session that is slow to answer is given back in there.
            Some(hedging) if role == Role::Replica => {
                Box::pin(inner.read_hedged(hedging, lease, asked, caller, freshness)).await
            }
            _ => {
                let result = watch(inner, &lease, asked, lease.run(sql, params)).await;
                drop(lease);
                result
            }
        };
        let error = match result {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        // A text that reads may still hide a write, in a view or an operator: the primary runs it, as it would
        // have if the text had shown it. A session of `read_lease` is never inside a transaction.
        let cause = match (&error, role) {
            (_, Role::Replica) => heal::rule(&error, heal::Phase::Alone, true),
            (PoolError::ReadOnly { .. }, _) => Some(heal::Cause::Refused(Refusal::Certain)),
            _ => None,
        };
        let Some(cause) = cause else { return Err(error) };
        // Rare, and larger than all the rest of the future.
        Box::pin(self.elsewhere(cause, asked, caller)).await
    }

    /// Runs a statement once more, on the primary.
    async fn elsewhere(
        &self,
        cause: heal::Cause,
        asked: Asked<'_>,
        caller: Caller,
    ) -> Result<Answer, PoolError> {
        let inner = &self.0;
        let answer = if cause.refused() {
            let lease = inner.write_lease(caller).await?;
            let writer = Writer::new(lease, Arc::clone(inner));
            writer.ask_as(Effect::Possible, asked.sql, asked.params, asked.place).await
        } else {
            // It was running, so it reads: a session that cannot write keeps it from doing anything twice.
            let lease = inner.primary_read(caller).await?;
            watch(inner, &lease, asked, lease.run(asked.sql, asked.params)).await
        };
        inner.healed(cause, asked.sql, answer)
    }
}
