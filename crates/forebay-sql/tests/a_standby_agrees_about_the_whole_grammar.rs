//! Statements of every kind PostgreSQL's grammar has, on a standby of a primary of their own: what is called a read runs there and leaves
//! nothing behind; what is said to be refused is refused; what succeeds on the wrong server does succeed, which is why the text must
//! keep it away.

use forebay_sql::classify;
use forebay_tests::{Postgres, PostgresSpec};
use tokio_postgres::{Client, NoTls};

mod grammar;

use grammar::{Case, Expected, SCHEMA, cases};

/// What a statement may leave in its session or on its server: settings, prepared statements, cursors, advisory locks, channels,
/// temporary tables, slots, statistics begun anew, settings of the server's own file.
const TRACES: &str = "SELECT concat_ws(' ',
    (SELECT md5(string_agg(name || setting, ',' ORDER BY name)) FROM pg_settings),
    (SELECT count(*) FROM pg_prepared_statements WHERE from_sql), (SELECT count(*) FROM pg_cursors),
    (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'), (SELECT count(*) FROM pg_listening_channels()),
    pg_my_temp_schema(), (SELECT count(*) FROM pg_replication_slots),
    (SELECT max(stats_reset) FROM pg_stat_database), (SELECT stats_reset FROM pg_stat_bgwriter),
    md5(pg_read_file('postgresql.auto.conf')))";

async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("the server answers");
    tokio::spawn(connection);
    client
}

/// Run a statement, whatever protocol it needs, and forget its rows; the SQLSTATE and the message if it fails.
async fn run(client: &Client, sql: &str) -> Result<(), (String, String)> {
    let copies = sql.starts_with("COPY") && sql.to_ascii_uppercase().contains(" TO STDOUT");
    let done =
        if copies { client.copy_out(sql).await.map(drop) } else { client.simple_query(sql).await.map(drop) };
    done.map_err(|error| match error.as_db_error() {
        Some(error) => (error.code().code().to_owned(), error.message().to_owned()),
        None => (String::new(), format!("{error:?}")),
    })
}

async fn traces(client: &Client) -> String {
    client.query_one(TRACES, &[]).await.expect("a plain query").get(0)
}

/// What is wrong with what a standby did.
async fn judged(url: &str, case: &Case) -> Option<String> {
    let client = connect(url).await;
    match case.expected {
        Expected::Read => {
            let before = traces(&client).await;
            if let Err((code, message)) = run(&client, case.sql).await {
                return Some(format!("refused with {code} {message}"));
            }
            let after = traces(&client).await;
            (before != after).then(|| format!("left a trace: {before} became {after}"))
        }
        Expected::Refused => match run(&client, case.sql).await {
            Ok(()) => Some("not refused".to_owned()),
            Err((code, message)) => {
                let refusal = ["25006", "0A000", "55000", "XX000"].contains(&code.as_str());
                (!refusal).then(|| format!("failed with {code} {message}"))
            }
        },
        Expected::Silent => {
            let (code, message) = run(&client, case.sql).await.err()?;
            Some(format!("refused with {code} {message}"))
        }
        Expected::Unrun => None,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_a_read_runs_there_and_what_is_not_is_kept_away() {
    let servers = Postgres::start(PostgresSpec::with_standbys(1)).await.expect("PostgreSQL starts");
    let primary = connect(&servers.primary_url()).await;
    primary.batch_execute(SCHEMA).await.expect("the schema");
    servers.caught_up(0).await.expect("the standby follows");
    let row = primary.query_one("SELECT current_setting('server_version_num')::int / 10000", &[]).await;
    let version = u32::try_from(row.expect("a plain query").get::<_, i32>(0)).expect("a version");

    let mut wrong = String::new();
    let (mut reads, mut refused, mut silent) = (0, 0, 0);
    for case in cases().filter(|case| case.from <= version) {
        // Parsed and not run: each is a statement of this version.
        if let Err(error) = primary.prepare(case.sql).await
            && error.code().is_some_and(|code| code.code() == "42601")
        {
            wrong.push_str(&format!("{}\n    is no statement: {error:?}\n", case.sql));
        }
        match case.expected {
            Expected::Read => reads += 1,
            Expected::Refused => refused += 1,
            Expected::Silent => silent += 1,
            Expected::Unrun => {}
        }
        if let Some(complaint) = judged(&servers.standby_url(0), &case).await {
            wrong.push_str(&format!("{}\n    {:?}, but {complaint}\n", case.sql, case.expected));
        }
        // What the standby accepted silently and the classifier calls a read would be the mistake this corpus is for.
        assert_eq!(classify(case.sql).is_read(), case.expected == Expected::Read, "{}", case.sql);
    }
    assert!(reads > 120 && refused > 250 && silent > 90, "{reads} reads, {refused} refused, {silent} silent");
    assert!(wrong.is_empty(), "expected otherwise:\n{wrong}");
}
