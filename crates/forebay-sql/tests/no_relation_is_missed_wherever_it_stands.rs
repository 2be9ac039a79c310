//! A table is put at every place of every statement of the corpus, in each way a text can speak of one. Where the answer is complete and
//! does not name it, a real server is asked as a role that may not touch the table: it must not deny the statement for it.

use forebay_sql::{Lexer, RelationName, Token, relations, statements};
use forebay_tests::shared;
use tokio_postgres::{Client, NoTls};

mod grammar;

use grammar::{Expected, SCHEMA, cases};

const READ: &str = include_str!("corpus/read.sql");

/// Everybody's but `secret`; the role is one of PostgreSQL's own, and the grants go with the database.
const RIGHTS: &str = "
    CREATE TABLE secret (id int, name text);
    GRANT ALL ON ALL TABLES IN SCHEMA public, app TO pg_monitor;
    GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO pg_monitor;
    GRANT USAGE ON SCHEMA app TO pg_monitor;
    REVOKE ALL ON secret FROM pg_monitor;";

/// Ways to speak of a table, to be put before a token or in its stead.
const WAYS: &[&str] = &[
    "secret",
    "secret,",
    ", secret",
    ", LATERAL (TABLE secret) l",
    "FROM secret",
    "FROM ONLY secret AS x,",
    "CROSS JOIN secret",
    "JOIN public.secret ON true",
    "(secret CROSS JOIN users)",
    "(SELECT 1 FROM secret)",
    "ARRAY(SELECT id FROM secret)",
    "EXISTS (TABLE secret)",
    "UNION TABLE secret",
    "WITH w AS (SELECT * FROM secret) SELECT * FROM w UNION",
    "USING secret",
    "INTO secret",
    "nextval('secret')",
];

/// What reads or changes rows; maintenance does neither, and `COPY` needs another protocol.
fn touches_rows(sql: &str) -> bool {
    let verbs = ["SELECT", "WITH", "VALUES", "TABLE", "INSERT", "UPDATE", "DELETE", "MERGE", "EXPLAIN", "("];
    verbs.iter().any(|verb| sql.to_ascii_uppercase().starts_with(verb))
}

/// `sql` with `way` before the token, or in its stead.
fn changed(sql: &str, token: Token, way: &str, instead: bool) -> String {
    let rest = if instead { token.end } else { token.start };
    format!("{} {way} {}", &sql[..token.start], &sql[rest..])
}

async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("the lab's server answers");
    tokio::spawn(connection);
    client
}

#[tokio::test]
async fn no_server_denies_what_the_answer_does_not_name() {
    let database = shared().await.database("secret_relation").await;
    database.execute(SCHEMA).await;
    database.execute(RIGHTS).await;
    let client = connect(&database.primary_url()).await;
    client.batch_execute("SET ROLE pg_monitor").await.expect("a role");
    let denied = client.simple_query("SELECT FROM secret").await.expect_err("the table is denied");
    assert_eq!(denied.code().map(|code| code.code()), Some("42501"));

    let grammar = cases().filter(|case| case.expected != Expected::Unrun && case.from <= 15);
    let corpus = statements(READ).map(|(_, sql)| sql).chain(grammar.map(|case| case.sql));
    let names_it = |names: &[RelationName]| names.iter().any(|name| name.name() == "secret");
    let (mut all, mut run, mut valid) = (0, 0, 0);
    let mut missed = String::new();
    for sql in corpus.filter(|sql| touches_rows(sql) && relations(sql).is_ok()) {
        for token in Lexer::new(sql).filter(|token| !token.is_trivia()) {
            for (way, instead) in WAYS.iter().flat_map(|way| [(way, false), (way, true)]) {
                all += 1;
                // A seventh of them, others at each place: the rest would tell the same, later.
                if all % 7 != 0 {
                    continue;
                }
                let sql = changed(sql, token, way, instead);
                let Ok(found) = relations(&sql) else { continue };
                if names_it(found.reads()) || names_it(found.writes()) {
                    continue;
                }
                run += 1;
                // Explained where that is possible: rights are looked at, and nothing is run.
                let explain = if sql.trim_start().starts_with("EXPLAIN") { "" } else { "EXPLAIN " };
                match client.simple_query(&format!("ROLLBACK; BEGIN; {explain}{sql}")).await {
                    Ok(_) => valid += 1,
                    Err(error) => {
                        let denied = error.as_db_error().filter(|error| error.code().code() == "42501");
                        if denied.is_some_and(|denied| denied.message().contains("secret")) {
                            missed.push_str(&format!("{sql}\n    {found:?}\n"));
                        }
                    }
                }
            }
        }
    }
    assert!(all > 100_000, "{all} changed statements");
    assert!(run > 300 && valid > 30, "{run} were run, {valid} of them valid: the server was not asked");
    assert!(missed.is_empty(), "not named:\n{missed}");
}
