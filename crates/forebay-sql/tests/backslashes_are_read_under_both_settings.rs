//! On a real server with `standard_conforming_strings` off, where a plain string may end at another quote: what is called a read is not
//! refused by a standby there either, and what is doubted for its backslashes hides a write there.

use forebay_sql::{classify, relations};
use forebay_tests::shared;
use tokio_postgres::{Client, NoTls};

/// Whether it is a read under both settings, and the text; each is one on its face.
const TEXTS: &[(bool, &str)] = &[
    (true, r"SELECT 'C:\'"),
    (true, r"SELECT 'a\\', '; DELETE FROM t; --'"),
    (true, r"SELECT 'a' LIKE '!%' ESCAPE '\' WHERE 'b' = 'b'"),
    (true, r"SELECT E'a\'; DELETE FROM t; --'"),
    (true, r"SELECT U&'\0027', '; DELETE FROM t; --'"),
    (true, r"SELECT $$\'$$, '; DELETE FROM t; --'"),
    (false, r"SELECT 'a\''; DELETE FROM t; --'"),
    (false, r"SELECT N'a\''; DELETE FROM t; --'"),
    (false, r"SELECT 'a\', ', nextval($$s$$); --'"),
    (false, r"SELECT 1 WHERE 'a' = 'b\'' OR EXISTS (SELECT FROM t FOR UPDATE) --'"),
    (false, "SELECT 'a'\n  'b\\''; DELETE FROM t; --'"),
];

async fn state(client: &Client, sql: &str) -> Option<String> {
    let error = client.simple_query(sql).await.err()?;
    Some(error.as_db_error().map_or_else(|| error.to_string(), |error| error.code().code().to_owned()))
}

#[tokio::test]
async fn a_doubted_text_writes_under_the_other_one() {
    let database = shared().await.database("backslashes").await;
    database.execute("CREATE TABLE t (a int); CREATE SEQUENCE s; INSERT INTO t VALUES (1)").await;
    let (standby, connection) =
        tokio_postgres::connect(&database.replica_urls()[0], NoTls).await.expect("the lab's server answers");
    tokio::spawn(connection);
    for (read, sql) in TEXTS {
        let class = classify(sql);
        assert_eq!(class.is_read(), *read, "{sql} {:?}", class.reasons());
        standby.batch_execute("SET standard_conforming_strings = on").await.expect("a setting");
        assert_eq!(state(&standby, sql).await, None, "a read on its face: {sql}");
        standby.batch_execute("SET standard_conforming_strings = off").await.expect("a setting");
        let refused = state(&standby, sql).await;
        if *read {
            assert_ne!(refused.as_deref(), Some("25006"), "{sql}");
        } else {
            assert_eq!(refused.as_deref(), Some("25006"), "{sql}");
            assert_eq!(class.reasons()[0].code(), "backslash_before_quote");
            assert!(relations(sql).is_err(), "{sql}");
        }
    }
}
