//! The workloads: pieces of work that a user waits for, each the same as in the peers' scripts (`tools/peers/`).

use std::sync::Arc;

use dlmir_audio::{
    Cqt, CqtConfig, LogMel, LogMelConfig, OnsetDetector, OnsetMethod, Signal, Stft, StftConfig,
    resample,
};
use dlmir_eval::{ONSET_WINDOW_S, OnsetCounts};
use dlmir_nn::gemm::{Accumulate, MatMut, MatRef, Scratch, gemm};
use dlmir_nn::{
    Activation, Adam, Layer, Linear, Optimizer, Params, Pool, Rng, Tape, Tensor, Training,
};

use crate::{networks, noise};

/// One run of a workload; its buffers live from run to run.
pub type Step = Box<dyn FnMut() + Send>;

/// The names of all workloads, in the order in which they are printed. Those that [`build`] does not know yet are
/// reserved: scripts may ask for them.
pub const NAMES: [&str; 23] = [
    "mlp_train_b128",
    "compact_cnn_train_b32",
    "siamese_train_b64",
    "triplet_train_b64",
    "onset_cnn_train_b256",
    "onset_blstm_train_b8_t1000",
    "onset_blstm_infer_30s",
    "vgg_train_b8",
    "vgg_infer_b8",
    "sgemm_256",
    "sgemm_512",
    "sgemm_1024",
    "sgemm_2048",
    "logmel_30s",
    "stft_30s",
    "cqt_30s",
    "resample_44100_22050_30s",
    "tsne_1000x64",
    "tsne_5000x64",
    "onset_f_10k",
    "beat_evaluate_600",
    "superflux_30s",
    "dbn_beats_30s",
];

/// Prepares a workload, or `None` for one that does not exist yet.
pub fn build(name: &str) -> Option<Step> {
    match name {
        "mlp_train_b128" => Some(mlp_train(128)),
        "compact_cnn_train_b32" => Some(networks::compact_cnn(32)),
        "siamese_train_b64" => Some(networks::siamese(64)),
        "triplet_train_b64" => Some(networks::triplet(64)),
        "onset_cnn_train_b256" => Some(networks::onset_cnn(256)),
        "vgg_train_b8" => Some(networks::vgg_train(8)),
        "vgg_infer_b8" => Some(networks::vgg_infer(8)),
        "sgemm_256" => Some(sgemm(256)),
        "sgemm_512" => Some(sgemm(512)),
        "sgemm_1024" => Some(sgemm(1024)),
        "sgemm_2048" => Some(sgemm(2048)),
        "logmel_30s" => Some(log_mel(30)),
        "stft_30s" => Some(stft(30)),
        "cqt_30s" => Some(cqt(30)),
        "resample_44100_22050_30s" => Some(resample_half(30)),
        "onset_f_10k" => Some(onset_f(10_000)),
        "superflux_30s" => Some(super_flux(30)),
        _ => None,
    }
}

/// C = A B of n x n matrices: 2 n^3 operations.
fn sgemm(n: usize) -> Step {
    let (a, b, mut c) = (noise(n * n), noise(n * n), vec![0.0; n * n]);
    let mut scratch = Scratch::default();
    Box::new(move || {
        let (a, b) = (MatRef::new(&a, n, n), MatRef::new(&b, n, n));
        gemm(a, b, MatMut::new(&mut c, n, n), Accumulate::Overwrite, &mut scratch);
    })
}

/// A whole training step of a fully connected network, 3200 - 512 - 256 - 2 with ReLU and dropout of a fifth: forward,
/// cross-entropy, backward, Adam.
fn mlp_train(batch: usize) -> Step {
    let mut params = Params::new();
    let mut rng = Rng::new(1, 1);
    let hidden1 = Linear::new(&mut params, "hidden1", 3200, 512, &mut rng);
    let hidden2 = Linear::new(&mut params, "hidden2", 512, 256, &mut rng);
    let output = Linear::new(&mut params, "output", 256, 2, &mut rng);
    let x = Tensor::from_vec(&[batch, 3200], noise(batch * 3200));
    let classes = (0..batch).map(|i| (i % 2) as f32).collect();
    let targets = Tensor::from_vec(&[batch], classes);

    let (mut pool, mut adam) = (Pool::new(), Adam::default());
    let items: Arc<[u64]> = (0..batch as u64).collect();
    let mut epoch = 0;
    Box::new(move || {
        let training = Training { seed: 1, epoch, items: items.clone() };
        epoch += 1;
        let mut tape = Tape::train(&params, &mut pool, training);
        let input = tape.borrowed(&x);
        let h = hidden1.forward(&mut tape, input);
        let h = Activation::Relu.forward(&mut tape, h);
        let h = tape.dropout(h, 0.2);
        let h = hidden2.forward(&mut tape, h);
        let h = Activation::Relu.forward(&mut tape, h);
        let logits = output.forward(&mut tape, h);
        let targets = tape.borrowed(&targets);
        let loss = tape.cross_entropy(logits, targets);
        let grads = tape.backward(loss);
        adam.update(&mut params, &grads, 0.001);
        grads.give_back(&mut pool);
    })
}

/// The complex spectra of some seconds at 22.05 kHz: frames of 2048 samples every 512.
fn stft(seconds: usize) -> Step {
    let samples = noise(22_050 * seconds);
    let stft = Stft::new(StftConfig::new(2048, 512)).expect("settings in range");
    let mut spectra = stft.complex(&samples);
    Box::new(move || stft.complex_into(&samples, &mut spectra))
}

/// The log-mel spectrogram in decibels of some seconds at 22.05 kHz: the same frames, 80 bands.
fn log_mel(seconds: usize) -> Step {
    let signal = Signal::new(noise(22_050 * seconds), 22_050);
    let config = LogMelConfig { n_mels: 80, ..LogMelConfig::new(22_050) };
    let log_mel = LogMel::new(config).expect("settings in range");
    let mut bands = log_mel.compute(&signal);
    Box::new(move || log_mel.compute_into(&signal, &mut bands))
}

/// Complex constant-Q transform, seven octaves, of a signal of some seconds at 22.05 kHz.
fn cqt(seconds: usize) -> Step {
    let signal = Signal::new(noise(22_050 * seconds), 22_050);
    let cqt = Cqt::new(CqtConfig::new(22_050)).expect("settings in range");
    let mut notes = cqt.complex(&signal);
    Box::new(move || cqt.complex_into(&signal, &mut notes))
}

/// Half the sample rate for a signal of some seconds at 44.1 kHz.
fn resample_half(seconds: usize) -> Step {
    let signal = Signal::new(noise(44_100 * seconds), 44_100);
    Box::new(move || {
        let half = resample(&signal, 22_050).expect("22.05 kHz is a sample rate");
        std::hint::black_box(half);
    })
}

/// Onset scores of so many onsets in 50 minutes, every estimate some 30 ms off.
fn onset_f(onsets: usize) -> Step {
    let uniform = noise(2 * onsets);
    let mut reference: Vec<f64> =
        uniform[..onsets].iter().map(|&u| 1500.0 * (1.0 + f64::from(u))).collect();
    reference.sort_by(f64::total_cmp);
    // Uniform with the standard deviation of 30 ms.
    let off = uniform[onsets..].iter().map(|&u| 0.03 * 3f64.sqrt() * f64::from(u));
    let mut estimate: Vec<f64> = reference.iter().zip(off).map(|(time, off)| time + off).collect();
    estimate.sort_by(f64::total_cmp);
    Box::new(move || {
        let counts = OnsetCounts::of(&reference, &estimate, ONSET_WINDOW_S);
        std::hint::black_box(counts.scores());
    })
}

/// Onsets of some seconds at 44.1 kHz by SuperFlux, 200 frames a second: spectrogram, function and peaks.
fn super_flux(seconds: usize) -> Step {
    let signal = Signal::new(noise(44_100 * seconds), 44_100);
    let detector = OnsetDetector::new(OnsetMethod::SuperFlux, 44_100).expect("settings in range");
    Box::new(move || {
        std::hint::black_box(detector.detect(&signal));
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_runs_twice() {
        for name in [
            "mlp_train_b128",
            "compact_cnn_train_b32",
            "onset_cnn_train_b256",
            "vgg_infer_b8",
            "sgemm_256",
            "logmel_30s",
            "stft_30s",
            "cqt_30s",
            "resample_44100_22050_30s",
            "onset_f_10k",
            "superflux_30s",
        ] {
            let mut step = build(name).unwrap();
            step();
            step();
        }
    }

    #[test]
    fn names_are_unique_and_unknown_ones_are_not_built() {
        let unique: std::collections::BTreeSet<_> = NAMES.into_iter().collect();
        assert_eq!(unique.len(), NAMES.len());
        assert!(build("sgemm").is_none());
    }
}
