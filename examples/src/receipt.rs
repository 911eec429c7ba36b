//! A receipt for a run: equal receipts, equal results.

use hmac_sha256::Hash;

/// A SHA-256 over named arrays and numbers, in the order in which they are added.
#[derive(Clone)]
pub struct Receipt {
    hash: Hash,
}

impl Default for Receipt {
    fn default() -> Receipt {
        Receipt { hash: Hash::new() }
    }
}

impl Receipt {
    /// An empty receipt.
    pub fn new() -> Receipt {
        Receipt::default()
    }

    /// Adds an array of 32-bit numbers under a name.
    pub fn array(&mut self, name: &str, values: &[f32]) -> &mut Receipt {
        self.name(name, values.len());
        for value in values {
            self.hash.update(value.to_bits().to_le_bytes());
        }
        self
    }

    /// Adds one number under a name.
    pub fn number(&mut self, name: &str, value: f64) -> &mut Receipt {
        self.name(name, 1);
        self.hash.update(value.to_bits().to_le_bytes());
        self
    }

    /// Adds a text under a name.
    pub fn text(&mut self, name: &str, text: &str) -> &mut Receipt {
        self.name(name, text.len());
        self.hash.update(text);
        self
    }

    // The length keeps ("ab", "c") apart from ("a", "bc").
    fn name(&mut self, name: &str, len: usize) {
        self.hash.update((name.len() as u64).to_le_bytes());
        self.hash.update(name);
        self.hash.update((len as u64).to_le_bytes());
    }

    /// The receipt as 64 hexadecimal digits.
    pub fn hex(&self) -> String {
        self.hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bit_counts() {
        let hex = |name: &str, x: f32| Receipt::new().array(name, &[x, 2.0]).hex();
        assert_eq!(hex("w", 1.0), hex("w", 1.0));
        assert_eq!(hex("w", 1.0).len(), 64);
        assert_ne!(hex("w", 1.0), hex("v", 1.0));
        assert_ne!(hex("w", 0.0), hex("w", -0.0));
        let joined = |a: &str, b: &str| Receipt::new().text("x", a).text("y", b).hex();
        assert_ne!(joined("ab", "c"), joined("a", "bc"));
    }
}
