//! What the documents on security name is there: tests, files, headings; and the list of ASVS counts as it says.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    anchors,
    project::{read, root},
};

const DOCUMENTS: [&str; 4] = ["docs/security.md", "docs/asvs.md", "docs/data-protection.md", "docs/emulators.md"];

/// What stands between backticks.
fn spans(markdown: &str) -> impl Iterator<Item = &str> {
    markdown.split('`').skip(1).step_by(2)
}

/// Whether there is such a test: of a journey by its file's name, of a crate by its path.
pub(crate) fn is_test(file: &str, name: &str) -> bool {
    let paths = if file.contains('/') {
        vec![file.to_owned()]
    } else {
        let folders = ["", "journeys/", "journeys/refusals/", "services/", "template/"];
        folders.iter().flat_map(|folder| [format!("tests/tests/{folder}{file}.rs"), format!("tests/tests/{folder}{file}/mod.rs")]).collect()
    };
    paths.iter().filter(|path| root().join(path).is_file()).any(|path| {
        let source = read(path);
        let at = source.find(&format!("fn {name}("));
        // Its attribute stands before it, with others perhaps, and nothing else between.
        at.is_some_and(|at| {
            source[..at].rsplit("\n\n").next().is_some_and(|before| before.contains("#[test]") || before.contains("::test"))
        })
    })
}

/// Whether a text in backticks names a file or a folder of the project.
fn names_a_file(text: &str) -> bool {
    let folders = ["docs/", "functions/", "infra/", "shared/", "tests/", "web/"];
    let ends = [".yaml", ".toml", ".lock"];
    folders.iter().any(|folder| text.starts_with(folder)) || (!text.contains(' ') && ends.iter().any(|end| text.ends_with(end)))
}

#[test]
fn every_test_that_the_documents_name_is_there() {
    let mut count = 0;
    for document in DOCUMENTS {
        let markdown = read(document);
        // Types of CloudFormation are written so too, in capitals.
        let named = spans(&markdown).filter_map(|text| text.split_once("::")).filter(|(file, _)| file.starts_with(char::is_lowercase));
        for (file, name) in named.filter(|(file, _)| !file.contains(' ')) {
            assert!(is_test(file, name), "{document}: {file}::{name}");
            count += 1;
        }
    }
    assert!(count > 150, "{count}");
}

#[test]
fn every_test_that_is_left_out_on_an_emulator_is_there_and_has_a_reason() {
    let lists = std::fs::read_dir(root().join("tests/not_on")).expect("a folder").map(|entry| entry.expect("a file").path());
    for list in lists {
        let text = std::fs::read_to_string(&list).expect("a text");
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let (test, reason) = line.split_once(' ').unwrap_or_else(|| panic!("{}: {line}", list.display()));
            let (program, name) = test.split_once("::").unwrap_or_else(|| panic!("{}: {test}", list.display()));
            // A journey is named with its module.
            let (module, name) = name.rsplit_once("::").unwrap_or((program, name));
            let file = module.rsplit("::").next().expect("a module");
            assert!(is_test(file, name) && reason.len() > 20, "{}: {line}", list.display());
        }
    }
}

#[test]
fn every_file_and_heading_that_the_documents_name_is_there() {
    for document in DOCUMENTS {
        let markdown = read(document);
        for path in spans(&markdown).filter(|text| !text.contains("::") && names_a_file(text)) {
            assert!(root().join(path).exists(), "{document}: {path}");
        }
        let links = markdown.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        for link in links.filter(|link| !link.starts_with("https://")) {
            let (path, anchor) = link.split_once('#').map_or((link, None), |(path, anchor)| (path, Some(anchor)));
            let target = if path.is_empty() { document.to_owned() } else { format!("docs/{path}") };
            assert!(root().join(&target).exists(), "{document}: {link}");
            assert!(anchor.is_none_or(|anchor| anchors(&read(&target)).contains(anchor)), "{document}: {link}");
        }
    }
}

#[test]
fn the_list_of_asvs_has_each_requirement_once_and_counts_as_it_says() {
    let markdown = read("docs/asvs.md");
    let mut numbers = BTreeSet::new();
    let mut counts = BTreeMap::<&str, [usize; 2]>::new();
    let mut said = BTreeMap::new();
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
                    said.insert(status, [first, second]);
                }
            }
            _ => {}
        }
    }
    // As many as 5.0.0 has, by level.
    assert_eq!(said.remove("all"), Some([70, 183]));
    assert_eq!(counts.values().fold([0, 0], |sum, one| [sum[0] + one[0], sum[1] + one[1]]), [70, 183]);
    assert_eq!(counts, said);
    assert_eq!(counts.into_keys().collect::<Vec<_>>(), ["met", "not applicable", "not met", "operator's"]);
    assert!(markdown.contains(&format!("Not met: {}.", not_met.join(", "))));
}
