//! x
use jiff::Timestamp;
use super::life::Day;
/// Planted.
#[derive(Debug, Clone)]
pub struct Planted { /// x
 pub at: Timestamp }
pub(super) fn live(_day: &mut Day<'_>) {}
