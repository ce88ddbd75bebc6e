//! Tests through the public face: plans executed against a simulated tenant, with everything going wrong that
//! goes wrong between the two.

mod company;
mod execution;
mod faults;
mod hand;
mod kill;
mod pace;
mod policies;
mod round_trip;
mod tenant;
mod verification;
