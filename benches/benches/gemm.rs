//! The matrix product: the definition, each instruction set, and the shapes of the lessons.
//!
//! `cargo bench -p dlmir-benches --bench gemm`. Throughput counts a multiply-add as two operations, so Gelem/s reads as
//! GFLOP/s. A tile that the compiler no longer keeps in registers shows as a fall to a few of them.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use dlmir_benches::noise;
use dlmir_nn::gemm::{
    Accumulate, MatMut, MatRef, Scratch, gemm_at, gemm_over_samples_at, reference,
};
use dlmir_nn::simd::available;

/// (m, n, k): squares; a dense layer on a batch of 128, forward and backward; one output; one input.
const SHAPES: [[usize; 3]; 8] = [
    [256, 256, 256],
    [512, 512, 512],
    [1024, 1024, 1024],
    [128, 512, 3200],
    [128, 3200, 512],
    [128, 256, 512],
    [128, 2, 256],
    [1, 512, 3200],
];

fn one_thread(f: impl FnOnce() + Send) {
    rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("one thread").install(f);
}

fn products(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("gemm");
    for [m, n, k] in SHAPES {
        let (a, b, mut c) = (noise(m * k), noise(k * n), vec![0.0; m * n]);
        let (a, b) = (MatRef::new(&a, m, k), MatRef::new(&b, k, n));
        let mut scratch = Scratch::default();
        group.throughput(Throughput::Elements(2 * (m * n * k) as u64));
        let shape = format!("{m}x{n}x{k}");
        if m * n * k <= 1 << 24 {
            group.bench_function(BenchmarkId::new("reference", &shape), |bencher| {
                bencher.iter(|| {
                    reference::gemm(a, b, MatMut::new(&mut c, m, n), Accumulate::Overwrite)
                });
            });
        }
        for level in available() {
            group.bench_function(BenchmarkId::new(format!("{level:?}"), &shape), |bencher| {
                one_thread(|| {
                    bencher.iter(|| {
                        let c = MatMut::new(&mut c, m, n);
                        gemm_at(level, a, b, c, Accumulate::Overwrite, &mut scratch);
                    });
                });
            });
        }
    }
}

/// Weight gradients of the same layers: x^T g over a batch of 128.
fn sums_over_samples(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("gemm_over_samples");
    for [k, m, n] in [[128, 3200, 512], [128, 512, 256], [128, 256, 2]] {
        let (a, b, mut c) = (noise(k * m), noise(k * n), vec![0.0; m * n]);
        let (a, b) = (MatRef::new(&a, k, m), MatRef::new(&b, k, n));
        let mut scratch = Scratch::default();
        group.throughput(Throughput::Elements(2 * (m * n * k) as u64));
        for level in available() {
            let id = BenchmarkId::new(format!("{level:?}"), format!("{m}x{n}x{k}"));
            group.bench_function(id, |bencher| {
                one_thread(|| {
                    bencher.iter(|| {
                        let c = MatMut::new(&mut c, m, n);
                        gemm_over_samples_at(
                            level,
                            a,
                            b,
                            c,
                            k,
                            Accumulate::Overwrite,
                            &mut scratch,
                        );
                    });
                });
            });
        }
    }
}

criterion_group!(benches, products, sums_over_samples);
criterion_main!(benches);
