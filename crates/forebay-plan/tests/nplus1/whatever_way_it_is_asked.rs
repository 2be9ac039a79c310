//! Guards, transactions, shared sessions, reads that are asked twice, tasks of their own: a repetition is seen, and each call once.

use crate::scenarios::Ground;
use forebay_plan::{Pattern, Repetition};
use forebay_pool::{HedgingConfig, Pool, PoolConfig, Role};
use std::{sync::Arc, time::Duration};
use tokio_postgres::Row;

const POSTS: &str = "SELECT id FROM posts ORDER BY id";
const COMMENTS: &str = "SELECT body FROM comments WHERE post_id = $1";

fn ids(posts: &[Row]) -> Vec<i32> {
    posts.iter().map(|row| row.get(0)).collect()
}

fn is_twelve_at_one_place(found: &[Repetition]) {
    is_twelve_by(found, "id");
}

fn is_twelve_by(found: &[Repetition], column: &str) {
    let [found] = found else { panic!("one finding: {found:?}") };
    assert_eq!((found.pattern, found.calls), (Pattern::NPlusOne, 12), "{found}");
    assert_eq!(found.source.as_ref().expect("the posts").columns, [column]);
    assert!(found.place.contains("whatever_way_it_is_asked.rs"), "{}", found.place);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_a_guard_or_in_a_transaction() {
    let ground = Ground::new("nplus1_guards").await;
    let by_reader = async {
        let reader = ground.pool.read().await.expect("a session");
        for id in ids(&reader.query(POSTS, &[]).await.expect("rows")) {
            reader.query(COMMENTS, &[&id]).await.expect("rows");
        }
    };
    is_twelve_at_one_place(&ground.request(by_reader).await);
    let by_writer = async {
        let writer = ground.pool.write().await.expect("a session");
        for id in ids(&writer.query(POSTS, &[]).await.expect("rows")) {
            writer.query_opt("SELECT title FROM posts WHERE id = $1", &[&id]).await.expect("a row");
        }
    };
    is_twelve_at_one_place(&ground.request(by_writer).await);
    let in_a_transaction = async {
        let transaction = ground.pool.begin().await.expect("a session");
        for id in ids(&transaction.query(POSTS, &[]).await.expect("rows")) {
            transaction.query(COMMENTS, &[&id]).await.expect("rows");
        }
        transaction.commit().await.expect("it is over");
    };
    is_twelve_at_one_place(&ground.request(in_a_transaction).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_shared_sessions() {
    let ground = Ground::new("nplus1_pipelined").await;
    let reads = ground.pool.pipelined();
    forebay_tests::eventually("both are answered by a shared session", async || {
        let before = ground.pool.status().pipelined.shared;
        reads.query(POSTS, &[]).await.expect("rows");
        reads.query(COMMENTS, &[&1_i32]).await.expect("rows");
        ground.pool.status().pipelined.shared == before + 2
    })
    .await;
    let before = ground.pool.status().pipelined.shared;
    let story = async {
        for id in ids(&reads.query(POSTS, &[]).await.expect("rows")) {
            reads.query(COMMENTS, &[&id]).await.expect("rows");
        }
    };
    is_twelve_at_one_place(&ground.request(story).await);
    assert!(ground.pool.status().pipelined.shared > before, "some of them at least were shared");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_servers_at_once() {
    let ground = Ground::new("nplus1_hedged").await;
    let mut hedging =
        HedgingConfig { delay: Some(Duration::from_millis(1)), on_primary: true, ..HedgingConfig::default() };
    (hedging.budget.share, hedging.budget.burst) = (1.0, 100);
    let config = PoolConfig {
        hedging: Some(hedging),
        lag_max: Duration::from_secs(3600),
        ..PoolConfig::from_url(&ground.database.primary_url())
            .and_then(|config| config.replicas(ground.database.replica_urls()))
            .expect("URLs of the lab")
    };
    let pool = Pool::builder(config).observer(Arc::new(ground.detector.clone())).build().await;
    let pool = pool.expect("the servers are there");
    // It takes longer than the first has.
    let slow =
        "SELECT body, (SELECT count(*) FROM generate_series(1, 40000)) FROM comments WHERE post_id = $1";
    forebay_tests::eventually("a replica has the rows, and answers", async || {
        let reader = pool.read().await.expect("a session");
        reader.role() == Role::Replica
            && reader.query(slow, &[&1_i32]).await.is_ok_and(|rows| !rows.is_empty())
    })
    .await;
    forebay_tests::eventually("some are asked of a second server", async || {
        let before = pool.status().hedges.expect("it hedges").sent;
        let story = async {
            for id in ids(&pool.query(POSTS, &[]).await.expect("rows")) {
                pool.query(slow, &[&id]).await.expect("rows");
            }
        };
        is_twelve_at_one_place(&ground.request(story).await);
        pool.status().hedges.expect("it hedges").sent > before
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_tasks_of_the_request() {
    let ground = Ground::new("nplus1_tasks").await;
    let story = async {
        let tasks = ground.column::<String>("SELECT slug FROM posts").await.into_iter().map(|slug| {
            let pool = ground.pool.clone();
            let title = "SELECT title FROM posts WHERE slug = $1";
            forebay_scope::spawn(async move { pool.query(title, &[&slug]).await.map(drop) })
        });
        let tasks: Vec<_> = tasks.collect();
        for task in tasks {
            task.await.expect("it ends").expect("rows");
        }
    };
    // In whichever order they come to run: the values tell.
    is_twelve_by(&ground.request(story).await, "slug");
}
