//! Who the pool is now: user and password from somewhere that changes them.

use crate::{
    connect::ConnectFailure,
    refusal::{ConnectReason, Refusal},
    target::Target,
};
use async_trait::async_trait;
use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

/// Says who the pool is when it opens a session: replace what the connection strings say by a secret store, a file
/// that is rewritten, or short-lived tokens, so that a rotation needs no restart.
///
/// It is a trait object, because a connect costs round trips anyway. It is asked before the first connect to a server,
/// when what it said has expired, and once more when a server refused what it said; the connect waits for it,
/// within `connect_timeout`. Several connects may ask at once.
#[async_trait]
pub trait Credentials: Send + Sync + 'static {
    /// User and password for a server.
    ///
    /// # Errors
    /// Whatever went wrong: the connect fails with [`ConnectReason::NoCredentials`] and is tried again.
    async fn login(&self, wanted: &Wanted<'_>) -> Result<Login, ConnectFailure>;
}

/// What a login is wanted for.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Wanted<'a> {
    /// `host:port` of the server.
    pub endpoint: &'a str,
    /// What its connection string says; the user as well, when it names one.
    pub target: &'a Target,
    /// The server has just refused what was said last: anything kept from before is worth nothing.
    pub refused: bool,
}

/// A user and how it proves itself.
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    user: Option<String>,
    password: String,
    expires_at: Option<Instant>,
}

impl Login {
    /// With this password, as the user of the connection string, until a server refuses it.
    #[must_use]
    pub fn new(password: impl Into<String>) -> Self {
        Self { user: None, password: password.into(), expires_at: None }
    }

    /// As this user. Default: the connection string's.
    #[must_use]
    pub fn user(mut self, user: impl Into<String>) -> Self {
        self.user = Some(user.into());
        self
    }

    /// Connects after this point in time ask again. Default: never, only when a server refuses.
    #[must_use]
    pub const fn expires_at(mut self, at: Instant) -> Self {
        self.expires_at = Some(at);
        self
    }

    fn is_expired(&self) -> bool {
        self.expires_at.is_some_and(|at| at <= Instant::now())
    }

    fn is_who(&self, other: &Self) -> bool {
        (&self.user, &self.password) == (&other.user, &other.password)
    }
}

impl fmt::Debug for Login {
    /// The password is left out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { user, expires_at, .. } = self;
        f.debug_struct("Login").field("user", user).field("expires_at", expires_at).finish_non_exhaustive()
    }
}

/// Whether what a session was opened with has been replaced since.
#[derive(Debug, Clone, Default)]
pub(crate) struct Standing(Arc<AtomicBool>);

impl Standing {
    pub(crate) fn is_over(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// What the pool has been told, by server.
pub(crate) struct Keyring {
    source: Box<dyn Credentials>,
    /// Sessions end when what they were opened with is replaced.
    retire: bool,
    /// At most one for each server of the pool.
    told: Mutex<HashMap<String, Told>>,
}

#[derive(Debug, Clone)]
struct Told {
    login: Login,
    standing: Standing,
}

impl Keyring {
    pub(crate) fn new(source: Box<dyn Credentials>, retire: bool) -> Self {
        Self { source, retire, told: Mutex::default() }
    }

    /// The target with the login that is good now.
    pub(crate) async fn current(&self, target: &Target) -> Result<(Target, Standing), Refusal> {
        let endpoint = target.endpoint();
        let known = self.told().get(&endpoint).filter(|told| !told.login.is_expired()).cloned();
        match known {
            Some(told) => Ok(told.put_in(target)),
            None => self.ask(target, &endpoint, false).await,
        }
    }

    /// The same after the server has refused what `used` stands for: asked again, unless somebody else has.
    pub(crate) async fn after_refusal(
        &self,
        target: &Target,
        used: &Standing,
    ) -> Result<(Target, Standing), Refusal> {
        let endpoint = target.endpoint();
        let newer =
            self.told().get(&endpoint).filter(|told| !Arc::ptr_eq(&told.standing.0, &used.0)).cloned();
        match newer {
            Some(told) => Ok(told.put_in(target)),
            None => self.ask(target, &endpoint, true).await,
        }
    }

    async fn ask(
        &self,
        target: &Target,
        endpoint: &str,
        refused: bool,
    ) -> Result<(Target, Standing), Refusal> {
        let wanted = Wanted { endpoint, target, refused };
        let login = self.source.login(&wanted).await;
        let login = login.map_err(|failure| Refusal::new(ConnectReason::NoCredentials, failure))?;
        let mut told = self.told();
        let standing = match told.get(endpoint) {
            Some(before) if before.login.is_who(&login) => before.standing.clone(),
            Some(before) => {
                before.standing.0.store(self.retire, Ordering::Relaxed);
                Standing::default()
            }
            None => Standing::default(),
        };
        let now = Told { login, standing };
        told.insert(endpoint.to_owned(), now.clone());
        Ok(now.put_in(target))
    }

    fn told(&self) -> MutexGuard<'_, HashMap<String, Told>> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Told {
    fn put_in(self, target: &Target) -> (Target, Standing) {
        let mut target = target.clone();
        if let Some(user) = self.login.user {
            target.config.user(user);
        }
        target.config.password(self.login.password);
        (target, self.standing)
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyring").field("retire", &self.retire).finish_non_exhaustive()
    }
}
