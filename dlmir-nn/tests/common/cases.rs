//! Golden cases of operations: inputs, output and gradients, see `tools/golden/torch_ops.py`.

use std::collections::BTreeMap;

use dlmir_nn::{At, Op, Pool, Tensor};

/// The tensors of each case of a fixture: lines `CASE.TENSOR SHAPE number number ...`.
pub struct Cases {
    cases: BTreeMap<String, BTreeMap<String, Tensor>>,
}

impl Cases {
    /// Reads `tests/golden/PATH`.
    pub fn read(path: &str) -> Cases {
        let path = format!("{}/tests/golden/{path}", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e}"));
        let mut cases: BTreeMap<String, BTreeMap<String, Tensor>> = BTreeMap::new();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let mut words = line.split(' ');
            let name = words.next().and_then(|name| name.rsplit_once('.'));
            let (case, tensor) = name.expect("a line begins with CASE.TENSOR");
            let shape: Vec<usize> = match words.next().expect("a shape follows") {
                "-" => Vec::new(),
                axes => axes.split(',').map(|axis| axis.parse().expect("an axis")).collect(),
            };
            let tensors = cases.entry(case.to_string()).or_default();
            let numbers = words.map(|word| word.parse().expect("a number")).collect();
            tensors.insert(tensor.to_string(), Tensor::from_vec(&shape, numbers));
        }
        Cases { cases }
    }

    /// Takes a case out and compares the operation with it: y for x0, x1, ... and, for g = dL/dy, those gradients d0, d1, ...
    /// that the case has. `tolerance` is relative to a number or to 1, whichever is larger.
    pub fn check<const N: usize, O: Op<N>>(&mut self, case: &str, op: O, tolerance: f32) {
        let case_tensors = self.cases.remove(case);
        let tensors = case_tensors.unwrap_or_else(|| panic!("there is no case `{case}`"));
        let inputs = std::array::from_fn(|i| &tensors[&format!("x{i}")]);
        let wanted: [_; N] = std::array::from_fn(|i| tensors.get(&format!("d{i}")));
        assert!(!tensors.contains_key(&format!("x{N}")), "{case} has more than {N} inputs");
        let mut pool = Pool::poisoned();
        let (y, saved) = op.forward(inputs, &mut pool);
        close(&format!("{case}.y"), &y, &tensors["y"], tolerance);
        let at = At { inputs, output: &y, saved, needs: wanted.map(|d| d.is_some()) };
        let grads = op.backward(at, tensors["g"].clone(), &mut pool);
        for (i, wanted) in wanted.into_iter().enumerate() {
            if let Some(wanted) = wanted {
                let grad = grads[i].as_ref().unwrap_or_else(|| panic!("{case} has no d{i}"));
                close(&format!("{case}.d{i}"), grad, wanted, tolerance);
            }
        }
    }

    /// Takes a case out, for a comparison of another kind.
    #[allow(dead_code, reason = "not every test has such cases")]
    pub fn take(&mut self, case: &str) -> BTreeMap<String, Tensor> {
        self.cases.remove(case).unwrap_or_else(|| panic!("there is no case `{case}`"))
    }

    /// Fails if a case of the fixture was not compared.
    pub fn finish(self) {
        assert!(self.cases.is_empty(), "not compared: {:?}", self.cases.keys());
    }
}

/// Every number is within `tolerance` of the wanted one, relative to it or to 1, whichever is larger.
pub fn close(what: &str, got: &Tensor, want: &Tensor, tolerance: f32) {
    assert_eq!(got.shape(), want.shape(), "{what}");
    for (i, (got, want)) in got.as_slice().iter().zip(want.as_slice()).enumerate() {
        let error = (got - want).abs() / want.abs().max(1.0);
        assert!(error <= tolerance, "{what}: element {i} is {got} instead of {want}");
    }
}
