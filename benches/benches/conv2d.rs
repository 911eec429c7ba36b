//! The convolution: the definition and each instruction set, on shapes of the course's networks.
//!
//! `cargo bench -p dlmir-benches --bench conv2d`. Throughput counts a multiply-add as two operations, so Gelem/s reads as
//! GFLOP/s. A tile that the compiler no longer keeps in registers shows as a fall to a few of them.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use dlmir_benches::noise;
use dlmir_nn::ops::conv2d::reference;
use dlmir_nn::ops::{Conv2dGeometry, Conv2dOp};
use dlmir_nn::simd::available;
use dlmir_nn::{Padding, Pool, Tensor};

/// A name, x `[batch, freq, time, in]` and the weight `[kernel_h, kernel_w, in, out]`.
type Shape = (&'static str, [usize; 4], [usize; 4]);

/// The first and second block of the compact network, the tower of the similarity lessons, the onset network, and a deep layer.
const SHAPES: [Shape; 5] = [
    ("compact_1", [2, 80, 80, 1], [3, 3, 1, 32]),
    ("compact_2", [2, 40, 20, 32], [3, 3, 32, 64]),
    ("tower", [2, 80, 80, 1], [21, 11, 1, 16]),
    ("onset", [16, 15, 80, 3], [7, 3, 3, 10]),
    ("deep", [2, 24, 32, 128], [3, 3, 128, 128]),
];

fn random(shape: &[usize]) -> Tensor {
    Tensor::from_vec(shape, noise(shape.iter().product()))
}

fn one_thread(f: impl FnOnce() + Send) {
    rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("one thread").install(f);
}

fn convolutions(criterion: &mut Criterion) {
    let op = Conv2dOp::new([1, 1], Padding::Same);
    for (name, x, weight) in SHAPES {
        let geo = Conv2dGeometry::new(&x, &weight, op);
        let (x, weight, grad_y) = (random(&x), random(&weight), random(&geo.y_shape()));
        let work = 2 * geo.batch * geo.positions() * geo.taps() * geo.out_channels;
        let mut pool = Pool::new();
        let mut group = criterion.benchmark_group("conv2d_forward");
        group.throughput(Throughput::Elements(work as u64)).sample_size(20);
        group.bench_function(BenchmarkId::new("reference", name), |bencher| {
            let bias = vec![0.0; geo.out_channels];
            bencher.iter(|| reference(&geo, x.as_slice(), weight.as_slice(), &bias));
        });
        for level in available() {
            group.bench_function(BenchmarkId::new(format!("{level:?}"), name), |bencher| {
                one_thread(|| {
                    bencher.iter(|| {
                        let y = op.forward_at(level, &x, &weight, &mut pool);
                        pool.give(y);
                    });
                });
            });
        }
        group.finish();
        let mut group = criterion.benchmark_group("conv2d_backward");
        group.throughput(Throughput::Elements(2 * work as u64)).sample_size(20);
        for level in available() {
            group.bench_function(BenchmarkId::new(format!("{level:?}"), name), |bencher| {
                one_thread(|| {
                    bencher.iter(|| {
                        let grads = op.backward_at(level, [&x, &weight, &grad_y], &mut pool);
                        grads.into_iter().for_each(|grad| pool.give(grad));
                    });
                });
            });
        }
        group.finish();
    }
}

criterion_group!(benches, convolutions);
criterion_main!(benches);
