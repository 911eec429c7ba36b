//! Musically motivated filters: what a network hears is decided by the shape of its filters.
//!
//! Pons, Lidy, Serra (2016), "Experimenting with musically motivated convolutional neural networks", CBMI. The layers
//! are those of its code, github.com/jordipons/CBMI2016. Inputs are 40 mel bands x 80 frames (1.86 s), one of 8 ballroom dances
//! in the paper.
//!
//! Trained with SGD, learning rate 0.01 (halved when the loss rises), mini-batches of 10; the vote of all segments is a file's label.

use dlmir_nn::Join;

use super::{Layers, conv_valid, with_head};
use crate::{Architecture, LayerSpec, Output};

const HALF: LayerSpec = LayerSpec::Dropout { rate: 0.5 };

/// 32 filters, pooled; ReLU afterwards, which never falls.
fn filters(kernel: [usize; 2], window: [usize; 2]) -> Layers {
    vec![
        ("conv1", conv_valid(32, kernel)),
        ("pool1", LayerSpec::max_pool2d(window)),
        ("relu1", LayerSpec::Relu),
    ]
}

/// Filters that see rhythm only: one band, 60 frames; then the loudest of the bands.
fn time() -> Layers {
    filters([1, 60], [40, 1])
}

/// Filters that see timbre only: 32 bands, one frame; then the loudest of the frames.
fn frequency() -> Layers {
    filters([32, 1], [1, 80])
}

fn network(name: &str, layers: Layers) -> Architecture {
    let net = Architecture::new(name, &[40, 80, 1]);
    layers.into_iter().fold(net, |net, (name, layer)| net.with(name, layer))
}

fn hidden(net: Architecture, classes: usize) -> Architecture {
    let net = net
        .with("dropout1", HALF)
        .with("dense1", LayerSpec::linear(200))
        .with("relu2", LayerSpec::Relu)
        .with("dropout2", HALF);
    with_head(net, Output::OneOf, classes)
}

/// The black box, whose filters see a bit of both: 12 bands x 8 frames. 3 275 312 parameters for 8 classes.
pub fn pons_2016_blackbox(classes: usize) -> Architecture {
    let layers = filters([12, 8], [4, 1]);
    let net = network("pons_2016_blackbox", layers).with("flatten", LayerSpec::Flatten);
    hidden(net, classes)
}

/// Time only: 7336 parameters for 8 classes, hardly fewer right answers than the black box in the paper.
pub fn pons_2016_time(classes: usize) -> Architecture {
    let net = network("pons_2016_time", time())
        .with("flatten", LayerSpec::Flatten)
        .with("dropout1", HALF);
    with_head(net, Output::OneOf, classes)
}

/// Frequency only: 3368 parameters for 8 classes.
pub fn pons_2016_frequency(classes: usize) -> Architecture {
    let net = network("pons_2016_frequency", frequency())
        .with("flatten", LayerSpec::Flatten)
        .with("dropout1", HALF);
    with_head(net, Output::OneOf, classes)
}

/// Both side by side: 196 816 parameters for 8 classes. The paper's best start is from the weights of the two networks above,
/// whose arrays have the names of this one's branches `time` and `freq`.
pub fn pons_2016_timefreq(classes: usize) -> Architecture {
    // 21 columns of the one and, turned, 9 of the other.
    let mut turned = frequency();
    turned.push(("turn", LayerSpec::Permute { axes: vec![2, 1, 3] }));
    let branches =
        LayerSpec::parallel(Join::Concat(Some(2)), vec![("time", time()), ("freq", turned)]);
    let net = Architecture::new("pons_2016_timefreq", &[40, 80, 1])
        .with("branches", branches)
        .with("flatten", LayerSpec::Flatten);
    hidden(net, classes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_shapes_are_those_of_the_papers_code() {
        let nets = [
            (pons_2016_blackbox(8), 3_275_312, "pool1", vec![7, 73, 32]),
            (pons_2016_time(8), 7_336, "pool1", vec![1, 21, 32]),
            (pons_2016_frequency(8), 3_368, "pool1", vec![9, 1, 32]),
            (pons_2016_timefreq(8), 196_816, "branches", vec![1, 30, 32]),
        ];
        for (net, params, name, shape) in nets {
            let summary = net.summary().unwrap();
            assert_eq!(summary.params(), params, "{}", net.name);
            let row = summary.rows.iter().find(|row| row.name == name).unwrap();
            assert_eq!(row.output, shape, "{}", net.name);
        }
    }
}
