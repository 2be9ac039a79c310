//! How a session that came back with something running, or inside a transaction, becomes clean again.

use crate::{leftovers::REMOVE, session::Session, tap::TransactionState};
use std::time::Duration;

/// A statement that ends by itself this soon needs no cancel.
const GRACE: Duration = Duration::from_millis(2);

/// Drains a session: whatever runs is cancelled, and when this returns `true` the server has finished every
/// request, and no cancel of ours can still arrive.
///
/// The late-cancel race is closed twice: [`Session::cancel`] resolves when the server has closed the socket of
/// the request, by when the signal was sent, and the barrier after it gives the server the occasion to take a
/// signal that found nothing to stop.
pub(crate) async fn drain(session: &Session) -> bool {
    // A session in the middle of COPY data would wait for us for ever, and a cancel that is still on its way could
    // stop the next borrower's statement.
    if session.tap().copied_in() || session.awaits_cancel() {
        return false;
    }
    {
        let barrier = session.barrier();
        tokio::pin!(barrier);
        match tokio::time::timeout(GRACE, &mut barrier).await {
            Ok(passed) => return passed.is_ok(),
            Err(_) => {
                if session.cancel().await.is_err() {
                    return false;
                }
                // An error here is the cancel itself, caught by the barrier: the next one tells.
                drop(barrier.await);
            }
        }
    }
    session.barrier().await.is_ok()
}

/// Drains a session, ends its transaction and removes what was left behind; `false` when it should be closed.
pub(crate) async fn clean(session: &Session) -> bool {
    if !drain(session).await || session.tap().lost_statements() {
        return false;
    }
    if matches!(session.tap().transaction(), TransactionState::Open | TransactionState::Failed)
        && session.batch("ROLLBACK").await.is_err()
    {
        return false;
    }
    if session.may_be_touched() && session.batch(REMOVE).await.is_err() {
        return false;
    }
    session.tap().in_flight() == 0 && session.tap().transaction() == TransactionState::Idle
}
