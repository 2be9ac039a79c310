//! The keys that services encrypt their entries with.

use std::{
    io::Read as _,
    path::{Path, PathBuf},
};

use clap::Args;
use forebay_cache::Keyring;
use zeroize::Zeroizing;

use crate::error::Error;

/// Where the encryption keys are: never on the command line, which every user of the machine can see.
#[derive(Debug, Args)]
pub(super) struct EncryptionKeys {
    /// A file with the keys that services encrypt with, one `ID HEX` or `ID CIPHER HEX` a line, `-` for standard input: the
    /// tags of an encrypted entry can then be judged. Keys are not taken from the command line.
    #[arg(long, value_name = "FILE")]
    encryption_keys: Option<PathBuf>,
}

/// More is no file of keys.
const BYTES_MAX: u64 = 64 << 10;

impl EncryptionKeys {
    /// Reads the keys, if there are any.
    pub(super) fn keyring(&self) -> Result<Option<Keyring>, Error> {
        let Some(path) = &self.encryption_keys else { return Ok(None) };
        let text = read(path)?;
        let keyring = Keyring::from_lines(&text);
        keyring.map(Some).map_err(|source| Error::Keys { path: path.clone(), source })
    }
}

fn read(path: &Path) -> Result<Zeroizing<String>, Error> {
    let standard = path.as_os_str() == "-";
    let input: Box<dyn std::io::Read> = if standard {
        Box::new(std::io::stdin().lock())
    } else {
        Box::new(std::fs::File::open(path).map_err(|source| Error::Open { path: path.to_owned(), source })?)
    };
    // Room for all of it from the start: a text that grows leaves copies behind.
    let mut text = Zeroizing::new(String::with_capacity(BYTES_MAX as usize + 1));
    let name = if standard { "standard input".to_owned() } else { path.display().to_string() };
    input.take(BYTES_MAX).read_to_string(&mut text).map_err(|source| Error::Read { name, source })?;
    Ok(text)
}
