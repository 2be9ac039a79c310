//! What a command reads: a file or standard input.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read as _};
use std::path::Path;

use crate::error::Error;

/// An open input with its name for messages.
pub(crate) struct Input {
    name: String,
    reader: Box<dyn BufRead>,
}

impl Input {
    /// Open `path`; `-` is standard input.
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        if path == Path::new("-") {
            return Ok(Self { name: "standard input".to_owned(), reader: Box::new(io::stdin().lock()) });
        }
        let file = File::open(path).map_err(|source| Error::Open { path: path.to_owned(), source })?;
        Ok(Self { name: path.display().to_string(), reader: Box::new(BufReader::new(file)) })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The next line with its end, or none at the end of the input. `number` is its number for messages; a line of more than `bytes_max`
    /// is an error, and of that only what shows it is read.
    pub(crate) fn line(&mut self, number: usize, bytes_max: usize) -> Result<Option<Vec<u8>>, Error> {
        let mut line = Vec::new();
        let mut bounded = (&mut self.reader).take((bytes_max as u64).saturating_add(1));
        bounded.read_until(b'\n', &mut line).map_err(|source| self.broken(source))?;
        if line.len() > bytes_max {
            return Err(Error::TooLarge { name: format!("{}, line {number}", self.name), bytes_max });
        }
        Ok((!line.is_empty()).then_some(line))
    }

    /// All that is left, which must be UTF-8 and no more than `bytes_max`. Of more than that only what shows it is read.
    pub(crate) fn whole(&mut self, bytes_max: usize) -> Result<String, Error> {
        let mut bytes = Vec::new();
        let mut bounded = (&mut self.reader).take((bytes_max as u64).saturating_add(1));
        bounded.read_to_end(&mut bytes).map_err(|source| self.broken(source))?;
        if bytes.len() > bytes_max {
            return Err(Error::TooLarge { name: self.name.clone(), bytes_max });
        }
        String::from_utf8(bytes).map_err(|error| {
            let valid = error.utf8_error().valid_up_to();
            let line = 1 + error.as_bytes()[..valid].iter().filter(|&&byte| byte == b'\n').count();
            Error::NotText { name: self.name.clone(), line }
        })
    }

    fn broken(&self, source: io::Error) -> Error {
        Error::Read { name: self.name.clone(), source }
    }
}
