use crate::scenarios::Ground;
use forebay_plan::{NPlusOneConfig, Pattern};
use forebay_scope::Scope;

async fn ask(ground: &Ground, values: std::ops::Range<i32>) {
    for value in values {
        ground.pool.query("SELECT body FROM comments WHERE id = $1", &[&value]).await.expect("rows");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_statements_of_a_request() {
    let settings = NPlusOneConfig { statements_max: 5, ..NPlusOneConfig::default() };
    let ground = Ground::with("nplus1_statements", settings).await;
    let found = ground.request(ask(&ground, 0..12)).await;
    assert!(found.is_empty(), "{found:?}");
    let status = ground.detector.status();
    assert_eq!((status.requests, status.statements, status.beyond), (1, 12, 7));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_values_of_a_request() {
    let asked = async |values_max, name| {
        let settings = NPlusOneConfig { values_max, ..NPlusOneConfig::default() };
        let ground = Ground::with(name, settings).await;
        let story = async {
            for id in ground.column::<i32>("SELECT id, title, slug FROM posts ORDER BY id").await {
                ground
                    .pool
                    .query("SELECT body FROM comments WHERE post_id = $1", &[&id])
                    .await
                    .expect("rows");
            }
        };
        ground.request(story).await.len()
    };
    // Twelve rows of three columns, and then nothing of the comments.
    assert_eq!(asked(36, "nplus1_values_enough").await, 1);
    // The first rows only: what comes later may be from anywhere.
    assert_eq!(asked(12, "nplus1_values_few").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_requests_at_the_same_time() {
    let settings = NPlusOneConfig { requests_max: 1, ..NPlusOneConfig::default() };
    let ground = Ground::with("nplus1_requests", settings).await;
    let (first, second) = (Scope::new(), Scope::new());
    first.run(ask(&ground, 0..1)).await;
    second.run(ask(&ground, 0..3)).await;
    drop(second);
    assert_eq!((ground.detector.status().statements, ground.detector.status().unwatched), (1, 3));
    drop(first);
    Scope::new().run(ask(&ground, 0..2)).await;
    assert_eq!(ground.detector.status().statements, 3, "there is room again");
    assert_eq!(ground.detector.status().requests, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_findings() {
    let settings = NPlusOneConfig { findings_max: 1, ..NPlusOneConfig::default() };
    let ground = Ground::with("nplus1_findings", settings).await;
    let story = async {
        for sql in ["SELECT id FROM posts", "SELECT id FROM authors"] {
            for _ in 0..3 {
                ground.pool.query(sql, &[]).await.expect("rows");
            }
        }
    };
    let found = ground.request(story).await;
    assert_eq!(found.iter().map(|found| found.pattern).collect::<Vec<_>>(), [Pattern::RepeatedQuery]);
    assert_eq!(ground.detector.status().findings_beyond, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_sampling_requests() {
    let settings = NPlusOneConfig { one_request_in: 4, ..NPlusOneConfig::default() };
    let ground = Ground::with("nplus1_sampled", settings).await;
    for _ in 0..64 {
        Scope::new().run(ask(&ground, 0..1)).await;
    }
    ask(&ground, 0..2).await;
    let status = ground.detector.status();
    assert_eq!((status.statements + status.unwatched, status.unattributed), (64, 2));
    assert!((6..=32).contains(&status.requests), "about a quarter: {status:?}");
    assert_eq!(status.statements, status.requests);
}
