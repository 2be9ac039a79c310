//! Every statement of the service, written once for both data paths: parameterised, prepared and cached per
//! connection, each served by an index, each with an order that makes its answer the same every time.

mod account;
mod catalogue;
mod db;
mod ledger;
mod orders;
mod payment;

pub(crate) use account::{account, payments};
pub(crate) use catalogue::search;
pub(crate) use db::{Db, Params, Session};
pub(crate) use ledger::ledger;
pub(crate) use orders::{holdings, orders};
pub(crate) use payment::pay;
