//! Functions over slices: the standard library one number at a time, and each instruction set.
//!
//! `cargo bench -p dlmir-benches --bench math`.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use dlmir_benches::noise;
use dlmir_nn::math;
use dlmir_nn::simd::{Level, available};

type OverSlices = fn(Level, &[f32], &mut [f32]);
type OfOne = fn(f32) -> f32;

/// Name, our form, the standard library's where it has one.
const FUNCTIONS: [(&str, OverSlices, Option<OfOne>); 6] = [
    ("exp", math::exp_slice_at, Some(f32::exp)),
    ("expm1", math::expm1_slice_at, Some(f32::exp_m1)),
    ("ln", math::ln_slice_at, Some(f32::ln)),
    ("tanh", math::tanh_slice_at, Some(f32::tanh)),
    ("sigmoid", math::sigmoid_slice_at, Some(|x| 1.0 / (1.0 + (-x).exp()))),
    ("erf", math::erf_slice_at, None),
];

fn functions(criterion: &mut Criterion) {
    let len = 4096;
    // -4 to 4, and positive for the logarithm.
    let spread = |name| move |x: f32| if name == "ln" { 4.0 * x.abs() + 1e-3 } else { 4.0 * x };
    let mut group = criterion.benchmark_group("math");
    group.throughput(Throughput::Elements(len as u64));
    for (name, ours, standard) in FUNCTIONS {
        let x: Vec<f32> = noise(len).into_iter().map(spread(name)).collect();
        let mut y = vec![0.0; len];
        if let Some(f) = standard {
            group.bench_function(BenchmarkId::new(name, "std"), |bencher| {
                bencher.iter(|| y.iter_mut().zip(&x).for_each(|(y, &x)| *y = f(x)));
            });
        }
        for level in available() {
            group.bench_function(BenchmarkId::new(name, format!("{level:?}")), |bencher| {
                bencher.iter(|| ours(level, &x, &mut y));
            });
        }
    }
}

criterion_group!(benches, functions);
criterion_main!(benches);
