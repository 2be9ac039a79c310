//! How to start PostgreSQL.

/// How to start a [`Postgres`](super::Postgres).
#[derive(Debug, Clone)]
pub struct PostgresSpec {
    /// How many streaming standbys. Default: 0.
    pub standbys: usize,
    /// Connections each server accepts. Default: 200.
    pub connections: u32,
    /// Memory for PostgreSQL's own cache, in MiB. Default: 32.
    pub shared_buffers_mb: u32,
    /// More settings (`name`, `value`), for every server. Default: none.
    pub settings: Vec<(String, String)>,
    /// Speaks TLS as well, with certificates made for this cluster. Default: no.
    pub tls: bool,
    /// Lines of `pg_hba.conf` that come before `initdb`'s (which let everybody in with a password). Default: none.
    pub logins: Vec<String>,
}

impl Default for PostgresSpec {
    fn default() -> Self {
        Self {
            standbys: 0,
            connections: 200,
            shared_buffers_mb: 32,
            settings: Vec::new(),
            tls: false,
            logins: Vec::new(),
        }
    }
}

impl PostgresSpec {
    /// A primary with `standbys` streaming standbys.
    #[must_use]
    pub fn with_standbys(standbys: usize) -> Self {
        Self { standbys, ..Self::default() }
    }

    /// Adds a setting of `postgresql.conf` for every server. Default: none.
    #[must_use]
    pub fn setting(mut self, name: &str, value: &str) -> Self {
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Speaks TLS as well. Default: no.
    #[must_use]
    pub fn tls(mut self) -> Self {
        self.tls = true;
        self
    }

    /// Adds a line of `pg_hba.conf`, which comes before `initdb`'s. Default: none.
    #[must_use]
    pub fn login(mut self, line: &str) -> Self {
        self.logins.push(line.to_owned());
        self
    }

    /// The lines added to `postgresql.conf`.
    pub(super) fn configuration(&self) -> String {
        let mut text = format!(
            "\nmax_connections = {}\nshared_buffers = {}MB\n",
            self.connections, self.shared_buffers_mb
        );
        for (name, value) in DEFAULTS {
            text.push_str(&line(name, value));
        }
        for (name, value) in &self.settings {
            text.push_str(&line(name, value));
        }
        text
    }
}

/// One line of `postgresql.conf`.
pub(super) fn line(name: &str, value: &str) -> String {
    format!("{name} = '{}'\n", value.replace('\'', "''"))
}

const DEFAULTS: &[(&str, &str)] = &[
    ("listen_addresses", "127.0.0.1"),
    // No socket files: the path of a temporary folder may be longer than a socket's name can be.
    ("unix_socket_directories", ""),
    // Files in the data folder: nothing in /dev/shm stays when a server is killed.
    ("dynamic_shared_memory_type", "mmap"),
    // The servers are killed, not the machine, and what the system has in memory survives that.
    ("fsync", "off"),
    ("full_page_writes", "off"),
    ("wal_level", "logical"),
    ("max_wal_senders", "10"),
    ("max_replication_slots", "10"),
    // A standby may be stopped while this much is written and still catches up.
    ("wal_keep_size", "512MB"),
    ("hot_standby", "on"),
    ("wal_receiver_status_interval", "1s"),
    // A standby looks for its primary ten times a second, so it is back at once after a fault.
    ("wal_retrieve_retry_interval", "100ms"),
    ("track_io_timing", "on"),
];
