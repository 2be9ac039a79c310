//! All parts together, from the usual variables.

use forebay::{
    Condition, DataPath,
    cache::{Cache, LoadFailed, Tag},
    config::Environment,
    pool::PoolError,
};
use forebay_tests::{FaultProxy, TestDatabase, eventually, shared};
use std::time::Duration;

#[derive(Debug, thiserror::Error)]
enum AppError {
    #[error(transparent)]
    Database(#[from] PoolError),
    #[error(transparent)]
    Load(#[from] LoadFailed),
}

async fn node(database: &TestDatabase, namespace: &str, redis: &str) -> DataPath {
    let memcached = shared().await.memcached_addr();
    let variables = [
        ("DATABASE_URL", database.primary_url()),
        ("DATABASE_REPLICA_URLS", database.replica_urls().join(", ")),
        ("REDIS_URL", redis.to_owned()),
        ("MEMCACHED_SERVERS", memcached),
        ("FOREBAY_SERVICE_NAME", namespace.to_owned()),
        ("FOREBAY_COHERENCE_HEARTBEAT", "50ms".to_owned()),
    ];
    DataPath::builder()
        .environment(Environment::from_iter(variables))
        .build()
        .await
        .expect("all servers are there")
}

async fn value(data: &DataPath, cache: &Cache<i32, i32>, id: i32) -> Result<i32, AppError> {
    let load = async || {
        let row = data
            .pool()
            .expect("configured")
            .read()
            .await?
            .query_one("SELECT v FROM t WHERE id = $1", &[&id])
            .await?;
        Ok(row.get(0))
    };
    cache.entry(&id).tags(|| [Tag::of("t", id)]).get_or_load(load).await
}

async fn write(data: &DataPath, id: i32, v: i32) {
    let scope = forebay::scope::Scope::new();
    let work = async {
        let tx = data.pool().expect("configured").begin().await.expect("the primary");
        tx.execute("UPDATE t SET v = $2 WHERE id = $1", &[&id, &v]).await.expect("an update");
        tx.commit().await.expect("a commit");
        data.invalidate_tag(&Tag::of("t", id)).await;
    };
    scope.run(work).await;
}

async fn database(test: &str) -> (TestDatabase, String) {
    let lab = shared().await;
    let database = lab.database(test).await;
    database
        .execute("CREATE TABLE t (id int PRIMARY KEY, v int); INSERT INTO t VALUES (1, 10), (2, 20)")
        .await;
    let namespace = lab.key_prefix(test).replace(|c: char| !c.is_ascii_alphanumeric(), "-");
    (database, namespace)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_is_seen_on_the_other_node_and_the_parts_are_up() {
    let (database, namespace) = database("a path over real servers").await;
    let redis = shared().await.redis_url();
    let (a, b) = (node(&database, &namespace, &redis).await, node(&database, &namespace, &redis).await);
    let cache = |data: &DataPath| data.cache::<i32, i32>("values").shared().build().expect("a new name");
    let (on_a, on_b) = (cache(&a), cache(&b));
    a.namespace().ready().await;
    b.namespace().ready().await;
    assert_eq!(value(&a, &on_a, 1).await.unwrap(), 10);
    assert_eq!(value(&b, &on_b, 1).await.unwrap(), 10);

    write(&a, 1, 11).await;
    assert_eq!(value(&a, &on_a, 1).await.unwrap(), 11, "on the node that wrote there is no delay");
    eventually("the other node hears of it", async || value(&b, &on_b, 1).await.unwrap() == 11).await;

    eventually("all parts are up", async || {
        let health = a.health();
        let parts: Vec<_> = health.parts.iter().map(|part| part.part).collect();
        assert_eq!(parts, ["postgres", "redis", "memcached"]);
        health.ready && health.parts.iter().all(|part| part.condition == Condition::Up)
    })
    .await;
    a.shutdown().await;
    assert!(!a.health().ready);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_is_gone_makes_no_error_and_is_used_again_when_it_is_back() {
    let (database, namespace) = database("redis away").await;
    let redis = shared().await.redis_url();
    let address = redis.trim_start_matches("redis://").trim_end_matches('/').to_owned();
    let proxy = FaultProxy::start(&address).await.expect("a proxy");
    let data = node(&database, &namespace, &proxy.url_for("redis")).await;
    let cache = data.cache::<i32, i32>("values").shared().build().expect("a new name");
    data.namespace().ready().await;
    assert_eq!(value(&data, &cache, 1).await.unwrap(), 10);

    proxy.refuse();
    proxy.cut_now();
    eventually("the loss is seen", async || {
        data.health().part("redis").is_some_and(|redis| redis.condition == Condition::Degraded)
    })
    .await;
    assert!(data.health().ready, "a lost Redis is no reason to send requests elsewhere");
    write(&data, 1, 12).await;
    assert_eq!(value(&data, &cache, 1).await.unwrap(), 12, "invalidations hold on this node without Redis");
    assert_eq!(value(&data, &cache, 2).await.unwrap(), 20);

    proxy.heal();
    eventually("it is used again", async || {
        data.health().part("redis").is_some_and(|redis| redis.condition == Condition::Up)
    })
    .await;
    assert_eq!(value(&data, &cache, 1).await.unwrap(), 12);
}

#[tokio::test]
async fn a_database_that_is_away_at_the_start_is_one_sentence() {
    let variables = [("DATABASE_URL", "postgres://nobody:hunter2@127.0.0.1:1/none")];
    let error = DataPath::builder().environment(Environment::from_iter(variables)).build().await.unwrap_err();
    // What a `main` that returns the error prints.
    let sentence = format!("{error:?}");
    assert!(
        sentence.starts_with("postgres: ")
            && sentence.contains("127.0.0.1:1")
            && !sentence.contains("hunter2"),
        "{sentence}"
    );
    assert!(!sentence.contains('\n'), "{sentence}");
}

#[tokio::test]
async fn a_replica_that_is_a_primary_is_refused() {
    let (database, _) = database("replica is primary").await;
    let variables =
        [("DATABASE_URL", database.primary_url()), ("DATABASE_REPLICA_URLS", database.primary_url())];
    let error = DataPath::builder()
        .environment(Environment::from_iter(variables))
        // Bounded, so that a start that hangs fails the test.
        .build();
    let error = tokio::time::timeout(Duration::from_secs(60), error).await.expect("an answer").unwrap_err();
    assert!(format!("{:#}", anyhow::Error::from(error)).contains("replica"), "says what is wrong");
}
