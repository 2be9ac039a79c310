use crate::scenarios::Ground;
use forebay_metrics::{Meter, RecorderConfig, WindowRecorder};
use forebay_plan::{
    Capture, CaptureConfig, Confidence, ExplainConfig, Kind, METRICS, NPlusOneConfig, NPlusOneDetector,
    Pattern, Plans, Saving, Severity, Strict,
};
use forebay_pool::{Pool, PoolConfig};
use forebay_scope::Scope;
use futures_util::FutureExt as _;
use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

/// A post's comments, post by post; returns the line that asks for them.
async fn comments_by_post(ground: &Ground) -> u32 {
    for post in ground.column::<i32>("SELECT id FROM posts ORDER BY id").await {
        ground.pool.query("SELECT body FROM comments WHERE post_id = $1", &[&post]).await.expect("rows");
    }
    line!() - 2
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_its_source_and_what_it_costs() {
    let ground = Ground::new("nplus1_told").await;
    let line = Scope::new().run(comments_by_post(&ground)).await;
    Scope::new().run(comments_by_post(&ground)).await;
    let found = ground.detector.findings();
    let [found] = &found[..] else { panic!("one finding of two requests: {found:?}") };
    assert_eq!((found.pattern, found.calls, found.requests, found.at_once), (Pattern::NPlusOne, 12, 2, 1));
    assert_eq!(found.confidence, Confidence::High);
    assert!(found.place.contains(&format!("what_is_found_is_told.rs:{line}:")), "{}", found.place);
    assert_eq!(found.statement, "select body from comments where post_id = $?");
    let source = found.source.as_ref().expect("the posts");
    assert_eq!(
        (&*source.statement, &source.columns[..]),
        ("select id from posts order by id", &["id".to_owned()][..])
    );
    assert!(source.place.contains(&format!("what_is_found_is_told.rs:{}:", line - 1)), "{}", source.place);
    assert!(found.saved > Duration::ZERO && found.saved_in_all > found.saved, "{found:?}");
    let text = found.to_string();
    for part in ["n-plus-one: 12 times at", "with the values of id from", "= ANY($1)", "ms a request"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert_eq!(ground.detector.take().len(), 1);
    assert!(ground.detector.findings().is_empty(), "taken");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_request_goes_on() {
    let ground = Ground::new("nplus1_look").await;
    let scope = Scope::new();
    assert!(ground.detector.look(&scope).is_empty());
    scope.run(comments_by_post(&ground)).await;
    assert_eq!(ground.detector.look(&scope).len(), 1);
    assert!(ground.detector.findings().is_empty(), "it has not ended");
    drop(scope);
    assert_eq!(ground.detector.findings().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_a_panic_at_the_line_that_asks() {
    let settings = NPlusOneConfig { strict: Strict::Panic, ..NPlusOneConfig::default() };
    let ground = Ground::with("nplus1_panic", settings).await;
    let request = Scope::new().run(comments_by_post(&ground));
    let panic = AssertUnwindSafe(request).catch_unwind().await.expect_err("it asks too often");
    let message = panic.downcast_ref::<String>().expect("a message");
    assert!(message.starts_with("n-plus-one:") && message.contains("what_is_found_is_told.rs"), "{message}");
    // The pool goes on.
    ground.pool.query("SELECT 1", &[]).await.expect("a row");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_the_end_of_a_test() {
    let ground = Ground::new("nplus1_assert").await;
    let detector = &ground.detector;
    let said = |ended: Result<(), Box<dyn std::any::Any + Send>>| {
        let panic = ended.expect_err("it is said");
        panic.downcast_ref::<String>().expect("a message").clone()
    };
    detector.assert_none();
    ground.pool.query("SELECT 1", &[]).await.expect("a row");
    let nothing = said(std::panic::catch_unwind(AssertUnwindSafe(|| detector.assert_none())));
    assert!(nothing.contains("none of the 1 statements ran in a scope"), "{nothing}");
    let request = Scope::new().run(async {
        comments_by_post(&ground).await;
        detector.assert_none();
    });
    let in_it = said(AssertUnwindSafe(request).catch_unwind().await);
    assert!(in_it.starts_with("1 found:"), "{in_it}");
    let after = said(std::panic::catch_unwind(AssertUnwindSafe(|| detector.assert_none())));
    assert!(after.contains("n-plus-one: 12 times"), "{after}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn beside_the_findings_of_plans_and_in_numbers() {
    let ground = Ground::new("nplus1_findings_of_plans").await;
    let recorder = WindowRecorder::new(RecorderConfig::default()).expect("a recorder");
    let meter = Meter::new(recorder.clone());
    let (settings, config) = (NPlusOneConfig::default(), CaptureConfig::default());
    let detector = NPlusOneDetector::measured(settings, &meter);
    let capture = Capture::measured(config, &meter).expect("the settings are good");
    let config = PoolConfig::from_url(&ground.database.primary_url()).expect("a URL of the lab");
    let pool = Pool::builder(config).observer(Arc::new(capture.clone())).observer(Arc::new(detector.clone()));
    let pool = pool.build().await.expect("the server is there");
    Scope::new()
        .run(async {
            for post in pool.query("SELECT id FROM posts", &[]).await.expect("rows") {
                let id: i32 = post.get(0);
                pool.query("SELECT body FROM comments WHERE post_id = $1", &[&id]).await.expect("rows");
                pool.query("SELECT value FROM settings WHERE key = 'zone'", &[]).await.expect("rows");
            }
        })
        .await;
    pool.query("SELECT 1", &[]).await.expect("a row");

    let target = ground.database.primary_url().parse().expect("a URL of the lab");
    let plans =
        Plans::start(capture, &ExplainConfig::default(), target, None, &meter).expect("nothing is asked");
    let all = plans.with_n_plus_one(detector).statements();
    let of = |sql: &str| {
        let fingerprint = forebay_sql::fingerprint(sql);
        let found = all.iter().find(|watched| watched.statement.fingerprint == fingerprint);
        found.expect("it was asked").findings.clone()
    };
    let [child] = &of("SELECT body FROM comments WHERE post_id = $1")[..] else { panic!("one: {all:?}") };
    assert_eq!((child.kind, child.confidence), (Kind::NPlusOne, Confidence::High));
    assert!(child.what.contains("12 times at") && child.what.contains("the values of id"), "{}", child.what);
    assert!(child.advice.contains("= ANY($1)") && child.advice.contains("Mind: "), "{}", child.advice);
    let Some(Saving::Ms(saved)) = child.saving else { panic!("{child:?}") };
    let least = if saved < 1.0 { Severity::Low } else { Severity::High };
    assert_eq!(child.severity, least, "{saved}");
    assert_eq!(child.evidence[0].to_string(), "calls in one request: 12");
    let [again] = &of("SELECT value FROM settings WHERE key = 'zone'")[..] else { panic!("one: {all:?}") };
    assert_eq!(again.kind, Kind::RepeatedQuery);
    assert_eq!(of("SELECT id FROM posts"), []);

    let snapshot = recorder.snapshot();
    let count =
        |name: &str, labels: &[(&str, &str)]| snapshot.counter(name, labels).map(|counter| counter.total);
    assert_eq!(count("forebay_plan_requests_total", &[]), Some(1));
    for (how, number) in [("seen", 25), ("unattributed", 1), ("unwatched", 0), ("beyond", 0)] {
        let found = count("forebay_plan_request_statements_total", &[("how", how)]);
        assert_eq!(found.unwrap_or(0), number, "{how}");
    }
    for (pattern, number) in [("n-plus-one", 1), ("repeated-query", 1), ("write-loop", 0)] {
        let found = count("forebay_plan_repetitions_total", &[("pattern", pattern)]);
        assert_eq!(found.unwrap_or(0), number, "{pattern}");
    }
}

#[test]
fn the_book_lists_every_metric() {
    let page = |name| {
        let path = format!("{}/../../docs/src/{name}.md", env!("CARGO_MANIFEST_DIR"));
        std::fs::read_to_string(path).expect("the page is there")
    };
    let pages = page("capture") + &page("n-plus-one");
    for metric in METRICS {
        let alone = format!("| `{}`", metric.name);
        let labelled = format!("| `{}{{{}}}`", metric.name, metric.labels.join(","));
        assert!(pages.contains(&alone) || pages.contains(&labelled), "{}", metric.name);
    }
}
