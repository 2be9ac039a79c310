//! A TCP proxy with faults.

mod faults;
mod front;
mod handle;
mod pump;
mod turns;

pub use handle::FaultProxy;
