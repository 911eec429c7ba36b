//! The workloads of `dlmir-benches` in candle, for BENCHMARKS.md.
//!
//! `RUSTFLAGS="-C target-cpu=native" cargo run --release --manifest-path tools/peers/candle/Cargo.toml -- [--threads N] [--runs N] [--only NAME]`
//!
//! One JSON line for each workload, as `workloads` prints them: `mlp_train_b128`, `compact_cnn_train_b32`, `vgg_train_b8`, `vgg_infer_b8`,
//! `sgemm_256` to `sgemm_2048`. Without `--only` each runs in a process of its own. candle's Adam is AdamW; its decay is set to 0.

use std::process::Command;
use std::time::Instant;

use candle_core::{D, DType, Device, Module, ModuleT, Result, Tensor};
use candle_nn::{
    AdamW, BatchNorm, Conv2d, Conv2dConfig, Linear, Optimizer, ParamsAdamW, VarBuilder, VarMap,
};

const NAMES: [&str; 8] = [
    "mlp_train_b128",
    "compact_cnn_train_b32",
    "vgg_train_b8",
    "vgg_infer_b8",
    "sgemm_256",
    "sgemm_512",
    "sgemm_1024",
    "sgemm_2048",
];
const VERSION: &str = "0.11.1";
const WARM_UP: usize = 3;

type Step = Box<dyn FnMut() -> Result<()>>;
type Failure = Box<dyn std::error::Error>;

struct Flags {
    threads: usize,
    runs: usize,
    only: Option<String>,
}

fn flags() -> std::result::Result<Flags, Failure> {
    let cores = std::thread::available_parallelism()?.get();
    let mut flags = Flags { threads: cores, runs: 15, only: None };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let value = words.next().ok_or(format!("{word}: a value is missing"))?;
        match word.as_str() {
            "--threads" => flags.threads = value.parse()?,
            "--runs" => flags.runs = value.parse::<usize>()?.max(1),
            "--only" if NAMES.contains(&value.as_str()) => flags.only = Some(value),
            _ => return Err(format!("{word} {value}: unknown; workloads: {}", NAMES.join(", ")).into()),
        }
    }
    Ok(flags)
}

fn main() -> std::result::Result<(), Failure> {
    let flags = flags()?;
    let Some(name) = &flags.only else {
        for name in NAMES {
            let (threads, runs) = (flags.threads.to_string(), flags.runs.to_string());
            let status = Command::new(std::env::current_exe()?)
                .args(["--only", name, "--threads", &threads, "--runs", &runs])
                // candle counts its threads by this, once.
                .env("RAYON_NUM_THREADS", &threads)
                .status()?;
            if !status.success() {
                return Err(format!("{name}: {status}").into());
            }
        }
        return Ok(());
    };
    if std::env::var("RAYON_NUM_THREADS").ok() != Some(flags.threads.to_string()) {
        return Err(format!("set RAYON_NUM_THREADS={} too: candle reads it", flags.threads).into());
    }
    let before = memory_mib("VmRSS");
    let mut step = build(name)?;
    for _ in 0..WARM_UP {
        step()?;
    }
    let mut seconds = Vec::new();
    for _ in 0..flags.runs {
        let start = Instant::now();
        step()?;
        seconds.push(start.elapsed().as_secs_f64());
    }
    seconds.sort_by(f64::total_cmp);
    let middle = seconds.len() / 2;
    let median_s = match seconds.len() % 2 {
        1 => seconds[middle],
        _ => (seconds[middle - 1] + seconds[middle]) / 2.0,
    };
    let peak = memory_mib("VmHWM").zip(before).map(|(peak, before)| peak - before);
    let line = serde_json::json!({
        "peer": "candle", "version": VERSION, "workload": name, "threads": flags.threads,
        "median_s": median_s, "peak_mib": peak.map(|mib| (10.0 * mib).round() / 10.0),
    });
    println!("{line}");
    Ok(())
}

/// `VmRSS` (now) or `VmHWM` (peak) of this process; none where there is no /proc.
fn memory_mib(field: &str) -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with(field))?;
    Some(line.split_whitespace().nth(1)?.parse::<f64>().ok()? / 1024.0)
}

fn build(name: &str) -> Result<Step> {
    match name {
        "mlp_train_b128" => train(Mlp::new, &[128, 3200], 2),
        "compact_cnn_train_b32" => train(CompactCnn::new, &[32, 1, 80, 80], 8),
        "vgg_train_b8" => train(Vgg::new, &[8, 1, 96, 128], 10),
        "vgg_infer_b8" => {
            let variables = VarMap::new();
            let vgg = Vgg::new(VarBuilder::from_varmap(&variables, DType::F32, &Device::Cpu))?;
            let x = Tensor::randn(0f32, 1.0, &[8, 1, 96, 128][..], &Device::Cpu)?;
            Ok(Box::new(move || {
                let _kept = &variables;
                std::hint::black_box(vgg.forward_t(&x, false)?);
                Ok(())
            }))
        }
        _ => {
            let n: usize = name.trim_start_matches("sgemm_").parse().map_err(candle_core::Error::wrap)?;
            let a = Tensor::randn(0f32, 1.0, (n, n), &Device::Cpu)?;
            let b = Tensor::randn(0f32, 1.0, (n, n), &Device::Cpu)?;
            Ok(Box::new(move || {
                std::hint::black_box(a.matmul(&b)?);
                Ok(())
            }))
        }
    }
}

/// Forward, cross-entropy, backward, Adam.
fn train<M: ModuleT + 'static>(
    network: impl Fn(VarBuilder<'static>) -> Result<M>,
    shape: &[usize],
    classes: usize,
) -> Result<Step> {
    let variables = VarMap::new();
    let model = network(VarBuilder::from_varmap(&variables, DType::F32, &Device::Cpu))?;
    let x = Tensor::randn(0f32, 1.0, shape, &Device::Cpu)?;
    let targets: Vec<u32> = (0..shape[0]).map(|i| (i % classes) as u32).collect();
    let targets = Tensor::new(targets, &Device::Cpu)?;
    let params = ParamsAdamW { lr: 1e-3, weight_decay: 0.0, ..ParamsAdamW::default() };
    let mut adam = AdamW::new(variables.all_vars(), params)?;
    Ok(Box::new(move || {
        let loss = candle_nn::loss::cross_entropy(&model.forward_t(&x, true)?, &targets)?;
        adam.backward_step(&loss)
    }))
}

struct Mlp([Linear; 3]);

impl Mlp {
    fn new(vb: VarBuilder) -> Result<Mlp> {
        let linear = |name: &str, n_in, n_out| candle_nn::linear(n_in, n_out, vb.pp(name));
        Ok(Mlp([linear("a", 3200, 512)?, linear("b", 512, 256)?, linear("c", 256, 2)?]))
    }
}

impl ModuleT for Mlp {
    fn forward_t(&self, x: &Tensor, train: bool) -> Result<Tensor> {
        let [first, second, output] = &self.0;
        let h = dropout(&first.forward(x)?.relu()?, 0.2, train)?;
        output.forward(&second.forward(&h)?.relu()?)
    }
}

fn dropout(x: &Tensor, p: f32, train: bool) -> Result<Tensor> {
    if train { candle_nn::ops::dropout(x, p) } else { Ok(x.clone()) }
}

fn block(vb: VarBuilder, n_in: usize, n_out: usize) -> Result<(Conv2d, BatchNorm)> {
    let same = Conv2dConfig { padding: 1, ..Conv2dConfig::default() };
    let conv = candle_nn::conv2d(n_in, n_out, 3, same, vb.pp("conv"))?;
    Ok((conv, candle_nn::batch_norm(n_out, 1e-5, vb.pp("norm"))?))
}

struct CompactCnn {
    bands: BatchNorm,
    blocks: Vec<(Conv2d, BatchNorm, (usize, usize))>,
    hidden: Linear,
    output: Linear,
}

impl CompactCnn {
    fn new(vb: VarBuilder) -> Result<CompactCnn> {
        let mut blocks = Vec::new();
        for (i, (n_in, n_out, pool)) in
            [(1, 32, (2, 4)), (32, 64, (3, 4)), (64, 64, (2, 5))].into_iter().enumerate()
        {
            let (conv, norm) = block(vb.pp(format!("block{i}")), n_in, n_out)?;
            blocks.push((conv, norm, pool));
        }
        Ok(CompactCnn {
            bands: candle_nn::batch_norm(80, 1e-5, vb.pp("bands"))?,
            blocks,
            hidden: candle_nn::linear(6 * 64, 128, vb.pp("hidden"))?,
            output: candle_nn::linear(128, 8, vb.pp("output"))?,
        })
    }
}

impl ModuleT for CompactCnn {
    fn forward_t(&self, x: &Tensor, train: bool) -> Result<Tensor> {
        // Bands take the place of channels: [batch, 1, bands, frames] -> [batch, bands, frames].
        let mut h = self.bands.forward_t(&x.squeeze(1)?, train)?.unsqueeze(1)?;
        for (conv, norm, pool) in &self.blocks {
            h = max_pool(&norm.forward_t(&conv.forward(&h)?, train)?.elu(1.0)?, *pool)?;
        }
        let h = dropout(&h.flatten_from(1)?, 0.2, train)?;
        self.output.forward(&self.hidden.forward(&h)?.relu()?)
    }
}

/// Maximum over tiles. candle's own pooling has no gradient where the tiles are not square or leave a rest.
fn max_pool(x: &Tensor, (h, w): (usize, usize)) -> Result<Tensor> {
    let (batch, channels, rows, columns) = x.dims4()?;
    let (rows, columns) = (rows / h, columns / w);
    let tiles = x.narrow(2, 0, rows * h)?.narrow(3, 0, columns * w)?.contiguous()?;
    let tiles = tiles.reshape((batch * channels, rows, h, columns, w))?;
    tiles.max(D::Minus1)?.max(2)?.reshape((batch, channels, rows, columns))
}

struct Vgg {
    blocks: Vec<(Conv2d, BatchNorm)>,
    output: Linear,
}

impl Vgg {
    fn new(vb: VarBuilder) -> Result<Vgg> {
        let (mut blocks, mut n_in) = (Vec::new(), 1);
        for n_out in [32, 64, 128, 256] {
            for i in 0..2 {
                blocks.push(block(vb.pp(format!("block{n_out}.{i}")), n_in, n_out)?);
                n_in = n_out;
            }
        }
        Ok(Vgg { blocks, output: candle_nn::linear(256, 10, vb.pp("output"))? })
    }
}

impl ModuleT for Vgg {
    fn forward_t(&self, x: &Tensor, train: bool) -> Result<Tensor> {
        let mut h = x.clone();
        for (i, (conv, norm)) in self.blocks.iter().enumerate() {
            h = norm.forward_t(&conv.forward(&h)?, train)?.relu()?;
            if i % 2 == 1 {
                h = h.max_pool2d(2)?;
            }
        }
        self.output.forward(&h.mean((2, 3))?)
    }
}
