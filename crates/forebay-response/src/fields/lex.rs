//! The tokens of JSON, each of which may be cut anywhere. Source: RFC 8259.

/// Something that is no JSON, and where in the data at hand.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bad(pub(super) usize);

/// How far an escape in a text has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Escape {
    None,
    /// Behind the `\`.
    Begun,
    /// So many hexadecimal digits are still to come.
    Digits(u8),
}

/// The first place at or after `pos` that is not plain text: a quote, a backslash or a control character.
#[inline]
pub(super) fn plain_end(data: &[u8], mut pos: usize) -> usize {
    const ONES: u64 = u64::from_ne_bytes([0x01; 8]);
    const HIGHS: u64 = u64::from_ne_bytes([0x80; 8]);
    for round in 0_usize.. {
        // Most texts are short; a long one is worth a wide stride.
        if round == 4 {
            pos = long_plain_end(data, pos);
        }
        let Some(block) = data[pos..].first_chunk::<8>() else { break };
        let word = u64::from_le_bytes(*block);
        let (quote, backslash) = (word ^ (ONES * 0x22), word ^ (ONES * 0x5C));
        // A byte's high bit is set where the byte is a control character, a quote or a backslash. A borrow can set it
        // falsely only above such a byte, and the lowest one counts.
        let control = word.wrapping_sub(ONES * 0x20);
        let hits = (control | quote.wrapping_sub(ONES) | backslash.wrapping_sub(ONES)) & !word & HIGHS;
        if hits != 0 {
            return pos + (hits.trailing_zeros() / 8) as usize;
        }
        pos += 8;
    }
    let is_plain = |byte: &u8| *byte >= 0x20 && *byte != b'"' && *byte != b'\\';
    pos + data[pos..].iter().take_while(|byte| is_plain(byte)).count()
}

/// Strides over blocks without anything of interest, in a form that compilers turn into wide instructions.
fn long_plain_end(data: &[u8], mut pos: usize) -> usize {
    while let Some(block) = data[pos..].first_chunk::<32>() {
        let hit = block.iter().fold(false, |hit, &b| hit | (b < 0x20) | (b == b'"') | (b == b'\\'));
        if hit {
            break;
        }
        pos += 32;
    }
    pos
}

/// Goes on with a text whose opening quote is behind: the place after its closing quote, or nothing when it is not there yet.
#[inline]
pub(super) fn text(data: &[u8], mut pos: usize, escape: &mut Escape) -> Result<Option<usize>, Bad> {
    loop {
        if *escape != Escape::None {
            let Some(after) = escaped(data, pos, escape)? else { return Ok(None) };
            pos = after;
        }
        pos = plain_end(data, pos);
        match data.get(pos) {
            None => return Ok(None),
            Some(b'"') => return Ok(Some(pos + 1)),
            Some(b'\\') => {
                *escape = Escape::Begun;
                pos += 1;
            }
            Some(_) => return Err(Bad(pos)),
        }
    }
}

/// Goes on with an escape: the place after it, or nothing when the data ends in it.
fn escaped(data: &[u8], mut pos: usize, escape: &mut Escape) -> Result<Option<usize>, Bad> {
    while let Some(&byte) = data.get(pos) {
        *escape = match (*escape, byte) {
            (Escape::Begun, b'u') => Escape::Digits(4),
            (Escape::Begun, b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Escape::None,
            (Escape::Digits(left), b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') if left > 1 => {
                Escape::Digits(left - 1)
            }
            (Escape::Digits(_), b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') => Escape::None,
            _ => return Err(Bad(pos)),
        };
        pos += 1;
        if *escape == Escape::None {
            return Ok(Some(pos));
        }
    }
    Ok(None)
}

/// How far a number has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Number {
    Minus,
    Zero,
    Whole,
    Point,
    Fraction,
    Exponent,
    Sign,
    Power,
}

impl Number {
    /// A number that begins with this byte.
    pub(super) fn begins(byte: u8) -> Option<Self> {
        match byte {
            b'-' => Some(Self::Minus),
            b'0' => Some(Self::Zero),
            b'1'..=b'9' => Some(Self::Whole),
            _ => None,
        }
    }

    /// Whether it may end here.
    pub(super) fn is_complete(self) -> bool {
        matches!(self, Self::Zero | Self::Whole | Self::Fraction | Self::Power)
    }

    fn then(self, byte: u8) -> Option<Self> {
        Some(match (self, byte) {
            (Self::Minus, b'0') => Self::Zero,
            (Self::Minus | Self::Whole, b'1'..=b'9') | (Self::Whole, b'0') => Self::Whole,
            (Self::Zero | Self::Whole, b'.') => Self::Point,
            (Self::Point | Self::Fraction, b'0'..=b'9') => Self::Fraction,
            (Self::Zero | Self::Whole | Self::Fraction, b'e' | b'E') => Self::Exponent,
            (Self::Exponent, b'+' | b'-') => Self::Sign,
            (Self::Exponent | Self::Sign | Self::Power, b'0'..=b'9') => Self::Power,
            _ => return None,
        })
    }
}

/// Goes on with a number: the place after it, or nothing when the data ends before the number surely does.
#[inline]
pub(super) fn number(data: &[u8], mut pos: usize, number: &mut Number) -> Result<Option<usize>, Bad> {
    while let Some(&byte) = data.get(pos) {
        match number.then(byte) {
            Some(next) => *number = next,
            None if number.is_complete() => return Ok(Some(pos)),
            None => return Err(Bad(pos)),
        }
        pos += 1;
    }
    Ok(None)
}

/// The rest of the word that begins with this byte.
pub(super) fn word_begins(byte: u8) -> Option<&'static [u8]> {
    match byte {
        b't' => Some(b"rue"),
        b'f' => Some(b"alse"),
        b'n' => Some(b"ull"),
        _ => None,
    }
}

/// Goes on with a word: the place after it, or nothing when the data ends in it.
#[inline]
pub(super) fn word(data: &[u8], pos: usize, rest: &mut &'static [u8]) -> Result<Option<usize>, Bad> {
    let here = &data[pos..];
    let length = rest.len().min(here.len());
    if here[..length] != rest[..length] {
        return Err(Bad(pos));
    }
    *rest = &rest[length..];
    Ok(rest.is_empty().then_some(pos + length))
}

/// The text that the inside of a JSON string stands for; nothing where it is no Unicode text.
pub(super) fn unescaped(raw: &[u8]) -> Option<Vec<u8>> {
    let mut quoted = Vec::with_capacity(raw.len() + 2);
    quoted.push(b'"');
    quoted.extend_from_slice(raw);
    quoted.push(b'"');
    serde_json::from_slice::<String>(&quoted).ok().map(String::into_bytes)
}
