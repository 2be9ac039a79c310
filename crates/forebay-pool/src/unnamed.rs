//! Named prepared statements made unnamed on the wire, for a pooler that gives every transaction another server
//! session: a name that one of them knows the next does not.

use std::collections::{HashMap, VecDeque};

/// Rewrites the messages of one session. A text that was prepared by name is parsed again, without a name, in front
/// of whatever uses it, and the server's extra answers are taken out.
///
/// Source: PostgreSQL documentation, 55.2.3 "Extended Query" and 55.7 "Message Formats".
#[derive(Debug)]
pub(crate) struct Unnamed {
    /// The rest of each `Parse` after the name: text and parameter types.
    statements: HashMap<Vec<u8>, Vec<u8>>,
    /// The begin of a message of the client's.
    written: Vec<u8>,
    /// Requests up to a `Sync` whose answers have not come, and at the end the one that is being written.
    cycles: VecDeque<Cycle>,
    /// The begin of the header of a message of the server's.
    header: Vec<u8>,
    /// Bytes of its body still to come, and whether they are handed on.
    body: usize,
    dropped: bool,
}

#[derive(Debug, Default)]
struct Cycle {
    /// For each `Parse` sent, whether the client is to see the answer.
    parses: VecDeque<bool>,
    /// The name of what the server has as its unnamed statement since this cycle began.
    current: Option<Vec<u8>>,
}

impl Cycle {
    /// Takes in the requests before it, whose answers come first.
    fn join(&mut self, mut before: Self) {
        before.parses.append(&mut self.parses);
        self.parses = before.parses;
    }
}

const HEADER: usize = 5;

impl Unnamed {
    /// For a session that has nothing under way.
    pub(crate) fn new() -> Self {
        Self {
            statements: HashMap::new(),
            written: Vec::new(),
            cycles: VecDeque::from([Cycle::default()]),
            header: Vec::with_capacity(HEADER),
            body: 0,
            dropped: false,
        }
    }

    /// Takes what the client writes; puts what the server is to be sent at the end of `out`.
    pub(crate) fn write(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        self.written.extend_from_slice(bytes);
        let written = std::mem::take(&mut self.written);
        let mut rest = written.as_slice();
        while let Some(length) = length(rest).filter(|length| rest.len() >= *length) {
            let (message, later) = rest.split_at(length);
            self.message(message, out);
            rest = later;
        }
        self.written.extend_from_slice(rest);
    }

    fn message(&mut self, message: &[u8], out: &mut Vec<u8>) {
        let body = &message[HEADER..];
        match message[0] {
            b'P' => {
                let (name, rest) = text(body);
                if !name.is_empty() {
                    self.statements.insert(name.to_vec(), rest.to_vec());
                }
                let cycle = self.writing();
                cycle.parses.push_back(true);
                cycle.current = Some(name.to_vec());
                put(out, b'P', &[b"\0", rest]);
            }
            b'B' => {
                let (portal, rest) = text(body);
                let (name, rest) = text(rest);
                self.parse(name, out);
                put(out, b'B', &[portal, b"\0\0", rest]);
            }
            b'D' if body.first() == Some(&b'S') => {
                self.parse(text(&body[1..]).0, out);
                put(out, b'D', &[b"S\0"]);
            }
            b'C' if body.first() == Some(&b'S') => {
                self.statements.remove(text(&body[1..]).0);
                self.writing().current = None;
                put(out, b'C', &[b"S\0"]);
            }
            tag => {
                if matches!(tag, b'S' | b'Q' | b'F') {
                    self.cycles.push_back(Cycle::default());
                }
                out.extend_from_slice(message);
            }
        }
    }

    /// Sees that the unnamed statement is the one of this name.
    fn parse(&mut self, name: &[u8], out: &mut Vec<u8>) {
        let Some(cycle) = self.cycles.back_mut() else { return };
        if cycle.current.as_deref() == Some(name) {
            return;
        }
        if let Some(rest) = self.statements.get(name) {
            cycle.parses.push_back(false);
            cycle.current = Some(name.to_vec());
            put(out, b'P', &[b"\0", rest]);
        }
    }

    fn writing(&mut self) -> &mut Cycle {
        if self.cycles.is_empty() {
            self.cycles.push_back(Cycle::default());
        }
        let last = self.cycles.len() - 1;
        &mut self.cycles[last]
    }

    /// Takes what the server sent; puts what the client is to read at the end of `out`.
    pub(crate) fn read(&mut self, mut bytes: &[u8], out: &mut Vec<u8>) {
        while !bytes.is_empty() {
            if self.body == 0 {
                let take = bytes.len().min(HEADER - self.header.len());
                self.header.extend_from_slice(&bytes[..take]);
                bytes = &bytes[take..];
                let Some(length) = length(&self.header) else { return };
                self.body = length - HEADER;
                self.dropped = self.answered(self.header[0]);
                if !self.dropped {
                    out.extend_from_slice(&self.header);
                }
                self.header.clear();
            }
            let take = bytes.len().min(self.body);
            if !self.dropped {
                out.extend_from_slice(&bytes[..take]);
            }
            self.body -= take;
            bytes = &bytes[take..];
        }
    }

    /// Whether an answer is to one of our own requests.
    fn answered(&mut self, tag: u8) -> bool {
        match tag {
            b'1' => self.cycles.front_mut().and_then(|cycle| cycle.parses.pop_front()) == Some(false),
            // The server takes copy data from here on, and passes over a `Sync` among it: the requests behind that one belong
            // to the same cycle. Source: PostgreSQL documentation, 55.2.6 "COPY Operations".
            b'G' => {
                if self.cycles.len() > 1
                    && let Some(passed_over) = self.cycles.pop_front()
                    && let Some(next) = self.cycles.front_mut()
                {
                    next.join(passed_over);
                }
                false
            }
            // After an error the rest of the cycle has no answers.
            b'Z' => {
                self.cycles.pop_front();
                false
            }
            _ => false,
        }
    }
}

/// The length of the message that begins here, once its header is complete. One that says less than its own header
/// is broken; both sides close over it.
fn length(bytes: &[u8]) -> Option<usize> {
    let [_, a, b, c, d, ..] = bytes else { return None };
    Some(1 + (u32::from_be_bytes([*a, *b, *c, *d]) as usize).max(4))
}

/// A text that ends with a zero byte, and what follows it.
fn text(bytes: &[u8]) -> (&[u8], &[u8]) {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    (&bytes[..end], bytes.get(end + 1..).unwrap_or_default())
}

fn put(out: &mut Vec<u8>, tag: u8, parts: &[&[u8]]) {
    let length: usize = 4 + parts.iter().map(|part| part.len()).sum::<usize>();
    out.push(tag);
    // What was read had a length of four bytes, and this is at most as long but for the text of a statement.
    out.extend_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes());
    for part in parts {
        out.extend_from_slice(part);
    }
}

#[cfg(test)]
mod tests {
    use super::{Unnamed, put};
    use proptest::prelude::*;

    fn message(tag: u8, body: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        put(&mut out, tag, &[body]);
        out
    }

    /// Prepare `s1`, use it twice, forget it.
    fn client() -> Vec<u8> {
        [
            message(b'P', b"s1\0SELECT 1\0\0\0"),
            message(b'D', b"Ss1\0"),
            message(b'S', b""),
            message(b'B', b"\0s1\0values"),
            message(b'E', b"\0\0\0\0\0"),
            message(b'S', b""),
            message(b'Q', b"SELECT 2\0"),
            message(b'B', b"p\0s1\0values"),
            message(b'S', b""),
            message(b'C', b"Ss1\0"),
            message(b'S', b""),
        ]
        .concat()
    }

    /// Copies by `s2`, with one `Sync` too many, as the driver does, and uses it again.
    fn copier() -> Vec<u8> {
        [
            message(b'P', b"s2\0COPY t FROM STDIN\0\0\0"),
            message(b'S', b""),
            message(b'B', b"\0s2\0"),
            message(b'E', b"\0\0\0\0\0"),
            message(b'S', b""),
            message(b'd', b"rows"),
            message(b'c', b""),
            message(b'S', b""),
            message(b'B', b"\0s2\0"),
            message(b'S', b""),
        ]
        .concat()
    }

    #[test]
    fn a_copy_leaves_no_answer_behind() {
        let (mut unnamed, mut sent, mut read) = (Unnamed::new(), Vec::new(), Vec::new());
        unnamed.write(&copier(), &mut sent);
        let (parsed, ready) = (message(b'1', b""), message(b'Z', b"I"));
        let answers = [
            (parsed.clone(), true),
            (ready.clone(), true),
            (parsed.clone(), false),
            (message(b'2', b""), true),
            (message(b'G', b"\0\0\0"), true),
            (message(b'C', b"COPY 1\0"), true),
            (ready.clone(), true),
            (parsed, false),
            (message(b'2', b""), true),
            (ready, true),
        ];
        for (answer, _) in &answers {
            unnamed.read(answer, &mut read);
        }
        let seen: Vec<u8> =
            answers.into_iter().filter(|(_, seen)| *seen).flat_map(|(bytes, _)| bytes).collect();
        assert_eq!(read, seen);
    }

    fn expected() -> Vec<u8> {
        [
            message(b'P', b"\0SELECT 1\0\0\0"),
            message(b'D', b"S\0"),
            message(b'S', b""),
            message(b'P', b"\0SELECT 1\0\0\0"),
            message(b'B', b"\0\0values"),
            message(b'E', b"\0\0\0\0\0"),
            message(b'S', b""),
            message(b'Q', b"SELECT 2\0"),
            message(b'P', b"\0SELECT 1\0\0\0"),
            message(b'B', b"p\0\0values"),
            message(b'S', b""),
            message(b'C', b"S\0"),
            message(b'S', b""),
        ]
        .concat()
    }

    /// What the server answers to that, and whether the client sees it.
    fn answers() -> Vec<(Vec<u8>, bool)> {
        let (parsed, ready) = (message(b'1', b""), message(b'Z', b"I"));
        vec![
            (parsed.clone(), true),
            (message(b't', b"\0\0"), true),
            (ready.clone(), true),
            (parsed, false),
            (message(b'2', b""), true),
            (message(b'D', b"\0\x011"), true),
            (ready.clone(), true),
            (message(b'C', b"SELECT 1\0"), true),
            (ready.clone(), true),
            // The text does not parse any more: its `ParseComplete` never comes.
            (message(b'E', b"SERROR\0\0"), true),
            (ready.clone(), true),
            (message(b'3', b""), true),
            (ready, true),
        ]
    }

    proptest! {
        #[test]
        fn what_uses_a_name_is_parsed_again_however_it_is_cut(cuts in prop::collection::vec(1..20_usize, 1..60)) {
            let mut unnamed = Unnamed::new();
            let chunks = |bytes: &[u8]| {
                let (mut rest, mut chunks, mut cuts) = (bytes.to_vec(), Vec::new(), cuts.clone().into_iter().cycle());
                while !rest.is_empty() {
                    let later = rest.split_off(cuts.next().unwrap_or(1).min(rest.len()));
                    chunks.push(std::mem::replace(&mut rest, later));
                }
                chunks
            };
            let mut sent = Vec::new();
            for chunk in chunks(&client()) {
                unnamed.write(&chunk, &mut sent);
            }
            prop_assert_eq!(sent, expected());
            let (all, seen): (Vec<_>, Vec<_>) =
                answers().into_iter().map(|(bytes, seen)| (bytes.clone(), if seen { bytes } else { Vec::new() })).unzip();
            let mut read = Vec::new();
            for chunk in chunks(&all.concat()) {
                unnamed.read(&chunk, &mut read);
            }
            prop_assert_eq!(read, seen.concat());
        }

        #[test]
        fn no_bytes_are_too_strange(written in any::<Vec<u8>>(), read in any::<Vec<u8>>()) {
            let (mut unnamed, mut out) = (Unnamed::new(), Vec::new());
            unnamed.write(&written, &mut out);
            unnamed.read(&read, &mut out);
        }
    }
}
