//! Who draws how much traffic, in simulated fleets on a virtual clock.

mod coming_back;
mod failing_fast;
mod hanging;
mod slow_member;
mod slow_together;
mod small_fleets;
mod world;
mod zones;
