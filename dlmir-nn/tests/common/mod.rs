//! Reading fixtures and comparing with them.

// Each test uses what it needs of this.
#![allow(dead_code)]

use std::collections::HashMap;

use dlmir_nn::Tensor;

/// The lines of a fixture, `key number number ...`, several under one key in their order.
pub fn fixture(name: &str) -> HashMap<String, Vec<Vec<f64>>> {
    let path = format!("{}/tests/golden/{name}.txt", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e}"));
    let mut lines: HashMap<String, Vec<Vec<f64>>> = HashMap::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let mut words = line.split_whitespace();
        let key = words.next().expect("a key").to_string();
        let numbers = words.map(|w| w.parse().expect("a number")).collect();
        lines.entry(key).or_default().push(numbers);
    }
    lines
}

/// The numbers as a tensor with one axis.
pub fn tensor(numbers: &[f64]) -> Tensor {
    Tensor::from_vec(&[numbers.len()], numbers.iter().map(|&x| x as f32).collect())
}

/// Passes if each number is within this share of the largest wanted one.
#[track_caller]
pub fn assert_near(got: impl IntoIterator<Item = f64>, wanted: &[f64], tolerance: f64) {
    let got: Vec<f64> = got.into_iter().collect();
    assert_eq!(got.len(), wanted.len());
    let size = wanted.iter().fold(0.0, |size: f64, x| size.max(x.abs()));
    for (i, (got, wanted)) in got.iter().zip(wanted).enumerate() {
        let near = (got - wanted).abs() <= tolerance * size;
        assert!(near, "number {i} is {got}, should be {wanted}");
    }
}
