//! Runs the commands of the pages in docs/ exactly as they are written.

use std::{
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Returns a page of docs/.
pub fn page(name: &str) -> String {
    let path = root().join("docs").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Returns the text under a heading, up to the next heading.
pub fn section<'p>(page: &'p str, heading: &str) -> &'p str {
    let (_, rest) = page.split_once(&format!("\n{heading}\n")).unwrap_or_else(|| panic!("no heading {heading}"));
    // A comment in a code block also begins with `#`, so only lines outside blocks count as headings.
    let ends = rest.match_indices("\n#").map(|(at, _)| at).filter(|at| rest[..*at].matches("```").count() % 2 == 0);
    &rest[..ends.min().unwrap_or(rest.len())]
}

/// Returns the code blocks of a language, in order, without the indentation that all of their lines share.
pub fn blocks(text: &str, language: &str) -> Vec<String> {
    let opening = format!("```{language}");
    let (mut found, mut open) = (Vec::new(), None::<(Vec<String>, bool)>);
    for line in text.lines() {
        let trimmed = line.trim_start();
        match &mut open {
            None if trimmed.starts_with("```") => open = Some((Vec::new(), trimmed == opening)),
            None => {}
            Some((lines, is_wanted)) if trimmed == "```" => {
                if *is_wanted {
                    found.push(dedented(lines));
                }
                open = None;
            }
            Some((lines, _)) => lines.push(line.to_owned()),
        }
    }
    found
}

fn dedented(lines: &[String]) -> String {
    let indent = lines.iter().filter(|line| !line.trim().is_empty()).map(|line| line.len() - line.trim_start().len()).min().unwrap_or(0);
    lines.iter().map(|line| line.get(indent..).unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

/// A shell that runs one block after another and stops at the first command that fails, as a person who follows the page would. A terminal,
/// however, runs the remaining commands of a pasted block even if one fails. Where that would do harm, pages join the commands with `&&`.
pub struct Shell {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Shell {
    const DONE: &str = "-- done --";

    /// Starts a shell in the checkout, without a terminal, so that commands that prompt read standard input.
    pub fn start(variables: &[(&str, &str)]) -> Self {
        let mut process = Command::new("setsid")
            .args(["bash", "--noprofile", "--norc", "-eu", "-o", "pipefail"])
            .current_dir(root())
            .envs(variables.iter().copied())
            .env("no_proxy", "*")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("bash");
        let input = process.stdin.take().expect("its input");
        let output = BufReader::new(process.stdout.take().expect("its output"));
        let mut shell = Self { process, input, output };
        shell.run("exec 2>&1");
        shell
    }

    /// Runs a block. Returns its output, standard error included.
    pub fn run(&mut self, block: &str) -> String {
        writeln!(self.input, "{block}\nprintf '\\n%s\\n' '{}'", Self::DONE).expect("a running shell");
        let mut printed = String::new();
        loop {
            let mut line = String::new();
            let read = self.output.read_line(&mut line).expect("text");
            assert!(read > 0, "the shell stopped in\n{block}\n{printed}");
            if line.trim_end() == Self::DONE {
                return printed.trim().to_owned();
            }
            printed += &line;
        }
    }

    /// Runs a block that prompts for input, and enters this text. Returns its output.
    pub fn answer(&mut self, block: &str, typed: &str) -> String {
        assert!(!typed.contains('\''), "{typed}");
        self.run(&format!("{{\n{block}\n}} <<< '{typed}'"))
    }

    pub fn set(&mut self, name: &str, value: &str) {
        assert!(!value.contains('\''), "{value}");
        self.run(&format!("{name}='{value}'"));
    }

    pub fn value(&mut self, name: &str) -> String {
        self.run(&format!("printf '%s' \"${name}\""))
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        // Ignores errors, because the shell may have exited already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_found_by_section_and_language_without_their_indentation() {
        let page =
            "# A\n\n## B\n\n1. x\n\n   ```\n   a <<'EOF'\n     b\n   EOF\n   # c\n   ```\n\n```bash\nd\n```\n\n## E\n\n```\nf\n```\n";
        assert_eq!(blocks(section(page, "## B"), ""), ["a <<'EOF'\n  b\nEOF\n# c"]);
        assert_eq!(blocks(section(page, "## B"), "bash"), ["d"]);
        assert_eq!(blocks(section(page, "## E"), ""), ["f"]);
    }
}
