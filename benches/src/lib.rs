//! What is measured and how: the workloads that are compared with other toolkits, time and memory.
//!
//! `cargo bench -p dlmir-benches` times single kernels, each form of them side by side (criterion; the files in
//! `benches/`). The program `workloads` times whole pieces of work, and `BENCHMARKS.md` sets its figures beside those of
//! the peers.

pub mod memory;
pub mod networks;
pub mod time;
pub mod workloads;

/// `len` numbers between -1 and 1, the same on each run.
pub fn noise(len: usize) -> Vec<f32> {
    let mut rng = dlmir_nn::Rng::new(1, 0);
    (0..len).map(|_| rng.uniform_in(-1.0, 1.0)).collect()
}
