//! The connection beside the pool.

use super::{ExplainConfig, error::ExplainError, redact::redact, statistics};
use crate::{finding::TableStatistics, observe::BoundValue, plan::Plan};
use forebay_pool::{Connected, Target};
use std::{fmt::Write as _, time::Duration};
use tokio::task::AbortHandle;
use tokio_postgres::{
    Client, Error, Row,
    types::{FromSql, ToSql, Type},
};

/// A plan for a statement with its values. Generic, as whoever asks knows whom.
pub trait Explain {
    /// The planner's plan of `sql` for exactly these values, without running it.
    ///
    /// # Errors
    /// Why there is none.
    fn explain(
        &mut self,
        sql: &str,
        values: &[BoundValue],
    ) -> impl Future<Output = Result<Plan, ExplainError>> + Send;
}

/// What is wanted of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ask {
    /// A plan for its values.
    Exact,
    /// A plan for any values.
    Generic,
    /// To be run, and a plan with what it took.
    Analyze,
}

/// One connection to one server. Every question is in a transaction of its own that is read-only and rolled back.
#[derive(Debug)]
pub(super) struct Side {
    client: Client,
    /// The task that moves the bytes; ended with this, as the server may not answer any more.
    task: AbortHandle,
    config: ExplainConfig,
}

impl Side {
    pub(super) async fn open(target: &Target, config: &ExplainConfig) -> Result<Self, ExplainError> {
        let Connected { client, task, .. } =
            target.open(config.connect_timeout).await.map_err(ExplainError::Connect)?;
        Ok(Self { client, task: task.abort_handle(), config: config.clone() })
    }

    pub(super) const fn client(&self) -> &Client {
        &self.client
    }

    pub(super) fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    /// Asks one question. A connection whose question went wrong may be inside a transaction: it is to be closed.
    pub(super) async fn ask(&self, sql: &str, values: &[BoundValue], ask: Ask) -> Result<Plan, ExplainError> {
        let limit = if ask == Ask::Analyze { self.config.analyze_timeout } else { self.config.timeout };
        let answer = within(limit, async {
            self.client.batch_execute(&self.begin(limit)).await?;
            let row = match ask {
                Ask::Generic => self.generic(sql, values).await,
                Ask::Exact => self.exact("FORMAT JSON, VERBOSE, SETTINGS, SUMMARY", sql, values).await,
                Ask::Analyze => {
                    self.exact("ANALYZE, BUFFERS, FORMAT JSON, VERBOSE, SETTINGS", sql, values).await
                }
            };
            self.client.batch_execute("ROLLBACK").await?;
            row
        })
        .await?;
        let Json(text) = answer.try_get(0).map_err(ExplainError::Refused)?;
        let mut plan = crate::read(text)?.swap_remove(0);
        redact(&mut plan);
        Ok(plan)
    }

    /// What the server knows of the tables a plan reads. It counts as a question.
    pub(super) async fn tables(&self, plan: &Plan) -> Result<Vec<TableStatistics>, ExplainError> {
        let (schemas, names) = statistics::tables_of(plan);
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let named: [(&(dyn ToSql + Sync), Type); 2] =
            [(&schemas, Type::TEXT_ARRAY), (&names, Type::TEXT_ARRAY)];
        let rows = within(self.config.timeout, async {
            self.client.batch_execute(&self.begin(self.config.timeout)).await?;
            let rows = self.client.query_typed(statistics::STATISTICS, &named).await?;
            self.client.batch_execute("ROLLBACK").await?;
            Ok(rows)
        })
        .await?;
        rows.iter().map(statistics::table).collect::<Result<_, _>>().map_err(ExplainError::Refused)
    }

    /// Settings are those of the transaction alone, so that a pooler in between sees none of them afterwards.
    fn begin(&self, limit: Duration) -> String {
        let mut begin = format!(
            "BEGIN READ ONLY; SET LOCAL statement_timeout = {}; SET LOCAL lock_timeout = {}",
            limit.as_millis(),
            self.config.lock_timeout.as_millis(),
        );
        for (setting, value) in [("ROLE", &self.config.role), ("search_path", &self.config.search_path)] {
            if let Some(value) = value {
                // Writing to a `String` cannot fail.
                let _ = match setting {
                    "ROLE" => write!(begin, "; SET LOCAL ROLE {}", quoted(value, '"')),
                    _ => write!(
                        begin,
                        "; SELECT pg_catalog.set_config('search_path', {}, true)",
                        quoted(value, '\'')
                    ),
                };
            }
        }
        begin
    }

    /// In the extended protocol, which takes one statement and no more.
    async fn exact(&self, options: &str, sql: &str, values: &[BoundValue]) -> Result<Row, Error> {
        let typed: Vec<(&(dyn ToSql + Sync), Type)> =
            values.iter().map(|value| (value as &(dyn ToSql + Sync), value.ty().clone())).collect();
        self.client.query_typed_one(&format!("EXPLAIN ({options}) {sql}"), &typed).await
    }

    /// By a prepared statement. `GENERIC_PLAN`, which PostgreSQL 16 has for it, wants the values in the extended protocol, and plans for
    /// them then; the simple one takes more statements than one.
    async fn generic(&self, sql: &str, values: &[BoundValue]) -> Result<Row, Error> {
        const OPTIONS: &str = "FORMAT JSON, VERBOSE, SETTINGS, SUMMARY";
        let types: Vec<String> = values.iter().map(|value| type_name(value.ty())).collect();
        let nothing: Vec<&str> = values.iter().map(|_| "NULL").collect();
        let prepare = format!("PREPARE forebay_generic ({}) AS {sql}", types.join(", "));
        self.client.query_typed(&prepare, &[]).await?;
        self.client.batch_execute("SET LOCAL plan_cache_mode = force_generic_plan").await?;
        let explain = format!("EXPLAIN ({OPTIONS}) EXECUTE forebay_generic ({})", nothing.join(", "));
        // After an error the name stays: whoever asked closes the connection.
        let row = self.client.query_typed_one(&explain, &[]).await?;
        self.client.batch_execute("DEALLOCATE forebay_generic").await?;
        Ok(row)
    }
}

impl Explain for Side {
    async fn explain(&mut self, sql: &str, values: &[BoundValue]) -> Result<Plan, ExplainError> {
        self.ask(sql, values, Ask::Exact).await
    }
}

impl Drop for Side {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The server ends what takes longer than `limit`; twice that, and it is silent.
async fn within<T>(
    limit: Duration,
    answer: impl Future<Output = Result<T, Error>>,
) -> Result<T, ExplainError> {
    let patience = limit * 2;
    match tokio::time::timeout(patience, answer).await {
        Ok(answer) => answer.map_err(ExplainError::Refused),
        Err(_) => Err(ExplainError::Silent(patience)),
    }
}

fn type_name(ty: &Type) -> String {
    format!("{}.{}", quoted(ty.schema(), '"'), quoted(ty.name(), '"'))
}

fn quoted(text: &str, quote: char) -> String {
    format!("{quote}{}{quote}", text.replace(quote, &format!("{quote}{quote}")))
}

/// A value of type `json`, as its text.
struct Json<'a>(&'a str);

impl<'a> FromSql<'a> for Json<'a> {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self(std::str::from_utf8(raw)?))
    }

    fn accepts(ty: &Type) -> bool {
        matches!(*ty, Type::JSON | Type::TEXT)
    }
}
