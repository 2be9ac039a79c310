use super::{
    Db,
    db::{Params, Session},
};
use crate::{
    Failure,
    model::{BrandTotal, Fragment, Holding, Holdings, MonthTotal, Order, Orders, PartTotal, StatusTotal},
};

const BY_STATUS: &str = "\
    SELECT o_orderstatus, count(*), sum(o_totalprice_cents)::int8 FROM orders \
    WHERE o_custkey = $1 GROUP BY 1 ORDER BY 1";

const LATEST: &str = "\
    SELECT o_orderkey, o_orderdate::text, o_orderstatus, o_orderpriority, o_clerk, o_totalprice_cents FROM orders \
    WHERE o_custkey = $1 ORDER BY o_orderdate DESC, o_orderkey DESC LIMIT 10";

const BY_MONTH: &str = "\
    SELECT to_char(date_trunc('month', o_orderdate::timestamp), 'YYYY-MM'), count(*), \
        sum(o_totalprice_cents)::int8 \
    FROM orders WHERE o_custkey = $1 GROUP BY 1 ORDER BY 1 DESC LIMIT 24";

const TOP_PARTS: &str = "\
    SELECT p_partkey, p_name, sum(l_quantity)::int8, sum(l_extendedprice_cents)::int8 \
    FROM orders JOIN lineitem ON l_orderkey = o_orderkey JOIN part ON p_partkey = l_partkey \
    WHERE o_custkey = $1 GROUP BY p_partkey ORDER BY 4 DESC, 1 LIMIT 10";

const POSITIONS: &str = "\
    SELECT p_partkey, p_name, p_brand, p_type, sum(l_quantity)::int8, sum(l_extendedprice_cents)::int8, \
        (sum(l_quantity) * p_retailprice_cents)::int8 \
    FROM orders JOIN lineitem ON l_orderkey = o_orderkey JOIN part ON p_partkey = l_partkey \
    WHERE o_custkey = $1 GROUP BY p_partkey ORDER BY 7 DESC, 1 LIMIT 50";

const BY_BRAND: &str = "\
    SELECT p_brand, sum(l_quantity)::int8, sum(l_quantity * p_retailprice_cents)::int8 \
    FROM orders JOIN lineitem ON l_orderkey = o_orderkey JOIN part ON p_partkey = l_partkey \
    WHERE o_custkey = $1 GROUP BY 1 ORDER BY 3 DESC, 1";

/// What an account ordered: four queries, sent together on one connection.
pub(crate) async fn orders<C: Session>(db: &Db<'_, C>, id: i64) -> Result<Fragment, Failure> {
    let given: Params<'_> = &[&id];
    let (by_status, latest, by_month, top_parts) = tokio::try_join!(
        db.rows(BY_STATUS, given),
        db.rows(LATEST, given),
        db.rows(BY_MONTH, given),
        db.rows(TOP_PARTS, given),
    )?;
    let orders = Orders {
        by_status: by_status
            .iter()
            .map(|row| StatusTotal { status: row.get(0), orders: row.get(1), total_cents: row.get(2) })
            .collect(),
        latest: latest
            .iter()
            .map(|row| Order {
                order: row.get(0),
                date: row.get(1),
                status: row.get(2),
                priority: row.get(3),
                clerk: row.get(4),
                total_cents: row.get(5),
            })
            .collect(),
        by_month: by_month
            .iter()
            .map(|row| MonthTotal { month: row.get(0), orders: row.get(1), total_cents: row.get(2) })
            .collect(),
        top_parts: top_parts
            .iter()
            .map(|row| PartTotal {
                part: row.get(0),
                name: row.get(1),
                quantity: row.get(2),
                total_cents: row.get(3),
            })
            .collect(),
    };
    Ok(Fragment::of(&orders)?)
}

/// What an account holds: two queries, sent together on one connection.
pub(crate) async fn holdings<C: Session>(db: &Db<'_, C>, id: i64) -> Result<Fragment, Failure> {
    let given: Params<'_> = &[&id];
    let (positions, by_brand) = tokio::try_join!(db.rows(POSITIONS, given), db.rows(BY_BRAND, given))?;
    let holdings = Holdings {
        positions: positions
            .iter()
            .map(|row| Holding {
                part: row.get(0),
                name: row.get(1),
                brand: row.get(2),
                kind: row.get(3),
                quantity: row.get(4),
                cost_cents: row.get(5),
                value_cents: row.get(6),
            })
            .collect(),
        by_brand: by_brand
            .iter()
            .map(|row| BrandTotal { brand: row.get(0), quantity: row.get(1), value_cents: row.get(2) })
            .collect(),
    };
    Ok(Fragment::of(&holdings)?)
}
