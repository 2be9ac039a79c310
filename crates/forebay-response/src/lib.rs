//! forebay-response.
