//! forebay-pool.
