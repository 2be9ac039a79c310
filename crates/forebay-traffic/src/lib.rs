//! Who gets the next call, and who is left alone.
//!
//! Four parts that know nothing of each other, do no I/O and spawn nothing:
//!
//! - [`Balancer`]: *which* of several equal servers gets the next call. Each pick takes two of them at random and
//!   chooses the one whose calls are expected to take less, failures included; servers that stand out among their
//!   peers leave gradually and come back gradually.
//! - [`Breaker`]: *whether* one server gets any. While it answers, a call costs a few atomic operations; when it
//!   keeps failing, calls are refused at once instead of each waiting for its own timeout, and after a while a few
//!   *probes* find out whether it is back.
//! - [`Budget`]: whether *another* call may be made on top, a retry or a hedge.
//! - [`Percentile`]: *when* to make it: how slow a slow answer of a server usually is.
//!
//! A breaker judges a server by itself, the balancer judges it by its peers: where all servers fail alike nobody is
//! ejected, and each breaker opens.
//!
//! ```
//! use forebay_traffic::{Balancer, BalancerConfig, Standing, Terms};
//! use std::time::Duration;
//!
//! let balancer = Balancer::new(BalancerConfig::default(), ["here:5432", "there:5432"])?;
//! // The second one is in another zone: it is worth it when all of this one are twice as dear.
//! let candidate = |index| Some(if index == 1 { Terms::default().far(2.0) } else { Terms::default() });
//! let index = balancer.pick(candidate).expect("there are candidates");
//!
//! let call = balancer.member(index).expect("picked").start();
//! assert_eq!(call.member().in_flight(), 1);
//! // … the call is made, and answered after two milliseconds:
//! call.succeeded(Duration::from_millis(2));
//! assert_eq!(balancer.status()[index].standing, Standing::Whole);
//! # Ok::<(), forebay_traffic::Error>(())
//! ```
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
//!
//! ```
//! use forebay_traffic::{Budget, BudgetConfig};
//!
//! let budget = Budget::new(BudgetConfig { share: 0.02, burst: 1 })?;
//! assert!(budget.spend(), "a first retry");
//! assert!(!budget.spend(), "the next one is earned by fifty ordinary calls");
//! (0..50).for_each(|_| budget.earn());
//! assert!(budget.spend());
//! # Ok::<(), forebay_traffic::Error>(())
//! ```

mod balancer;
mod breaker;
mod budget;
mod clock;
mod error;
mod metrics;
mod percentile;
mod sync;

pub use balancer::{Balancer, BalancerConfig, Call, Member, MemberStatus, Standing, Terms};
pub use breaker::{Breaker, BreakerConfig, Permit, Rejected, State};
pub use budget::{Budget, BudgetConfig};
pub use error::Error;
pub use metrics::METRICS;
pub use percentile::Percentile;
