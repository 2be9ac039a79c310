use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::sync::Notify;

/// A call of a tier or a sequencer that a fault can hit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Step {
    /// [`Tier::get`](crate::Tier::get).
    Get,
    /// [`Tier::put`](crate::Tier::put).
    Put,
    /// [`Tier::remove`](crate::Tier::remove).
    Remove,
    /// [`Sequencer::issue`](crate::Sequencer::issue).
    Issue,
    /// [`Sequencer::missed`](crate::Sequencer::missed).
    Replay,
    /// [`Sequencer::newest`](crate::Sequencer::newest).
    Newest,
}

impl Step {
    /// Every call.
    pub const ALL: [Self; 6] = [Self::Get, Self::Put, Self::Remove, Self::Issue, Self::Replay, Self::Newest];

    /// The step as errors name it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Put => "put",
            Self::Remove => "remove",
            Self::Issue => "issue",
            Self::Replay => "replay",
            Self::Newest => "newest",
        }
    }
}

/// What goes wrong with the calls of a tier or a sequencer. Faults add up until [`heal`](Self::heal).
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use forebay_cache::{Cache, testing::{Cluster, Step}};
///
/// let cluster = Cluster::start("shop", 1).await;
/// let users: Vec<Cache<u64, String>> =
///     cluster.each(|space| Cache::builder("users").namespace(space).shared().build().expect("valid settings"));
///
/// cluster.shelf().faults().fail(Step::ALL);
/// // A tier that fails is a miss, never an error.
/// assert_eq!(users[0].get_or_load(&7, async || "Ada".to_owned()).await, "Ada");
/// assert_eq!(cluster.shelf().faults().calls(Step::Get), 1);
/// # }
/// ```
#[derive(Debug, Default)]
pub struct Faults {
    plan: Mutex<Plan>,
    /// Wakes the calls that hang.
    healed: Notify,
}

#[derive(Debug, Default)]
struct Plan {
    failing: HashSet<Step>,
    hanging: HashSet<Step>,
    delays: HashMap<Step, Duration>,
    /// So many calls fail, whatever they are.
    failing_next: u64,
    calls: HashMap<Step, u64>,
}

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
#[error("told to fail")]
struct ToldToFail;

impl Faults {
    /// These calls fail at once.
    pub fn fail(&self, steps: impl IntoIterator<Item = Step>) {
        self.plan().failing.extend(steps);
    }

    /// The next `calls` fail, whatever they are.
    pub fn fail_next(&self, calls: u64) {
        self.plan().failing_next = calls;
    }

    /// These calls get no answer: they end when they are dropped, and go on after [`heal`](Self::heal).
    pub fn black_hole(&self, steps: impl IntoIterator<Item = Step>) {
        self.plan().hanging.extend(steps);
    }

    /// These calls are answered so much later, by tokio's clock.
    pub fn delay(&self, steps: impl IntoIterator<Item = Step>, delay: Duration) {
        self.plan().delays.extend(steps.into_iter().map(|step| (step, delay)));
    }

    /// Ends every fault.
    pub fn heal(&self) {
        let mut plan = self.plan();
        *plan = Plan { calls: std::mem::take(&mut plan.calls), ..Plan::default() };
        drop(plan);
        self.healed.notify_waiters();
    }

    /// How many such calls there were, those that failed included.
    #[must_use]
    pub fn calls(&self, step: Step) -> u64 {
        self.plan().calls.get(&step).copied().unwrap_or(0)
    }

    /// What happens to a call before it is carried out. Always gives other tasks a turn, as a real call does.
    pub(super) async fn pass(&self, step: Step) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let delay = {
            let mut plan = self.plan();
            *plan.calls.entry(step).or_default() += 1;
            plan.delays.get(&step).copied()
        };
        match delay {
            Some(delay) => tokio::time::sleep(delay).await,
            None => tokio::task::yield_now().await,
        }
        loop {
            // Before the look, so that a heal in between is not missed.
            let healed = self.healed.notified();
            if !self.plan().hanging.contains(&step) {
                break;
            }
            healed.await;
        }
        let mut plan = self.plan();
        if plan.failing_next > 0 {
            plan.failing_next -= 1;
            return Err(ToldToFail.into());
        }
        if plan.failing.contains(&step) { Err(ToldToFail.into()) } else { Ok(()) }
    }

    fn plan(&self) -> MutexGuard<'_, Plan> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
