//! Notifications: heard, and after a lost connection heard again, with a gap told in between.

use forebay_pool::{Gap, Heard, Listener, Pool, PoolConfig, PoolError};
use forebay_tests::{Postgres, PostgresSpec, TestDatabase, eventually};
use std::time::Duration;

async fn pool(database: &TestDatabase, buffer: usize) -> Pool {
    let config = PoolConfig {
        listen_buffer_max: buffer,
        ..PoolConfig::from_url(&database.primary_url()).expect("an address")
    };
    Pool::builder(config).build().await.expect("a server")
}

async fn notify(pool: &Pool, channel: &str, payload: &str) {
    let writer = pool.write().await.expect("a session");
    writer.query("SELECT pg_notify($1, $2)", &[&channel, &payload]).await.expect("a channel");
}

async fn payload(listener: &mut Listener) -> String {
    match listener.next().await.expect("the pool is open") {
        Heard::Notification(notification) => notification.payload().to_owned(),
        other => panic!("{other:?}"),
    }
}

async fn gap(listener: &mut Listener) -> Gap {
    match listener.next().await.expect("the pool is open") {
        Heard::Gap(gap) => gap,
        other => panic!("{other:?}"),
    }
}

/// Ends every connection of this database that listens.
async fn kill(database: &TestDatabase) {
    let client = database.client().await;
    let killed = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                  WHERE datname = current_database() AND query LIKE '%LISTEN%' AND pid <> pg_backend_pid()";
    eventually("the listening connection is found", async || {
        !client.query(killed, &[]).await.expect("a superuser asks").is_empty()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_connection_shows_as_a_gap() {
    let database = forebay_tests::shared().await.database("listen").await;
    let pool = pool(&database, 16).await;
    let mut listener = pool.listen(["Jobs", "odd \"name\"; --"]).await.expect("both are names");
    notify(&pool, "Jobs", "one").await;
    notify(&pool, "jobs", "to nobody").await;
    notify(&pool, "odd \"name\"; --", "two").await;
    assert_eq!(payload(&mut listener).await, "one");
    assert_eq!(payload(&mut listener).await, "two");
    for round in ["three", "four"] {
        kill(&database).await;
        let gap = gap(&mut listener).await;
        assert!(gap.reconnected && gap.overflowed == 0, "{gap:?}");
        // After the gap nothing is missed.
        notify(&pool, "Jobs", round).await;
        assert_eq!(payload(&mut listener).await, round);
    }
    drop(listener);
    let client = database.client().await;
    eventually("its connection ends with the listener", async || {
        let none = "SELECT NOT EXISTS (SELECT FROM pg_stat_activity \
                    WHERE datname = current_database() AND query LIKE '%LISTEN%' AND pid <> pg_backend_pid())";
        client.query_one(none, &[]).await.expect("a row").get(0)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_does_not_fit_is_counted_in_its_place() {
    let database = forebay_tests::shared().await.database("listen_overflow").await;
    let pool = pool(&database, 2).await;
    let mut listener = pool.listen(["c"]).await.expect("a name");
    let mut other = pool.listen(["c", "end"]).await.expect("names");
    for payload in ["1", "2", "3", "4", "5"] {
        notify(&pool, "c", payload).await;
        // The second is read at once, so it has heard it: the first has its own connection.
        assert!(matches!(other.next().await, Some(Heard::Notification(_))));
    }
    // Whatever else the connection of the first hears, it heard these before.
    let mut seen = Vec::new();
    let mut overflowed = 0;
    eventually("all five are accounted for", async || {
        while let Ok(Some(heard)) = tokio::time::timeout(Duration::from_millis(5), listener.next()).await {
            match heard {
                Heard::Notification(notification) => seen.push(notification.payload().to_owned()),
                Heard::Gap(gap) => overflowed += gap.overflowed,
                other => panic!("{other:?}"),
            }
        }
        seen.len() as u64 + overflowed == 5
    })
    .await;
    assert_eq!(seen[..2], ["1", "2"]);
    notify(&pool, "c", "6").await;
    assert_eq!(payload(&mut listener).await, "6");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shutdown_ends_what_listens_and_names_are_checked() {
    let database = forebay_tests::shared().await.database("listen_ends").await;
    let pool = pool(&database, 16).await;
    let mut listener = pool.listen(["c"]).await.expect("a name");
    for wrong in [vec![], vec![String::new()], vec!["x".repeat(64)]] {
        assert!(matches!(pool.listen(wrong).await, Err(PoolError::Argument { call: "listen", .. })));
    }
    assert!(pool.shutdown(Duration::from_secs(10)).await);
    assert!(listener.next().await.is_none());
    assert!(matches!(pool.listen(["c"]).await, Err(PoolError::Closed)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_promotion_is_followed() {
    let servers = Postgres::start(PostgresSpec::with_standbys(1)).await.expect("PostgreSQL is installed");
    let config = PoolConfig::from_url(&servers.primary_url())
        .and_then(|config| config.replicas(servers.standby_urls()))
        .expect("addresses");
    let pool = Pool::builder(config).build().await.expect("both are there");
    let mut listener = pool.listen(["c"]).await.expect("a name");
    servers.kill();
    servers.promote(0).await.expect("it is a standby");
    assert!(gap(&mut listener).await.reconnected);
    notify(&pool, "c", "from the new primary").await;
    assert_eq!(payload(&mut listener).await, "from the new primary");
}
