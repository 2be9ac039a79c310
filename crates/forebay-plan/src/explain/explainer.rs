//! The handle.

use super::{
    ExplainConfig, ExplainError, ExplainerStatus, PlanReport, Skipped,
    attendant::{Attendant, Question},
    history::History,
    meters::ExplainMeters,
    servers::Servers,
};
use crate::{observe::Capture, plan::Plan, setting::SettingError};
use foldhash::fast::RandomState;
use forebay_metrics::Meter;
use forebay_pool::Target;
use forebay_sql::Fingerprint;
use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::JoinHandle,
};

/// Asks the planner about the slow calls of a [`Capture`], each with its own values, on one connection beside the pool. Cloning is one
/// reference count; when the last clone is dropped, asking ends.
///
/// Every question is `EXPLAIN` without running anything, in a read-only transaction that is rolled back, within small limits of time
/// for itself and for locks, within a share of the load. See [`ExplainConfig`] for all bounds.
///
/// ```no_run
/// use forebay_plan::{Capture, CaptureConfig, ExplainConfig, Explainer};
/// use forebay_pool::{ObservedValues, Pool, PoolConfig};
/// use std::sync::Arc;
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let capture = Capture::new(CaptureConfig::default())?;
/// let mut config = PoolConfig::from_url("postgres://app@db-1/shop")?;
/// config.observed_values = ObservedValues::Shown;
/// let pool = Pool::builder(config).observer(Arc::new(capture.clone())).build().await?;
/// let explainer = Explainer::builder(&capture, "postgres://app@db-1/shop".parse()?).start()?;
/// // … and after a while:
/// for statement in capture.statements() {
///     if let Some(report) = explainer.plan(statement.fingerprint) {
///         println!("{}: {:?}", statement.statement, report.findings);
///     }
/// }
/// explainer.shutdown().await;
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct Explainer(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    known: Arc<Known>,
    questions: mpsc::Sender<Question>,
    closing: watch::Sender<bool>,
    /// Taken by the first `shutdown`.
    attendant: Mutex<Option<JoinHandle<()>>>,
}

/// What the attendant finds out, for everybody to read.
#[derive(Debug, Default)]
pub(super) struct Known {
    pub(super) histories: Mutex<HashMap<Fingerprint, History, RandomState>>,
    pub(super) status: Mutex<ExplainerStatus>,
}

/// Questions of people that may wait for their turn.
const QUESTIONS_MAX: usize = 8;

/// Describes an [`Explainer`].
#[must_use = "a builder does nothing until `start`"]
pub struct ExplainerBuilder {
    capture: Capture,
    primary: Target,
    replica: Option<Target>,
    config: ExplainConfig,
    meter: Meter,
}

impl ExplainerBuilder {
    /// A replica, which is asked instead about all that only reads, while it can be reached. Default: none.
    pub fn replica(mut self, replica: Target) -> Self {
        self.replica = Some(replica);
        self
    }

    /// How much may be asked; whether it is `enabled` is not looked at. Default: [`ExplainConfig::default`].
    pub fn config(mut self, config: ExplainConfig) -> Self {
        self.config = config;
        self
    }

    /// Where measurements go. Default: the process-wide recorder.
    pub fn meter(mut self, meter: Meter) -> Self {
        self.meter = meter;
        self
    }

    /// Starts asking. Nothing is connected before there is something to ask.
    ///
    /// # Errors
    /// The first setting that cannot be.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn start(self) -> Result<Explainer, SettingError> {
        self.config.check()?;
        let known = Arc::new(Known::default());
        let (questions, asked) = mpsc::channel(QUESTIONS_MAX);
        let closing = watch::Sender::new(false);
        let named = |mut target: Target| {
            target.config.application_name("forebay-explain");
            target
        };
        let servers = Servers::new(named(self.primary), self.replica.map(named), self.config.clone());
        let meters = ExplainMeters::new(&self.meter);
        let attendant = Attendant::new(self.capture, servers, self.config, Arc::clone(&known), meters, asked);
        let attendant = tokio::spawn(attendant.run(closing.subscribe()));
        Ok(Explainer(Arc::new(Inner { known, questions, closing, attendant: Mutex::new(Some(attendant)) })))
    }
}

impl Explainer {
    /// One for what `capture` keeps, on the primary that its pool has.
    pub fn builder(capture: &Capture, primary: Target) -> ExplainerBuilder {
        let (capture, config, meter) = (capture.clone(), ExplainConfig::default(), Meter::default());
        ExplainerBuilder { capture, primary, replica: None, config, meter }
    }

    /// The last plan of a statement, and what is wrong in it. `None` before the planner was asked.
    #[must_use]
    pub fn plan(&self, fingerprint: Fingerprint) -> Option<PlanReport> {
        let history = self.0.known.histories().get(&fingerprint).cloned()?;
        PlanReport::of(&history)
    }

    /// Why the planner is not asked about a statement, if that is so.
    #[must_use]
    pub fn skipped(&self, fingerprint: Fingerprint) -> Option<Skipped> {
        PlanReport::skipped(self.0.known.histories().get(&fingerprint)?)
    }

    /// Runs the slowest call that is kept of a statement once more (`EXPLAIN ANALYZE`), and returns the plan with what it took. Only
    /// what the catalogue proves to only read is run, in a read-only transaction, within
    /// [`analyze_timeout`](ExplainConfig::analyze_timeout). It is run because somebody asked: no budget keeps it back.
    ///
    /// # Errors
    /// Why it is not run, or what the server said.
    ///
    /// # Cancellation
    /// Dropping the future does not stop what the server has begun.
    pub async fn analyze(&self, fingerprint: Fingerprint) -> Result<Plan, ExplainError> {
        let (answer, answered) = oneshot::channel();
        let question = Question { fingerprint, answer };
        self.0.questions.try_send(question).map_err(|_| ExplainError::Closed)?;
        answered.await.map_err(|_| ExplainError::Closed)?
    }

    /// What was asked, and what it cost.
    #[must_use]
    pub fn status(&self) -> ExplainerStatus {
        self.0.known.status().clone()
    }

    /// Ends asking, and waits for the question under way, which the server ends within its limit. What is known stays readable.
    pub async fn shutdown(&self) {
        self.0.closing.send_replace(true);
        let attendant = self.0.attendant.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(attendant) = attendant {
            // It can only have panicked, which was told already.
            let _ = attendant.await;
        }
    }
}

impl Known {
    pub(super) fn histories(&self) -> MutexGuard<'_, HashMap<Fingerprint, History, RandomState>> {
        // Each update is complete before anything that could panic.
        self.histories.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn status(&self) -> MutexGuard<'_, ExplainerStatus> {
        self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Some(attendant) = self.attendant.get_mut().unwrap_or_else(PoisonError::into_inner).take() {
            attendant.abort();
        }
    }
}

impl fmt::Debug for ExplainerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExplainerBuilder").field("config", &self.config).finish_non_exhaustive()
    }
}
