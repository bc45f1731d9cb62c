//! Checks that all tests, files and headings named in the documents on security exist, and that the totals in docs/asvs.md are right.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    project::{read, root},
    support::{anchors, assert_no_faults, rust_files},
};

const DOCUMENTS: &[&str] = &["docs/security.md", "docs/asvs.md", "docs/data-protection.md", "docs/emulators.md"];

/// Returns the texts between backticks.
fn code_spans(markdown: &str) -> impl Iterator<Item = &str> {
    markdown.split('`').skip(1).step_by(2)
}

/// Returns whether a test exists. `file` is the path of a source file of any crate. For tests in `tests/tests` it may also be the name of
/// the file without `.rs`, or the name of a folder that contains the file: `template::x` is found in `template/rights.rs`.
fn is_test(file: &str, name: &str) -> bool {
    let paths = if file.contains('/') {
        vec![file.to_owned()]
    } else {
        let ends = [format!("/{file}.rs"), format!("/{file}/")];
        let is_named = |path: &String| path.ends_with(&ends[0]) || path.contains(&ends[1]);
        rust_files("tests/tests").into_iter().filter(is_named).collect()
    };
    paths.iter().filter(|path| root().join(path).is_file()).any(|path| {
        let source = read(path);
        let at = source.find(&format!("fn {name}("));
        // Searches the lines between the previous empty line and the function for `#[test]` or `#[tokio::test]`.
        at.is_some_and(|at| {
            source[..at].rsplit("\n\n").next().is_some_and(|before| before.contains("#[test]") || before.contains("::test"))
        })
    })
}

/// Returns whether a text in backticks is the path of a file or folder of the project.
fn names_a_file(text: &str) -> bool {
    let folders = ["docs/", "functions/", "infra/", "shared/", "tests/", "web/"];
    let ends = [".yaml", ".toml", ".lock"];
    folders.iter().any(|folder| text.starts_with(folder)) || (!text.contains(' ') && ends.iter().any(|end| text.ends_with(end)))
}

#[test]
fn every_test_named_in_the_documents_exists() {
    let (mut count, mut faults) = (0, Vec::new());
    for document in DOCUMENTS {
        let markdown = read(document);
        // Names of CloudFormation types also contain `::`, but they begin with a capital letter and are not tests.
        let named = code_spans(&markdown).filter_map(|text| text.split_once("::")).filter(|(file, _)| file.starts_with(char::is_lowercase));
        for (file, name) in named.filter(|(file, _)| !file.contains(' ')) {
            if !is_test(file, name) {
                faults.push(format!("{document} has {file}::{name}, which is not a test"));
            }
            count += 1;
        }
    }
    assert_no_faults(&faults);
    assert!(count > 150, "{count}");
}

#[test]
fn every_test_named_in_the_readme_of_the_tests_exists() {
    let readme = read("tests/README.md");
    let named = readme.split('`').filter_map(|text| text.split_once("::")).filter(|(file, _)| !file.contains(' '));
    let (mut count, mut faults) = (0, Vec::new());
    for (file, name) in named {
        if !is_test(file, name) {
            faults.push(format!("tests/README.md has {file}::{name}, which is not a test"));
        }
        count += 1;
    }
    assert_no_faults(&faults);
    assert!(count > 60, "{count}");
}

#[test]
fn every_test_skipped_on_an_emulator_exists_and_has_a_reason() {
    let lists = std::fs::read_dir(root().join("tests/not_on")).expect("a folder").map(|entry| entry.expect("a file").path());
    for list in lists {
        let text = std::fs::read_to_string(&list).expect("a text");
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let (test, reason) = line.split_once(' ').unwrap_or_else(|| panic!("{}: {line}", list.display()));
            let (program, name) = test.split_once("::").unwrap_or_else(|| panic!("{}: {test}", list.display()));
            // The name begins with the test's module, unless the test is at the root of its program.
            let (module, name) = name.rsplit_once("::").unwrap_or((program, name));
            let file = module.rsplit("::").next().expect("a module");
            assert!(is_test(file, name) && reason.len() > 20, "{}: {line}", list.display());
        }
    }
}

#[test]
fn every_file_and_heading_named_in_the_documents_exists() {
    for document in DOCUMENTS {
        let markdown = read(document);
        for path in code_spans(&markdown).filter(|text| !text.contains("::") && names_a_file(text)) {
            assert!(root().join(path).exists(), "{document}: {path}");
        }
        let links = markdown.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        for link in links.filter(|link| !link.starts_with("https://")) {
            let (path, anchor) = link.split_once('#').map_or((link, None), |(path, anchor)| (path, Some(anchor)));
            let target = if path.is_empty() { (*document).to_owned() } else { format!("docs/{path}") };
            assert!(root().join(&target).exists(), "{document}: {link}");
            assert!(anchor.is_none_or(|anchor| anchors(&read(&target)).contains(anchor)), "{document}: {link}");
        }
    }
}

#[test]
fn the_asvs_list_has_each_requirement_once_and_its_totals_match() {
    let markdown = read("docs/asvs.md");
    let mut numbers = BTreeSet::new();
    let mut counts = BTreeMap::<&str, [usize; 2]>::new();
    let mut stated_counts = BTreeMap::new();
    let mut not_met = Vec::new();
    for line in markdown.lines() {
        match line.trim_matches('|').split(" | ").map(str::trim).collect::<Vec<_>>()[..] {
            [number, level @ ("1" | "2"), _, status, reason] => {
                assert!(numbers.insert(number) && !reason.is_empty(), "{line}");
                counts.entry(status).or_default()[usize::from(level == "2")] += 1;
                if status == "not met" {
                    not_met.push(number);
                }
            }
            [status, first, second, sum] => {
                if let (Ok(first), Ok(second), Ok(sum)) = (first.parse::<usize>(), second.parse::<usize>(), sum.parse::<usize>()) {
                    assert_eq!(first + second, sum, "{line}");
                    stated_counts.insert(status, [first, second]);
                }
            }
            _ => {}
        }
    }
    // ASVS 5.0.0 has 70 requirements of level 1 and 183 of level 2.
    assert_eq!(stated_counts.remove("all"), Some([70, 183]));
    assert_eq!(counts.values().fold([0, 0], |sum, one| [sum[0] + one[0], sum[1] + one[1]]), [70, 183]);
    assert_eq!(counts, stated_counts);
    assert_eq!(counts.into_keys().collect::<Vec<_>>(), ["met", "not applicable", "not met", "operator's"]);
    assert!(markdown.contains(&format!("Not met: {}.", not_met.join(", "))));
}
