//! 64-bit numbers in files of 32-bit arrays: callbacks remember losses and counts to the last digit.

use dlmir_nn::Tensor;

/// A 64-bit number as two 32-bit patterns, the higher half first.
pub(super) fn exact(x: f64) -> Tensor {
    let bits = x.to_bits();
    let halves = [(bits >> 32) as u32, bits as u32].map(f32::from_bits);
    Tensor::from_vec(&[2], halves.to_vec())
}

/// The number that [`exact`] took apart.
pub(super) fn from_exact(halves: &Tensor) -> f64 {
    let bits =
        halves.as_slice().iter().fold(0, |bits, half| bits << 32 | u64::from(half.to_bits()));
    f64::from_bits(bits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_numbers_lose_no_digit() {
        for x in [0.1, f64::INFINITY, 1.0 / 3.0, -0.0, 1e300] {
            assert_eq!(from_exact(&exact(x)).to_bits(), x.to_bits());
        }
    }
}
