//! Stored responses inherit the tags of what they were made from, and a purge reaches them wherever they are.

use crate::client::{Answer, ask, get, serve};
use axum::{Router, response::IntoResponse as _};
use forebay::{
    DataPath,
    cache::{Cache, EncryptionKey, Keyring, Tag},
    config::Environment,
    response::{ResponseCache, ResponseCacheBuilder},
};
use forebay_tests::{Postgres, PostgresSpec, Redis, eventually, shared};
use hyper::{Method, StatusCode};
use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};
use tokio::sync::Semaphore;

/// What both nodes read from.
#[derive(Debug)]
struct Source {
    version: AtomicUsize,
    fails: AtomicBool,
    /// Handlers that wait for a permit before they answer, and tell that they do.
    holds: AtomicBool,
    held: Semaphore,
    gate: Semaphore,
}

impl Source {
    fn new() -> Arc<Self> {
        let (version, fails, holds) = (AtomicUsize::new(1), AtomicBool::new(false), AtomicBool::new(false));
        Arc::new(Self { version, fails, holds, held: Semaphore::new(0), gate: Semaphore::new(0) })
    }
}

/// A process of the service.
struct Node {
    at: SocketAddr,
    data: DataPath,
    pages: ResponseCache,
    calls: Arc<AtomicUsize>,
}

impl Node {
    async fn start(namespace: &str, redis: &str, source: &Arc<Source>) -> Self {
        Self::with(namespace, redis, source, |pages| pages).await
    }

    async fn with(
        namespace: &str,
        redis: &str,
        source: &Arc<Source>,
        set: impl FnOnce(ResponseCacheBuilder) -> ResponseCacheBuilder,
    ) -> Self {
        let variables = [
            ("REDIS_URL", redis),
            ("FOREBAY_SERVICE_NAME", namespace),
            ("FOREBAY_COHERENCE_HEARTBEAT", "50ms"),
            ("FOREBAY_RESPONSE_CACHE__SHARED", "true"),
        ];
        let data = DataPath::builder().environment(Environment::from_iter(variables)).build().await;
        let data = data.expect("Redis is there");
        let values: Cache<u64, usize> = data.cache("values").build().expect("a new name");
        let pages = set(data.response_cache("pages")).build().expect("valid settings");
        let calls = Arc::new(AtomicUsize::new(0));
        let (source, counted) = (source.clone(), calls.clone());
        let handler = async move || {
            counted.fetch_add(1, Ordering::SeqCst);
            let read = async || source.version.load(Ordering::SeqCst);
            let version = values.entry(&7).tags(|| [Tag::of("user", 7)]).get_or_load(read).await;
            if source.holds.load(Ordering::SeqCst) {
                source.held.add_permits(1);
                source.gate.acquire().await.expect("open").forget();
            }
            if source.fails.load(Ordering::SeqCst) {
                return StatusCode::SERVICE_UNAVAILABLE.into_response();
            }
            let control = "max-age=600, stale-if-error=600";
            ([("cache-control", control)], format!("the-body-of-version-{version}")).into_response()
        };
        let routes = Router::new().fallback(handler).layer(data.cached_response_layer(&pages));
        data.namespace().ready().await;
        Self { at: serve(routes).await, data, pages, calls }
    }

    async fn get(&self) -> Answer {
        get(self.at, "/users/7").await
    }

    fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }
}

async fn namespace(test: &str) -> (String, String) {
    let lab = shared().await;
    let name = lab.key_prefix(test).replace(|c: char| !c.is_ascii_alphanumeric(), "-");
    (name, lab.redis_url())
}

const fn body(version: usize) -> &'static str {
    ["", "the-body-of-version-1", "the-body-of-version-2", "the-body-of-version-3"][version]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_node_serves_what_the_first_stored_and_a_purge_reaches_both() {
    let (name, redis) = namespace("responses on two nodes").await;
    let source = Source::new();
    let (a, b) = (Node::start(&name, &redis, &source).await, Node::start(&name, &redis, &source).await);
    assert_eq!(a.get().await.text, body(1));
    // On its way to Redis it may still be asked for at the second node.
    eventually("the second node has it from the first", async || {
        b.pages.cache().clear().await;
        a.get().await;
        let before = b.calls();
        b.get().await.text == body(1) && b.calls() == before
    })
    .await;
    let over_h2 = ask(b.at, Method::GET, "/users/7", true).await;
    assert!(over_h2.is_hit() && over_h2.text == body(1), "{over_h2:?}");

    source.version.store(2, Ordering::SeqCst);
    assert_eq!(a.get().await.text, body(1), "nobody said that it changed");
    a.data.invalidate_tag(&Tag::of("user", 7)).await;
    assert_eq!(a.get().await.text, body(2), "on the node that purges there is no delay");
    eventually("the other node hears of it", async || b.get().await.text == body(2)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_soft_purge_leaves_what_can_stand_in_for_an_error_on_both() {
    let (name, redis) = namespace("soft purge of responses").await;
    let source = Source::new();
    let (a, b) = (Node::start(&name, &redis, &source).await, Node::start(&name, &redis, &source).await);
    for node in [&a, &b] {
        assert_eq!(node.get().await.text, body(1));
    }
    source.version.store(2, Ordering::SeqCst);
    source.fails.store(true, Ordering::SeqCst);
    a.pages.cache().invalidator().soft().tag(&Tag::of("user", 7)).await;
    let stood_in = a.get().await;
    assert!((stood_in.status, &*stood_in.text) == (StatusCode::OK, body(1)) && !stood_in.is_hit());
    eventually("the other node asks anew, and has something to stand in", async || {
        let answer = b.get().await;
        assert_eq!((answer.status, &*answer.text), (StatusCode::OK, body(1)));
        !answer.is_hit()
    })
    .await;
    source.fails.store(false, Ordering::SeqCst);
    for node in [&a, &b] {
        assert_eq!(node.get().await.text, body(2));
    }
    // A hard one leaves nothing.
    source.fails.store(true, Ordering::SeqCst);
    a.data.invalidate_tag(&Tag::of("user", 7)).await;
    assert_eq!(a.get().await.status, StatusCode::SERVICE_UNAVAILABLE);
    eventually("nor on the other node", async || b.get().await.status == StatusCode::SERVICE_UNAVAILABLE)
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fill_that_began_before_a_purge_elsewhere_is_not_stored() {
    let (name, redis) = namespace("fill before purge").await;
    let source = Source::new();
    let (a, b) = (Node::start(&name, &redis, &source).await, Node::start(&name, &redis, &source).await);
    // Tells when the second node has heard of the purge.
    let probe: Cache<u64, usize> = b.data.cache("probe").build().expect("a new name");
    probe.entry(&1).tags(|| [Tag::of("user", 7)]).get_or_load(async || 1_usize).await;
    source.holds.store(true, Ordering::SeqCst);
    let at = b.at;
    let first = tokio::spawn(async move { get(at, "/users/7").await.text });
    source.held.acquire().await.expect("open").forget();
    source.version.store(2, Ordering::SeqCst);
    a.data.invalidate_tag(&Tag::of("user", 7)).await;
    eventually("the second node hears of the purge", async || probe.peek(&1).is_none()).await;
    source.holds.store(false, Ordering::SeqCst);
    source.gate.add_permits(1);
    assert_eq!(first.await.expect("answered"), body(1), "it is what its own client asked for");
    for node in [&b, &a] {
        assert_eq!(node.get().await.text, body(2), "and nobody else gets it");
    }
}

/// How many entries of a Redis hold these bytes. No word of it may have a blank in it.
async fn entries_with(redis: &Redis, bytes: &str) -> usize {
    let script = format!(
        "local--[[]]n=0;for--[[]]_,k--[[]]in--[[]]ipairs(redis.call('KEYS','*'))do--[[]]\
         local--[[]]v=redis.pcall('GET',k);if(type(v)=='string')and(string.find(v,'{bytes}',1,true))then--[[]]\
         n=n+1;end;end;return(n)"
    );
    let count = redis.command(&format!("EVAL \"{script}\" 0")).await.expect("Redis answers");
    count.trim().trim_start_matches(':').parse().expect("a number")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn responses_are_encrypted_where_the_cache_is() {
    let redis = Redis::start().await.expect("a Redis");
    let source = Source::new();
    let plain = Node::start("plain", &redis.url(), &source).await;
    plain.get().await;
    eventually("it is in Redis", async || entries_with(&redis, body(1)).await == 1).await;

    source.version.store(2, Ordering::SeqCst);
    let keyring = Keyring::new(EncryptionKey::new(1, &[7; 32]));
    let sealed = |pages: ResponseCacheBuilder| pages.cache(|cache| cache.encryption(&keyring));
    let a = Node::with("sealed", &redis.url(), &source, sealed).await;
    let b = Node::with("sealed", &redis.url(), &source, sealed).await;
    eventually("the second node reads what the first has sealed", async || {
        b.pages.cache().clear().await;
        a.get().await;
        let before = b.calls();
        b.get().await.text == body(2) && b.calls() == before
    })
    .await;
    assert_eq!(entries_with(&redis, body(2)).await, 0);
}

/// A fill for a purged tag reads where the write that was purged for has been replayed, also on a node that did not write.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_purge_carries_the_position_of_the_write_it_stands_for() {
    let postgres = Postgres::start(PostgresSpec::with_standbys(1)).await.expect("a primary and a standby");
    let (name, redis) = namespace("purges and positions").await;
    let start = async || {
        let (primary, standby) = (postgres.primary_url(), postgres.standby_url(0));
        let variables = [
            ("DATABASE_URL", primary.as_str()),
            ("DATABASE_REPLICA_URLS", &standby),
            ("REDIS_URL", &redis),
            ("FOREBAY_SERVICE_NAME", &name),
            ("FOREBAY_COHERENCE_HEARTBEAT", "50ms"),
        ];
        let data = DataPath::builder().environment(Environment::from_iter(variables)).build().await;
        let data = data.expect("all servers are there");
        let pages = data.response_cache("pages").build().expect("valid settings");
        let pool = data.pool().expect("configured");
        let show = {
            let pool = pool.clone();
            async move || {
                let read = pool.read().await.expect("a server");
                let row = read.query_one("SELECT v FROM t", &[]).await.expect("a row");
                ([("cache-control", "max-age=600")], row.get::<_, i32>(0).to_string())
            }
        };
        let change = async move || {
            let tx = pool.begin().await.expect("the primary");
            tx.execute("UPDATE t SET v = v + 1", &[]).await.expect("an update");
            tx.commit().await.expect("a commit");
        };
        let routes = Router::new().route("/t", axum::routing::get(show).post(change));
        let at = serve(routes.layer(data.cached_response_layer(&pages))).await;
        data.namespace().ready().await;
        (at, data)
    };
    let ((a, data_a), (b, _data_b)) = (start().await, start().await);
    let tx = data_a.pool().expect("configured").begin().await.expect("the primary");
    tx.batch_execute("CREATE TABLE t (v int); INSERT INTO t VALUES (1)").await.expect("a table");
    tx.commit().await.expect("a commit");
    postgres.caught_up(0).await.expect("the standby follows");
    for node in [a, b] {
        assert_eq!(get(node, "/t").await.text, "1");
    }
    postgres.pause_replay(0).await.expect("the standby stands still");
    assert_eq!(ask(a, Method::POST, "/t", false).await.status, StatusCode::OK);
    assert_eq!(get(a, "/t").await.text, "2", "the standby would say 1");
    // Had it filled from the standby, it would keep that.
    eventually("the other node fills anew, and not from the standby", async || {
        get(b, "/t").await.text == "2"
    })
    .await;
    postgres.resume_replay(0).await.expect("the standby goes on");
}
