//! A small treasury over TPC-H data: dashboards, portfolios, ledgers, a search and payments.
//!
//! The same handlers run **bare** (a deadpool over Postgres, prepared statements, nothing kept) and **with
//! forebay**; `treasury demo` puts both under the same load and prints the difference. `README.md` beside
//! this crate says which choices make the comparison fair.

mod args;
mod bare;
mod cpu;
mod data;
mod demo;
mod failure;
mod load;
mod model;
mod page;
mod queries;
mod routes;
mod run;
mod serve;
mod stats;
mod store;
mod terminal;
mod with_forebay;

pub use args::{Cli, Command, DemoArgs, LoadArgs, LoadDataArgs, Mode, SameArgs, ServeArgs};
pub use failure::Failure;
pub use run::run;
