//! One value that nothing is selected inside of: it is checked, and taken or left as a whole.

use super::lex::{self, Bad, Escape, Number};

/// What comes next.
#[derive(Debug, Clone, Copy)]
enum At {
    Value,
    /// A value or the end of its array.
    FirstValue,
    Key,
    /// A key or the end of its object.
    FirstKey,
    Colon,
    /// A comma, or the end of what the value is in.
    After,
    Text(Escape),
    KeyText(Escape),
    Number(Number),
    Word(&'static [u8]),
}

/// A value on its way through.
#[derive(Debug)]
pub(super) struct Opaque {
    at: At,
    /// Of everything that is open inside of it: whether it is an array.
    open: Vec<bool>,
    depth_max: usize,
    /// Whether a line end inside of a value is wrong.
    in_line: bool,
}

/// Why a value did not go through.
#[derive(Debug, Clone, Copy)]
pub(super) enum Stop {
    Bad(Bad),
    TooDeep,
}

impl From<Bad> for Stop {
    fn from(bad: Bad) -> Self {
        Self::Bad(bad)
    }
}

impl Opaque {
    pub(super) fn new(in_line: bool) -> Self {
        Self { at: At::Value, open: Vec::new(), depth_max: 0, in_line }
    }

    /// Makes ready for the next value, which may be nested this deep.
    pub(super) fn begin(&mut self, depth_max: usize) {
        self.at = At::Value;
        self.open.clear();
        self.depth_max = depth_max;
    }

    /// Whether it can be complete although nothing says so: a number at the end of everything.
    pub(super) fn may_end(&self) -> bool {
        self.open.is_empty() && matches!(self.at, At::Number(number) if number.is_complete())
    }

    /// Goes on with the value: the place after it, or nothing when the data ends before it does.
    #[inline]
    pub(super) fn run(&mut self, data: &[u8], mut pos: usize) -> Result<Option<usize>, Stop> {
        // Every token begins here, and ends in one more round.
        loop {
            let (end, then) = match &mut self.at {
                At::Text(escape) => (lex::text(data, pos, escape)?, At::After),
                At::KeyText(escape) => (lex::text(data, pos, escape)?, At::Colon),
                At::Number(number) => (lex::number(data, pos, number)?, At::After),
                At::Word(rest) => (lex::word(data, pos, rest)?, At::After),
                _ => match self.between(data, &mut pos)? {
                    Between::Token => continue,
                    Between::Ended => return Ok(None),
                    Between::Closed => (Some(pos), At::After),
                },
            };
            let Some(end) = end else { return Ok(None) };
            (pos, self.at) = (end, then);
            if self.open.is_empty() {
                return Ok(Some(pos));
            }
        }
    }

    /// Goes on between two tokens, to the inside of the next one.
    #[inline]
    fn between(&mut self, data: &[u8], pos: &mut usize) -> Result<Between, Stop> {
        let mut at = self.at;
        while let Some(&byte) = data.get(*pos) {
            let here = *pos;
            *pos += 1;
            at = match (at, byte) {
                (At::Key | At::FirstKey, b'"') => return Ok(self.inside(At::KeyText(Escape::None))),
                (At::Colon, b':') => At::Value,
                (At::Value | At::FirstValue, b'"') => return Ok(self.inside(At::Text(Escape::None))),
                (At::After, b',') if self.open.last() == Some(&true) => At::Value,
                (At::After, b',') => At::Key,
                (At::After | At::FirstValue, b']') if self.open.last() == Some(&true) => {
                    return Ok(self.close());
                }
                (At::After | At::FirstKey, b'}') if self.open.last() == Some(&false) => {
                    return Ok(self.close());
                }
                (At::Value | At::FirstValue, b'{') => {
                    self.open(false)?;
                    At::FirstKey
                }
                (At::Value | At::FirstValue, b'[') => {
                    self.open(true)?;
                    At::FirstValue
                }
                (same, b' ' | b'\t' | b'\r') => same,
                (same, b'\n') if !self.in_line => same,
                (At::Value | At::FirstValue, first) => {
                    let number = Number::begins(first).map(At::Number);
                    let token = number.or_else(|| lex::word_begins(first).map(At::Word));
                    return token.map(|token| self.inside(token)).ok_or(Stop::Bad(Bad(here)));
                }
                _ => return Err(Bad(here).into()),
            };
        }
        self.at = at;
        Ok(Between::Ended)
    }

    fn inside(&mut self, token: At) -> Between {
        self.at = token;
        Between::Token
    }

    fn open(&mut self, array: bool) -> Result<(), Stop> {
        if self.open.len() >= self.depth_max {
            return Err(Stop::TooDeep);
        }
        self.open.push(array);
        Ok(())
    }

    fn close(&mut self) -> Between {
        self.open.pop();
        Between::Closed
    }
}

/// Where going on between tokens led.
enum Between {
    /// Inside of a token.
    Token,
    /// The data ended first.
    Ended,
    /// An array or object ended.
    Closed,
}
