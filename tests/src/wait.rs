//! Polling for a condition: the lab waits for states, never for seconds.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

/// How long any server may take to reach a state. Far more than needed; it bounds a broken machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

const FIRST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_millis(50);

/// Asks `ready` again and again until it says yes.
///
/// # Errors
/// The last answer `ready` gave instead, after [`PATIENCE`]; an error of `ready` at once.
pub(crate) async fn until(what: &str, mut ready: impl AsyncFnMut() -> Result<Answer>) -> Result<()> {
    let begun = Instant::now();
    let mut pause = FIRST_PAUSE;
    loop {
        match ready().await? {
            Answer::Ready => return Ok(()),
            Answer::NotYet(reason) if begun.elapsed() > PATIENCE => {
                bail!("{what} did not happen within {} s: {reason}", PATIENCE.as_secs())
            }
            Answer::NotYet(_) => {}
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Waits until `condition` holds: for tests, so that they wait for states and never for seconds.
///
/// # Panics
/// When it does not hold within a minute.
pub async fn eventually(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let asked = async || {
        Ok(if condition().await { Answer::Ready } else { Answer::NotYet("it does not hold yet".to_owned()) })
    };
    until(what, asked).await.unwrap_or_else(|error| panic!("{error:#}"));
}

/// What a poll found.
#[derive(Debug)]
pub(crate) enum Answer {
    /// The state is reached.
    Ready,
    /// Not reached, and why.
    NotYet(String),
}

impl Answer {
    /// Ready when `yes`, else `reason`.
    pub(crate) fn when(yes: bool, reason: &str) -> Self {
        if yes { Self::Ready } else { Self::NotYet(reason.to_owned()) }
    }
}
