//! The same question with the same answer.

use super::Watched;
use crate::{
    Confidence,
    nplus1::{
        repetition::{Fix, Pattern, Repetition},
        seen::Call,
    },
};
use forebay_sql::Kind;

pub(super) fn judge(watched: &Watched<'_>) -> Option<Repetition> {
    if watched.group.text.kind != Kind::Read || !watched.group.text.reads_a_relation() {
        return None;
    }
    let mut superfluous = 0;
    for (at, values) in watched.values.iter().enumerate() {
        let before = watched.values[..at].iter().rposition(|earlier| earlier == values);
        let again =
            before.is_some_and(|before| is_the_same(watched, watched.calls[before], watched.calls[at]));
        superfluous += usize::from(again);
    }
    if superfluous + 1 < watched.settings.calls_min.max(2) {
        return None;
    }
    let fix = Fix {
        what: "keep the answer for the request (a memo), or hand it on from where it was asked first".into(),
        statement: None,
        caveats: vec!["nothing was written between, as far as this request knows".into()],
    };
    Some(watched.repetition(Pattern::RepeatedQuery, superfluous, fix, Confidence::High))
}

/// Whether a memo would have answered: the same answer, nothing written between, and not a look every now and then.
fn is_the_same(watched: &Watched<'_>, one: &Call, other: &Call) -> bool {
    if !one.same_answer(other) {
        return false;
    }
    let mut between =
        watched.seen.between(one.start, other.end).filter(|call| call.group != watched.at).peekable();
    let alone = between.peek().is_none();
    let written = between.any(|call| watched.seen.groups[call.group].text.kind != Kind::Read);
    let pause = other.start.saturating_sub(one.end);
    let polled = alone && pause >= watched.settings.polling_pause;
    !(written || polled)
}
