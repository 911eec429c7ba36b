//! The operations, one file each. Every file has the same four parts: the definition in words and
//! formulas, a reference implementation that *is* the definition, the fast operation on the tape, and
//! the tests that hold the two together.

pub mod add;
pub mod avg_pool2d;
pub mod batch_norm;
pub mod bce;
pub mod concat;
pub mod conv2d;
pub mod cross_entropy;
pub mod dropout;
pub mod elu;
pub mod gaussian_noise;
pub mod gelu;
pub mod global_pool;
pub mod layer_norm;
pub mod leaky_relu;
pub mod linear;
pub mod log_softmax;
pub mod max_pool2d;
pub mod mean;
pub mod mse;
pub mod multiply;
pub mod penalty;
pub mod permute;
pub mod relu;
pub mod reshape;
pub mod scale;
pub mod sigmoid;
pub mod softmax;
pub mod spatial_dropout;
pub mod sub;
pub mod sum;
pub mod tanh;

mod elementwise;
mod reduce;
#[cfg(test)]
mod testing;
mod weighted;
mod windows;

pub use add::Add;
pub use avg_pool2d::AvgPool2dOp;
pub use batch_norm::{BatchNormMaxPoolOp, BatchNormOp, Moments};
pub use bce::BceWithLogits;
pub use concat::Concat;
pub use conv2d::{Conv2dGeometry, Conv2dMaxPoolOp, Conv2dOp};
pub use cross_entropy::CrossEntropy;
pub use dropout::DropoutOp;
pub use elu::Elu;
pub use gaussian_noise::GaussianNoiseOp;
pub use gelu::Gelu;
pub use layer_norm::LayerNormOp;
pub use leaky_relu::LeakyRelu;
pub use linear::LinearOp;
pub use log_softmax::LogSoftmax;
pub use max_pool2d::MaxPool2dOp;
pub use mean::Mean;
pub use mse::Mse;
pub use multiply::Multiply;
pub use penalty::Penalty;
pub use permute::PermuteOp;
pub use relu::Relu;
pub use reshape::ReshapeOp;
pub use scale::Scale;
pub use sigmoid::Sigmoid;
pub use softmax::Softmax;
pub use spatial_dropout::SpatialDropoutOp;
pub use sub::Sub;
pub use sum::Sum;
pub use tanh::Tanh;
pub use windows::WindowGeometry;
