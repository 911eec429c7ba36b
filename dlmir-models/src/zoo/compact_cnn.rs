//! The compact CNN: a few small convolutions, each normalised and pooled, instead of one large one.
//!
//! Lidy's adaptation, for the ISMIR 2018 tutorial, of the compact network of Choi, Fazekas, Sandler and Cho (2017), "Transfer
//! learning for music classification and regression tasks", arXiv:1703.09179.

use dlmir_nn::BatchNormOptions;

use super::with_head;
use crate::{Architecture, LayerSpec, Output};

/// The choices of a [`compact_cnn`]; [`CompactCnn::default`] has those of the tutorial's genre network.
///
/// ```
/// use dlmir_models::zoo::{CompactCnn, compact_cnn};
///
/// let mood = CompactCnn { output: dlmir_models::Output::AnyOf, labels: 4, ..CompactCnn::default() };
/// assert_eq!(compact_cnn(&mood).summary()?.params(), 106_500);
/// # Ok::<(), dlmir_models::ModelError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct CompactCnn {
    /// Mel bands of the input; they decide how the maps are pooled, see [`CompactCnn::windows`].
    pub bands: usize,
    /// Frames of the input.
    pub frames: usize,
    /// Whether each band of the input is normalised by itself first, with learnt scale and shift.
    pub band_norm: bool,
    /// Filters of each block, at most five blocks.
    pub channels: Vec<usize>,
    /// How much is dropped between the maps and the dense layers, in training.
    pub dropout: f32,
    /// Units of the hidden dense layers, one or two in the tutorial.
    pub dense: Vec<usize>,
    /// Softmax for one of several labels, sigmoid for any of them or for two classes.
    pub output: Output,
    /// How many numbers the network answers with.
    pub labels: usize,
    /// The convention of all batch norms. The tutorial's was [`BatchNormOptions::KERAS`], whose running moments follow so
    /// slowly that a run of less than some 500 updates is judged with wrong ones.
    pub norm: BatchNormOptions,
}

impl Default for CompactCnn {
    /// 80 bands x 80 frames, 32, 64 and 64 filters, dropout 0.2, 128 units, one of 8 labels; batch norm as in PyTorch.
    fn default() -> CompactCnn {
        CompactCnn {
            bands: 80,
            frames: 80,
            band_norm: true,
            channels: vec![32, 64, 64],
            dropout: 0.2,
            dense: vec![128],
            output: Output::OneOf,
            labels: 8,
            norm: BatchNormOptions::PYTORCH,
        }
    }
}

impl CompactCnn {
    /// The tutorial's table of pooling windows `[freq, time]`, a block each: the more bands, the larger in frequency.
    pub fn windows(&self) -> [[usize; 2]; 5] {
        match self.bands {
            256.. => [[2, 4], [4, 4], [4, 5], [2, 4], [4, 4]],
            128.. => [[2, 4], [4, 4], [2, 5], [2, 4], [4, 4]],
            96.. => [[2, 4], [3, 4], [2, 5], [2, 4], [4, 4]],
            72.. => [[2, 4], [3, 4], [2, 5], [2, 4], [3, 4]],
            _ => [[2, 4], [2, 4], [2, 5], [2, 4], [4, 4]],
        }
    }
}

/// The compact CNN of the ISMIR 2018 tutorial's genre and mood examples, on log-mel `[bands, frames, 1]`:
///
/// ```text
/// batch norm over the bands
/// for each block: convolution 3 x 3 (same) -> batch norm -> ELU -> max-pool
/// flatten -> dropout -> dense, ReLU -> output
/// ```
///
/// The default has 107 016 numbers, 106 536 of them trainable; 96 bands x 683 frames with 64, 64, 64 and 128 filters
/// and one sigmoid have 281 345 and 280 513. The pool comes before the ELU, which never falls: the numbers are the same, and
/// there are fewer of them.
///
/// The tutorial trained it with Adam, learning rate 0.003 / (1 + 0.01 updates), epsilon 1e-7, mini-batches of 32, 10 epochs (30 for
/// 683 frames), 10 % of the training items for validation.
///
/// # Panics
/// If there are more than five blocks.
pub fn compact_cnn(options: &CompactCnn) -> Architecture {
    let windows = options.windows();
    assert!(
        options.channels.len() <= windows.len(),
        "compact_cnn: {} blocks, at most {} have a pooling window",
        options.channels.len(),
        windows.len()
    );
    let mut net = Architecture::new("compact_cnn", &[options.bands, options.frames, 1]);
    if options.band_norm {
        let over_bands = BatchNormOptions { axis: Some(1), ..options.norm };
        net = net.with("bands", LayerSpec::BatchNorm(over_bands));
    }
    for (i, (&channels, window)) in options.channels.iter().zip(windows).enumerate() {
        let name = |layer: &str| format!("{layer}{}", i + 1);
        net = net
            .with(&name("conv"), LayerSpec::conv2d(channels, [3, 3]))
            .with(&name("norm"), LayerSpec::BatchNorm(options.norm))
            .with(&name("pool"), LayerSpec::max_pool2d(window))
            .with(&name("elu"), LayerSpec::Elu { alpha: 1.0 });
    }
    net = net
        .with("flatten", LayerSpec::Flatten)
        .with("dropout", LayerSpec::Dropout { rate: options.dropout });
    for (i, &units) in options.dense.iter().enumerate() {
        net = net
            .with(&format!("dense{}", i + 1), LayerSpec::linear(units))
            .with(&format!("relu{}", i + 1), LayerSpec::Relu);
    }
    with_head(net, options.output, options.labels)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn long(output: Output, labels: usize) -> CompactCnn {
        let channels = vec![64, 64, 64, 128];
        CompactCnn { bands: 96, frames: 683, channels, output, labels, ..CompactCnn::default() }
    }

    #[test]
    fn sizes_are_those_of_the_tutorials() {
        let mood = CompactCnn { output: Output::AnyOf, labels: 4, ..CompactCnn::default() };
        let cases = [
            (CompactCnn::default(), 107_016, 106_536),
            (mood, 106_500, 106_020),
            (long(Output::Binary, 1), 281_345, 280_513),
            (long(Output::OneOf, 5), 281_861, 281_029),
        ];
        for (options, stored, trainable) in cases {
            let summary = compact_cnn(&options).summary().unwrap();
            assert_eq!((summary.params(), summary.trainable()), (stored, trainable));
        }
    }

    #[test]
    fn shapes_are_those_of_the_tutorials() {
        let pooled = |options| {
            let rows = compact_cnn(&options).summary().unwrap().rows;
            let maps =
                rows.into_iter().filter(|row| row.kind == "max_pool2d" || row.kind == "flatten");
            maps.map(|row| row.output).collect::<Vec<_>>()
        };
        let short = [vec![40, 20, 32], vec![13, 5, 64], vec![6, 1, 64], vec![384]];
        assert_eq!(pooled(CompactCnn::default()), short);
        let wanted =
            [vec![48, 170, 64], vec![16, 42, 64], vec![8, 8, 64], vec![4, 2, 128], vec![1024]];
        assert_eq!(pooled(long(Output::OneOf, 5)), wanted);
    }

    #[test]
    #[should_panic(expected = "compact_cnn: 6 blocks, at most 5 have a pooling window")]
    fn a_sixth_block_is_refused() {
        compact_cnn(&CompactCnn { channels: vec![8; 6], ..CompactCnn::default() });
    }
}
