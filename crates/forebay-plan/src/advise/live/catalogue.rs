//! What the catalogue and the statistics tell of the workload's tables.

use std::collections::{BTreeSet, HashMap, HashSet};

use tokio_postgres::Row;
use tokio_postgres::types::{ToSql, Type};

use super::rows;
use super::session::Session;
use crate::advise::definition::{Definition, Key};
use crate::advise::error::AdviseError;
use crate::advise::table::{Activity, Column, ExistingIndex, ForeignKey, Partition, Table};
use crate::advise::tables::Tables;
use crate::plan::Plan;

/// Reads what is known of the tables that plans scan or write.
pub(super) async fn read<'p>(
    session: &Session<'_>,
    plans: impl Iterator<Item = &'p Plan>,
    unseen: &mut Vec<String>,
) -> Result<Tables, AdviseError> {
    let nodes = plans.flat_map(Plan::nodes);
    let named = nodes.filter_map(|node| Some((node.schema()?.to_owned(), node.relation()?.to_owned())));
    read_named(session, named.collect(), unseen).await
}

/// Reads what is known of tables by their schemas and names.
pub(super) async fn read_named(
    session: &Session<'_>,
    named: BTreeSet<(String, String)>,
    unseen: &mut Vec<String>,
) -> Result<Tables, AdviseError> {
    let (schemas, names): (Vec<String>, Vec<String>) = named.into_iter().unzip();
    let found =
        query(session, rows::TABLES, &[(&schemas, Type::TEXT_ARRAY), (&names, Type::TEXT_ARRAY)]).await?;
    let mut tables: Vec<Table> = Vec::new();
    for row in &found {
        let table = table(row).map_err(failed)?;
        if !row.try_get::<_, bool>(12).map_err(failed)? {
            unseen.push(format!("the role may not read {}: its statements cannot be planned", table.sql()));
        }
        tables.push(table);
    }
    let oids: Vec<u32> = tables.iter().map(|table| table.oid).collect();
    let of: HashMap<u32, usize> = oids.iter().enumerate().map(|(at, &oid)| (oid, at)).collect();
    let one = |sql: &'static str| {
        let oids = oids.clone();
        async move { query(session, sql, &[(&oids, Type::OID_ARRAY)]).await }
    };
    for row in one(rows::PARTITIONS).await? {
        let part =
            Partition { schema: row.try_get(1).map_err(failed)?, name: row.try_get(2).map_err(failed)? };
        tables[of[&row.get::<_, u32>(0)]].partitions.push(part);
    }
    for row in one(rows::COLUMNS).await? {
        tables[of[&row.get::<_, u32>(0)]].columns.push(column(&row).map_err(failed)?);
    }
    for row in one(rows::INDEXES).await? {
        tables[of[&row.get::<_, u32>(0)]].indexes.push(index(&row).map_err(failed)?);
    }
    for row in one(rows::FOREIGN_KEYS).await? {
        let key = foreign_key(&row).map_err(failed)?;
        tables[of[&row.get::<_, u32>(0)]].foreign_keys.push(key);
    }
    statistics(session, &mut tables, unseen).await?;
    Ok(Tables::new(tables))
}

/// Which of some names are those of relations already.
pub(super) async fn taken(session: &Session<'_>, names: &[String]) -> Result<HashSet<String>, AdviseError> {
    let rows = query(session, rows::TAKEN, &[(&names, Type::TEXT_ARRAY)]).await?;
    rows.iter().map(|row| row.try_get(0).map_err(failed)).collect()
}

fn failed(source: tokio_postgres::Error) -> AdviseError {
    AdviseError::Server { step: "reading the catalogue", source }
}

async fn query(
    session: &Session<'_>,
    sql: &str,
    values: &[(&(dyn ToSql + Sync), Type)],
) -> Result<Vec<Row>, AdviseError> {
    session.ask(session.client.query_typed(sql, values)).await.map_err(failed)
}

fn table(row: &Row) -> Result<Table, tokio_postgres::Error> {
    let pages: f64 = row.try_get(5)?;
    let visible: f64 = row.try_get(6)?;
    let count = |at: usize| row.try_get::<_, i64>(at).map(|count| u64::try_from(count).unwrap_or(0));
    Ok(Table {
        oid: row.try_get(0)?,
        schema: row.try_get(1)?,
        name: row.try_get(2)?,
        rows: row.try_get(4)?,
        pages,
        all_visible: if pages > 0.0 { visible / pages } else { 0.0 },
        activity: Activity {
            scans: count(7)?,
            inserted: count(8)?,
            updated: count(9)?,
            updated_hot: count(10)?,
            deleted: count(11)?,
        },
        ..Table::default()
    })
}

fn column(row: &Row) -> Result<Column, tokio_postgres::Error> {
    let type_bytes: i16 = row.try_get(3)?;
    let alignment = match row.try_get::<_, String>(4)?.as_str() {
        "c" => 1,
        "s" => 2,
        "i" => 4,
        _ => 8,
    };
    Ok(Column {
        name: row.try_get(1)?,
        type_name: row.try_get(2)?,
        type_bytes,
        alignment,
        // The planner's guess of what it knows nothing about.
        width: if type_bytes > 0 { f64::from(type_bytes) } else { 32.0 },
        null_share: 0.0,
        n_distinct: 0.0,
        correlation: 0.0,
        common: Vec::new(),
        not_null: row.try_get(5)?,
        bytewise: row.try_get(6)?,
        equal_is_same: row.try_get(7)?,
        has_statistics: false,
    })
}

async fn statistics(
    session: &Session<'_>,
    tables: &mut [Table],
    unseen: &mut Vec<String>,
) -> Result<(), AdviseError> {
    let schemas: Vec<&str> = tables.iter().map(|table| table.schema.as_str()).collect();
    let names: Vec<&str> = tables.iter().map(|table| table.name.as_str()).collect();
    let found =
        query(session, rows::STATISTICS, &[(&schemas, Type::TEXT_ARRAY), (&names, Type::TEXT_ARRAY)]).await?;
    for row in &found {
        let (schema, name, column): (&str, &str, &str) = (
            row.try_get(0).map_err(failed)?,
            row.try_get(1).map_err(failed)?,
            row.try_get(2).map_err(failed)?,
        );
        let table = tables.iter_mut().find(|table| table.schema == schema && table.name == name);
        let columns = table.map(|table| &mut table.columns);
        let Some(column) = columns.and_then(|all| all.iter_mut().find(|known| known.name == column)) else {
            continue;
        };
        fill(column, row).map_err(failed)?;
    }
    for table in tables.iter().filter(|table| table.rows > 0.0 && !table.columns.is_empty()) {
        if table.columns.iter().all(|column| !column.has_statistics) {
            unseen.push(format!(
                "there are no statistics of {} to see (never analysed, or not readable by the role): its sizes and partial indexes are guesses",
                table.sql()
            ));
        }
    }
    Ok(())
}

fn fill(column: &mut Column, row: &Row) -> Result<(), tokio_postgres::Error> {
    column.width = f64::from(row.try_get::<_, i32>(3)?);
    column.null_share = f64::from(row.try_get::<_, f32>(4)?);
    column.n_distinct = f64::from(row.try_get::<_, f32>(5)?);
    column.correlation = f64::from(row.try_get::<_, f32>(6)?);
    let values: Vec<Option<String>> = row.try_get(7)?;
    let shares: Vec<f32> = row.try_get(8)?;
    column.common = values.into_iter().flatten().zip(shares.into_iter().map(f64::from)).collect();
    column.has_statistics = true;
    Ok(())
}

fn index(row: &Row) -> Result<ExistingIndex, tokio_postgres::Error> {
    let keys_count = usize::try_from(row.try_get::<_, i32>(10)?).unwrap_or(0);
    let texts: Vec<String> = row.try_get(11)?;
    let columns: Vec<String> = row.try_get(12)?;
    let classes: Vec<String> = row.try_get(13)?;
    let options: Vec<i32> = row.try_get(14)?;
    let collations: Vec<String> = row.try_get(15)?;
    let some = |list: &[String], at: usize| list.get(at).filter(|text| !text.is_empty()).cloned();
    let key = |at: usize| {
        let option = options.get(at).copied().unwrap_or(0);
        Key {
            text: texts[at].clone(),
            column: some(&columns, at),
            operator_class: some(&classes, at),
            collation: some(&collations, at),
            descending: option & 1 != 0,
            nulls_first: option & 2 != 0,
        }
    };
    let keys_count = keys_count.min(texts.len());
    Ok(ExistingIndex {
        name: row.try_get(2)?,
        oid: row.try_get(1)?,
        definition: Definition {
            method: row.try_get(3)?,
            keys: (0..keys_count).map(key).collect(),
            include: (keys_count..texts.len()).filter_map(|at| some(&columns, at)).collect(),
            predicate: row.try_get(9)?,
            unique: row.try_get(4)?,
        },
        is_valid: row.try_get(5)?,
        is_constraint: row.try_get(6)?,
        bytes: u64::try_from(row.try_get::<_, i64>(7)?).unwrap_or(0),
        scans: u64::try_from(row.try_get::<_, i64>(8)?).unwrap_or(0),
    })
}

fn foreign_key(row: &Row) -> Result<ForeignKey, tokio_postgres::Error> {
    Ok(ForeignKey { name: row.try_get(1)?, columns: row.try_get(2)?, target: row.try_get(3)? })
}
