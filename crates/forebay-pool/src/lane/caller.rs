//! Who asks for a session.

use serde::{Deserialize, Serialize};
use std::panic::Location;

/// Who is served first when several wait for a session. Default: [`Priority::Normal`].
///
/// Callers of one class are served in the order they came. A class that waits while higher ones are served gets
/// at least one session in [`Priority::SHARE`], so that none starves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Priority {
    /// What may wait or be refused first: reports, batch jobs, warming.
    Low,
    /// Requests.
    #[default]
    Normal,
    /// What others depend on: health, logins, payments.
    High,
}

impl Priority {
    /// Of so many sessions handed to waiters, a class that waits gets at least one.
    pub const SHARE: u8 = 8;

    pub(super) const COUNT: usize = 3;
}

/// Who asks for a session: the line of the program, and how urgently.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Caller {
    pub(crate) place: &'static Location<'static>,
    pub(crate) priority: Priority,
}
