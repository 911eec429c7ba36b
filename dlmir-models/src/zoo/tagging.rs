//! Networks for tagging music, of three schools: one long filter over all bands, samples instead of spectra, and musically
//! motivated filters.
//!
//! - Dieleman, Schrauwen (2014), "End-to-end learning for music audio", ICASSP.
//! - Lee, Park, Kim, Nam (2017), "Sample-level deep convolutional neural networks for music auto-tagging using raw waveforms",
//!   arXiv:1703.01789.
//! - Pons, Nieto, Prockup, Schmidt, Ehmann, Serra (2018), "End-to-end learning for music audio tagging at scale",
//!   arXiv:1711.02520; Pons, Serra (2019), "musicnn", arXiv:1909.06654. Code: github.com/jordipons/musicnn-training.
//!
//! Those on spectrograms take 96 mel bands x 187 frames (3 s at 16 kHz, FFT 512, hop 256), log10(1 + 10 000 power). Batch norm is
//! in PyTorch's convention.

use dlmir_nn::{AxisPool, ConvOptions, GlobalPool, Join, Padding};

use super::{conv_valid, with_head};
use crate::{Architecture, LayerSpec, Output};

const INPUT: [usize; 3] = [96, 187, 1];

type Named = Vec<(String, LayerSpec)>;

fn dropout(rate: f32) -> LayerSpec {
    LayerSpec::Dropout { rate }
}

/// Convolutions in time only, the first of which sees all bands: 66 784 trainable parameters for 50 tags. The sizes are those of
/// Pons's replica; the original's differ.
pub fn dieleman_2014(labels: usize) -> Architecture {
    let net = Architecture::new("dieleman_2014", &INPUT)
        .with("input_norm", LayerSpec::batch_norm())
        .with("conv1", conv_valid(32, [96, 8]))
        .with("pool1", LayerSpec::max_pool2d([1, 4]))
        .with("relu1", LayerSpec::Relu)
        .with("conv2", conv_valid(32, [1, 8]))
        .with("pool2", LayerSpec::max_pool2d([1, 4]))
        .with("relu2", LayerSpec::Relu)
        .with("flatten", LayerSpec::Flatten)
        .with("dense1", LayerSpec::linear(100))
        .with("relu3", LayerSpec::Relu);
    with_head(net, Output::AnyOf, labels)
}

/// No spectrum at all: 59 049 = 3^10 samples (2.68 s at 22 050 Hz) as a map `[1, 59049, 1]`, filters of 3 samples, pools of 3. 1 875 762
/// numbers, 1 869 874 trainable, for 50 tags.
///
/// Trained with SGD, Nesterov momentum 0.9, learning rate 0.01 divided by 5 four times, mini-batches of 23; the mean over the
/// segments of a clip is its answer.
pub fn sample_cnn(labels: usize) -> Architecture {
    let strided = ConvOptions { stride: [1, 3], padding: Padding::Valid, ..ConvOptions::default() };
    let mut net = Architecture::new("sample_cnn", &[1, 59_049, 1])
        .with("conv1", LayerSpec::conv2d_with(128, [1, 3], strided))
        .with("norm1", LayerSpec::batch_norm())
        .with("relu1", LayerSpec::Relu);
    for (i, channels) in [128, 128, 256, 256, 256, 256, 256, 256, 512].into_iter().enumerate() {
        let name = |layer: &str| format!("{layer}{}", i + 2);
        net = net
            .with(&name("conv"), LayerSpec::conv2d(channels, [1, 3]))
            .with(&name("norm"), LayerSpec::batch_norm())
            .with(&name("pool"), LayerSpec::max_pool2d([1, 3]))
            .with(&name("relu"), LayerSpec::Relu);
    }
    net = net
        .with("conv11", LayerSpec::conv2d(512, [1, 1]))
        .with("norm11", LayerSpec::batch_norm())
        .with("relu11", LayerSpec::Relu)
        .with("flatten", LayerSpec::Flatten)
        .with("dropout1", dropout(0.5));
    with_head(net, Output::AnyOf, labels)
}

/// The network for pictures that musicnn was compared with: five convolutions of 3 x 3. 605 748 trainable parameters with 128 filters
/// and 40 884 with 32, for 50 tags.
pub fn vgg_pons(filters: usize, labels: usize) -> Architecture {
    let pools = [
        LayerSpec::MaxPool2d { window: [1, 4], stride: [2, 2] },
        LayerSpec::max_pool2d([2, 2]),
        LayerSpec::max_pool2d([2, 2]),
        LayerSpec::max_pool2d([2, 2]),
        LayerSpec::max_pool2d([4, 4]),
    ];
    let mut net = Architecture::new("vgg_pons", &INPUT).with("input_norm", LayerSpec::batch_norm());
    for (i, pool) in pools.into_iter().enumerate() {
        let name = |layer: &str| format!("{layer}{}", i + 1);
        net = net
            .with(&name("conv"), LayerSpec::conv2d(filters, [3, 3]))
            .with(&name("relu"), LayerSpec::Relu)
            .with(&name("norm"), LayerSpec::batch_norm())
            .with(&name("pool"), pool)
            .with(&name("dropout"), dropout(if i == 4 { 0.5 } else { 0.25 }));
    }
    with_head(net.with("flatten", LayerSpec::Flatten), Output::AnyOf, labels)
}

/// Filters as high as instruments (timbre: 38 and 67 of the bands, 7 frames) beside filters as long as rhythms (1 band, 128, 64
/// and 32 frames), convolutions over time with shortcuts, and the mean and largest number over time.
///
/// 786 903 trainable parameters for 50 tags. The paper's code has 256 more, of two batch norms whose outputs it computes but does
/// not use; its maxima also stand before the means, which only renames features.
///
/// Trained with Adam, learning rate 0.001 (halved after 75 epochs without progress), L2 penalty 1e-5 on kernels, mini-batches of 32, up
/// to 600 epochs, one random patch of a clip an epoch.
pub fn musicnn(labels: usize) -> Architecture {
    musicnn_of(64, 200, labels).named("musicnn")
}

/// The large musicnn, for the Million Song Dataset: 512 channels in the middle, 500 units at the end. 7 978 187 trainable parameters
/// for 50 tags, and 2048 more in the paper's code.
pub fn musicnn_big(labels: usize) -> Architecture {
    musicnn_of(512, 500, labels).named("musicnn_big")
}

fn musicnn_of(middle: usize, dense: usize, labels: usize) -> Architecture {
    let filters = |name: &str, channels: usize, kernel: [usize; 2], padding: Padding| {
        let options = ConvOptions { padding, ..ConvOptions::default() };
        let layers: Named = vec![
            ("conv".into(), LayerSpec::conv2d_with(channels, kernel, options)),
            ("relu".into(), LayerSpec::Relu),
            ("norm".into(), LayerSpec::batch_norm()),
            ("loudest".into(), LayerSpec::AxisPool(AxisPool::Max(1))),
        ];
        (name.to_string(), layers)
    };
    let in_time = Padding::Explicit([[0, 0], [3, 3]]);
    let front_end = vec![
        filters("timbre38", 204, [38, 7], in_time),
        filters("timbre67", 204, [67, 7], in_time),
        filters("time128", 51, [1, 128], Padding::Same),
        filters("time64", 51, [1, 64], Padding::Same),
        filters("time32", 51, [1, 32], Padding::Same),
    ];
    let conv = || LayerSpec::conv2d(middle, [1, 7]);
    let residual = || {
        let detour = vec![("conv".into(), conv()), ("relu".into(), LayerSpec::Relu)];
        let branches = vec![("detour".into(), detour), ("shortcut".into(), Named::new())];
        LayerSpec::Parallel { join: Join::Add, branches }
    };
    // What comes in, beside what is made of it.
    let beside = |more: Named| {
        let branches = vec![("same".into(), Named::new()), ("more".into(), more)];
        LayerSpec::Parallel { join: Join::Concat(None), branches }
    };
    let third = beside(vec![("block3".into(), residual())]);
    let second = beside(vec![("block2".into(), residual()), ("dense2".into(), third)]);
    let first = beside(vec![
        ("conv".into(), conv()),
        ("relu".into(), LayerSpec::Relu),
        ("norm".into(), LayerSpec::batch_norm()),
        ("dense1".into(), second),
    ]);
    let net = Architecture::new("musicnn", &INPUT)
        .with("input_norm", LayerSpec::batch_norm())
        .with("front_end", LayerSpec::Parallel { join: Join::Concat(None), branches: front_end })
        .with("middle", first)
        .with("mean_max", LayerSpec::GlobalPool(GlobalPool::MeanMax))
        .with("norm1", LayerSpec::batch_norm())
        .with("dropout1", dropout(0.5))
        .with("dense1", LayerSpec::linear(dense))
        .with("relu1", LayerSpec::Relu)
        .with("norm2", LayerSpec::batch_norm())
        .with("dropout2", dropout(0.5));
    with_head(net, Output::AnyOf, labels)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_those_of_the_published_code() {
        let nets = [
            (dieleman_2014(50), 66_784),
            (sample_cnn(50), 1_869_874),
            (vgg_pons(32, 50), 40_884),
            (vgg_pons(128, 50), 605_748),
            // Without two unused batch norms of 64 channels, and of 512.
            (musicnn(50), 787_159 - 2 * 2 * 64),
            (musicnn_big(50), 7_980_235 - 2 * 2 * 512),
        ];
        for (net, trainable) in nets {
            assert_eq!(net.summary().unwrap().trainable(), trainable, "{}", net.name);
        }
        assert_eq!(sample_cnn(50).summary().unwrap().params(), 1_875_762);
    }

    #[test]
    fn shapes_are_those_of_the_published_code() {
        let output = |net: Architecture, name: &str| {
            let rows = net.summary().unwrap().rows;
            rows.into_iter().find(|row| row.name == name).unwrap().output
        };
        let dieleman = dieleman_2014(50);
        assert_eq!(output(dieleman.clone(), "conv1"), [1, 180, 32]);
        assert_eq!(output(dieleman.clone(), "pool1"), [1, 45, 32]);
        assert_eq!(output(dieleman.clone(), "conv2"), [1, 38, 32]);
        assert_eq!(output(dieleman, "pool2"), [1, 9, 32]);
        let samples = sample_cnn(50);
        assert_eq!(output(samples.clone(), "conv1"), [1, 19_683, 128]);
        assert_eq!(output(samples, "pool10"), [1, 1, 512]);
        for (i, [time, freq]) in [[92, 48], [46, 24], [23, 12], [11, 6], [2, 1]].iter().enumerate()
        {
            let pool = format!("pool{}", i + 1);
            assert_eq!(output(vgg_pons(32, 50), &pool), [*freq, *time, 32]);
        }
        assert_eq!(output(musicnn(50), "front_end"), [1, 187, 561]);
        assert_eq!(output(musicnn(50), "middle"), [1, 187, 753]);
        assert_eq!(output(musicnn(50), "mean_max"), [1506]);
    }
}
