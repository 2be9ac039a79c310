use super::{Db, db::Session};
use crate::{Failure, model::Receipt};

const BOOK: &str = "\
    UPDATE account SET balance_cents = balance_cents + $2, version = version + 1, payments = payments + 1 \
    WHERE account = $1 RETURNING balance_cents, version, payments";

const RECORD: &str = "INSERT INTO payment (account, amount_cents, memo) VALUES ($1, $2, $3) RETURNING id";

/// Books a payment; the caller owns the transaction around it.
pub(crate) async fn pay<C: Session>(
    db: &Db<'_, C>,
    id: i64,
    amount_cents: i64,
    memo: &str,
) -> Result<Receipt, Failure> {
    // The account's row is locked first, so payments into one account get ids in the order of its versions.
    let booked = db.row(BOOK, &[&id, &amount_cents]).await?.ok_or(Failure::NoAccount)?;
    let recorded = db.row(RECORD, &[&id, &amount_cents, &memo]).await?.ok_or(Failure::NoAccount)?;
    Ok(Receipt {
        payment: recorded.get(0),
        account: id,
        balance_cents: booked.get(0),
        version: booked.get(1),
        payments: booked.get(2),
    })
}
