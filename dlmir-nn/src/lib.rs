//! A neural network engine, written to be read.
//!
//! Everything between an array of numbers and a trained network is in this crate, in plain Rust, and
//! each thing is in one place. Read the files in this order:
//!
//! 1. [`Tensor`] (`tensor.rs`) is an array of `f32`; `shape.rs` prints shapes and reports misfits.
//! 2. `op.rs` says what a differentiable operation is; `ops/relu.rs` is the smallest, `ops/linear.rs`
//!    the most useful. Each states its formula, its gradient, a reference and the fast version. Then, as
//!    they are wanted: other activations (`elu`, `gelu`, `sigmoid`, `tanh`, `softmax`), noise against
//!    overfitting (`dropout`), rearranging (`reshape`, `concat`, `sum`, `mean`), and what is learned
//!    from: the losses (`mse`, `bce`, `cross_entropy`) and the penalties added to them (`penalty`).
//! 3. [`Tape`] (`tape.rs`) records operations and walks back over them to get all gradients.
//! 4. [`gradcheck`] finds out whether a gradient is right.
//! 5. [`Params`] (`params.rs`) are the named numbers of a network; [`Layer`]s (`layers/`) are
//!    parameters plus an operation, and [`Sequential`] puts them in a row.
//! 6. `init.rs` fills weights, `rng.rs` makes the random numbers that it needs.
//! 7. [`optim`] makes steps of gradients (`optim/sgd.rs` first, then `optim/adam.rs`), `constraint.rs`
//!    holds weights within bounds.
//! 8. [`linalg`] and [`Pca`] (`linalg/plain.rs`, `pca.rs`) stand by themselves: eigenvectors, singular
//!    values, principal components.
//! 9. [`Pool`] (`pool.rs`) recycles buffers.
//! 10. Speed: [`gemm`] multiplies matrices, [`math`] computes exponentials and their kin over slices,
//!     [`parallel`] shares work out to threads, [`simd`] chooses the instruction set.

pub mod gemm;
pub mod gradcheck;
pub mod layers;
pub mod linalg;
pub mod math;
pub mod ops;
pub mod optim;
pub mod parallel;
pub mod simd;

mod constraint;
mod init;
mod op;
mod params;
mod pca;
mod pool;
mod rng;
mod shape;
mod tape;
mod tensor;

pub use constraint::Constraint;
pub use init::{Init, fans};
pub use layers::{
    Activation, BatchNorm, BatchNormOptions, Conv2d, ConvOptions, Dropout, Flatten, GaussianNoise,
    GlobalPool, Layer, LayerNorm, Linear, MaxPool2d, Parallel, Permute, Reshape, Sequential,
    SpatialDropout, SummaryRow,
};
pub use op::{At, Op, Saved};
pub use optim::{
    AdaGrad, Adam, AdamW, Nadam, OptimError, Optimizer, ReduceOnPlateau, RmsProp, Schedule, Sgd,
    Velocity, clip_by_global_norm, clip_by_value,
};
pub use params::{Param, ParamId, Params, Role};
pub use pca::{Pca, PcaError};
pub use pool::Pool;
pub use rng::{Rng, philox4x32_10};
pub use shape::{Padding, ShapeError, Show};
pub use tape::{Gradients, Tape, Training, Var};
pub use tensor::Tensor;

/// The program in the README is a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
