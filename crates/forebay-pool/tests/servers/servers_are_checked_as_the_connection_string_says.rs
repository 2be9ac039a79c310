//! TLS as libpq names it: from "not at all" to "the certificate is for this host".
#![cfg(feature = "rustls")]
#![expect(clippy::unwrap_used, reason = "a test stops where something is not as it must be")]

use forebay_pool::{ConnectReason, Pool, PoolConfig, PoolError};
use forebay_tests::{Certificates, Postgres, PostgresSpec, Scratch};
use std::time::Duration;

/// A server with TLS, and its address without options.
async fn server(spec: PostgresSpec) -> (Postgres, String) {
    let server = Postgres::start(spec.tls()).await.unwrap();
    let url = server.primary_url();
    (server, url)
}

/// Whether the session is encrypted, with which version, and by which client certificate.
async fn look(url: &str) -> Result<(bool, Option<String>, Option<String>), PoolError> {
    let pool = Pool::builder(PoolConfig::from_url(url)?).build().await?;
    let row = pool
        .write()
        .await?
        .query_one("SELECT ssl, version, client_dn FROM pg_stat_ssl WHERE pid = pg_backend_pid()", &[])
        .await?;
    Ok((row.get(0), row.get(1), row.get(2)))
}

async fn refused(url: &str) -> ConnectReason {
    let error = look(url).await.unwrap_err();
    let PoolError::Connect { endpoint, source } = &error else { panic!("{error:?}") };
    assert!(!endpoint.is_empty() && source.to_string().contains(':'), "{error}: {source}");
    error.connect_reason().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn as_much_as_is_asked_for() {
    let (server, url) = server(PostgresSpec::default()).await;
    let root = server.certificates().authority.display().to_string();
    let by_name = url.replace("127.0.0.1", "localhost");
    let (encrypted, version, client) = look(&url).await.unwrap();
    assert!(encrypted, "prefer is the default, and the server can");
    assert_eq!((version.as_deref(), client), (Some("TLSv1.3"), None));
    assert!(!look(&format!("{url}?sslmode=disable")).await.unwrap().0);
    assert!(look(&format!("{url}?sslmode=require")).await.unwrap().0, "whoever vouches for it");
    for mode in ["require", "verify-ca", "verify-full"] {
        assert!(look(&format!("{url}?sslmode={mode}&sslrootcert={root}")).await.unwrap().0);
        assert!(look(&format!("{by_name}?sslmode={mode}&sslrootcert={root}")).await.unwrap().0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_of_another_host_or_authority_is_refused() {
    let (server, url) = server(PostgresSpec::default()).await;
    let root = server.certificates().authority.display().to_string();
    let other =
        format!("{}&hostaddr=127.0.0.1", url.replace("127.0.0.1", "db.example") + "?sslrootcert=" + &root);
    assert_eq!(refused(&format!("{other}&sslmode=verify-full")).await, ConnectReason::WrongHost);
    assert!(look(&format!("{other}&sslmode=verify-ca")).await.unwrap().0, "the authority is the right one");
    let scratch = Scratch::create().unwrap();
    let strange = Certificates::create(scratch.path()).unwrap().authority.display().to_string();
    for mode in ["require", "verify-ca", "verify-full"] {
        let reason = refused(&format!("{url}?sslmode={mode}&sslrootcert={strange}")).await;
        assert_eq!(reason, ConnectReason::UnknownAuthority, "{mode}");
    }
    assert_eq!(
        refused(&format!("{url}?sslmode=verify-ca&sslrootcert=/no/file")).await,
        ConnectReason::TlsFiles
    );
    assert!(!ConnectReason::UnknownAuthority.is_transient());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_without_tls_is_told_from_one_that_is_away() {
    let database = forebay_tests::shared().await.database("tls_not_offered").await;
    let url = database.primary_url();
    assert!(!look(&url).await.unwrap().0, "prefer does without");
    assert_eq!(refused(&format!("{url}?sslmode=require")).await, ConnectReason::TlsNotOffered);
    let asked_at_once = format!("{url}?sslmode=require&sslnegotiation=direct");
    assert_eq!(refused(&asked_at_once).await, ConnectReason::TlsHandshake);
    let error = PoolConfig::from_url(&format!("{url}?sslnegotiation=direct")).unwrap_err();
    assert!(error.to_string().contains("sslnegotiation=direct, which needs sslmode=require"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tls_without_asking_first_is_for_servers_from_17_on() {
    let (server, url) = server(PostgresSpec::default()).await;
    let root = server.certificates().authority.display().to_string();
    let pool = Pool::builder(PoolConfig::from_url(&url).unwrap()).build().await.unwrap();
    let version = "SELECT current_setting('server_version_num')::int";
    let version: i32 = pool.query_one(version, &[]).await.unwrap().get(0);
    let direct = format!("{url}?sslmode=verify-full&sslrootcert={root}&sslnegotiation=direct");
    if version < 170_000 {
        assert_eq!(refused(&direct).await, ConnectReason::TlsHandshake);
        return;
    }
    assert!(look(&direct).await.unwrap().0);
    // Requests to cancel go the same way.
    let config = PoolConfig { write_sessions_max: 1, ..PoolConfig::from_url(&direct).unwrap() };
    let pool = Pool::builder(config).build().await.unwrap();
    let pid = "SELECT pg_backend_pid()";
    let before: i32 = pool.write().await.unwrap().query_one(pid, &[]).await.unwrap().get(0);
    {
        let writer = pool.write().await.unwrap();
        let slow = writer.execute("SELECT pg_sleep(1000)", &[]);
        assert!(tokio::time::timeout(Duration::from_millis(50), slow).await.is_err());
    }
    let after: i32 = pool.write().await.unwrap().query_one(pid, &[]).await.unwrap().get(0);
    assert_eq!(before, after, "the statement was stopped, and its session is used again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_oldest_version_is_a_choice() {
    let (_server, url) = server(PostgresSpec::default().setting("ssl_max_protocol_version", "TLSv1.2")).await;
    let (_, version, _) = look(&format!("{url}?sslmode=require")).await.unwrap();
    assert_eq!(version.as_deref(), Some("TLSv1.2"));
    let only_new = format!("{url}?sslmode=require&ssl_min_protocol_version=TLSv1.3");
    assert_eq!(refused(&only_new).await, ConnectReason::TlsHandshake);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_may_show_a_certificate_of_its_own() {
    let bearer = Certificates::CLIENT;
    let (server, url) =
        server(PostgresSpec::default().login(&format!("hostssl all {bearer} 127.0.0.1/32 cert"))).await;
    let pool = Pool::builder(PoolConfig::from_url(&url).unwrap()).build().await.unwrap();
    pool.write().await.unwrap().batch_execute(&format!("CREATE ROLE {bearer} LOGIN")).await.unwrap();
    let files = server.certificates();
    let place = url.split_once('@').unwrap().1;
    let url =
        format!("postgres://{bearer}@{place}?sslmode=verify-full&sslrootcert={}", files.authority.display());
    assert_eq!(refused(&url).await, ConnectReason::Login);
    let url =
        format!("{url}&sslcert={}&sslkey={}", files.client_certificate.display(), files.client_key.display());
    let (_, _, name) = look(&url).await.unwrap();
    assert!(name.unwrap().contains(bearer));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_is_bound_to_the_connection_it_is_made_on() {
    let spec = PostgresSpec::default().login("hostssl all bound 127.0.0.1/32 scram-sha-256");
    let (_server, url) = server(spec).await;
    let pool = Pool::builder(PoolConfig::from_url(&url).unwrap()).build().await.unwrap();
    pool.write().await.unwrap().batch_execute("CREATE ROLE bound LOGIN PASSWORD 'secret'").await.unwrap();
    let place = url.split_once('@').unwrap().1;
    let bound = format!("postgres://bound:secret@{place}?channel_binding=require");
    assert!(look(&format!("{bound}&sslmode=require")).await.unwrap().0);
    // Without TLS there is nothing to bind to. The server asks for a password in clear text there.
    assert_eq!(refused(&format!("{bound}&sslmode=disable")).await, ConnectReason::LoginMethod);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dropped_statement_is_cancelled_over_tls() {
    // Nobody gets in without TLS: neither do requests to cancel that would come without.
    let (server, url) = server(PostgresSpec::default()).await;
    let root = server.certificates().authority.display().to_string();
    let config = PoolConfig {
        write_sessions_max: 1,
        ..PoolConfig::from_url(&format!("{url}?sslmode=verify-full&sslrootcert={root}")).unwrap()
    };
    let pool = Pool::builder(config).build().await.unwrap();
    let pid = async |pool: &Pool| -> i32 {
        pool.write().await.unwrap().query_one("SELECT pg_backend_pid()", &[]).await.unwrap().get(0)
    };
    let before = pid(&pool).await;
    {
        let writer = pool.write().await.unwrap();
        let slow = writer.execute("SELECT pg_sleep(1000)", &[]);
        assert!(tokio::time::timeout(Duration::from_millis(50), slow).await.is_err());
    }
    assert_eq!(pid(&pool).await, before, "the statement was stopped, and its session is used again");
}
