//! forebay-traffic.
