//! The task that asks.

use super::{
    ExplainConfig, ExplainError,
    budget::Budget,
    eligible::Place,
    explainer::Known,
    flip::Flip,
    history::{Change, Explained, FIRST_PAUSE, History, longer},
    meters::ExplainMeters,
    report::{GenericPlan, cost},
    servers::Servers,
    shape::shape,
    side::{Ask, Explain as _},
};
use crate::{
    finding::{Call, Circumstances},
    observe::{Capture, Sample},
    plan::Plan,
};
use forebay_pool::Outcome;
use forebay_sql::Fingerprint;
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::{mpsc, oneshot, watch},
    time::{Instant, MissedTickBehavior},
};

/// Somebody wants a statement to be run.
#[derive(Debug)]
pub(super) struct Question {
    pub(super) fingerprint: Fingerprint,
    pub(super) answer: oneshot::Sender<Result<Plan, ExplainError>>,
}

/// Asks about one call after another.
pub(super) struct Attendant {
    capture: Capture,
    servers: Servers,
    config: ExplainConfig,
    known: Arc<Known>,
    meters: ExplainMeters,
    budget: Budget,
    questions: mpsc::Receiver<Question>,
    /// The server is left alone until then, and how long the last such pause was.
    paused: Option<Instant>,
    pause: Duration,
}

impl Attendant {
    pub(super) fn new(
        capture: Capture,
        servers: Servers,
        config: ExplainConfig,
        known: Arc<Known>,
        meters: ExplainMeters,
        questions: mpsc::Receiver<Question>,
    ) -> Self {
        let budget = Budget::new(config.share_max, config.burst, capture.busy());
        let pause = Duration::ZERO;
        Self { capture, servers, config, known, meters, budget, questions, paused: None, pause }
    }

    pub(super) async fn run(mut self, mut closing: watch::Receiver<bool>) {
        let closing_now = closing.clone();
        let mut ticks = tokio::time::interval(self.config.interval);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                () = closed(&mut closing) => return,
                Some(Question { fingerprint, answer }) = self.questions.recv() => {
                    // Whoever asked may have gone.
                    let _ = answer.send(Box::pin(self.analyze(fingerprint)).await);
                }
                _ = ticks.tick() => Box::pin(self.round(&closing_now)).await,
            }
        }
    }

    /// Asks about what is due, the statements with the most time first, while there is something to spend.
    async fn round(&mut self, closing: &watch::Receiver<bool>) {
        self.servers.close_idle();
        if self.paused.is_some_and(|until| Instant::now() < until) {
            return;
        }
        for (fingerprint, sample) in self.due() {
            if *closing.borrow() || !self.budget.allows(self.capture.busy()) {
                return;
            }
            let began = Instant::now();
            let result = self.look(fingerprint, &sample).await;
            self.spend(began.elapsed());
            self.note(fingerprint, result);
            if self.paused.is_some() {
                return;
            }
        }
    }

    fn due(&self) -> Vec<(Fingerprint, Arc<Sample>)> {
        let now = Instant::now();
        let candidates = self.capture.slowest_samples(self.config.took_min);
        let mut histories = self.known.histories();
        if histories.len() > candidates.len() * 2 {
            // Of statements that are not kept any more.
            histories.retain(|fingerprint, _| candidates.iter().any(|(one, _)| one == fingerprint));
        }
        let is_due =
            |fingerprint: &Fingerprint| histories.get(fingerprint).is_none_or(|history| now >= history.due);
        candidates.into_iter().filter(|(fingerprint, _)| is_due(fingerprint)).collect()
    }

    /// The plan of one call, and whether it is another one than before.
    async fn look(
        &mut self,
        fingerprint: Fingerprint,
        sample: &Arc<Sample>,
    ) -> Result<(Explained, Option<Change>), ExplainError> {
        let place = self.servers.place_of(sample).await?;
        let last = self.known.histories().get(&fingerprint).and_then(|history| history.last.clone());
        let (side, role) = self.servers.side(place).await?;
        let plan = side.explain(&sample.sql, &sample.values).await?;
        let shape_now = shape(&plan);
        let change = match last.filter(|last| last.shape != shape_now) {
            None => None,
            // What had the earlier plan: does it have it still?
            Some(last) => {
                let again = side.explain(&last.sample.sql, &last.sample.values).await?;
                Some(match shape(&again) == last.shape {
                    true => Change::ByValues,
                    false => Change::Flip(Flip::of(&last.plan, &again)),
                })
            }
        };
        let circumstances = self.circumstances(place, &plan, sample).await?;
        let generic = match self.config.generic && !sample.values.is_empty() {
            true => self.generic(place, sample, shape_now).await?,
            false => None,
        };
        let (sample, plan) = (Arc::clone(sample), Arc::new(plan));
        let at = Instant::now();
        Ok((Explained { sample, plan, shape: shape_now, circumstances, generic, role, at }, change))
    }

    /// What is known of the call beside its plan. It can be told without its tables' statistics too.
    async fn circumstances(
        &mut self,
        place: Place,
        plan: &Plan,
        sample: &Sample,
    ) -> Result<Circumstances, ExplainError> {
        let mut call = Call::new(sample.took.as_secs_f64() * 1e3);
        call.rows = (sample.outcome == Outcome::Done).then_some(sample.rows as f64);
        let mut known = Circumstances::new().call(call);
        let (side, _) = self.servers.side(place).await?;
        match side.tables(plan).await {
            Ok(tables) => known.tables = tables,
            Err(error) => {
                let error: &dyn std::error::Error = &error;
                tracing::debug!(error, "no statistics of a plan's tables");
                self.servers.close();
            }
        }
        Ok(known)
    }

    /// The plan for any values. Not every statement has one; the one for its values is known all the same.
    async fn generic(
        &mut self,
        place: Place,
        sample: &Sample,
        exact: u64,
    ) -> Result<Option<GenericPlan>, ExplainError> {
        let (side, _) = self.servers.side(place).await?;
        match side.ask(&sample.sql, &sample.values, Ask::Generic).await {
            Ok(plan) => Ok(Some(GenericPlan { cost: cost(&plan), differs: shape(&plan) != exact })),
            Err(error) => {
                let error: &dyn std::error::Error = &error;
                tracing::debug!(error, "no plan for any values");
                self.servers.close();
                Ok(None)
            }
        }
    }

    async fn analyze(&mut self, fingerprint: Fingerprint) -> Result<Plan, ExplainError> {
        let samples = self.capture.samples(fingerprint);
        let sample = samples.first().ok_or(ExplainError::NoSample)?;
        let began = Instant::now();
        let result = async {
            let place = self.servers.place_to_run(sample).await?;
            let (side, _) = self.servers.side(place).await?;
            side.ask(&sample.sql, &sample.values, Ask::Analyze).await
        }
        .await;
        if result.as_ref().is_err_and(|error| !matches!(error, ExplainError::Skipped(_))) {
            self.servers.close();
        }
        self.known.status().spent += began.elapsed();
        result
    }

    fn spend(&mut self, took: Duration) {
        self.budget.spend(took);
        self.meters.seconds.record(took);
        self.known.status().spent += took;
    }

    fn note(&mut self, fingerprint: Fingerprint, result: Result<(Explained, Option<Change>), ExplainError>) {
        let now = Instant::now();
        let mut histories = self.known.histories();
        let history = histories.entry(fingerprint).or_insert_with(|| History::new(now));
        let mut status = self.known.status();
        match result {
            Ok((explained, change)) => {
                history.answered(explained, change, &self.config);
                self.meters.planned.increment(1);
                status.planned += 1;
                status.paused = false;
                (self.paused, self.pause) = (None, Duration::ZERO);
            }
            Err(ExplainError::Skipped(why)) => {
                history.skip(why, now, &self.config);
                self.meters.skip(why);
                *status.skipped.entry(why).or_default() += 1;
            }
            Err(error) => {
                history.failed(now, &self.config);
                status.failed += 1;
                status.problem = Some(error.to_string());
                let counter = match &error {
                    error if error.is_of_server() => &self.meters.unreachable,
                    error if error.is_timeout() => &self.meters.timed_out,
                    _ => &self.meters.refused,
                };
                counter.increment(1);
                if error.is_of_server() {
                    self.pause = longer(self.pause, FIRST_PAUSE, self.config.again);
                    self.paused = Some(now + self.pause);
                    status.paused = true;
                    self.servers.close();
                }
            }
        }
    }
}

/// Until somebody wants it to end, or nobody is left who could.
async fn closed(closing: &mut watch::Receiver<bool>) {
    let _ = closing.wait_for(|closing| *closing).await.map(drop);
}
