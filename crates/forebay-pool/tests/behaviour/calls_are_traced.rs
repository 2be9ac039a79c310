//! Each call is a span in the words of OpenTelemetry, without the values and, unless asked for, without the text.
#![expect(clippy::unwrap_used, reason = "a test stops where something is not as it must be")]

use forebay_pool::{Pool, PoolConfig, TracedText};
use forebay_scope::Scope;
use forebay_tests::{TestDatabase, eventually};
use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};
use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    instrument::WithSubscriber as _,
    span::{Attributes, Id, Record},
};

type Fields = BTreeMap<String, String>;

/// Keeps the fields of every span of the pool that is at most of a level.
#[derive(Clone)]
struct Spans {
    level: Level,
    kept: Arc<Mutex<BTreeMap<u64, Fields>>>,
    next: Arc<AtomicU64>,
}

struct Into<'a>(&'a mut Fields);

impl Visit for Into<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.to_owned());
    }
}

impl Subscriber for Spans {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_span() && metadata.name().starts_with("forebay_pool.") && *metadata.level() <= self.level
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut fields = Fields::from([("span".to_owned(), span.metadata().name().to_owned())]);
        span.record(&mut Into(&mut fields));
        let id = self.next.fetch_add(1, Relaxed) + 1;
        self.kept.lock().unwrap().insert(id, fields);
        Id::from_u64(id)
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        let mut spans = self.kept.lock().unwrap();
        values.record(&mut Into(spans.entry(span.into_u64()).or_default()));
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, _: &Event<'_>) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

impl Spans {
    fn new(level: Level) -> Self {
        Self { level, kept: Arc::default(), next: Arc::default() }
    }

    fn of(&self, name: &str) -> Vec<Fields> {
        self.kept.lock().unwrap().values().filter(|span| span["span"] == name).cloned().collect()
    }

    /// The only statement that was traced.
    fn only(&self) -> Fields {
        let mut queries = self.of("forebay_pool.query");
        assert_eq!(queries.len(), 1, "{queries:?}");
        queries.remove(0)
    }
}

async fn pool(test: &str, change: impl FnOnce(&mut PoolConfig)) -> (TestDatabase, Pool) {
    let database = forebay_tests::shared().await.database(test).await;
    let mut config = PoolConfig::from_url(&database.primary_url()).unwrap();
    change(&mut config);
    let pool = Pool::builder(config).build().await.unwrap();
    (database, pool)
}

fn seconds(fields: &Fields, name: &str) -> f64 {
    fields[name].parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_the_words_of_opentelemetry() {
    let (database, pool) = pool("traced", |_| ()).await;
    let spans = Spans::new(Level::DEBUG);
    let sql = "/* who */ SELECT 'geheim', $1::text, pg_sleep(0.02)";
    let secret: &(dyn tokio_postgres::types::ToSql + Sync) = &"geheim";
    let line = line!() + 1;
    pool.query(sql, &[secret]).with_subscriber(spans.clone()).await.unwrap();
    let span = spans.only();
    let endpoint = pool.status().servers[0].endpoint.clone();
    let (host, port) = endpoint.rsplit_once(':').unwrap();
    for (field, value) in [
        ("otel.name", format!("SELECT {}", database.name())),
        ("otel.kind", "client".to_owned()),
        ("db.system.name", "postgresql".to_owned()),
        ("db.namespace", database.name().to_owned()),
        ("db.operation.name", "SELECT".to_owned()),
        ("db.response.returned_rows", "1".to_owned()),
        ("server.address", host.to_owned()),
        ("server.port", port.to_owned()),
        ("code.line.number", line.to_string()),
        ("forebay.fingerprint", forebay_sql::fingerprint(sql).to_string()),
        ("forebay.role", "primary".to_owned()),
        ("forebay.sessions", "read".to_owned()),
        ("forebay.outcome", "done".to_owned()),
        ("forebay.wait_seconds", "0.0".to_owned()),
    ] {
        assert_eq!(span.get(field), Some(&value), "{field}: {span:?}");
    }
    assert!(span["code.file.path"].ends_with("calls_are_traced.rs"), "{span:?}");
    assert!(seconds(&span, "forebay.round_trip_seconds") >= 0.02, "{span:?}");
    assert!(seconds(&span, "forebay.fetch_seconds") >= 0.0, "{span:?}");
    for absent in ["db.query.text", "error.type", "otel.status_code"] {
        assert!(!span.contains_key(absent), "{span:?}");
    }
    assert!(!format!("{span:?}").contains("geheim"), "{span:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_text_if_it_is_asked_for() {
    let sql = "SELECT 'geheim'";
    for (text, shown) in
        [(TracedText::Normalized, forebay_sql::normalize(sql)), (TracedText::Full, sql.to_owned())]
    {
        let (_database, pool) = pool("traced_text", |config| config.traced_text = text).await;
        let spans = Spans::new(Level::DEBUG);
        pool.query(sql, &[]).with_subscriber(spans.clone()).await.unwrap();
        assert_eq!(spans.only()["db.query.text"], shown);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn how_a_call_failed() {
    let (_database, pool) = pool("traced_failures", |_| ()).await;
    let failed = async |sql: &str, deadline: Option<Duration>| {
        let spans = Spans::new(Level::DEBUG);
        let scope = match deadline {
            Some(time) => Scope::with_deadline(tokio::time::Instant::now() + time),
            None => Scope::new(),
        };
        let mut call = Box::pin(scope.run(pool.query(sql, &[])).with_subscriber(spans.clone()));
        match deadline {
            // Polled until it is sent, and dropped.
            None if sql.contains("1000") => tokio::select! {
                ended = &mut call => panic!("{ended:?}"),
                () = eventually("it is sent", async || !spans.of("forebay_pool.query").is_empty()) => {}
            },
            _ => drop((&mut call).await.unwrap_err()),
        }
        drop(call);
        let span = spans.only();
        assert_eq!(span["otel.status_code"], "ERROR", "{span:?}");
        (
            span["forebay.outcome"].clone(),
            span["error.type"].clone(),
            span.get("db.response.status_code").cloned(),
        )
    };
    let of = |outcome: &str, kind: &str, code: Option<&str>| {
        (outcome.to_owned(), kind.to_owned(), code.map(str::to_owned))
    };
    assert_eq!(failed("SELECT 1 / 0", None).await, of("failed", "22012", Some("22012")));
    // Long enough to be sent.
    let soon = Some(Duration::from_millis(500));
    assert_eq!(failed("SELECT pg_sleep(600)", soon).await, of("timeout", "timeout", None));
    assert_eq!(failed("SELECT pg_sleep(1000)", None).await, of("cancelled", "cancelled", None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wait_is_a_span_of_its_own() {
    let (_database, pool) = pool("traced_waits", |config| {
        config.write_sessions_max = 1;
        // Longer than the statement below takes.
        config.acquire_timeout = Duration::from_millis(500);
    })
    .await;
    let spans = Spans::new(Level::DEBUG);
    let held = pool.write().with_subscriber(spans.clone()).await.unwrap();
    assert!(spans.of("forebay_pool.wait").is_empty(), "one was idle");
    pool.write().with_subscriber(spans.clone()).await.unwrap_err();
    let [wait] = &spans.of("forebay_pool.wait")[..] else { panic!("one wait") };
    assert_eq!((wait["forebay.outcome"].as_str(), wait["error.type"].as_str()), ("failed", "timeout"));
    let ((), waited) = tokio::join!(
        async {
            held.query("SELECT pg_sleep(0.01)", &[]).await.unwrap();
            drop(held);
        },
        async { pool.write().await.unwrap().query("SELECT 2", &[]).with_subscriber(spans.clone()).await },
    );
    waited.unwrap();
    assert!(seconds(&spans.only(), "forebay.wait_seconds") >= 0.01);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_who_listens_is_told_nothing() {
    let (_database, pool) = pool("traced_not", |_| ()).await;
    let spans = Spans::new(Level::INFO);
    pool.query("SELECT 1", &[]).with_subscriber(spans.clone()).await.unwrap();
    assert!(spans.kept.lock().unwrap().is_empty());
}
