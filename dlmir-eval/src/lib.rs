//! Metrics, bootstrap intervals, plots, HTML reports and TensorBoard event files for music information retrieval.
