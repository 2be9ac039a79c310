//! A connector and a selector of one's own.

use forebay_pool::{
    Candidate, Connect, ConnectFailure, ConnectPlain, Connected, Pool, PoolConfig, PoolError,
    ReplicaSelector, Tap, Target,
};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

/// Counts what it opens.
struct Counting(Arc<AtomicUsize>);

#[async_trait::async_trait]
impl Connect for Counting {
    async fn connect(&self, target: &Target, tap: &Tap) -> Result<Connected, ConnectFailure> {
        self.0.fetch_add(1, Ordering::Relaxed);
        ConnectPlain.connect(target, tap).await
    }
}

/// Always the last in configured order.
struct Last;

impl ReplicaSelector for Last {
    fn select(&self, candidates: &[Candidate]) -> usize {
        assert!(candidates.len() >= 2);
        candidates.len() - 1
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn both_are_asked() {
    let database = forebay_tests::shared().await.database("seams").await;
    let config =
        PoolConfig::from_url(&database.primary_url()).unwrap().replicas(database.replica_urls()).unwrap();
    let opened = Arc::new(AtomicUsize::new(0));
    let builder = Pool::builder(config).connect(Counting(Arc::clone(&opened))).selector(Last);
    let pool = builder.build().await.unwrap();
    assert!(opened.load(Ordering::Relaxed) >= 3, "one session on each server to begin with");
    let last = pool.status().servers.last().unwrap().endpoint.clone();
    for _ in 0..20 {
        assert_eq!(pool.read().await.unwrap().endpoint(), last);
    }
}

/// Puts no tap on the wire, so that nothing is known of its sessions.
struct Blind;

#[async_trait::async_trait]
impl Connect for Blind {
    async fn connect(&self, target: &Target, _tap: &Tap) -> Result<Connected, ConnectFailure> {
        ConnectPlain.connect(target, &Tap::new()).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_session_nobody_watches_is_refused() {
    let database = forebay_tests::shared().await.database("seams_blind").await;
    let config = PoolConfig::from_url(&database.primary_url()).unwrap();
    let error = Pool::builder(config).connect(Blind).build().await.unwrap_err();
    assert!(matches!(error, PoolError::Connect { .. }), "{error:?}");
    assert!(std::error::Error::source(&error).unwrap().to_string().contains("tap"), "{error:?}");
}
