//! 64-bit numbers in files of 32-bit arrays: callbacks remember losses and counts to the last digit.

use dlmir_nn::Tensor;

use crate::train::callback::CallbackError;

/// A 64-bit number as two 32-bit patterns, the higher half first.
pub(super) fn exact(x: f64) -> Tensor {
    let bits = x.to_bits();
    let halves = [(bits >> 32) as u32, bits as u32].map(f32::from_bits);
    Tensor::from_vec(&[2], halves.to_vec())
}

/// The number of this name that [`exact`] took apart.
pub(super) fn from_exact(memory: &[(String, Tensor)], name: &str) -> Result<f64, CallbackError> {
    let found = memory.iter().find(|(other, _)| other == name);
    match found.map(|(_, halves)| halves.as_slice()) {
        Some(&[high, low]) => {
            let bits = u64::from(high.to_bits()) << 32 | u64::from(low.to_bits());
            Ok(f64::from_bits(bits))
        }
        Some(_) => Err(format!("`{name}` is no number of 64 bits").into()),
        None => Err(format!("`{name}` is missing").into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_numbers_lose_no_digit() {
        for x in [0.1, f64::INFINITY, 1.0 / 3.0, -0.0, 1e300] {
            let memory = [(String::from("x"), exact(x))];
            assert_eq!(from_exact(&memory, "x").unwrap().to_bits(), x.to_bits());
        }
        assert_eq!(from_exact(&[], "x").unwrap_err().to_string(), "`x` is missing");
        let memory = [(String::from("x"), Tensor::zeros(&[3]))];
        assert!(from_exact(&memory, "x").is_err());
    }
}
