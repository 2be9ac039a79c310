use super::{Db, db::Session};
use crate::{
    Failure,
    model::{Fragment, LedgerEntry, LedgerPage},
    page::Cursor,
};

/// Entries on one page.
const PAGE: usize = 20;

// The first condition is what the index on (o_custkey, o_orderdate, o_orderkey) walks; the second is exact.
const LEDGER: &str = "\
    SELECT o_orderdate::text, o_orderkey, l_linenumber, l_partkey, p_name, l_quantity, l_extendedprice_cents, \
        l_discount_percent, l_tax_percent, l_returnflag, l_shipdate::text, l_shipmode \
    FROM orders JOIN lineitem ON l_orderkey = o_orderkey JOIN part ON p_partkey = l_partkey \
    WHERE o_custkey = $1 AND (o_orderdate, o_orderkey) <= ($2::text::date, $3) \
        AND (o_orderdate, o_orderkey, l_linenumber) < ($2::text::date, $3, $4) \
    ORDER BY o_orderdate DESC, o_orderkey DESC, l_linenumber DESC LIMIT $5";

/// The entries after `cursor`, newest first.
pub(crate) async fn ledger<C: Session>(
    db: &Db<'_, C>,
    id: i64,
    after: &Cursor,
) -> Result<LedgerPage, Failure> {
    // One more than a page says whether there is a next one.
    let limit = PAGE as i64 + 1;
    let rows = db.rows(LEDGER, &[&id, &after.date(), &after.order, &after.line, &limit]).await?;
    let entries: Vec<_> = rows
        .iter()
        .take(PAGE)
        .map(|row| LedgerEntry {
            date: row.get(0),
            order: row.get(1),
            line: row.get(2),
            part: row.get(3),
            name: row.get(4),
            quantity: row.get(5),
            price_cents: row.get(6),
            discount_percent: row.get(7),
            tax_percent: row.get(8),
            returned: row.get(9),
            shipped: row.get(10),
            by: row.get(11),
        })
        .collect();
    let next = (rows.len() > PAGE)
        .then(|| entries.last())
        .flatten()
        .map(|entry| Cursor::behind(&entry.date, entry.order, entry.line).to_string());
    Ok(LedgerPage { entries: Fragment::of(&entries)?, next })
}
