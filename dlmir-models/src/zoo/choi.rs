//! Fully convolutional networks for tagging: no dense layer but the last, maps pooled until one position is left.
//!
//! - Choi, Fazekas, Sandler (2016), "Automatic tagging using deep convolutional neural networks", arXiv:1606.00298; code at
//!   github.com/keunwoochoi/music-auto_tagging-keras.
//! - Choi, Fazekas, Sandler, Cho (2017), "Transfer learning for music classification and regression tasks", arXiv:1703.09179;
//!   code at github.com/keunwoochoi/transfer_learning_music.
//!
//! Inputs are 96 mel bands x 1366 frames in dB: 29.12 s at 12 kHz, FFT 512, hop 256. The pool comes before the activation, which
//! never falls: the numbers are the same.
//!
//! The authors print ROC-AUC on the Million Song Dataset's 50 tags of .786, .808, .848, .851 and .845 for 3 to 7 layers,
//! and, after a fault of the learning rate was found, .839, .852 and .855 for 3 to 5.

use dlmir_nn::BatchNormOptions;

use super::with_head;
use crate::{Architecture, LayerSpec, Output};

const INPUT: [usize; 3] = [96, 1366, 1];

/// One block of FCN-3 to FCN-7: filters, and the pool after them, where there is one.
type Block = (usize, Option<[usize; 2]>);

/// A network of the paper with ReLU and dropout 0.5 after each pool; the batch norm and dropout as in the authors' slides.
fn fcn(name: &str, blocks: &[Block], labels: usize) -> Architecture {
    let mut net = Architecture::new(name, &INPUT);
    for (i, &(channels, window)) in blocks.iter().enumerate() {
        let name = |layer: &str| format!("{layer}{}", i + 1);
        net = net
            .with(&name("conv"), LayerSpec::conv2d(channels, [3, 3]))
            .with(&name("norm"), LayerSpec::batch_norm());
        if let Some(window) = window {
            net = net.with(&name("pool"), LayerSpec::max_pool2d(window));
        }
        net = net.with(&name("relu"), LayerSpec::Relu);
        if window.is_some() {
            net = net.with(&name("dropout"), LayerSpec::Dropout { rate: 0.5 });
        }
    }
    with_head(net.with("flatten", LayerSpec::Flatten), Output::AnyOf, labels)
}

/// FCN-3. Only its depth is certain: the widths and pools are ours, in the manner of the other two.
pub fn choi_fcn3(labels: usize) -> Architecture {
    let blocks = [(256, Some([4, 8])), (768, Some([4, 10])), (2048, Some([6, 17]))];
    fcn("choi_fcn3", &blocks, labels)
}

/// FCN-4, the paper's best on MagnaTagATune: four convolutions to one position. The pools and the last width are published; the other
/// widths are remembered. 17 365 938 trainable parameters for 50 tags with these.
pub fn choi_fcn4(labels: usize) -> Architecture {
    let blocks =
        [(128, Some([2, 4])), (384, Some([4, 5])), (768, Some([3, 8])), (2048, Some([4, 8]))];
    fcn("choi_fcn4", &blocks, labels)
}

const FIVE: [Block; 5] = [
    (128, Some([2, 4])),
    (256, Some([2, 4])),
    (512, Some([2, 4])),
    (1024, Some([3, 5])),
    (2048, Some([4, 4])),
];

/// FCN-5: as FCN-4, one layer deeper. 25 183 026 trainable parameters for 50 tags.
pub fn choi_fcn5(labels: usize) -> Architecture {
    fcn("choi_fcn5", &FIVE, labels)
}

/// FCN-6 is FCN-5 with a convolution of 1 x 1 on the one position at its end.
pub fn choi_fcn6(labels: usize) -> Architecture {
    deeper("choi_fcn6", 1, labels)
}

/// FCN-7 is FCN-5 with two of them.
pub fn choi_fcn7(labels: usize) -> Architecture {
    deeper("choi_fcn7", 2, labels)
}

fn deeper(name: &str, more: usize, labels: usize) -> Architecture {
    let mut net = fcn(name, &FIVE, labels);
    let at = net.layers.iter().position(|(name, _)| name == "flatten");
    let at = at.expect("every FCN flattens its last map");
    for i in (0..more).rev() {
        let name = |layer: &str| format!("{layer}{}", FIVE.len() + 1 + i);
        let layers = [
            (name("conv"), LayerSpec::conv2d(2048, [1, 1])),
            (name("norm"), LayerSpec::batch_norm()),
            (name("relu"), LayerSpec::Relu),
        ];
        net.layers.splice(at..at, layers);
    }
    net
}

/// Blocks of convolution, batch norm, pool and ELU, as in both codes.
fn elu_blocks(
    mut net: Architecture,
    channels: [usize; 5],
    windows: [[usize; 2]; 5],
) -> Architecture {
    for (i, (channels, window)) in channels.into_iter().zip(windows).enumerate() {
        let name = |layer: &str| format!("{layer}{}", i + 1);
        net = net
            .with(&name("conv"), LayerSpec::conv2d(channels, [3, 3]))
            .with(&name("norm"), LayerSpec::BatchNorm(BatchNormOptions::KERAS))
            .with(&name("pool"), LayerSpec::max_pool2d(window))
            .with(&name("elu"), LayerSpec::Elu { alpha: 1.0 });
    }
    net
}

/// The published small FCN-5 (`music_tagger_cnn`): 64, 128, 128, 128 and 64 filters, ELU. 449 138 numbers, 447 922 trainable, for 50
/// tags, as its code says; its README has 865 950, which are those of older weights.
pub fn choi_tagger(labels: usize) -> Architecture {
    let windows = [[2, 4], [2, 4], [2, 4], [3, 5], [4, 4]];
    let bands = BatchNormOptions { axis: Some(1), ..BatchNormOptions::KERAS };
    let net = Architecture::new("choi_tagger", &INPUT).with("bands", LayerSpec::BatchNorm(bands));
    let net = elu_blocks(net, [64, 128, 128, 128, 64], windows);
    with_head(net.with("flatten", LayerSpec::Flatten), Output::AnyOf, labels)
}

/// The network for transfer learning: five times 32 filters, whose five outputs, each averaged over its map, are 160 features of a
/// piece. 39 282 trainable parameters for 50 tags.
pub fn choi_compact(labels: usize) -> Architecture {
    let windows = [[2, 4], [3, 4], [2, 5], [2, 4], [4, 4]];
    let net = elu_blocks(Architecture::new("choi_compact", &INPUT), [32; 5], windows);
    with_head(net.with("flatten", LayerSpec::Flatten), Output::AnyOf, labels)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_follow_from_the_layers() {
        // The compact tagger's spec counts trained numbers only.
        let nets = [
            (choi_fcn4(50), None, 17_365_938),
            (choi_fcn5(50), None, 25_183_026),
            (choi_tagger(50), Some(449_138), 447_922),
            (choi_compact(50), None, 39_282),
        ];
        for (net, stored, trainable) in nets {
            let summary = net.summary().unwrap();
            assert_eq!(summary.trainable(), trainable, "{}", net.name);
            assert!(stored.is_none_or(|stored| summary.params() == stored), "{}", net.name);
        }
    }

    #[test]
    fn one_position_is_left() {
        let nets = [
            (choi_fcn3(50), 2048),
            (choi_fcn4(50), 2048),
            (choi_fcn5(50), 2048),
            (choi_fcn6(50), 2048),
            (choi_fcn7(50), 2048),
            (choi_tagger(50), 64),
            (choi_compact(50), 32),
        ];
        for (net, features) in nets {
            let rows = net.summary().unwrap().rows;
            let flat = rows.iter().find(|row| row.name == "flatten").unwrap();
            assert_eq!(flat.output, [features], "{}", net.name);
        }
        let convolutions = |net: Architecture| {
            net.layers.iter().filter(|(_, layer)| layer.kind() == "conv2d").count()
        };
        let nets = [choi_fcn3(50), choi_fcn4(50), choi_fcn5(50), choi_fcn6(50), choi_fcn7(50)];
        assert_eq!(nets.map(convolutions), [3, 4, 5, 6, 7]);
    }
}
