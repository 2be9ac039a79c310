//! A TCP proxy with faults.

mod faults;
mod front;
mod handle;
mod pump;

pub use handle::FaultProxy;
