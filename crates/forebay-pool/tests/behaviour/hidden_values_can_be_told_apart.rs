//! Marks: what an observer has of values that it may not see.
#![expect(clippy::unwrap_used, reason = "a test stops where something is not as it must be")]

use forebay_pool::{Mark, ObservedValues, Pool, PoolConfig, QueryEvent, QueryObserver};
use forebay_tests::eventually;
use std::sync::{Arc, Mutex};

#[derive(Default)]
struct Seen(Mutex<Vec<Marks>>);

#[derive(Debug, Clone)]
struct Marks {
    bound: Option<Vec<Option<Mark>>>,
    literals: Vec<Option<Mark>>,
    /// By row, then by column.
    returned: Vec<Vec<Option<Mark>>>,
    columns: Vec<String>,
    shown: Option<usize>,
    printed: String,
}

impl QueryObserver for Seen {
    fn observe(&self, event: &QueryEvent<'_>) {
        let columns = event.answer.columns();
        let row = |row| (0..columns.len()).map(|column| event.answer.mark(row, column)).collect();
        self.0.lock().unwrap().push(Marks {
            bound: event.params.marks(),
            literals: event.literals(),
            returned: (0..event.answer.len()).map(row).collect(),
            columns: columns.iter().map(|column| column.name().to_owned()).collect(),
            shown: event.answer.shown().map(<[_]>::len),
            printed: format!("{event:?}"),
        });
    }
}

async fn pool(test: &str, policy: ObservedValues) -> (Arc<Seen>, Pool, forebay_tests::TestDatabase) {
    let database = forebay_tests::shared().await.database(test).await;
    let seen = Arc::new(Seen::default());
    let config =
        PoolConfig { observed_values: policy, ..PoolConfig::from_url(&database.primary_url()).unwrap() };
    let pool = Pool::builder(config).observer(Arc::clone(&seen) as _).build().await.unwrap();
    (seen, pool, database)
}

impl Seen {
    fn last(&self) -> Marks {
        self.0.lock().unwrap().last().unwrap().clone()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn equal_values_have_equal_marks_whatever_their_width() {
    let (seen, pool, _database) = pool("marks_equal", ObservedValues::Hidden).await;
    let sql = "SELECT 7::int8 AS id, 'geheim'::text AS name, NULL::int4 AS none, 70000 AS other";
    pool.query(sql, &[]).await.unwrap();
    let parent = seen.last();
    assert_eq!(parent.columns, ["id", "name", "none", "other"]);
    assert_eq!(parent.shown, None, "the rows are hidden");
    assert!(parent.printed.contains("[1 rows]"), "{}", parent.printed);
    let [id, name, none, other] = parent.returned[0][..] else { panic!("four columns") };
    assert_eq!(none, None);
    assert_ne!(id, other);
    assert!(!id.unwrap().is_telling() && other.unwrap().is_telling());
    assert_eq!(format!("{id:?}"), "Some(Mark)", "a mark does not show its number");

    pool.query("SELECT $1::int4, $2::varchar, $3::int8", &[&7_i32, &"geheim", &None::<i64>]).await.unwrap();
    assert_eq!(seen.last().bound.unwrap(), [id, name, None]);

    pool.query("SELECT 7, 'geheim', -7, E'geheim', 'it''s', 7.5", &[]).await.unwrap();
    let literals = seen.last().literals;
    assert_eq!(literals[..5], [id, name, id, None, None]);
    assert!(literals[5].is_some_and(|half| Some(half) != id));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_way_to_ask_shows_its_rows() {
    let (seen, pool, _database) = pool("marks_ways", ObservedValues::Shown).await;
    let (sql, params): (_, [&(dyn tokio_postgres::types::ToSql + Sync); 1]) =
        ("SELECT $1::int4 AS v", [&7_i32]);
    pool.read().await.unwrap().query(sql, &params).await.unwrap();
    let first = seen.last();
    assert_eq!((first.shown, first.returned[0].clone()), (Some(1), first.bound.clone().unwrap()));
    let writer = pool.write().await.unwrap();
    writer.query(sql, &params).await.unwrap();
    assert_eq!(seen.last().returned, first.returned);
    drop(writer);
    let transaction = pool.begin().await.unwrap();
    transaction.query(sql, &params).await.unwrap();
    assert_eq!(seen.last().returned, first.returned);
    transaction.rollback().await.unwrap();
    let pipelined = pool.pipelined();
    eventually("a read is shared", async || {
        pipelined.query(sql, &params).await.unwrap();
        pool.status().pipelined.shared > 0
    })
    .await;
    assert_eq!(seen.last().returned, first.returned);
    assert_eq!(seen.last().bound, first.bound);
    let told = seen.0.lock().unwrap().len();
    pipelined.query(sql, &params).await.unwrap();
    assert_eq!(seen.0.lock().unwrap().len(), told + 1, "once");
}
