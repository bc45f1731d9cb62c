//! Prints the report on each file and how long the inspection took: `cargo run -p pictures --example inspect -- face standard FILE...`

#![expect(clippy::print_stdout, reason = "a command-line program")]

use std::{env, fs, process, time::Instant};

use domain::{FileProfile, ImageKind};

fn main() {
    let mut arguments = env::args().skip(1);
    let kind = arguments.next().and_then(|name| ImageKind::parse(&name));
    let profile = arguments
        .next()
        .and_then(|name| [FileProfile::Standard, FileProfile::IdentityCard].into_iter().find(|profile| profile.name() == name));
    let (Some(kind), Some(profile)) = (kind, profile) else {
        println!("usage: inspect face|signature standard|identity_card FILE...");
        process::exit(2);
    };
    for path in arguments {
        let Ok(file) = fs::read(&path) else {
            println!("{path}: cannot be read");
            continue;
        };
        let start = Instant::now();
        let report = pictures::inspect(profile, kind, &file);
        println!("{path}: {} ms", start.elapsed().as_millis());
        for finding in report.findings {
            let result = if finding.ok { "ok" } else { finding.severity.name() };
            println!(
                "  {result:8} {:22} {:?} {:?} to {:?}",
                finding.rule.name(),
                finding.measured,
                finding.limit.least,
                finding.limit.most
            );
        }
    }
}
