//! Quoted strings.

use super::parse::{Fault, Input};

impl Input<'_> {
    /// A string, the input standing at its opening quote.
    pub(super) fn string(&mut self) -> Result<String, Fault> {
        let opening = self.at();
        self.step(1);
        let mut text = String::new();
        loop {
            let rest = self.rest();
            let plain =
                rest.find(['"', '\\']).ok_or(Fault::Expected("the closing quote of a string", opening))?;
            text.push_str(&rest[..plain]);
            self.step(plain + 1);
            if rest.as_bytes()[plain] == b'"' {
                return Ok(text);
            }
            text.push(self.escaped()?);
        }
    }

    /// What follows a backslash.
    fn escaped(&mut self) -> Result<char, Fault> {
        const EXPECTED: &str = "an escape such as `\\n` or `\\u00e4`";
        let at = self.at();
        let kind = self.rest().chars().next().ok_or(Fault::Expected(EXPECTED, at))?;
        self.step(kind.len_utf8());
        Ok(match kind {
            '"' | '\\' | '/' => kind,
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => {
                let high = self.four().ok_or(Fault::Expected(EXPECTED, at))?;
                return self.paired(high).ok_or(Fault::Expected(EXPECTED, at));
            }
            _ => return Err(Fault::Expected(EXPECTED, at)),
        })
    }

    /// A character beyond the first plane is written as two.
    fn paired(&mut self, high: u32) -> Option<char> {
        if (0xd800..0xdc00).contains(&high) && self.rest().starts_with("\\u") {
            self.step(2);
            let low = self.four()?;
            let low = low.checked_sub(0xdc00).filter(|low| *low < 0x400)?;
            return char::from_u32(0x10000 + ((high - 0xd800) << 10) + low);
        }
        char::from_u32(high)
    }

    fn four(&mut self) -> Option<u32> {
        let digits =
            self.rest().get(..4).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
        self.step(4);
        u32::from_str_radix(digits, 16).ok()
    }
}
