//! Who gets the next call, and who is left alone.
//!
//! A [`Breaker`] stands in front of one server. While the server answers, a call costs a few atomic
//! operations; when it keeps failing, calls are refused at once instead of each waiting for its own timeout,
//! and after a while a few *probes* find out whether it is back.
//!
//! ```
//! use forebay_traffic::{Breaker, BreakerConfig, State};
//!
//! let breaker = Breaker::new(BreakerConfig { consecutive_failures: 2, ..BreakerConfig::default() })?;
//! for _ in 0..2 {
//!     breaker.permit()?.failed();
//! }
//! assert_eq!(breaker.state(), State::Open);
//! let refused = breaker.permit().expect_err("the circuit is open");
//! println!("ask again in {:?}", refused.retry_in);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod breaker;
mod error;
mod sync;

pub use breaker::{Breaker, BreakerConfig, METRICS, Permit, Rejected, State};
pub use error::Error;
