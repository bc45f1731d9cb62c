//! libFuzzer's loop around one property, which the variable TARGET names. Built and started by fuzz/run.py.

#![no_main]

use std::{process::exit, sync::LazyLock};

use libfuzzer_sys::fuzz_target;
use peak_alloc::PeakAlloc;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

static TARGET: LazyLock<&fuzzing::Target> = LazyLock::new(|| {
    let wanted = std::env::var("TARGET").unwrap_or_default();
    fuzzing::TARGETS.iter().find(|target| target.name == wanted).unwrap_or_else(|| {
        eprintln!("TARGET names none: {wanted:?}");
        exit(2)
    })
});

fuzz_target!(|data: &[u8]| {
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    (TARGET.holds)(data);
    let used = MEMORY.peak_usage().saturating_sub(before);
    assert!(used <= TARGET.memory, "{used} bytes of memory, where {} are stated", TARGET.memory);
});
