//! Runs libFuzzer on one property, which the environment variable TARGET names. Built and started by fuzz/run.py.

#![no_main]

use std::{process::exit, sync::LazyLock};

use libfuzzer_sys::fuzz_target;
use peak_alloc::PeakAlloc;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

static TARGET: LazyLock<&fuzzing::Target> = LazyLock::new(|| {
    let name = std::env::var("TARGET").unwrap_or_default();
    fuzzing::TARGETS.iter().find(|target| target.name == name).unwrap_or_else(|| {
        eprintln!("TARGET is not the name of a target: {name:?}");
        exit(2)
    })
});

fuzz_target!(|data: &[u8]| {
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    (TARGET.check)(data);
    let used = MEMORY.peak_usage().saturating_sub(before);
    assert!(used <= TARGET.memory_max, "{used} bytes of memory in use; the limit is {}", TARGET.memory_max);
});
