//! Indexes a workload is in want of (feature `postgres`).
//!
//! [`advise`] plans each statement with its own values, takes down what every scan was asked for, thinks of the indexes that could serve,
//! asks the planner about them with HypoPG, and chooses a set under a budget, writes considered. See its documentation for what it does to
//! a server: it reads.

mod advice;
mod candidate;
mod ddl;
mod definition;
mod error;
mod estimate;
mod existing;
mod expression;
mod health;
mod ledger;
mod live;
mod options;
mod request;
mod selection;
mod size;
mod table;
mod tables;
mod what_if;
mod workload;
mod write_cost;
mod written;

pub use advice::{Advice, Confidence, Gain, IndexAdvice, StatementCost};
pub use definition::{Definition, Key};
pub use error::AdviseError;
pub use health::Trouble;
pub use ledger::{Counted, Ledger, Measured, Outcome, PerCall, Promise, Record, Seen, State};
pub(crate) use live::TextValue;
pub use live::{advise, advise_with, index_scans};
pub use options::Options;
pub use table::{Activity, Column, ExistingIndex, ForeignKey, Partition, Table};
pub use workload::{Problem, Statement, Workload};
