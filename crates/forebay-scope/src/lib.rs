//! What belongs to one request: its deadline, the log positions its reads must have reached, the tags of
//! what it read, and its id.
//!
//! A [`Scope`] travels with a request through every floor of the data path without appearing in any
//! signature: the response layer opens one per request, the pool asks it for the deadline and for the
//! position a read must have reached, the cache gives it the tags of each value it returns. It does no I/O.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! use forebay_scope::{Scope, Tag};
//!
//! let scope = Scope::new();
//! scope.run(async {
//!     let here = Scope::current().expect("inside a scope");
//!     here.read([Tag::of("user", 7)]);
//!     // A spawned task keeps the scope only through this helper.
//!     forebay_scope::spawn(async { assert!(Scope::current().is_some()) }).await.expect("task ends");
//! }).await;
//! assert_eq!(scope.tags().as_slice(), [Tag::of("user", 7)]);
//! # }
//! ```

mod id;
mod position;
mod reach;
mod scope;
mod slot;
mod tag;

pub use id::RequestId;
pub use position::{ParsePositionError, Position, Positions};
pub use reach::Reach;
pub use scope::{Scope, Scoped, spawn};
pub use slot::Slot;
pub use tag::{Tag, TagsRead};
