//! The table of a network, and its receptive field: how much of the input one output can see.
//!
//! A filter of k frames sees k frames of its own input. If each of those already sees r frames of the
//! network's input, and neighbours are j frames apart there, then together they see
//!
//! ```text
//! r' = r + (k - 1) j        j' = j s
//! ```
//!
//! frames, where s is the layer's stride (Araujo, Norris and Sim 2019, "Computing receptive fields of
//! convolutional neural networks", eq. 2). For music that is a time: a network cannot hear a rhythm that
//! is longer than what its units see.

use std::fmt;

use dlmir_nn::{AxisPool, Show, SummaryRow};

use super::{Architecture, LayerSpec};

/// A network's table; prints itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    /// The network's name.
    pub name: String,
    /// The shape of one input item.
    pub input: Vec<usize>,
    /// A row for each layer.
    pub rows: Vec<SummaryRow>,
    /// What one output of each layer sees of an input `[freq, time, channels]`: `[bands, frames]`. None
    /// where inputs are no maps.
    pub receptive_fields: Vec<Option<[usize; 2]>>,
    /// The STFT's window and hop in milliseconds, where the input is known to be a spectrogram: what turns
    /// frames into time.
    pub window_and_hop_ms: Option<[f64; 2]>,
    /// The corner frequencies of the bands' triangles in Hz, one more at each end than there are bands, where they are known:
    /// what turns bands into octaves. Band b reaches from corner b to corner b + 2.
    pub band_corners_hz: Option<Vec<f64>>,
}

impl Summary {
    pub(crate) fn new(architecture: &Architecture, rows: Vec<SummaryRow>) -> Summary {
        Summary {
            name: architecture.name.clone(),
            input: architecture.input.clone(),
            receptive_fields: receptive_fields(architecture, &rows),
            rows,
            window_and_hop_ms: None,
            band_corners_hz: None,
        }
    }

    /// How many numbers the network stores, trained or not.
    pub fn params(&self) -> usize {
        self.rows.iter().map(|row| row.params).sum()
    }

    /// How many of them are trained.
    pub fn trainable(&self) -> usize {
        self.rows.iter().map(|row| row.trainable).sum()
    }

    /// Multiply-adds of the forward pass for one item.
    pub fn multiply_adds(&self) -> u64 {
        self.rows.iter().map(|row| row.multiply_adds).sum()
    }

    /// The shape of one output item.
    pub fn output(&self) -> &[usize] {
        self.rows.last().map_or(&self.input, |row| &row.output)
    }

    /// How many milliseconds of sound so many frames are made of: the first frame's window and a hop for
    /// each further one. None if the input is not known to be a spectrogram.
    pub fn milliseconds(&self, frames: usize) -> Option<f64> {
        let [window, hop] = self.window_and_hop_ms?;
        Some(window + hop * frames.saturating_sub(1) as f64)
    }
}

impl Summary {
    /// How many octaves so many neighbouring bands in the middle of the spectrogram span. On a mel scale they span more where
    /// it begins, less where it ends. A lowest corner at 0 Hz, infinitely far below, is replaced by its band's centre. None if
    /// the bands' frequencies are not known, or there are not so many bands.
    pub fn octaves(&self, bands: usize) -> Option<f64> {
        let corners = self.band_corners_hz.as_ref()?;
        let all = corners.len().checked_sub(2)?;
        if bands == 0 || bands > all {
            return None;
        }
        let lowest = (all - bands) / 2;
        let above_zero = corners[lowest..].iter().find(|&&hz| hz > 0.0)?;
        Some((corners[lowest + bands + 1] / above_zero).log2())
    }
}

/// What one output of a layer sees of the network's input, and how far apart two neighbours' fields lie.
#[derive(Clone, Copy)]
struct Field {
    /// Bands and frames of the input.
    whole: [usize; 2],
    /// How many of them an output sees.
    seen: [usize; 2],
    /// How many of them lie between neighbours.
    apart: [usize; 2],
    /// Whether the map's first axis is time.
    swapped: bool,
}

impl Field {
    /// A window of this many taps, this far apart, moves by `stride`; on the map's axes.
    fn slide(&mut self, window: [usize; 2], dilation: [usize; 2], stride: [usize; 2]) {
        for axis in 0..2 {
            let (seen, apart) = match self.swapped {
                false => (&mut self.seen[axis], &mut self.apart[axis]),
                true => (&mut self.seen[1 - axis], &mut self.apart[1 - axis]),
            };
            let steps = window[axis].saturating_sub(1).saturating_mul(dilation[axis]);
            *seen = steps.saturating_mul(*apart).saturating_add(*seen);
            *apart = apart.saturating_mul(stride[axis]);
        }
    }

    /// What a layer makes of it, for an input of this shape.
    fn through(&mut self, layer: &LayerSpec, input: &[usize]) {
        match layer {
            LayerSpec::Conv2d { kernel, stride, dilation, .. } => {
                self.slide(*kernel, *dilation, *stride);
            }
            LayerSpec::MaxPool2d { window, stride } | LayerSpec::AvgPool2d { window, stride } => {
                self.slide(*window, [1, 1], *stride);
            }
            LayerSpec::AxisPool(AxisPool::Max(axis) | AxisPool::Mean(axis)) => {
                let axis = if self.swapped { 2 - axis.min(&2) } else { axis.saturating_sub(1) };
                if let (Some(seen), Some(all)) = (self.seen.get_mut(axis), self.whole.get(axis)) {
                    *seen = *all;
                }
            }
            LayerSpec::Permute { axes } => match axes[..] {
                [1, 2, ..] => {}
                [2, 1, ..] => self.swapped = !self.swapped,
                // Frequency becomes the channels: a column of all bands.
                [3, 2, 1] if !self.swapped => self.seen[0] = self.whole[0],
                _ => self.seen = self.whole,
            },
            // Each output depends on all that is left of the map.
            LayerSpec::GlobalPool(_) | LayerSpec::Reshape { .. } => self.seen = self.whole,
            LayerSpec::Linear { .. }
            | LayerSpec::LayerNorm { .. }
            | LayerSpec::Softmax
            | LayerSpec::LogSoftmax
            | LayerSpec::L2Normalize
                if input.len() == 1 =>
            {
                self.seen = self.whole;
            }
            // Element by element, channel by channel, or a new order.
            _ => {}
        }
    }

    /// Zeros around the map are not part of it.
    fn within_the_input(&self) -> Option<[usize; 2]> {
        Some([0, 1].map(|axis| self.seen[axis].min(self.whole[axis])))
    }

    /// The fields of layers one after the other, whose input has this shape: one for each row of the summary, with the
    /// layers of branches before the layer that joins them. The joined field is the largest of each axis.
    fn row(
        &mut self,
        layers: &[(String, LayerSpec)],
        input: &[usize],
        rows: &mut std::slice::Iter<'_, SummaryRow>,
        fields: &mut Vec<Option<[usize; 2]>>,
    ) {
        let mut shape = input;
        for (_, layer) in layers {
            if let LayerSpec::Parallel { branches, .. } = layer {
                let before = *self;
                for (i, (_, branch)) in branches.iter().enumerate() {
                    let mut field = before;
                    field.row(branch, shape, rows, fields);
                    let larger = |a: [usize; 2], b: [usize; 2]| [a[0].max(b[0]), a[1].max(b[1])];
                    let first = i == 0;
                    self.seen = if first { field.seen } else { larger(self.seen, field.seen) };
                    self.apart = if first { field.apart } else { larger(self.apart, field.apart) };
                    self.swapped = field.swapped;
                }
            } else {
                self.through(layer, shape);
            }
            let Some(row) = rows.next() else { return };
            shape = &row.output;
            fields.push(self.within_the_input());
        }
    }
}

/// The receptive field after each layer.
fn receptive_fields(architecture: &Architecture, rows: &[SummaryRow]) -> Vec<Option<[usize; 2]>> {
    let &[bands, frames, _] = &architecture.input[..] else { return vec![None; rows.len()] };
    let whole = [bands, frames];
    let mut field = Field { whole, seen: [1, 1], apart: [1, 1], swapped: false };
    let mut fields = Vec::with_capacity(rows.len());
    field.row(&architecture.layers, &architecture.input, &mut rows.iter(), &mut fields);
    fields
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}, input {}", self.name, Show(&self.input))?;
        let [layer, kind, output] = ["layer", "kind", "output"];
        write!(f, "{layer:<16} {kind:<14} {output:<18} {:>10} {:>12}", "params", "mult-adds")?;
        let maps = self.receptive_fields.iter().any(Option::is_some);
        writeln!(f, "{}", if maps { "  sees" } else { "" })?;
        for (row, field) in self.rows.iter().zip(&self.receptive_fields) {
            write!(f, "{row}")?;
            if let Some([bands, frames]) = field {
                write!(f, "  {bands} x {frames}")?;
                if let Some(time) = self.milliseconds(*frames) {
                    write!(f, ", {time:.0} ms")?;
                }
                if let Some(octaves) = self.octaves(*bands) {
                    write!(f, ", {octaves:.1} octaves")?;
                }
            }
            writeln!(f)?;
        }
        let (total, trainable) = (self.params(), self.trainable());
        write!(f, "{total} parameters, {trainable} trainable, {} mult-adds", self.multiply_adds())
    }
}

#[cfg(test)]
mod tests {
    use dlmir_nn::{ConvOptions, GlobalPool, Join, Tensor};

    use super::*;
    use crate::{Model, Output, zoo};

    #[test]
    fn receptive_fields_grow_as_windows_and_strides_say() {
        let fields = |net: Architecture| net.summary().unwrap().receptive_fields;
        // 3 x 3, pooled by 2: 4 x 4; again 3 x 3 at distance 2: 8 x 8, pooled: 10 x 10.
        let cnn = fields(zoo::cnn_2layer());
        let want = [[3, 3], [4, 4], [8, 8], [10, 10], [10, 10], [80, 80], [80, 80], [80, 80]];
        assert_eq!(cnn, want.map(Some));
        assert_eq!(fields(zoo::mlp_basic())[..2], [Some([1, 1]), Some([40, 80])]);
        assert_eq!(fields(Architecture::new("x", &[5]).with("a", LayerSpec::linear(2))), [None]);
        let all = Architecture::new("x", &[6, 4, 1])
            .with("tall", LayerSpec::conv2d(2, [9, 1]))
            .with("mean", LayerSpec::GlobalPool(GlobalPool::Mean));
        assert_eq!(fields(all), [Some([6, 1]), Some([6, 4])]);
        // On a flat input each number depends on all others, on a map on the channels beside it.
        let norm = LayerSpec::LayerNorm { epsilon: 1e-5 };
        let flat = Architecture::new("x", &[6, 4, 1])
            .with("map", norm.clone())
            .with("flatten", LayerSpec::Flatten)
            .with("norm", norm);
        assert_eq!(fields(flat), [Some([1, 1]), Some([1, 1]), Some([6, 4])]);
    }

    /// Strides of a file multiply beyond any number; the pictures stay within the input.
    #[test]
    fn strides_beyond_all_sense_do_not_overflow() {
        let stride = [u32::MAX as usize; 2];
        let pool = LayerSpec::MaxPool2d { window: [1, 1], stride };
        let mut net = Architecture::new("strides", &[6, 4, 1]);
        for i in 0..3 {
            net = net.with(&format!("pool{i}"), pool.clone());
        }
        let net = net.with("conv", LayerSpec::conv2d(1, [3, 3]));
        assert_eq!(net.summary().unwrap().receptive_fields[3], Some([6, 4]));
    }

    #[test]
    fn branches_see_for_themselves_and_together_the_most() {
        let net = Architecture::new("x", &[20, 30, 1])
            .with(
                "branches",
                LayerSpec::parallel(
                    Join::Flatten,
                    vec![
                        ("freq", vec![("conv", LayerSpec::conv2d(2, [9, 1]))]),
                        (
                            "time",
                            vec![
                                ("turn", LayerSpec::Permute { axes: vec![2, 1, 3] }),
                                ("conv", LayerSpec::conv2d(2, [5, 1])),
                            ],
                        ),
                    ],
                ),
            )
            .with("output", LayerSpec::linear(1));
        let summary = net.summary().unwrap();
        let names: Vec<&str> = summary.rows.iter().map(|row| row.name.as_str()).collect();
        let wanted = [
            "branches/freq/conv",
            "branches/time/turn",
            "branches/time/conv",
            "branches",
            "output",
        ];
        assert_eq!(names, wanted);
        let fields = [[9, 1], [1, 1], [1, 5], [9, 5], [20, 30]];
        assert_eq!(summary.receptive_fields, fields.map(Some));
        let convs = [9 * 2 + 2, 5 * 2 + 2];
        assert_eq!(summary.params(), convs[0] + convs[1] + 20 * 30 * 4 + 1);
        let dilated = ConvOptions { dilation: [1, 4], ..ConvOptions::default() };
        let net = Architecture::new("x", &[20, 30, 1])
            .with("conv", LayerSpec::conv2d_with(1, [1, 5], dilated));
        assert_eq!(net.summary().unwrap().receptive_fields, [Some([1, 17])]);
    }

    /// The receptive field is where a change of the input can change an output, and nowhere else.
    #[test]
    fn nothing_outside_the_receptive_field_matters() {
        let net = Architecture::new("strided", &[21, 30, 1])
            .with("conv1", LayerSpec::conv2d(2, [3, 4]))
            .with("pool", LayerSpec::MaxPool2d { window: [2, 3], stride: [1, 2] })
            .with("conv2", LayerSpec::conv2d(1, [2, 3]));
        let field = net.summary().unwrap().receptive_fields[2].unwrap();
        let model = Model::new(net, Output::Values, &[], 3).unwrap();
        let summary = model.summary();
        let (rows, columns) = (summary.output()[0], summary.output()[1]);
        let at = rows / 2 * columns + columns / 2; // an output in the middle
        // Random input, so that no maximum of a window hides a pixel in all trials.
        let mut seen = [[usize::MAX, 0]; 2];
        for trial in 0..20 {
            let wave = |i: usize| ((i * 37 + trial * 101) as f32).sin();
            let mut x: Vec<f32> = (0..21 * 30).map(wave).collect();
            let run = |x: &[f32]| {
                let x = Tensor::from_vec(&[1, 21, 30, 1], x.to_vec());
                model.predict(&x).unwrap().as_slice()[at]
            };
            let before = run(&x);
            for i in 0..x.len() {
                let old = std::mem::replace(&mut x[i], 9.0);
                if run(&x) != before {
                    for (axis, place) in [i / 30, i % 30].into_iter().enumerate() {
                        let [first, last] = seen[axis];
                        seen[axis] = [first.min(place), last.max(place)];
                    }
                }
                x[i] = old;
            }
        }
        assert_eq!(seen.map(|[first, last]| last + 1 - first), field);
    }

    #[test]
    fn bands_become_octaves() {
        let mut summary = zoo::cnn_1layer().summary().unwrap();
        assert_eq!(summary.octaves(3), None);
        // Bands a quarter of an octave apart: each reaches over half an octave.
        let corners = (0..82).map(|i| 100.0 * (f64::from(i) / 4.0).exp2()).collect();
        summary.band_corners_hz = Some(corners);
        for (bands, octaves) in [(1, 0.5), (3, 1.0), (80, 20.25)] {
            assert!((summary.octaves(bands).unwrap() - octaves).abs() < 1e-9);
        }
        assert_eq!((summary.octaves(0), summary.octaves(81)), (None, None));
        assert!(summary.to_string().contains("  3 x 3, 1.0 octaves\n"), "{summary}");
        let mut from_zero = vec![0.0, 100.0, 200.0, 400.0];
        summary.band_corners_hz = Some(from_zero.clone());
        assert_eq!(summary.octaves(2), Some(2.0));
        from_zero.truncate(1);
        summary.band_corners_hz = Some(from_zero);
        assert_eq!(summary.octaves(1), None);
    }

    #[test]
    fn frames_become_milliseconds() {
        let mut summary = zoo::cnn_1layer().summary().unwrap();
        assert_eq!(summary.milliseconds(3), None);
        summary.window_and_hop_ms = Some([46.4, 23.2]);
        assert!((summary.milliseconds(3).unwrap() - 92.8).abs() < 1e-9);
        assert!(summary.to_string().contains("  3 x 3, 93 ms\n"), "{summary}");
    }
}
