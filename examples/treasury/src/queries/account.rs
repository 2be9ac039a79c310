use super::{Db, db::Session};
use crate::{
    Failure,
    model::{Account, Payment},
};

const ACCOUNT: &str = "\
    SELECT c_name, n_name, c_mktsegment, c_phone, balance_cents, version, payments \
    FROM account JOIN customer ON c_custkey = account JOIN nation ON n_nationkey = c_nationkey \
    WHERE account = $1";

const PAYMENTS: &str = "\
    SELECT id, amount_cents, memo FROM payment WHERE account = $1 ORDER BY id DESC LIMIT 10";

/// An account's state; `None` when there is no such account.
pub(crate) async fn account<C: Session>(db: &Db<'_, C>, id: i64) -> Result<Option<Account>, Failure> {
    let row = db.row(ACCOUNT, &[&id]).await?;
    Ok(row.map(|row| Account {
        id,
        name: row.get(0),
        nation: row.get(1),
        segment: row.get(2),
        phone: row.get(3),
        balance_cents: row.get(4),
        version: row.get(5),
        payments: row.get(6),
    }))
}

/// The latest ten payments into an account.
pub(crate) async fn payments<C: Session>(db: &Db<'_, C>, id: i64) -> Result<Vec<Payment>, Failure> {
    let rows = db.rows(PAYMENTS, &[&id]).await?;
    Ok(rows
        .iter()
        .map(|row| Payment { id: row.get(0), amount_cents: row.get(1), memo: row.get(2) })
        .collect())
}
