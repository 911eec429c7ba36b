//! Times the workloads and prints one JSON line for each:
//! `{"workload": NAME, "threads": N, "median_s": s, "peak_mib": m}`.
//!
//! `cargo run --release -p dlmir-benches --bin workloads -- [--threads N] [--runs N] [--only NAME]`
//!
//! Each workload runs in a process of its own, so that its peak of memory is its own: without `--only` the program
//! calls itself once for each workload that exists.

use std::num::NonZeroUsize;
use std::process::{Command, ExitCode};

use clap::Parser;
use dlmir_benches::memory::{peak_mib, resident_mib};
use dlmir_benches::time::median_seconds;
use dlmir_benches::workloads::{NAMES, build};
use serde_json::json;

#[derive(Parser)]
#[command(about = "Time and memory of whole pieces of work, one JSON line each")]
struct Flags {
    /// Threads [default: all cores]
    #[arg(long)]
    threads: Option<NonZeroUsize>,
    /// Runs of each workload after warm-up; the median counts
    #[arg(long, default_value = "15")]
    runs: NonZeroUsize,
    /// This workload and no other
    #[arg(long, value_parser = NAMES)]
    only: Option<String>,
}

fn main() -> ExitCode {
    let flags = Flags::parse();
    let result = match &flags.only {
        Some(name) => measure(name, &flags),
        None => measure_all(&flags),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

/// Builds and times one workload in this process.
fn measure(name: &str, flags: &Flags) -> Result<(), String> {
    let threads = flags.threads.map_or(0, NonZeroUsize::get); // 0: as many as there are cores
    let pool =
        rayon::ThreadPoolBuilder::new().num_threads(threads).build().map_err(|e| e.to_string())?;
    let before = resident_mib();
    let median_s = pool.install(|| {
        let step = build(name).ok_or_else(|| format!("{name}: not yet"))?;
        Ok::<_, String>(median_seconds(flags.runs.get(), step))
    })?;
    let grown =
        peak_mib().zip(before).map(|(peak, before)| (10.0 * (peak - before)).round() / 10.0);
    let threads = pool.current_num_threads();
    println!(
        "{}",
        json!({"workload": name, "threads": threads, "median_s": median_s, "peak_mib": grown})
    );
    Ok(())
}

/// Calls this program again for each workload that exists.
fn measure_all(flags: &Flags) -> Result<(), String> {
    let program = std::env::current_exe().map_err(|e| format!("cannot find this program: {e}"))?;
    for name in NAMES {
        let mut command = Command::new(&program);
        command.args(["--only", name, "--runs", &flags.runs.to_string()]);
        if let Some(threads) = flags.threads {
            command.args(["--threads", &threads.to_string()]);
        }
        let output = command.output().map_err(|e| format!("{name}: cannot start: {e}"))?;
        let message = String::from_utf8_lossy(&output.stderr);
        if output.status.success() {
            print!("{}", String::from_utf8_lossy(&output.stdout));
        } else if message.trim_end() != format!("{name}: not yet") {
            return Err(format!("{name}: {}: {}", output.status, message.trim_end()));
        }
    }
    Ok(())
}
