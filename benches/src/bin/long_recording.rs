//! A recording of many hours, from the file to log-mel bands, in constant memory.
//!
//! ```sh
//! cargo run --release -p dlmir-benches --bin long_recording -- --hours 10
//! ```
//!
//! Writes a WAV file of noise (10 hours: 3.2 GB, removed at the end), decodes it block by block, resamples it to 22050 Hz, takes the
//! log-mel bands of every frame, and prints how long that took and the largest memory that the process has had.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Parser;
use dlmir_audio::{
    AudioError, AudioStream, LogMel, LogMelConfig, LogScale, Resampler, WavFormat, synth, wav_bytes,
};
use dlmir_benches::memory;

const RATE: u32 = 44_100;

/// Streams a long recording and prints the peak memory.
#[derive(Parser)]
struct Arguments {
    /// The length of the recording; 13.5 hours are the most that a WAV file can hold.
    #[arg(long, default_value_t = 10.0)]
    hours: f64,
    /// Where the file is written; by default among the temporary files.
    #[arg(long)]
    folder: Option<PathBuf>,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let Arguments { hours, folder } = Arguments::parse();
    let name = format!("dlmir-long-{}.wav", std::process::id());
    let path = folder.unwrap_or_else(std::env::temp_dir).join(name);
    let result = write_noise(&path, (60.0 * hours).round().max(1.0) as u32)
        .map_err(Box::from)
        .and_then(|()| measure(&path));
    fs::remove_file(&path).ok();
    result
}

fn measure(path: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let megabytes = fs::metadata(path)?.len() as f64 / 1e6;
    let begun = Instant::now();
    let (seconds, frames, mean) = log_mel_of(path)?;
    let took = begun.elapsed().as_secs_f64();
    println!("{:.2} hours, {megabytes:.0} MB", seconds / 3600.0);
    println!("{frames} frames, mean {mean:.4}");
    println!("{took:.1} s, {:.0} times faster than real time", seconds / took);
    match memory::peak_mib() {
        Some(peak) => println!("peak memory {peak:.1} MiB"),
        None => println!("peak memory unknown on this system"),
    }
    Ok(())
}

/// Seconds, frames and the mean of all log-mel bands.
fn log_mel_of(path: &Path) -> Result<(f64, usize, f64), AudioError> {
    let mut stream = AudioStream::open(path)?;
    let mut resampler = Resampler::new(stream.sample_rate(), 22_050)?;
    let scale = LogScale::Log1p { gain: 1e4 };
    let log_mel = LogMel::new(LogMelConfig { scale, ..LogMelConfig::new(22_050) })?;
    let mut bands = log_mel.stream()?;
    let (mut samples, mut frames, mut sum, mut values) = (0u64, 0, 0.0, 0u64);
    let mut take = |_, column: &[f32]| {
        frames += 1;
        values += column.len() as u64;
        sum += column.iter().map(|&x| f64::from(x)).sum::<f64>();
    };
    let mut resampled = Vec::new();
    while let Some(block) = stream.next_mono()? {
        samples += block.len() as u64;
        resampled.clear();
        resampler.push(block, &mut resampled);
        bands.push(&resampled, &mut take);
    }
    resampled.clear();
    resampler.finish(&mut resampled);
    bands.push(&resampled, &mut take);
    bands.finish(&mut take);
    Ok((samples as f64 / f64::from(stream.sample_rate()), frames, sum / values as f64))
}

/// A minute of noise, again and again, in 16 bits.
fn write_noise(path: &Path, minutes: u32) -> io::Result<()> {
    let minute = synth::noise(60.0, RATE, 1);
    let mut bytes = wav_bytes(&minute, WavFormat::Pcm16).map_err(io::Error::other)?;
    let (header, body) = bytes.split_at_mut(44);
    let length = (body.len() as u64) * u64::from(minutes);
    let length = u32::try_from(length + 36)
        .map_err(|_| io::Error::other("longer than a WAV file can be"))?;
    header[4..8].copy_from_slice(&length.to_le_bytes());
    header[40..44].copy_from_slice(&(length - 36).to_le_bytes());
    let mut file = BufWriter::new(File::create(path)?);
    file.write_all(header)?;
    for _ in 0..minutes {
        file.write_all(body)?;
    }
    file.flush()
}
