//! Loads, calls of tiers and invalidations are spans that say what came of them, and hold no keys.

use crate::support::eventually;
use forebay_cache::{
    Cache, Namespace, Tag,
    testing::{Hub, Shelf},
};
use forebay_metrics::Meter;
use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};
use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
};

type Fields = BTreeMap<String, String>;

/// Keeps the fields of every span.
#[derive(Clone, Default)]
struct Spans(Arc<Mutex<BTreeMap<u64, Fields>>>, Arc<AtomicU64>);

struct Into<'a>(&'a mut Fields);

impl Visit for Into<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.to_owned());
    }
}

impl Subscriber for Spans {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_span() && metadata.name().starts_with("forebay_cache.")
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut fields = Fields::from([("span".to_owned(), span.metadata().name().to_owned())]);
        span.record(&mut Into(&mut fields));
        let id = self.1.fetch_add(1, Relaxed) + 1;
        self.0.lock().expect("nobody panics while holding it").insert(id, fields);
        Id::from_u64(id)
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        let mut spans = self.0.lock().expect("nobody panics while holding it");
        values.record(&mut Into(spans.entry(span.into_u64()).or_default()));
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, _: &Event<'_>) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

impl Spans {
    fn has(&self, wanted: &[(&str, &str)]) -> bool {
        let spans = self.0.lock().expect("nobody panics while holding it");
        let fits = |span: &Fields| wanted.iter().all(|(k, v)| span.get(*k).is_some_and(|found| found == v));
        spans.values().any(fits)
    }
}

#[tokio::test]
async fn with_their_outcome() {
    let spans = Spans::default();
    let _listening = tracing::subscriber::set_default(spans.clone());
    let (hub, shelf) = (Hub::new(), Shelf::new());
    let space = Namespace::builder("shop").sequencer(hub.node()).meter(&Meter::disabled());
    let space = space.tier(shelf.guarded()).build().expect("valid settings");
    space.ready().await;
    let words: Cache<String, String> =
        Cache::builder("words").namespace(&space).shared().build().expect("valid settings");
    let secret = "secret".to_owned();
    words.get_or_load(&secret, async || "value".to_owned()).await;
    let none: Option<String> = words.get_or_load(&"none".to_owned(), async || None).await;
    assert_eq!(none, None);
    words.invalidate_tag(&Tag::named("t")).await;
    eventually("the tier was filled", async || {
        spans.has(&[("span", "forebay_cache.tier"), ("tier", "shelf"), ("step", "put"), ("outcome", "done")])
    })
    .await;
    for wanted in [
        &[("span", "forebay_cache.load"), ("cache", "words"), ("kind", "load"), ("outcome", "value")][..],
        &[("span", "forebay_cache.load"), ("cache", "words"), ("kind", "load"), ("outcome", "absent")],
        &[("span", "forebay_cache.tier"), ("tier", "shelf"), ("step", "get"), ("outcome", "done")],
        &[("span", "forebay_cache.invalidate"), ("namespace", "shop"), ("outcome", "everywhere")],
    ] {
        assert!(spans.has(wanted), "{wanted:?}");
    }
    let all = format!("{:?}", spans.0.lock().expect("nobody panics while holding it"));
    assert!(!all.contains("secret"), "{all}");
}
