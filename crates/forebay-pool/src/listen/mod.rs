//! Notifications of the database, on a connection of their own that heals itself.

mod attendant;
mod channels;
mod ears;
mod listener;
mod mailbox;

pub(crate) use attendant::Attendant;
pub(crate) use ears::Ears;
pub use listener::Listener;
pub use mailbox::{Gap, Heard};
