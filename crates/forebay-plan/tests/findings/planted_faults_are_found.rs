//! Faults planted on a real server are found where they begin, alone; what is just short of them is clean.

use forebay_plan::{Finding, Plan, findings, read};
use forebay_tests::shared;
use tokio_postgres::{Client, SimpleQueryMessage};

const SCHEMA: &[&str] = &[
    "CREATE TABLE users (id int PRIMARY KEY, name text NOT NULL, team int, score int)",
    "INSERT INTO users SELECT i, 'user ' || i, i % 50, (i * 7919) % 1000 FROM generate_series(1, 20000) i",
    "CREATE TABLE orders (id int PRIMARY KEY, user_id int, amount int, status text, created int, note text)",
    "INSERT INTO orders SELECT i, 1 + (i::bigint * 7919) % 20000, i % 1000, CASE WHEN i % 20 = 0 THEN 'open' ELSE 'done' END, i,
        repeat('x', 60) FROM generate_series(1, 120000) i",
    "CREATE INDEX orders_created ON orders (created)",
    "CREATE INDEX orders_status ON orders (status)",
    "CREATE TABLE places (id int PRIMARY KEY, city int, zip int, area int, lane int)",
    "INSERT INTO places SELECT i, i % 8, i % 8, i % 8, i % 8 FROM generate_series(1, 50000) i",
    "CREATE TABLE items (id int PRIMARY KEY, place_id int, v int)",
    "INSERT INTO items SELECT i, 1 + i % 500000, i % 77 FROM generate_series(1, 500000) i",
    "CREATE INDEX items_place ON items (place_id)",
    "CREATE TABLE grown (id int, k int, pad text) WITH (autovacuum_enabled = off)",
    "INSERT INTO grown SELECT i, i % 5, repeat('z', 30) FROM generate_series(1, 2000) i",
    "CREATE INDEX grown_k ON grown (k)",
    "CREATE TABLE small (id int, v int)",
    "INSERT INTO small SELECT i, i FROM generate_series(1, 1000) i",
    "CREATE TABLE parent (id int PRIMARY KEY)",
    "INSERT INTO parent SELECT generate_series(1, 2000)",
    "CREATE TABLE child (id int, parent_id int REFERENCES parent)",
    "INSERT INTO child SELECT i, 1 + i % 1000 FROM generate_series(1, 30000) i",
    "CREATE TABLE indexed_child (id int, parent_id int REFERENCES users)",
    "INSERT INTO indexed_child SELECT i, 1 + i % 1000 FROM generate_series(1, 30000) i",
    "CREATE INDEX indexed_child_parent ON indexed_child (parent_id)",
    "VACUUM ANALYZE",
    "INSERT INTO grown SELECT i, 99, repeat('z', 30) FROM generate_series(1, 60000) i",
    "CREATE TABLE unvacuumed (id int PRIMARY KEY, v int) WITH (autovacuum_enabled = off)",
    "INSERT INTO unvacuumed SELECT i, i FROM generate_series(1, 100000) i",
    "ANALYZE unvacuumed",
];

/// A statement with what its plan is to be found of: a kind, and the beginning of the node's title.
struct Case {
    settings: &'static str,
    sql: &'static str,
    found: Option<(&'static str, &'static str)>,
}

const fn fault(settings: &'static str, sql: &'static str, kind: &'static str, node: &'static str) -> Case {
    Case { settings, sql, found: Some((kind, node)) }
}

const fn clean(settings: &'static str, sql: &'static str) -> Case {
    Case { settings, sql, found: None }
}

const INDEX_ONLY: &str = "SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off";
const BITMAP: &str = "SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off";
const PARALLEL: &str = "SET LOCAL max_parallel_workers_per_gather = 2; SET LOCAL parallel_setup_cost = 0;
    SET LOCAL parallel_tuple_cost = 0; SET LOCAL min_parallel_table_scan_size = 0; SET LOCAL max_parallel_workers = 0";

const CASES: &[Case] = &[
    fault(
        "",
        "SELECT * FROM orders WHERE user_id = 77",
        "sequential-scan-discards-rows",
        "Seq Scan on orders",
    ),
    clean("", "SELECT * FROM orders WHERE amount > 100"),
    clean("", "SELECT * FROM small WHERE v = 7"),
    clean("", "SELECT * FROM orders LIMIT 10"),
    fault(
        "",
        "SELECT * FROM orders WHERE created < 40000 AND user_id = 77",
        "index-scan-filters-rows",
        "Index Scan using orders_created",
    ),
    clean("", "SELECT * FROM orders WHERE created < 30000 AND amount > 100"),
    fault("", "SELECT min(created) FROM orders WHERE amount % 1000 = 1001", "wrong-index-for-order", "Index"),
    clean("", "SELECT * FROM orders WHERE status = 'done' ORDER BY created LIMIT 10"),
    fault("SET LOCAL work_mem = '1MB'", "SELECT * FROM orders ORDER BY note, amount", "sort-spill", "Sort"),
    clean("SET LOCAL work_mem = '100MB'", "SELECT * FROM orders ORDER BY note, amount"),
    fault(
        "SET LOCAL work_mem = '128kB'; SET LOCAL enable_mergejoin = off; SET LOCAL enable_nestloop = off",
        "SELECT * FROM orders o JOIN users u ON u.id = o.user_id",
        "hash-spill",
        "Hash",
    ),
    clean("SET LOCAL work_mem = '32MB'", "SELECT * FROM orders o JOIN users u ON u.id = o.user_id"),
    fault(
        "SET LOCAL work_mem = '128kB'; SET LOCAL enable_sort = off",
        "SELECT user_id, note, count(*) FROM orders GROUP BY user_id, note",
        "aggregate-spill",
        "HashAggregate",
    ),
    clean("SET LOCAL work_mem = '32MB'", "SELECT user_id, count(*) FROM orders GROUP BY user_id"),
    fault(
        "SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off; SET LOCAL enable_memoize = off",
        "SELECT count(o.amount) FROM orders o JOIN users u ON u.id = o.user_id",
        "nested-loop-large-outer",
        "Nested Loop",
    ),
    clean(
        "SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off; SET LOCAL enable_memoize = off",
        "SELECT count(o.amount) FROM orders o JOIN users u ON u.id = o.user_id WHERE o.id < 200",
    ),
    fault(
        "",
        "SELECT count(i.v) FROM places p JOIN items i ON i.place_id = p.id WHERE city = 3 AND zip = 3 AND area = 3 AND lane = 3",
        "misestimate",
        "Seq Scan on places",
    ),
    clean("", "SELECT count(i.v) FROM places p JOIN items i ON i.place_id = p.id WHERE city < 7"),
    fault(
        "",
        "SELECT count(i.v) FROM grown g JOIN items i ON i.place_id = g.id WHERE g.k = 99",
        "stale-statistics",
        "Index Scan using grown_k",
    ),
    fault(
        "SET LOCAL work_mem = '64kB'; SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off",
        "SELECT sum(amount) FROM orders WHERE status = 'open'",
        "lossy-bitmap",
        "Bitmap Heap Scan",
    ),
    clean(BITMAP, "SELECT sum(amount) FROM orders WHERE status = 'open'"),
    fault(INDEX_ONLY, "SELECT count(id) FROM unvacuumed WHERE id > 100", "heap-fetches", "Index Only Scan"),
    clean(INDEX_ONLY, "SELECT count(id) FROM users WHERE id > 100"),
    fault(
        PARALLEL,
        "SELECT count(*), avg(amount) FROM orders o WHERE amount > 10",
        "workers-not-launched",
        "Gather",
    ),
    clean(PARALLEL, "SELECT count(*) FROM small"),
    fault("", "DELETE FROM parent WHERE id > 1900", "trigger-time", "Delete on parent"),
    clean("", "INSERT INTO child SELECT i, 1 + i % 1000 FROM generate_series(1, 3000) i"),
    clean("", "DELETE FROM users WHERE id > 19900"),
    fault(
        "SET LOCAL work_mem = '32MB'",
        "SELECT o.id, (SELECT max(i.v) FROM items i WHERE i.place_id = o.id) FROM orders o WHERE o.id < 20000",
        "correlated-subplan",
        "Aggregate",
    ),
    clean(
        "SET LOCAL work_mem = '32MB'",
        "SELECT * FROM users WHERE id NOT IN (SELECT user_id FROM orders WHERE amount > 100)",
    ),
    fault("", "SELECT * FROM orders ORDER BY id LIMIT 10 OFFSET 100000", "large-offset", "Limit"),
    clean("", "SELECT * FROM orders ORDER BY id LIMIT 10 OFFSET 100"),
    fault(
        "SET LOCAL work_mem = '32MB'",
        "SELECT * FROM users u JOIN orders o ON o.user_id = u.id WHERE u.name = 'user 77' OR o.amount = 7777",
        "late-filter",
        "Hash Join",
    ),
    clean(
        "SET LOCAL work_mem = '32MB'",
        "SELECT * FROM users u JOIN orders o ON o.user_id = u.id WHERE u.score > 10 OR o.amount > 10",
    ),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_is_found_and_its_near_miss_is_clean() {
    let database = shared().await.database("planted_faults").await;
    let client = database.client().await;
    for statement in SCHEMA {
        client.batch_execute(statement).await.unwrap_or_else(|error| panic!("{statement}: {error:?}"));
    }
    let mut wrong = Vec::new();
    for case in CASES {
        let (plan, text) = explain(&client, case).await;
        let found = findings(&plan);
        let at = |finding: &Finding| (finding.kind.id(), plan.nodes()[finding.node].title());
        match (case.found, found.as_slice()) {
            (None, []) => {}
            (Some((kind, node)), [finding]) if at(finding).0 == kind && at(finding).1.starts_with(node) => {}
            _ => wrong.push(format!("{}\nexpected {:?}\n{found:#?}\n{text}", case.sql, case.found)),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What it did is undone.
async fn explain(client: &Client, case: &Case) -> (Plan, String) {
    let alone = "SET LOCAL max_parallel_workers_per_gather = 0; SET LOCAL jit = off";
    let begin = format!("BEGIN; {alone}; {}", case.settings);
    client.batch_execute(&begin).await.unwrap_or_else(|error| panic!("{begin}: {error:?}"));
    let sql = format!("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {}", case.sql);
    let messages = client.simple_query(&sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    client.batch_execute("ROLLBACK").await.expect("a transaction is open");
    let rows = messages.iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0),
        _ => None,
    });
    let text = rows.collect::<Vec<_>>().join("\n");
    let plan = read(&text).unwrap_or_else(|error| panic!("{error}\n{text}")).remove(0);
    (plan, text)
}
