//! Tests of the store through its public face.

mod model;
mod support;
