//! The cards of all networks.
//!
//! Figures are those of the sources named beside them; none was measured here. What is only known by hearsay is left out.

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
    sample_rate_hz: Some(44_100),
    segments: "80 frames, several a file",
    spectrum: "80 mel bands; FFT and hop are not in the public material",
    scaling: "log10",
    normalization: "each band by its mean and deviation over the training items",
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

const LIDY_MIREX: &str = "Lidy, Schindler: Parallel convolutional neural networks for music genre and mood classification, MIREX 2016";
const SCHINDLER_FMT: &str = "Schindler, Lidy, Rauber: Comparing shallow versus deep neural network architectures for automatic music genre classification, FMT 2016";
const PONS_CBMI: &str = "Pons, Lidy, Serra: Experimenting with musically motivated convolutional neural networks, CBMI 2016";
const CHOI_2016: &str = "Choi, Fazekas, Sandler: Automatic tagging using deep convolutional neural networks, ISMIR 2016";
const WON_2020: &str = "Won, Ferraro, Bogdanov, Serra: Evaluation of CNN-based automatic music tagging models, SMC 2020";
const MLPRAGUE: &str = "Schindler, Lidy, Böck: tutorial at Machine Learning Prague 2018";
const ISMIR_2018: &str = "Schindler, Lidy, Böck: Deep learning for MIR, tutorial at ISMIR 2018";
const PONS_CODE: &str = "github.com/jordipons/musicnn-training";
const NOT_REPORTED: &[Reported] = &[];

/// The cards of all networks, in the order of the course.
pub fn cards() -> &'static [ModelCard] {
    CARDS
}

/// The card of this name.
pub fn card(id: &str) -> Option<&'static ModelCard> {
    CARDS.iter().find(|card| card.id == id)
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

static CARDS: &[ModelCard] = &[
    card!(
        "mlp_basic",
        MLPRAGUE,
        2018,
        &["speech"],
        SPEECH,
        mlp_basic,
        [1_902_081; 2],
        Origin::Published(KERAS_TUTORIAL),
        &[1],
        "binary cross-entropy, SGD, learning rate 0.05, mini-batches of 24, 50 epochs",
        NOT_REPORTED,
        "The tutorial standardises all bands by one mean and deviation.",
    ),
    card!(
        "cnn_1layer",
        ISMIR_2018,
        2018,
        &["speech"],
        ISMIR,
        cnn_1layer,
        [6_230_689; 2],
        Origin::Published(ISMIR_TUTORIAL),
        &[1],
        SGD_TUTORIAL,
        &[alone(
            "MagnaTagATune, instrumental or vocal",
            "1680 clips, one random split 75/25",
            "accuracy",
            0.812,
            "ISMIR 2018 tutorial"
        )],
        "No activation after the convolution. The majority class alone gives 0.75; clips of one track lie on both sides.",
    ),
    card!(
        "cnn_2layer",
        ISMIR_2018,
        2018,
        &["speech"],
        ISMIR,
        cnn_2layer,
        [1_330_097; 2],
        Origin::Published(ISMIR_TUTORIAL),
        &[1],
        SGD_TUTORIAL,
        &[alone(
            "MagnaTagATune, instrumental or vocal",
            "1680 clips, one random split 75/25",
            "accuracy",
            0.776,
            "ISMIR 2018 tutorial"
        )],
        "No activation but max-pooling. The majority class alone gives 0.75.",
    ),
    card!(
        "cnn_2layer_music_speech",
        MLPRAGUE,
        2018,
        &["speech"],
        SPEECH,
        cnn_2layer_music_speech,
        [1_189_729; 2],
        Origin::Published(KERAS_TUTORIAL),
        &[1],
        SGD_TUTORIAL,
        &[alone(
            "GTZAN music/speech",
            "96 files for training, 32 for test",
            "accuracy",
            0.719,
            "Machine Learning Prague 2018 tutorial"
        )],
        "",
    ),
    card!(
        "mirex2015_cnn",
        "Lidy: MIREX 2015 music/speech classification",
        2015,
        &["speech"],
        SPEECH,
        mirex2015_cnn,
        [3_067_856; 2],
        Origin::Counted,
        &[1],
        "sigmoids, dropout 0.5; 15 segments a file",
        &[alone(
            "MIREX 2015 music/speech, hidden",
            "MIREX",
            "accuracy",
            0.9973,
            "the authors' MIREX 2016 report"
        )],
        "On 96 segments of GTZAN the tutorial got 0.719: what more data does.",
    ),
    card!(
        "parallel_simple",
        MLPRAGUE,
        2018,
        &["speech"],
        SPEECH,
        parallel_simple,
        [13_587_038; 2],
        Origin::Published(KERAS_TUTORIAL),
        &[1],
        SGD_TUTORIAL,
        &[alone(
            "GTZAN music/speech",
            "96 files for training, 32 for test",
            "accuracy",
            0.75,
            "Machine Learning Prague 2018 tutorial"
        )],
        "Right on all training items: an exhibit of overfitting.",
    ),
    card!(
        "compact_cnn",
        "Choi, Fazekas, Sandler, Cho: Transfer learning for music classification and regression tasks, ISMIR 2017; adapted by Lidy",
        2018,
        &["genre", "mood"],
        ISMIR_INSIDE,
        || compact_cnn(&CompactCnn::default()),
        [107_016, 106_536],
        Origin::Published(ISMIR_TUTORIAL),
        &[8],
        "cross-entropy, Adam, learning rate 0.003 / (1 + 0.01 updates), epsilon 1e-7, mini-batches of 32, 10 epochs",
        &[alone(
            "MagnaTagATune, 8 genres",
            "1998 clips, one random split 75/25",
            "accuracy",
            0.788,
            "ISMIR 2018 tutorial"
        )],
        "Batch norm in PyTorch's convention instead of Keras's. The majority class alone gives 0.50; clips of one track lie on both sides.",
    ),
    card!(
        "lidy_schindler_2016_m1",
        LIDY_MIREX,
        2016,
        &["genre", "mood"],
        MIREX,
        || lidy_schindler_2016_m1(10),
        [563_840; 2],
        Origin::Counted,
        &[10],
        SGD_MIREX,
        NOT_REPORTED,
        "",
    ),
    card!(
        "lidy_schindler_2016_m2",
        LIDY_MIREX,
        2016,
        &["genre", "mood"],
        MIREX,
        || lidy_schindler_2016_m2(10),
        [1_371_530; 2],
        Origin::Counted,
        &[10],
        SGD_MIREX,
        NOT_REPORTED,
        "Output sizes printed in the report belong to the input of lidy_schindler_2016_cqt.",
    ),
    card!(
        "lidy_schindler_2016_m3",
        LIDY_MIREX,
        2016,
        &["genre", "mood"],
        MIREX,
        || lidy_schindler_2016_m3(10),
        [946_070; 2],
        Origin::Counted,
        &[10],
        SGD_MIREX,
        NOT_REPORTED,
        "",
    ),
    card!(
        "lidy_schindler_2016_cqt",
        "Lidy, Schindler: CQT-based convolutional neural networks for audio scene classification and domestic audio tagging, DCASE 2016",
        2016,
        &["scenes"],
        InputContract {
            sample_rate_hz: Some(44_100),
            segments: "82 frames = 0.94 s, 31 in 30 s",
            spectrum: "constant-Q, 12 bins an octave, 80 from C1, hop 512",
            scaling: "log10",
            normalization: "not stated",
        },
        || lidy_schindler_2016_cqt(15),
        [4_126_223; 2],
        Origin::Counted,
        &[15],
        SGD_MIREX,
        &[alone(
            "DCASE 2016 task 1, development",
            "4 folds, sum of probabilities a file",
            "accuracy",
            0.8025,
            "the authors' poster"
        )],
        "Activation, optimiser and epochs are those of the MIREX networks.",
    ),
    card!(
        "schindler_2016_shallow",
        SCHINDLER_FMT,
        2016,
        &["genre"],
        EIGHTY,
        || schindler_2016_shallow(10),
        [2_060_642; 2],
        Origin::Counted,
        &[10],
        "cross-entropy, 100 or 200 epochs",
        &[alone(
            "GTZAN genre",
            "cross-validation, artists on both sides, faulty files kept",
            "accuracy",
            0.808,
            "the authors' slides, 200 epochs"
        )],
        "The activation of the dense layer is that of the deep network.",
    ),
    card!(
        "schindler_2016_deep",
        SCHINDLER_FMT,
        2016,
        &["genre"],
        EIGHTY,
        || schindler_2016_deep(10),
        [1_280_002; 2],
        Origin::Counted,
        &[10],
        "cross-entropy, 100 or 200 epochs",
        &[alone(
            "GTZAN genre",
            "cross-validation, artists on both sides, faulty files kept",
            "accuracy",
            0.806,
            "the authors' slides, 200 epochs"
        )],
        "Deeper than the shallow network, with fewer weights.",
    ),
    card!(
        "multires_parallel",
        "after Schindler, Lidy, Rauber: Multi-temporal resolution convolutional neural networks, arXiv:1811.04419",
        2018,
        &["scenes", "genre"],
        InputContract {
            segments: "the same 80 frames at several hops, one resolution a channel",
            ..EIGHTY
        },
        || multires_parallel(3, 10),
        [6_177_506; 2],
        Origin::Ours,
        &[10],
        "cross-entropy",
        NOT_REPORTED,
        "The idea is the paper's, all sizes are ours; three resolutions.",
    ),
    card!(
        "pons_2016_blackbox",
        PONS_CBMI,
        2016,
        &["genre"],
        BALLROOM,
        || pons_2016_blackbox(8),
        [3_275_312; 2],
        Origin::Counted,
        &[8],
        SGD_PONS,
        NOT_REPORTED,
        "",
    ),
    card!(
        "pons_2016_time",
        PONS_CBMI,
        2016,
        &["genre"],
        BALLROOM,
        || pons_2016_time(8),
        [7_336; 2],
        Origin::Counted,
        &[8],
        SGD_PONS,
        NOT_REPORTED,
        "Ballroom dances differ in tempo, which is all that it needs to hear.",
    ),
    card!(
        "pons_2016_frequency",
        PONS_CBMI,
        2016,
        &["genre"],
        BALLROOM,
        || pons_2016_frequency(8),
        [3_368; 2],
        Origin::Counted,
        &[8],
        SGD_PONS,
        NOT_REPORTED,
        "",
    ),
    card!(
        "pons_2016_timefreq",
        PONS_CBMI,
        2016,
        &["genre"],
        BALLROOM,
        || pons_2016_timefreq(8),
        [196_816; 2],
        Origin::Counted,
        &[8],
        SGD_PONS,
        NOT_REPORTED,
        "Best started from the weights of the time and frequency networks.",
    ),
    card!(
        "lenet_s",
        "after LeCun, Bottou, Bengio, Haffner: Gradient-based learning applied to document recognition, 1998",
        1998,
        &["vision", "genre"],
        EIGHTY,
        || lenet_s(10),
        [568_586; 2],
        Origin::Ours,
        &[10],
        VISION,
        NOT_REPORTED,
        "",
    ),
    card!(
        "alexnet_s",
        "after Krizhevsky, Sutskever, Hinton: ImageNet classification with deep convolutional neural networks, 2012",
        2012,
        &["vision", "genre"],
        EIGHTY,
        || alexnet_s(10),
        [577_418; 2],
        Origin::Ours,
        &[10],
        VISION,
        NOT_REPORTED,
        "Without local response normalisation and groups.",
    ),
    card!(
        "vgg_s",
        "after Simonyan, Zisserman: Very deep convolutional networks, arXiv:1409.1556",
        2014,
        &["vision", "genre"],
        EIGHTY,
        || vgg_s(10),
        [1_242_922, 1_241_002],
        Origin::Ours,
        &[10],
        VISION,
        NOT_REPORTED,
        "With batch norm and a global mean.",
    ),
    card!(
        "inception_s",
        "after Szegedy and others: Going deeper with convolutions, arXiv:1409.4842",
        2014,
        &["vision", "genre"],
        EIGHTY,
        || inception_s(10),
        [179_930, 178_010],
        Origin::Ours,
        &[10],
        VISION,
        NOT_REPORTED,
        "With batch norm, without auxiliary classifiers.",
    ),
    card!(
        "resnet20",
        "He, Zhang, Ren, Sun: Deep residual learning for image recognition, arXiv:1512.03385",
        2016,
        &["vision", "genre"],
        EIGHTY,
        || resnet20(Shortcut::Zeros, 10),
        [270_810, 269_434],
        Origin::Counted,
        &[10],
        VISION,
        NOT_REPORTED,
        "Where a stride of 2 meets an even map, the zero stands at its end, as in Keras.",
    ),
    card!(
        "dieleman_2014",
        "Dieleman, Schrauwen: End-to-end learning for music audio, ICASSP 2014",
        2014,
        &["tagging"],
        PATCH,
        || dieleman_2014(50),
        [66_786, 66_784],
        Origin::Published(PONS_CODE),
        &[50],
        PONS_ADAM,
        &[magnatagatune("ROC-AUC", 0.8861), magnatagatune("PR-AUC", 0.3413)],
        "Sizes and training are those of Pons's replica.",
    ),
    card!(
        "choi_fcn3",
        CHOI_2016,
        2016,
        &["tagging"],
        CLIP,
        || choi_fcn3(50),
        [16_045_362, 16_039_218],
        Origin::Ours,
        &[50],
        "binary cross-entropy, Adam",
        &[alone("MagnaTagATune, 50 tags", "the paper's", "ROC-AUC", 0.852, "the authors' slides")],
        "Widths and pools are ours.",
    ),
    card!(
        "choi_fcn4",
        CHOI_2016,
        2016,
        &["tagging"],
        CLIP,
        || choi_fcn4(50),
        [17_372_594, 17_365_938],
        Origin::Counted,
        &[50],
        "binary cross-entropy, Adam",
        &[alone("MagnaTagATune, 50 tags", "the paper's", "ROC-AUC", 0.894, "the authors' slides")],
        "All widths but the last are not checked against the paper.",
    ),
    card!(
        "choi_fcn5",
        CHOI_2016,
        2016,
        &["tagging"],
        CLIP,
        || choi_fcn5(50),
        [25_190_962, 25_183_026],
        Origin::Counted,
        &[50],
        "binary cross-entropy, Adam",
        &[alone("MagnaTagATune, 50 tags", "the paper's", "ROC-AUC", 0.890, "the authors' slides")],
        "Widths are not checked against the paper.",
    ),
    card!(
        "choi_fcn6",
        CHOI_2016,
        2016,
        &["tagging"],
        CLIP,
        || choi_fcn6(50),
        [29_395_506, 29_383_474],
        Origin::Ours,
        &[50],
        "binary cross-entropy, Adam",
        NOT_REPORTED,
        "Of the paper is only the depth.",
    ),
    card!(
        "choi_fcn7",
        CHOI_2016,
        2016,
        &["tagging"],
        CLIP,
        || choi_fcn7(50),
        [33_600_050, 33_583_922],
        Origin::Ours,
        &[50],
        "binary cross-entropy, Adam",
        NOT_REPORTED,
        "Of the paper is only the depth.",
    ),
    card!(
        "choi_tagger",
        CHOI_2016,
        2016,
        &["tagging"],
        CLIP,
        || choi_tagger(50),
        [449_138, 447_922],
        Origin::Counted,
        &[50],
        "binary cross-entropy, Adam",
        &[alone(
            "Million Song Dataset, 50 tags",
            "the authors' split",
            "ROC-AUC",
            0.8654,
            "README of music-auto_tagging-keras"
        )],
        "Its README counts 865 950, which are those of older weights.",
    ),
    card!(
        "choi_compact",
        "Choi, Fazekas, Sandler, Cho: Transfer learning for music classification and regression tasks, ISMIR 2017",
        2017,
        &["tagging", "transfer"],
        CLIP,
        || choi_compact(50),
        [39_602, 39_282],
        Origin::Counted,
        &[50],
        "binary cross-entropy, Adam, learning rate 0.005",
        NOT_REPORTED,
        "The means of its five blocks' outputs are 160 features of a piece.",
    ),
    card!(
        "sample_cnn",
        "Lee, Park, Kim, Nam: Sample-level deep convolutional neural networks for music auto-tagging, arXiv:1703.01789",
        2017,
        &["tagging"],
        InputContract {
            sample_rate_hz: Some(22_050),
            segments: "59 049 samples = 2.68 s, side by side; the mean is a clip's answer",
            spectrum: "none",
            scaling: "none",
            normalization: "none",
        },
        || sample_cnn(50),
        [1_875_762, 1_869_874],
        Origin::Counted,
        &[50],
        "binary cross-entropy, SGD with Nesterov momentum 0.9, learning rate 0.01 divided by 5 four times, each time from the best weights, mini-batches of 23",
        NOT_REPORTED,
        "",
    ),
    card!(
        "vgg_pons",
        "Pons, Serra: musicnn, arXiv:1909.06654",
        2019,
        &["tagging"],
        PATCH,
        || vgg_pons(128, 50),
        [607_030, 605_748],
        Origin::Published(PONS_CODE),
        &[50],
        PONS_ADAM,
        &[magnatagatune("ROC-AUC", 0.9026), magnatagatune("PR-AUC", 0.3819)],
        "",
    ),
    card!(
        "musicnn",
        "Pons, Serra: musicnn: pre-trained convolutional neural networks for music audio tagging, arXiv:1909.06654",
        2019,
        &["tagging"],
        PATCH,
        || musicnn(50),
        [791_567, 786_903],
        Origin::Counted,
        &[50],
        PONS_ADAM,
        &[magnatagatune("ROC-AUC", 0.9069), magnatagatune("PR-AUC", 0.3844)],
        "The paper's code has 787 159: 256 belong to two batch norms whose outputs are not used.",
    ),
    card!(
        "musicnn_big",
        "Pons, Serra: musicnn: pre-trained convolutional neural networks for music audio tagging, arXiv:1909.06654",
        2019,
        &["tagging"],
        PATCH,
        || musicnn_big(50),
        [7_989_723, 7_978_187],
        Origin::Counted,
        &[50],
        PONS_ADAM,
        &[alone(
            "Million Song Dataset, 50 tags",
            "201 680 / 11 774 / 28 435 tracks, artists on both sides",
            "ROC-AUC",
            0.8841,
            PONS_CODE
        )],
        "The paper's code has 7 980 235: 2048 belong to two batch norms whose outputs are not used.",
    ),
    card!(
        "vggish",
        "Hershey and others: CNN architectures for large-scale audio classification, arXiv:1609.09430",
        2017,
        &["embedding"],
        InputContract {
            sample_rate_hz: Some(16_000),
            segments: "96 frames = 0.96 s side by side",
            spectrum: "window 25 ms, hop 10 ms, 64 mel bands, 125 to 7500 Hz",
            scaling: "ln(x + 0.01)",
            normalization: "none",
        },
        vggish,
        [72_141_184; 2],
        Origin::Counted,
        &[128],
        "Adam, learning rate 1e-4, epsilon 1e-8; weights start normal with deviation 0.01",
        &[alone(
            "GTZAN genre, fault-filtered",
            "443/197/290 files; PCA to 128 and an SVM on embeddings",
            "accuracy",
            0.7758,
            "github.com/jordipons/sklearn-audio-transfer-learning"
        )],
        "Too large to be trained here.",
    ),
    card!(
        "vggish_s",
        "after Hershey and others, arXiv:1609.09430",
        2017,
        &["embedding"],
        InputContract {
            sample_rate_hz: Some(16_000),
            segments: "96 frames = 0.96 s side by side",
            spectrum: "window 25 ms, hop 10 ms, 64 mel bands, 125 to 7500 Hz",
            scaling: "ln(x + 0.01)",
            normalization: "none",
        },
        vggish_s,
        [546_272; 2],
        Origin::Ours,
        &[64],
        "ours: Adam, learning rate 1e-4",
        NOT_REPORTED,
        "An eighth of VGGish's channels.",
    ),
    card!(
        "short_chunk",
        WON_2020,
        2020,
        &["tagging"],
        CHUNK,
        || short_chunk(50),
        [3_691_958, 3_687_348],
        Origin::Counted,
        &[50],
        WON,
        NOT_REPORTED,
        "",
    ),
    card!(
        "short_chunk_res",
        WON_2020,
        2020,
        &["tagging"],
        CHUNK,
        || short_chunk_res(50),
        [12_116_022, 12_104_244],
        Origin::Counted,
        &[50],
        WON,
        &[
            alone(
                "MagnaTagATune, 50 tags",
                "clips with a tag and 29.1 s: 15 244/1529/4332",
                "ROC-AUC",
                0.9129,
                "paperswithcode, arXiv:2006.00751"
            ),
            alone(
                "MagnaTagATune, 50 tags",
                "clips with a tag and 29.1 s: 15 244/1529/4332",
                "PR-AUC",
                0.4614,
                "paperswithcode, arXiv:2006.00751"
            ),
        ],
        "PR-AUC of this protocol is higher than that of all clips for any network.",
    ),
    card!(
        "harmonic_cnn",
        "Won, Chun, Nieto, Serra: Data-driven harmonic filters for audio representation learning, ICASSP 2020",
        2020,
        &["tagging"],
        InputContract {
            sample_rate_hz: Some(16_000),
            segments: "80 000 samples = 5 s",
            spectrum: "FFT 512, hop 256, power; 128 triangular filters, 24 an octave from C1, at 6 harmonics",
            scaling: "dB",
            normalization: "batch norm within the network",
        },
        || harmonic_cnn(50),
        [3_636_426, 3_631_550],
        Origin::Counted,
        &[50],
        WON,
        NOT_REPORTED,
        "Without the learnt quality Q of the filters, which are to be computed before.",
    ),
    card!(
        "siamese_parallel",
        ISMIR_2018,
        2018,
        &["similarity"],
        ISMIR_INSIDE,
        siamese_parallel,
        [663_172, 663_106],
        Origin::Published(ISMIR_TUTORIAL),
        &[256],
        "contrastive loss, margin 1, Adam, learning rate 1e-4 / (1 + 0.001 updates), mini-batches of 64, 10 epochs; L2 penalty 1e-4 on the convolutions, unit-norm constraint on the dense layer",
        NOT_REPORTED,
        "Both branches see the same noise. The tutorial judged by listening only.",
    ),
    card!(
        "triplet_parallel",
        "ours, after the ISMIR 2018 tutorial's siamese network",
        2018,
        &["similarity"],
        ISMIR_INSIDE,
        triplet_parallel,
        [335_364, 335_298],
        Origin::Ours,
        &[128],
        "ours: triplet loss, margin 0.2 on squared distances",
        NOT_REPORTED,
        "",
    ),
    card!(
        "dimsim_triplet",
        "McFee and others: Metric learning for MIR, tutorial at ISMIR 2020",
        2020,
        &["similarity"],
        InputContract {
            sample_rate_hz: None,
            segments: "130 frames",
            spectrum: "128 mel bands",
            scaling: "log",
            normalization: "(x - 0.20) / 0.25",
        },
        dimsim_triplet,
        [75_008, 74_496],
        Origin::Published("github.com/bmcfee/ismir2020-metric-learning"),
        &[64],
        "triplet loss on cosines, margin 0.1, Adam, learning rate 0.001, mini-batches of 10, 20 epochs",
        &[alone(
            "dim-sim",
            "3781 training triplets",
            "triplet agreement",
            0.9,
            "github.com/bmcfee/ismir2020-metric-learning"
        )],
        "The figure is of training triplets.",
    ),
];
