//! Runs the example of docs/applications.md exactly as it is written, and checks that the docs list every reason and purpose.

use std::{path::PathBuf, process::Command};

use domain::{application::Purpose, verdict::RefusalReason};
use journeys::{
    application, citizen, docs,
    people::{fresh_citizen, fresh_photographer},
    photographer::issue_by_sms,
    stack,
};
use serde_json::json;

/// Returns the bash blocks of the page, in order.
fn blocks() -> Vec<String> {
    let blocks = docs::blocks(&docs::page("applications.md"), "bash");
    assert!(blocks.len() >= 5, "{blocks:?}");
    blocks
}

fn operators_command() -> PathBuf {
    let command = docs::root().join("target/lambda/applications/bootstrap");
    assert!(command.exists(), "{} does not exist; `make functions` builds it", command.display());
    command
}

#[test]
fn the_docs_list_every_refusal_reason_and_purpose() {
    let document = docs::page("applications.md");
    for reason in RefusalReason::ALL {
        let name = serde_json::to_value(reason).expect("a name");
        assert!(document.contains(&format!("| `{}` |", name.as_str().expect("a name"))), "{name}");
    }
    let operating = docs::page("operating/applications.md");
    for purpose in Purpose::ALL {
        assert!(operating.contains(&format!("`{}`", purpose.name())), "{purpose:?}");
    }
}

#[tokio::test]
async fn the_example_pulls_an_image_and_reports_a_verdict() {
    let (studio, visit) = (fresh_photographer().await, fresh_citizen().await);
    let issued = issue_by_sms(&studio, visit.person.mobile()).await;
    citizen::take(&visit, &issued.code).await;

    let folder = tempfile::tempdir().expect("a folder");
    let id = format!("doc-{}", &issued.upload_id[24..]);
    // The blocks up to the last one with `make application` register the application. Then the person authorises the application. The
    // remaining blocks pull an image and report a verdict.
    let blocks = blocks();
    let registered = blocks.iter().rposition(|block| block.contains("make application")).expect("the registration") + 1;
    let run = |blocks: &[String]| {
        // Replaces `make application` by a call of the operators' program, which is already built.
        let prelude = "set -euo pipefail\nmake() { test \"$1\" = application; eval \"$OPERATOR ${2#CMD=}\"; }\n";
        let output = Command::new("bash")
            .args(["-c", &format!("{prelude}{}", blocks.join("\n"))])
            .current_dir(folder.path())
            .env("MYPHOTO", stack::origin())
            .env("APPLICATION", &id)
            .env("SUBJECT", format!("afm:{}", visit.person.afm))
            .env("OPERATOR", operators_command())
            .output()
            .expect("bash");
        let (printed, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{printed}{errors}");
        printed.into_owned()
    };
    let printed = run(&blocks[..registered]);
    assert!(printed.contains("EdDSA") && printed.contains(&id), "{printed}");
    application::authorize(&visit, &[&id]).await.expect(200);
    run(&blocks[registered..]);

    let image = std::fs::read(folder.path().join("face.jpg")).expect("the image");
    assert_eq!(image, citizen::show_photo(&visit, domain::ImageKind::Face).await.expect(200).body);
    let response: serde_json::Value =
        serde_json::from_slice(&std::fs::read(folder.path().join("answer.json")).expect("the response")).expect("JSON");
    assert_eq!((&response["verdict"], &response["reason"]), (&json!("refused"), &json!("glasses")), "{response}");
    assert!(application::accesses(&visit).await[0].to_string().contains("glasses"));
}
