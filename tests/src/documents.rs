//! The code blocks of README.md, CONTRIBUTING.md and the book, compiled and run as documentation tests. `build.rs` lists the pages.

include!(concat!(env!("OUT_DIR"), "/documents.rs"));
