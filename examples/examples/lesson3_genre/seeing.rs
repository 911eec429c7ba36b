//! What a convolutional network makes of a picture: kernels, feature maps, pooling; and filters that change
//! while they learn.

use std::error::Error;

use dlmir_eval::plot::{HeatMap, Svg, heat_map};
use dlmir_models::{Architecture, LayerSpec, Model, Output};
use dlmir_nn::{Pool, Show, Tape, Tensor};
use ndarray::{Array2, ArrayView2, s};

use crate::training::Film;

/// Kernels by hand, 3 bands x 3 frames, row by row from the lowest band.
pub const KERNELS: [(&str, [f32; 9]); 4] = [
    ("onsets: later minus earlier", [-1., 0., 1., -1., 0., 1., -1., 0., 1.]),
    ("tones: the middle band minus its neighbours", [-1., -1., -1., 2., 2., 2., -1., -1., -1.]),
    ("ends: earlier minus later", [1., 0., -1., 1., 0., -1., 1., 0., -1.]),
    ("mean of the neighbourhood", [1. / 9.; 9]),
];

/// A layer's output for one picture.
pub struct Maps {
    pub layer: String,
    pub shape: Vec<usize>,
    /// `[bands, frames, maps]`, or all numbers in a row where there are no maps any more.
    pub values: Tensor,
}

impl Maps {
    /// Map number `k` as `[bands, frames]`.
    fn map(&self, k: usize) -> Array2<f32> {
        let [bands, frames, maps] = self.shape[..] else { return Array2::zeros((1, 1)) };
        let values = self.values.as_slice();
        Array2::from_shape_fn((bands, frames), |(f, t)| values[(f * frames + t) * maps + k])
    }

    /// At most so many maps side by side, low bands at the bottom, each between its own extremes.
    pub fn picture(&self, most: usize, in_a_row: usize) -> Option<Svg> {
        let [_, _, maps] = self.shape[..] else { return None };
        let tiles: Vec<Array2<f32>> =
            (0..maps.min(most)).map(|k| scaled(self.map(k).slice(s![..;-1, ..]))).collect();
        let title =
            format!("{}: {} maps of {} x {}", self.layer, maps, self.shape[0], self.shape[1]);
        Some(mosaic(&title, &tiles, in_a_row, |_| String::new()))
    }
}

/// The kernels by hand on a picture: convolution, ReLU, max-pooling.
pub fn by_hand(picture: &Array2<f32>) -> Result<Vec<Maps>, Box<dyn Error>> {
    let (bands, frames) = picture.dim();
    let architecture = Architecture::new("by_hand", &[bands, frames, 1])
        .with("convolution", LayerSpec::conv2d(KERNELS.len(), [3, 3]))
        .with("relu", LayerSpec::Relu)
        .with("max_pooling", LayerSpec::max_pool2d([2, 4]));
    let mut model = Model::new(architecture, Output::Values, &[], 0)?;
    // [freq, time, in, out]: the kernels lie side by side in the last axis.
    let numbers = (0..9).flat_map(|place| KERNELS.map(|(_, kernel)| kernel[place]));
    let weight = Tensor::from_vec(&[3, 3, 1, KERNELS.len()], numbers.collect());
    let id = model.params.id("convolution/weight").ok_or("no kernel")?;
    model.params.set(id, weight);
    Ok(layer_by_layer(&model, picture))
}

/// What each layer of a network makes of a picture `[bands, frames]`, as in use: without dropout, and with
/// the running moments of batch norm.
pub fn layer_by_layer(model: &Model, picture: &Array2<f32>) -> Vec<Maps> {
    let (bands, frames) = picture.dim();
    let pixels = picture.iter().copied().collect();
    let network = model.network();
    let names: Vec<String> = network.layers().map(|(name, _)| name.to_string()).collect();
    let after = |(k, layer): (usize, String)| {
        let mut pool = Pool::new();
        let mut tape = Tape::record(&model.params, &mut pool);
        let x = tape.constant(Tensor::from_vec(&[1, bands, frames, 1], Vec::clone(&pixels)));
        let y = network.forward_without(&mut tape, x, network.len() - 1 - k);
        let values = tape.value(y).clone();
        Maps { layer, shape: values.shape()[1..].to_vec(), values }
    };
    names.into_iter().enumerate().map(after).collect()
}

/// Rows of a table: what each layer makes of the shape.
pub fn shapes(maps: &[Maps]) -> Vec<Vec<String>> {
    let row = |maps: &Maps| {
        let numbers: usize = maps.shape.iter().product();
        vec![maps.layer.clone(), Show(&maps.shape).to_string(), numbers.to_string()]
    };
    maps.iter().map(row).collect()
}

/// Filters of the first layer, a row of tiles for each of at most five moments of the film.
pub fn film(film: &Film) -> Option<Svg> {
    let moments = &film.frames;
    let last = moments.len().checked_sub(1)?;
    let wanted = last.min(4);
    let picked: Vec<usize> = (0..=wanted).map(|k| k * last / wanted.max(1)).collect();
    let [bands, frames, inputs, filters] = moments[0].1.shape()[..] else { return None };
    let shown = filters.min(16);
    let (mut tiles, mut names) = (Vec::new(), Vec::new());
    for k in picked {
        let (epoch, weight) = &moments[k];
        names.push(format!("epoch {epoch}"));
        for filter in 0..shown {
            let at = |(f, t): (usize, usize)| {
                weight.as_slice()[((f * frames + t) * inputs) * filters + filter]
            };
            // Low bands at the bottom, as in the pictures.
            tiles.push(Array2::from_shape_fn((bands, frames), |(f, t)| at((bands - 1 - f, t))));
        }
    }
    // One scale for all moments: what grows is seen to grow.
    let most = tiles.iter().flatten().fold(0.0f32, |most, w| most.max(w.abs())).max(1e-12);
    tiles.iter_mut().for_each(|tile| tile.mapv_inplace(|w| 0.5 + 0.5 * w / most));
    Some(mosaic("Filters of the first layer, from start to end", &tiles, shown, |row| {
        names[row].clone()
    }))
}

/// Values between 0 and 1.
fn scaled(map: ArrayView2<'_, f32>) -> Array2<f32> {
    let low = map.iter().copied().fold(f32::INFINITY, f32::min);
    let high = map.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    map.mapv(|v| (v - low) / (high - low).max(1e-12))
}

/// Tiles of one size in rows, with gaps; `name` is written beside a row.
fn mosaic(
    title: &str,
    tiles: &[Array2<f32>],
    in_a_row: usize,
    name: impl Fn(usize) -> String,
) -> Svg {
    let (height, width) = tiles[0].dim();
    let gap = 1 + height.max(width) / 20;
    let (across, down) = (in_a_row.min(tiles.len()), tiles.len().div_ceil(in_a_row));
    let (rows, columns) = (down * (height + gap) - gap, across * (width + gap) - gap);
    let mut field = Array2::zeros((rows, columns));
    for (k, tile) in tiles.iter().enumerate() {
        let (y, x) = ((k / in_a_row) * (height + gap), (k % in_a_row) * (width + gap));
        field.slice_mut(s![y..y + height, x..x + width]).assign(tile);
    }
    let written: Vec<String> = (0..rows)
        .map(|y| {
            let (row, within) = (y / (height + gap), y % (height + gap));
            if within == height / 2 { name(row) } else { String::new() }
        })
        .collect();
    let values: Vec<f32> = field.iter().copied().collect();
    let names: Vec<&str> = written.iter().map(String::as_str).collect();
    let columns = vec![""; columns];
    let range = Some((0.0, 1.0));
    // The thousands of numbers below would be of no use to anyone.
    heat_map(&HeatMap { title, values: &values, rows: &names, columns: &columns, range })
        .with_numbers(&[""], Vec::new())
}
