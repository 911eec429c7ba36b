//! The cards of all networks.
//!
//! Figures are those of the sources named beside them; none was measured here. What is only known by hearsay is left out.

/// A card whose every field must be given; the order of the arguments is that of [`ModelCard`].
macro_rules! card {
    ($id:literal, $paper:expr, $year:literal, $tags:expr, $input:expr, $build:expr, $params:expr, $origin:expr,
     $output:expr, $recipe:expr, $reported:expr, $notes:expr $(,)?) => {
        ModelCard {
            id: $id,
            paper: $paper,
            year: $year,
            tags: $tags,
            input: $input,
            build: $build,
            params: $params,
            origin: $origin,
            output: $output,
            recipe: $recipe,
            reported: $reported,
            notes: $notes,
        }
    };
}

mod choi;
mod pons;
mod similarity;
mod tagging;
mod tutorial;
mod vienna;
mod vision;

use std::sync::LazyLock;

use super::card::{InputContract, ModelCard, Origin, Reported};
use super::*;

const KERAS_TUTORIAL: &str = "Machine Learning Prague 2018 tutorial, printed summary";
const ISMIR_TUTORIAL: &str = "ISMIR 2018 tutorial, printed summary";

/// 40 mel bands of short frames, music or speech.
const SPEECH: InputContract = InputContract {
    sample_rate_hz: Some(22_050),
    segments: "80 frames = 0.94 s from the middle of a file",
    spectrum: "FFT 512, hop 256, symmetric Hann window, 40 mel bands (Slaney)",
    scaling: "log10, 0 where there is no energy",
    normalization: "each band by its mean and deviation over the training items",
};

/// 80 mel bands of the ISMIR tutorial.
const ISMIR: InputContract = InputContract {
    sample_rate_hz: Some(16_000),
    segments: "80 frames = 5.12 s from the start of a clip",
    spectrum: "FFT 2048, hop 1024, 80 mel bands with equal area",
    scaling: "power in dB",
    normalization: "each band by its mean and deviation over the training items",
};

/// The same, standardised by the network.
const ISMIR_INSIDE: InputContract =
    InputContract { normalization: "batch norm within the network", ..ISMIR };

const MIREX: InputContract = InputContract {
    sample_rate_hz: Some(44_100),
    segments: "30 random segments a file, 80 frames = 2.82 s",
    spectrum: "FFT 3072 (half at 22.05 kHz), hop half of it, 40 mel bands",
    scaling: "log10; the floor is not stated",
    normalization: "not stated; the authors standardise each band elsewhere",
};

const EIGHTY: InputContract = InputContract {
    sample_rate_hz: None,
    segments: "80 frames",
    spectrum: "80 mel bands; rate, FFT and hop are not in the public material",
    scaling: "logarithm",
    normalization: "not in the public material",
};

const BALLROOM: InputContract = InputContract {
    sample_rate_hz: Some(44_100),
    segments: "80 frames = 1.86 s side by side",
    spectrum: "FFT 2048, hop 1024, Blackman-Harris window, 40 mel bands",
    scaling: "log",
    normalization: "one mean and variance for all",
};

const PATCH: InputContract = InputContract {
    sample_rate_hz: Some(16_000),
    segments: "187 frames = 3 s; one at random an epoch, side by side in use",
    spectrum: "FFT 512, hop 256, 96 mel bands, power",
    scaling: "log10(1 + 10000 x)",
    normalization: "batch norm within the network",
};

const CLIP: InputContract = InputContract {
    sample_rate_hz: Some(12_000),
    segments: "1366 frames = 29.12 s from the middle, or with zeros",
    spectrum: "FFT 512, hop 256, 96 mel bands",
    scaling: "dB",
    normalization: "batch norm within the network",
};

const CHUNK: InputContract = InputContract {
    sample_rate_hz: Some(16_000),
    segments: "59 049 samples = 3.69 s; one at random an epoch, 16 in use, whose mean is the answer",
    spectrum: "FFT 512, hop 256, centred, 128 mel bands to 8 kHz",
    scaling: "dB",
    normalization: "batch norm within the network",
};

const SGD_TUTORIAL: &str =
    "binary cross-entropy, SGD, learning rate 0.01, mini-batches of 32, 10 to 15 epochs";
const SGD_MIREX: &str = "cross-entropy, SGD, learning rate 0.02, mini-batches of 40, 150 epochs; probabilities of a file's segments added up";
const SGD_PONS: &str = "cross-entropy, SGD, learning rate 0.01, halved when the loss rises, mini-batches of 10; a file's label is its segments' majority";
const VISION: &str = "ours: cross-entropy, SGD with Nesterov momentum 0.9, learning rate 0.05 falling to 0 as a cosine, weight decay 5e-4, mini-batches of 64";
const PONS_ADAM: &str = "binary cross-entropy, Adam, learning rate 0.001, halved after 75 epochs without progress, L2 penalty 1e-5 on kernels, mini-batches of 32, up to 600 epochs";
const WON: &str = "binary cross-entropy, Adam 1e-4, weight decay 1e-4, mini-batches of 16, 200 epochs, later SGD with Nesterov momentum from the best weights";

/// A figure on a split that shares artists, or of other data than its neighbours': not to be compared.
const fn alone(
    data: &'static str,
    protocol: &'static str,
    metric: &'static str,
    value: f64,
    source: &'static str,
) -> Reported {
    Reported { data, protocol, metric, value, source, comparable: false }
}

/// Pons's split of MagnaTagATune.
const fn magnatagatune(metric: &'static str, value: f64) -> Reported {
    let protocol = "folders 0 to b, c, d to f; all clips";
    let source = "github.com/jordipons/musicnn-training";
    Reported { data: "MagnaTagATune, 50 tags", protocol, metric, value, source, comparable: true }
}

const LIDY_MIREX: &str = "Lidy, Schindler: Parallel convolutional neural networks for music genre and mood classification, MIREX 2016";
const SCHINDLER_FMT: &str = "Schindler, Lidy, Rauber: Comparing shallow versus deep neural network architectures for automatic music genre classification, FMT 2016";
const PONS_CBMI: &str = "Pons, Lidy, Serra: Experimenting with musically motivated convolutional neural networks, CBMI 2016";
const CHOI_2016: &str = "Choi, Fazekas, Sandler: Automatic tagging using deep convolutional neural networks, ISMIR 2016";
const WON_2020: &str = "Won, Ferraro, Bogdanov, Serra: Evaluation of CNN-based automatic music tagging models, SMC 2020";
const MLPRAGUE: &str = "Schindler, Lidy, Böck: tutorial at Machine Learning Prague 2018";
const ISMIR_2018: &str = "Schindler, Lidy, Böck: Deep learning for MIR, tutorial at ISMIR 2018";
const PONS_CODE: &str = "github.com/jordipons/musicnn-training";
const NOT_REPORTED: &[Reported] = &[];
/// Where the training could not be read in a public source.
const NOT_CHECKED: &str = "not checked against the paper";

/// The cards of all networks, in the order of the course.
pub fn cards() -> &'static [ModelCard] {
    static ALL: LazyLock<Vec<ModelCard>> = LazyLock::new(|| {
        let families = [
            tutorial::CARDS,
            vienna::CARDS,
            pons::CARDS,
            vision::CARDS,
            choi::CARDS,
            tagging::CARDS,
            similarity::CARDS,
        ];
        families.concat()
    });
    &ALL
}

/// The card of this name.
pub fn card(id: &str) -> Option<&'static ModelCard> {
    cards().iter().find(|card| card.id == id)
}

/// The network of this name, at the sizes of its card.
///
/// ```
/// let net = dlmir_models::zoo::by_name("musicnn").ok_or("no such network")?;
/// assert_eq!(net.input, [96, 187, 1]);
/// # Ok::<(), &str>(())
/// ```
pub fn by_name(id: &str) -> Option<Architecture> {
    card(id).map(|card| (card.build)())
}
