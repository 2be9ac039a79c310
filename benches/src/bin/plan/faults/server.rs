//! Where cases are run.

use super::case::Case;
use super::shown::Shown;
use anyhow::{Context as _, Result};
use forebay_plan::{Circumstances, TableStatistics};
use forebay_tests::{Postgres, PostgresSpec};
use tokio_postgres::{Client, NoTls, SimpleQueryMessage};

/// The form a plan is printed in.
#[derive(Clone, Copy)]
enum Format {
    Json,
    Text,
}

/// A server of the bench's own, without housekeeping: what is stale stays stale, and what is fresh stays fresh.
pub(crate) struct Lab {
    client: Client,
    _server: Postgres,
}

/// What a case came to.
pub(crate) struct Run {
    /// As PostgreSQL printed it.
    pub(crate) plan: String,
    /// What its catalogue said of the tables when it ran.
    pub(crate) circumstances: Circumstances,
    /// Why the case is none; `None` when the proof holds.
    pub(crate) dropped: Option<String>,
}

impl Lab {
    pub(crate) async fn start() -> Result<Self> {
        let spec = PostgresSpec { shared_buffers_mb: 256, ..PostgresSpec::default() };
        let server =
            Postgres::start(spec.setting("autovacuum", "off").setting("wal_level", "replica")).await?;
        let (client, connection) = tokio_postgres::connect(&server.primary_url(), NoTls).await?;
        tokio::spawn(connection);
        // Cases that are about these set them.
        client
            .batch_execute(
                "SET statement_timeout = '20s'; SET jit = off; SET max_parallel_workers_per_gather = 0;
                 SET client_min_messages = warning",
            )
            .await?;
        Ok(Self { client, _server: server })
    }

    /// Makes the case's tables, explains its statement, tries the proof, and removes the tables.
    pub(crate) async fn run(&self, case: &Case, fault: Option<&str>) -> Result<Run> {
        self.client.batch_execute("CREATE SCHEMA laid; SET search_path = laid").await?;
        let run = self.prove(case, fault).await;
        self.client.batch_execute("ROLLBACK; DROP SCHEMA laid CASCADE").await?;
        run
    }

    /// The plan of a case in both forms, whatever it proves.
    pub(crate) async fn print(&self, case: &Case) -> Result<[String; 2]> {
        self.client.batch_execute("CREATE SCHEMA laid; SET search_path = laid").await?;
        self.execute(&case.setup).await?;
        let json = self.explain(&case.settings, &case.statement, Format::Json).await?;
        let text = self.explain(&case.settings, &case.statement, Format::Text).await?;
        self.client.batch_execute("DROP SCHEMA laid CASCADE").await?;
        Ok([json, text])
    }

    async fn prove(&self, case: &Case, fault: Option<&str>) -> Result<Run> {
        self.execute(&case.setup).await?;
        let plan = self.explain(&case.settings, &case.statement, Format::Json).await?;
        let circumstances = self.circumstances().await?;
        let shown = Shown::parse(&plan)?;
        let others: Vec<_> = shown.signs().into_iter().filter(|sign| Some(*sign) != fault).collect();
        let dropped = if !(case.seen)(&shown) {
            Some("the plan is another one".to_owned())
        } else if !others.is_empty() {
            Some(format!("also has {}", others.join(", ")))
        } else {
            self.cure(case, &shown).await?
        };
        Ok(Run { plan, circumstances, dropped })
    }

    /// What is wrong with the cure, if anything.
    async fn cure(&self, case: &Case, ill: &Shown) -> Result<Option<String>> {
        let Some(cure) = &case.cure else { return Ok(None) };
        self.execute(&cure.statements).await?;
        let settings = [case.settings.as_slice(), &cure.settings].concat();
        let statement = cure.statement.as_ref().unwrap_or(&case.statement);
        let plan = self.explain(&settings, statement, Format::Json).await?;
        Ok(cure.gain.missing(ill, &Shown::parse(&plan)?))
    }

    async fn execute(&self, statements: &[String]) -> Result<()> {
        for statement in statements {
            self.client.batch_execute(statement).await.with_context(|| statement.clone())?;
            // Else an `ANALYZE` does not know of the rows that are counted after it.
            self.client.execute("SELECT pg_stat_force_next_flush()", &[]).await?;
        }
        Ok(())
    }

    /// The plan of the second run: the first one fills caches. What it did is undone.
    async fn explain(
        &self,
        settings: &[(&'static str, String)],
        statement: &str,
        format: Format,
    ) -> Result<String> {
        let settings: String =
            settings.iter().map(|(name, value)| format!("SET LOCAL {name} = '{value}';")).collect();
        let format = match format {
            Format::Json => "JSON",
            Format::Text => "TEXT",
        };
        let explain = format!("EXPLAIN (ANALYZE, BUFFERS, VERBOSE, SETTINGS, FORMAT {format}) {statement}");
        let mut lines = Vec::new();
        for _ in 0..2 {
            self.client.batch_execute(&format!("BEGIN; {settings}")).await?;
            let explained = self.client.simple_query(&explain).await;
            self.client.batch_execute("ROLLBACK").await?;
            let rows = explained.with_context(|| statement.to_owned())?;
            let line = |message: &SimpleQueryMessage| match message {
                SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
                _ => None,
            };
            lines = rows.iter().filter_map(line).collect();
        }
        Ok(lines.join("\n"))
    }

    async fn circumstances(&self) -> Result<Circumstances> {
        let rows = self
            .client
            .query(
                "SELECT c.relname::text, c.reltuples::float8, c.relpages::int8, s.n_mod_since_analyze,
                        s.last_analyze IS NOT NULL, extract(epoch FROM now() - s.last_analyze)::float8
                 FROM pg_stat_user_tables s JOIN pg_class c ON c.oid = s.relid WHERE s.schemaname = 'laid'",
                &[],
            )
            .await?;
        let mut circumstances = Circumstances::new();
        for row in rows {
            let mut table = TableStatistics::new(row.get::<_, String>(0), row.get(1));
            table.schema = Some("laid".to_owned());
            table.pages = row.get::<_, i64>(2).unsigned_abs();
            table.modified_since_analyze = row.get::<_, i64>(3).unsigned_abs();
            table.was_analyzed = row.get(4);
            table.analyzed_seconds_ago = row.get(5);
            circumstances = circumstances.table(table);
        }
        Ok(circumstances)
    }
}
