//! Curves of a classifier's scores: precision against recall, and promise against outcome.

use plotters::prelude::*;

use super::Svg;
use super::axis::Axis;
use super::canvas::{INK, px};
use super::lines::{LineChart, Series, curves};
use crate::{CalibrationBin, PrecisionRecallCurve};

/// Precision-recall curves, with the name of each and its average precision in the legend. They are drawn as
/// the steps whose area that is. A dashed line shows what a coin scores: `share` of the items is positive.
pub fn precision_recall_curves(
    title: &str,
    share: f64,
    models: &[(&str, &PrecisionRecallCurve)],
) -> Svg {
    let owned: Vec<(String, Vec<(f64, f64)>)> = models
        .iter()
        .map(|(name, curve)| {
            let points = curve.recall.iter().copied().zip(curve.precision.iter().copied());
            let corners: Vec<(f64, f64)> = points.collect();
            // From a point to the next the precision holds until the recall has fallen.
            let mut steps: Vec<(f64, f64)> = Vec::with_capacity(2 * corners.len());
            for pair in corners.windows(2) {
                steps.extend([pair[0], (pair[1].0, pair[0].1)]);
            }
            steps.dedup();
            (format!("{name} (AP {:.3})", curve.average_precision()), steps)
        })
        .collect();
    square(title, ("recall", "precision"), &owned, [(0.0, share), (1.0, share)])
}

/// Reliability diagrams, one curve per model through its bins: the share of positives over the mean
/// probability. Honest probabilities lie on the dashed diagonal, a curve below it promises too much.
pub fn reliability_diagram(title: &str, models: &[(&str, &[CalibrationBin])]) -> Svg {
    let points = |bins: &[CalibrationBin]| -> Vec<(f64, f64)> {
        bins.iter().map(|bin| (bin.mean_probability, bin.positive_share)).collect()
    };
    let owned: Vec<_> =
        models.iter().map(|(name, bins)| (name.to_string(), points(bins))).collect();
    let labels = ("mean probability", "share of positives");
    square(title, labels, &owned, [(0.0, 0.0), (1.0, 1.0)])
}

/// Curves in the unit square, over a dashed line.
fn square(
    title: &str,
    (x_label, y_label): (&str, &str),
    owned: &[(String, Vec<(f64, f64)>)],
    dashed: [(f64, f64); 2],
) -> Svg {
    let series: Vec<Series<'_>> = owned
        .iter()
        .enumerate()
        .map(|(color, (name, points))| Series { name, points, dashed: false, color })
        .collect();
    let axes = (Axis::unit(x_label), Axis::unit(y_label));
    let plot = LineChart { title, x_label: "", y_label: "", series: &series };
    curves(&plot, (440.0, 440.0), (&axes.0, &axes.1), |chart| {
        let style = INK.mix(0.5).stroke_width(px(1.0) as u32);
        let (dash, gap) = (px(4.0) as u32, px(4.0) as u32);
        chart.draw_series(DashedLineSeries::new(dashed, dash, gap, style))?;
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Binning, calibration_curve, precision_recall_curve};

    #[test]
    fn precision_and_recall_are_drawn_as_steps() {
        let curve = precision_recall_curve(&[true, false, true], &[0.9, 0.5, 0.1]).unwrap();
        let svg = precision_recall_curves("", 2.0 / 3.0, &[("half", &curve)]);
        assert!(svg.as_str().contains("half (AP 0.833)"));
        let rows: Vec<_> =
            svg.numbers().unwrap().rows.iter().map(|row| row[1..].join(" ")).collect();
        assert_eq!(
            rows,
            ["1.000 0.6667", "0.5000 0.6667", "0.5000 0.5000", "0.5000 1.000", "0 1.000"]
        );
    }

    #[test]
    fn a_reliability_diagram_has_a_point_per_bin() {
        let bins = calibration_curve(&[true, false, true], &[0.9, 0.2, 0.3], 2, Binning::Uniform);
        let svg = reliability_diagram("", &[("model", &bins.unwrap())]);
        assert_eq!(svg.numbers().unwrap().rows.len(), 2);
        assert!(!svg.as_str().contains("NaN"));
    }
}
