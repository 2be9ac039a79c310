use anyhow::{Context, bail, ensure};
use std::{io::Read, ops::Range};

/// What the head of an answer says, as far as a client cares.
#[derive(Debug, Default, Clone)]
pub(crate) struct Head {
    pub(crate) status: u16,
    /// Length of the body.
    pub(crate) body_bytes: usize,
    /// The version of the account shown.
    pub(crate) version: Option<i64>,
    etag: Option<Range<usize>>,
    next: Option<Range<usize>>,
    coding: Option<Range<usize>>,
}

impl Head {
    pub(crate) fn parse(bytes: &[u8]) -> anyhow::Result<Self> {
        let status = bytes.get(9..12).and_then(number).context("no status line")?;
        ensure!(bytes.starts_with(b"HTTP/1.1 "), "not HTTP/1.1");
        let bodyless = matches!(status, 204 | 304);
        let mut head = Self { status: u16::try_from(status)?, ..Self::default() };
        let mut has_length = bodyless;
        let mut line_start = memchr::memchr(b'\n', bytes).context("no end of line")? + 1;
        while let Some(length) = memchr::memchr(b'\n', &bytes[line_start..]) {
            let line = line_start..line_start + length.saturating_sub(1);
            line_start += length + 1;
            let Some(colon) = memchr::memchr(b':', &bytes[line.clone()]) else { continue };
            let name = &bytes[line.start..line.start + colon];
            let gap = bytes[line.start + colon + 1..line.end].iter().take_while(|b| **b == b' ').count();
            let value = line.start + colon + 1 + gap..line.end;
            let text = &bytes[value.clone()];
            if name.eq_ignore_ascii_case(b"content-length") && !bodyless {
                head.body_bytes = usize::try_from(number(text).context("a length that is no number")?)?;
                has_length = true;
            } else if name.eq_ignore_ascii_case(b"x-account-version") {
                head.version = number(text);
            } else if name.eq_ignore_ascii_case(b"etag") {
                head.etag = Some(value);
            } else if name.eq_ignore_ascii_case(b"link") {
                head.next = Some(value);
            } else if name.eq_ignore_ascii_case(b"content-encoding") {
                head.coding = Some(value);
            }
        }
        ensure!(has_length, "an answer without a length");
        Ok(head)
    }
}

/// An answer as it lies in the connection's buffer.
#[derive(Debug)]
pub(crate) struct Answer<'a> {
    pub(crate) head: Head,
    bytes: &'a [u8],
    body_start: usize,
}

impl<'a> Answer<'a> {
    pub(crate) const fn new(head: Head, bytes: &'a [u8], body_start: usize) -> Self {
        Self { head, bytes, body_start }
    }

    /// Everything that came over the wire, head included.
    pub(crate) const fn wire_bytes(&self) -> usize {
        self.bytes.len()
    }

    /// The validator, to send back in `If-None-Match`.
    pub(crate) fn etag(&self) -> Option<&'a [u8]> {
        self.head.etag.clone().map(|at| &self.bytes[at])
    }

    /// The path in a `Link` header: the next page.
    pub(crate) fn next(&self) -> Option<&'a str> {
        let link = std::str::from_utf8(&self.bytes[self.head.next.clone()?]).ok()?;
        link.strip_prefix('<')?.split_once('>').map(|(path, _)| path)
    }

    /// The body with its coding undone.
    pub(crate) fn decoded(&self) -> anyhow::Result<Vec<u8>> {
        let raw = &self.bytes[self.body_start..];
        let mut body = Vec::new();
        match self.head.coding.clone().map(|at| &self.bytes[at]) {
            None | Some(b"identity") => return Ok(raw.to_vec()),
            Some(b"gzip") => flate2::read::GzDecoder::new(raw).read_to_end(&mut body)?,
            Some(b"br") => brotli::Decompressor::new(raw, 16 * 1024).read_to_end(&mut body)?,
            Some(other) => bail!("a coding nobody asked for: {}", String::from_utf8_lossy(other)),
        };
        Ok(body)
    }
}

fn number(text: &[u8]) -> Option<i64> {
    std::str::from_utf8(text).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{Answer, Head};

    #[test]
    fn a_head_is_read_whatever_the_case_of_its_names() {
        let bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\netag: \"a\"\r\nX-Account-Version: 7\r\n\
                      link: </p?after=1>; rel=\"next\"\r\n\r\nhello";
        let head = Head::parse(&bytes[..bytes.len() - 5]).unwrap();
        assert_eq!((head.status, head.body_bytes, head.version), (200, 5, Some(7)));
        let answer = Answer::new(head, bytes, bytes.len() - 5);
        assert_eq!(answer.etag(), Some(&b"\"a\""[..]));
        assert_eq!(answer.next(), Some("/p?after=1"));
        assert_eq!(answer.decoded().unwrap(), b"hello");
    }

    #[test]
    fn an_answer_without_a_length_is_refused_unless_it_has_no_body() {
        assert!(Head::parse(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
        assert_eq!(
            Head::parse(b"HTTP/1.1 304 Not Modified\r\ncontent-length: 7\r\n\r\n").unwrap().body_bytes,
            0
        );
    }
}
