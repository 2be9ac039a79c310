//! Writes are put at every place of every read of the corpus. What is still called a read is run on a standby, which must not refuse
//! it: it is then no valid statement, or the words stand where they do not write.

use forebay_sql::{Lexer, Token, classify, statements};
use forebay_tests::shared;
use tokio_postgres::{Client, NoTls};

const SCHEMA: &str = include_str!("corpus/schema.sql");
const READ: &str = include_str!("corpus/read.sql");

/// Functions the classifier cannot know, each of which writes.
const FUNCTIONS: &str = "
    CREATE FUNCTION sets_number() RETURNS int LANGUAGE plpgsql AS $$ BEGIN DELETE FROM users WHERE id = -1; RETURN 1; END $$;
    CREATE FUNCTION sets_number(bigint) RETURNS int LANGUAGE plpgsql AS $$ BEGIN DELETE FROM users WHERE id = -1; RETURN 1; END $$;
    CREATE FUNCTION sets_text() RETURNS text LANGUAGE plpgsql AS $$ BEGIN DELETE FROM users WHERE id = -1; RETURN '1'; END $$;
    CREATE FUNCTION sets_truth() RETURNS bool LANGUAGE plpgsql AS $$ BEGIN DELETE FROM users WHERE id = -1; RETURN true; END $$;
    CREATE SEQUENCE s;";

/// Words that write, to be put before a token or in its stead.
const WRITES: &[&str] = &[
    "sets_number()",
    "sets_number(1)",
    "sets_number",
    "sets_text()",
    "sets_truth()",
    "nextval('s')",
    "('s'::regclass).nextval",
    ", sets_number()",
    "+ sets_number()",
    "OR sets_truth()",
    "FOR UPDATE",
    "FOR KEY SHARE",
    "INTO made",
    "WITH w AS (DELETE FROM users WHERE id = -1 RETURNING 1)",
    ", w AS (UPDATE users SET age = 1 WHERE id = -1 RETURNING 1)",
    "DELETE FROM users WHERE id = -1",
    "(INSERT INTO users (id) VALUES (-1) RETURNING id)",
    "; DELETE FROM users WHERE id = -1;",
];

/// `sql` with `write` before the token, or in its stead.
fn changed(sql: &str, token: Token, write: &str, instead: bool) -> String {
    let rest = if instead { token.end } else { token.start };
    format!("{} {write} {}", &sql[..token.start], &sql[rest..])
}

async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("the lab's server answers");
    tokio::spawn(connection);
    client
}

#[tokio::test]
async fn no_standby_refuses_what_is_called_a_read() {
    let database = shared().await.database("hidden_writes").await;
    database.execute(SCHEMA).await;
    database.execute(FUNCTIONS).await;
    let standby = connect(&database.replica_urls()[0]).await;
    let (mut all, mut run, mut valid) = (0, 0, 0);
    let mut missed = String::new();
    // COPY needs another protocol, and its query is walked like any other.
    for (_, sql) in statements(READ).filter(|(_, sql)| !sql.starts_with("COPY")) {
        for token in Lexer::new(sql).filter(|token| !token.is_trivia()) {
            for (write, instead) in WRITES.iter().flat_map(|write| [(write, false), (write, true)]) {
                let sql = changed(sql, token, write, instead);
                all += 1;
                if !classify(&sql).is_read() {
                    continue;
                }
                run += 1;
                match standby.simple_query(&sql).await {
                    Ok(_) => valid += 1,
                    Err(error) => {
                        let code = error.as_db_error().map_or("", |error| error.code().code());
                        if matches!(code, "25006" | "55000") {
                            missed.push_str(&format!("{sql}\n    {error:?}\n"));
                        }
                    }
                }
            }
        }
    }
    assert!(all > 50_000, "{all} changed statements");
    assert!(run > 0 && valid > 0, "{run} were run, {valid} of them valid: the standby was not asked");
    assert!(missed.is_empty(), "called reads:\n{missed}");
}
