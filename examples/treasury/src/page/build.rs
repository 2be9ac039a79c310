use super::{Cursor, PageKey};
use crate::{
    Failure,
    model::{Account, Fragment},
    store::Source,
};
use bytes::Bytes;

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

/// Builds an answer from its parts, the same way whatever stands behind `source`.
pub(crate) async fn build<S: Source>(source: &S, key: &PageKey) -> Result<Page, Failure> {
    match key {
        PageKey::Dashboard(id) => {
            let ((account, payments), orders) =
                tokio::try_join!(source.account_and_payments(*id), source.orders(*id))?;
            let payments = Fragment::of(&payments)?;
            account_page(&account, &[("payments", &payments), ("orders", &orders)], None)
        }
        PageKey::Portfolio(id) => {
            let (account, holdings) = tokio::try_join!(source.account(*id), source.holdings(*id))?;
            account_page(&account, &[("holdings", &holdings)], None)
        }
        PageKey::Ledger(id, after) => {
            let after = after.clone().unwrap_or_else(Cursor::start);
            let (account, ledger) = tokio::try_join!(source.account(*id), source.ledger(*id, &after))?;
            let next = Fragment::of(&ledger.next)?;
            let path = ledger.next.as_ref().map(|after| format!("/accounts/{id}/ledger?after={after}"));
            account_page(&account, &[("entries", &ledger.entries), ("next", &next)], path)
        }
        PageKey::Search(query) => {
            let parts = source.search(query).await?;
            let json = object(&[("query", &Fragment::of(query)?), ("parts", &parts)]);
            Ok(Page { json, version: None, next: None })
        }
    }
}

fn account_page(
    account: &Account,
    parts: &[(&str, &Fragment)],
    next: Option<String>,
) -> Result<Page, Failure> {
    let shown = Fragment::of(account)?;
    let members: Vec<_> = std::iter::once(("account", &shown)).chain(parts.iter().copied()).collect();
    Ok(Page { json: object(&members), version: Some(account.version), next })
}

/// A JSON object of finished parts; the names are plain text of our own.
fn object(members: &[(&str, &Fragment)]) -> Bytes {
    let length: usize = members.iter().map(|(name, part)| name.len() + part.as_str().len() + 4).sum();
    let mut json = String::with_capacity(length + 2);
    for (at, (name, part)) in members.iter().enumerate() {
        json.push_str(if at == 0 { "{\"" } else { ",\"" });
        json.push_str(name);
        json.push_str("\":");
        json.push_str(part.as_str());
    }
    json.push('}');
    json.into()
}
