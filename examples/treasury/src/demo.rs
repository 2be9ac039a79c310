//! The whole comparison: data, services, identical bodies, throughput, latency, freshness, one table.

mod bodies;
mod command;
mod database_cpu;
mod databases;
mod figures;
mod freshness;
mod measure;
mod service;
mod table;

pub(crate) use bodies::same;
pub(crate) use command::command;
