use super::{
    BalancerConfig, Member, MemberStatus, Terms,
    choice::{Chance, Drawn, Draws},
    judge::Judge,
    latency::ticks,
    measure::{self, Measure},
    member::State,
};
use crate::{
    Error,
    clock::{Clock, nanos},
    sync::{AtomicU32, AtomicU64, Mutex},
};
use forebay_metrics::Meter;
use metrics::Counter;
use std::{
    fmt,
    sync::{Arc, TryLockError, atomic::Ordering},
};

/// Chooses which of several servers gets the next call, by what became of the calls before. Cloning is one
/// reference count; all clones are one balancer.
///
/// Of two candidates drawn at random the one with the lower cost is chosen, where
/// `cost = (in_flight / weight + 1) × (latency + error share × error cost) × times + plus`; see
/// [`Terms`] for what the caller adds, such as [another zone](Terms::far). Who stands out among its peers draws less and less, then nothing for a while,
/// then more and more; see [`BalancerConfig`].
///
/// No method waits, but for [`status`](Self::status). It works in and outside of a tokio runtime; its clock is
/// tokio's, so tests can pause it.
///
/// Source: M. Mitzenmacher, "The Power of Two Choices in Randomized Load Balancing", IEEE TPDS 2001.
#[derive(Clone)]
pub struct Balancer(Arc<Inner>);

pub(super) struct Inner {
    pub(super) clock: Clock,
    pub(super) config: BalancerConfig,
    pub(super) members: Box<[State]>,
    pub(super) latency_decay_ticks: f32,
    /// What is assumed of a member of which nothing is known: nanoseconds as a float, 0 until any member answered.
    typical_ns: AtomicU32,
    /// When members are compared next, in nanoseconds of `clock`.
    judge_at: AtomicU64,
    pub(super) judge: Mutex<Judge>,
    panics: Counter,
}

impl Balancer {
    /// The largest number of members: a pick looks at each.
    pub const MEMBERS_MAX: usize = 256;

    /// A balancer over members of these names that measures nothing. Their places in the list are what
    /// [`pick`](Self::pick) speaks of; another list is another balancer.
    ///
    /// # Errors
    /// [`Error::BalancerSetting`] when a setting is out of its range, [`Error::TooManyMembers`].
    pub fn new<N: AsRef<str>>(
        config: BalancerConfig,
        members: impl IntoIterator<Item = N>,
    ) -> Result<Self, Error> {
        Self::measured(config, members, "", &Meter::disabled())
    }

    /// A balancer that reports its members' shares, latencies and ejections under `name`; see
    /// [`METRICS`](crate::METRICS).
    ///
    /// # Errors
    /// [`Error::BalancerSetting`] when a setting is out of its range, [`Error::TooManyMembers`].
    pub fn measured<N: AsRef<str>>(
        config: BalancerConfig,
        members: impl IntoIterator<Item = N>,
        name: &str,
        meter: &Meter,
    ) -> Result<Self, Error> {
        config.check()?;
        let panics = measure::panics(meter, name);
        let state = |member: N| State::new(member.as_ref(), Measure::new(meter, name, member.as_ref()));
        let members: Box<[State]> = members.into_iter().map(state).collect();
        if members.len() > Self::MEMBERS_MAX {
            return Err(Error::TooManyMembers { members: members.len(), most: Self::MEMBERS_MAX });
        }
        Ok(Self(Arc::new(Inner {
            clock: Clock::start(),
            latency_decay_ticks: ticks(nanos(config.latency_decay)),
            typical_ns: AtomicU32::new(0),
            judge_at: AtomicU64::new(nanos(config.judge_every)),
            judge: Mutex::new(Judge::new(members.len())),
            config,
            members,
            panics,
        })))
    }

    /// The place of the member that should get the next call, among those for which `candidate` has terms. `None`
    /// only when it has none for any. It is asked once for each member, in order.
    ///
    /// It allocates nothing and takes no lock, but for one call in each
    /// [`judge_every`](BalancerConfig::judge_every) that compares members on its way.
    #[must_use]
    pub fn pick(&self, candidate: impl FnMut(usize) -> Option<Terms>) -> Option<usize> {
        self.pick_by(rand::random(), candidate)
    }

    /// The same with chance taken from `draw`, all of whose bits should be random: for simulations that can be
    /// repeated.
    #[must_use]
    pub fn pick_by(&self, draw: u64, mut candidate: impl FnMut(usize) -> Option<Terms>) -> Option<usize> {
        let inner = &*self.0;
        let now = inner.clock.now();
        inner.judge_if_due(now);
        let mut chance = Chance(draw);
        let mut all = Draws::default();
        // Those whose share admits them this time; the same as `all` until one has less than its full share.
        let mut admitted = None;
        let (mut candidates, mut reduced) = (0, 0);
        for (index, member) in inner.members.iter().enumerate() {
            let Some(terms) = candidate(index) else { continue };
            candidates += 1;
            let drawn = chance.draw(index, terms);
            let share = member.share();
            if share < 1.0 {
                reduced += 1;
                let admitted = admitted.get_or_insert(all);
                if chance.unit() < share {
                    admitted.offer(drawn);
                }
            } else if let Some(admitted) = &mut admitted {
                admitted.offer(drawn);
            }
            all.offer(drawn);
        }
        // With candidates and no panic one of them at least is whole, because fewer than all may be ejected.
        let panics = reduced > inner.config.ejected_most(candidates);
        if panics {
            inner.panics.increment(1);
        }
        admitted.filter(|_| !panics).unwrap_or(all).cheapest(|drawn| inner.cost(drawn, now))
    }

    /// The member at this place.
    #[must_use]
    pub fn member(&self, index: usize) -> Option<Member> {
        (index < self.0.members.len()).then(|| Member { inner: Arc::clone(&self.0), index })
    }

    /// All members, in order.
    pub fn members(&self) -> impl ExactSizeIterator<Item = Member> + '_ {
        (0..self.0.members.len()).map(|index| Member { inner: Arc::clone(&self.0), index })
    }

    /// What is known of each member, in order. For people and not for each call: it waits for a comparison under
    /// way.
    #[must_use]
    pub fn status(&self) -> Vec<MemberStatus> {
        self.members().map(|member| member.status()).collect()
    }

    /// The settings it was made with.
    #[must_use]
    pub fn config(&self) -> &BalancerConfig {
        &self.0.config
    }
}

impl fmt::Debug for Balancer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Balancer").field("members", &self.0.members).finish_non_exhaustive()
    }
}

impl Inner {
    fn cost(&self, drawn: &Drawn, now: u64) -> f64 {
        let member = &self.members[drawn.index];
        let busy = f64::from(member.in_flight.load(Ordering::Relaxed)) / drawn.terms.weight + 1.0;
        let failing = member.tally.error_share() * self.config.error_cost.as_nanos() as f64;
        // While nobody has answered yet, whoever has less under way is cheaper.
        let latency = self.latency_of(member, now).max(1.0);
        (busy * (f64::from(latency) + failing)).mul_add(drawn.terms.times, drawn.terms.plus_ns)
    }

    pub(super) fn latency_of(&self, member: &State, now: u64) -> f32 {
        let typical = f32::from_bits(self.typical_ns.load(Ordering::Relaxed));
        member.latency.at(now, typical, self.latency_decay_ticks)
    }

    /// Until members are compared for the first time, the first answer of all is what is typical.
    pub(super) fn first_answer(&self, latency_ns: f32) {
        if self.typical_ns.load(Ordering::Relaxed) == 0 {
            let _ = self.typical_ns.compare_exchange(
                0,
                latency_ns.to_bits(),
                Ordering::Relaxed,
                Ordering::Relaxed,
            );
        }
    }

    fn judge_if_due(&self, now: u64) {
        if now < self.judge_at.load(Ordering::Relaxed) {
            return;
        }
        let mut judge = match self.judge.try_lock() {
            Ok(judge) => judge,
            // Nothing panics while it is held, so a poisoned lock still holds a whole judge.
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return,
        };
        // Another call may have judged meanwhile.
        if now < self.judge_at.load(Ordering::Relaxed) {
            return;
        }
        judge.judge(&self.members, now, &self.config);
        if let Some(typical) = judge.typical_latency(|index| self.latency_of(&self.members[index], now)) {
            self.typical_ns.store((typical as f32).to_bits(), Ordering::Relaxed);
        }
        for member in &self.members {
            member.measure.latency.set(f64::from(self.latency_of(member, now)) / 1e9);
        }
        self.judge_at.store(now.saturating_add(nanos(self.config.judge_every)), Ordering::Relaxed);
    }
}
