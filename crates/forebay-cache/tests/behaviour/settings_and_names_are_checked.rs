//! What makes no sense is refused when a cache or a namespace is built, with the name of the setting.

use forebay_cache::{Cache, CacheBuilder, CacheError, Namespace};
use std::time::Duration;

fn cache() -> CacheBuilder<u32, u32> {
    Cache::builder("numbers")
}

#[test]
fn settings_of_a_cache() {
    let refused = [
        ("capacity", cache().capacity(0)),
        ("capacity", cache().capacity_by_weight(0, 1, |_, _| 1)),
        ("ttl", cache().ttl(Duration::ZERO)),
        ("jitter", cache().jitter(1.5)),
        ("jitter", cache().jitter(f64::NAN)),
        ("load_max", cache().load_max(Duration::ZERO)),
        ("load_max", cache().load_max(Duration::from_secs(86_400))),
    ];
    for (expected, builder) in refused {
        match builder.build() {
            Err(CacheError::Setting { cache, setting, .. }) => {
                assert_eq!((cache.as_str(), setting), ("numbers", expected));
            }
            other => panic!("{expected}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn the_longest_durations_are_for_ever() {
    let cache = cache()
        .ttl(Duration::MAX)
        .jitter(0.5)
        .stale_if_error(Duration::MAX)
        .namespace(&Namespace::builder("shop").tombstone_keep(Duration::MAX).build().expect("valid settings"))
        .load_max(Duration::MAX)
        .build()
        .expect("valid settings");
    for key in 0..100 {
        assert_eq!(cache.get_or_load(&key, async || 1).await, 1);
        assert!(cache.peek(&key).is_some());
    }
    let plain: Cache<u32, u32> = Cache::builder("plain").ttl(Duration::MAX).build().expect("valid settings");
    plain.insert(&1, 1).await;
    assert!(plain.peek(&1).is_some());
}

#[test]
fn settings_of_a_namespace() {
    let refused = [
        ("name", Namespace::builder("")),
        ("name", Namespace::builder("a b")),
        // Its keys in a tier would be those of the namespace `a`.
        ("name", Namespace::builder("a:b")),
        ("tags_max", Namespace::builder("shop").tags_max(0)),
        ("queue_max", Namespace::builder("shop").queue_max(0)),
        ("silence_max", Namespace::builder("shop").silence_max(Duration::ZERO)),
    ];
    for (expected, builder) in refused {
        match builder.build() {
            Err(CacheError::Namespace { setting, .. }) => assert_eq!(setting, expected),
            other => panic!("{expected}: {other:?}"),
        }
    }
}

#[test]
fn a_name_is_plain_and_free() {
    for name in ["", "a:b", "a b", "ü"] {
        assert!(matches!(Cache::<u32, u32>::builder(name).build(), Err(CacheError::Name(_))), "{name:?}");
    }
    let shop = Namespace::local("shop");
    let first = cache().namespace(&shop).build().expect("the first of its name");
    assert_eq!(cache().namespace(&shop).build().err(), Some(CacheError::NameTaken("numbers".to_owned())));
    cache().namespace(&Namespace::local("other")).build().expect("another namespace");
    drop(first);
    cache().namespace(&shop).build().expect("free again");
}
