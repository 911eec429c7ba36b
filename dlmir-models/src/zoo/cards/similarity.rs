//! Towers of similarity networks.

use super::*;

pub(super) const CARDS: &[ModelCard] = &[
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
