//! Criterion benchmarks and the workloads binary of dlmir.
