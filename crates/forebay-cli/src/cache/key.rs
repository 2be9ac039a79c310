//! Keys as bytes, from how people write them.

use clap::{Args, ValueEnum};
use forebay_cache::CacheKey;

use crate::error::Error;

/// A key of a cache, as its program's type makes it into bytes.
#[derive(Debug, Args)]
pub(super) struct KeyArgs {
    /// The type of the key in the program, a list of types for a tuple: `u64`, `text`, `u32,text` … A type of your own
    /// has the type it delegates to.
    #[arg(long, value_enum, value_delimiter = ',', default_value = "text", value_name = "TYPE[,TYPE…]")]
    key_type: Vec<KeyType>,
}

/// What a part of a key is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum KeyType {
    /// Text, as it stands
    Text,
    /// Bytes in hexadecimal, with or without 0x
    Hex,
    Bool,
    U8,
    U16,
    U32,
    /// Also usize
    U64,
    U128,
    I8,
    I16,
    I32,
    I64,
    I128,
}

/// A key, as the library makes it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) bytes: Vec<u8>,
    /// What prefixes and patterns are matched with.
    pub(super) text: String,
}

impl KeyArgs {
    /// Reads a key. The parts of a tuple are separated by commas; its last part may hold some.
    pub(super) fn key(&self, text: &str) -> Result<Key, Error> {
        if let [only] = self.key_type[..] {
            return only.key(text);
        }
        let parts: Vec<&str> = text.splitn(self.key_type.len(), ',').collect();
        if parts.len() != self.key_type.len() {
            let problem = format!("expected {} parts with commas between them", self.key_type.len());
            return Err(Error::Key { key: text.to_owned(), problem });
        }
        let (mut joined, mut texts) = (Vec::new(), Vec::new());
        for (kind, part) in self.key_type.iter().zip(parts) {
            let Key { bytes, text: part } = kind.key(part)?;
            // As tuples are joined: each part after its length.
            let length = u32::try_from(bytes.len())
                .map_err(|_| Error::Key { key: text.to_owned(), problem: "a part is too long".to_owned() })?;
            joined.extend_from_slice(&length.to_be_bytes());
            joined.extend_from_slice(&bytes);
            texts.push(part);
        }
        Ok(Key { bytes: joined, text: texts.join(":") })
    }
}

impl KeyType {
    fn key(self, text: &str) -> Result<Key, Error> {
        match self {
            Self::Text => Ok(of(&text.to_owned())),
            Self::Hex => hex(text).map(|bytes| of(&bytes)),
            Self::Bool => parsed::<bool>(text),
            Self::U8 => parsed::<u8>(text),
            Self::U16 => parsed::<u16>(text),
            Self::U32 => parsed::<u32>(text),
            Self::U64 => parsed::<u64>(text),
            Self::U128 => parsed::<u128>(text),
            Self::I8 => parsed::<i8>(text),
            Self::I16 => parsed::<i16>(text),
            Self::I32 => parsed::<i32>(text),
            Self::I64 => parsed::<i64>(text),
            Self::I128 => parsed::<i128>(text),
        }
    }
}

fn of(key: &impl CacheKey) -> Key {
    Key { bytes: key.with_bytes(<[u8]>::to_vec), text: key.text().into_owned() }
}

fn parsed<K>(text: &str) -> Result<Key, Error>
where
    K: CacheKey + std::str::FromStr<Err: std::fmt::Display>,
{
    let key: K = text
        .trim()
        .parse()
        .map_err(|error: K::Err| Error::Key { key: text.to_owned(), problem: error.to_string() })?;
    Ok(of(&key))
}

fn hex(text: &str) -> Result<Vec<u8>, Error> {
    let wrong =
        || Error::Key { key: text.to_owned(), problem: "expected pairs of hexadecimal digits".to_owned() };
    let digits = text.strip_prefix("0x").unwrap_or(text);
    if !digits.is_ascii() || !digits.len().is_multiple_of(2) {
        return Err(wrong());
    }
    let byte = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).map_err(|_| wrong());
    (0..digits.len()).step_by(2).map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(types: &[KeyType], text: &str) -> Option<Key> {
        KeyArgs { key_type: types.to_vec() }.key(text).ok()
    }

    #[test]
    fn keys_have_the_bytes_the_library_gives_them() {
        assert_eq!(read(&[KeyType::Text], "ada"), Some(of(&"ada")));
        assert_eq!(read(&[KeyType::U64], "7"), Some(of(&7_u64)));
        assert_eq!(read(&[KeyType::I32], "-7"), Some(of(&-7_i32)));
        assert_eq!(read(&[KeyType::Hex], "0x00ff"), Some(of(&vec![0_u8, 255])));
        assert_eq!(read(&[KeyType::U64, KeyType::Text], "7,a,b"), Some(of(&(7_u64, "a,b"))));
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for (kind, text) in
            [(KeyType::U8, "256"), (KeyType::U64, "seven"), (KeyType::Hex, "abc"), (KeyType::Hex, "zz")]
        {
            assert_eq!(read(&[kind], text), None, "{kind:?} {text}");
        }
        assert_eq!(read(&[KeyType::U64, KeyType::Text], "7"), None, "a part is missing");
    }
}
