//! Credentials from a hook: a password that is changed while the pool is in use is noticed by nobody.

use forebay_pool::{ConnectFailure, ConnectReason, Credentials, Login, Pool, PoolConfig, Wanted};
use forebay_tests::{TestDatabase, eventually};
use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

/// A secret store.
#[derive(Default)]
struct Store {
    secret: Mutex<Option<String>>,
    asked: AtomicUsize,
    asked_after_refusal: AtomicUsize,
}

struct FromStore(Arc<Store>);

#[async_trait::async_trait]
impl Credentials for FromStore {
    async fn login(&self, wanted: &Wanted<'_>) -> Result<Login, ConnectFailure> {
        self.0.asked.fetch_add(1, Ordering::SeqCst);
        self.0.asked_after_refusal.fetch_add(usize::from(wanted.refused), Ordering::SeqCst);
        assert!(wanted.endpoint.contains(':') && wanted.target.get_user().is_some());
        let secret = self.0.secret.lock().expect("no test panics with it").clone();
        Ok(Login::new(secret.ok_or("the store is sealed")?))
    }
}

impl Store {
    fn keep(&self, secret: &str) {
        *self.secret.lock().expect("no test panics with it") = Some(secret.to_owned());
    }
}

/// A role of its own, and the address with its name and no password.
async fn role(database: &TestDatabase, password: &str) -> (String, String) {
    let role = format!("{}_r", database.name());
    let statements = format!(
        "CREATE ROLE {role} LOGIN PASSWORD '{password}' CONNECTION LIMIT 50; \
         GRANT pg_monitor TO {role}; CREATE TABLE t (id int); GRANT ALL ON t TO {role}"
    );
    database.execute(&statements).await;
    let url = database.primary_url();
    let place = url.split_once('@').expect("the lab's address has a user").1;
    (role.clone(), format!("postgres://{role}@{place}"))
}

async fn drop_role(database: &TestDatabase, role: &str, pool: &Pool) {
    assert!(pool.shutdown(Duration::from_secs(10)).await);
    database.execute(&format!("DROP OWNED BY {role}; DROP ROLE {role}")).await;
}

/// Several sessions at once, so that new ones are opened.
async fn use_many(pool: &Pool, sessions: usize) {
    let mut writers = Vec::new();
    for _ in 0..sessions {
        writers.push(pool.write().await.expect("a session"));
    }
    for writer in &writers {
        writer.execute("INSERT INTO t VALUES (1)", &[]).await.expect("the role may write");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_fails_while_a_password_is_changed() {
    let database = forebay_tests::shared().await.database("rotation").await;
    let (role, url) = role(&database, "first").await;
    let store = Arc::new(Store::default());
    store.keep("first");
    let pool = Pool::builder(PoolConfig::from_url(&url).expect("an address"))
        .credentials(FromStore(Arc::clone(&store)))
        .build()
        .await
        .expect("the first password is right");
    use_many(&pool, 2).await;
    let asked = store.asked.load(Ordering::SeqCst);
    use_many(&pool, 3).await;
    assert_eq!(store.asked.load(Ordering::SeqCst), asked, "what was said is kept");
    // The new one is in the store before the server has it, as rotations do.
    store.keep("second");
    database.execute(&format!("ALTER ROLE {role} PASSWORD 'second'")).await;
    use_many(&pool, 8).await;
    assert!(
        store.asked_after_refusal.load(Ordering::SeqCst) >= 1,
        "the old one was refused and asked for again"
    );
    drop_role(&database, &role, &pool).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_of_an_old_login_may_end_at_once() {
    let database = forebay_tests::shared().await.database("rotation_retires").await;
    let (role, url) = role(&database, "first").await;
    let store = Arc::new(Store::default());
    store.keep("first");
    let config = PoolConfig { retire_old_logins: true, ..PoolConfig::from_url(&url).expect("an address") };
    let pool = Pool::builder(config)
        .credentials(FromStore(Arc::clone(&store)))
        .build()
        .await
        .expect("the first password is right");
    let pid = async || -> i32 {
        let writer = pool.write().await.expect("a session");
        writer.query_one("SELECT pg_backend_pid()", &[]).await.expect("a row").get(0)
    };
    let before = pid().await;
    assert_eq!(pid().await, before);
    store.keep("second");
    database.execute(&format!("ALTER ROLE {role} PASSWORD 'second'")).await;
    use_many(&pool, 8).await;
    let client = database.client().await;
    eventually("the session of the first password ends", async || {
        let gone = "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $1)";
        client.query_one(gone, &[&before]).await.expect("a row").get(0)
    })
    .await;
    drop_role(&database, &role, &pool).await;
}

/// Gives a login that ends at once.
struct Fleeting(Arc<Store>);

#[async_trait::async_trait]
impl Credentials for Fleeting {
    async fn login(&self, wanted: &Wanted<'_>) -> Result<Login, ConnectFailure> {
        let login = FromStore(Arc::clone(&self.0)).login(wanted).await?;
        Ok(login.user(wanted.target.get_user().unwrap_or_default()).expires_at(Instant::now()))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_has_expired_is_asked_for_again() {
    let database = forebay_tests::shared().await.database("rotation_expiry").await;
    let (role, url) = role(&database, "first").await;
    let store = Arc::new(Store::default());
    let build = || {
        let config = PoolConfig::from_url(&url).expect("an address");
        Pool::builder(config).credentials(Fleeting(Arc::clone(&store))).build()
    };
    let error = build().await.expect_err("the store is sealed");
    assert_eq!(error.connect_reason(), Some(ConnectReason::NoCredentials), "{error:?}");
    store.keep("first");
    let pool = build().await.expect("the password is right");
    let asked = store.asked.load(Ordering::SeqCst);
    use_many(&pool, 4).await;
    assert!(store.asked.load(Ordering::SeqCst) > asked);
    assert_eq!(store.asked_after_refusal.load(Ordering::SeqCst), 0);
    assert!(!format!("{:?}", Login::new("first")).contains("first"), "a password is not shown");
    drop_role(&database, &role, &pool).await;
}
