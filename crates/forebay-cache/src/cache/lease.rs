use super::{inner::Inner, loading::Loading};
use crate::{
    CacheKey, GuardedTier, LeaseAsk, LeaseState, LeaseToken, LoadFailed, LoadLease, Stored, StoredAs,
    clock::Moment, memory::Verdict, tasks::Tasks,
};
use bytes::Bytes;
use forebay_scope::Scope;
use std::{future::Future, pin::Pin, sync::Arc, time::Duration};
use tokio::{
    runtime::Handle,
    time::{Instant, sleep},
};

/// What became of a look into the remote tiers by one that would load.
pub(super) enum Looked<'a, K, V> {
    /// There is a value.
    Found(Arc<V>),
    /// It has to load.
    Load(Loading<'a, K, V>),
    /// Another node, which it waited for, could not.
    Failed(Loading<'a, K, V>, LoadFailed),
    /// Another node loads, and it was not to wait.
    Elsewhere,
}

/// One load's dealings with the tier that leases.
pub(super) struct Leasing {
    depth: usize,
    pub(super) ask: LeaseAsk,
    /// The last answer; `None` when there was none.
    pub(super) state: Option<LeaseState>,
}

impl Leasing {
    /// Asks `tier`, the one at `depth`, for what it holds, and in passing for the lease if that is its task.
    pub(super) async fn get(
        asked: &mut Option<&mut Self>,
        depth: usize,
        tier: &GuardedTier,
        key: &Bytes,
    ) -> Option<Stored> {
        match asked {
            Some(leasing) if leasing.depth == depth => {
                let answer = tier.get_or_lease(key, &leasing.ask).await;
                let (state, stored) = answer.map(|answer| (answer.state, answer.stored)).unzip();
                leasing.state = state;
                stored.flatten()
            }
            _ => tier.get(key).await,
        }
    }
}

/// How one cache leases keys.
pub(super) struct Leases {
    config: LoadLease,
    /// Leases on their way back.
    releases: Tasks,
}

impl Leases {
    /// Leases on their way back at once; beyond that one ends by itself.
    const RELEASES_MAX: usize = 1024;

    pub(super) fn new(config: LoadLease) -> Arc<Self> {
        Arc::new(Self { config, releases: Tasks::new(Self::RELEASES_MAX) })
    }

    /// Gives back what is on its way, and no more.
    pub(super) async fn shutdown(&self) {
        self.releases.shutdown().await;
    }
}

/// A lease that is held; given back when it is dropped.
pub(super) struct HeldLease(Box<Held>);

struct Held {
    leases: Arc<Leases>,
    tier: GuardedTier,
    key: Bytes,
    token: LeaseToken,
    failure: Option<String>,
}

impl HeldLease {
    /// Has those who wait on other nodes hear that the load failed, and why.
    pub(super) fn fail(&mut self, why: &LoadFailed) {
        self.0.failure = Some(match why {
            LoadFailed::Leader(why) => why.to_string(),
            other => other.to_string(),
        });
    }

    /// Runs a load, and renews the lease as long as it runs.
    pub(super) async fn during<F: Future>(&self, load: Pin<&mut F>) -> F::Output {
        let Held { leases, tier, key, token, .. } = &*self.0;
        let hold = leases.config.hold;
        let renewing = async {
            loop {
                sleep(hold / 3).await;
                tier.renew(key, *token, hold).await;
            }
        };
        tokio::select! {
            biased;
            loaded = load => loaded,
            () = renewing => unreachable!("it renews for ever"),
        }
    }
}

impl Drop for HeldLease {
    fn drop(&mut self) {
        let failure = match self.0.failure.take() {
            None if std::thread::panicking() => Some(LoadFailed::Panicked.to_string()),
            failure => failure,
        };
        let (tier, key, token) = (self.0.tier.clone(), self.0.key.clone(), self.0.token);
        let keep = self.0.leases.config.failure_keep();
        let release = async move {
            tier.release(&key, token, failure.as_deref().map(|why| (why, keep))).await;
        };
        // Where that is not possible any more it ends by itself.
        if Handle::try_current().is_ok() {
            self.0.leases.releases.spawn(release);
        }
    }
}

impl<'a, K: CacheKey, V: Send + Sync + 'static> Loading<'a, K, V> {
    /// [`Loading::remote`] for one that loads if it has to: agrees with other nodes who does, if the cache is to.
    /// A fresh value that was loaded before `born_after` is none. With `wait` unset it leaves alone what another node loads.
    pub(super) async fn remote_or_lease(self, wait: bool, born_after: Moment) -> Looked<'a, K, V> {
        match self.agreement() {
            Some((leases, depth)) => Box::pin(self.agree(leases, depth, wait, born_after)).await,
            None => self.remote_after(born_after).await.map_or_else(Looked::Load, Looked::Found),
        }
    }

    /// How its cache leases keys, if it does, and which of the tiers has the leases.
    fn agreement(&self) -> Option<(&'a Arc<Leases>, usize)> {
        let used = self.places.look_in_tiers && self.places.keep_in_tiers;
        self.inner.lease_tier().filter(|_| used)
    }

    async fn agree(
        mut self,
        leases: &'a Arc<Leases>,
        depth: usize,
        wait: bool,
        born_after: Moment,
    ) -> Looked<'a, K, V> {
        let (inner, config) = (self.inner, &leases.config);
        let promote = self.places.keep_all();
        let stale_within = inner.freshness.stale_while_revalidate.max(inner.freshness.stale_if_error);
        let (token, hold) = (LeaseToken::random(), config.hold);
        let ask = LeaseAsk { token, hold, stale_within, always: false, waited_for: None };
        let mut leasing = Leasing { depth, ask, state: None };
        let left = Scope::with_current(Scope::remaining).flatten().unwrap_or(Duration::MAX);
        // None is so far away that it never comes.
        let until = Instant::now().checked_add(config.wait_max.min(inner.load_max / 2).min(left));
        let mut pause = config.poll_min;
        loop {
            leasing.state = None;
            let found =
                inner.find_remote(self.key, &self.full_key, &self.start, promote, Some(&mut leasing)).await;
            let state = leasing.state.take();
            if state == Some(LeaseState::Granted) {
                let (tier, key) = (inner.namespace.tiers()[depth].clone(), inner.tier_key(&self.full_key));
                let held = Held { leases: leases.clone(), tier, key, token, failure: None };
                self.lease = Some(HeldLease(Box::new(held)));
            }
            let stale = found.as_ref().filter(|found| found.verdict == Verdict::Refresh);
            let stale = stale.map(|found| (found.value.clone(), found.life.clone()));
            self = match self.found_after(found, born_after) {
                Ok(value) => {
                    inner.meters.lease_waited.increment(u64::from(leasing.ask.waited_for.is_some()));
                    return Looked::Found(value);
                }
                Err(loading) => loading,
            };
            match state {
                Some(LeaseState::NotNeeded) if !leasing.ask.always => {
                    // It is of no use all the same: it was invalidated, or is not understood.
                    leasing.ask.always = true;
                    continue;
                }
                None | Some(LeaseState::Unavailable | LeaseState::NotNeeded) => return Looked::Load(self),
                Some(LeaseState::Granted) => {
                    inner.meters.lease_granted.increment(1);
                    return Looked::Load(self);
                }
                Some(LeaseState::Failed(why)) => {
                    inner.meters.lease_failed.increment(1);
                    return Looked::Failed(self, LoadFailed::Leader(why));
                }
                Some(LeaseState::Held(holder)) => leasing.ask.waited_for = Some(holder),
            }
            if let Some((value, life)) = stale {
                inner.meters.lease_stale.increment(1);
                return Looked::Found(self.stale(value, life));
            }
            if !wait {
                return Looked::Elsewhere;
            }
            if until.is_some_and(|until| Instant::now() >= until) {
                inner.meters.lease_gave_up.increment(1);
                return Looked::Load(self);
            }
            sleep(pause.mul_f64(rand::random_range(0.5..1.0))).await;
            pause = pause.saturating_mul(2).min(config.poll_max);
        }
    }
}

impl<K: CacheKey, V: Send + Sync + 'static> Inner<K, V> {
    /// What a call gets of a remote tier or of another node's load; the load goes on where that is nothing.
    pub(super) async fn loaded_elsewhere<'a, R: StoredAs<V>>(
        &self,
        key: &K,
        loading: Loading<'a, K, V>,
    ) -> Result<Loading<'a, K, V>, R> {
        if loading.agreement().is_none() {
            return match loading.remote().await {
                Ok(value) => Err(R::from_hit(value)),
                Err(loading) => Ok(loading),
            };
        }
        // Boxed, so that callers of caches that do not lease carry no room for it.
        Box::pin(self.agreed(key, loading)).await
    }

    async fn agreed<'a, R: StoredAs<V>>(
        &self,
        key: &K,
        loading: Loading<'a, K, V>,
    ) -> Result<Loading<'a, K, V>, R> {
        match loading.remote_or_lease(true, 0).await {
            Looked::Found(value) => Err(R::from_hit(value)),
            Looked::Load(loading) => Ok(loading),
            Looked::Failed(loading, failed) => match self.instead(key, failed.clone()) {
                Some(result) => {
                    loading.failed_elsewhere(failed);
                    Err(result)
                }
                None => Ok(loading),
            },
            Looked::Elsewhere => unreachable!("it was to wait"),
        }
    }

    /// How this cache leases keys, and which of the namespace's tiers has the leases.
    fn lease_tier(&self) -> Option<(&Arc<Leases>, usize)> {
        let leases = self.lease.as_ref().filter(|_| self.remote.is_some() && self.mode.is_on())?;
        let depth = self.namespace.tiers().iter().position(GuardedTier::leases)?;
        Some((leases, depth))
    }
}
