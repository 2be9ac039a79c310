//! With a snapshot of the catalogue of a real server: the database's own functions, operators, types, views and tables are told apart, and
//! what is then called a read runs on a standby.

use forebay_sql::{AllowList, Catalog, Kind, Tie, Volatility, catalog_queries, classify, classify_with};
use forebay_tests::{TestDatabase, shared};
use tokio_postgres::{Client, NoTls, Row};

const SCHEMA: &str = "
    CREATE SCHEMA app;
    CREATE TABLE users (id int, name text);
    INSERT INTO users VALUES (1, 'a');
    CREATE SEQUENCE numbers;
    CREATE UNLOGGED TABLE scratch (id int);
    CREATE FOREIGN DATA WRAPPER far;
    CREATE SERVER away FOREIGN DATA WRAPPER far;
    CREATE FOREIGN TABLE elsewhere (id int) SERVER away;
    CREATE TABLE parts (id int) PARTITION BY LIST (id);
    CREATE UNLOGGED TABLE parts_1 PARTITION OF parts FOR VALUES IN (1);
    CREATE FUNCTION app.twice(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 * 2';
    CREATE FUNCTION how_many() RETURNS bigint LANGUAGE sql STABLE AS 'SELECT count(*) FROM users';
    CREATE FUNCTION mixed(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1';
    CREATE FUNCTION mixed(text) RETURNS int LANGUAGE sql VOLATILE AS 'SELECT nextval(''numbers'')::int';
    CREATE FUNCTION writes(users) RETURNS int LANGUAGE plpgsql AS 'BEGIN DELETE FROM users; RETURN 1; END';
    CREATE FUNCTION lower(users) RETURNS text LANGUAGE sql VOLATILE AS 'SELECT ''x''';
    CREATE FUNCTION steps(int, int) RETURNS int LANGUAGE sql VOLATILE AS 'SELECT nextval(''numbers'')::int';
    CREATE AGGREGATE hidden(int) (SFUNC = steps, STYPE = int);
    CREATE AGGREGATE adds(int) (SFUNC = int4pl, STYPE = int);
    CREATE OPERATOR <=> (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq);
    CREATE OPERATOR <~>  (LEFTARG = int, RIGHTARG = int, FUNCTION = steps);
    CREATE TYPE pair AS (a int, b int);
    CREATE FUNCTION to_pair(int) RETURNS pair LANGUAGE sql VOLATILE AS 'SELECT nextval(''numbers'')::int, 1';
    CREATE CAST (int AS pair) WITH FUNCTION to_pair(int);
    CREATE DOMAIN counted AS bigint CHECK (VALUE < nextval('numbers'));
    CREATE DOMAIN positive AS int CHECK (VALUE > 0);
    CREATE DOMAIN counted_again AS counted;
    CREATE TYPE counters AS (first counted[], second int);
    CREATE FUNCTION from_pair(pair) RETURNS int LANGUAGE sql VOLATILE AS 'SELECT nextval(''numbers'')::int';
    CREATE CAST (pair AS int) WITH FUNCTION from_pair(pair);
    CREATE FUNCTION plus(int, int DEFAULT 1) RETURNS int LANGUAGE sql STABLE AS 'SELECT $1 + $2';
    CREATE FUNCTION plus_next(int, bigint DEFAULT nextval('numbers')) RETURNS bigint LANGUAGE sql STABLE AS 'SELECT $1 + $2';
    CREATE VIEW plain AS SELECT id, app.twice(id) AS double, id <=> 1 AS one FROM users;
    CREATE VIEW next_one AS SELECT nextval('numbers') AS n;
    CREATE VIEW over_it AS SELECT n FROM next_one;
    CREATE VIEW app.over_that AS SELECT n FROM over_it;
    CREATE VIEW scratched AS SELECT id FROM scratch;
    CREATE VIEW here AS SELECT pg_is_in_recovery() AS standby;
    CREATE TABLE guarded (id int);
    ALTER TABLE guarded ENABLE ROW LEVEL SECURITY;
    CREATE POLICY only_some ON guarded USING (id < nextval('numbers'));
    CREATE TABLE open (id int);
    CREATE POLICY a_few ON open USING (id > 1);";

/// What each is, with the schemas `public` and `app` on the path.
const CASES: &[(&str, &str)] = &[
    ("read", "SELECT id, name FROM users"),
    ("read", "SELECT app.twice(id), twice(id), how_many() FROM users"),
    ("read", "SELECT adds(id) FROM users"),
    ("read", "SELECT plus(1), plus(1, 2)"),
    ("read", "SELECT id <=> 1, id OPERATOR(public.<=>) 1 FROM users"),
    ("read", "SELECT 1::positive, CAST(2 AS positive)"),
    ("read", "SELECT * FROM plain JOIN open USING (id)"),
    ("read", "SELECT pg_catalog.lower('A')"),
    ("read", "WITH scratch AS (SELECT 1), numbers AS (SELECT 2) SELECT * FROM scratch, numbers"),
    ("unknown_function", "SELECT no_such_function()"),
    ("unknown_function", "SELECT nowhere.twice(1)"),
    ("unknown_operator", "SELECT 1 <<>> 2"),
    ("volatile_function", "SELECT mixed(1)"),
    ("volatile_function", "SELECT writes(users) FROM users"),
    ("volatile_function", "SELECT users.writes FROM users"),
    ("volatile_function", "SELECT (u).writes FROM users u"),
    ("volatile_function", "SELECT lower('A')"),
    ("volatile_function", "SELECT hidden(id) FROM users"),
    ("volatile_function", "SELECT plus_next(1)"),
    ("volatile_operator", "SELECT id <~> 1 FROM users"),
    ("volatile_operator", "SELECT id OPERATOR(public.<~>) 1 FROM users"),
    ("volatile_type", "SELECT id::pair FROM users"),
    ("volatile_type", "SELECT CAST(1 AS public.counted)"),
    ("volatile_type", "SELECT 1::counted_again"),
    ("volatile_type", "SELECT '({1},2)'::counters"),
    ("volatile_type", "SELECT (1, 2)::pair::integer"),
    ("relation", "SELECT * FROM scratch"),
    ("relation", "SELECT * FROM users WHERE EXISTS (SELECT FROM public.scratch)"),
    ("relation", "SELECT * FROM elsewhere"),
    ("relation", "SELECT * FROM numbers"),
    ("relation", "SELECT * FROM parts"),
    ("relation", "SELECT * FROM next_one"),
    ("relation", "SELECT * FROM over_it"),
    ("relation", "SELECT * FROM over_that"),
    ("relation", "SELECT * FROM app.over_that"),
    ("relation", "SELECT * FROM scratched"),
    ("relation", "SELECT standby FROM here"),
    ("relation", "SELECT * FROM guarded"),
    ("function_writes", "SELECT nextval('numbers')"),
    ("writes", "DELETE FROM users"),
];

/// How the reasons read.
const REASONS: &[(&str, &str)] = &[
    ("SELECT mixed(1)", "mixed() is volatile (public.mixed(text))"),
    (
        "SELECT hidden(id) FROM users",
        "hidden() is volatile (public.hidden(integer) calls public.steps(integer,integer))",
    ),
    ("SELECT plus_next(1)", "plus_next() is volatile (nextval() writes)"),
    ("SELECT id <~> 1 FROM users", "operator <~> is volatile (public.steps(integer,integer))"),
    ("SELECT id::pair FROM users", "type pair calls a volatile function (public.to_pair(integer))"),
    (
        "SELECT * FROM over_it",
        "over_it is a view that may do more than read (public.next_one is a view that may do more than read (nextval() writes))",
    ),
    ("SELECT * FROM scratch", "scratch is an unlogged table"),
    (
        "SELECT * FROM guarded",
        "guarded has a row security policy that may do more than read (nextval() writes)",
    ),
];

async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("the lab's server answers");
    tokio::spawn(connection);
    client
}

async fn rows(client: &Client, query: &str) -> Vec<Row> {
    client.query(query, &[]).await.unwrap_or_else(|error| panic!("{query}: {error:?}"))
}

/// The snapshot the documented queries give.
async fn snapshot(database: &TestDatabase) -> Catalog {
    let client = connect(&database.primary_url()).await;
    client
        .batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL search_path = ''")
        .await
        .expect("a transaction begins");
    let version: String = client.query_one("SHOW server_version_num", &[]).await.expect("a version").get(0);
    let version = version.parse::<u32>().expect("a number") / 10_000;
    let volatility =
        |row: &Row| Volatility::of(char::from(u8::try_from(row.get::<_, i8>(2)).expect("ASCII")));
    let mut builder = Catalog::builder(u8::try_from(version).expect("small"));
    for row in rows(&client, catalog_queries::FUNCTIONS).await {
        builder = builder.function_because(row.get(0), row.get(1), volatility(&row), row.get(3));
    }
    for row in rows(&client, catalog_queries::FUNCTION_DEFAULTS).await {
        builder = builder.function_defaults(row.get(0), row.get(1), row.get(2));
    }
    for row in rows(&client, catalog_queries::OPERATORS).await {
        builder = builder.operator(row.get(0), row.get(1), volatility(&row), row.get(3));
    }
    for row in rows(&client, catalog_queries::VOLATILE_TYPES).await {
        builder = builder.volatile_type(row.get(0), row.get(1), row.get(2));
    }
    for row in rows(&client, catalog_queries::TYPE_PARTS).await {
        builder = builder.made_of(row.get(0), row.get(1), row.get(2));
    }
    for row in rows(&client, catalog_queries::DOMAINS).await {
        builder = builder.domain(row.get(0), row.get(1), row.get(2));
    }
    for row in rows(&client, catalog_queries::RELATIONS).await {
        let tie = match row.get(2) {
            "sequence" => Tie::Sequence,
            "foreign" => Tie::Foreign,
            _ => Tie::Unlogged,
        };
        builder = builder.relation(row.get(0), row.get(1), tie);
    }
    for row in rows(&client, catalog_queries::VIEWS).await {
        builder = builder.view(row.get(0), row.get(1), row.get(2));
    }
    for row in rows(&client, catalog_queries::POLICIES).await {
        builder = builder.policy(row.get(0), row.get(1), row.get(2));
    }
    builder.build()
}

#[tokio::test]
async fn its_reads_run_on_a_standby_and_the_rest_is_told_apart() {
    let database = shared().await.database("catalogue_tells").await;
    database.execute(SCHEMA).await;
    let catalog = snapshot(&database).await;
    let standby = connect(&database.replica_urls()[0]).await;
    standby.batch_execute("SET search_path = public, app").await.expect("a setting");
    let (nothing, path) = (AllowList::default(), ["public", "app"]);
    let mut wrong = String::new();
    for (expected, sql) in CASES {
        let class = classify_with(sql, &catalog, Some(&path), &nothing);
        let found = class.reasons().first().map_or("read", |reason| reason.code());
        if found != *expected {
            wrong.push_str(&format!("{sql}\n    expected {expected}, found {:?}\n", class.reasons()));
        }
        if class.is_read()
            && let Err(error) = standby.simple_query(sql).await
        {
            wrong.push_str(&format!("{sql}\n    a standby refuses it: {error:?}\n"));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    let said = |sql| classify_with(sql, &catalog, Some(&path), &nothing).reasons()[0].to_string();
    for (sql, expected) in REASONS {
        assert_eq!(said(sql), *expected, "{sql}");
    }
    // Each of those that are tied looks like a read to the text alone, or like a function nobody knows.
    assert_eq!(classify("SELECT * FROM app.over_that").kind(), Kind::Read);
}

#[test]
fn without_a_search_path_nothing_is_proven_by_its_name_alone() {
    let catalog = Catalog::builder(15)
        .function("app", "looks", Volatility::Stable)
        .function("other", "lower", Volatility::Volatile)
        .relation("other", "scratch", Tie::Unlogged)
        .build();
    let allow = AllowList::default().read_only_functions(["app.counts"]).primary_tables(["app.orders"]);
    for (known, unknown, sql) in [
        (Kind::Read, Kind::Unproven, "SELECT looks()"),
        (Kind::Read, Kind::Read, "SELECT app.looks()"),
        (Kind::Read, Kind::Unproven, "SELECT lower('A')"),
        (Kind::Read, Kind::Read, "SELECT upper('A') FROM users"),
        (Kind::Read, Kind::Unproven, "SELECT * FROM scratch"),
        (Kind::Read, Kind::Unproven, "SELECT counts()"),
        (Kind::Unproven, Kind::Unproven, "SELECT * FROM orders"),
    ] {
        let kind = |path| classify_with(sql, &catalog, path, &allow).kind();
        assert_eq!((kind(Some(&["app"])), kind(None)), (known, unknown), "{sql}");
    }
}

#[test]
fn a_snapshot_in_doubt_keeps_what_is_against_a_read() {
    let catalog = Catalog::builder(15)
        .function("app", "looks", Volatility::Stable)
        .function("app", "lower", Volatility::Volatile)
        .operator("app", "<=>", Volatility::Immutable, "app.same(integer,integer)")
        .relation("app", "scratch", Tie::Unlogged)
        .build();
    let doubted = catalog.without_proofs();
    let nothing = AllowList::default();
    for (trusted, in_doubt, sql) in [
        (Kind::Read, Kind::Unproven, "SELECT looks()"),
        (Kind::Read, Kind::Unproven, "SELECT 1 <=> 2"),
        (Kind::Read, Kind::Read, "SELECT id FROM users"),
        (Kind::Unproven, Kind::Unproven, "SELECT lower('A')"),
        (Kind::Unproven, Kind::Unproven, "SELECT * FROM scratch"),
    ] {
        let class = |catalog| classify_with(sql, catalog, Some(&["app"]), &nothing);
        assert_eq!((class(&catalog).kind(), class(&doubted).kind()), (trusted, in_doubt), "{sql}");
        assert_eq!(class(&catalog).rests_on_catalog(), trusted != in_doubt, "{sql}");
    }
}

#[test]
fn the_applications_lists_outrank_the_catalogue() {
    let catalog = Catalog::builder(15)
        .function("app", "counts", Volatility::Volatile)
        .function("app", "looks", Volatility::Stable)
        .relation("app", "scratch", Tie::Unlogged)
        .build();
    let allow = AllowList::default()
        .read_only_functions(["app.counts", "\"Quoted\""])
        .primary_functions(["looks", "lower"])
        .primary_tables(["app.orders"]);
    for (kind, sql) in [
        (Kind::Read, "SELECT app.counts()"),
        (Kind::Read, "SELECT counts(), COUNTS()"),
        (Kind::Read, "SELECT \"Quoted\"(), elsewhere.\"Quoted\"()"),
        (Kind::Unproven, "SELECT quoted()"),
        (Kind::Unproven, "SELECT public.counts()"),
        (Kind::Unproven, "SELECT looks()"),
        (Kind::Unproven, "SELECT t.looks FROM t"),
        (Kind::Unproven, "SELECT lower('A')"),
        (Kind::Unproven, "SELECT * FROM orders"),
        (Kind::Unproven, "SELECT * FROM a JOIN app.orders ON true"),
        (Kind::Read, "SELECT * FROM public.orders"),
        (Kind::Unproven, "SELECT * FROM scratch"),
        (Kind::Read, "SELECT * FROM public.scratch"),
        (Kind::Write, "SELECT counts() FROM orders FOR UPDATE"),
    ] {
        let class = classify_with(sql, &catalog, Some(&["app"]), &allow);
        assert_eq!(class.kind(), kind, "{sql} {:?}", class.reasons());
    }
}

#[test]
fn a_built_in_function_of_a_later_version_is_none_here() {
    let nothing = AllowList::default();
    let on = |major| {
        classify_with("SELECT uuidv7()", &Catalog::builder(major).build(), Some(&["public"]), &nothing).kind()
    };
    assert_eq!((on(15), on(18), on(19)), (Kind::Unproven, Kind::Read, Kind::Read));
    let own = Catalog::builder(15).function("public", "uuidv7", Volatility::Stable).build();
    assert_eq!(classify_with("SELECT uuidv7()", &own, Some(&["public"]), &nothing).kind(), Kind::Read);
}
