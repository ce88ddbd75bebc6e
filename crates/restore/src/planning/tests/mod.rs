//! Plans of small tenants, made by hand.

mod applications;
mod model;
mod references;
mod rules;
mod selecting;
mod tenants;
mod world;
