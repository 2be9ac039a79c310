//! One read over a shared session, or why not.

use super::{
    counts::Became,
    encoded::Encoded,
    track::{Track, Verdict},
};
use crate::{
    call::{self, Asked, Counted as _},
    checkout::Excluded,
    cluster::Server,
    ended::Ended,
    error::PoolError,
    freshness::{Freshness, WithoutReplica},
    heal,
    inner::Inner,
    lane::Caller,
    mode::Mode,
    observer::Outcome,
    session::{Answer, Kept},
    spans,
    statements::Prepared,
    step::Step,
};
use forebay_scope::{Position, Scope};
use forebay_traffic::Permit;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::oneshot;
use tokio_postgres::{Error, Row, error::SqlState};
use tracing::Span;

/// A statement that was sent.
struct UnderWay {
    track: Arc<Track>,
    prepared: Arc<Prepared>,
    handed: oneshot::Receiver<Verdict>,
}

impl Inner {
    /// Runs a read over a shared session; `None` when a guard has to.
    pub(super) async fn share(
        &self,
        asked: Asked<'_>,
        caller: Caller,
        freshness: Freshness,
    ) -> Result<Option<Answer>, PoolError> {
        let (UnderWay { track, prepared, handed }, mut call) = match self.send(asked, caller, freshness) {
            Ok(sent) => sent,
            Err(became) => {
                self.pipelined.count(became);
                return Ok(None);
            }
        };
        let handed = match Scope::with_current(Scope::deadline).flatten() {
            None => handed.await,
            Some(deadline) => match tokio::time::timeout_at(deadline, handed).await {
                Ok(handed) => handed,
                Err(_) => {
                    call.outcome = Some(Outcome::TimedOut);
                    return Err(PoolError::Deadline { step: Step::Statement, outcome_unknown: false });
                }
            },
        };
        let became = match handed {
            Ok(Verdict::Ended(Ok(answer))) => {
                call.outcome = Some(Outcome::Done);
                call.rows = answer.rows();
                call.began = answer.began();
                // Told here, where its rows are still at hand.
                call.end(answer.returned());
                self.pipelined.count(Became::Shared);
                return Ok(Some(answer));
            }
            Ok(Verdict::Ended(Err(error))) => {
                call.outcome = Some(Outcome::Failed);
                call.in_trouble = call::shows_trouble(&error);
                call.sql_state = error.code().cloned();
                let outlived = track.lease.outlived(asked.sql, &prepared, false, &error);
                judged(&track, asked, error, outlived)?;
                Became::Failed
            }
            Ok(Verdict::HeldUp) => Became::HeldUp,
            // The pool is closing; a guard says so.
            Err(_) => Became::Failed,
        };
        if !matches!(call.outcome, Some(Outcome::Failed)) {
            // For its observer it has not been asked yet.
            call.outcome = None;
        }
        self.pipelined.count(became);
        Ok(None)
    }

    /// A server whose shared sessions may serve a read right now, leave of its breaker, and what it must see. `None` when
    /// something has to be waited for or decided first.
    fn server_to_share(&self, freshness: Freshness) -> Option<(&Server, Option<Permit>, Option<Position>)> {
        if self.mode == Mode::PerUse {
            return None;
        }
        let lag_max = freshness.lag_max.unwrap_or(self.lag_max);
        if freshness.after.is_some_and(|after| after.system != self.system) {
            return None;
        }
        let required = self.required(freshness);
        let required = required.map(|required| self.cluster.in_todays_terms(required).position);
        if let Some(index) = self.choose(required, lag_max, Excluded::default()) {
            let server = &self.cluster.servers()[index];
            return Some((server, Some(server.endpoint.breaker.permit().ok()?), required));
        }
        let alone = self.cluster.servers().len() == 1;
        let primary = self.cluster.primary();
        let by_primary = alone || (required.is_none() && self.without_replica == WithoutReplica::Primary);
        (by_primary && primary.endpoint.is_usable()).then_some((primary, None, required))
    }

    /// Sends a statement, if it is one to be shared and there is a session for it.
    fn send<'a>(
        &'a self,
        asked: Asked<'a>,
        caller: Caller,
        freshness: Freshness,
    ) -> Result<(UnderWay, SharedCall<'a>), Became> {
        let statement = self.judgement.statement(asked.sql);
        let (fingerprint, class) = (statement.fingerprint(), statement.class());
        // What the catalogue proves may do more inside than it says, and this session is everybody's.
        if !class.is_read() || class.rests_on_catalog() || self.learned.knows(fingerprint) {
            return Err(Became::NotRead);
        }
        if self.slow.knows(fingerprint) {
            return Err(Became::Slow);
        }
        let deadline = Scope::with_current(Scope::deadline).flatten();
        if deadline.is_some_and(|deadline| deadline <= tokio::time::Instant::now()) {
            return Err(Became::NoRoom);
        }
        let (server, permit, required) = self.server_to_share(freshness).ok_or(Became::NoRoom)?;
        let track = server.shared.track(caller).ok_or(Became::NoRoom)?;
        // An old primary that came back.
        if required.is_some_and(|required| required.timeline > track.lease.origin().timeline) {
            return Err(Became::NoRoom);
        }
        let (prepared, kept) = match track.lease.kept(asked.sql) {
            Kept::Ready(prepared, statement) => (prepared, statement),
            Kept::BeingPrepared | Kept::TooLong => return Err(Became::NoRoom),
            Kept::New => {
                server.shared.prepare_later(&track, asked.sql);
                return Err(Became::NoRoom);
            }
        };
        // The guard's error says what is wrong with the values.
        let params = Encoded::all(asked.params, kept.params()).ok_or(Became::Failed)?;
        let reach = track.lease.reach_alone();
        let started = Instant::now();
        let handed = track.send(Arc::clone(&prepared), kept, params, fingerprint).ok_or(Became::NoRoom)?;
        Scope::with_current(|scope| scope.reached(self.system, reach));
        track.lease.lane().meters.begins();
        let span = spans::statement(&track.lease, &asked, self.traced_text);
        let call = SharedCall {
            pool: self,
            track: Arc::clone(&track),
            permit,
            asked,
            started,
            outcome: Some(Outcome::Cancelled),
            rows: 0,
            began: None,
            sql_state: None,
            in_trouble: false,
            ended: false,
            span,
        };
        Ok((UnderWay { track, prepared, handed }, call))
    }
}

/// The error a caller is to get; `Ok` when a guard is to run the statement once more.
fn judged(track: &Track, asked: Asked<'_>, error: Error, outlived: bool) -> Result<(), PoolError> {
    // By the limit of these sessions: it was slow.
    let stopped = error.code() == Some(&SqlState::QUERY_CANCELED);
    let meaning = call::meaning(&track.lease, asked, false, error);
    if stopped || outlived || heal::rule(&meaning, heal::Phase::Alone, true).is_some() {
        return Ok(());
    }
    Err(meaning)
}

/// A statement under way; what it became is told when it ends, also when its future is dropped.
struct SharedCall<'a> {
    pool: &'a Inner,
    track: Arc<Track>,
    /// What the breaker of a replica is waiting to hear.
    permit: Option<Permit>,
    asked: Asked<'a>,
    started: Instant,
    /// `None`: there is nothing to tell.
    outcome: Option<Outcome>,
    rows: u64,
    began: Option<Instant>,
    sql_state: Option<SqlState>,
    in_trouble: bool,
    /// It was told.
    ended: bool,
    span: Span,
}

impl SharedCall<'_> {
    /// Tells the balancer and the breaker whether the server did its part.
    fn served(&mut self, answered: bool, elapsed: Duration) {
        let member = &self.track.lease.lane().endpoint.member;
        if answered {
            member.note_answer(elapsed);
        } else {
            member.note_failure();
        }
        if let Some(permit) = self.permit.take() {
            if answered { permit.succeeded() } else { permit.failed() }
        }
    }
}

impl Drop for SharedCall<'_> {
    fn drop(&mut self) {
        self.end(&[]);
    }
}

impl SharedCall<'_> {
    /// Tells everybody what it became, once.
    fn end(&mut self, returned: &[Row]) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        self.track.lease.lane().meters.ends();
        let Some(outcome) = self.outcome else { return };
        let now = Instant::now();
        let took = now - self.started;
        match outcome {
            Outcome::Done => {
                self.served(true, took);
                self.track.lease.lane().meters.query.record(took);
            }
            Outcome::Cancelled => self.pool.counts.abandoned.increment(1),
            Outcome::TimedOut => {
                self.served(false, took);
                self.pool.counts.abandoned.increment(1);
            }
            Outcome::Failed => self.served(!self.in_trouble, took),
        }
        let ended = Ended {
            span: &self.span,
            took,
            fetch: self.began.map_or(Duration::ZERO, |began| now.saturating_duration_since(began)),
            rows: self.rows,
            returned,
            outcome,
            sql_state: self.sql_state.as_ref(),
        };
        ended.tell(self.pool, &self.track.lease, self.asked);
    }
}
