//! Rows that are written one by one.

use super::Watched;
use crate::{
    Confidence,
    nplus1::{
        batch::{self, Many},
        repetition::{Pattern, Repetition},
        seen::Call,
        shape::{Role, Verb},
    },
};

pub(super) fn judge(watched: &Watched<'_>) -> Option<Repetition> {
    let changing = watched.changing();
    let different = watched.different();
    if different < watched.settings.writes_min.max(2)
        || !is_of_single_rows(watched, &changing)
        || !is_a_run(watched)
    {
        return None;
    }
    let fix = batch::write(Many {
        shape: watched.shape,
        changing: &changing,
        types: watched.group.types.as_deref(),
        literals: watched.settings.literals,
    });
    Some(watched.repetition(Pattern::WriteLoop, watched.calls.len() - 1, fix, Confidence::High))
}

/// Whether each call writes a row of its own: not many at once, and not the same row again.
fn is_of_single_rows(watched: &Watched<'_>, changing: &[usize]) -> bool {
    let roles = || changing.iter().map(|&site| &watched.shape.sites[site].role);
    if roles().any(|role| matches!(role, Role::Many | Role::List)) {
        return false;
    }
    match watched.shape.verb {
        Verb::Insert => watched.calls.iter().all(|call| call.rows <= 1),
        _ => roles().any(|role| matches!(role, Role::Equal { .. })),
    }
}

/// Whether nothing comes between but what is asked about as often: the rest of the loop's body.
fn is_a_run(watched: &Watched<'_>) -> bool {
    let often = watched.calls.len() - 1;
    let of_the_loop = |call: &Call| watched.seen.groups[call.group].calls >= often;
    watched.calls.windows(2).all(|pair| watched.seen.between(pair[0].end, pair[1].start).all(of_the_loop))
}
