//! The plain case, in one go: members of a filtered object that are all in one piece, written without spaces or escapes in
//! their keys. Whatever is out of the ordinary, and every error, is left to the filter's long way from where it begins.

use super::{
    filter::FieldFilter,
    lex::{self, Escape, Number},
    state::{At, Mode},
    tree::Select,
};

impl FieldFilter {
    /// Goes through members from the one whose key begins at `start`, behind its quote. Returns where the long way goes on;
    /// nothing when it has to begin with this key.
    #[inline]
    pub(super) fn members(&mut self, data: &[u8], mut start: usize, out: &mut Vec<u8>) -> Option<usize> {
        let frame = self.open.last_mut()?;
        let Mode::Node(node) = frame.mode else { return None };
        let mut gone = None;
        loop {
            let end = lex::plain_end(data, start);
            let [b'"', b':', first, ..] = data[end..] else { return gone };
            if end - start > self.limits.key {
                return gone;
            }
            let select = self.mask.tree().member(node, &data[start..end]);
            let value = end + 2;
            if matches!(first, b'{' | b'[') {
                if select != Select::Nothing {
                    comma(&mut frame.begun, out);
                    out.extend_from_slice(&data[start - 1..value]);
                }
                (self.mode, self.at) = (select.into(), At::Value);
                return Some(value);
            }
            let Some(after) = scalar(data, value, first) else { return gone };
            if select != Select::Nothing {
                comma(&mut frame.begun, out);
                out.extend_from_slice(&data[start - 1..after]);
            }
            if let [b',', b'"', ..] = data[after..] {
                start = after + 2;
                // As the long way stands behind a comma: a key is next.
                self.at = At::Key;
                gone = Some(after + 1);
            } else {
                self.at = At::After;
                return Some(after);
            }
        }
    }
}

#[inline]
fn comma(begun: &mut bool, out: &mut Vec<u8>) {
    if std::mem::replace(begun, true) {
        out.push(b',');
    }
}

/// The place after a value that has no members, when it ends in this piece.
#[inline]
fn scalar(data: &[u8], at: usize, first: u8) -> Option<usize> {
    if first == b'"' {
        return lex::text(data, at + 1, &mut Escape::None).ok()?;
    }
    if let Some(mut number) = Number::begins(first) {
        return lex::number(data, at + 1, &mut number).ok()?;
    }
    let mut rest = lex::word_begins(first)?;
    lex::word(data, at + 1, &mut rest).ok()?
}
