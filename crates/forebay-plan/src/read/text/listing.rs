//! Lists of expressions, which JSON tells apart and the text joins by commas.

use crate::json::Value;

/// The expressions of `a, lower(b, 'x'), c DESC`.
pub(super) fn list(text: &str) -> Value {
    Value::List(parts(text).map(Value::from).collect())
}

/// Cut at the commas that stand in no parentheses, brackets and quotes.
pub(super) fn parts(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let (mut depth, mut quote) = (0_i32, None);
        let end = text.char_indices().find(|&(_, character)| {
            match (quote, character) {
                (Some(open), _) if character == open => quote = None,
                (Some(_), _) => {}
                (None, '\'' | '"') => quote = Some(character),
                (None, '(' | '[') => depth += 1,
                (None, ')' | ']') => depth -= 1,
                (None, ',') => return depth <= 0,
                (None, _) => {}
            }
            false
        });
        let (part, after) = match end {
            Some((at, _)) => (&text[..at], Some(&text[at + 1..])),
            None => (text, None),
        };
        rest = after;
        Some(part.trim())
    })
}
