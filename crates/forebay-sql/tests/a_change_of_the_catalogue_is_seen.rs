//! The cheap question for changes answers differently after each change that matters, and the same after others.

use forebay_sql::catalog_queries::CHANGES;
use forebay_tests::shared;
use tokio_postgres::Client;

const SCHEMA: &str = "
    CREATE SEQUENCE numbers;
    CREATE TABLE users (id int PRIMARY KEY, name text);
    CREATE TABLE parent (id int);
    CREATE FUNCTION looks(int) RETURNS int LANGUAGE sql STABLE AS 'SELECT $1';
    CREATE AGGREGATE adds(int) (SFUNC = int4pl, STYPE = int);
    CREATE OPERATOR <=> (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq);
    CREATE TYPE pair AS (a int, b int);
    CREATE FUNCTION to_pair(int) RETURNS pair LANGUAGE sql AS 'SELECT $1, $1';
    CREATE DOMAIN positive AS int;
    CREATE VIEW plain AS SELECT id FROM users;";

const CHANGE: &[&str] = &[
    "CREATE FUNCTION more() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE OR REPLACE FUNCTION more() RETURNS int LANGUAGE sql STABLE AS 'SELECT 2'",
    "ALTER FUNCTION looks(int) VOLATILE",
    "ALTER FUNCTION looks(int) RENAME TO sees",
    "DROP FUNCTION more()",
    "CREATE OR REPLACE AGGREGATE adds(int) (SFUNC = int4pl, STYPE = int, INITCOND = '1')",
    "CREATE OPERATOR <~> (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq)",
    "DROP OPERATOR <~> (int, int)",
    "CREATE CAST (int AS pair) WITH FUNCTION to_pair(int)",
    "DROP CAST (int AS pair)",
    "ALTER DOMAIN positive ADD CONSTRAINT above CHECK (VALUE > 0)",
    "ALTER DOMAIN positive RENAME TO above_zero",
    "ALTER TYPE pair ADD ATTRIBUTE c above_zero",
    "CREATE OR REPLACE VIEW plain AS SELECT id FROM users WHERE id > 1",
    "ALTER VIEW plain RENAME TO simple",
    "DROP VIEW simple",
    "CREATE UNLOGGED TABLE scratch (id int)",
    "ALTER TABLE scratch SET LOGGED",
    "ALTER TABLE scratch INHERIT parent",
    "ALTER TABLE scratch NO INHERIT parent",
    "ALTER TABLE scratch INHERIT parent",
    "CREATE POLICY few ON users USING (id > 1)",
    "ALTER POLICY few ON users USING (id > 2)",
    "DROP POLICY few ON users",
    "CREATE SCHEMA app",
    "ALTER SCHEMA app RENAME TO shop",
    "ALTER TABLE users SET SCHEMA shop",
    "GRANT USAGE ON SCHEMA shop TO PUBLIC",
];

const NO_CHANGE: &[&str] = &[
    "INSERT INTO users VALUES (1, 'a')",
    "TRUNCATE users",
    "CREATE INDEX by_name ON users (name)",
    "ANALYZE users",
    "VACUUM users",
    "CREATE TEMPORARY TABLE mine (id int)",
    "SELECT nextval('numbers')",
    "ALTER SEQUENCE numbers RESTART",
];

async fn answer(client: &Client) -> (i64, i64) {
    let row = client.query_one(CHANGES, &[]).await.expect("every server can be asked");
    (row.get(0), row.get(1))
}

#[tokio::test]
async fn what_matters_moves_it_and_nothing_else() {
    let database = shared().await.database("catalogue_changes").await;
    database.execute(SCHEMA).await;
    let client = database.client().await;
    let mut before = answer(&client).await;
    for (statements, moves) in [(NO_CHANGE, false), (CHANGE, true)] {
        for statement in statements {
            client.batch_execute(statement).await.unwrap_or_else(|error| panic!("{statement}: {error:?}"));
            let after = answer(&client).await;
            assert_eq!(before != after, moves, "{statement}");
            before = after;
        }
    }
}
