use super::{Cursor, PageKey};
use crate::{
    Failure,
    model::{Account, Holdings, LedgerEntry, Orders, Part, Payment},
    store::Source,
};
use bytes::Bytes;
use serde::Serialize;

/// A finished answer.
#[derive(Debug, Clone)]
pub(crate) struct Page {
    /// The JSON body.
    pub(crate) json: Bytes,
    /// The version of the account it shows.
    pub(crate) version: Option<i64>,
    /// The path of the page after it.
    pub(crate) next: Option<String>,
}

#[derive(Serialize)]
struct Dashboard<'a> {
    account: &'a Account,
    payments: &'a [Payment],
    orders: &'a Orders,
}

#[derive(Serialize)]
struct Portfolio<'a> {
    account: &'a Account,
    holdings: &'a Holdings,
}

#[derive(Serialize)]
struct Ledger<'a> {
    account: &'a Account,
    entries: &'a [LedgerEntry],
    next: Option<&'a str>,
}

#[derive(Serialize)]
struct Search<'a> {
    query: &'a str,
    parts: &'a [Part],
}

/// Builds an answer from its parts, the same way whatever stands behind `source`.
pub(crate) async fn build<S: Source>(source: &S, key: &PageKey) -> Result<Page, Failure> {
    match key {
        PageKey::Dashboard(id) => {
            let (account, payments, orders) =
                tokio::try_join!(source.account(*id), source.payments(*id), source.orders(*id))?;
            let body = Dashboard { account: &account, payments: &payments, orders: &orders };
            page(&body, Some(&account), None)
        }
        PageKey::Portfolio(id) => {
            let (account, holdings) = tokio::try_join!(source.account(*id), source.holdings(*id))?;
            page(&Portfolio { account: &account, holdings: &holdings }, Some(&account), None)
        }
        PageKey::Ledger(id, after) => {
            let after = after.clone().unwrap_or_else(Cursor::start);
            let (account, ledger) = tokio::try_join!(source.account(*id), source.ledger(*id, &after))?;
            let body = Ledger { account: &account, entries: &ledger.entries, next: ledger.next.as_deref() };
            let next = ledger.next.as_ref().map(|after| format!("/accounts/{id}/ledger?after={after}"));
            page(&body, Some(&account), next)
        }
        PageKey::Search(query) => {
            let parts = source.search(query).await?;
            page(&Search { query, parts: &parts }, None, None)
        }
    }
}

fn page(body: &impl Serialize, account: Option<&Account>, next: Option<String>) -> Result<Page, Failure> {
    Ok(Page { json: serde_json::to_vec(body)?.into(), version: account.map(|a| a.version), next })
}
