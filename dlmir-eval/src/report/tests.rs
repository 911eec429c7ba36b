use super::*;
use crate::test_folder::TestFolder;

fn full_report() -> Report {
    let mut report = Report::new("A <b>bold</b> title & \"quotes\"");
    report.section("Data");
    report.paragraph("1 < 2 <script>alert(1)</script>");
    report.subsection("Parts & <pieces>");
    report.table(&["name", "value"], [["<i>x</i>", "0.5 [0.4, 0.6]"], ["y", "n/a"]]);
    report.section("Plots");
    report.svg("a <plot>", &Svg::from_markup("<svg></svg>"));
    report.image("a \"picture\"", &crate::png_image::encode_rgb(1, 1, &[1, 2, 3]));
    report.audio("a <sound>", b"RIFF");
    report.player("a <clip>", b"RIFF", 0.0, &[&Svg::from_markup("<svg data-time=\"\"></svg>")]);
    report.code("let x = &y < z;");
    report
}

#[test]
fn all_text_is_escaped() {
    let page = full_report().render().unwrap();
    for raw in [
        "<b>",
        "<script>alert",
        "<i>",
        "<plot>",
        "<sound>",
        "<clip>",
        "<pieces>",
        "alt=\"a \"p",
        "&y <",
    ] {
        assert!(!page.contains(raw), "{raw}");
    }
    assert!(page.contains("<svg></svg>"));
    assert!(page.contains("src=\"data:audio/wav;base64,UklGRg==\""));
    assert!(page.contains("alt=\"a &quot;picture&quot;\""));
    assert!(
        page.contains("<title>A &lt;b&gt;bold&lt;/b&gt; title &amp; &quot;quotes&quot;</title>")
    );
}

#[test]
fn the_page_stands_alone_and_is_usable() {
    let page = full_report().render().unwrap();
    for needed in [
        "<html lang=\"en\">",
        "name=\"viewport\"",
        "prefers-color-scheme: dark",
        "default-src 'none'",
        "<a class=\"skip\" href=\"#content\">",
        "<th scope=\"col\">",
        "<th scope=\"row\">",
        "tabindex=\"0\"",
    ] {
        assert!(page.contains(needed), "{needed}");
    }
    for foreign in ["http://", "https://", "src=\"/", "url(", "fetch(", "import"] {
        let page = page.replace("http://www.w3.org/2000/svg", ""); // a name, not an address
        assert!(!page.contains(foreign), "{foreign}");
    }
}

#[test]
fn contents_link_to_headings() {
    let page = full_report().render().unwrap();
    for id in ["section-1", "section-2", "section-3"] {
        assert_eq!(page.matches(&format!("href=\"#{id}\"")).count(), 1, "{id}");
        assert_eq!(page.matches(&format!("id=\"{id}\"")).count(), 1, "{id}");
    }
    let mut short = Report::new("short");
    short.subsection("a subsection alone");
    assert!(!short.render().unwrap().contains("<nav"));
    short.section("then a section");
    assert!(short.render().unwrap().contains("<nav"));
}

#[test]
fn numbers_are_told_from_words() {
    for number in ["0.97", "-3", "1e-3", "97 %", "0.912 [0.871, 0.948]", "NaN", "+0.5"] {
        assert!(is_number(number), "{number}");
    }
    for word in ["", "n/a", "3 pieces", "a 3", "[0, 1]", "1.2.3", "4 s"] {
        assert!(!is_number(word), "{word}");
    }
}

#[test]
fn a_report_above_the_limit_is_refused_and_writes_nothing() {
    let folder = TestFolder::new("report-large");
    let mut report = Report::new("large");
    report.audio("long", &vec![0; MAX_REPORT_BYTES / 4 * 3 - 10_000]);
    report.write(folder.join("fits.html")).unwrap();
    report.audio("more", &[0; 20_000]);
    let error = report.write(folder.join("large.html")).unwrap_err();
    assert!(matches!(error, EvalError::ReportTooLarge { limit: MAX_REPORT_BYTES, .. }), "{error}");
    assert!(!folder.join("large.html").exists());
}

#[test]
#[should_panic(expected = "table: row 1 has 1 cells, the header 2")]
fn rows_must_be_as_long_as_the_header() {
    Report::new("x").table(&["a", "b"], [vec!["1", "2"], vec!["3"]]);
}

#[test]
fn long_sounds_are_cut_and_the_page_says_so() {
    let wav = crate::wav::tests::wav_file(8000, 1, &vec![7; 8000 * 30]);
    let mut report = Report::new("cut");
    report.audio("short", &wav[..100]);
    assert!(!report.render().unwrap().contains("are cut"));
    report.player("long", &wav, 0.0, &[]);
    let page = report.render().unwrap();
    assert!(page.contains("long (the first 5 s of 30.0 s)"));
    assert!(page.contains("Sounds on this page are cut to 5 s"));
    assert!(page.contains("data-seconds=\"5\""));
    let sound = crate::wav::tests::wav_file(8000, 1, &vec![7; 8000 * 5]);
    assert!(page.contains(&data_uri("audio/wav", &sound)));
}

#[test]
fn a_page_has_a_script_only_where_a_picture_follows_a_sound() {
    let mut report = Report::new("quiet");
    report.audio("sound", b"RIFF");
    report.player("sound", b"RIFF", 0.0, &[]);
    assert!(!report.render().unwrap().contains("<script"));
    report.player("sound", b"RIFF", 1.5, &[&Svg::from_markup("<svg></svg>")]);
    let page = report.render().unwrap();
    assert_eq!(page.matches("<script").count(), 1);
    assert!(page.contains("data-start=\"1.5\""));
    assert!(!include_str!("player.js").contains("</"), "would end the script");
}

#[test]
fn the_numbers_of_a_plot_are_in_a_table() {
    let numbers = vec![vec![String::from("<a>"), String::from("0.5")]];
    let mut report = Report::new("numbers");
    report.svg("a plot", &Svg::from_markup("<svg></svg>").with_numbers(&["x", "y"], numbers));
    let page = report.render().unwrap();
    assert!(page.contains("<details><summary>Numbers"));
    assert!(
        page.contains("<th scope=\"row\">&lt;a&gt;</th><td class=\"number\">0.5</td>"),
        "{page}"
    );
    report.svg("no numbers", &Svg::from_markup("<svg></svg>").with_numbers(&["x"], vec![]));
    assert_eq!(report.render().unwrap().matches("<details").count(), 1);
}
