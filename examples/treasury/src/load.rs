//! The load: a fixed seed, clients of several kinds, and a check that no answer is older than it may be.
//!
//! Each client is a thread with one connection and blocking reads: on a machine that also runs the service,
//! that costs less than an event loop, and a sleeping thread starts a request within tens of microseconds
//! of its scheduled time. Nothing is parsed in the timed path but the head of the answer.

mod acks;
mod answer;
mod check;
mod client;
mod command;
mod connection;
mod fleet;
mod report;
mod schedule;
mod workload;
mod zipf;

use answer::Answer;
pub(crate) use command::command;
pub(crate) use connection::{Address, Connection};
pub(crate) use fleet::{Fleet, FleetConfig};
pub(crate) use report::{Report, RouteReport};
pub(crate) use workload::Route;
