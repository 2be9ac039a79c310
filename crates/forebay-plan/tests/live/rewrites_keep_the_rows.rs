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
    for (kind, sql, params, cheaper) in [
        (
            RewriteKind::DateOfColumn,
            "SELECT id FROM orders o WHERE o.created::date = $1::text::date",
            &[][..],
            None,
        ),
        (
            RewriteKind::DateOfColumn,
            "SELECT id FROM orders o WHERE o.created::date = '2026-02-03' ORDER BY id;",
            &[][..],
            Some(true),
        ),
        (
            RewriteKind::NotIn,
            "SELECT c.id FROM customers c WHERE c.id NOT IN (SELECT customer FROM orders) -- the idle ones",
            &[],
            Some(true),
        ),
        (
            RewriteKind::CountForExistence,
            "SELECT c.id FROM customers c WHERE (SELECT count(*) FROM orders WHERE customer = c.id) > 0",
            &[],
            Some(true),
        ),
    ] {
        let Some(cheaper) = cheaper else {
            assert!(
                rewrites(sql).iter().all(|rewrite| rewrite.kind != kind),
                "a cast of the value is not understood"
            );
            continue;
        };
        let found = only(sql, kind);
        assert!(found.same_parameters);
        let other = found.statement.expect("it can be written");
        let compared = compare(&mut client, sql, &other, params, true, WITHIN)
            .await
            .unwrap_or_else(|error| panic!("{other}: {error:?}"));
        assert_eq!(compared.same_rows, Some(true), "{other}");
        assert_eq!(compared.cost_after < compared.cost_before, cheaper, "{other}: {compared:?}");
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

#[test]
fn each_kind_is_found_and_its_neighbours_are_not() {
    use RewriteKind as Kind;
    for (sql, kind) in [
        ("SELECT id FROM a WHERE id IN ($1, $2, $3)", Kind::InList),
        ("SELECT id FROM a WHERE name LIKE '%x%'", Kind::LeadingWildcard),
        ("SELECT * FROM a WHERE id = $1", Kind::SelectStar),
        ("SELECT b.id, a.* FROM a JOIN b USING (id) WHERE id = $1", Kind::SelectStar),
        ("SELECT id FROM a ORDER BY id", Kind::WithoutLimit),
        ("SELECT a.id FROM a, b", Kind::JoinWithoutCondition),
        ("SELECT a.id FROM a JOIN b ON true WHERE a.id = 1", Kind::JoinWithoutCondition),
        ("SELECT DISTINCT a.id, a.name FROM a JOIN b ON b.a = a.id", Kind::DistinctOverJoin),
        ("SELECT a.id FROM a JOIN b ON b.a = a.id WHERE a.x = 1 OR b.y = 2", Kind::OrAcrossJoin),
        ("SELECT a.id, (SELECT max(x) FROM b WHERE b.a = a.id) FROM a WHERE a.id < 9", Kind::SubqueryPerRow),
    ] {
        let kinds: Vec<Kind> = rewrites(sql).iter().map(|rewrite| rewrite.kind).collect();
        assert_eq!(kinds, [kind], "{sql}");
    }
    assert_eq!(
        only("SELECT id FROM a WHERE id IN ($1, $2, $3) ORDER BY id LIMIT 2", Kind::InList)
            .statement
            .as_deref(),
        Some("SELECT id FROM a WHERE id = ANY($1) ORDER BY id LIMIT 2")
    );
    for sql in [
        "SELECT id FROM a WHERE id = ANY($1) LIMIT 5 OFFSET 0",
        "SELECT a * b FROM c WHERE name LIKE 'x%' AND id IN (SELECT id FROM d)",
        "SELECT count(*) FROM a",
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
    ] {
        assert_eq!(rewrites(sql), [], "{sql}");
    }
}
