//! A neural network engine, written to be read.
//!
//! Everything between an array of numbers and a trained network is in this crate, in plain Rust, and
//! each thing is in one place. Here a weight learns that y is three times x:
//!
//! ```
//! use dlmir_nn::{Optimizer, Params, Pool, Sgd, Tape, Tensor};
//!
//! let (mut params, mut pool, mut sgd) = (Params::new(), Pool::new(), Sgd::default());
//! let weight = params.add("weight", Tensor::zeros(&[1, 1]));
//! let x = Tensor::from_vec(&[3, 1], vec![1.0, 2.0, 3.0]);
//! let wanted = Tensor::from_vec(&[3, 1], vec![3.0, 6.0, 9.0]);
//! for _ in 0..50 {
//!     let mut tape = Tape::record(&params, &mut pool); // what is computed from here on is recorded
//!     let (x, w, wanted) = (tape.borrowed(&x), tape.param(weight), tape.borrowed(&wanted));
//!     let y = tape.matmul(x, w);
//!     let loss = tape.mse(y, wanted);
//!     let grads = tape.backward(loss); // dL/dw
//!     sgd.update(&mut params, &grads, 0.1); // w <- w - 0.1 dL/dw
//! }
//! assert!((params.value(weight).item() - 3.0).abs() < 1e-3);
//! ```
//!
//! # In which order to read the source
//!
//! Each file uses what stands above it in this list. A few helpers may be taken on trust until they come:
//! `gemm` is a matrix product, `parallel::for_each_chunk` a loop over the chunks of a slice, perhaps on
//! several threads, `simd::run` runs a loop with the machine's widest instructions (all three in step 9),
//! and `reduce::add_columns` adds up the rows of a matrix (step 6). Letters and words are in `NOTATION.md`
//! of the repository.
//!
//! 1. The numbers: [`tensor`], an array of `f32`; [`pool`], memory that is used again; [`shape`] as far as
//!    [`ShapeError`], shapes in messages.
//! 2. What is differentiable: [`op`], the contract of an operation, then `ops/elementwise.rs`, the loop that
//!    small ones share, [`ops::relu`], the smallest, and [`ops::linear`], the most useful. Each states its
//!    formula and gradient, has a reference that is the definition, and a fast version.
//! 3. [`tape`]: operations are recorded, and walked back over to get all [`gradients`].
//! 4. Is a gradient right? [`gradcheck`], and `ops/testing.rs`, what the tests of all operations share.
//! 5. [`rng`]: random numbers that are a function of an address.
//! 6. More operations, as they are wanted, all in [`ops`]:
//!    - arithmetic: `add`, `sub`, `multiply`, `multiply_channels`, `scale`;
//!    - activations: `leaky_relu`, `elu`, `selu`, `gelu`, `sigmoid`, `tanh`, `softmax`, `log_softmax`;
//!    - the order of elements: `reshape`, `permute`, `concat`, `slice`, `pad`;
//!    - sums: `reduce` (how long sums keep their digits), `sum`, `mean`;
//!    - noise against overfitting: `dropout`, `spatial_dropout`, `gaussian_noise`;
//!    - maps: [`shape`] from [`Padding`] on, `conv2d` (`mod`, `geometry`, `reference`, `kernel`, `batch`, `thin`),
//!      then `windows`, `max_pool2d`, `avg_pool2d`, `global_pool`, and `conv2d::pooled`, two of them at once;
//!    - normalisation: `batch_norm` (`pooled` last), `layer_norm`, `l2_normalize`;
//!    - losses and what is added to them: `weighted`, `mse`, `bce`, `cross_entropy`, `penalty`, and those of similarity:
//!      `distance`, `contrastive`, `triplet`.
//! 7. Networks: [`init`] fills weights, [`constraint`] bounds them, [`params`] stores them by name;
//!    [`layers`] are parameters plus an operation (`linear`, `activation` and `sequential` first).
//! 8. [`optim`] makes steps of gradients (`rule`, `sgd`, `memory`, `adam` first).
//! 9. Speed: [`simd`] chooses the instruction set, [`parallel`] shares work out to threads, [`math`] computes
//!    exponentials and their kin over slices, [`gemm`] multiplies matrices.
//! 10. By themselves stand [`linalg`], eigenvectors and singular values, and [`pca`], principal components.

pub mod constraint;
pub mod gemm;
pub mod gradcheck;
pub mod gradients;
pub mod init;
pub mod layers;
pub mod linalg;
pub mod math;
pub mod op;
pub mod ops;
pub mod optim;
pub mod parallel;
pub mod params;
pub mod pca;
pub mod pool;
pub mod rng;
pub mod shape;
pub mod simd;
pub mod tape;
pub mod tensor;

#[doc(inline)]
pub use constraint::Constraint;
#[doc(inline)]
pub use gradients::Gradients;
#[doc(inline)]
pub use init::{Init, fans};
#[doc(inline)]
pub use layers::{
    Activation, AvgPool2d, AxisPool, BatchNorm, BatchNormOptions, Conv2d, ConvOptions, Dropout,
    Flatten, GaussianNoise, GlobalPool, Join, Layer, LayerNorm, Linear, MaxPool2d, Pad, Parallel,
    Permute, Reshape, Sequential, Slice, SpatialDropout, SummaryRow,
};
#[doc(inline)]
pub use op::{At, Op, Saved};
#[doc(inline)]
pub use optim::{
    AdaGrad, Adam, AdamW, Nadam, OptimError, Optimizer, ReduceOnPlateau, RmsProp, Schedule, Sgd,
    Velocity, clip_by_global_norm, clip_by_value,
};
#[doc(inline)]
pub use params::{Param, ParamId, Params, Role};
#[doc(inline)]
pub use pca::{Pca, PcaError};
#[doc(inline)]
pub use pool::Pool;
#[doc(inline)]
pub use rng::{Rng, philox4x32_10};
#[doc(inline)]
pub use shape::{Padding, ShapeError, Show};
#[doc(inline)]
pub use tape::{Tape, Training, Var};
#[doc(inline)]
pub use tensor::Tensor;

/// The program in the README is a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
