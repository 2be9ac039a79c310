//! A connect that fails for a reason that waiting does not mend is told to callers at once, and tried again without them.
#![expect(clippy::unwrap_used, reason = "a test stops where something is not as it must be")]

use async_trait::async_trait;
use forebay_pool::{
    Connect, ConnectFailure, ConnectPlain, ConnectReason, Connected, Pool, PoolConfig, PoolError,
    SessionsStatus, Tap, Target,
};
use forebay_tests::{TestDatabase, eventually};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{io::AsyncWriteExt as _, net::TcpListener, time::Instant};

/// Leads elsewhere when it is told to.
#[derive(Clone, Default)]
struct Switch(Arc<Mutex<Option<Target>>>);

impl Switch {
    fn lead(&self, url: Option<&str>) {
        *self.0.lock().unwrap() = url.map(|url| url.parse().unwrap());
    }
}

#[async_trait]
impl Connect for Switch {
    async fn connect(&self, target: &Target, tap: &Tap) -> Result<Connected, ConnectFailure> {
        let elsewhere = self.0.lock().unwrap().clone();
        ConnectPlain.connect(elsewhere.as_ref().unwrap_or(target), tap).await
    }
}

/// A test that waited for it would be noticed.
const LONG: Duration = Duration::from_secs(3600);

async fn pool(database: &TestDatabase, switch: &Switch) -> Pool {
    let config = PoolConfig {
        acquire_timeout: LONG,
        idle_sessions_min: 0,
        // The session that was opened first ends soon.
        idle_timeout: Duration::from_millis(1),
        probe_interval: Duration::from_millis(20),
        ..PoolConfig::from_url(&database.primary_url()).unwrap()
    };
    Pool::builder(config).connect(switch.clone()).build().await.unwrap()
}

fn sum(pool: &Pool, of: impl Fn(&SessionsStatus) -> usize) -> usize {
    pool.status().servers[0].sessions.iter().map(of).sum()
}

/// Says that it is PostgreSQL 12, to everybody.
async fn old_server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("postgres://app@{}/shop?sslmode=disable", listener.local_addr().unwrap());
    let mut greeting = vec![b'R', 0, 0, 0, 8, 0, 0, 0, 0];
    let status = b"server_version\x0012.3\0";
    greeting.push(b'S');
    greeting.extend((status.len() as u32 + 4).to_be_bytes());
    greeting.extend(status);
    greeting.extend([b'K', 0, 0, 0, 12, 0, 0, 0, 1, 0, 0, 0, 2, b'Z', 0, 0, 0, 5, b'I']);
    tokio::spawn(async move {
        let mut open = Vec::new();
        while let Ok((mut socket, _)) = listener.accept().await {
            socket.write_all(&greeting).await.unwrap();
            open.push(socket);
        }
    });
    url
}

/// Both kinds of guards hear of `reason`, long before their timeout; later callers as well, and without a connect of
/// their own. When it is mended they hear nothing more.
async fn told(database: &TestDatabase, url: &str, reason: ConnectReason) {
    let switch = Switch::default();
    let pool = pool(database, &switch).await;
    let (all, idle) = (|| sum(&pool, |kind| kind.all), || sum(&pool, |kind| kind.idle));
    switch.lead(Some(url));
    eventually("the first sessions are gone", async || all() == 0).await;
    let began = Instant::now();
    for _ in 0..3 {
        for error in [pool.write().await.unwrap_err(), pool.read().await.unwrap_err()] {
            assert!(matches!(error, PoolError::Connect { .. }), "{error:?}");
            assert_eq!(error.connect_reason(), Some(reason));
            assert!(!error.is_transient());
        }
    }
    assert!(began.elapsed() < LONG, "they were told, and did not time out");
    switch.lead(None);
    eventually("the background opens a session without being asked", async || idle() > 0).await;
    eventually("callers are served again", async || pool.write().await.is_ok() && pool.read().await.is_ok())
        .await;
    assert!(pool.shutdown(Duration::from_secs(10)).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_that_is_refused() {
    let database = forebay_tests::shared().await.database("told_password").await;
    let url = database.primary_url();
    let (user, place) = url.split_once('@').unwrap();
    let (scheme_and_user, _) = user.rsplit_once(':').unwrap();
    told(&database, &format!("{scheme_and_user}:wrong@{place}"), ConnectReason::Login).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_not_there() {
    let database = forebay_tests::shared().await.database("told_database").await;
    let url = database.primary_url().replace(database.name(), "no_such_database");
    told(&database, &url, ConnectReason::Database).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_too_old() {
    let database = forebay_tests::shared().await.database("told_version").await;
    told(&database, &old_server().await, ConnectReason::OldServer { major: 12 }).await;
}

#[cfg(feature = "rustls")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_that_does_not_fit() {
    use forebay_pool::rustls023::ConnectRustls;
    use forebay_tests::{Postgres, PostgresSpec};

    struct Encrypted(Switch, ConnectRustls);

    #[async_trait]
    impl Connect for Encrypted {
        async fn connect(&self, target: &Target, tap: &Tap) -> Result<Connected, ConnectFailure> {
            let elsewhere = self.0.0.lock().unwrap().clone();
            self.1.connect(elsewhere.as_ref().unwrap_or(target), tap).await
        }
    }

    let server = Postgres::start(PostgresSpec::default().tls()).await.unwrap();
    let switch = Switch::default();
    let config = PoolConfig {
        acquire_timeout: LONG,
        idle_sessions_min: 0,
        idle_timeout: Duration::from_millis(1),
        ..PoolConfig::from_url(&server.primary_url()).unwrap()
    };
    let pool = Pool::builder(config)
        .connect(Encrypted(switch.clone(), ConnectRustls::default()))
        .build()
        .await
        .unwrap();
    let root = server.certificates().authority.display();
    let other = server.primary_url().replace("127.0.0.1", "db.example");
    switch.lead(Some(&format!("{other}?hostaddr=127.0.0.1&sslmode=verify-full&sslrootcert={root}")));
    eventually("the first sessions are gone", async || {
        pool.status().servers[0].sessions.iter().all(|kind| kind.all == 0)
    })
    .await;
    for _ in 0..2 {
        let error = pool.write().await.unwrap_err();
        assert_eq!(error.connect_reason(), Some(ConnectReason::WrongHost), "{error:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_can_still_be_served_waits() {
    let database = forebay_tests::shared().await.database("told_not").await;
    let switch = Switch::default();
    let pool = pool(&database, &switch).await;
    let held = pool.write().await.unwrap();
    switch.lead(Some(&database.primary_url().replace(database.name(), "no_such_database")));
    let waits = tokio::spawn({
        let pool = pool.clone();
        async move { pool.write().await.map(drop) }
    });
    eventually("somebody waits", async || {
        let status = pool.status();
        let writes = status.servers[0].sessions.iter().find(|kind| kind.kind == "write").unwrap();
        writes.waiting == 1
    })
    .await;
    drop(held);
    waits.await.unwrap().unwrap();
}
