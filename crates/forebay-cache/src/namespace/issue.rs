use super::{backplane::Backplane, chain::Heard, space::Namespace};
use crate::{CacheEvent, Event, Invalidation, Mark, Stamp, Target, spans};
use std::{sync::atomic::Ordering, time::Instant};

/// How far an invalidation has got when the call returns. On this node it holds in either case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reached {
    /// It has its number: every other node hears of it, or notices that it missed something.
    Everywhere,
    /// The backplane does not answer. The invalidation is queued and goes out when it does; until then this node
    /// does not trust its remote tiers, and other nodes follow their own bound for a silent backplane.
    Here,
}

impl Namespace {
    /// Invalidates in every cache of the namespace, and on every node that shares it.
    ///
    /// Waits for the sequencer no longer than the namespace's `issue_deadline`. Cancel safe: once polled the
    /// invalidation happens, whether or not the future is polled to its end.
    pub async fn invalidate(&self, invalidation: Invalidation) -> Reached {
        self.invalidate_all([invalidation]).await
    }

    /// [`Namespace::invalidate`] for several, which all hold on this node before the first is sent: [`Reached::Here`]
    /// when one of them was queued. Cancel safe: once polled all of them happen.
    pub async fn invalidate_all(&self, invalidations: impl IntoIterator<Item = Invalidation>) -> Reached {
        let invalidations = invalidations.into_iter().map(|invalidation| {
            self.tell_of(&invalidation, None);
            invalidation.simplified()
        });
        let Some(backplane) = &self.0.backplane else {
            for invalidation in invalidations {
                self.number_locally(&invalidation);
            }
            return Reached::Everywhere;
        };
        // At once, whatever becomes of the rest.
        let unsent: Vec<_> = invalidations
            .map(|invalidation| {
                self.apply(&invalidation);
                Unsent { space: self, invalidation: Some(invalidation) }
            })
            .collect();
        let mut rest = unsent;
        while !rest.is_empty() {
            let later = rest.split_off(rest.len().min(ISSUED_AT_ONCE));
            let now = std::mem::replace(&mut rest, later);
            let began = Instant::now();
            let outcome = |events: &Option<_>| if events.is_some() { "everywhere" } else { "here" };
            let events = issue(backplane, &now);
            let events = spans::within(spans::invalidate(self.name()), events, outcome).await;
            self.0.meters.issue_seconds.record(began.elapsed());
            // Dropping them queues these and those after them.
            let Some(events) = events else { return Reached::Here };
            now.into_iter().for_each(Unsent::sent);
            events.iter().for_each(|event| self.issued(event));
        }
        Reached::Everywhere
    }

    /// Without a sequencer the chain is the process's own.
    fn number_locally(&self, invalidation: &Invalidation) {
        let mut numbered = None;
        self.apply_with(invalidation, |ledger| {
            let applied = ledger.chain.applied().expect("a namespace without a sequencer has its own chain");
            let number = applied.stamp.number + 1;
            let stamp = Stamp { number, ..applied.stamp };
            ledger.chain.replayed_to(Mark { stamp, link: number }, &[]);
            numbered = Some(stamp);
            Some(ledger.apply(invalidation, Some(number)))
        });
        if let (Target::Key(key), Some(stamp)) = (&invalidation.target, numbered) {
            self.bury(key, stamp);
        }
    }

    /// An invalidation of this node got its number. It is applied again: a load that began while the number was being
    /// fetched may have found the old value in a remote tier.
    pub(super) fn issued(&self, event: &Event) {
        self.0.meters.numbered.increment(1);
        self.hear(event, true);
        if let Target::Key(key) = &event.invalidation.target {
            self.bury(key, event.stamp);
        }
    }

    /// Applies an event, unless it is known; one of this node's own (`own`) in any case.
    pub(super) fn hear(&self, event: &Event, own: bool) {
        let heard = self.apply_event(event, own);
        if !own && heard != Heard::Known {
            self.0.meters.heard.increment(1);
            self.tell_of(&event.invalidation, Some(event.stamp));
        }
        if heard == Heard::Broken
            && let Some(backplane) = &self.0.backplane
        {
            self.0.meters.gaps.increment(1);
            self.tell(|| CacheEvent::Gap);
            backplane.broken.store(true, Ordering::Release);
            backplane.work.notify_one();
        }
    }

    /// Queues an invalidation that has no number, and distrusts what remote tiers hold until it has.
    pub(super) fn postpone(&self, invalidation: &Invalidation) {
        let Some(backplane) = &self.0.backplane else { return };
        self.0.meters.postponed.increment(1);
        let waiting = backplane.queue(invalidation.clone());
        self.0.meters.queued.set(waiting as f64);
        // After the mark was set: a load that trusted a remote tier until now began before this.
        self.apply(invalidation);
        backplane.work.notify_one();
    }
}

/// Invalidations sent to the sequencer in one call.
const ISSUED_AT_ONCE: usize = 256;

/// An invalidation on its way to the sequencer: queued when the call fails or is dropped.
struct Unsent<'a> {
    space: &'a Namespace,
    invalidation: Option<Invalidation>,
}

/// Sends some in one call.
async fn issue(backplane: &Backplane, unsent: &[Unsent<'_>]) -> Option<Vec<Event>> {
    if let [one] = unsent {
        return Some(vec![backplane.issue(one.invalidation.as_ref()?).await?]);
    }
    let invalidations: Vec<_> = unsent.iter().filter_map(|unsent| unsent.invalidation.clone()).collect();
    backplane.issue_all(&invalidations).await
}

impl Unsent<'_> {
    fn sent(mut self) {
        self.invalidation = None;
    }
}

impl Drop for Unsent<'_> {
    fn drop(&mut self) {
        if let Some(invalidation) = self.invalidation.take() {
            self.space.postpone(&invalidation);
        }
    }
}
