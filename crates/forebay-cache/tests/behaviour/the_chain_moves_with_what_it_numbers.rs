//! A node's place in the chain moves on together with what the invalidation does: a load that carries an invalidation's
//! number into a remote tier has not seen what it invalidated.

use crate::support::eventually;
use async_trait::async_trait;
use bytes::Bytes;
use forebay_cache::{
    Cache, Fill, GuardedTier, Heard, Namespace, Outcome, Removal, Stored, Tag, Tier, TierConfig, TierError,
    testing::{Hub, Node},
};
use forebay_metrics::Meter;
use metrics::{Counter, CounterFn, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, Waker},
};

type Hook = Box<dyn FnOnce() + Send>;

/// A recorder that calls back, once, when an invalidation was heard.
#[derive(Clone, Default)]
struct Watch(Arc<Mutex<Option<Hook>>>);

impl Watch {
    fn take(&self) -> Option<Hook> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl CounterFn for Watch {
    fn increment(&self, _: u64) {
        if let Some(hook) = self.take() {
            hook();
        }
    }
    fn absolute(&self, _: u64) {}
}

impl Recorder for Watch {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        let heard = key.name() == "forebay_cache_heard_total";
        if heard { Counter::from_arc(Arc::new(self.clone())) } else { Counter::noop() }
    }
    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }
    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}

/// A tier that answers without waiting.
#[derive(Debug, Default)]
struct Prompt(Mutex<HashMap<Bytes, Bytes>>);

impl Prompt {
    fn len(&self) -> usize {
        self.0.lock().expect("nobody panics while holding it").len()
    }
}

#[async_trait]
impl Tier for Prompt {
    fn name(&self) -> &str {
        "prompt"
    }
    async fn get(&self, keys: &[Bytes]) -> Result<Vec<Option<Stored>>, TierError> {
        let kept = self.0.lock().expect("nobody panics while holding it");
        let stored =
            |key| kept.get(key).map(|value: &Bytes| Stored { value: value.clone(), remaining: None });
        Ok(keys.iter().map(stored).collect())
    }
    async fn put(&self, fills: &[Fill]) -> Result<Vec<Outcome>, TierError> {
        let mut kept = self.0.lock().expect("nobody panics while holding it");
        kept.extend(fills.iter().map(|fill| (fill.key.clone(), fill.value.clone())));
        Ok(vec![Outcome::Stored; fills.len()])
    }
    async fn remove(&self, _: &[Removal]) -> Result<(), TierError> {
        Ok(())
    }
}

struct Member {
    link: Arc<Node>,
    names: Cache<u32, String>,
    pages: Cache<u32, String>,
}

async fn member(hub: &Arc<Hub>, tier: &Arc<Prompt>, meter: &Meter) -> Member {
    let link = hub.node();
    let tier =
        GuardedTier::new(tier.clone(), &TierConfig::default(), &Meter::disabled()).expect("valid settings");
    let builder = Namespace::builder("shop").sequencer(link.clone()).tier(tier).meter(meter);
    let space = builder.build().expect("valid settings");
    space.ready().await;
    let disabled = Meter::disabled();
    let names = Cache::builder("names").namespace(&space).meter(&disabled).build().expect("valid settings");
    let pages = Cache::builder("pages").namespace(&space).meter(&disabled).shared().build();
    Member { link, names, pages: pages.expect("valid settings") }
}

#[tokio::test]
async fn a_load_that_begins_while_an_invalidation_is_applied_does_not_carry_its_number_past_it() {
    let (hub, tier, watch) = (Hub::by_hand(), Arc::<Prompt>::default(), Watch::default());
    let a = member(&hub, &tier, &Meter::disabled()).await;
    let b = member(&hub, &tier, &Meter::new(watch.clone())).await;
    b.names.entry(&1).tags(|| [Tag::named("name")]).insert("old".to_owned()).await;
    a.names.invalidate_tag(&Tag::named("name")).await;
    assert!(b.link.lose(0));

    let (names, pages) = (b.names.clone(), b.pages.clone());
    *watch.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(move || {
        let name = async || {
            names.entry(&1).tags(|| [Tag::named("name")]).get_or_load(async || "new".to_owned()).await
        };
        let mut load = Box::pin(pages.get_or_load(&1, async || format!("page of {}", name().await)));
        let loaded = load.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(matches!(loaded, Poll::Ready(_)), "nothing here waits");
    }));
    b.link.hear(Heard::Interrupted);
    eventually("the page is in the tier", async || tier.len() == 1).await;

    let late = member(&hub, &tier, &Meter::disabled()).await;
    let found = late.pages.get(&1).await;
    assert_eq!(found.as_deref(), Some(&"page of new".to_owned()));
}
