//! TPC-H's tables, filled.

use anyhow::{Context as _, Result};
use bytes::{Bytes, BytesMut};
use futures_util::SinkExt as _;
use std::{fmt::Write as _, pin::pin};
use tokio_postgres::Client;
use tpchgen::generators::{
    CustomerGenerator, LineItemGenerator, NationGenerator, OrderGenerator, PartGenerator, PartSuppGenerator,
    RegionGenerator, SupplierGenerator,
};

/// Primary keys and nothing else.
const SCHEMA: &str = "
CREATE TABLE region (r_regionkey int, r_name text, r_comment text);
CREATE TABLE nation (n_nationkey int, n_name text, n_regionkey int, n_comment text);
CREATE TABLE supplier (s_suppkey int, s_name text, s_address text, s_nationkey int, s_phone text, s_acctbal numeric(15,2), s_comment text);
CREATE TABLE customer (c_custkey int, c_name text, c_address text, c_nationkey int, c_phone text, c_acctbal numeric(15,2),
    c_mktsegment text, c_comment text);
CREATE TABLE part (p_partkey int, p_name text, p_mfgr text, p_brand text, p_type text, p_size int, p_container text,
    p_retailprice numeric(15,2), p_comment text);
CREATE TABLE partsupp (ps_partkey int, ps_suppkey int, ps_availqty int, ps_supplycost numeric(15,2), ps_comment text);
CREATE TABLE orders (o_orderkey int, o_custkey int, o_orderstatus text, o_totalprice numeric(15,2), o_orderdate date,
    o_orderpriority text, o_clerk text, o_shippriority int, o_comment text);
CREATE TABLE lineitem (l_orderkey int, l_partkey int, l_suppkey int, l_linenumber int, l_quantity numeric(15,2),
    l_extendedprice numeric(15,2), l_discount numeric(15,2), l_tax numeric(15,2), l_returnflag text, l_linestatus text,
    l_shipdate date, l_commitdate date, l_receiptdate date, l_shipinstruct text, l_shipmode text, l_comment text);";

const KEYS: [(&str, &str); 8] = [
    ("region", "r_regionkey"),
    ("nation", "n_nationkey"),
    ("supplier", "s_suppkey"),
    ("customer", "c_custkey"),
    ("part", "p_partkey"),
    ("partsupp", "ps_partkey, ps_suppkey"),
    ("orders", "o_orderkey"),
    ("lineitem", "l_orderkey, l_linenumber"),
];

/// Rows are sent in pieces of about this size.
const PIECE_BYTES: usize = 256 * 1024;

/// Makes the tables and fills them.
pub(super) async fn fill(client: &Client, scale: f64) -> Result<()> {
    client.batch_execute(SCHEMA).await?;
    copy(client, "region", RegionGenerator::new(scale, 1, 1).iter()).await?;
    copy(client, "nation", NationGenerator::new(scale, 1, 1).iter()).await?;
    copy(client, "supplier", SupplierGenerator::new(scale, 1, 1).iter()).await?;
    copy(client, "customer", CustomerGenerator::new(scale, 1, 1).iter()).await?;
    copy(client, "part", PartGenerator::new(scale, 1, 1).iter()).await?;
    copy(client, "partsupp", PartSuppGenerator::new(scale, 1, 1).iter()).await?;
    copy(client, "orders", OrderGenerator::new(scale, 1, 1).iter()).await?;
    copy(client, "lineitem", LineItemGenerator::new(scale, 1, 1).iter()).await?;
    for (table, columns) in KEYS {
        client.batch_execute(&format!("ALTER TABLE {table} ADD PRIMARY KEY ({columns})")).await?;
        client.batch_execute(&format!("VACUUM ANALYZE {table}")).await?;
    }
    Ok(())
}

/// A row of the generator prints itself with a bar behind each column, the last one included.
async fn copy<T: std::fmt::Display>(
    client: &Client,
    table: &str,
    rows: impl Iterator<Item = T>,
) -> Result<()> {
    let sink = client.copy_in::<_, Bytes>(&format!("COPY {table} FROM STDIN WITH (DELIMITER '|')")).await?;
    let mut sink = pin!(sink);
    let mut piece = BytesMut::with_capacity(PIECE_BYTES + 1024);
    for row in rows {
        write!(piece, "{row}")?;
        piece.truncate(piece.len() - usize::from(piece.ends_with(b"|")));
        piece.extend_from_slice(b"\n");
        if piece.len() >= PIECE_BYTES {
            sink.send(piece.split().freeze()).await?;
        }
    }
    sink.send(piece.freeze()).await?;
    sink.finish().await.with_context(|| table.to_owned())?;
    Ok(())
}
