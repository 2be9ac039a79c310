/// A setting of this crate cannot work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A field of [`BreakerConfig`](crate::BreakerConfig) is out of its range.
    #[error("breaker setting `{setting}` {reason}")]
    BreakerSetting {
        /// The name of the field.
        setting: &'static str,
        /// What it must be.
        reason: &'static str,
    },
    /// A field of [`BalancerConfig`](crate::BalancerConfig) is out of its range.
    #[error("balancer setting `{setting}` {reason}")]
    BalancerSetting {
        /// The name of the field.
        setting: &'static str,
        /// What it must be.
        reason: &'static str,
    },
    /// A balancer was given more members than [`Balancer::MEMBERS_MAX`](crate::Balancer::MEMBERS_MAX).
    #[error("a balancer has at most {most} members, not {members}")]
    TooManyMembers {
        /// How many it was given.
        members: usize,
        /// How many it can have.
        most: usize,
    },
    /// A field of [`BudgetConfig`](crate::BudgetConfig) is out of its range.
    #[error("budget setting `{setting}` {reason}")]
    BudgetSetting {
        /// The name of the field.
        setting: &'static str,
        /// What it must be.
        reason: &'static str,
    },
}
