//! Runs every property with its corpus: the seeds, and every input that has broken a property during fuzzing.

use std::{fs, panic, path::Path};

use fuzzing::TARGETS;

#[test]
fn every_property_holds_for_its_corpus() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let mut folders: Vec<_> = fs::read_dir(&corpus).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    let mut names: Vec<_> = TARGETS.iter().map(|target| target.name.to_owned()).collect();
    folders.sort();
    names.sort();
    assert_eq!(folders, names, "every target has a folder and every folder a target");
    for target in &TARGETS {
        let mut inputs: Vec<_> = fs::read_dir(corpus.join(target.name)).unwrap().map(|entry| entry.unwrap().path()).collect();
        inputs.sort();
        assert!(!inputs.is_empty(), "{}", target.name);
        for input in inputs {
            let result = panic::catch_unwind(|| (target.check)(&fs::read(&input).unwrap()));
            assert!(result.is_ok(), "{}", input.display());
        }
    }
}
