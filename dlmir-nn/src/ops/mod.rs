//! The operations, one file each. Every file has the same four parts: the definition in words and
//! formulas, a reference implementation that *is* the definition, the fast operation on the tape, and
//! the tests that hold the two together.

pub mod add;
pub mod linear;
pub mod relu;

pub use add::Add;
pub use linear::LinearOp;
pub use relu::Relu;
