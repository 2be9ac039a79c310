//! What operators ask of a path: why a key is answered, and how its caches do.

use forebay::{
    DataPath,
    cache::{Answer, Cache, Mode},
    config::Environment,
};

#[tokio::test]
async fn by_the_name_of_the_cache() {
    let data = DataPath::builder().environment(Environment::empty()).build().await.expect("memory only");
    let users: Cache<u64, String> = data.cache("users").build().expect("valid settings");
    for _ in 0..3 {
        users.get_or_load(&7, async || "Ada".to_owned()).await;
    }
    let why = data.explain("users", &7_u64).await.expect("there is such a cache");
    assert_eq!(why.answer, Answer::Memory);
    assert!(data.explain("orders", &7_u64).await.is_none());

    let status = data.cache_status();
    let stats = &status.caches[0];
    assert_eq!((stats.hits, stats.misses, stats.loads), (Some(2), 1, 1));
    assert_eq!(stats.hit_ratio(), Some(2.0 / 3.0));

    assert!(data.namespace().set_mode("users", Mode::Off));
    assert_eq!(data.cache_status().caches[0].mode, Mode::Off);
}
