//! Forward passes of the zoo's networks agree with PyTorch: `tools/golden/torch_models.py` restates each by hand, and both sides make
//! their weights by the formula that stands there.

use dlmir_models::{Architecture, Model, Output, zoo};
use dlmir_nn::Tensor;

/// The p-th array of this shape: `offset + scale` times noise in -1 to 1.
fn noise(shape: &[usize], p: usize, scale: f64, offset: f64) -> Tensor {
    let value = |i: usize| {
        let x = 43758.5453 * (12.9898 * (i + 1) as f64 + 78.233 * (p + 1) as f64).sin();
        (offset + scale * (2.0 * (x - x.floor()) - 1.0)) as f32
    };
    let numbers = (0..shape.iter().product()).map(value);
    Tensor::from_vec(shape, numbers.collect())
}

/// Output numbers before the last activation, at most 12, evenly spread.
fn forward(net: Architecture) -> Vec<f64> {
    let input = [&[1], &net.input[..]].concat();
    let mut model = Model::new(net, Output::Values, &[], 1).expect("a network of the zoo");
    let ids: Vec<_> = model.params.ids().collect();
    for (p, id) in ids.into_iter().enumerate() {
        let param = model.params.get(id);
        let (name, shape) = (param.name.clone(), param.value.shape().to_vec());
        let inputs: usize = shape[..shape.len() - 1].iter().product();
        let (scale, offset) = match name.rsplit('/').next() {
            Some("weight") => ((6.0 / inputs as f64).sqrt(), 0.0),
            Some("bias" | "beta" | "mean") => (0.1, 0.0),
            Some("gamma") => (0.2, 1.0),
            Some("variance") => (0.5, 1.0),
            _ => panic!("an array that the formula does not know: {name}"),
        };
        model.params.set(id, noise(&shape, p, scale, offset));
    }
    let y = model.logits(&noise(&input, 9999, 1.0, 0.0)).expect("an input of its shape");
    let y: Vec<f64> = y.as_slice().iter().map(|&y| f64::from(y)).collect();
    y.iter().copied().step_by(y.len().div_ceil(12)).collect()
}

/// The networks of the fixture. The largest (FCN-3 to FCN-7, musicnn_big, VGGish) are left to others of their family.
fn network(name: &str) -> Option<Architecture> {
    Some(match name {
        "resnet20_projection" => zoo::resnet20(zoo::Shortcut::Projection, 10),
        "vgg_pons" => zoo::vgg_pons(32, 50),
        name => zoo::by_name(name)?,
    })
}

#[test]
fn forward_passes_are_those_of_pytorch() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/models/forward.txt");
    let text = std::fs::read_to_string(path).unwrap();
    let mut compared = 0;
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let mut words = line.split(' ');
        let name = words.next().unwrap();
        let wanted: Vec<f64> = words.map(|word| word.parse().unwrap()).collect();
        let found = forward(network(name).unwrap_or_else(|| panic!("no network `{name}`")));
        assert_eq!(found.len(), wanted.len(), "{name}");
        let size = wanted.iter().fold(0.0, |size: f64, y| size.max(y.abs()));
        for (found, wanted) in found.iter().zip(&wanted) {
            let error = (found - wanted).abs() / size;
            assert!(error < 1e-4, "{name}: {found} instead of {wanted}");
        }
        compared += 1;
    }
    assert_eq!(compared, 37);
}
