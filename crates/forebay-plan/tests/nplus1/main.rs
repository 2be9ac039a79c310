//! What requests ask for again and again, over a real pool.

mod its_memory_is_bounded;
mod scenarios;
mod the_proposed_statement_gives_the_same_rows;
mod what_is_found_is_told;
mod what_is_planted_is_found_and_nothing_else;
mod whatever_way_it_is_asked;
