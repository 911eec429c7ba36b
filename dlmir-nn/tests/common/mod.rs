//! Reading fixtures.

use std::collections::HashMap;

use dlmir_nn::Tensor;

/// The lines of a fixture, `key number number ...`, several under one key in their order.
pub fn fixture(name: &str) -> HashMap<String, Vec<Vec<f64>>> {
    let path = format!("{}/tests/golden/optim/{name}.txt", env!("CARGO_MANIFEST_DIR"));
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
