//! The HTML report in a headless browser: sorted, searched, folded by mouse and keyboard, printed; at the width
//! of a phone and of a desk.
//!
//! The browser is `chromium` of the path, or the program that `CNNC_BROWSER` names. Where there is none the
//! tests that need it say so and pass, unless `CNNC_BROWSER` is set.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use cnnc::report::{self, Report, ReportSettings};

fn page(name: &str) -> String {
    let file = cnnc::zoo::FILES.iter().find(|file| file.networks.contains(&name)).unwrap();
    page_of(file.text, name)
}

fn page_of(source: &str, name: &str) -> String {
    let session = cnnc::driver::Session::load(&(), &format!("{name}.cnn"), source.as_bytes().to_vec(), name);
    let options =
        cnnc::driver::Options { network: Some(name.to_owned()), ..cnnc::driver::Options::default() };
    let outcome = session.compile(&options).unwrap();
    let checked = outcome.checked.unwrap_or_else(|| panic!("{:#?}", outcome.diagnostics));
    let report = Report::of(&checked, session.sources(), ReportSettings::default());
    report::html::html(&report, &checked)
}

const BRANCHES: &str = "block unit(c) { inception < | conv 1x1x(c) relu | conv 1x1x4 relu; conv 3x3x(c) same relu | maxpool 3/1 same; conv 1x1x(c) >; }
network branches {
    input 32x32x3;
    conv 3x3x16 same relu as stem;
    residual < conv 3x3x16 same bn relu; conv 3x3x16 same bn > relu as skip;
    [unit(8) * 3; maxpool 2/2] as stage[];
    aux train < avgpool global; flatten; dense 10 > as side;
    unit(12) as last;
    avgpool global; flatten; dense 10 as head;
}";

/// The browser, if there is one.
fn browser() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("CNNC_BROWSER").filter(|named| !named.is_empty()) {
        return Some(PathBuf::from(named));
    }
    let path = std::env::var_os("PATH")?;
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let found = std::env::split_paths(&path).flat_map(|folder| names.map(|name| folder.join(name)));
    let found = found.into_iter().find(|program| program.is_file());
    if found.is_none() {
        println!("no browser: the page is not driven");
    }
    found
}

/// Runs the browser on a page.
fn run(browser: &Path, folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new(browser)
        .args([
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--no-first-run",
            "--virtual-time-budget=10000",
        ])
        .arg(format!("--user-data-dir={}", folder.join("profile").display()))
        .args(arguments)
        .arg(format!("file://{}", folder.join("page.html").display()))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Drives a page and returns what the script saw.
fn drive(browser: &Path, page: &str, width: u32) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let watch = "<script>window.errors = [];\
        window.addEventListener('error', (event) => window.errors.push(String(event.message)));\
        console.error = (...words) => window.errors.push(words.join(' '));</script>";
    let driver = include_str!("../fixtures/html/drive.js");
    let page = page.replacen("<title>", &format!("{watch}<title>"), 1).replacen(
        "</body>",
        &format!("<script>{driver}</script></body>"),
        1,
    );
    std::fs::write(folder.path().join("page.html"), page).unwrap();
    let dom = run(browser, folder.path(), &[&format!("--window-size={width},900"), "--dump-dom"]);
    let result = dom.split_once("<pre id=\"result\">").unwrap_or_else(|| panic!("no result in {dom}")).1;
    let result = result.split_once("</pre>").unwrap().0;
    let result = result.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    serde_json::from_str(&result).unwrap()
}

#[test]
fn the_page_is_sorted_searched_and_folded() {
    let Some(browser) = browser() else { return };
    for (name, page, scopes) in [
        ("lenet5", page("lenet5"), false),
        ("resnet152", page("resnet152"), true),
        ("branches", page_of(BRANCHES, "branches"), true),
    ] {
        for width in [500, 1280] {
            let seen = drive(&browser, &page, width);
            let place = format!("{name} at {width}: {seen}");
            assert_eq!(seen["errors"], Value::Array(Vec::new()), "{place}");
            assert_eq!(seen["requests"], 0, "{place}");
            assert_eq!(seen["order"], "descending", "{place}");
            // Equal rows keep their order, so that the first of one order is among the last of the other.
            assert!(seen["ascending"].as_array().unwrap().contains(&seen["descending"][0]), "{place}");
            assert_eq!(seen["restored"], true, "{place}");
            let found = seen["found"].as_array().unwrap();
            assert!(!found.is_empty() && found.len() < seen["rows"].as_u64().unwrap() as usize, "{place}");
            assert_eq!(seen["shown"], format!("{} of {}", found.len(), seen["rows"]), "{place}");
            let count = |key: &str| seen[key].as_u64().unwrap();
            if scopes {
                assert!(count("folded") < count("unfolded") && count("unfolded") < count("all"), "{place}");
                assert_eq!(seen["focus"], true, "{place}");
                assert_eq!(count("folded"), count("foldedAgain"), "{place}");
                assert!(count("frames") > 1, "{place}");
            }
            assert_eq!((count("overlaps"), count("outside"), count("unnamed")), (0, 0, 0), "{place}");
            assert_eq!(seen["marked"], 1, "{place}");
            assert_eq!(seen["slower"], true, "{place}");
            assert_eq!(seen["refused"], "Peak and bandwidth are numbers above 0.", "{place}");
            assert!(seen["charts"].as_array().unwrap().iter().all(|chart| chart == true), "{place}");
            assert_eq!(seen["wide"], false, "the page scrolls sideways: {place}");
        }
    }
}

#[test]
fn the_page_prints() {
    let Some(browser) = browser() else { return };
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("page.html"), page("lenet5")).unwrap();
    let target = folder.path().join("page.pdf");
    run(
        &browser,
        folder.path(),
        &[&format!("--print-to-pdf={}", target.display()), "--no-pdf-header-footer"],
    );
    let pdf = std::fs::read(target).unwrap();
    assert!(pdf.starts_with(b"%PDF-"));
    let pages = String::from_utf8_lossy(&pdf).matches("/Type /Page\n").count();
    assert!((1..=6).contains(&pages), "{pages} pages");
}

#[test]
fn a_page_is_small_whole_and_the_same_each_time() {
    for name in ["lenet5", "resnet152"] {
        let text = page(name);
        assert!(text.len() < 1_000_000, "{name}: {} bytes", text.len());
        assert_eq!(text, page(name));
        for word in ["http://", "https://", "@import", "url(", "src="] {
            let found = text.match_indices(word).map(|(at, _)| &text[at..(at + 40).min(text.len())]);
            let outside: Vec<&str> = found
                .filter(|place| {
                    !place.starts_with("http://www.w3.org/2000/svg") && !place.starts_with("url(#")
                })
                .collect();
            assert!(outside.is_empty(), "{name} reaches outside: {outside:?}");
        }
        let rows = text.matches("<tr id=\"l").count();
        assert!(rows > 10, "{rows}");
    }
}

#[test]
fn names_cannot_break_the_page() {
    let text = page_of(
        "network odd {\n input 8x8x1;\n [conv 1x1x2 relu] as a.\"</script><b>\"[];\n conv 1x1x2 as \"x&y\";\n}",
        "odd",
    );
    assert!(text.contains("a.&lt;/script&gt;&lt;b&gt;.0"), "the table escapes");
    assert_eq!(text.matches("</script>").count(), 2, "only the elements of the page end");
    assert!(text.contains("x&amp;y"));
}
