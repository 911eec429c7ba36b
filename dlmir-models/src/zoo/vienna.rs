//! The parallel CNNs of Vienna: filters that are long in time beside filters that are high in frequency, each pooled along
//! the axis that it does not look at.
//!
//! - Lidy, Schindler (2016), "Parallel convolutional neural networks for music genre and mood classification", MIREX.
//! - Lidy, Schindler (2016), "CQT-based convolutional neural networks for audio scene classification and domestic audio
//!   tagging", DCASE.
//! - Schindler, Lidy, Rauber (2016), "Comparing shallow versus deep neural network architectures for automatic music genre
//!   classification", FMT.
//! - Schindler, Lidy, Rauber (2018), "Multi-temporal resolution convolutional neural networks for acoustic scene
//!   classification", arXiv:1811.04419.
//!
//! Leaky ReLU has alpha = 0.3 throughout. Pooling comes before it: it never falls, so that the numbers are the same, and there are
//! up to twenty times fewer of them.

use dlmir_nn::Join;

use super::{Layers, conv_valid, with_head};
use crate::{Architecture, LayerSpec, Output};

const LEAKY: LayerSpec = LayerSpec::LeakyRelu { alpha: 0.3 };

/// Filters of the MIREX 2016 networks: 30 in the report's figures (its text has 32 for the second).
const FILTERS: usize = 30;

/// Filters inside the map, pooled.
fn pipeline(channels: usize, kernel: [usize; 2], window: [usize; 2]) -> Layers {
    vec![
        ("conv1", conv_valid(channels, kernel)),
        ("pool1", LayerSpec::max_pool2d(window)),
        ("leaky1", LEAKY),
        ("flatten", LayerSpec::Flatten),
    ]
}

/// Both pipelines of the second MIREX network.
fn time_and_frequency(channels: usize) -> LayerSpec {
    let branches = vec![
        ("time", pipeline(channels, [14, 15], [1, 17])),
        ("freq", pipeline(channels, [4, 8], [15, 1])),
    ];
    LayerSpec::parallel(Join::Concat(None), branches)
}

/// What follows the pipelines: 200 sigmoid units, dropout, softmax.
fn classified(net: Architecture, dropout: f32, classes: usize) -> Architecture {
    let net = net
        .with("dense1", LayerSpec::linear(200))
        .with("sigmoid1", LayerSpec::Sigmoid)
        .with("dropout1", LayerSpec::Dropout { rate: dropout });
    with_head(net, Output::OneOf, classes)
}

/// The first of three networks for MIREX 2016 genre and mood (Lidy, Schindler 2016), on 40 mel bands x 80 frames (2.82 s): one
/// pipeline of 30 filters of 10 bands x 12 frames. 563 840 parameters for 10 classes.
///
/// Trained with plain SGD, learning rate 0.02, mini-batches of 40, 150 epochs; 30 segments a file, whose probabilities
/// are added up.
pub fn lidy_schindler_2016_m1(classes: usize) -> Architecture {
    let mut net = Architecture::new("lidy_schindler_2016_m1", &[40, 80, 1]);
    for (name, layer) in pipeline(FILTERS, [10, 12], [1, 20]) {
        net = net.with(name, layer);
    }
    classified(net, 0.2, classes)
}

/// The second: a pipeline that is pooled over time and one that is pooled over frequency. 1 371 530 parameters for 10 classes.
pub fn lidy_schindler_2016_m2(classes: usize) -> Architecture {
    let net = Architecture::new("lidy_schindler_2016_m2", &[40, 80, 1])
        .with("branches", time_and_frequency(FILTERS));
    classified(net, 0.2, classes)
}

/// The third: two pipelines that are both pooled over time, with filters of 12 and of 34 frames. 946 070 parameters for 10
/// classes.
pub fn lidy_schindler_2016_m3(classes: usize) -> Architecture {
    let branches = vec![
        ("short", pipeline(FILTERS, [10, 12], [1, 20])),
        ("long", pipeline(FILTERS, [10, 34], [1, 20])),
    ];
    let net = Architecture::new("lidy_schindler_2016_m3", &[40, 80, 1])
        .with("branches", LayerSpec::parallel(Join::Concat(None), branches));
    classified(net, 0.2, classes)
}

/// The network for acoustic scenes of DCASE 2016 (Lidy, Schindler 2016): the second of the MIREX networks with 32 filters and
/// dropout 0.1, on a constant-Q transform of 80 bins (12 an octave) x 82 frames (0.94 s). 4 126 223 parameters for the challenge's
/// 15 scenes.
pub fn lidy_schindler_2016_cqt(classes: usize) -> Architecture {
    let net = Architecture::new("lidy_schindler_2016_cqt", &[80, 82, 1])
        .with("branches", time_and_frequency(32));
    classified(net, 0.1, classes)
}

/// Both pipelines of the shallow network of 2016.
fn shallow_pair() -> LayerSpec {
    let pipeline = |kernel, window| {
        vec![
            ("conv1", LayerSpec::conv2d(16, kernel)),
            ("pool1", LayerSpec::max_pool2d(window)),
            ("leaky1", LEAKY),
            ("flatten", LayerSpec::Flatten),
        ]
    };
    let branches =
        vec![("freq", pipeline([10, 23], [1, 20])), ("time", pipeline([21, 20], [20, 1]))];
    LayerSpec::parallel(Join::Concat(None), branches)
}

/// What follows: dropout, 200 units, softmax.
fn dropped_and_classified(net: Architecture, dropout: f32, classes: usize) -> Architecture {
    let net = net
        .with("dropout1", LayerSpec::Dropout { rate: dropout })
        .with("dense1", LayerSpec::linear(200))
        .with("leaky1", LEAKY);
    with_head(net, Output::OneOf, classes)
}

/// The shallow network of Schindler, Lidy and Rauber (2016), on 80 mel bands x 80 frames: one convolution a branch, with zeros
/// around the map. 2 060 642 parameters for 10 classes.
///
/// The activation of the dense layer is not given in the figure; we take that of the deep network.
pub fn schindler_2016_shallow(classes: usize) -> Architecture {
    let net =
        Architecture::new("schindler_2016_shallow", &[80, 80, 1]).with("branches", shallow_pair());
    dropped_and_classified(net, 0.1, classes)
}

/// The deep network of the same paper: four convolutions a branch. 1 280 002 parameters for 10 classes, fewer than
/// the shallow one has.
pub fn schindler_2016_deep(classes: usize) -> Architecture {
    const NAMES: [[&str; 3]; 4] = [
        ["conv1", "pool1", "leaky1"],
        ["conv2", "pool2", "leaky2"],
        ["conv3", "pool3", "leaky3"],
        ["conv4", "pool4", "leaky4"],
    ];
    let branch = |kernels: [[usize; 2]; 4], last: [usize; 2]| {
        let mut layers = Vec::new();
        for (i, kernel) in kernels.into_iter().enumerate() {
            let ([conv, pool, leaky], channels) = (NAMES[i], 16 << i);
            let window = if i == 3 { last } else { [2, 2] };
            layers.push((conv, LayerSpec::conv2d(channels, kernel)));
            layers.push((pool, LayerSpec::max_pool2d(window)));
            layers.push((leaky, LEAKY));
        }
        layers.push(("flatten", LayerSpec::Flatten));
        layers
    };
    let branches = vec![
        ("freq", branch([[10, 23], [5, 11], [3, 5], [2, 4]], [1, 5])),
        ("time", branch([[21, 10], [10, 5], [5, 3], [4, 2]], [5, 1])),
    ];
    let net = Architecture::new("schindler_2016_deep", &[80, 80, 1])
        .with("branches", LayerSpec::parallel(Join::Concat(None), branches));
    dropped_and_classified(net, 0.25, classes)
}

/// The idea of Schindler, Lidy and Rauber (2018): spectrograms of one recording at several time resolutions, each seen
/// by a pair of pipelines of its own. The paper's sizes are not public; this reconstruction is ours and has those of
/// [`schindler_2016_shallow`].
///
/// The input is `[80, 80, resolutions]`: segments of 80 frames with, say, 0.4, 0.8, 1.6, 3.2 and 6.4 s, one a channel. Weights are
/// not shared: (10 432 + 2 048 000) parameters a resolution, and 200 + 201 `classes` for all.
pub fn multires_parallel(resolutions: usize, classes: usize) -> Architecture {
    let branch = |i: usize| {
        let slice = LayerSpec::Slice { axis: 3, start: i, length: 1 };
        let layers = vec![("resolution".into(), slice), ("branches".into(), shallow_pair())];
        (format!("resolution{}", i + 1), layers)
    };
    let branches = (0..resolutions).map(branch).collect();
    let net = Architecture::new("multires_parallel", &[80, 80, resolutions])
        .with("resolutions", LayerSpec::Parallel { join: Join::Concat(None), branches });
    dropped_and_classified(net, 0.25, classes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_those_that_follow_from_the_papers_layers() {
        let cases = [
            (lidy_schindler_2016_m1(10), 563_840),
            (lidy_schindler_2016_m2(10), 1_371_530),
            (lidy_schindler_2016_m3(10), 946_070),
            (lidy_schindler_2016_cqt(15), 4_126_223),
            (schindler_2016_shallow(10), 2_060_642),
            (schindler_2016_deep(10), 1_280_002),
            (multires_parallel(3, 10), 3 * (10_432 + 2_048_000) + 200 + 2010),
        ];
        for (net, params) in cases {
            assert_eq!(net.summary().unwrap().params(), params, "{}", net.name);
        }
    }

    #[test]
    fn maps_have_the_papers_sizes() {
        let output = |net: Architecture, name: &str| {
            let rows = net.summary().unwrap().rows;
            rows.into_iter().find(|row| row.name == name).unwrap().output
        };
        let (m1, m2, m3) =
            (lidy_schindler_2016_m1(10), lidy_schindler_2016_m2(10), lidy_schindler_2016_m3(10));
        assert_eq!(output(m1.clone(), "conv1"), [31, 69, 30]);
        assert_eq!(output(m1, "pool1"), [31, 3, 30]);
        assert_eq!(output(m2.clone(), "branches/time/pool1"), [27, 3, 30]);
        assert_eq!(output(m2, "branches/freq/pool1"), [2, 73, 30]);
        assert_eq!(output(m3.clone(), "branches/long/conv1"), [31, 47, 30]);
        assert_eq!(output(m3, "branches/long/pool1"), [31, 2, 30]);
        let cqt = lidy_schindler_2016_cqt(15);
        assert_eq!(output(cqt.clone(), "branches/time/conv1"), [67, 68, 32]);
        assert_eq!(output(cqt.clone(), "branches/time/pool1"), [67, 4, 32]);
        assert_eq!(output(cqt.clone(), "branches/freq/conv1"), [77, 75, 32]);
        assert_eq!(output(cqt, "branches/freq/pool1"), [5, 75, 32]);
        let shallow = schindler_2016_shallow(10);
        assert_eq!(output(shallow.clone(), "branches/freq/pool1"), [80, 4, 16]);
        assert_eq!(output(shallow, "branches/time/pool1"), [4, 80, 16]);
        let deep = schindler_2016_deep(10);
        assert_eq!(output(deep.clone(), "branches/freq/pool4"), [10, 2, 128]);
        assert_eq!(output(deep.clone(), "branches/time/pool4"), [2, 10, 128]);
        assert_eq!(output(deep, "branches"), [5120]);
    }
}
