use crate::scenarios::Ground;
use forebay_plan::{Confidence, NPlusOneConfig, Pattern, Strict};
use forebay_scope::Scope;
use futures_util::FutureExt as _;
use std::{panic::AssertUnwindSafe, time::Duration};

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
