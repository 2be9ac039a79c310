//! Validators: what names a body, and what a client has of it already.

mod body_tag;
mod conditional;
mod entity_tag;
mod not_modified;

pub(crate) use body_tag::{BodyTag, Named};
pub(crate) use conditional::Conditional;
pub(crate) use entity_tag::{EntityTag, weaken};
pub(crate) use not_modified::{DIGESTS, drop_digests, not_modified};
