//! Switches for mutation testing. rewrite.py inserts a switch at each DynamoDB condition and each guard in a copy of the sources. A place
//! with a switch is called a site. A control file names the one site whose condition or guard is off, or no site. Functions read this file
//! repeatedly, so they need not be built again for each site. Each site that is reached is recorded together with its condition.

use std::{
    collections::HashSet,
    fs,
    io::Write,
    sync::Mutex,
    time::{Duration, Instant},
};

/// Path of the control file. Its first line is the phase, which names the file in which reached sites are recorded. If the line is empty,
/// nothing is recorded. Its second line is the site that is off.
const CONTROL: &str = env!("MUTANTS_CONTROL");

/// Time after which the control file is read again. run.py waits longer than this time after it has changed the file. The file is not read
/// at each check, because some guards are checked for every few bits of a picture.
const READ_AGAIN: Duration = Duration::from_millis(20);

static CONTROL_STATE: Mutex<Option<ControlState>> = Mutex::new(None);

struct ControlState {
    read: Instant,
    phase: String,
    chosen: String,
    /// Sites that were recorded in this phase.
    seen: HashSet<String>,
}

impl ControlState {
    fn new() -> Self {
        let control = fs::read_to_string(CONTROL).unwrap_or_default();
        let mut lines = control.lines().map(str::to_owned);
        let (phase, chosen) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
        Self { read: Instant::now(), phase, chosen, seen: HashSet::new() }
    }

    fn refreshed(self) -> Self {
        let new = Self::new();
        if new.phase == self.phase { Self { seen: self.seen, ..new } } else { new }
    }
}

/// Returns whether the guard at this site is off.
pub fn off(site: &'static str) -> bool {
    is_chosen(site, "")
}

/// Returns the condition unchanged, unless the site that is off is the condition or one of its terms. In that case, the condition or the
/// term is changed so that it is always true. All names and values are still used, because DynamoDB rejects unused names and values.
pub fn condition(site: &'static str, expression: impl Into<String>) -> String {
    let expression = expression.into();
    if is_chosen(site, &format!("{expression}")) {
        return weakened(&expression, 0..expression.len());
    }
    for (number, (range, term)) in terms(&expression).into_iter().enumerate() {
        let id = format!("{site}/{}", number + 1);
        if is_chosen(&id, &term) {
            return weakened(&expression, range);
        }
    }
    expression
}

/// Returns the expression, in which the part at `term` is changed so that it is always true.
fn weakened(expression: &str, term: std::ops::Range<usize>) -> String {
    let (before, after) = (&expression[..term.start], &expression[term.end..]);
    // Removes the term's own parentheses, because DynamoDB rejects two pairs around the same expression.
    let inner = inside_parentheses(expression, &term).unwrap_or(term);
    format!("{before}(({}) OR attribute_not_exists(never_there)){after}", &expression[inner])
}

/// Returns whether the site is off, and records that it was reached with this condition.
fn is_chosen(site: &str, condition: &str) -> bool {
    let mut state = CONTROL_STATE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let now = match state.take() {
        None => ControlState::new(),
        Some(old) if old.read.elapsed() > READ_AGAIN => old.refreshed(),
        Some(old) => old,
    };
    let now = state.insert(now);
    if !now.phase.is_empty() && !now.seen.contains(site) {
        now.seen.insert(site.to_owned());
        if let Ok(mut file) = fs::OpenOptions::new().append(true).create(true).open(format!("{CONTROL}.reached/{}", now.phase)) {
            let _ = file.write_all(format!("{site}\t{condition}\n").as_bytes());
        }
    }
    site == now.chosen
}

/// Returns all operands of AND, at every depth.
fn terms(expression: &str) -> Vec<(std::ops::Range<usize>, String)> {
    let mut found = Vec::new();
    collect(expression, 0..expression.len(), &mut found);
    found
}

fn collect(text: &str, range: std::ops::Range<usize>, found: &mut Vec<(std::ops::Range<usize>, String)>) {
    let range = trimmed(text, range);
    if let Some(inner) = inside_parentheses(text, &range) {
        return collect(text, inner, found);
    }
    let alternatives = split(text, range.clone(), " OR ");
    if alternatives.len() > 1 {
        alternatives.into_iter().for_each(|one| collect(text, one, found));
        return;
    }
    let parts = split(text, range, " AND ");
    if parts.len() > 1 {
        for part in parts {
            found.push((part.clone(), text[part.clone()].to_owned()));
            collect(text, part, found);
        }
    }
}

fn trimmed(text: &str, range: std::ops::Range<usize>) -> std::ops::Range<usize> {
    let part = &text[range.clone()];
    let start = range.start + part.len() - part.trim_start().len();
    start..start + part.trim().len()
}

/// Returns the range without the parentheses that enclose it, or `None` if no pair encloses all of it.
fn inside_parentheses(text: &str, range: &std::ops::Range<usize>) -> Option<std::ops::Range<usize>> {
    let part = &text[range.clone()];
    if !part.starts_with('(') {
        return None;
    }
    let mut depth = 0;
    for (at, byte) in part.bytes().enumerate() {
        match byte {
            b'(' => depth += 1,
            b')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return (at + 1 == part.len()).then(|| range.start + 1..range.end - 1);
        }
    }
    None
}

fn split(text: &str, range: std::ops::Range<usize>, by: &str) -> Vec<std::ops::Range<usize>> {
    let (mut parts, mut start, mut depth, mut at) = (Vec::new(), range.start, 0, range.start);
    while at < range.end {
        match text.as_bytes()[at] {
            b'(' => depth += 1,
            b')' => depth -= 1,
            _ if depth == 0 && text[at..range.end].starts_with(by) => {
                parts.push(start..at);
                start = at + by.len();
                at = start;
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    parts.push(start..range.end);
    parts
}
