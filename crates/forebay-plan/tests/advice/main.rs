//! Index advice on real servers, with and without HypoPG (`cargo xtask matrix plan`).

mod database;
mod indexes_are_found;
mod nothing_is_proposed_without_need;
mod what_cannot_be_used_is_said;
