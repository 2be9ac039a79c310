//! forebay-macros.
