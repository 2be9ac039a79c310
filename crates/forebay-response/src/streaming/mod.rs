//! Bodies that are made while they are sent: NDJSON, JSON arrays and server-sent events from a stream.

mod beat;
mod counting;
mod event;
mod format;
mod items;

pub use counting::ItemsMeter;
pub use event::Event;
pub use format::{Array, EventLines, Format, Lines, Shape};
pub use items::{Events, Items, JsonArray, JsonLines};
