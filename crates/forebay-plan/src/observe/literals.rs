//! Whether a statement's values stand in its text.

use foldhash::quality::FixedState;
use forebay_sql::{Lexer, TokenKind};
use std::{
    hash::{BuildHasher as _, Hash as _, Hasher as _},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

/// The sets of literals a statement without parameters was seen with, up to as many as it takes to tell.
#[derive(Debug, Default)]
pub(super) struct Literals {
    seen: Mutex<Vec<u64>>,
    vary: AtomicBool,
}

impl Literals {
    /// Takes in one text.
    pub(super) fn note(&self, sql: &str, enough: usize) {
        if self.vary() {
            return;
        }
        let Some(literals) = hash(sql) else { return };
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.contains(&literals) {
            return;
        }
        seen.push(literals);
        if seen.len() >= enough {
            *seen = Vec::new();
            self.vary.store(true, Ordering::Relaxed);
        }
    }

    /// Whether there were enough to tell.
    pub(super) fn vary(&self) -> bool {
        self.vary.load(Ordering::Relaxed)
    }
}

/// Names the literals of a text; none when it has none.
fn hash(sql: &str) -> Option<u64> {
    let mut hasher = FixedState::default().build_hasher();
    let mut found = false;
    for token in Lexer::new(sql) {
        if matches!(token.kind, TokenKind::String | TokenKind::BitString | TokenKind::Number) {
            token.text(sql).hash(&mut hasher);
            found = true;
        }
    }
    found.then(|| hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::Literals;

    #[test]
    fn other_literals_are_told_from_other_comments() {
        let literals = Literals::default();
        for trace in 0..20 {
            literals.note(&format!("SELECT 1 /* trace {trace} */"), 3);
            literals.note("SELECT a FROM t", 3);
        }
        assert!(!literals.vary());
        for id in 0..3 {
            literals.note(&format!("SELECT {id}"), 3);
        }
        assert!(literals.vary());
    }
}
