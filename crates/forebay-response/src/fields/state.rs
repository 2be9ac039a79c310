//! Where a [filter](super::FieldFilter) stands in a document.

use super::{
    Malformed,
    lex::{Bad, Escape},
    opaque::Stop,
    tree::Select,
};

/// What the filter refuses to go beyond.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) depth: usize,
    pub(super) key: usize,
    pub(super) resource: usize,
}

/// What a value is to the mask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// Left out.
    Skip,
    /// Let through as it is.
    Copy,
    /// Kept aside: it belongs to a resource whose type decides.
    Hold,
    /// Filtered by this node.
    Node(u32),
    /// A JSON:API document.
    Api,
    /// A JSON:API resource, or several in an array.
    Resource,
}

impl From<Select> for Mode {
    fn from(select: Select) -> Self {
        match select {
            Select::Nothing => Self::Skip,
            Select::Whole => Self::Copy,
            Select::Node(node) => Self::Node(node),
        }
    }
}

/// Where an opaque value goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sink {
    Nowhere,
    Out,
    Held,
}

/// An array or object that is open and filtered.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    pub(super) array: bool,
    pub(super) mode: Mode,
    /// Whether a member was let through, so that the next one needs a comma.
    pub(super) begun: bool,
}

/// What comes next, outside of opaque values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum At {
    Value,
    FirstValue,
    Key,
    FirstKey,
    InKey(Escape),
    Colon,
    After,
}

/// Why the scan stopped.
#[derive(Debug)]
pub(super) enum Fault {
    /// At this place of the piece.
    At(usize),
    TooDeep,
    Other(Malformed),
}

impl From<Stop> for Fault {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Bad(Bad(at)) => Self::At(at),
            Stop::TooDeep => Self::TooDeep,
        }
    }
}

impl From<Malformed> for Fault {
    fn from(malformed: Malformed) -> Self {
        Self::Other(malformed)
    }
}
