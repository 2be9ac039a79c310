//! Why a session could not be opened, for all who waited.

use crate::{
    connect::ConnectFailure,
    refusal::{ConnectReason, Refusal},
};
use std::{fmt, sync::Arc, time::Duration};

/// Why a session could not be opened: all callers that waited for it are told.
#[derive(Clone)]
pub struct SharedFailure(Arc<Refusal>);

impl SharedFailure {
    pub(crate) fn new(failure: impl Into<ConnectFailure>) -> Self {
        Self(Arc::new(Refusal::of(failure.into())))
    }

    /// A connect that took too long.
    pub(crate) fn no_answer(within: Duration) -> Self {
        Self(Arc::new(Refusal::no_answer(within)))
    }

    /// The step that failed, and so what to do.
    #[must_use]
    pub fn reason(&self) -> ConnectReason {
        self.0.reason
    }
}

impl fmt::Debug for SharedFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

impl fmt::Display for SharedFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&*self.0, f)
    }
}

impl std::error::Error for SharedFailure {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source()
    }
}
