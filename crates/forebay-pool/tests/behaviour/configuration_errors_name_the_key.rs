//! Each wrong value is refused with the key it stands under.
#![expect(clippy::unwrap_used, reason = "a test stops where something is not as it must be")]

use forebay_pool::{Pool, PoolConfig, PoolError, deadpool_postgres014};
use std::time::Duration;

async fn refused(config: PoolConfig) -> (&'static str, String) {
    match Pool::builder(config).build().await {
        Err(PoolError::Config { key, reason }) => (key, reason),
        other => panic!("{other:?}"),
    }
}

fn good() -> PoolConfig {
    PoolConfig::from_url("postgres://app@localhost/shop").unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn values_out_of_range() {
    assert_eq!(refused(PoolConfig::default()).await.0, "primary");
    assert_eq!(refused(PoolConfig { write_sessions_max: 0, ..good() }).await.0, "write_sessions_max");
    assert_eq!(refused(PoolConfig { statements_max: 0, ..good() }).await.0, "statements_max");
    assert_eq!(refused(PoolConfig { statements_bytes_max: 0, ..good() }).await.0, "statements_bytes_max");
    assert_eq!(refused(PoolConfig { acquire_timeout: Duration::ZERO, ..good() }).await.0, "acquire_timeout");
    let many = vec!["postgres://app@localhost/shop".to_owned(); PoolConfig::REPLICAS_MAX + 1];
    assert_eq!(refused(PoolConfig { replicas: many, ..good() }).await.0, "replicas");
}

#[test]
fn connection_strings() {
    let key = |error: PoolError| match error {
        PoolError::Config { key, reason } => format!("{key}: {reason}"),
        other => panic!("{other:?}"),
    };
    assert!(
        key(PoolConfig::from_url("not a url").unwrap_err())
            .starts_with("primary: is not a connection string")
    );
    assert_eq!(key(PoolConfig::from_url("postgres:///shop").unwrap_err()), "primary: names no host");
    let several = PoolConfig::from_url("postgres://app@one,two/shop").unwrap_err();
    assert!(key(several).starts_with("primary: names several hosts"));
    let replica = good().replicas(["user=app port=no"]).unwrap_err();
    assert!(key(replica).starts_with("replicas: is not a connection string"));
}

#[test]
fn a_password_is_never_shown() {
    let config = PoolConfig::from_url("postgres://app:geheim@localhost/shop").unwrap();
    assert!(!format!("{config:?}").contains("geheim"));
    let error = PoolConfig::from_url("postgres://app:geheim@localhost:x/shop").unwrap_err();
    assert!(!format!("{error:?} {error}").contains("geheim"), "{error:?}");
}

#[test]
fn a_password_is_not_shown_in_the_wrong_place_either() {
    for wrong in [
        "postgrse://app:geheim@db/shop",
        "user=app password=a geheim=b",
        "host=db geheim",
        "geheim",
        "://geheim",
    ] {
        let error = PoolConfig::from_url(wrong).unwrap_err();
        assert!(!format!("{error:?} {error}").contains("geheim"), "{error:?}");
    }
    let error = PoolConfig::from_url("host=db sslmode=no").unwrap_err();
    assert!(error.to_string().contains("`sslmode`"), "what the driver says of its own options is: {error}");
}

#[tokio::test]
async fn durations_without_an_end() {
    let endless = Duration::MAX;
    for config in [
        PoolConfig { acquire_timeout: endless, ..good() },
        PoolConfig { connect_timeout: endless, ..good() },
        PoolConfig { idle_timeout: endless, ..good() },
        PoolConfig { lifetime: endless, ..good() },
        PoolConfig { lag_max: endless, ..good() },
        PoolConfig { probe_interval: endless, ..good() },
        PoolConfig { catch_up_wait: endless, ..good() },
        PoolConfig { cleanup_timeout: endless, ..good() },
        PoolConfig { statement_timeout: Some(Duration::from_secs(86_400 * 30)), ..good() },
    ] {
        let (_, reason) = refused(config).await;
        assert!(reason.contains("at most"), "{reason}");
    }
    let year = PoolConfig { lifetime: PoolConfig::DURATION_MAX, ..good() };
    year.validate().unwrap();
}

#[test]
fn what_deadpool_asks_of_tls_is_asked_here() {
    let mut theirs = deadpool_postgres::Config::new();
    theirs.url = Some("postgres://app@db/shop?keepalives_idle=7".to_owned());
    theirs.ssl_mode = Some(deadpool_postgres::SslMode::Require);
    theirs.channel_binding = Some(deadpool_postgres::ChannelBinding::Require);
    theirs.keepalives = Some(false);
    let ours = deadpool_postgres014::from_config(&theirs).unwrap();
    let parsed: tokio_postgres::Config = ours.primary.parse().unwrap();
    assert_eq!(parsed.get_ssl_mode(), tokio_postgres::config::SslMode::Require);
    assert_eq!(parsed.get_channel_binding(), tokio_postgres::config::ChannelBinding::Require);
    assert!(!parsed.get_keepalives());
    assert_eq!(parsed.get_keepalives_idle(), Duration::from_secs(7));
}

#[test]
fn a_deadpool_configuration_is_taken_over() {
    let mut config = deadpool_postgres::Config::new();
    config.host = Some("db".to_owned());
    config.port = Some(6432);
    config.user = Some("o'hara".to_owned());
    config.password = Some("a\\b' c".to_owned());
    config.dbname = Some("shop".to_owned());
    let mut pool = deadpool_postgres::PoolConfig::new(7);
    pool.timeouts.wait = Some(Duration::from_secs(2));
    pool.timeouts.create = Some(Duration::from_secs(3));
    pool.timeouts.recycle = Some(Duration::from_secs(4));
    config.pool = Some(pool);
    let ours = deadpool_postgres014::from_config(&config).unwrap();
    assert_eq!((ours.write_sessions_max, ours.acquire_timeout), (7, Duration::from_secs(2)));
    let create = |ours: &PoolConfig| (ours.connect_timeout, ours.cleanup_timeout);
    assert_eq!(create(&ours), (Duration::from_secs(3), Duration::from_secs(4)));
    for (own, taken) in [(1, 1), (9, 3)] {
        config.connect_timeout = Some(Duration::from_secs(own));
        let ours = deadpool_postgres014::from_config(&config).unwrap();
        assert_eq!(create(&ours), (Duration::from_secs(taken), Duration::from_secs(4)), "the shorter");
    }
    let parsed: tokio_postgres::Config = ours.primary.parse().unwrap();
    assert_eq!(parsed.get_user(), Some("o'hara"));
    assert_eq!(parsed.get_password(), Some("a\\b' c".as_bytes()));
    assert_eq!(parsed.get_ports(), [6432]);

    config.dbname = None;
    let error = deadpool_postgres014::from_config(&config).unwrap_err();
    assert!(error.to_string().contains("dbname"), "{error}");
}

#[test]
fn a_file_is_read_with_units_and_without_unknown_keys() {
    let read = |json: &str| serde_json::from_str::<PoolConfig>(json);
    let config =
        read(r#"{"primary": "host=db user=app", "acquire_timeout": "250ms", "statement_timeout": "2s"}"#);
    let config = config.unwrap();
    assert_eq!(config.acquire_timeout, Duration::from_millis(250));
    assert_eq!(config.statement_timeout, Some(Duration::from_secs(2)));
    assert_eq!(config.lifetime, PoolConfig::default().lifetime);
    assert!(read(r#"{"acquire_timeout": 5}"#).is_err());
    let unknown = read(r#"{"aquire_timeout": "5s"}"#).unwrap_err().to_string();
    assert!(unknown.contains("aquire_timeout"), "{unknown}");
}
