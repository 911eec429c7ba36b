//! Towers: networks whose output is a place, near to what sounds alike. Two or three recordings go through one tower, and a loss on their
//! distances ([`dlmir_nn::ops::contrastive`], [`dlmir_nn::ops::triplet`]) moves the places.
//!
//! The siamese network is that of the ISMIR 2018 tutorial; the last one is the example of McFee's metric-learning tutorial of ISMIR
//! 2020, github.com/bmcfee/ismir2020-metric-learning.

use dlmir_nn::{GlobalPool, Join};

use super::{Layers, with_head};
use crate::{Architecture, LayerSpec, Output};

/// Noise, batch norm and both branches of the tutorial's tower.
fn parallel_tower(name: &str) -> Architecture {
    let branch = |kernel: [usize; 2], window: [usize; 2]| -> Layers {
        vec![
            ("conv1", LayerSpec::conv2d(16, kernel)),
            ("pool1", LayerSpec::max_pool2d(window)),
            ("relu1", LayerSpec::Relu),
            ("norm1", LayerSpec::batch_norm()),
            ("flatten", LayerSpec::Flatten),
        ]
    };
    let branches = vec![("freq", branch([21, 11], [20, 4])), ("time", branch([11, 21], [4, 20]))];
    Architecture::new(name, &[80, 80, 1])
        .with("noise", LayerSpec::GaussianNoise { stddev: 0.2 })
        .with("input_norm", LayerSpec::batch_norm())
        .with("branches", LayerSpec::parallel(Join::Concat(None), branches))
}

/// The tower of the tutorial's siamese network, on 80 mel bands x 80 frames in dB: 663 172 numbers, 663 106 trainable, for a place of
/// 256 numbers.
///
/// Trained in pairs with the contrastive loss (margin 1) on Euclidean distances, Adam, learning rate 1e-4 / (1 + 0.001 updates),
/// mini-batches of 64; L2 penalty 1e-4 on the convolutions, unit-norm constraint ([`dlmir_nn::Constraint`]) on the dense layer. The tutorial
/// draws noise for each branch by itself; here both see the same.
pub fn siamese_parallel() -> Architecture {
    let net = parallel_tower("siamese_parallel");
    with_head(net, Output::Values, 256).with("elu1", LayerSpec::Elu { alpha: 1.0 })
}

/// The same tower for triplets: 128 numbers, a direction of length 1. The proposal is ours, with margin 0.2 on squared distances.
pub fn triplet_parallel() -> Architecture {
    let net = parallel_tower("triplet_parallel");
    with_head(net, Output::Values, 128).with("direction", LayerSpec::L2Normalize)
}

/// A small tower of convolutions over time on 128 mel bands x 130 frames, (x - 0.2) / 0.25: 75 008 numbers, 74 496 trainable, for 64
/// numbers that are compared by their angle.
pub fn dimsim_triplet() -> Architecture {
    let mut net = Architecture::new("dimsim_triplet", &[128, 130, 1])
        .with("bands_as_channels", LayerSpec::Permute { axes: vec![3, 2, 1] });
    for (i, length) in [4, 4, 4, 2].into_iter().enumerate() {
        let name = |layer: &str| format!("{layer}{}", i + 1);
        net = net
            .with(&name("conv"), LayerSpec::conv2d(64, [1, length]))
            .with(&name("norm"), LayerSpec::batch_norm())
            .with(&name("pool"), LayerSpec::max_pool2d([1, length]))
            .with(&name("relu"), LayerSpec::Relu);
    }
    net.with("mean", LayerSpec::GlobalPool(GlobalPool::Mean))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_those_of_the_tutorials() {
        let nets = [
            (siamese_parallel(), 663_172, 663_106, 256),
            (triplet_parallel(), 663_172 - 128 * 2561, 663_106 - 128 * 2561, 128),
            (dimsim_triplet(), 75_008, 74_496, 64),
        ];
        for (net, stored, trainable, place) in nets {
            let summary = net.summary().unwrap();
            let found = (summary.params(), summary.trainable());
            assert_eq!(found, (stored, trainable), "{}", net.name);
            assert_eq!(summary.output(), [place], "{}", net.name);
        }
        let rows = siamese_parallel().summary().unwrap().rows;
        assert_eq!(rows.iter().find(|row| row.name == "branches").unwrap().output, [2560]);
    }
}
