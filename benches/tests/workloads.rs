//! The program `workloads` as a script meets it.

use std::process::{Command, Output};

fn workloads(flags: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_workloads")).args(flags).output().expect("the program starts")
}

#[test]
fn one_json_line() {
    let output = workloads(&["--only", "sgemm_256", "--runs", "1", "--threads", "1"]);
    assert!(output.status.success());
    let line: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((line["workload"].as_str(), line["threads"].as_u64()), (Some("sgemm_256"), Some(1)));
    assert!(line["median_s"].as_f64().unwrap() > 0.0);
    // A, B, C and the packed blocks: 0.25 MiB each, and what the program itself touches meanwhile.
    assert!(line["peak_mib"].is_null() || line["peak_mib"].as_f64().unwrap() < 50.0, "{line}");
}

#[test]
fn an_unknown_name_is_a_wrong_flag_and_a_missing_one_is_said_to_be_missing() {
    let output = workloads(&["--only", "sgemm_257"]);
    assert_eq!(output.status.code(), Some(2));
    let output = workloads(&["--only", "tsne_5000x64"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "tsne_5000x64: not yet\n");
    assert!(output.stdout.is_empty());
}
