//! Validators: what names a body, what a client has of it already, and what it insists on.

mod body_tag;
mod conditions;
mod digests;
mod entity_tag;
mod form;
mod not_modified;
mod preconditions;
mod unmet;
mod validators;

pub use preconditions::Preconditions;
pub use unmet::Unmet;
pub use validators::Validators;

pub(crate) use body_tag::BodyTag;
pub(crate) use conditions::{Conditions, Current, Outcome, read_date};
#[cfg(feature = "digest")]
pub(crate) use digests::{CONTENT_DIGEST, REPR_DIGEST};
pub(crate) use digests::{DIGESTS, drop_content_digests, drop_digests};
pub(crate) use entity_tag::{EntityTag, weaken};
pub(crate) use form::{Base, Form, own_variant};
pub(crate) use not_modified::{not_modified, refused};
