//! Transactions from a pool: begun by hand, or around a closure, once or until they do not collide.

use super::{
    Committed, Transaction,
    options::TransactionOptions,
    retries::{Attempts, Collision, Retries},
};
use crate::{endpoint::Role, error::PoolError, inner::Inner, lane::Caller, pool::Pool};
use std::{future::Future, sync::Arc};

impl Pool {
    /// An open transaction on the primary, at the server's default isolation level.
    ///
    /// # Errors
    /// As [`Pool::write`], and what the server says to `BEGIN`.
    #[track_caller]
    pub fn begin(&self) -> impl Future<Output = Result<Transaction, PoolError>> + Send + '_ {
        self.0.begin(self.caller(), TransactionOptions::default())
    }

    /// An open transaction: on the primary, or when it only reads where [`Pool::read`] would go.
    ///
    /// # Errors
    /// As [`Pool::write`], for one that only reads as [`Pool::read_with`]; and what the server says to `BEGIN`.
    #[track_caller]
    pub fn begin_with(
        &self,
        options: TransactionOptions,
    ) -> impl Future<Output = Result<Transaction, PoolError>> + Send + '_ {
        self.0.begin(self.caller(), options)
    }

    /// Runs `work` in a transaction: commits when it returns `Ok`, rolls back otherwise. It is not repeated.
    ///
    /// # Errors
    /// What `work` returned, or why the transaction could not begin or commit.
    #[track_caller]
    pub fn transaction<T, E, F>(&self, work: F) -> impl Future<Output = Result<Committed<T>, E>>
    where
        F: AsyncFnOnce(&Transaction) -> Result<T, E>,
        E: From<PoolError>,
    {
        self.transaction_with(TransactionOptions::default(), work)
    }

    /// [`Pool::transaction`] that begins with `options`.
    ///
    /// # Errors
    /// What `work` returned, or why the transaction could not begin or commit.
    #[track_caller]
    pub fn transaction_with<T, E, F>(
        &self,
        options: TransactionOptions,
        work: F,
    ) -> impl Future<Output = Result<Committed<T>, E>>
    where
        F: AsyncFnOnce(&Transaction) -> Result<T, E>,
        E: From<PoolError>,
    {
        let begun = self.begin_with(options);
        async move {
            let transaction = begun.await?;
            let value = work(&transaction).await?;
            let position = transaction.commit().await?;
            Ok(Committed { value, position })
        }
    }

    /// [`Pool::transaction_with`] that runs `work` again, from its beginning and in a new transaction, when the server
    /// rolled it back because of others: a serialization failure (40001), a deadlock (40P01), or a statement whose
    /// result type had changed ([`PoolError::RetryTransaction`]).
    ///
    /// At most as often as `retries` say, and not once the deadline of the current scope would pass during the pause.
    /// Whatever `work` makes of the server's error, the transaction remembers it. Any other failure is not repeated; least
    /// of all a commit whose outcome is unknown. What `work` does besides, such as sending a mail, happens each time.
    ///
    /// Each attempt runs a clone of `work`: a closure that borrows what is around it is `Clone`, and so is one that was
    /// moved clones of it. What the attempts are to change together goes behind an atomic or a lock.
    ///
    /// ```no_run
    /// # use forebay_pool::{Isolation, Pool, PoolError, Retries, TransactionOptions};
    /// # async fn example(pool: Pool) -> Result<(), PoolError> {
    /// let serializable = TransactionOptions::default().isolation(Isolation::Serializable);
    /// let booked = pool.retry_transaction(serializable, Retries::default(), async |tx| {
    ///     let taken: i64 = tx.query_one("SELECT count(*) FROM booking WHERE room = $1", &[&7_i32]).await?.get(0);
    ///     if taken == 0 {
    ///         tx.execute("INSERT INTO booking (room) VALUES ($1)", &[&7_i32]).await?;
    ///     }
    ///     Ok::<_, PoolError>(taken == 0)
    /// }).await?;
    /// # let _ = booked; Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Those of the last attempt: what `work` returned, or why the transaction could not begin or commit.
    ///
    /// # Cancellation
    /// As for [`Transaction::commit`]: dropped during the commit of an attempt, that may or may not have happened.
    #[track_caller]
    pub fn retry_transaction<T, E, F>(
        &self,
        options: TransactionOptions,
        retries: Retries,
        work: F,
    ) -> impl Future<Output = Result<Committed<T>, E>>
    where
        F: AsyncFnOnce(&Transaction) -> Result<T, E> + Clone,
        E: From<PoolError>,
    {
        let (pool, caller) = (Arc::clone(&self.0), self.caller());
        async move {
            let mut attempts = Attempts::new(retries);
            loop {
                // Beside the round trips of a transaction an allocation is nothing.
                let attempt = Box::pin(pool.attempt(caller, options, work.clone()));
                let (error, collision) = match attempt.await {
                    Ok(committed) => return Ok(committed),
                    Err((error, None)) => return Err(error),
                    Err((error, Some(collision))) => (error, collision),
                };
                let Some(pause) = attempts.next() else {
                    pool.counts.retried.given_up.increment(1);
                    return Err(error);
                };
                drop(error);
                pool.count_retry(collision);
                tokio::time::sleep(pause).await;
            }
        }
    }
}

impl Inner {
    async fn begin(
        self: &Arc<Self>,
        caller: Caller,
        options: TransactionOptions,
    ) -> Result<Transaction, PoolError> {
        let Some(freshness) = options.any_server() else {
            let lease = match options.is_read_only() {
                true => Box::pin(self.primary_read(caller)).await?,
                false => self.write_lease(caller).await?,
            };
            return Transaction::begin(lease, Arc::clone(self), options, caller.place).await;
        };
        self.is_of_this_system(freshness)?;
        let lease = Box::pin(self.read_lease(caller, freshness)).await?;
        let role = lease.lane().endpoint.role();
        match Transaction::begin(lease, Arc::clone(self), options, caller.place).await {
            // Of a replica that went away nothing was asked yet.
            Err(PoolError::Lost { .. }) if role == Role::Replica => {
                let lease = Box::pin(self.primary_read(caller)).await?;
                Box::pin(Transaction::begin(lease, Arc::clone(self), options, caller.place)).await
            }
            result => result,
        }
    }

    /// One transaction around `work`; with its error, whether it is worth another.
    async fn attempt<T, E, F>(
        self: &Arc<Self>,
        caller: Caller,
        options: TransactionOptions,
        work: F,
    ) -> Result<Committed<T>, (E, Option<Collision>)>
    where
        F: AsyncFnOnce(&Transaction) -> Result<T, E>,
        E: From<PoolError>,
    {
        let begun = self.begin(caller, options).await;
        let transaction = begun.map_err(|error| (E::from(error), None))?;
        let worked = work(&transaction).await;
        if let Some(collision) = transaction.collided(caller.place).await {
            // Also when `work` did not mind: what it returned was rolled back.
            let error = worked.err().unwrap_or_else(|| E::from(PoolError::TransactionFailed));
            // Before the pause, so that its session is free for others. A connection that is lost rolls back as well.
            drop(transaction.rollback().await);
            return Err((error, Some(collision)));
        }
        let value = worked.map_err(|error| (error, None))?;
        match transaction.commit().await {
            Ok(position) => Ok(Committed { value, position }),
            Err(error) => {
                let collision = Collision::of(&error);
                Err((E::from(error), collision))
            }
        }
    }

    fn count_retry(&self, collision: Collision) {
        let counter = match collision {
            Collision::Serialization => &self.counts.retried.serialization,
            Collision::Deadlock => &self.counts.retried.deadlock,
            Collision::Schema => &self.counts.retried.schema,
        };
        counter.increment(1);
    }
}
