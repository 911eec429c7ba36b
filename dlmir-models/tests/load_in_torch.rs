//! Our files mean the same to PyTorch: `tools/load_in_torch.py` and this crate run the same models on the
//! same inputs. The expected outputs are PyTorch's, written by `tools/golden/load_in_torch_cases.py`.

use std::path::PathBuf;

use dlmir_models::Model;
use dlmir_nn::Tensor;
use safetensors::SafeTensors;

fn golden(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/torch").join(name)
}

fn array(bytes: &[u8], name: &str) -> Tensor {
    let tensors = SafeTensors::deserialize(bytes).expect("the cases are safetensors");
    let view = tensors.tensor(name).expect("the cases have input and output");
    let numbers = view.data().as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes));
    Tensor::from_vec(view.shape(), numbers.collect())
}

#[test]
fn pytorch_computes_what_we_compute() {
    for name in ["flattened", "pooled", "averaged", "peaked"] {
        let model = Model::load(golden(&format!("{name}.safetensors"))).unwrap();
        let cases = std::fs::read(golden(&format!("{name}.cases.safetensors"))).unwrap();
        let found = model.predict(&array(&cases, "input")).unwrap();
        let wanted = array(&cases, "output");
        assert_eq!(found.shape(), wanted.shape(), "{name}");
        for (found, wanted) in found.as_slice().iter().zip(wanted.as_slice()) {
            assert!((found - wanted).abs() <= 1e-5, "{name}: {found}, PyTorch says {wanted}");
        }
        // Items differ, so an output that ignores its input would not pass.
        let first = &wanted.as_slice()[..wanted.shape()[1]];
        assert!(wanted.as_slice().chunks(first.len()).skip(1).all(|item| item != first));
    }
}
