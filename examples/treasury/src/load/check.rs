use super::{Answer, Route};
use anyhow::{Context, ensure};
use serde_json::Value;

/// What a payment brings, in cents; the same for all, so that a balance can be checked against its count.
pub(crate) const PAYMENT_CENTS: i64 = 1250;

/// Decodes a body and holds it against its head: the version is the account's, and the account is whole (its
/// payments are counted with its version).
pub(crate) fn body(route: Route, answer: &Answer<'_>) -> anyhow::Result<()> {
    let body: Value = serde_json::from_slice(&answer.decoded()?).context("the body is not JSON")?;
    if route == Route::Search {
        ensure!(body["parts"].is_array(), "a search without parts");
        return Ok(());
    }
    let account = &body["account"];
    let version = account["version"].as_i64().context("the body tells no version")?;
    ensure!(answer.head.version == Some(version), "the head tells another version than the body");
    ensure!(account["payments"].as_i64() == Some(version), "the account's counters disagree");
    Ok(())
}
