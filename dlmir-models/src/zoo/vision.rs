//! Well-known networks for pictures, made small for spectrograms of 80 bands x 80 frames.
//!
//! The originals are for 224 x 224 coloured pixels; the sizes here are ours, the ideas theirs. A spectrogram is no picture: its axes
//! differ in meaning, what moves up is transposed, and what overlaps adds up. How far the ideas carry all the same is the
//! question.

use dlmir_nn::ops::Margin;
use dlmir_nn::{ConvOptions, GlobalPool, Join, Padding};

use super::{conv_valid, plain_conv, with_head};
use crate::{Architecture, LayerSpec, Output};

type Named = Vec<(String, LayerSpec)>;

fn network(name: &str, layers: Named, classes: usize) -> Architecture {
    let net = Architecture::new(name, &[80, 80, 1]);
    let net = layers.into_iter().fold(net, |net, (name, layer)| net.with(&name, layer));
    with_head(net, Output::OneOf, classes)
}

/// LeNet-5 (LeCun, Bottou, Bengio, Haffner 1998), full form, with tanh and average pooling: 568 586 parameters for 10 classes.
pub fn lenet_s(classes: usize) -> Architecture {
    let net = Architecture::new("lenet_s", &[80, 80, 1])
        .with("conv1", conv_valid(6, [5, 5]))
        .with("tanh1", LayerSpec::Tanh)
        .with("pool1", LayerSpec::AvgPool2d { window: [2, 2], stride: [2, 2] })
        .with("conv2", conv_valid(16, [5, 5]))
        .with("tanh2", LayerSpec::Tanh)
        .with("pool2", LayerSpec::AvgPool2d { window: [2, 2], stride: [2, 2] })
        .with("flatten", LayerSpec::Flatten)
        .with("dense1", LayerSpec::linear(120))
        .with("tanh3", LayerSpec::Tanh)
        .with("dense2", LayerSpec::linear(84))
        .with("tanh4", LayerSpec::Tanh);
    with_head(net, Output::OneOf, classes)
}

/// AlexNet (Krizhevsky, Sutskever, Hinton 2012): five convolutions, overlapping max-pools, two dense layers with dropout. 577 418
/// parameters for 10 classes. Without the original's local response normalisation and its groups.
pub fn alexnet_s(classes: usize) -> Architecture {
    let pool = LayerSpec::MaxPool2d { window: [3, 3], stride: [2, 2] };
    let wide = ConvOptions {
        stride: [2, 2],
        padding: Padding::Explicit([[3, 3]; 2]),
        ..ConvOptions::default()
    };
    let half = LayerSpec::Dropout { rate: 0.5 };
    let net = Architecture::new("alexnet_s", &[80, 80, 1])
        .with("conv1", LayerSpec::conv2d_with(32, [7, 7], wide))
        .with("relu1", LayerSpec::Relu)
        .with("pool1", pool.clone())
        .with("conv2", LayerSpec::conv2d(64, [5, 5]))
        .with("relu2", LayerSpec::Relu)
        .with("pool2", pool.clone())
        .with("conv3", LayerSpec::conv2d(96, [3, 3]))
        .with("relu3", LayerSpec::Relu)
        .with("conv4", LayerSpec::conv2d(96, [3, 3]))
        .with("relu4", LayerSpec::Relu)
        .with("conv5", LayerSpec::conv2d(64, [3, 3]))
        .with("relu5", LayerSpec::Relu)
        .with("pool5", pool)
        .with("flatten", LayerSpec::Flatten)
        .with("dropout1", half.clone())
        .with("dense1", LayerSpec::linear(256))
        .with("relu6", LayerSpec::Relu)
        .with("dropout2", half)
        .with("dense2", LayerSpec::linear(256))
        .with("relu7", LayerSpec::Relu);
    with_head(net, Output::OneOf, classes)
}

/// Convolution without bias, batch norm, ReLU, under `name`.
fn normed(name: &str, channels: usize, kernel: usize, stride: usize) -> Named {
    vec![
        (format!("{name}_conv"), plain_conv(channels, [kernel; 2], [stride; 2])),
        (format!("{name}_norm"), LayerSpec::batch_norm()),
        (format!("{name}_relu"), LayerSpec::Relu),
    ]
}

/// VGG (Simonyan, Zisserman 2014): nothing but 3 x 3, channels doubled where maps are halved. Four blocks of two
/// convolutions with 32 to 256 channels, global mean, 256 units: 1 242 922 numbers, 1 241 002 trainable, for 10 classes.
pub fn vgg_s(classes: usize) -> Architecture {
    let mut layers = Named::new();
    for (i, channels) in [32, 64, 128, 256].into_iter().enumerate() {
        let block = i + 1;
        layers.extend(normed(&format!("block{block}a"), channels, 3, 1));
        layers.extend(normed(&format!("block{block}b"), channels, 3, 1));
        layers.push((format!("pool{block}"), LayerSpec::max_pool2d([2, 2])));
    }
    layers.push(("mean".into(), LayerSpec::GlobalPool(GlobalPool::Mean)));
    layers.push(("dense1".into(), LayerSpec::linear(256)));
    layers.push(("relu1".into(), LayerSpec::Relu));
    layers.push(("dropout1".into(), LayerSpec::Dropout { rate: 0.5 }));
    network("vgg_s", layers, classes)
}

/// Inception v1 (Szegedy and others 2014): filters of 1 x 1, 3 x 3 and 5 x 5 and a max-pool on the same map, side by side.
/// 179 930 numbers, 178 010 trainable, for 10 classes.
pub fn inception_s(classes: usize) -> Architecture {
    // Channels of the four branches: 1 x 1; 3 x 3 and 5 x 5 after a reduction by 1 x 1; 1 x 1 after pooling.
    let module = |one: usize, [r3, three]: [usize; 2], [r5, five]: [usize; 2], pooled: usize| {
        let after = |name: &str, reduced: usize, channels: usize, kernel: usize| {
            let mut layers = normed(&format!("{name}_reduce"), reduced, 1, 1);
            layers.extend(normed(name, channels, kernel, 1));
            layers
        };
        // Zeros around the map stand below no number after a ReLU.
        let mut pool: Named = vec![
            ("freq".into(), LayerSpec::Pad { axis: 1, sides: [1, 1], margin: Margin::Zeros }),
            ("time".into(), LayerSpec::Pad { axis: 2, sides: [1, 1], margin: Margin::Zeros }),
            ("pool".into(), LayerSpec::MaxPool2d { window: [3, 3], stride: [1, 1] }),
        ];
        pool.extend(normed("project", pooled, 1, 1));
        LayerSpec::Parallel {
            join: Join::Concat(None),
            branches: vec![
                ("one".into(), normed("one", one, 1, 1)),
                ("three".into(), after("three", r3, three, 3)),
                ("five".into(), after("five", r5, five, 5)),
                ("pool".into(), pool),
            ],
        }
    };
    let halved = LayerSpec::max_pool2d([2, 2]);
    let mut layers = normed("stem1", 32, 7, 2);
    layers.push(("pool1".into(), halved.clone()));
    layers.extend(normed("stem2", 64, 3, 1));
    layers.push(("module1".into(), module(16, [24, 32], [4, 8], 8)));
    layers.push(("module2".into(), module(32, [32, 48], [8, 24], 16)));
    layers.push(("pool2".into(), halved.clone()));
    layers.push(("module3".into(), module(48, [24, 52], [4, 12], 16)));
    layers.push(("module4".into(), module(64, [32, 64], [8, 16], 16)));
    layers.push(("pool3".into(), halved));
    layers.push(("module5".into(), module(64, [40, 80], [8, 32], 32)));
    layers.push(("mean".into(), LayerSpec::GlobalPool(GlobalPool::Mean)));
    layers.push(("dropout1".into(), LayerSpec::Dropout { rate: 0.4 }));
    network("inception_s", layers, classes)
}

/// How a residual block that halves the map passes its input on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shortcut {
    /// Every second band and frame, and channels of zeros: no weights. Option A of the paper.
    Zeros,
    /// A convolution of 1 x 1 with batch norm: option B.
    Projection,
}

/// ResNet-20 (He, Zhang, Ren, Sun 2016): three stages of three blocks of two convolutions with 16, 32 and 64 channels, and the input
/// of each block added to its output. For 10 classes 270 810 numbers, 269 434 trainable, with [`Shortcut::Zeros`]; 273 754 and
/// 272 186 with [`Shortcut::Projection`].
pub fn resnet20(shortcut: Shortcut, classes: usize) -> Architecture {
    let mut layers = normed("stem", 16, 3, 1);
    for (stage, channels) in [16, 32, 64].into_iter().enumerate() {
        for block in 0..3 {
            let name = format!("block{}{}", stage + 1, ['a', 'b', 'c'][block]);
            let halves = stage > 0 && block == 0;
            let stride = if halves { 2 } else { 1 };
            let mut detour = normed("first", channels, 3, stride);
            detour.push(("second_conv".into(), plain_conv(channels, [3, 3], [1, 1])));
            detour.push(("second_norm".into(), LayerSpec::batch_norm()));
            let passed: Named = match shortcut {
                _ if !halves => Vec::new(),
                Shortcut::Zeros => {
                    let sides = [channels / 4, channels / 4];
                    vec![
                        (
                            "every_second".into(),
                            LayerSpec::MaxPool2d { window: [1, 1], stride: [2, 2] },
                        ),
                        ("zeros".into(), LayerSpec::Pad { axis: 3, sides, margin: Margin::Zeros }),
                    ]
                }
                Shortcut::Projection => vec![
                    ("project_conv".into(), plain_conv(channels, [1, 1], [2, 2])),
                    ("project_norm".into(), LayerSpec::batch_norm()),
                ],
            };
            let branches = vec![("detour".into(), detour), ("shortcut".into(), passed)];
            layers.push((name.clone(), LayerSpec::Parallel { join: Join::Add, branches }));
            layers.push((format!("{name}_relu"), LayerSpec::Relu));
        }
    }
    layers.push(("mean".into(), LayerSpec::GlobalPool(GlobalPool::Mean)));
    network("resnet20", layers, classes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_those_that_were_counted() {
        let nets = [
            (lenet_s(10), 568_586, 568_586),
            (alexnet_s(10), 577_418, 577_418),
            (vgg_s(10), 1_242_922, 1_241_002),
            (inception_s(10), 179_930, 178_010),
            (resnet20(Shortcut::Zeros, 10), 270_810, 269_434),
            (resnet20(Shortcut::Projection, 10), 273_754, 272_186),
        ];
        for (net, stored, trainable) in nets {
            let summary = net.summary().unwrap();
            let found = (summary.params(), summary.trainable());
            assert_eq!(found, (stored, trainable), "{}", net.name);
        }
    }

    #[test]
    fn maps_shrink_as_they_should() {
        let output = |net: Architecture, name: &str| {
            let rows = net.summary().unwrap().rows;
            rows.into_iter().find(|row| row.name == name).unwrap().output
        };
        assert_eq!(output(lenet_s(10), "pool2"), [17, 17, 16]);
        assert_eq!(output(alexnet_s(10), "pool5"), [4, 4, 64]);
        assert_eq!(output(vgg_s(10), "pool4"), [5, 5, 256]);
        let maps = [("module1", 64), ("module2", 120), ("module3", 128), ("module4", 160)];
        for (name, channels) in maps {
            assert_eq!(output(inception_s(10), name).last(), Some(&channels));
        }
        assert_eq!(output(inception_s(10), "module5"), [5, 5, 208]);
        assert_eq!(output(resnet20(Shortcut::Zeros, 10), "block3c"), [20, 20, 64]);
    }
}
