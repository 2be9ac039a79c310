use forebay_plan::{Rewrite, RewriteKind, compare, rewrites};
use std::time::Duration;
use tokio_postgres::types::ToSql;

const SCHEMA: &str = "
CREATE TABLE orders (id int PRIMARY KEY, customer int NOT NULL, created timestamptz NOT NULL, note text);
CREATE TABLE customers (id int PRIMARY KEY, name text NOT NULL, blocked_by int);
CREATE INDEX ON orders (created);
CREATE INDEX ON orders (customer);
INSERT INTO orders SELECT n, n % 500, '2026-01-01'::timestamptz + n * interval '10 minutes', 'note ' || n FROM generate_series(1, 20000) n;
INSERT INTO customers SELECT n, 'customer ' || n, CASE WHEN n % 7 = 0 THEN n + 1 END FROM generate_series(1, 900) n;
ANALYZE";

const WITHIN: Duration = Duration::from_secs(30);

/// Forms that are the same, and whether the planner prefers the other one; `None` where that depends.
const TRIED: &[(RewriteKind, &str, Option<bool>)] = &[
    (
        RewriteKind::DateOfColumn,
        "SELECT id FROM orders o WHERE o.created::date = '2026-02-03' ORDER BY id;",
        Some(true),
    ),
    (
        RewriteKind::NotIn,
        "SELECT c.id FROM customers c WHERE c.id NOT IN (SELECT customer FROM orders) -- the idle ones",
        Some(true),
    ),
    (
        RewriteKind::DateOfColumn,
        "SELECT id FROM orders WHERE created::date >= '2026-02-03' AND customer = 7",
        None,
    ),
    (RewriteKind::DateOfColumn, "SELECT id FROM orders WHERE created::date <= '2026-01-02'", Some(true)),
    (
        RewriteKind::CorrelatedIn,
        "SELECT c.id FROM customers c WHERE c.id < 200 AND c.id IN (SELECT o.customer FROM orders AS o WHERE o.id > c.id OR o.id = 3)",
        Some(true),
    ),
    (
        RewriteKind::FunctionOfColumn,
        "SELECT id FROM orders WHERE extract(year FROM created) = 2026 OR id = 7",
        None,
    ),
    (
        RewriteKind::ArithmeticOnColumn,
        "SELECT note FROM orders WHERE orders.id + 5 <= 17 ORDER BY note LIMIT 90",
        Some(true),
    ),
    (
        RewriteKind::DistinctOfGroups,
        "SELECT DISTINCT customer, count(*) FROM orders GROUP BY customer",
        Some(true),
    ),
    (
        RewriteKind::CountForExistence,
        "SELECT c.id FROM customers c WHERE (SELECT count(*) FROM orders WHERE customer = c.id) > 0",
        Some(true),
    ),
];

fn only(sql: &str, kind: RewriteKind) -> Rewrite {
    let mut found = rewrites(sql);
    found.retain(|rewrite| rewrite.kind == kind);
    assert_eq!(found.len(), 1, "{sql}");
    found.remove(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn and_the_planner_says_what_they_cost() {
    let database = forebay_tests::shared().await.database("rewrites").await;
    database.execute(SCHEMA).await;
    let mut client = database.client().await;
    let day: &(dyn ToSql + Sync) = &"2026-02-03";
    for (kind, sql, cheaper) in TRIED {
        let found = only(sql, *kind);
        assert!(found.same_parameters);
        let other = found.statement.expect("it can be written");
        let compared = compare(&mut client, sql, &other, &[], true, WITHIN)
            .await
            .unwrap_or_else(|error| panic!("{other}: {error:?}"));
        assert_eq!(compared.same_rows, Some(true), "{other}");
        let is_cheaper = compared.cost_after < compared.cost_before;
        assert!(cheaper.is_none_or(|cheaper| is_cheaper == cheaper), "{other}: {compared:?}");
    }
    let (sql, other) = ("SELECT id FROM orders WHERE created > $1::text::date", "SELECT id FROM orders");
    let compared = compare(&mut client, sql, other, &[], false, WITHIN).await;
    assert!(compared.is_err(), "a value is missing");
    let (with, without) = (format!("{sql} OR $1::text IS NULL"), format!("{sql} AND $1::text IS NULL"));
    let compared = compare(&mut client, &with, &without, &[day], true, WITHIN).await.expect("both run");
    assert_eq!(compared.same_rows, Some(false));
    let compared = compare(&mut client, sql, &with, &[day], false, WITHIN).await.expect("both are planned");
    assert_eq!(compared.same_rows, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_null_in_the_list_is_where_they_differ() {
    let database = forebay_tests::shared().await.database("rewrites_null").await;
    database.execute(SCHEMA).await;
    let mut client = database.client().await;
    let sql = "SELECT c.id FROM customers c WHERE c.id NOT IN (SELECT blocked_by FROM customers)";
    let found = only(sql, RewriteKind::NotIn);
    assert!(found.caveats[0].starts_with("not the same where NULLs are"));
    let other = found.statement.expect("it can be written");
    let compared = compare(&mut client, sql, &other, &[], true, WITHIN).await.expect("both run");
    assert_eq!(compared.same_rows, Some(false));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_by_key_are_those_by_offset() {
    let database = forebay_tests::shared().await.database("rewrites_pages").await;
    database.execute(SCHEMA).await;
    let client = database.client().await;
    for (sql, order, other) in [
        (
            "SELECT id FROM orders ORDER BY id LIMIT 50 OFFSET $1",
            "id",
            "SELECT id FROM orders WHERE id > $1 ORDER BY id LIMIT 50",
        ),
        (
            "SELECT o.customer, o.id FROM orders o WHERE note IS NOT NULL OR id = 7 ORDER BY o.customer DESC, o.id DESC LIMIT 50 OFFSET $1",
            "customer, id",
            "SELECT o.customer, o.id FROM orders o WHERE (note IS NOT NULL OR id = 7) AND (o.customer, o.id) < ($1, $2) \
             ORDER BY o.customer DESC, o.id DESC LIMIT 50",
        ),
    ] {
        let found = only(sql, RewriteKind::Offset);
        assert!(!found.same_parameters);
        assert_eq!(found.statement.as_deref(), Some(other), "by {order}");
        let numbers = |rows: Vec<tokio_postgres::Row>| -> Vec<Vec<i32>> {
            rows.iter().map(|row| (0..row.len()).map(|column| row.get(column)).collect()).collect()
        };
        let first = numbers(client.query(sql, &[&0_i64]).await.expect("rows"));
        let second = numbers(client.query(sql, &[&50_i64]).await.expect("rows"));
        let last: Vec<&(dyn ToSql + Sync)> = first[49].iter().map(|value| value as _).collect();
        assert_eq!(numbers(client.query(other, &last).await.expect("rows")), second);
    }
}

/// Each has this form, and no other.
const FOUND: &[(&str, RewriteKind)] = &[
    ("SELECT id FROM a WHERE id IN ($1, $2, $3)", RewriteKind::InList),
    ("SELECT id FROM a WHERE name LIKE '%x%'", RewriteKind::LeadingWildcard),
    ("SELECT * FROM a WHERE id = $1", RewriteKind::SelectStar),
    ("SELECT b.id, a.* FROM a JOIN b USING (id) WHERE id = $1", RewriteKind::SelectStar),
    ("SELECT id FROM a ORDER BY id", RewriteKind::WithoutLimit),
    ("SELECT a.id FROM a, b", RewriteKind::JoinWithoutCondition),
    ("SELECT a.id FROM a JOIN b ON true WHERE a.id = 1", RewriteKind::JoinWithoutCondition),
    ("SELECT DISTINCT a.id, a.name FROM a JOIN b ON b.a = a.id", RewriteKind::DistinctOverJoin),
    ("SELECT a.id FROM a JOIN b ON b.a = a.id WHERE a.x = 1 OR b.y = 2", RewriteKind::OrAcrossJoin),
    (
        "SELECT a.id, (SELECT max(x) FROM b WHERE b.a = a.id) FROM a WHERE a.id < 9",
        RewriteKind::SubqueryPerRow,
    ),
    ("SELECT count(*) FROM public.a", RewriteKind::CountAll),
    ("SELECT count(*) AS rows FROM a x", RewriteKind::CountAll),
    ("SELECT a.id FROM a, b WHERE a.x = 1", RewriteKind::JoinWithoutCondition),
    ("SELECT a.id FROM a, b, c AS third WHERE a.x = b.x AND b.y = 2", RewriteKind::JoinWithoutCondition),
    ("SELECT id FROM a WHERE lower(a.mail) = $1", RewriteKind::FunctionOfColumn),
    ("SELECT id FROM a WHERE x = 1 AND upper(mail) IN ($1)", RewriteKind::FunctionOfColumn),
    ("SELECT id FROM a WHERE date_trunc('month', created) = $1", RewriteKind::FunctionOfColumn),
    ("SELECT id FROM a WHERE extract(month from created) = 3", RewriteKind::FunctionOfColumn),
    ("SELECT id FROM a WHERE extract(year from created) >= $1", RewriteKind::FunctionOfColumn),
    ("SELECT id FROM a WHERE a.id::text = $1", RewriteKind::FunctionOfColumn),
    ("SELECT id FROM a WHERE created::date < $1", RewriteKind::DateOfColumn),
    ("SELECT id FROM a WHERE x = 2 AND id - 3 > $1", RewriteKind::ArithmeticOnColumn),
    ("SELECT DISTINCT x, count(*) FROM a GROUP BY x", RewriteKind::DistinctOfGroups),
    ("SELECT a.id FROM a WHERE a.x IN (SELECT max(b.x) FROM b WHERE b.a = a.id)", RewriteKind::CorrelatedIn),
    ("SELECT a.id FROM a WHERE x IN (SELECT b.x FROM b WHERE b.a = a.id)", RewriteKind::CorrelatedIn),
];

/// What looks like one and is none.
const NEAR: &[&str] = &[
    "SELECT id FROM a WHERE id = ANY($1) LIMIT 5 OFFSET 0",
    "SELECT a * b FROM c WHERE name LIKE 'x%' AND id IN (SELECT id FROM d)",
    "SELECT count(*) FROM a WHERE x = 1",
    "SELECT count(*), max(x) FROM a",
    "SELECT count(x) FROM a",
    "SELECT count(*) FROM a JOIN b USING (x)",
    "SELECT count(*) FROM rows_of(7)",
    "SELECT x, count(*) FROM a GROUP BY x",
    "SELECT a.id FROM a, b WHERE a.x = y",
    "SELECT a.id FROM a, b WHERE b.x = a.y",
    "SELECT a.id FROM a, b WHERE a.x IN (SELECT c.x FROM c)",
    "SELECT lower(mail) FROM a WHERE mail = lower($1)",
    "SELECT id FROM a WHERE lower($1) = mail",
    "SELECT id FROM a WHERE lower(first || last) = $1",
    "SELECT date_trunc('day', created), count(*) FROM a WHERE created > $1 GROUP BY 1",
    "SELECT id FROM a WHERE created >= date_trunc('day', $1)",
    "SELECT id FROM a WHERE created = $1::date",
    "SELECT id FROM a WHERE id = $1::text::int",
    "SELECT id::text FROM a WHERE id = 7",
    "SELECT id FROM a WHERE x = 5 + 7",
    "SELECT id FROM a WHERE x + y = 7",
    "SELECT id FROM a WHERE 2 * x + 1 = 7",
    "SELECT id FROM a WHERE x + 1 = 7 * y",
    "SELECT DISTINCT x FROM a",
    "SELECT DISTINCT count(*) FROM a GROUP BY x",
    "SELECT DISTINCT x + 1, count(*) FROM a GROUP BY x",
    "SELECT DISTINCT lower(x) FROM a GROUP BY lower(x)",
    "SELECT a.id FROM a WHERE a.x IN (SELECT b.x FROM b WHERE b.y = 1)",
    "SELECT a.id FROM a WHERE EXISTS (SELECT FROM b WHERE b.a = a.id)",
    "SELECT a.id FROM a WHERE a.x IN (SELECT a.y FROM b AS a WHERE a.z = 1)",
    "SELECT id FROM a WHERE id NOT IN (1, 2)",
    "SELECT a.id FROM a CROSS JOIN b WHERE a.id = b.id",
    "SELECT f.x FROM a, unnest(a.list) AS f(x)",
    "SELECT DISTINCT a.id, b.id FROM a JOIN b ON b.a = a.id",
    "SELECT a.id FROM a JOIN b ON b.a = a.id WHERE a.x = 1 OR a.y = 2",
    "SELECT EXISTS (SELECT 1 FROM b WHERE b.a = a.id), (SELECT max(x) FROM b) FROM a WHERE id = 1",
    "UPDATE a SET x = 1 WHERE id IN (1, 2)",
    "SELECT id FROM a ORDER BY id LIMIT 3; SELECT * FROM b",
    "SELECT 'unclosed FROM a",
    "",
];

#[test]
fn each_kind_is_found_and_its_neighbours_are_not() {
    for (sql, kind) in FOUND {
        let kinds: Vec<RewriteKind> = rewrites(sql).iter().map(|rewrite| rewrite.kind).collect();
        assert_eq!(kinds, [*kind], "{sql}");
    }
    assert_eq!(
        only("SELECT id FROM a WHERE id IN ($1, $2, $3) ORDER BY id LIMIT 2", RewriteKind::InList)
            .statement
            .as_deref(),
        Some("SELECT id FROM a WHERE id = ANY($1) ORDER BY id LIMIT 2")
    );
    for sql in NEAR {
        assert_eq!(rewrites(sql), [], "{sql}");
    }
}

#[test]
fn what_is_not_sure_is_not_written_out() {
    for sql in [
        // The type of the parameter would be the column's, and no more that of the sum.
        "SELECT id FROM a WHERE id + 3 > $1",
        "SELECT id FROM a WHERE id + 1.5 = 3",
        "SELECT id FROM a WHERE extract(year FROM created) = $1",
        "SELECT id FROM a WHERE extract(year FROM created) > 2026",
        "SELECT id FROM a WHERE date_trunc('month', created) = $1",
        "SELECT id FROM a WHERE lower(mail) = $1",
        // Inside of the list `x` may be a column of b.
        "SELECT a.id FROM a WHERE x IN (SELECT b.x FROM b WHERE b.a = a.id)",
        "SELECT a.id FROM a WHERE a.x IN (SELECT b.x FROM b WHERE b.a = a.id ORDER BY b.y LIMIT 1)",
        "SELECT a.id FROM a WHERE a.x IN (SELECT max(b.x) FROM b WHERE b.a = a.id)",
    ] {
        let [found] = &rewrites(sql)[..] else { panic!("one: {sql}") };
        assert_eq!(found.statement, None, "{sql}");
        assert!(!found.same_parameters && !found.caveats.is_empty(), "{sql}");
    }
    let sql = "SELECT id FROM a WHERE id IN ($1, $2, $3) AND a.mail::text = 'x'";
    let kinds: Vec<RewriteKind> = rewrites(sql).iter().map(|rewrite| rewrite.kind).collect();
    assert_eq!(kinds, [RewriteKind::FunctionOfColumn, RewriteKind::InList], "in the order of their kinds");
}

#[test]
fn the_book_knows_every_kind() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/src/rewrites.md");
    let page = std::fs::read_to_string(page).expect("the page is there");
    for kind in RewriteKind::ALL {
        assert!(page.contains(&format!("\n| `{kind}` |")), "{kind}");
    }
}
