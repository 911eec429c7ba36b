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

/// The points of the only line in the first colour with so many; the legend's key has two.
#[track_caller]
fn curve(svg: &Svg, n_points: usize) -> Vec<(f64, f64)> {
    let with_points =
        |line: &&str| line.contains("#0072B2") && line.matches(',').count() == n_points;
    let curves: Vec<&str> = svg.as_str().lines().filter(with_points).collect();
    let [curve] = &curves[..] else { panic!("{} curves", curves.len()) };
    let points = attribute(curve, "points").split_whitespace();
    let points = points.map(|point| point.split_once(',').unwrap());
    points.map(|(x, y)| (x.parse().unwrap(), y.parse().unwrap())).collect()
}

fn attribute<'a>(element: &'a str, name: &str) -> &'a str {
    let value = element.split(&format!(" {name}=\"")).nth(1);
    value.and_then(|rest| rest.split('"').next()).unwrap()
}

fn number(element: &str, name: &str) -> f64 {
    attribute(element, name).parse().unwrap()
}

/// Where a text stands that is there once.
#[track_caller]
fn place_of(svg: &Svg, text: &str) -> (f64, f64) {
    let lines: Vec<&str> = svg.as_str().lines().collect();
    let elements = lines.windows(2).filter(|pair| pair[0].starts_with("<text") && pair[1] == text);
    let places: Vec<_> =
        elements.map(|pair| (number(pair[0], "x"), number(pair[0], "y"))).collect();
    let [place] = places[..] else { panic!("{} texts {text}", places.len()) };
    place
}

#[test]
fn rows_of_a_confusion_matrix_are_true_classes() {
    // [[3, 7], [1, 5]]
    let truth = [vec![0; 10], vec![1; 6]].concat();
    let predicted = [vec![0; 3], vec![1; 7], vec![0; 1], vec![1; 5]].concat();
    let matrix = ConfusionMatrix::from_labels(&["a", "b"], &truth, &predicted);
    let svg = confusion_matrix("", &matrix);
    let [three, seven, one, five] = ["3", "7", "1", "5"].map(|count| place_of(&svg, count));
    assert!(three.0 < seven.0 && three.1 == seven.1, "a was taken for b: right of the diagonal");
    assert!(one.0 == three.0 && one.1 > three.1, "b was taken for a: below the diagonal");
    assert_eq!(five, (seven.0, one.1));
}

#[test]
fn bars_end_at_their_values() {
    let bar = |value, interval| Bar { name: "x", value, interval };
    let svg = bar_chart("", "", &[bar(1.0, None), bar(0.25, Some((0.0, 0.5)))]);
    let is_bar = |line: &&str| line.starts_with("<rect") && line.contains("#0072B2");
    let bars: Vec<&str> = svg.as_str().lines().filter(is_bar).collect();
    let [long, short] = bars[..] else { panic!("{} bars", bars.len()) };
    assert!(number(long, "y") < number(short, "y"), "the first on top");
    assert_eq!(number(long, "x"), number(short, "x"));
    let (long, short) = (number(long, "width"), number(short, "width"));
    // One unit of the drawing is a quarter pixel.
    assert!(long > 400.0 && (0.25 * long - short).abs() <= 1.0, "{long} {short}");
}

#[test]
fn low_bands_are_at_the_bottom_and_time_runs_to_the_right() {
    let (values, band_hz) = (&[0.0, 85.0, 170.0, 255.0], &[100.0, 200.0]);
    let (title, unit, start_s, frame_s, range) = ("", "", 0.0, 1.0, None);
    let svg = spectrogram(&Spectrogram { title, values, band_hz, start_s, frame_s, unit, range });
    let palette: Vec<u8> = (0..=255).flat_map(|k| heat(f64::from(k) / 255.0)).collect();
    let picture = crate::png_image::encode_indexed(2, 2, &[170, 255, 0, 85], &palette);
    assert!(svg.as_str().contains(&crate::base64::data_uri("image/png", &picture)));
}

#[test]
fn a_roc_curve_rises_with_the_true_positives() {
    // The best score is a positive: up to (0, 1/2), then right to (1, 1/2), then up.
    let model = roc_curve(&[true, false, true], &[0.9, 0.5, 0.1]).unwrap();
    let [start, up, right, end] = curve(&roc_curves("", &[("", &model)]), 4)[..] else { panic!() };
    assert_eq!((up.0, right.0), (start.0, end.0));
    assert_eq!(up.1, right.1);
    assert!(start.0 < end.0 && start.1 > end.1, "y grows downwards in the drawing");
    assert!((2.0 * up.1 - start.1 - end.1).abs() <= 1.0, "half-way up");
}

#[test]
fn a_line_has_its_points_where_they_belong() {
    // One unit of the drawing is a quarter pixel; a straight line stays straight.
    let points: Vec<(f64, f64)> = (0..=4).map(|k| (f64::from(k), f64::from(k))).collect();
    let series = [Series { name: "x", points: &points, dashed: false, color: 0 }];
    let svg = line_chart(&LineChart { title: "", x_label: "", y_label: "", series: &series });
    let points = curve(&svg, 5);
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
