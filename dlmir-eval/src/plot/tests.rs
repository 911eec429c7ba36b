use super::*;
use crate::{ConfusionMatrix, roc_curve};

/// Checks what every drawing must be: a single `svg` element, closed tags, no NaN, no ink left over.
#[track_caller]
fn assert_sound(svg: &Svg) -> &str {
    let text = svg.as_str();
    assert!(text.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\""), "{text:.80}");
    assert!(text.ends_with("</svg>\n"));
    assert_eq!(text.matches("<svg").count(), 1);
    assert!(!text.contains("NaN") && !text.contains("inf"), "a number is not finite");
    assert!(!text.contains("#010203"), "ink was not replaced");
    let (opened, closed) = (text.matches('<').count(), text.matches('>').count());
    assert_eq!(opened, closed, "text is not escaped, or a tag is not closed");
    for tag in ["text", "svg"] {
        let closed = text.matches(&format!("</{tag}>")).count();
        assert_eq!(text.matches(&format!("<{tag} ")).count(), closed, "{tag}");
    }
    text
}

const NASTY: &str = "<a> & \"b\" 'c'";

#[test]
fn text_is_escaped_and_ink_is_the_colour_of_the_page() {
    let matrix = ConfusionMatrix::from_labels(&[NASTY, "music"], &[0, 1, 1], &[0, 1, 0]);
    let svg = confusion_matrix(NASTY, &matrix);
    let text = assert_sound(&svg);
    assert!(text.contains("aria-label=\"&lt;a&gt; &amp; &quot;b&quot;"), "{text:.300}");
    assert!(text.contains("&lt;a&gt; &amp; &quot;b&quot; &apos;c&apos;"));
    assert!(text.contains("\"currentColor\""));

    let bars = [Bar { name: NASTY, value: 1.0, interval: None }];
    assert_sound(&bar_chart(NASTY, NASTY, &bars));
    let series =
        [Series { name: NASTY, points: &[(0.0, 0.0), (1.0, 1.0)], dashed: false, color: 0 }];
    let plot = LineChart { title: NASTY, x_label: NASTY, y_label: NASTY, series: &series };
    assert_sound(&line_chart(&plot));
    let segments = [Segment { start_s: 0.0, end_s: 9.0, class: 0, label: NASTY }];
    let rows: &[(&str, &[Segment<'_>])] = &[(NASTY, &segments)];
    let curve = (NASTY, &[(0.0, 0.5), (9.0, 0.5)][..]);
    assert_sound(&timeline(&Timeline { title: NASTY, duration_s: 9.0, rows, curve }));
}

#[test]
fn a_line_has_its_points_where_they_belong() {
    // One unit of the drawing is a quarter pixel; a straight line stays straight.
    let points: Vec<(f64, f64)> = (0..=4).map(|k| (f64::from(k), f64::from(k))).collect();
    let series = [Series { name: "x", points: &points, dashed: false, color: 0 }];
    let svg = line_chart(&LineChart { title: "", x_label: "", y_label: "", series: &series });
    // The legend's key has the same colour, but two points; the curve has five.
    let five_points = |line: &&str| line.contains("#0072B2") && line.matches(',').count() == 5;
    let curve: Vec<&str> = svg.as_str().lines().filter(five_points).collect();
    let [curve] = &curve[..] else { panic!("{} curves", curve.len()) };
    let points = curve.split("points=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    let points: Vec<(f64, f64)> = points
        .split_whitespace()
        .map(|point| point.split_once(',').unwrap())
        .map(|(x, y)| (x.parse().unwrap(), y.parse().unwrap()))
        .collect();
    let (dx, dy) = (points[1].0 - points[0].0, points[1].1 - points[0].1);
    assert!(dx > 0.0 && dy < 0.0, "right and up");
    for pair in points.windows(2) {
        assert!(
            (pair[1].0 - pair[0].0 - dx).abs() <= 1.0 && (pair[1].1 - pair[0].1 - dy).abs() <= 1.0
        );
    }
}

#[test]
fn empty_and_broken_data_make_a_drawing() {
    assert_sound(&confusion_matrix("", &ConfusionMatrix::new(&["alone"])));
    assert_sound(&confusion_matrix("", &ConfusionMatrix::new(&[""; 0])));
    assert_sound(&bar_chart("", "", &[]));
    assert_sound(&learning_curves("", "", &[]));
    let values = [f64::NAN, f64::INFINITY, 1.0];
    let model = LearningCurve { name: "", train: &values, validation: &[0.5] };
    assert_sound(&learning_curves("", "loss", &[model]));
    let points = [(0.0, 1.0), (f64::NAN, 2.0), (3.0, 1.0), (4.0, f64::NEG_INFINITY)];
    let series = [Series { name: "gaps", points: &points, dashed: true, color: 7 }];
    assert_sound(&line_chart(&LineChart { title: "", x_label: "", y_label: "", series: &series }));
    let (rows, curve) = (&[][..], ("", &[][..]));
    assert_sound(&timeline(&Timeline { title: "", duration_s: 0.0, rows, curve }));

    let (title, band_hz) = ("", &[100.0, 200.0][..]);
    for values in [&[f32::NAN, 1.0][..], &[2.0, 2.0], &[f32::INFINITY, f32::NEG_INFINITY]] {
        let (start_s, frame_s, unit, range) = (0.0, 0.1, "", None);
        let plot = Spectrogram { title, values, band_hz, start_s, frame_s, unit, range };
        assert_sound(&spectrogram(&plot));
    }
}

#[test]
fn a_value_that_is_not_a_number_is_written_without_a_bar() {
    let bar = |value| [Bar { name: "x", value, interval: Some((value, value)) }];
    let svg = bar_chart("", "", &bar(f64::NAN));
    assert!(svg.as_str().contains("NaN [NaN, NaN]"));
    assert!(!svg.as_str().contains("\"NaN"), "only as text");
    assert_sound(&bar_chart("", "", &bar(0.5)));
}

#[test]
fn names_of_roc_curves_tell_the_area() {
    let curve = roc_curve(&[true, false, true], &[0.9, 0.5, 0.1]).unwrap();
    let svg = roc_curves("ROC", &[("half", &curve)]);
    assert!(assert_sound(&svg).contains("half (AUC 0.500)"));
}

#[test]
fn fields_are_pictures_behind_the_axes() {
    let plot = DecisionBoundary {
        title: "",
        axis_labels: ("x", "y"),
        x_range: (0.0, 1.0),
        y_range: (0.0, 1.0),
        classes: &["a", "b", "c"],
        probabilities: &[1.0, 0.0, 0.0, 0.0, 0.5, 0.5],
        columns: 2,
        points: &[(0.5, 0.5, 2), (7.0, 0.5, 1)],
    };
    let svg = decision_boundary(&plot);
    let text = assert_sound(&svg);
    assert_eq!(text.lines().position(|line| line.starts_with("<image")), Some(1));
    let no_grid = DecisionBoundary { probabilities: &[], columns: 0, ..plot };
    assert!(!assert_sound(&decision_boundary(&no_grid)).contains("<image"));
}

#[test]
#[should_panic(expected = "3 probabilities are no rows of 2 columns and 2 classes")]
fn a_grid_has_whole_rows() {
    decision_boundary(&DecisionBoundary {
        title: "",
        axis_labels: ("", ""),
        x_range: (0.0, 1.0),
        y_range: (0.0, 1.0),
        classes: &["a", "b"],
        probabilities: &[0.1, 0.2, 0.3],
        columns: 2,
        points: &[],
    });
}

#[test]
#[should_panic(expected = "spectrogram: 3 values are no frames of 2 bands")]
fn a_spectrogram_has_whole_frames() {
    spectrogram(&Spectrogram {
        title: "",
        values: &[0.0; 3],
        band_hz: &[1.0, 2.0],
        start_s: 0.0,
        frame_s: 1.0,
        unit: "",
        range: None,
    });
}
