//! Parts of bodies that the layer holds (RFC 9110 section 14).

mod answer;
mod asked;
mod multipart;
mod spec;

pub(crate) use answer::Cut;
pub(crate) use asked::RangeAsked;
