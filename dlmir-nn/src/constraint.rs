//! Constraints: what a weight must obey after each update.

/// A rule that the optimiser enforces on a weight after each update.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Constraint {
    /// Each output unit's weights (all axes but the last) have at most this Euclidean length.
    MaxNorm(f32),
    /// Each output unit's weights (all axes but the last) have the Euclidean length 1.
    UnitNorm,
}
