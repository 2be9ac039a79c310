//! With the database's catalogue, functions of one's own go to replicas and what hides behind names goes to the primary.
#![expect(clippy::unwrap_used, reason = "a test stops where something is not as it must be")]

use forebay_pool::{CatalogConfig, Pool, PoolConfig, Role};
use forebay_tests::{TestDatabase, eventually};
use std::time::Duration;

const SCHEMA: &str = "
    CREATE SCHEMA app;
    CREATE TABLE users (id int, name text);
    INSERT INTO users VALUES (1, 'ada');
    CREATE SEQUENCE numbers;
    CREATE UNLOGGED TABLE scratch (id int);
    CREATE FOREIGN DATA WRAPPER far;
    CREATE SERVER away FOREIGN DATA WRAPPER far;
    CREATE FOREIGN TABLE elsewhere (id int) SERVER away;
    CREATE FUNCTION full_name(users) RETURNS text LANGUAGE sql STABLE AS 'SELECT $1.name';
    CREATE FUNCTION twice(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 * 2';
    CREATE FUNCTION takes(users) RETURNS bigint LANGUAGE sql VOLATILE AS 'SELECT nextval(''numbers'')';
    CREATE FUNCTION mixed(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1';
    CREATE FUNCTION mixed(text) RETURNS int LANGUAGE sql VOLATILE AS 'SELECT nextval(''numbers'')::int';
    CREATE FUNCTION app.hidden() RETURNS int LANGUAGE sql STABLE AS 'SELECT 1';
    CREATE FUNCTION steps(int, int) RETURNS int LANGUAGE sql VOLATILE AS 'SELECT nextval(''numbers'')::int';
    CREATE AGGREGATE counts(int) (SFUNC = steps, STYPE = int);
    CREATE AGGREGATE adds(int) (SFUNC = int4pl, STYPE = int, INITCOND = '0');
    CREATE OPERATOR <=> (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq);
    CREATE OPERATOR <~> (LEFTARG = int, RIGHTARG = int, FUNCTION = steps);
    CREATE TYPE pair AS (a int, b int);
    CREATE FUNCTION to_pair(int) RETURNS pair LANGUAGE sql VOLATILE AS 'SELECT nextval(''numbers'')::int, 1';
    CREATE CAST (int AS pair) WITH FUNCTION to_pair(int);
    CREATE VIEW names AS SELECT twice(id) AS id, name FROM users;
    CREATE VIEW next_one AS SELECT nextval('numbers') AS n;
    CREATE VIEW over_it AS SELECT n FROM next_one;
    CREATE VIEW last_one AS SELECT last_value FROM numbers;";

/// Each statement, and why it goes to the primary, if it does.
const ROUTES: &[(&str, Option<&str>)] = &[
    ("SELECT twice(id) FROM users", None),
    ("SELECT full_name(u), u.full_name FROM users u", None),
    ("SELECT adds(id) FROM users", None),
    ("SELECT id <=> 1 FROM users", None),
    ("SELECT * FROM names", None),
    ("SELECT app.hidden()", None),
    ("SELECT hidden()", Some("hidden() is not known")),
    ("SELECT u.takes FROM users u", Some("takes() is volatile (public.takes(public.users))")),
    ("SELECT mixed(1)", Some("mixed() is volatile (public.mixed(text))")),
    (
        "SELECT counts(id) FROM users",
        Some("counts() is volatile (public.counts(integer) calls public.steps(integer,integer))"),
    ),
    ("SELECT id <~> 1 FROM users", Some("operator <~> is volatile (public.steps(integer,integer))")),
    ("SELECT id::pair FROM users", Some("type pair calls a volatile function (public.to_pair(integer))")),
    (
        "SELECT * FROM over_it",
        Some(
            "over_it is a view that may do more than read (public.next_one is a view that may do more than read \
             (nextval() writes))",
        ),
    ),
    (
        "SELECT * FROM last_one",
        Some("last_one is a view that may do more than read (last_value reads a sequence)"),
    ),
    ("SELECT * FROM scratch", Some("scratch is an unlogged table")),
    ("SELECT * FROM elsewhere", Some("elsewhere is a foreign table")),
];

fn config(database: &TestDatabase) -> PoolConfig {
    PoolConfig {
        // Looks are asked for by what happens, not by time.
        catalog: CatalogConfig {
            enabled: true,
            poll_interval: Duration::from_secs(600),
            unchecked_max: Duration::from_secs(3600),
            read_interval_min: Duration::from_millis(1),
            ..CatalogConfig::default()
        },
        ..PoolConfig::from_url(&database.primary_url()).unwrap().replicas(database.replica_urls()).unwrap()
    }
}

async fn pool(config: PoolConfig) -> Pool {
    Pool::builder(config).build().await.unwrap()
}

fn role(pool: &Pool, sql: &str) -> Role {
    pool.explain_route(sql).role
}

/// Waits until the pool trusts what it has read.
async fn trusted(pool: &Pool) {
    eventually("a catalogue that is trusted", async || pool.status().catalog.unwrap().trusted).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_kind_of_thing_is_told_apart_and_named() {
    let database = forebay_tests::shared().await.database("catalogue_kinds").await;
    database.execute(SCHEMA).await;
    let pool = pool(config(&database)).await;
    let standby = "SELECT twice(1), pg_is_in_recovery()";
    assert_eq!(role(&pool, standby), Role::Primary, "one thing is enough");
    for (sql, why) in ROUTES {
        let route = pool.explain_route(sql);
        match why {
            None => assert_eq!((route.role, &route.reasons[..]), (Role::Replica, &[][..]), "{sql}"),
            Some(why) => {
                assert_eq!(route.role, Role::Primary, "{sql}");
                assert_eq!(route.reasons[0], *why, "{sql}");
            }
        }
    }
    // What is called a read runs on the standbys, the rest where it may.
    for (sql, why) in ROUTES.iter().filter(|(sql, _)| !sql.contains("hidden()") && !sql.contains("elsewhere"))
    {
        let before = pool.status().routes;
        pool.query(sql, &[]).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
        let after = pool.status().routes;
        assert_eq!(
            (after.read - before.read, after.unproven - before.unproven),
            match why {
                None => (1, 0),
                Some(_) => (0, 1),
            },
            "{sql}"
        );
    }
    assert_eq!(pool.status().learned, 0, "nothing had to be learned from a refusal");
    assert!(pool.status().catalog.unwrap().entries > 20);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_by_the_pool_itself_is_known_when_it_returns() {
    let database = forebay_tests::shared().await.database("catalogue_own_change").await;
    database
        .execute("CREATE TABLE t (v int); CREATE FUNCTION f() RETURNS int LANGUAGE sql STABLE AS 'SELECT 1'")
        .await;
    let pool = pool(config(&database)).await;
    assert_eq!(role(&pool, "SELECT f()"), Role::Replica);
    let volatile = "CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql VOLATILE AS 'SELECT 2'";
    pool.execute(volatile, &[]).await.unwrap();
    assert_eq!(role(&pool, "SELECT f()"), Role::Primary, "from the moment it returned");
    trusted(&pool).await;
    let route = pool.explain_route("SELECT f()");
    assert_eq!(route.reasons, ["f() is volatile (public.f())"]);

    // In a transaction it counts from the commit on, and the catalogue is not read before.
    let reads = pool.status().catalog.unwrap().reads;
    let transaction = pool.begin().await.unwrap();
    transaction.execute("ALTER FUNCTION f() STABLE", &[]).await.unwrap();
    assert_eq!(pool.status().catalog.unwrap().reads, reads);
    transaction.commit().await.unwrap();
    eventually("the stable function", async || role(&pool, "SELECT f()") == Role::Replica).await;
    let old = pool.query_one("SELECT f()", &[]).await.unwrap();
    assert_eq!(old.get::<_, i32>(0), 2, "on a replica that has it");

    pool.execute("DROP FUNCTION f()", &[]).await.unwrap();
    assert_eq!(role(&pool, "SELECT f()"), Role::Primary);
    trusted(&pool).await;
    assert_eq!(pool.explain_route("SELECT f()").reasons, ["f() is not known"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_by_others_is_seen_by_the_next_look() {
    let database = forebay_tests::shared().await.database("catalogue_poll").await;
    database.execute("CREATE FUNCTION f() RETURNS int LANGUAGE sql STABLE AS 'SELECT 1'").await;
    let mut config = config(&database);
    config.catalog.poll_interval = Duration::from_millis(20);
    let pool = pool(config).await;
    assert_eq!(role(&pool, "SELECT f()"), Role::Replica);
    database.execute("ALTER FUNCTION f() VOLATILE; CREATE UNLOGGED TABLE scratch (v int)").await;
    let volatile = async || pool.explain_route("SELECT f()").reasons == ["f() is volatile (public.f())"];
    eventually("the volatile function", volatile).await;
    assert_eq!(role(&pool, "SELECT * FROM scratch"), Role::Primary);
    // What is no change of it is not read again.
    let reads = pool.status().catalog.unwrap().reads;
    database.execute("CREATE TABLE t (v int)").await;
    eventually("another reading", async || pool.status().catalog.unwrap().reads == reads + 1).await;
    database.execute("INSERT INTO t VALUES (1); TRUNCATE t; CREATE INDEX ON t (v)").await;
    database.execute("CREATE FUNCTION g() RETURNS int LANGUAGE sql STABLE AS 'SELECT 1'").await;
    eventually("the new function", async || role(&pool, "SELECT g()") == Role::Replica).await;
    assert_eq!(pool.status().catalog.unwrap().reads, reads + 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_healed_plan_is_a_reason_to_look() {
    let database = forebay_tests::shared().await.database("catalogue_healed").await;
    database
        .execute("CREATE TABLE t (v int); CREATE FUNCTION f() RETURNS int LANGUAGE sql STABLE AS 'SELECT 1'")
        .await;
    let pool = pool(config(&database)).await;
    let writer = pool.write().await.unwrap();
    writer.query("SELECT * FROM t", &[]).await.unwrap();
    assert_eq!(role(&pool, "SELECT f()"), Role::Replica);
    // By somebody else, and no look is due for ten minutes.
    database.execute("ALTER TABLE t ADD COLUMN w int; ALTER FUNCTION f() VOLATILE").await;
    assert_eq!(role(&pool, "SELECT f()"), Role::Replica, "nobody has told");
    writer.query("SELECT * FROM t", &[]).await.unwrap();
    assert_eq!(role(&pool, "SELECT f()"), Role::Primary);
    trusted(&pool).await;
    assert_eq!(pool.explain_route("SELECT f()").reasons, ["f() is volatile (public.f())"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_applications_lists_outrank_it_and_need_none() {
    let database = forebay_tests::shared().await.database("catalogue_lists").await;
    database
        .execute(
            "CREATE TABLE orders (id int); CREATE TABLE users (id int);
             CREATE FUNCTION seen() RETURNS int LANGUAGE sql VOLATILE AS 'SELECT 1';
             CREATE FUNCTION looks() RETURNS int LANGUAGE sql STABLE AS 'SELECT 1'",
        )
        .await;
    for enabled in [false, true] {
        let mut config = config(&database);
        config.catalog.enabled = enabled;
        config.read_only_functions = vec!["public.seen".to_owned(), "looks".to_owned()];
        config.primary_functions = vec!["looks".to_owned(), "lower".to_owned()];
        config.primary_tables = vec!["orders".to_owned()];
        let pool = pool(config).await;
        for (sql, why) in [
            ("SELECT seen()", None),
            ("SELECT id FROM users", None),
            ("SELECT looks()", Some("looks is listed for the primary")),
            ("SELECT lower('A')", Some("lower is listed for the primary")),
            ("SELECT id FROM public.orders", Some("public.orders is listed for the primary")),
        ] {
            let route = pool.explain_route(sql);
            assert_eq!(route.reasons.first().map(String::as_str), why, "{sql}, catalogue: {enabled}");
        }
        assert_eq!(pool.query_one("SELECT seen()", &[]).await.unwrap().get::<_, i32>(0), 1);
        assert_eq!(pool.status().routes.read, 1);
        assert_eq!(pool.status().catalog.is_some(), enabled);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_are_looked_for_where_sessions_look() {
    let database = forebay_tests::shared().await.database("catalogue_path").await;
    database
        .execute(
            "CREATE SCHEMA app; CREATE SCHEMA other;
             CREATE FUNCTION app.f() RETURNS int LANGUAGE sql STABLE AS 'SELECT 1';
             CREATE FUNCTION other.f() RETURNS int LANGUAGE sql VOLATILE AS 'SELECT 1'",
        )
        .await;
    let with_path = |url: String, path: &str| format!("{url}?options=-csearch_path%3D{path}");
    let config = |primary: &str, replica: &str| PoolConfig {
        replicas: database.replica_urls().into_iter().map(|url| with_path(url, replica)).collect(),
        primary: with_path(database.primary_url(), primary),
        ..config(&database)
    };
    let app = pool(config("app", "app")).await;
    assert_eq!(role(&app, "SELECT f()"), Role::Replica);
    assert_eq!(app.query_one("SELECT f()", &[]).await.unwrap().get::<_, i32>(0), 1);
    let other = pool(config("other", "other")).await;
    assert_eq!(role(&other, "SELECT f()"), Role::Primary);
    // A replica whose sessions look elsewhere: what they would find counts as well.
    let mixed = pool(config("app", "other")).await;
    assert_eq!(mixed.explain_route("SELECT f()").reasons, ["f() is volatile (other.f())"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_too_large_is_judged_by_text_and_says_so() {
    let database = forebay_tests::shared().await.database("catalogue_bounds").await;
    database.execute("CREATE FUNCTION f() RETURNS int LANGUAGE sql STABLE AS 'SELECT 1'").await;
    for (entries_max, bytes_max, named) in
        [(1, usize::MAX, "catalog.entries_max"), (usize::MAX, 100, "catalog.bytes_max")]
    {
        let mut config = config(&database);
        (config.catalog.entries_max, config.catalog.bytes_max) = (entries_max, bytes_max);
        let pool = pool(config).await;
        let problem = pool.status().catalog.unwrap().problem.unwrap();
        assert!(problem.contains(named), "{problem}");
        let route = pool.explain_route("SELECT f()");
        assert_eq!((route.role, route.reasons.len()), (Role::Primary, 2), "{route:?}");
        assert!(route.reasons[1].contains(named), "{route:?}");
        assert_eq!(role(&pool, "SELECT 1"), Role::Replica);
        assert_eq!(pool.query_one("SELECT f()", &[]).await.unwrap().get::<_, i32>(0), 1);
    }
}
