use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
};

/// Where the hottest keys of a cache are kept from one run of the program to the next. Called on a thread where it may
/// block, seldom.
///
/// `dyn` because it is named once, when a cache is described.
pub trait KeyStore: fmt::Debug + Send + Sync + 'static {
    /// Keeps `keys` in place of what was kept before.
    ///
    /// # Errors
    /// What went wrong; it is logged, and nothing else comes of it.
    fn save(&self, keys: &[u8]) -> io::Result<()>;

    /// What was kept last; `None` when there is nothing yet.
    ///
    /// # Errors
    /// What went wrong.
    fn load(&self) -> io::Result<Option<Vec<u8>>>;
}

/// A [`KeyStore`] in a file. It is replaced as a whole: a crash leaves the old one.
#[derive(Debug, Clone)]
pub struct KeyFile(PathBuf);

impl KeyFile {
    /// The file at `path`; its folder must exist.
    pub fn new(path: impl AsRef<Path>) -> Self {
        Self(path.as_ref().to_owned())
    }
}

impl KeyStore for KeyFile {
    fn save(&self, keys: &[u8]) -> io::Result<()> {
        let mut beside = self.0.clone().into_os_string();
        beside.push(".new");
        fs::write(&beside, keys)?;
        fs::rename(&beside, &self.0)
    }

    fn load(&self) -> io::Result<Option<Vec<u8>>> {
        match fs::read(&self.0) {
            Ok(keys) => Ok(Some(keys)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}
