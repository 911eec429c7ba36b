//! Onset detection, part by part: 10 s at 44.1 kHz, 200 frames a second, 140 bands; and scoring 10 000 onsets.
//!
//! `cargo bench -p dlmir-benches --bench onsets`.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use dlmir_audio::{OnsetDetector, OnsetMethod, Signal, complex_flux, spectral_flux, superflux};
use dlmir_benches::{noise, workloads};

const RATE: u32 = 44_100;
const SECONDS: usize = 10;

fn detection(c: &mut Criterion) {
    let signal = Signal::new(noise(RATE as usize * SECONDS), RATE);
    let detector = OnsetDetector::new(OnsetMethod::SuperFlux, RATE).expect("settings in range");
    let mut spectrogram = detector.front_end().compute(&signal);
    let exact = spectrogram.mapv(f64::from);
    let activation = detector.activation(&signal);

    let mut group = c.benchmark_group("onsets_10s");
    group.bench_function("spectrogram", |b| {
        b.iter(|| detector.front_end().compute_into(&signal, &mut spectrogram));
    });
    group.bench_function("superflux/reference", |b| {
        b.iter(|| black_box(dlmir_audio::spectral_flux::reference(exact.view(), 2, 3)));
    });
    group.bench_function("superflux/rows", |b| {
        b.iter(|| black_box(superflux(spectrogram.view(), 2, 3)));
    });
    group.bench_function("spectral_flux/rows", |b| {
        b.iter(|| black_box(spectral_flux(spectrogram.view(), 2)));
    });
    group.bench_function("complex_flux, all", |b| {
        b.iter(|| black_box(complex_flux(detector.front_end(), &signal, 2)));
    });
    group.bench_function("peaks", |b| b.iter(|| black_box(detector.picker().pick(&activation))));
    group.finish();
}

fn scoring(c: &mut Criterion) {
    let mut step = workloads::build("onset_f_10k").expect("a workload that exists");
    c.bench_function("onset_f_10k", |b| b.iter(&mut step));
}

criterion_group!(benches, detection, scoring);
criterion_main!(benches);
