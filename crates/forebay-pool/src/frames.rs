//! Message boundaries in a stream of protocol version 3 bytes, found without keeping the bytes.

/// Follows the headers of protocol messages through chunks of any size.
#[derive(Debug)]
pub(crate) struct Frames {
    header: [u8; HEADER],
    /// How many bytes of the header are filled; an untagged message starts with 1 (its tag is implied).
    have: usize,
    /// Bytes of the current body still to come.
    left: usize,
    /// The first bytes of the body, as far as anyone asks about them.
    kept: [u8; KEPT],
    kept_len: usize,
}

/// Tag and length.
const HEADER: usize = 5;
/// `in_hot_standby\0off\0` is the longest body anyone looks at.
const KEPT: usize = 24;

/// The length counts itself; a server or client that says less is broken, and the client library closes the
/// connection over it.
const fn body_len(length: [u8; 4]) -> usize {
    (u32::from_be_bytes(length) as usize).saturating_sub(4)
}

impl Frames {
    /// The tag reported for the client's first message, which carries none.
    pub(crate) const STARTUP: u8 = 0;

    /// What a server sends: every message has a tag.
    pub(crate) const fn backend() -> Self {
        Self { header: [0; HEADER], have: 0, left: 0, kept: [0; KEPT], kept_len: 0 }
    }

    /// What a client sends: the first message has no tag.
    pub(crate) const fn frontend() -> Self {
        Self { have: 1, ..Self::backend() }
    }

    /// Takes the next bytes of the stream and calls `on_message(tag, first bytes of the body)` at the end of
    /// each message.
    pub(crate) fn feed(&mut self, mut bytes: &[u8], mut on_message: impl FnMut(u8, &[u8])) {
        while !bytes.is_empty() {
            // Mostly a message is there as a whole: nothing of it has to be kept.
            if self.have == 0
                && let Some((&[tag, a, b, c, d], rest)) = bytes.split_first_chunk::<HEADER>()
                && let Some((body, next)) = rest.split_at_checked(body_len([a, b, c, d]))
            {
                on_message(tag, &body[..body.len().min(KEPT)]);
                bytes = next;
                continue;
            }
            if self.have < HEADER {
                let take = bytes.len().min(HEADER - self.have);
                self.header[self.have..self.have + take].copy_from_slice(&bytes[..take]);
                self.have += take;
                bytes = &bytes[take..];
                if self.have < HEADER {
                    return;
                }
                let [_, a, b, c, d] = self.header;
                self.left = body_len([a, b, c, d]);
                self.kept_len = 0;
            }
            let take = bytes.len().min(self.left);
            let keep = take.min(KEPT - self.kept_len);
            self.kept[self.kept_len..self.kept_len + keep].copy_from_slice(&bytes[..keep]);
            self.kept_len += keep;
            self.left -= take;
            bytes = &bytes[take..];
            if self.left == 0 {
                on_message(self.header[0], &self.kept[..self.kept_len]);
                self.header[0] = 0;
                self.have = 0;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Frames;
    use proptest::prelude::*;

    fn message(tag: u8, body: &[u8]) -> Vec<u8> {
        let mut bytes = vec![tag];
        bytes.extend((u32::try_from(body.len()).expect("small") + 4).to_be_bytes());
        bytes.extend(body);
        bytes
    }

    proptest! {
        #[test]
        fn chunking_does_not_change_what_is_seen(
            messages in prop::collection::vec((1..=255_u8, prop::collection::vec(any::<u8>(), 0..60)), 1..12),
            cuts in prop::collection::vec(1..40_usize, 1..60),
        ) {
            let mut frames = Frames::backend();
            let bytes: Vec<u8> = messages.iter().flat_map(|(tag, body)| message(*tag, body)).collect();
            let (mut seen, mut rest, mut cuts) = (Vec::new(), bytes.as_slice(), cuts.into_iter().cycle());
            while !rest.is_empty() {
                let (now, later) = rest.split_at(cuts.next().unwrap_or(1).min(rest.len()));
                frames.feed(now, |tag, body| seen.push((tag, body.to_vec())));
                rest = later;
            }
            let expected: Vec<_> =
                messages.iter().map(|(tag, body)| (*tag, body[..body.len().min(super::KEPT)].to_vec())).collect();
            prop_assert_eq!(seen, expected);
        }
    }

    #[test]
    fn the_first_message_of_a_client_has_no_tag() {
        let mut frames = Frames::frontend();
        let mut tags = Vec::new();
        let startup = &message(0, &[0, 3, 0, 0])[1..];
        frames.feed(startup, |tag, _| tags.push(tag));
        frames.feed(&message(b'Q', b"SELECT 1\0"), |tag, _| tags.push(tag));
        frames.feed(&message(b'S', b""), |tag, _| tags.push(tag));
        assert_eq!(tags, [Frames::STARTUP, b'Q', b'S']);
    }
}
