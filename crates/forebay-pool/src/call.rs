//! One statement on one session: its deadline, its observer, and what its failure means.

use crate::{
    cleaning,
    ended::Ended,
    error::PoolError,
    heal,
    inner::Inner,
    lane::Access,
    large_objects::changes_large_objects,
    leaks,
    lease::Lease,
    observer::Outcome,
    session::{Answer, Change, Params, is_stale},
    shared_failure::SharedFailure,
    spans,
    step::Step,
};
use forebay_scope::Scope;
use futures_util::future;
use std::{
    future::Future,
    panic::Location,
    pin::Pin,
    time::{Duration, Instant},
};
use tokio::time::error::Elapsed;
use tokio_postgres::{Row, error::SqlState};
use tracing::Span;

/// What was asked, and where in the program.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) sql: &'a str,
    pub(crate) params: Params<'a>,
    pub(crate) place: &'static Location<'static>,
    pub(crate) step: Step,
    pub(crate) effect: Effect,
}

/// Whether losing the connection leaves open if something was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Nothing changes before a later statement says so, or the session is read-only.
    None,
    /// Unless its text only reads.
    ByText,
    /// Whatever its text looks like.
    Possible,
}

impl<'a> Asked<'a> {
    /// A statement that can change nothing by itself.
    pub(crate) const fn statement(
        sql: &'a str,
        params: Params<'a>,
        place: &'static Location<'static>,
    ) -> Self {
        Self { sql, params, place, step: Step::Statement, effect: Effect::None }
    }
}

/// What a statement returned, as far as an observer is told.
pub(crate) trait Counted {
    fn rows(&self) -> u64;

    /// What it returned.
    fn returned(&self) -> &[Row] {
        &[]
    }

    /// When the first of the answer came, where it has more than one part.
    fn began(&self) -> Option<Instant> {
        None
    }
}

impl Counted for Answer {
    fn rows(&self) -> u64 {
        if self.rows.is_empty() { self.affected } else { self.rows.len() as u64 }
    }

    fn returned(&self) -> &[Row] {
        &self.rows
    }

    fn began(&self) -> Option<Instant> {
        Some(self.began)
    }
}

impl Counted for () {
    fn rows(&self) -> u64 {
        0
    }
}

impl<T: Counted, P> Counted for (T, P) {
    fn rows(&self) -> u64 {
        self.0.rows()
    }

    fn returned(&self) -> &[Row] {
        self.0.returned()
    }

    fn began(&self) -> Option<Instant> {
        self.0.began()
    }
}

/// Runs `work`, which sends `asked` on the session of `lease`, until its answer or the scope's deadline.
///
/// Dropped before the answer, the session is marked: the server is told to stop before anything else happens
/// on it. The work stays where its caller has it, so that it is there once.
pub(crate) fn watch<'a, T: Counted>(
    pool: &'a Inner,
    lease: &'a Lease,
    asked: Asked<'a>,
    work: Pin<&'a mut impl Future<Output = Result<T, tokio_postgres::Error>>>,
) -> impl Future<Output = Result<T, PoolError>> {
    let mut call = Call::new(pool, lease, asked);
    // Not an `async fn`, which has each of its arguments twice.
    async move {
        let deadline = Scope::with_current(Scope::deadline).flatten();
        if call.lease.is_abandoned() {
            // Rare, and larger than a statement.
            Box::pin(settle(call.pool, call.lease)).await?;
        }
        call.may_begin(deadline)?;
        let was_closed = call.lease.is_closed();
        call.begin();
        let remaining =
            deadline.map(|deadline| deadline.saturating_duration_since(tokio::time::Instant::now()));
        let result = match (call.lease.limit(remaining), deadline) {
            (None, None) => Ok(work.await),
            (None, Some(deadline)) => tokio::time::timeout_at(deadline, work).await,
            // Rare: a limit serves many statements.
            (Some(change), deadline) => Box::pin(limited(call.lease, change, deadline, work)).await,
        };
        call.ended(result, was_closed)
    }
}

/// Runs `work` until the deadline, behind a change of the server's own limit on the same flush.
async fn limited<T>(
    lease: &Lease,
    change: Change,
    deadline: Option<tokio::time::Instant>,
    work: impl Future<Output = T>,
) -> Result<T, Elapsed> {
    let both = async { future::join(lease.set_limit(change), work).await.1 };
    match deadline {
        None => Ok(both.await),
        Some(deadline) => tokio::time::timeout_at(deadline, both).await,
    }
}

/// Stops what a dropped future of the same guard left running.
pub(crate) async fn settle(pool: &Inner, lease: &Lease) -> Result<(), PoolError> {
    let within = tokio::time::Instant::now() + pool.cleanup_timeout;
    let deadline = Scope::with_current(Scope::deadline).flatten();
    let until = deadline.map_or(within, |deadline| deadline.min(within));
    match tokio::time::timeout_at(until, cleaning::drain(lease)).await {
        Ok(true) => {
            lease.settled();
            Ok(())
        }
        Err(_) if deadline == Some(until) => {
            Err(PoolError::Deadline { step: Step::Cleanup, outcome_unknown: false })
        }
        Ok(false) | Err(_) => Err(PoolError::Connect {
            endpoint: lease.lane().endpoint.name.clone(),
            source: SharedFailure::new("the session could not be cleaned after a dropped statement"),
        }),
    }
}

impl Inner {
    /// Asked when the answer did not come, or when a scope has to be told.
    pub(crate) fn may_have_changed(&self, asked: Asked<'_>) -> bool {
        match asked.effect {
            Effect::None => false,
            Effect::ByText => !self.certainly_only_reads(asked.sql),
            Effect::Possible => true,
        }
    }
}

/// Whether an error speaks of the server and not of the statement: the connection ended, or by its class.
///
/// Source: PostgreSQL, Appendix A: 53 insufficient resources, 57P operator intervention, 58 system error, F0 configuration
/// file error, XX internal error.
pub(crate) fn shows_trouble(error: &tokio_postgres::Error) -> bool {
    let classes = ["53", "57P", "58", "F0", "XX"];
    error.is_closed()
        || error.code().is_some_and(|code| classes.iter().any(|class| code.code().starts_with(class)))
}

fn demoted(lease: &Lease, step: Step, outcome_unknown: bool) -> PoolError {
    PoolError::Demoted { endpoint: lease.lane().endpoint.name.clone(), step, outcome_unknown }
}

/// What the driver's error is for a caller.
pub(crate) fn meaning(
    lease: &Lease,
    Asked { sql, step, .. }: Asked<'_>,
    outcome_unknown: bool,
    source: tokio_postgres::Error,
) -> PoolError {
    // What the protocol cannot carry is found before anything is sent.
    if let (None, Some(at)) = (source.as_db_error(), sql.find('\0')) {
        let reason = format!(
            "has a NUL byte at {at}: text of PostgreSQL has none; take it out, or send it as `bytea`"
        );
        return PoolError::argument("the statement", reason);
    }
    let endpoint = lease.lane().endpoint.name.clone();
    if source.is_closed() {
        lease.lane().endpoint.doubt();
        return PoolError::Lost { endpoint, step, outcome_unknown, source };
    }
    if source.code() == Some(&SqlState::READ_ONLY_SQL_TRANSACTION) || heal::makes_log(&source) {
        if lease.lane().access == Access::Write {
            lease.lane().endpoint.doubt();
        }
        return PoolError::ReadOnly { endpoint, source: Some(source) };
    }
    if is_stale(&source) {
        return PoolError::RetryTransaction { endpoint, source };
    }
    PoolError::Statement { endpoint, step, source }
}

/// A statement under way; what it became is told when it ends, also when its future is dropped.
struct Call<'a> {
    pool: &'a Inner,
    lease: &'a Lease,
    asked: Asked<'a>,
    /// `None` before anything is sent: there is nothing to tell.
    started: Option<Instant>,
    outcome: Outcome,
    rows: u64,
    /// When the first of the answer came.
    began: Option<Instant>,
    sql_state: Option<SqlState>,
    /// The connection ended, or the server said that it is in trouble.
    in_trouble: bool,
    span: Span,
}

impl<'a> Call<'a> {
    fn new(pool: &'a Inner, lease: &'a Lease, asked: Asked<'a>) -> Self {
        Self {
            pool,
            lease,
            asked,
            started: None,
            outcome: Outcome::Cancelled,
            rows: 0,
            began: None,
            sql_state: None,
            in_trouble: false,
            span: Span::none(),
        }
    }

    /// # Errors
    /// Why it is not sent at all.
    fn may_begin(&self, deadline: Option<tokio::time::Instant>) -> Result<(), PoolError> {
        let Asked { sql, step, .. } = self.asked;
        if deadline.is_some_and(|deadline| deadline <= tokio::time::Instant::now()) {
            return Err(PoolError::Deadline { step, outcome_unknown: false });
        }
        if self.lease.is_fenced() {
            return Err(demoted(self.lease, step, false));
        }
        if step != Step::Statement {
            return Ok(());
        }
        if self.lease.is_pooled() {
            leaks::check(self.lease, self.pool.judgement.statement(sql).class(), sql)?;
        }
        if self.lease.lets_large_objects_be_made()
            && changes_large_objects(self.pool.judgement.statement(sql).class())
        {
            let endpoint = self.lease.lane().endpoint.name.clone();
            return Err(PoolError::ReadOnly { endpoint, source: None });
        }
        Ok(())
    }

    fn begin(&mut self) {
        Scope::with_current(|scope| scope.reached(self.pool.system, self.lease.reach()));
        self.lease.lane().meters.begins();
        self.started = Some(Instant::now());
        self.span = spans::statement(self.lease, &self.asked, self.pool.traced_text);
    }

    /// What its end is for the caller.
    fn ended<T: Counted>(
        &mut self,
        result: Result<Result<T, tokio_postgres::Error>, Elapsed>,
        was_closed: bool,
    ) -> Result<T, PoolError> {
        let (lease, asked) = (self.lease, self.asked);
        match result {
            // What an old primary took after another was promoted is not in the new one's log.
            Ok(Ok(_)) if lease.is_fenced() && self.pool.may_have_changed(asked) => {
                self.outcome = Outcome::Failed;
                Err(demoted(lease, asked.step, true))
            }
            Ok(Ok(answer)) => {
                self.outcome = Outcome::Done;
                self.rows = answer.rows();
                self.began = answer.began();
                // Told here, where its rows are still at hand.
                self.end(answer.returned());
                Ok(answer)
            }
            Ok(Err(error)) => {
                self.outcome = Outcome::Failed;
                self.in_trouble = shows_trouble(&error);
                self.sql_state = error.code().cloned();
                let may_have_changed = !was_closed && self.pool.may_have_changed(asked);
                Err(meaning(lease, asked, may_have_changed, error))
            }
            Err(_) => {
                self.outcome = Outcome::TimedOut;
                let outcome_unknown = self.pool.may_have_changed(asked);
                Err(PoolError::Deadline { step: asked.step, outcome_unknown })
            }
        }
    }
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        self.end(&[]);
    }
}

impl Call<'_> {
    /// Tells everybody what it became, once.
    fn end(&mut self, returned: &[Row]) {
        let Some(started) = self.started.take() else { return };
        let now = Instant::now();
        let took = now - started;
        self.lease.lane().meters.ends();
        match self.outcome {
            Outcome::Done => {
                self.lease.served(true, took);
                self.lease.lane().meters.query.record(took);
            }
            Outcome::Cancelled | Outcome::TimedOut => {
                if self.outcome == Outcome::TimedOut {
                    self.lease.served(false, took);
                }
                self.lease.abandon();
                self.pool.counts.abandoned.increment(1);
            }
            Outcome::Failed => self.lease.served(!self.in_trouble, took),
        }
        let ended = matches!(self.outcome, Outcome::Done | Outcome::Failed);
        self.pool.judgement.after_statement(self.lease, self.asked.sql, ended);
        let ended = Ended {
            span: &self.span,
            took,
            fetch: self.began.map_or(Duration::ZERO, |began| now.saturating_duration_since(began)),
            rows: self.rows,
            returned,
            outcome: self.outcome,
            sql_state: self.sql_state.as_ref(),
        };
        ended.tell(self.pool, self.lease, self.asked);
    }
}
