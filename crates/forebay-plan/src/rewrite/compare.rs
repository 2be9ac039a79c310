//! What the planner says of both forms, and whether they have the same rows.

use crate::{advise::TextValue, read};
use std::time::Duration;
use tokio_postgres::{Client, types::ToSql};

/// Two forms of a statement beside each other.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Compared {
    /// The planner's cost of the statement as it is.
    pub cost_before: f64,
    /// The planner's cost of the other form.
    pub cost_after: f64,
    /// Whether both gave the same rows with these values, whatever their order; `None` where that was not asked.
    pub same_rows: Option<bool>,
}

/// Why two forms could not be compared.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CompareError {
    /// The server refused one of the forms, or took too long.
    #[error("the server did not answer about a form of the statement")]
    Server(#[from] tokio_postgres::Error),
    /// The plan could not be read.
    #[error("the plan could not be read")]
    Plan(#[from] crate::ReadError),
    /// A plan without a cost.
    #[error("the plan has no cost")]
    NoCost,
}

/// Asks the planner for the cost of a statement and its other form, with these values for both; with `rows`, both are run as well and
/// their rows compared, as multisets, by the server. All of it in a read-only transaction that is rolled back, in which no statement
/// may take longer than `within`.
///
/// The client is the caller's, and not in a transaction. Running a statement runs its functions: `rows` is for statements that are known
/// to be harmless.
///
/// # Errors
/// [`CompareError`]; a type that cannot be compared (`json`) is one of the server's. After an error too the transaction is rolled back.
///
/// # Cancel safety
/// Dropped, it may leave the client in its transaction.
pub async fn compare(
    client: &mut Client,
    sql: &str,
    other: &str,
    params: &[&(dyn ToSql + Sync)],
    rows: bool,
    within: Duration,
) -> Result<Compared, CompareError> {
    let transaction = client.build_transaction().read_only(true).start().await?;
    let milliseconds = within.as_millis().max(1);
    transaction.batch_execute(&format!("SET LOCAL statement_timeout = {milliseconds}")).await?;
    let mut costs = [0.0; 2];
    for (cost, form) in costs.iter_mut().zip([sql, other]) {
        let answer = transaction.query(&format!("EXPLAIN {}", bare(form)), params).await?;
        let lines: Vec<&str> = answer.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?;
        let plans = read(&lines.join("\n"))?;
        *cost = plans.first().and_then(|plan| plan.root().total_cost()).ok_or(CompareError::NoCost)?;
    }
    let same_rows = if rows {
        let (one, two) = (bare(sql), bare(other));
        let differing = format!(
            "SELECT NOT EXISTS ((({one}\n) EXCEPT ALL ({two}\n)) UNION ALL (({two}\n) EXCEPT ALL ({one}\n)))"
        );
        Some(transaction.query_one(&differing, params).await?.try_get(0)?)
    } else {
        None
    };
    transaction.rollback().await?;
    Ok(Compared { cost_before: costs[0], cost_after: costs[1], same_rows })
}

/// [`compare`] with values that are written as text, as `psql` would take them; `None` is NULL. The server gives them their types.
///
/// # Errors
/// As [`compare`]; a value that is none of its type is one of the server's.
///
/// # Cancel safety
/// As [`compare`].
pub async fn compare_with_text(
    client: &mut Client,
    sql: &str,
    other: &str,
    values: &[Option<String>],
    rows: bool,
    within: Duration,
) -> Result<Compared, CompareError> {
    let values: Vec<TextValue<'_>> = values.iter().map(|value| TextValue(value.as_deref())).collect();
    let params: Vec<&(dyn ToSql + Sync)> = values.iter().map(|value| value as _).collect();
    compare(client, sql, other, &params, rows, within).await
}

/// Without the semicolon behind it.
fn bare(sql: &str) -> &str {
    sql.trim_end().trim_end_matches(';')
}
