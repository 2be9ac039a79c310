//! The workload as the server counted it.

use tokio_postgres::{Client, Row};

use super::session::{Session, words};
use crate::advise::error::AdviseError;
use crate::advise::options::Options;
use crate::advise::workload::{Statement, Workload};

const STATEMENTS: &str = "SELECT s.query, s.calls, s.mean_exec_time FROM ";
const OF_HERE: &str = " AS s WHERE s.dbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()) \
                       AND s.calls > 0 AND s.query IS NOT NULL ORDER BY s.total_exec_time DESC LIMIT $1";
const SCHEMA: &str = "SELECT pg_catalog.quote_ident(n.nspname) FROM pg_catalog.pg_extension e \
                      JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'pg_stat_statements'";
/// What the server shows in place of the statements of other roles.
pub(super) const HIDDEN: &str = "<insufficient privilege>";

impl Workload {
    /// The statements of this database that took most time since the counters of `pg_stat_statements` began, as often as they ran. Their
    /// values are not known, so they are planned for any; what is none to be planned is left out, and those of other roles, which only
    /// members of `pg_read_all_stats` see, are counted among the problems.
    ///
    /// # Errors
    /// When the extension is not in the database, or not loaded by the server.
    pub async fn from_pg_stat_statements(client: &Client, options: &Options) -> Result<Self, AdviseError> {
        let session = Session::new(client, options);
        let failed = |source: tokio_postgres::Error| AdviseError::NoStatements { what: words(&source) };
        let Some(schema) = schema(&session).await.map_err(failed)? else {
            let what = "it is not in this database (CREATE EXTENSION pg_stat_statements)".to_owned();
            return Err(AdviseError::NoStatements { what });
        };
        let sql = format!("{STATEMENTS}{schema}.pg_stat_statements{OF_HERE}");
        let max = i64::try_from(options.statements_max).unwrap_or(i64::MAX);
        let rows = session.ask(client.query(&sql, &[&max])).await.map_err(failed)?;
        let mut workload = Self::default();
        let mut hidden = 0_u64;
        for row in &rows {
            match counted(row).map_err(failed)? {
                Some(statement) if statement.is_planned() => workload.statements.push(statement),
                Some(_) => {}
                None => hidden += 1,
            }
        }
        if hidden > 0 {
            let nobody = Statement::new("");
            let what = format!(
                "{hidden} statements of other roles are not shown to this one (GRANT pg_read_all_stats)"
            );
            workload.problems.push(nobody.problem(what));
        }
        Ok(workload)
    }
}

/// Where the extension is, quoted; none where it is not.
pub(super) async fn schema(session: &Session<'_>) -> Result<Option<String>, tokio_postgres::Error> {
    let row = session.ask(session.client.query_typed_opt(SCHEMA, &[])).await?;
    row.map(|row| row.try_get(0)).transpose()
}

fn counted(row: &Row) -> Result<Option<Statement>, tokio_postgres::Error> {
    let sql: String = row.try_get(0)?;
    if sql == HIDDEN {
        return Ok(None);
    }
    let calls: i64 = row.try_get(1)?;
    let statement = Statement { weight: calls as f64, mean_ms: Some(row.try_get(2)?), ..Statement::new(sql) };
    Ok(Some(statement))
}
