//! Large networks for tagging and embeddings: VGGish, the short-chunk CNNs and the harmonic CNN.
//!
//! - Hershey and others (2017), "CNN architectures for large-scale audio classification", arXiv:1609.09430; code in
//!   github.com/tensorflow/models, research/audioset/vggish.
//! - Won, Ferraro, Bogdanov, Serra (2020), "Evaluation of CNN-based automatic music tagging models", arXiv:2006.00751.
//! - Won, Chun, Nieto, Serra (2020), "Data-driven harmonic filters for audio representation learning", ICASSP. Code of both:
//!   github.com/minzwon/sota-music-tagging-models.
//!
//! In the course they are looked at and used; trained on a CPU are only their small forms.

use dlmir_nn::{ConvOptions, GlobalPool, Join, Padding};

use super::with_head;
use crate::{Architecture, LayerSpec, Output};

type Named = Vec<(String, LayerSpec)>;

/// Hershey's adaptation of VGG for embeddings of 0.96 s, on 64 mel bands (125 to 7500 Hz) x 96 frames of 10 ms: 72 141 184 parameters,
/// nearly all in two dense layers. Its output is no probability but a place among sounds.
pub fn vggish() -> Architecture {
    vggish_of("vggish", [64, 128, 256, 512], 4096, 128)
}

/// The same with an eighth of the channels and 256 units, for an embedding of 64 numbers. The sizes are ours.
pub fn vggish_s() -> Architecture {
    vggish_of("vggish_s", [8, 16, 32, 64], 256, 64)
}

fn vggish_of(name: &str, channels: [usize; 4], dense: usize, embedding: usize) -> Architecture {
    let [a, b, c, d] = channels;
    let mut net = Architecture::new(name, &[64, 96, 1]);
    for (block, channels) in [vec![a], vec![b], vec![c, c], vec![d, d]].into_iter().enumerate() {
        for (i, channels) in channels.into_iter().enumerate() {
            let name = |layer: &str| format!("{layer}{}{}", block + 1, ['a', 'b'][i]);
            net = net
                .with(&name("conv"), LayerSpec::conv2d(channels, [3, 3]))
                .with(&name("relu"), LayerSpec::Relu);
        }
        net = net.with(&format!("pool{}", block + 1), LayerSpec::max_pool2d([2, 2]));
    }
    let net = net
        .with("flatten", LayerSpec::Flatten)
        .with("dense1", LayerSpec::linear(dense))
        .with("relu5", LayerSpec::Relu)
        .with("dense2", LayerSpec::linear(dense))
        .with("relu6", LayerSpec::Relu);
    with_head(net, Output::Values, embedding)
}

const SHORT_CHUNK: [usize; 7] = [128, 128, 256, 256, 256, 256, 512];

/// The input of both short-chunk networks: 128 mel bands x 231 frames (3.69 s at 16 kHz, FFT 512, hop 256) in dB.
fn short_chunk_input(name: &str) -> Architecture {
    Architecture::new(name, &[128, 231, 1]).with("input_norm", LayerSpec::batch_norm())
}

/// What follows the maps: the largest number of each, a dense layer with batch norm, the tags.
fn tagged(net: Architecture, units: usize, labels: usize) -> Architecture {
    let net = net
        .with("max", LayerSpec::GlobalPool(GlobalPool::Max))
        .with("dense1", LayerSpec::linear(units))
        .with("dense_norm", LayerSpec::batch_norm())
        .with("dense_relu", LayerSpec::Relu)
        .with("dropout1", LayerSpec::Dropout { rate: 0.5 });
    with_head(net, Output::AnyOf, labels)
}

/// Seven plain convolutions of 3 x 3 on a short chunk of music: 3 687 348 trainable parameters for 50 tags. The simplest of the
/// compared networks, and hard to beat.
pub fn short_chunk(labels: usize) -> Architecture {
    let mut net = short_chunk_input("short_chunk");
    for (i, channels) in SHORT_CHUNK.into_iter().enumerate() {
        let name = |layer: &str| format!("{layer}{}", i + 1);
        net = net
            .with(&name("conv"), LayerSpec::conv2d(channels, [3, 3]))
            .with(&name("norm"), LayerSpec::batch_norm())
            .with(&name("pool"), LayerSpec::max_pool2d([2, 2]))
            .with(&name("relu"), LayerSpec::Relu);
    }
    tagged(net, 512, labels)
}

/// A convolution of 3 x 3 with one zero around the map whatever the stride, as in PyTorch, and batch norm.
fn normed(name: &str, channels: usize, stride: usize) -> Named {
    let options = ConvOptions {
        stride: [stride; 2],
        padding: Padding::Explicit([[1, 1]; 2]),
        ..ConvOptions::default()
    };
    vec![
        (format!("{name}_conv"), LayerSpec::conv2d_with(channels, [3, 3], options)),
        (format!("{name}_norm"), LayerSpec::batch_norm()),
    ]
}

/// Two convolutions beside a shortcut; the first moves by `stride`.
fn residual(channels: usize, stride: usize, shortcut: Named) -> LayerSpec {
    let mut detour = normed("first", channels, stride);
    detour.push(("first_relu".into(), LayerSpec::Relu));
    detour.extend(normed("second", channels, 1));
    let branches = vec![("detour".into(), detour), ("shortcut".into(), shortcut)];
    LayerSpec::Parallel { join: Join::Add, branches }
}

/// The same with residual blocks that halve the map by their stride: 12 104 244 trainable parameters for 50 tags.
pub fn short_chunk_res(labels: usize) -> Architecture {
    let mut net = short_chunk_input("short_chunk_res");
    for (i, channels) in SHORT_CHUNK.into_iter().enumerate() {
        net = net
            .with(&format!("block{}", i + 1), residual(channels, 2, normed("third", channels, 2)))
            .with(&format!("relu{}", i + 1), LayerSpec::Relu);
    }
    tagged(net, 512, labels)
}

/// The harmonic CNN without its front end: the input is 128 bands (half semitones from C1) x 313 frames (5 s at 16 kHz, FFT 512, hop
/// 256) x 6 harmonics, in dB, where channel n has the energy around (n + 1) times each band's frequency. 3 631 550 trainable
/// parameters for 50 tags; the paper has one more, the learnt quality Q of the filters that make this input.
pub fn harmonic_cnn(labels: usize) -> Architecture {
    let mut net = Architecture::new("harmonic_cnn", &[128, 313, 6])
        .with("input_norm", LayerSpec::batch_norm());
    let convolution = |net: Architecture, i: usize, channels: usize| {
        let name = |layer: &str| format!("{layer}{i}");
        net.with(&name("conv"), LayerSpec::conv2d(channels, [3, 3]))
            .with(&name("norm"), LayerSpec::batch_norm())
            .with(&name("pool"), LayerSpec::max_pool2d([2, 2]))
            .with(&name("relu"), LayerSpec::Relu)
    };
    let block = |net: Architecture, i: usize, channels: usize, window: [usize; 2]| {
        let name = |layer: &str| format!("{layer}{i}");
        net.with(&name("block"), residual(channels, 1, Named::new()))
            .with(&name("pool"), LayerSpec::max_pool2d(window))
            .with(&name("relu"), LayerSpec::Relu)
    };
    net = convolution(net, 1, 128);
    for i in 2..=4 {
        net = block(net, i, 128, [2, 2]);
    }
    net = convolution(net, 5, 256);
    for i in 6..=7 {
        net = block(net, i, 256, [2, 3]);
    }
    tagged(net, 256, labels)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_follow_from_the_published_code() {
        let nets = [
            (vggish(), 72_141_184),
            (short_chunk(50), 3_687_348),
            (short_chunk_res(50), 12_104_244),
            // The front end's Q is not part of it.
            (harmonic_cnn(50), 3_631_551 - 1),
        ];
        for (net, trainable) in nets {
            assert_eq!(net.summary().unwrap().trainable(), trainable, "{}", net.name);
        }
    }

    #[test]
    fn maps_have_the_published_sizes() {
        let output = |net: Architecture, name: &str| {
            let rows = net.summary().unwrap().rows;
            rows.into_iter().find(|row| row.name == name).unwrap().output
        };
        assert_eq!(output(vggish(), "pool4"), [4, 6, 512]);
        assert_eq!(output(vggish_s(), "output"), [64]);
        assert_eq!(output(short_chunk(50), "pool7"), [1, 1, 512]);
        assert_eq!(output(short_chunk_res(50), "block7"), [1, 2, 512]);
        assert_eq!(output(harmonic_cnn(50), "pool7"), [1, 1, 256]);
    }
}
