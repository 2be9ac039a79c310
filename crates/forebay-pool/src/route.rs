//! Where a statement goes, and why.

use crate::{
    call::{Asked, Effect, watch},
    endpoint::Role,
    error::PoolError,
    freshness::Freshness,
    heal::{self, Refusal},
    hedging::Hedging,
    inner::Inner,
    lane::Caller,
    pool::Pool,
    routed::{Routing, Why},
    session::{Answer, Params},
    writer::Writer,
};
use forebay_sql::{Kind, Statement};
use std::{pin::pin, sync::Arc};

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

    /// Counts a statement by where it goes: how fresh a server must be for it, or `None` to the primary.
    fn way(&self, sql: &str) -> Option<Freshness> {
        let statement = self.judgement.statement(sql);
        let why = self.why(&statement);
        self.routed.count(why);
        matches!(why, Why::Read).then(|| self.judgement.freshness(statement.class()))
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
        let asked = Asked::statement(sql, params, caller.place);
        // Each way is a future of its own, which shares its place with the other's.
        match inner.way(sql) {
            None => self.written(asked, caller).await,
            Some(freshness) => match &inner.hedging {
                Some(hedging) => Box::pin(self.hedged(hedging, asked, caller, freshness)).await,
                None => self.read_once(asked, caller, freshness).await,
            },
        }
    }

    #[expect(clippy::manual_async_fn, reason = "an `async fn` has each of its arguments twice")]
    fn written(
        &self,
        asked: Asked<'_>,
        caller: Caller,
    ) -> impl Future<Output = Result<Answer, PoolError>> + Send {
        async move {
            let writer = Writer::new(self.0.write_lease(caller).await?, Arc::clone(&self.0));
            writer.ask_as(Effect::Possible, asked.sql, asked.params, asked.place).await
        }
    }

    #[expect(clippy::manual_async_fn, reason = "an `async fn` has each of its arguments twice")]
    fn read_once(
        &self,
        asked: Asked<'_>,
        caller: Caller,
        freshness: Freshness,
    ) -> impl Future<Output = Result<Answer, PoolError>> + Send {
        async move {
            let lease = self.0.read_lease(caller, freshness).await?;
            let result = watch(&self.0, &lease, asked, pin!(lease.run(asked.sql, asked.params))).await;
            let role = lease.lane().endpoint.role();
            drop(lease);
            match result {
                Ok(answer) => Ok(answer),
                // Rare, and larger than all the rest of the future.
                Err(error) => Box::pin(self.elsewhere(error, role, asked, caller)).await,
            }
        }
    }

    async fn hedged(
        &self,
        hedging: &Hedging,
        asked: Asked<'_>,
        caller: Caller,
        freshness: Freshness,
    ) -> Result<Answer, PoolError> {
        let lease = self.0.lease_hedged(hedging, caller, freshness).await?;
        let role = lease.lane().endpoint.role();
        let result = match role {
            // The session that is slow to answer is given back in there.
            Role::Replica => self.0.read_hedged(hedging, lease, asked, caller, freshness).await,
            Role::Primary => {
                let result = watch(&self.0, &lease, asked, pin!(lease.run(asked.sql, asked.params))).await;
                drop(lease);
                result
            }
        };
        match result {
            Ok(answer) => Ok(answer),
            Err(error) => Box::pin(self.elsewhere(error, role, asked, caller)).await,
        }
    }

    /// Runs a read that failed once more, on the primary, if that helps.
    async fn elsewhere(
        &self,
        error: PoolError,
        role: Role,
        asked: Asked<'_>,
        caller: Caller,
    ) -> Result<Answer, PoolError> {
        // A text that reads may still hide a write, in a view or an operator: the primary runs it, as it would
        // have if the text had shown it. A session of `read_lease` is never inside a transaction.
        let cause = match (&error, role) {
            (_, Role::Replica) => heal::rule(&error, heal::Phase::Alone, true),
            (PoolError::ReadOnly { .. }, _) => Some(heal::Cause::Refused(Refusal::Certain)),
            _ => None,
        };
        let Some(cause) = cause else { return Err(error) };
        let inner = &self.0;
        let answer = if cause.refused() {
            self.written(asked, caller).await
        } else {
            // It was running, so it reads: a session that cannot write keeps it from doing anything twice.
            let lease = inner.primary_read(caller).await?;
            watch(inner, &lease, asked, pin!(lease.run(asked.sql, asked.params))).await
        };
        inner.healed(cause, asked.sql, answer)
    }
}
