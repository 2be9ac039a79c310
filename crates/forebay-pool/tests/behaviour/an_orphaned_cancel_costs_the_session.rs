//! A cancel whose future was dropped may arrive at any time: its session is not lent again.

use forebay_pool::{
    Canceller, Connect, ConnectFailure, ConnectPlain, Connected, Pool, PoolConfig, Tap, Target,
};
use forebay_tests::eventually;
use std::sync::Arc;
use tokio::sync::Notify;

/// Cancels, and does not hear that the server has taken notice.
struct Deaf(Arc<Notify>);

#[async_trait::async_trait]
impl Connect for Deaf {
    async fn connect(&self, target: &Target, tap: &Tap) -> Result<Connected, ConnectFailure> {
        let connected = ConnectPlain.connect(target, tap).await?;
        let (token, asked) = (connected.client.cancel_token(), Arc::clone(&self.0));
        let Some(tokio_postgres::config::Host::Tcp(host)) = target.get_hosts().first().cloned() else {
            return Err("the lab listens on TCP".into());
        };
        let port = target.get_ports().first().copied().unwrap_or(5432);
        let cancel = Canceller::new(move || {
            let (token, asked, host) = (token.clone(), Arc::clone(&asked), host.clone());
            Box::pin(async move {
                let stream = tokio::net::TcpStream::connect((host.as_str(), port)).await?;
                token.cancel_query_raw(stream, tokio_postgres::NoTls).await?;
                asked.notify_one();
                std::future::pending().await
            })
        });
        Ok(Connected { cancel, ..connected })
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn the_next_borrower_gets_another() {
    let database = forebay_tests::shared().await.database("orphaned_cancel").await;
    let config =
        PoolConfig { write_sessions_max: 1, ..PoolConfig::from_url(&database.primary_url()).unwrap() };
    let asked = Arc::new(Notify::new());
    let pool = Pool::builder(config).connect(Deaf(Arc::clone(&asked))).build().await.unwrap();
    let writer = pool.write().await.unwrap();
    let pid: i32 = writer.query_one("SELECT pg_backend_pid()", &[]).await.unwrap().get(0);
    {
        let mut slow = Box::pin(writer.query("SELECT pg_sleep(600)", &[]));
        assert!(futures_util::poll!(slow.as_mut()).is_pending());
        // On the server: only there the cancel has something to stop.
        let running = "SELECT count(*) FROM pg_stat_activity WHERE pid = $1 AND wait_event = 'PgSleep'";
        let watcher = database.client().await;
        eventually("it runs there", async || {
            assert!(futures_util::poll!(slow.as_mut()).is_pending());
            watcher.query_one(running, &[&pid]).await.unwrap().get::<_, i64>(0) == 1
        })
        .await;
    }
    tokio::select! {
        _ = writer.query("SELECT 1", &[]) => panic!("the cancel has not ended"),
        () = asked.notified() => {}
    }
    drop(writer);
    let writer = pool.write().await.unwrap();
    let next: i32 = writer.query_one("SELECT pg_backend_pid()", &[]).await.unwrap().get(0);
    assert_ne!(next, pid, "a cancel may still hit the old one");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn so_does_one_that_forgot_its_statements() {
    let database = forebay_tests::shared().await.database("forgot_statements").await;
    let config =
        PoolConfig { write_sessions_max: 1, ..PoolConfig::from_url(&database.primary_url()).unwrap() };
    let pool = Pool::builder(config).build().await.unwrap();
    let mut last = 0_i32;
    for forget in ["DISCARD ALL", "DEALLOCATE ALL", "SELECT 1"] {
        let writer = pool.write().await.unwrap();
        let pid: i32 = writer.query_one("SELECT pg_backend_pid()", &[]).await.unwrap().get(0);
        assert_ne!(pid, last, "before {forget}");
        last = pid;
        writer.batch_execute(forget).await.unwrap();
    }
    let writer = pool.write().await.unwrap();
    assert_eq!(writer.query_one("SELECT pg_backend_pid()", &[]).await.unwrap().get::<_, i32>(0), last);
}
