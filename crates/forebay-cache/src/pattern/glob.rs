/// What a pattern is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece {
    /// This character.
    Char(char),
    /// Any one character.
    One,
    /// Any characters, or none.
    Many,
}

/// The pieces of a pattern as it is written, repeated stars as one.
pub(super) fn pieces(written: &str) -> Vec<Piece> {
    let mut pieces = Vec::with_capacity(written.len());
    let mut chars = written.chars();
    while let Some(char) = chars.next() {
        let piece = match char {
            '*' => Piece::Many,
            '?' => Piece::One,
            // At the end there is nothing it could make plain, so that it stands for itself.
            '\\' => Piece::Char(chars.next().unwrap_or('\\')),
            plain => Piece::Char(plain),
        };
        if !(piece == Piece::Many && pieces.last() == Some(&Piece::Many)) {
            pieces.push(piece);
        }
    }
    pieces
}

/// A pattern as it would be written.
pub(super) fn written(pieces: &[Piece]) -> String {
    let mut written = String::with_capacity(pieces.len());
    for piece in pieces {
        match piece {
            Piece::Many => written.push('*'),
            Piece::One => written.push('?'),
            Piece::Char(char) => {
                if matches!(char, '*' | '?' | '\\') {
                    written.push('\\');
                }
                written.push(*char);
            }
        }
    }
    written
}

/// Whether all of `text` is what the pieces describe. Takes no memory, and no more steps than the product of both
/// lengths: only the last star met is ever tried again.
pub(super) fn matches(pieces: &[Piece], text: &str) -> bool {
    let (mut at, mut rest) = (0, text.chars());
    let mut star: Option<(usize, std::str::Chars<'_>)> = None;
    loop {
        let mut next = rest.clone();
        match (pieces.get(at), next.next()) {
            (None, None) => return true,
            (Some(Piece::Many), _) => {
                at += 1;
                star = Some((at, rest.clone()));
                continue;
            }
            (Some(Piece::One), Some(_)) => {
                (at, rest) = (at + 1, next);
                continue;
            }
            (Some(Piece::Char(wanted)), Some(char)) if *wanted == char => {
                (at, rest) = (at + 1, next);
                continue;
            }
            _ => {}
        }
        // The star takes one character more.
        let Some((after, from)) = &mut star else { return false };
        if from.next().is_none() {
            return false;
        }
        (at, rest) = (*after, from.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Says the same in the fewest words.
    fn simply(pieces: &[Piece], text: &[char]) -> bool {
        match (pieces, text) {
            ([], []) => true,
            ([Piece::Many, after @ ..], _) => {
                simply(after, text) || (!text.is_empty() && simply(pieces, &text[1..]))
            }
            ([Piece::One, after @ ..], [_, rest @ ..]) => simply(after, rest),
            ([Piece::Char(wanted), after @ ..], [char, rest @ ..]) => wanted == char && simply(after, rest),
            _ => false,
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]

        #[test]
        fn a_pattern_matches_what_a_simple_reference_says(pattern in r"[ab:ä*?\\]{0,10}", text in r"[ab:ä*?\\]{0,12}") {
            let pieces = pieces(&pattern);
            let chars: Vec<char> = text.chars().collect();
            prop_assert_eq!(matches(&pieces, &text), simply(&pieces, &chars));
        }

        #[test]
        fn a_pattern_is_written_as_it_was_read(pattern in any::<String>()) {
            let read = pieces(&pattern);
            prop_assert_eq!(pieces(&written(&read)), read);
        }
    }

    #[test]
    fn many_stars_take_no_time() {
        let pattern = pieces(&"a*".repeat(200));
        assert!(!matches(&pattern, &format!("{}b", "a".repeat(150))));
    }
}
