use super::{
    backplane::{Backplane, BackplaneLimits},
    chain::Chain,
    counts::Counts,
    events::News,
    follow,
    ledger::Ledger,
    metrics::SpaceMeters,
    space::{Inner, Namespace},
    tombstones::Tombstones,
};
use crate::{CacheError, GuardedTier, Mark, Sequencer, Stamp, WhenSilent, pattern::Patterns};
use forebay_metrics::Meter;
use forebay_traffic::{Breaker, BreakerConfig};
use std::{
    fmt,
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

/// Describes a namespace; made by [`Namespace::builder`].
#[derive(Debug)]
#[must_use = "a builder does nothing until `build`"]
pub struct NamespaceBuilder {
    name: String,
    sequencer: Option<Arc<dyn Sequencer>>,
    tiers: Vec<GuardedTier>,
    meter: Meter,
    tags_max: usize,
    keys_max: usize,
    patterns_max: usize,
    queue_max: usize,
    issue_deadline: Duration,
    silence_max: Duration,
    when_silent: WhenSilent,
    events_max: usize,
    tombstone_keep: Duration,
}

impl NamespaceBuilder {
    pub(super) fn new(name: String) -> Self {
        Self {
            name,
            sequencer: None,
            tiers: Vec::new(),
            meter: Meter::default(),
            tags_max: 65_536,
            keys_max: 65_536,
            patterns_max: 1024,
            queue_max: 4096,
            issue_deadline: Duration::from_millis(250),
            silence_max: Duration::from_secs(60),
            when_silent: WhenSilent::default(),
            events_max: 1024,
            tombstone_keep: Duration::from_secs(900),
        }
    }

    /// Numbers invalidations and carries them between nodes. Default: none; the namespace is this process's alone.
    pub fn sequencer(mut self, sequencer: Arc<dyn Sequencer>) -> Self {
        self.sequencer = Some(sequencer);
        self
    }

    /// Adds a remote tier below those added before; used by every cache that has a
    /// [codec](crate::CacheBuilder::codec). Default: none.
    pub fn tier(mut self, tier: GuardedTier) -> Self {
        self.tiers.push(tier);
        self
    }

    /// Where measurements go. Default: [`Meter::global`].
    pub fn meter(mut self, meter: &Meter) -> Self {
        self.meter = meter.clone();
        self
    }

    /// How many tags are remembered with their newest invalidation; beyond that, entries share what is known of them:
    /// more misses, never a stale value. Default: 65 536.
    pub fn tags_max(mut self, tags: usize) -> Self {
        self.tags_max = tags;
        self
    }

    /// How many invalidated keys are remembered, for what remote tiers and standbys may still hold of them. Default:
    /// 65 536.
    pub fn keys_max(mut self, keys: usize) -> Self {
        self.keys_max = keys;
        self
    }

    /// How many patterns are remembered that may still hit an entry; beyond that, entries that were not compared with the
    /// oldest one are taken to be hit by it: more misses, never a stale value. Default: 1024.
    pub fn patterns_max(mut self, patterns: usize) -> Self {
        self.patterns_max = patterns;
        self
    }

    /// How many invalidations wait for a sequencer that does not answer; when there are more, one of everything takes
    /// their place. Default: 4096.
    pub fn queue_max(mut self, invalidations: usize) -> Self {
        self.queue_max = invalidations;
        self
    }

    /// How long an invalidation waits for the sequencer before it is queued. Default: 250 ms.
    pub fn issue_deadline(mut self, deadline: Duration) -> Self {
        self.issue_deadline = deadline;
        self
    }

    /// How long nothing may be heard of the backplane before memory is no longer trusted; then it goes by
    /// [`when_silent`](Self::when_silent). Must be longer than the sequencer's heartbeat. The time the machine itself sleeps
    /// is not counted. Default: 60 s.
    pub fn silence_max(mut self, silence: Duration) -> Self {
        self.silence_max = silence;
        self
    }

    /// What is done with memory while the backplane is silent. Default: [`WhenSilent::Revalidate`].
    pub fn when_silent(mut self, policy: WhenSilent) -> Self {
        self.when_silent = policy;
        self
    }

    /// How many events a listener may be behind before it misses some; see [`Namespace::events`]. Default: 1024.
    pub fn events_max(mut self, events: usize) -> Self {
        self.events_max = events;
        self
    }

    /// How long a remote tier refuses fills of an invalidated key by loads that began before: longer than any load may
    /// take. Default: 15 min.
    pub fn tombstone_keep(mut self, keep: Duration) -> Self {
        self.tombstone_keep = keep;
        self
    }

    /// Checks the settings and makes the namespace. With a sequencer it starts to follow the backplane, on a task that
    /// ends with [`Namespace::shutdown`] or the last clone.
    ///
    /// # Errors
    /// A setting that makes no sense.
    ///
    /// # Panics
    /// With a sequencer, outside of a tokio runtime.
    pub fn build(self) -> Result<Namespace, CacheError> {
        let wrong =
            |setting, problem| Err(CacheError::Namespace { namespace: self.name.clone(), setting, problem });
        let odd = |c: char| c.is_control() || c.is_whitespace() || c == ':';
        if self.name.is_empty() || self.name.contains(odd) {
            return wrong("name", "must not be empty, nor hold colons, spaces or control characters");
        }
        for (setting, number) in [
            ("tags_max", self.tags_max),
            ("keys_max", self.keys_max),
            ("patterns_max", self.patterns_max),
            ("queue_max", self.queue_max),
            ("events_max", self.events_max),
        ] {
            if number == 0 {
                return wrong(setting, "must not be 0");
            }
        }
        for (setting, duration) in [
            ("issue_deadline", self.issue_deadline),
            ("silence_max", self.silence_max),
            ("tombstone_keep", self.tombstone_keep),
        ] {
            if duration.is_zero() {
                return wrong(setting, "must not be 0");
            }
        }
        if matches!(self.when_silent, WhenSilent::ServeStale(max) if max < self.silence_max) {
            return wrong("when_silent", "must not serve stale values for less than `silence_max`");
        }
        Ok(self.assemble())
    }

    /// A namespace of settings that are known to make sense.
    pub(super) fn assemble(self) -> Namespace {
        let (backplane, chain) = match self.sequencer {
            Some(sequencer) => {
                let limits = BackplaneLimits {
                    deadline: self.issue_deadline,
                    // It stands between a reader and what a tier has found, so it may take as long as a tier.
                    read_deadline: self
                        .tiers
                        .iter()
                        .map(GuardedTier::deadline)
                        .fold(self.issue_deadline, Duration::min),
                    silence_max: match self.when_silent {
                        WhenSilent::ServeStale(max) => max,
                        WhenSilent::Revalidate | WhenSilent::Bypass => self.silence_max,
                    },
                    bypass: self.when_silent == WhenSilent::Bypass,
                    queue_max: self.queue_max,
                };
                let name = format!("{}-sequencer", self.name);
                let breaker = Breaker::measured(BreakerConfig::default(), &name, &self.meter)
                    .expect("the default settings make sense");
                (Some(Backplane::new(sequencer, limits, breaker)), Chain::unjoined())
            }
            None => (None, Chain::at(first_mark())),
        };
        let patterns = Arc::new(Patterns::new(self.patterns_max));
        let news = Arc::new(News::new(self.events_max));
        for tier in &self.tiers {
            tier.tell(&news);
        }
        let space = Namespace(Arc::new(Inner {
            counts: Counts::default(),
            ledger: Mutex::new(Ledger::new(chain, self.tags_max, self.keys_max, patterns.clone())),
            patterns,
            news,
            members: Mutex::default(),
            tombstones: Tombstones::new(&self.tiers, &self.name, self.tombstone_keep, &self.meter),
            tombstone_keep: self.tombstone_keep,
            tiers: self.tiers.into(),
            meters: SpaceMeters::new(&self.meter, &self.name),
            backplane,
            name: self.name.into(),
        }));
        follow::start(&space);
        space
    }
}

/// Where the chain of a process without a sequencer begins: in an epoch later than that of any process before it, so that
/// what those left in a remote tier is a miss.
fn first_mark() -> Mark {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let epoch = u64::try_from(since.as_nanos()).unwrap_or(u64::MAX);
    Mark { stamp: Stamp { epoch, number: 0 }, link: 0 }
}

impl fmt::Debug for Namespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Namespace")
            .field("name", &self.0.name)
            .field("changes", &self.changes())
            .field("tiers", &self.0.tiers)
            .finish_non_exhaustive()
    }
}
