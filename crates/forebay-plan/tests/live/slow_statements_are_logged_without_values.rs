//! The log of slow statements.

use crate::observed::Observed;
use forebay_plan::{CaptureConfig, SlowLogConfig};
use forebay_pool::ObservedValues;
use std::{
    fmt::{self, Write as _},
    sync::{Arc, Mutex},
    time::Duration,
};
use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span,
};

const MS: Duration = Duration::from_millis(1);

/// What was logged, a line for each event.
#[derive(Debug, Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        write!(self.0, " {}={value:?}", field.name()).expect("a string takes everything");
    }
}

impl Log {
    fn lines(&self) -> Vec<String> {
        self.0.lock().expect("nobody panicked").clone()
    }
}

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "forebay_plan::slow"
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(event.metadata().level().to_string());
        event.record(&mut line);
        self.0.lock().expect("nobody panicked").push(line.0);
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

/// What is divided is known only after the nap.
const FAILS: &str = "SELECT n / $1::int FROM (SELECT 1 AS n, pg_sleep(0.005)) AS later";

/// Each statement in turn, `times` times; what is logged of it.
async fn logged(test: &str, slow_log: SlowLogConfig, times: usize) -> Vec<String> {
    let config = CaptureConfig { slow_log, ..CaptureConfig::default() };
    let Observed { pool, database: _database, .. } = Observed::new(test, config, ObservedValues::Shown).await;
    let log = Log::default();
    let _listening = tracing::subscriber::set_default(log.clone());
    for _ in 0..times {
        pool.query("SELECT pg_sleep(0.005), 'geheim', $1::text", &[&"secret"]).await.expect("it runs");
    }
    pool.query(FAILS, &[&0_i32]).await.expect_err("nothing is divided by zero");
    log.lines()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_its_numbers_and_its_line() {
    let every = SlowLogConfig { threshold: MS, interval: MS, enabled: true };
    let lines = logged("slow_log", every, 2).await;
    assert_eq!(lines.len(), 3, "{lines:#?}");
    for part in
        ["WARN", "fingerprint=", "took_ms=", "waited_ms=", "rows=1", "outcome=\"done\"", "endpoint=", file!()]
    {
        assert!(lines[0].contains(part), "{part} is not in {}", lines[0]);
    }
    assert!(lines[0].contains("select pg_sleep($?), $?, $?::text"), "{}", lines[0]);
    assert!(lines[2].contains("outcome=\"failed\""), "{}", lines[2]);
    assert!(lines.iter().all(|line| !line.contains("geheim") && !line.contains("secret")), "{lines:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn once_in_a_while_for_each_statement() {
    let seldom = SlowLogConfig { threshold: MS, interval: Duration::from_secs(3600), enabled: true };
    let lines = logged("slow_log_interval", seldom, 5).await;
    assert_eq!(lines.len(), 2, "one of each: {lines:#?}");
    assert!(lines.iter().all(|line| line.contains("unlogged=0")), "{lines:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn not_what_is_fast_and_nothing_where_it_is_off() {
    let high = SlowLogConfig { threshold: Duration::from_secs(3600), interval: MS, enabled: true };
    assert_eq!(logged("slow_log_threshold", high, 2).await, [""; 0]);
    let off = SlowLogConfig { threshold: MS, interval: MS, enabled: false };
    assert_eq!(logged("slow_log_off", off, 2).await, [""; 0]);
}
