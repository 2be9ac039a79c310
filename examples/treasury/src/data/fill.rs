use super::{
    schema::{CREATE, DROP, INDEXES, MARK},
    tables::{TABLES, fill},
};
use crate::{LoadDataArgs, terminal};
use anyhow::Context;
use std::time::Instant;
use tokio_postgres::{Client, NoTls};

/// `treasury load-data`: fills the database, unless it already holds this scale.
///
/// Everything happens in one transaction: a load that was interrupted leaves what was there before.
pub(crate) async fn load(args: &LoadDataArgs) -> anyhow::Result<()> {
    let (mut client, connection) =
        tokio_postgres::connect(&args.url, NoTls).await.context("cannot connect to the database to fill")?;
    let connection = tokio::spawn(connection);
    if !args.again && holds(&client, args.scale).await? {
        terminal::progress(&format!("data: scale {} is already there (--again loads it anew)", args.scale));
    } else {
        fill_all(&mut client, args.scale).await?;
    }
    drop(client);
    connection.await?.context("the connection to the database failed")
}

async fn holds(client: &Client, scale: f64) -> anyhow::Result<bool> {
    let row = client.query_one("SELECT to_regclass('treasury_data') IS NOT NULL", &[]).await?;
    if !row.get::<_, bool>(0) {
        return Ok(false);
    }
    let row = client.query_opt("SELECT scale FROM treasury_data", &[]).await?;
    // The number was stored as it was given: equal or another load.
    Ok(row.is_some_and(|row| row.get::<_, f64>(0).to_bits() == scale.to_bits()))
}

async fn fill_all(client: &mut Client, scale: f64) -> anyhow::Result<()> {
    let begun = Instant::now();
    let transaction = client.transaction().await?;
    transaction.batch_execute(DROP).await?;
    transaction.batch_execute(CREATE).await?;
    for table in TABLES {
        let begun = Instant::now();
        let rows = fill(&transaction, table, scale).await.with_context(|| format!("filling {table}"))?;
        terminal::progress(&format!("data: {rows:>9} {table:<9} {:5.1} s", begun.elapsed().as_secs_f64()));
    }
    for (table, statements) in INDEXES {
        transaction.batch_execute(statements).await.with_context(|| format!("indexing {table}"))?;
    }
    transaction.batch_execute(MARK).await?;
    transaction.execute("INSERT INTO treasury_data VALUES ($1)", &[&scale]).await?;
    transaction.batch_execute("ANALYZE").await?;
    transaction.commit().await?;
    terminal::progress(&format!("data: indexed and analysed, {:.1} s in all", begun.elapsed().as_secs_f64()));
    Ok(())
}
