//! The tower layer: what was asked, what is to be answered, and the body that answers it.

mod asked;
mod body;
mod builder;
mod decide;
mod effort;
mod future;
mod gather;
mod layer;
mod mode;
mod observe;
mod routes;
mod said;
mod stream;
mod timer;
mod upgrade;
mod whole;

pub use body::{BoxError, ResponseBody};
pub(crate) use body::{Ready, own};
pub use builder::ResponseLayerBuilder;
pub use future::ResponseFuture;
#[cfg(feature = "cache")]
pub(crate) use gather::{Gather, Gathered, Whole};
pub use layer::{ResponseLayer, ResponseService};
pub use mode::ResponseMode;
