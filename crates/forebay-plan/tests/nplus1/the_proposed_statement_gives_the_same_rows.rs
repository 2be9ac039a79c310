use crate::scenarios::{Ground, all};
use forebay_plan::{NPlusOneConfig, Pattern, Repetition};
use tokio_postgres::types::ToSql;

/// Asks `child` once for each value of the first column of `parent`; what is found, and all rows.
async fn asked_one_by_one(ground: &Ground, parent: &str, child: &str) -> (Repetition, Vec<i32>, Vec<String>) {
    let (mut values, mut rows) = (Vec::new(), Vec::new());
    let story = async {
        values = ground.column::<i32>(parent).await;
        for value in &values {
            for row in ground.pool.query(child, &[value]).await.expect("rows") {
                rows.push(row.get::<_, String>(row.len() - 1));
            }
        }
    };
    let mut found = ground.request(story).await;
    assert_eq!(found.len(), 1, "{child}: {found:?}");
    (found.remove(0), values, rows)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn as_the_loop_did() {
    let ground = Ground::new("nplus1_same_rows").await;
    let parent = "SELECT id FROM posts WHERE id <= 9 ORDER BY id";
    for (child, proposed) in [
        (
            "SELECT body FROM comments WHERE post_id = $1 ORDER BY body",
            "SELECT post_id, body FROM comments WHERE post_id = ANY($1) ORDER BY body",
        ),
        (
            "SELECT c.post_id, c.body FROM comments AS c WHERE c.post_id = $1::int -- all of them",
            "SELECT c.post_id, c.body FROM comments AS c WHERE c.post_id = ANY($1::int[])",
        ),
        (
            "SELECT count(*)::text FROM comments WHERE post_id = $1",
            "SELECT post_id, count(*)::text FROM comments WHERE post_id = ANY($1) GROUP BY post_id",
        ),
        (
            "SELECT body FROM comments WHERE post_id = $1 ORDER BY id DESC LIMIT 2",
            "SELECT batch.*, each.* FROM unnest($1::int4[]) AS batch(v1) CROSS JOIN LATERAL \
             (SELECT body FROM comments WHERE post_id = batch.v1 ORDER BY id DESC LIMIT 2) AS each",
        ),
        (
            "SELECT DISTINCT body FROM comments WHERE post_id = $1 OR author_id = $1",
            "SELECT batch.*, each.* FROM unnest($1::int4[]) AS batch(v1) CROSS JOIN LATERAL \
             (SELECT DISTINCT body FROM comments WHERE post_id = batch.v1 OR author_id = batch.v1) AS each",
        ),
        (
            "SELECT body FROM comments WHERE post_id = $1 UNION ALL SELECT name FROM authors WHERE id = 1",
            "SELECT batch.*, each.* FROM unnest($1::int4[]) AS batch(v1) CROSS JOIN LATERAL \
             (SELECT body FROM comments WHERE post_id = batch.v1 UNION ALL SELECT name FROM authors WHERE id = 1) AS each",
        ),
    ] {
        let (found, values, mut rows) = asked_one_by_one(&ground, parent, child).await;
        assert_eq!(found.pattern, Pattern::NPlusOne);
        let statement = found.fix.statement.expect("it can be written");
        assert_eq!(statement, proposed);
        let answer = ground.pool.query(&statement, &[&values]).await.expect("rows");
        let mut together: Vec<String> = answer.iter().map(|row| row.get(row.len() - 1)).collect();
        rows.sort_unstable();
        together.sort_unstable();
        assert_eq!(together, rows, "{statement}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn and_the_server_takes_each_of_them() {
    let ground = Ground::new("nplus1_accepted").await;
    let writer = ground.pool.write().await.expect("a session");
    let mut proposed = 0;
    for scenario in all() {
        for found in scenario.found(&ground).await {
            let Some(statement) = found.fix.statement else { continue };
            proposed += 1;
            let prepare = format!("PREPARE proposed AS {statement}; DEALLOCATE proposed");
            writer
                .batch_execute(&prepare)
                .await
                .unwrap_or_else(|error| panic!("{}: {statement}: {error:?}", scenario.name));
        }
    }
    assert!(proposed >= 24, "{proposed}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writes_change_the_same_rows() {
    let ground = Ground::new("nplus1_same_writes").await;
    let transaction = ground.pool.begin().await.expect("a transaction");
    let (insert, update) = (
        "INSERT INTO events (what, amount) VALUES ($1, $2 + 1) RETURNING amount",
        "UPDATE posts AS p SET title = $1 WHERE p.id = $2",
    );
    let found = ground
        .request(async {
            for (id, title) in [(1_i32, "one"), (2, "two"), (3, "three")] {
                transaction.query(insert, &[&title, &id]).await.expect("a row");
            }
            for (id, title) in [(1_i32, "one"), (2, "two"), (3, "three")] {
                transaction.execute(update, &[&title, &id]).await.expect("a row");
            }
        })
        .await;
    transaction.rollback().await.expect("an end");
    let statement = |of: &str| {
        let is_it = |found: &&Repetition| found.statement.starts_with(of);
        found.iter().find(is_it).and_then(|found| found.fix.statement.clone()).expect("it can be written")
    };
    assert_eq!(
        statement("insert"),
        "INSERT INTO events (what, amount) SELECT batch.v1, batch.v2 + 1 \
         FROM unnest($1::text[], $2::int4[]) AS batch(v1, v2) RETURNING amount"
    );
    assert_eq!(
        statement("update"),
        "UPDATE posts AS p SET title = batch.v1 FROM unnest($1::text[], $2::int4[]) AS batch(v1, v2) WHERE p.id = batch.v2"
    );
    let (titles, ids) = (vec!["one", "two", "three"], vec![1_i32, 2, 3]);
    let params: [&(dyn ToSql + Sync); 2] = [&titles, &ids];
    let written = ground.pool.query(&statement("insert"), &params).await.expect("rows");
    assert_eq!(written.iter().map(|row| row.get::<_, i32>(0)).collect::<Vec<_>>(), [2, 3, 4]);
    assert_eq!(ground.pool.execute(&statement("update"), &params).await.expect("rows"), 3);
    assert_eq!(ground.column::<String>("SELECT title FROM posts WHERE id <= 3 ORDER BY id").await, titles);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn values_written_into_the_text_do_not_leave_with_it() {
    for (literals, proposed) in [
        (
            false,
            "SELECT author_id, title FROM posts WHERE author_id = ANY($1) AND status = $2 AND created < 99",
        ),
        (
            true,
            "SELECT author_id, title FROM posts WHERE author_id = ANY($1) AND status = 'secret' AND created < 99",
        ),
    ] {
        let settings = NPlusOneConfig { literals, ..NPlusOneConfig::default() };
        let ground = Ground::with("nplus1_literals", settings).await;
        let child = "SELECT title FROM posts WHERE author_id = $1 AND status = 'secret' AND created < 99";
        let found = asked_one_by_one(&ground, "SELECT id FROM authors", child).await.0;
        assert_eq!(found.fix.statement.as_deref(), Some(proposed));
        assert_eq!(found.to_string().contains("secret"), literals, "{found}");
        assert!(!format!("{found:?}").contains("secret") || literals, "{found:?}");
    }
}
