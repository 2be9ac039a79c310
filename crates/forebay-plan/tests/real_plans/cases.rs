//! Statements whose plans have every node type between them.

/// A statement.
pub(crate) struct Case {
    /// Run before it, in the same transaction.
    pub(crate) settings: &'static str,
    pub(crate) sql: &'static str,
    /// Node types and writes its plan must have; `Type/Value` asks for that value of strategy, mode, join or operation as well.
    pub(crate) meets: &'static [&'static str],
    /// Whether a second run gives the same figures; what is shared by several processes does not.
    pub(crate) runs: bool,
    /// From which version on.
    pub(crate) since: u32,
}

impl Case {
    /// Whether any server can run it: not every one is built with XML.
    pub(crate) fn can_run(&self) -> bool {
        !self.sql.contains("XMLTABLE")
    }
}

const fn case(settings: &'static str, sql: &'static str, meets: &'static [&'static str]) -> Case {
    Case { settings, sql, meets, runs: true, since: 14 }
}

const PARALLEL: &str = "SET LOCAL parallel_setup_cost = 0; SET LOCAL parallel_tuple_cost = 0; SET LOCAL min_parallel_table_scan_size = 0;
    SET LOCAL max_parallel_workers_per_gather = 2";
const NO_HASH: &str = "SET LOCAL enable_hashjoin = off; SET LOCAL enable_hashagg = off; SET LOCAL max_parallel_workers_per_gather = 0";
const ALONE: &str = "SET LOCAL max_parallel_workers_per_gather = 0";
const BITMAP: &str = "SET LOCAL enable_indexscan = off; SET LOCAL enable_seqscan = off; SET LOCAL max_parallel_workers_per_gather = 0";

pub(crate) const CASES: &[Case] = &[
    case(ALONE, "SELECT 1 + 1", &["Result"]),
    case(ALONE, "SELECT * FROM users WHERE 1 = 2", &["Result"]),
    case(ALONE, "SELECT generate_series(1, 3)", &["ProjectSet"]),
    case(
        ALONE,
        "SELECT * FROM users WHERE score = 7 AND name LIKE '%1, it''s' LIMIT 3 OFFSET 1",
        &["Limit", "Bitmap Heap Scan", "Bitmap Index Scan"],
    ),
    case(ALONE, "SELECT name FROM users u WHERE name <> 'a\nb  (cost=1'", &["Seq Scan"]),
    case(ALONE, "SELECT * FROM users WHERE id = 7", &["Index Scan"]),
    case(ALONE, "SELECT * FROM users WHERE id < 40 ORDER BY id DESC", &["Index Scan/Backward"]),
    case(
        "SET LOCAL enable_bitmapscan = off; SET LOCAL enable_seqscan = off",
        "SELECT id FROM users WHERE id < 300",
        &["Index Only Scan"],
    ),
    case(BITMAP, "SELECT * FROM users WHERE team = 3 AND score = 7", &["BitmapAnd"]),
    case(BITMAP, "SELECT * FROM users WHERE team = 3 OR score = 7", &["BitmapOr"]),
    case(ALONE, "SELECT * FROM users TABLESAMPLE bernoulli (10) REPEATABLE (3)", &["Sample Scan"]),
    case(ALONE, "SELECT * FROM users WHERE ctid = '(0,1)'", &["Tid Scan"]),
    case(ALONE, "SELECT * FROM users WHERE ctid > '(3,1)' AND ctid < '(5,1)'", &["Tid Range Scan"]),
    case(ALONE, "SELECT * FROM users u JOIN orders o ON o.user_id = u.id", &["Hash Join/Inner", "Hash"]),
    case(
        ALONE,
        "SELECT * FROM users u LEFT JOIN orders o ON o.user_id = u.id AND o.amount > u.score",
        &["Hash Join"],
    ),
    case(
        ALONE,
        "SELECT * FROM users u WHERE NOT EXISTS (SELECT 1 FROM orders o WHERE o.user_id = u.id)",
        &["Hash Join"],
    ),
    case(NO_HASH, "SELECT * FROM users u FULL JOIN orders o ON o.user_id = u.id", &["Merge Join/Full"]),
    case(
        "SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off; SET LOCAL enable_memoize = off",
        "SELECT * FROM users u JOIN orders o ON o.user_id = u.id WHERE u.id < 5",
        &["Nested Loop/Inner"],
    ),
    case(
        "SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off",
        "SELECT * FROM orders o JOIN users u ON o.user_id = u.id WHERE o.amount < 50",
        &["Memoize"],
    ),
    case(
        ALONE,
        "SELECT * FROM users u, (VALUES (1), (2)) v WHERE u.id < 100 AND u.score + v.column1 > 3",
        &["Nested Loop", "Values Scan"],
    ),
    case(
        "SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off",
        "SELECT * FROM events a LEFT JOIN (SELECT score FROM users WHERE id < 9 LIMIT 5) b ON a.at + b.score < 30 WHERE a.at < 50",
        &["Materialize"],
    ),
    case(ALONE, "SELECT * FROM users ORDER BY name, score DESC", &["Sort"]),
    case(
        "SET LOCAL work_mem = '64kB'; SET LOCAL max_parallel_workers_per_gather = 0",
        "SELECT * FROM users ORDER BY lower(name), score",
        &["Sort"],
    ),
    case(
        "SET LOCAL enable_bitmapscan = off; SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = on",
        "SELECT * FROM users ORDER BY team, score LIMIT 500",
        &["Incremental Sort"],
    ),
    case(NO_HASH, "SELECT team FROM users WHERE score > 10 GROUP BY team", &["Group"]),
    case(ALONE, "SELECT count(*), max(score) FROM users WHERE name > 'user 3'", &["Aggregate/Plain"]),
    case(
        ALONE,
        "SELECT team, score % 7, count(*) FROM users GROUP BY team, score % 7",
        &["Aggregate/Hashed"],
    ),
    case(
        "SET LOCAL work_mem = '64kB'; SET LOCAL enable_sort = off; SET LOCAL max_parallel_workers_per_gather = 0",
        "SELECT name, count(*) FROM users GROUP BY name",
        &["Aggregate/Hashed"],
    ),
    case(NO_HASH, "SELECT team, count(*) FROM users GROUP BY team", &["Aggregate/Sorted"]),
    case(
        ALONE,
        "SELECT team, score, count(*) FROM users GROUP BY GROUPING SETS ((team), (score), ())",
        &["Aggregate/Mixed"],
    ),
    case(ALONE, "SELECT id, rank() OVER (PARTITION BY team ORDER BY score) FROM users", &["WindowAgg"]),
    case(NO_HASH, "SELECT DISTINCT score FROM users ORDER BY score", &["Unique"]),
    case(ALONE, "SELECT id FROM users EXCEPT SELECT user_id FROM orders", &["SetOp"]),
    case(NO_HASH, "SELECT id FROM users INTERSECT ALL SELECT user_id FROM orders", &["SetOp"]),
    case(ALONE, "SELECT * FROM users WHERE id < 10 FOR UPDATE", &["LockRows"]),
    case(ALONE, "SELECT * FROM events WHERE what = 'e'", &["Append"]),
    case(
        "SET LOCAL enable_bitmapscan = off; SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off",
        "SELECT max(at) FROM (SELECT at FROM events UNION ALL SELECT id FROM users ORDER BY 1 LIMIT 9) x",
        &["Merge Append"],
    ),
    case(
        ALONE,
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50) SELECT * FROM n",
        &["Recursive Union", "WorkTable Scan", "CTE Scan"],
    ),
    case(
        ALONE,
        "WITH u AS MATERIALIZED (SELECT * FROM users WHERE score > 500) SELECT * FROM u a JOIN u b ON a.id = b.team",
        &["CTE Scan"],
    ),
    case(
        ALONE,
        "SELECT * FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM users) s WHERE n % 2 = 0",
        &["Subquery Scan"],
    ),
    case(ALONE, "SELECT * FROM generate_series(1, 20) AS g (i) WHERE i > 3", &["Function Scan"]),
    Case {
        settings: ALONE,
        sql: "SELECT * FROM XMLTABLE('/a' PASSING CAST(NULL AS xml) COLUMNS x int)",
        meets: &["Table Function Scan"],
        runs: false,
        since: 14,
    },
    case(
        ALONE,
        "SELECT * FROM users WHERE score > (SELECT avg(amount) FROM orders)",
        &["Seq Scan", "Aggregate/Plain"],
    ),
    case(
        ALONE,
        "SELECT count(*) FROM users WHERE score > (SELECT avg(amount) FROM orders)",
        &["Seq Scan", "Aggregate/Plain"],
    ),
    case(
        ALONE,
        "SELECT * FROM users u WHERE score > (SELECT avg(amount) FROM orders o WHERE o.user_id = u.id) AND u.id < 200",
        &["Aggregate/Plain"],
    ),
    case(
        ALONE,
        "SELECT * FROM users WHERE id NOT IN (SELECT user_id FROM orders WHERE amount > 90)",
        &["Seq Scan"],
    ),
    case(
        ALONE,
        "SELECT u.*, (SELECT count(*) FROM orders o WHERE o.user_id = u.id) FROM users u WHERE id < 50",
        &["Aggregate/Plain"],
    ),
    case(
        "SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off",
        "SELECT * FROM users u JOIN orders o ON o.user_id = u.id WHERE u.score = 5000",
        &["Nested Loop"],
    ),
    case(
        ALONE,
        "INSERT INTO orders SELECT 100000 + i, i, 1, 'new' FROM generate_series(1, 5) i ON CONFLICT (id) DO UPDATE SET amount = 2 WHERE orders.amount < 9",
        &["ModifyTable/Insert"],
    ),
    case(ALONE, "UPDATE events SET what = 'f' WHERE at < 1100", &["ModifyTable/Update"]),
    case(
        ALONE,
        "DELETE FROM orders USING users WHERE users.id = orders.user_id AND users.score = 7",
        &["ModifyTable/Delete"],
    ),
    case(
        ALONE,
        "WITH gone AS (DELETE FROM orders WHERE amount = 1 RETURNING user_id) SELECT count(*) FROM gone",
        &["ModifyTable/Delete", "CTE Scan"],
    ),
    case(
        ALONE,
        "WITH gone AS (DELETE FROM orders WHERE amount = 1 RETURNING user_id), kept AS (SELECT 1) SELECT * FROM kept",
        &["ModifyTable/Delete"],
    ),
    Case {
        settings: ALONE,
        sql: "MERGE INTO orders o USING users u ON o.id = u.id WHEN MATCHED AND u.score < 100 THEN UPDATE SET amount = 0 WHEN MATCHED AND u.score > 900 THEN DELETE WHEN NOT MATCHED THEN DO NOTHING",
        meets: &["ModifyTable/Merge"],
        runs: true,
        since: 15,
    },
    case(
        ALONE,
        "SELECT \"a b\", \"using\" FROM \"Odd on Name\" AS \"x \"\" (y)\" WHERE \"a b\" > 3 ORDER BY \"using\", \"a b\" DESC",
        &["Seq Scan"],
    ),
    case(
        "SET LOCAL jit = on; SET LOCAL jit_above_cost = 0; SET LOCAL jit_inline_above_cost = 0; SET LOCAL max_parallel_workers_per_gather = 0",
        "SELECT sum(score) FROM users",
        &["Aggregate/Plain"],
    ),
    Case {
        settings: PARALLEL,
        sql: "SELECT * FROM users WHERE score > 3",
        meets: &["Gather"],
        runs: false,
        since: 14,
    },
    Case {
        settings: PARALLEL,
        sql: "SELECT * FROM users WHERE score > 3 ORDER BY name",
        meets: &["Gather Merge"],
        runs: false,
        since: 14,
    },
    Case {
        settings: PARALLEL,
        sql: "SELECT team, count(*) FROM users GROUP BY team",
        meets: &["Aggregate/Partial", "Aggregate/Finalize"],
        runs: false,
        since: 14,
    },
    Case {
        settings: PARALLEL,
        sql: "SELECT count(*) FROM users u JOIN orders o ON o.user_id = u.id WHERE u.score > (SELECT avg(amount) FROM orders)",
        meets: &["Hash Join"],
        runs: false,
        since: 14,
    },
];
