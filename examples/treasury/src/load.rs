//! The load: a fixed seed, clients of several kinds, and a check that no answer is older than it may be.

use crate::LoadArgs;

/// `treasury load`.
pub(crate) fn command(_args: &LoadArgs) -> anyhow::Result<()> {
    anyhow::bail!("this build has no load generator yet")
}
