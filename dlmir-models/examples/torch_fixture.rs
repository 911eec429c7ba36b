//! Writes the models of `tests/golden/torch/`, which among them have every layer that
//! `tools/load_in_torch.py` knows:
//!
//! ```text
//! cargo run -p dlmir-models --example torch_fixture -- DIR
//! ```
//!
//! `tools/golden/load_in_torch_cases.py` runs them in PyTorch afterwards.

use std::path::PathBuf;

use dlmir_models::{Architecture, LayerSpec, Model, ModelError, Output};
use dlmir_nn::{BatchNormOptions, GlobalPool, Init, Padding};

fn main() -> Result<(), ModelError> {
    let dir = std::env::args().nth(1).map(PathBuf::from).expect("the folder to write to");
    let conv = |channels, kernel, stride, padding, bias| LayerSpec::Conv2d {
        channels,
        kernel,
        stride,
        padding,
        dilation: [1, 1],
        bias,
        init: Init::GlorotUniform,
    };

    // Maps that are flattened: the order of bands, frames and channels matters.
    let flattened = Architecture::new("flattened", &[9, 14, 2])
        .with(
            "bands",
            LayerSpec::BatchNorm(BatchNormOptions { axis: Some(1), ..BatchNormOptions::KERAS }),
        )
        .with("conv1", conv(4, [2, 4], [1, 1], Padding::Same, true))
        .with("norm1", LayerSpec::batch_norm())
        .with("leaky1", LayerSpec::LeakyRelu { alpha: 0.3 })
        .with("pool1", LayerSpec::MaxPool2d { window: [3, 2], stride: [2, 1] })
        .with("conv2", conv(5, [3, 2], [1, 2], Padding::Explicit([[1, 0], [0, 2]]), false))
        .with("elu2", LayerSpec::Elu { alpha: 0.8 })
        .with("conv3", conv(6, [2, 3], [2, 2], Padding::Same, true))
        .with("gelu3", LayerSpec::Gelu)
        .with("drop3", LayerSpec::SpatialDropout { rate: 0.5 })
        .with("flatten", LayerSpec::Flatten)
        .with("dense1", LayerSpec::linear(12))
        .with("features", LayerSpec::batch_norm())
        .with("tanh1", LayerSpec::Tanh)
        .with("reshape", LayerSpec::Reshape { shape: vec![2, 3, 2] })
        .with("conv4", conv(3, [2, 2], [1, 1], Padding::Valid, true))
        .with("back", LayerSpec::Flatten)
        .with("noise", LayerSpec::GaussianNoise { stddev: 0.1 })
        .with("output", LayerSpec::linear(3))
        .with("probability", LayerSpec::Softmax);
    // Maps that stay maps to the end: linear and softmax work on channels.
    let pooled = Architecture::new("pooled", &[6, 7, 1])
        .with("conv1", conv(3, [3, 3], [1, 1], Padding::Valid, true))
        .with("gelu1", LayerSpec::GeluTanh)
        .with("mix", LayerSpec::linear(4))
        .with("norm1", LayerSpec::LayerNorm { epsilon: 1e-3 })
        .with("relu", LayerSpec::Relu)
        .with("rows", LayerSpec::LogSoftmax)
        .with("pool", LayerSpec::GlobalPool(GlobalPool::MeanMax))
        .with("norm2", LayerSpec::LayerNorm { epsilon: 1e-5 })
        .with("dropout", LayerSpec::Dropout { rate: 0.5 })
        .with("output", LayerSpec::linear(2))
        .with("probability", LayerSpec::Sigmoid);
    // The pools that give half of what the one above gives.
    let small = |name, pool| {
        Architecture::new(name, &[5, 4, 2])
            .with("conv1", conv(3, [2, 2], [1, 1], Padding::Same, true))
            .with("pool", LayerSpec::GlobalPool(pool))
            .with("output", LayerSpec::linear(2))
            .with("probability", LayerSpec::Sigmoid)
    };
    let (averaged, peaked) =
        (small("averaged", GlobalPool::Mean), small("peaked", GlobalPool::Max));
    let pooled = [pooled, averaged, peaked].map(|architecture| (architecture, Output::AnyOf));
    for (architecture, output) in [(flattened, Output::OneOf)].into_iter().chain(pooled) {
        let path = dir.join(format!("{}.safetensors", architecture.name));
        let mut model = Model::new(architecture, output, &[], 11)?;
        // What starts as 0 or 1 gets other numbers, which show whether they arrive.
        for id in model.params.ids() {
            let param = model.params.get_mut(id);
            let middle = match param.name.rsplit('/').next() {
                Some("bias" | "beta" | "mean") => 0.0,
                Some("gamma" | "variance") => 1.0,
                _ => continue,
            };
            let numbers = param.value.as_mut_slice();
            numbers.iter_mut().zip(1..).for_each(|(x, i)| *x = middle + 0.2 * (i as f32).sin());
        }
        model.save(&path)?;
        println!("{}\n{}", path.display(), model.summary());
    }
    Ok(())
}
