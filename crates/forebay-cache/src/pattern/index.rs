use super::{
    Pattern,
    glob::{Piece, matches},
};
use std::{collections::BTreeMap, ops::Bound};

/// Patterns with what is known of each, found by what they begin and end with, so that a look-up compares few of them.
///
/// Patterns that begin and end with a wildcard are compared one by one.
#[derive(Debug)]
pub(super) struct Index<T>(BTreeMap<Box<[u8]>, Tails<T>>);

/// By the end of the pattern, backwards.
type Tails<T> = BTreeMap<Box<[u8]>, Vec<Indexed<T>>>;

#[derive(Debug)]
struct Indexed<T> {
    pattern: Pattern,
    pieces: Box<[Piece]>,
    known: T,
}

impl<T> Default for Index<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<T> Index<T> {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn get_mut(&mut self, pattern: &Pattern) -> Option<&mut T> {
        let (head, tail) = ends(&pattern.pieces());
        let indexed = self.0.get_mut(&*head)?.get_mut(&*tail)?;
        indexed.iter_mut().find(|indexed| indexed.pattern == *pattern).map(|indexed| &mut indexed.known)
    }

    /// Adds a pattern that is not there.
    pub(super) fn insert(&mut self, pattern: Pattern, known: T) {
        let pieces = pattern.pieces().into_boxed_slice();
        let (head, tail) = ends(&pieces);
        let indexed = self.0.entry(head).or_default().entry(tail).or_default();
        indexed.push(Indexed { pattern, pieces, known });
    }

    pub(super) fn remove(&mut self, pattern: &Pattern) -> Option<T> {
        let (head, tail) = ends(&pattern.pieces());
        let tails = self.0.get_mut(&*head)?;
        let indexed = tails.get_mut(&*tail)?;
        let at = indexed.iter().position(|indexed| indexed.pattern == *pattern)?;
        let removed = indexed.swap_remove(at);
        if indexed.is_empty() {
            tails.remove(&*tail);
        }
        if tails.is_empty() {
            self.0.remove(&*head);
        }
        Some(removed.known)
    }

    pub(super) fn values_mut(&mut self) -> impl Iterator<Item = &mut T> {
        let all = self.0.values_mut().flat_map(BTreeMap::values_mut).flatten();
        all.map(|indexed| &mut indexed.known)
    }

    /// Calls `found` with what is known of each pattern that matches `text` and is `of_interest`.
    pub(super) fn matching(&self, text: &str, of_interest: impl Fn(&T) -> bool, mut found: impl FnMut(&T)) {
        let mut backwards = None;
        beginnings_of(&self.0, text.as_bytes(), |tails| {
            let backwards = backwards.get_or_insert_with(|| text.bytes().rev().collect::<Vec<u8>>());
            beginnings_of(tails, backwards, |indexed| {
                for Indexed { pieces, known, .. } in indexed {
                    if of_interest(known) && matches(pieces, text) {
                        found(known);
                    }
                }
            });
        });
    }
}

/// What a pattern begins with before its first wildcard, and what it ends with after its last one, backwards.
fn ends(pieces: &[Piece]) -> (Box<[u8]>, Box<[u8]>) {
    let plain = |piece: &Piece| if let Piece::Char(char) = piece { Some(*char) } else { None };
    let head: String = pieces.iter().map_while(plain).collect();
    if head.chars().count() == pieces.len() {
        return (head.into_bytes().into(), Box::default());
    }
    let mut tail: Vec<char> = pieces.iter().rev().map_while(plain).collect();
    tail.reverse();
    let tail: String = tail.into_iter().collect();
    (head.into_bytes().into(), tail.bytes().rev().collect())
}

/// Calls `found` with the values of all keys that `text` begins with. Each step finds one or cuts what may still be found,
/// so there are at most twice as many steps as bytes, however many keys there are.
fn beginnings_of<T>(map: &BTreeMap<Box<[u8]>, T>, text: &[u8], mut found: impl FnMut(&T)) {
    let mut upper = Bound::Included(text);
    while let Some((key, value)) = map.range::<[u8], _>((Bound::Unbounded, upper)).next_back() {
        if text.starts_with(key) {
            found(value);
            upper = Bound::Excluded(&text[..key.len()]);
        } else {
            // What lies between shares no more with the text than this key does.
            let shared = key.iter().zip(text).take_while(|(a, b)| a == b).count();
            upper = Bound::Included(&text[..shared]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2048))]

        #[test]
        fn finds_what_comparing_with_each_finds(
            patterns in prop::collection::btree_set("[ab:*?]{0,7}", 0..20),
            gone in prop::collection::vec(any::<prop::sample::Index>(), 0..5),
            text in "[ab:]{0,9}",
        ) {
            let mut patterns: BTreeSet<Pattern> = patterns.iter().map(Pattern::from).collect();
            let mut index = Index::default();
            for pattern in &patterns {
                index.insert(pattern.clone(), pattern.clone());
            }
            for at in gone {
                let left = Vec::from_iter(patterns.clone());
                if !left.is_empty() {
                    let pattern = at.get(&left);
                    prop_assert_eq!(index.remove(pattern), Some(pattern.clone()));
                    patterns.remove(pattern);
                }
            }
            let mut found = BTreeSet::new();
            index.matching(&text, |_| true, |pattern: &Pattern| { found.insert(pattern.clone()); });
            patterns.retain(|pattern| pattern.matches(&text));
            prop_assert_eq!(found, patterns);
        }
    }
}
