//! `forebay cache explain`: why a key is answered from Redis, or not.

use clap::Args;

use super::{connection::Connection, key::KeyArgs, keys::EncryptionKeys};
use crate::cli::{Outcome, print};
use crate::error::Error;

const EXAMPLES: &str = "\
Shows what Redis holds under the key, how old it is, its tags, how it is
written, and the newest invalidation of each thing it depends on: an entry is
good while none of them has a number above its own. What services hold in
memory cannot be seen from here; ask them (`DataPath::explain`). The tags of an
encrypted entry can be judged only with --encryption-keys; without, the answer
says that it is not known.

Examples:
  forebay cache explain --namespace shop --cache users --key-type u64 7
  forebay cache explain --namespace shop --cache pages /home
  forebay cache explain --cache prices --key-type u32,text 7,EUR --json
  forebay cache explain --cache cards --encryption-keys /run/secrets/cache-keys 7

Exit status:
  0  the key was explained, whether or not something is there
  1  Redis cannot be reached, has no such namespace, or the key cannot be meant
  2  wrong usage";

/// Tell what Redis holds under a key, what that is good for, and by which number.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Explain {
    /// The cache's name.
    #[arg(long)]
    cache: String,
    /// The key.
    #[arg(allow_hyphen_values = true)]
    key: String,
    #[command(flatten)]
    types: KeyArgs,
    #[command(flatten)]
    encryption: EncryptionKeys,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connection: Connection,
}

impl Explain {
    pub(super) async fn run(self) -> Result<Outcome, Error> {
        let key = self.types.key(&self.key)?;
        let keyring = self.encryption.keyring()?;
        let mut redis = self.connection.inspector().await?;
        if let Some(keyring) = keyring {
            redis = redis.keyring(keyring);
        }
        let explained = redis.explain(&self.cache, &key.bytes, &key.text).await;
        redis.shutdown().await;
        let explained = explained?;
        print(&if self.json { json(&explained) } else { explained.to_string() })?;
        Ok(Outcome::Good)
    }
}

/// One line of JSON.
pub(super) fn json(data: &impl serde::Serialize) -> String {
    serde_json::to_string(data).expect("strings and numbers always serialise")
}
