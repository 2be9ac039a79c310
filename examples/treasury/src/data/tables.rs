use super::copy::copy;
use std::fmt::Write;
use tokio_postgres::Transaction;
use tpchgen::generators::{
    CustomerGenerator, LineItemGenerator, NationGenerator, OrderGenerator, PartGenerator,
};

/// The tables TPC-H fills here.
pub(super) const TABLES: [&str; 5] = ["nation", "customer", "part", "orders", "lineitem"];

/// Fills one of [`TABLES`] and returns its number of rows.
pub(super) async fn fill(into: &Transaction<'_>, table: &str, scale: f64) -> anyhow::Result<u64> {
    match table {
        "nation" => nation(into, scale).await,
        "customer" => customer(into, scale).await,
        "part" => part(into, scale).await,
        "orders" => orders(into, scale).await,
        _ => lineitem(into, scale).await,
    }
}

async fn nation(into: &Transaction<'_>, scale: f64) -> anyhow::Result<u64> {
    let rows = NationGenerator::new(scale, 1, 1);
    copy(into, "nation", rows.iter(), |out, n| {
        write!(out, "{}\t{}\t{}\t{}", n.n_nationkey, n.n_name, n.n_regionkey, n.n_comment)
    })
    .await
}

async fn customer(into: &Transaction<'_>, scale: f64) -> anyhow::Result<u64> {
    let rows = CustomerGenerator::new(scale, 1, 1);
    copy(into, "customer", rows.iter(), |out, c| {
        write!(out, "{}\t{}\t{}\t{}\t", c.c_custkey, c.c_name, c.c_address, c.c_nationkey)?;
        write!(out, "{}\t{}\t{}\t{}", c.c_phone, c.c_acctbal.into_inner(), c.c_mktsegment, c.c_comment)
    })
    .await
}

async fn part(into: &Transaction<'_>, scale: f64) -> anyhow::Result<u64> {
    let rows = PartGenerator::new(scale, 1, 1);
    copy(into, "part", rows.iter(), |out, p| {
        write!(out, "{}\t{}\t{}\t{}\t{}\t", p.p_partkey, p.p_name, p.p_mfgr, p.p_brand, p.p_type)?;
        write!(out, "{}\t{}\t{}\t", p.p_size, p.p_container, p.p_retailprice.into_inner())?;
        write!(out, "{}", p.p_comment)
    })
    .await
}

async fn orders(into: &Transaction<'_>, scale: f64) -> anyhow::Result<u64> {
    let rows = OrderGenerator::new(scale, 1, 1);
    copy(into, "orders", rows.iter(), |out, o| {
        write!(out, "{}\t{}\t{}\t", o.o_orderkey, o.o_custkey, o.o_orderstatus)?;
        write!(out, "{}\t{}\t{}\t", o.o_totalprice.into_inner(), o.o_orderdate, o.o_orderpriority)?;
        write!(out, "{}\t{}\t{}", o.o_clerk, o.o_shippriority, o.o_comment)
    })
    .await
}

async fn lineitem(into: &Transaction<'_>, scale: f64) -> anyhow::Result<u64> {
    let rows = LineItemGenerator::new(scale, 1, 1);
    copy(into, "lineitem", rows.iter(), |out, l| {
        write!(out, "{}\t{}\t{}\t{}\t", l.l_orderkey, l.l_partkey, l.l_suppkey, l.l_linenumber)?;
        write!(out, "{}\t{}\t", l.l_quantity, l.l_extendedprice.into_inner())?;
        write!(out, "{}\t{}\t", l.l_discount.into_inner(), l.l_tax.into_inner())?;
        write!(out, "{}\t{}\t", l.l_returnflag, l.l_linestatus)?;
        write!(out, "{}\t{}\t{}\t", l.l_shipdate, l.l_commitdate, l.l_receiptdate)?;
        write!(out, "{}\t{}\t{}", l.l_shipinstruct, l.l_shipmode, l.l_comment)
    })
    .await
}
