//! The memory of this process, as the operating system counts it.
//!
//! Read from `/proc/self/status`, which Linux has. Elsewhere both functions return `None` and `workloads` prints
//! `"peak_mib": null`: asking Windows or macOS would take a system call, and so unsafe code or one more dependency.

/// Resident memory now, in MiB.
pub fn resident_mib() -> Option<f64> {
    field("VmRSS")
}

/// The largest resident memory that this process has had, in MiB.
pub fn peak_mib() -> Option<f64> {
    field("VmHWM")
}

fn field(name: &str) -> Option<f64> {
    parse(&std::fs::read_to_string("/proc/self/status").ok()?, name)
}

/// The value of a line `NAME:   1234 kB`, in MiB.
fn parse(status: &str, name: &str) -> Option<f64> {
    let value = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    let kib: f64 = value.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib / 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_read() {
        let status = "Name:\tx\nVmHWM:\t    3072 kB\nVmRSS:\t    1024 kB\n";
        assert_eq!((parse(status, "VmRSS"), parse(status, "VmHWM")), (Some(1.0), Some(3.0)));
        assert_eq!(parse(status, "VmSwap"), None);
    }

    #[test]
    fn the_peak_sees_a_large_buffer() {
        let Some(before) = peak_mib() else { return }; // not Linux
        let buffer = vec![1u8; 512 << 20];
        assert_eq!(std::hint::black_box(&buffer)[1 << 20], 1);
        drop(buffer);
        assert!(peak_mib().unwrap() > before.max(511.0));
        assert!(resident_mib().unwrap() < peak_mib().unwrap());
    }
}
