//! What a statement locks on a real server is what it reads and writes: each relation it locks is among those its text is said to name,
//! those it locks to change rows are among the written ones, and none is named that it does not lock.

use std::collections::{BTreeMap, BTreeSet};

use forebay_sql::{RelationName, relations, statements};
use forebay_tests::shared;
use tokio_postgres::{Client, NoTls};

mod grammar;

use grammar::{Expected, SCHEMA, cases};

const READ: &str = include_str!("corpus/read.sql");
const NEWER: &str = include_str!("corpus/read_16_to_18.sql");

/// The relations the session has locked, and whether one of the locks is for changing rows. Partitions and the tables under a view are
/// locked with what the text names; sequences that `nextval` touched are named by a string.
const LOCKED: &str = "
    SELECT CASE WHEN n.nspname = 'public' OR n.nspname LIKE 'pg_temp%' THEN '' ELSE quote_ident(n.nspname) || '.' END || quote_ident(c.relname),
           bool_or(l.mode IN ('RowExclusiveLock', 'AccessExclusiveLock'))
    FROM pg_locks l JOIN pg_class c ON c.oid = l.relation JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE l.pid = pg_backend_pid() AND l.locktype = 'relation' AND c.relkind IN ('r', 'v', 'm', 'p', 'S', 'f')
      AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
    GROUP BY 1";

/// What lies under the names of the corpus.
const UNDER: [(&str, &[&str]); 3] =
    [("active_users", &["users"]), ("parts", &["parts_2024"]), ("parent_of", &["child_of"])];

/// Beginnings of statements that lock what they neither read nor write, or do not run: maintenance leaves rows as they are.
const MAINTENANCE: [&str; 6] = ["ANALY", "CLUSTER", "REINDEX", "VACUUM", "LOCK", "EXPLAIN SELECT nextval"];

/// Functions and views of the catalogue that look at relations as the catalogue does.
const CATALOGUE: [&str; 3] = ["pg_get_viewdef", "pg_views", "pg_sequence"];

fn is_comparable(sql: &str) -> bool {
    !MAINTENANCE.iter().any(|words| sql.starts_with(words))
        && !CATALOGUE.iter().any(|name| sql.contains(name))
        && !sql.contains("STDIN")
}

async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("the lab's server answers");
    tokio::spawn(connection);
    client
}

/// Run a statement in a transaction of its own; what it locked, or nothing if it fails.
async fn locked(client: &Client, sql: &str) -> Option<BTreeMap<String, bool>> {
    client.batch_execute("BEGIN").await.expect("a transaction begins");
    let done = if sql.starts_with("COPY") {
        client.copy_out(sql).await.map(drop)
    } else {
        client.simple_query(sql).await.map(drop)
    };
    let locked = match done {
        Ok(()) => {
            let rows = client.query(LOCKED, &[]).await.expect("a plain query");
            Some(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
        }
        Err(_) => None,
    };
    client.batch_execute("ROLLBACK").await.expect("a transaction ends");
    locked
}

/// Names as the query of locks spells them, those of the catalogue left out.
fn spelled(names: &[RelationName]) -> BTreeSet<String> {
    let own = |name: &&RelationName| {
        !matches!(name.schema(), Some("pg_catalog" | "information_schema")) && !name.name().starts_with("pg_")
    };
    let bare = |name: &RelationName| name.to_string().trim_start_matches("public.").to_owned();
    names.iter().filter(own).map(bare).collect()
}

/// With everything that lies under them.
fn with_under(mut names: BTreeSet<String>) -> BTreeSet<String> {
    for (name, under) in UNDER {
        if names.contains(name) {
            names.extend(under.iter().map(|&name| name.to_owned()));
        }
    }
    names
}

#[tokio::test]
async fn none_is_missing_and_none_is_too_many() {
    let database = shared().await.database("relations_locked").await;
    database.execute(SCHEMA).await;
    let client = connect(&database.primary_url()).await;
    let row = client.query_one("SELECT current_setting('server_version_num')::int / 10000", &[]).await;
    let version = u32::try_from(row.expect("a plain query").get::<_, i32>(0)).expect("a version");
    let grammar = cases().filter(|case| case.expected != Expected::Unrun && case.from <= version);
    let corpus = [READ, NEWER].into_iter().flat_map(statements).map(|(_, sql)| sql);
    // Definitions and whatever else a text does not show are not compared.
    let known = corpus
        .chain(grammar.map(|case| case.sql))
        .filter(|sql| is_comparable(sql))
        .filter_map(|sql| relations(sql).ok().map(|found| (sql, found)));
    let (mut compared, mut changing) = (0, 0);
    let mut wrong = String::new();
    for (sql, found) in known {
        let Some(locked) = locked(&client, sql).await else { continue };
        let (reads, writes) = (spelled(found.reads()), spelled(found.writes()));
        let named: BTreeSet<String> = reads.union(&writes).cloned().collect();
        let (all, changed) = (with_under(named.clone()), with_under(writes));
        let missing: Vec<_> = locked.keys().filter(|name| !all.contains(*name)).collect();
        let unseen: Vec<_> =
            locked.iter().filter(|(name, change)| **change && !changed.contains(*name)).collect();
        let too_many: Vec<_> = named.iter().filter(|name| !locked.contains_key(*name)).collect();
        if !(missing.is_empty() && unseen.is_empty() && too_many.is_empty()) {
            wrong.push_str(&format!(
                "{sql}\n    missing {missing:?}, not seen to be written {unseen:?}, too many {too_many:?}\n"
            ));
        }
        compared += 1;
        changing += usize::from(!changed.is_empty());
    }
    assert!(compared > 350 && changing > 50, "{compared} statements, {changing} of them change rows");
    assert!(wrong.is_empty(), "differs from the server:\n{wrong}");
}
