//! Golden transcripts: what the program prints, as a person would see it.
//!
//! A transcript is a file of shell lines (`$ ...`), each followed by what it printed on both streams and,
//! where it did not end with 0, its exit code (`? 2`). What differs from run to run (ids, sizes, durations)
//! is replaced by a word of its kind. A line that ends in `&` goes on until the transcript ends: what it
//! prints are variables, and the lines after it have them. The folder has six nightly exports in
//! `exports`. `UPDATE_TRANSCRIPTS=1 cargo test --workspace --locked transcripts` writes them anew, to be
//! read before they are committed.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::masks::{exports, masked};
use crate::programs::{PROGRAM, Place, Run, command};

/// The last line a simulated tenant prints before it waits for clients.
const LAST_VARIABLE: &str = "AZURE_CLIENT_SECRET";

/// A shell in a folder of its own.
pub(crate) struct Shell {
    place: Place,
    path: OsString,
    variables: Vec<(String, String)>,
    background: Vec<Child>,
}

impl Shell {
    pub(crate) fn new() -> Self {
        let programs = Path::new(PROGRAM).parent();
        let programs = programs.expect("because a program is in a folder");
        let others = std::env::var_os("PATH").unwrap_or_default();
        let all = std::iter::once(programs.to_owned()).chain(std::env::split_paths(&others));
        let place = Place::new();
        copy(&exports(), &place.path("exports"));
        Self {
            place,
            path: std::env::join_paths(all).expect("because folders have no colons here"),
            variables: Vec::new(),
            background: Vec::new(),
        }
    }

    /// Sets a variable for the lines that follow.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.variables.push((name.to_owned(), value.to_owned()));
    }

    fn command(&self, line: &str) -> Command {
        let mut command = command("sh", self.place.folder.path());
        command
            .env("PATH", &self.path)
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .args(["-c", line]);
        command
    }

    /// Runs a line to its end.
    pub(crate) fn run(&self, line: &str) -> Run {
        let output = self.command(&format!("{line} 2>&1")).output();
        output.expect("because there is a shell").into()
    }

    /// Starts what the line names and takes the variables it prints.
    fn start(&mut self, line: &str) -> Run {
        let mut child = self
            .command(&format!("exec {line} 2>&1"))
            .stdout(Stdio::piped())
            .spawn()
            .expect("because there is a shell");
        let out = child.stdout.take().expect("because it is piped");
        self.background.push(child);
        let mut stdout = String::new();
        for line in BufReader::new(out).lines() {
            let line = line.expect("because it prints text");
            let _ = writeln!(stdout, "{line}");
            let variable = line.strip_prefix("export ").and_then(|v| v.split_once('='));
            if let Some((name, value)) = variable {
                self.variables.push((name.to_owned(), value.to_owned()));
                if name == LAST_VARIABLE {
                    break;
                }
            }
        }
        Run {
            code: Some(0),
            stdout,
            stderr: String::new(),
        }
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        for child in &mut self.background {
            // It may have ended by itself.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir(to).expect("because the folder is ours");
    let entries = std::fs::read_dir(from).expect("because the exports are in the repository");
    for entry in entries.flatten() {
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() {
            copy(&from, &to);
        } else {
            std::fs::copy(&from, &to).expect("because the folder is ours");
        }
    }
}

/// What the lines of a script print, after each of them.
fn performed(script: &str) -> String {
    let mut shell = Shell::new();
    let mut out = String::new();
    let typed_or_told = |line: &&str| line.starts_with("$ ") || line.starts_with("# ");
    for line in script.lines().filter(typed_or_told) {
        let _ = writeln!(out, "{line}");
        let Some(typed) = line.strip_prefix("$ ") else {
            continue;
        };
        let run = match typed.strip_suffix(" &") {
            Some(typed) => shell.start(typed),
            None => shell.run(typed),
        };
        for printed in masked(&run.stdout, shell.place.folder.path()).lines() {
            // What is printed is told from what is typed.
            let escape = if printed.starts_with(['$', '#']) {
                " "
            } else {
                ""
            };
            let _ = writeln!(out, "{escape}{printed}");
        }
        match run.code {
            Some(0) => {}
            Some(code) => drop(writeln!(out, "? {code}")),
            None => out.push_str("? killed\n"),
        }
        out.push('\n');
    }
    out
}

/// Fails at the first line that is another.
fn compare(name: &str, expected: &str, actual: &str) {
    let mut lines = expected.lines().zip(actual.lines()).enumerate();
    if let Some((at, (old, new))) = lines.find(|(_, (old, new))| old != new) {
        panic!("{name}:{}\n  expected: {old}\n  printed:  {new}", at + 1);
    }
    assert_eq!(expected, actual, "{name} ends differently");
}

fn check(name: &str) {
    let folder = crate::shared::package().join("tests/transcripts");
    let file = folder.join(name);
    let expected = std::fs::read_to_string(&file);
    let expected = expected.expect("because the transcript is in the repository");
    let actual = performed(&expected);
    if std::env::var_os("UPDATE_TRANSCRIPTS").is_some() {
        std::fs::write(&file, actual).expect("because the folder can be written");
        return;
    }
    compare(name, &expected, &actual);
}

/// The consoles that the README shows are no promises. All of them are one script in one folder; sizes,
/// times and ids may be others.
#[test]
fn what_the_readme_shows() {
    let readme = crate::shared::package().join("README.md");
    let text = std::fs::read_to_string(readme).expect("because there is a README");
    let shown: String = text
        .split("```console\n")
        .skip(1)
        .filter_map(|rest| rest.split_once("```"))
        .map(|(console, _)| console)
        .collect();
    assert!(shown.starts_with("$ entrace"), "the README shows something");
    let without_gaps = |text: &str| {
        let lines = text.lines().filter(|line| !line.is_empty());
        lines.fold(String::new(), |text, line| text + line + "\n")
    };
    let actual = without_gaps(&performed(&shown));
    let shown = without_gaps(&masked(&shown, Path::new("/nowhere")));
    compare("README.md, its consoles alone", &shown, &actual);
}

#[test]
fn a_first_look() {
    check("first-look.txt");
}

#[test]
fn asking() {
    check("asking.txt");
}

#[test]
fn hunting() {
    check("hunting.txt");
}

#[test]
fn importing() {
    check("importing.txt");
}

#[test]
fn reading() {
    check("reading.txt");
}

#[test]
fn setting_up() {
    check("setting-up.txt");
}

#[test]
fn timelines() {
    check("timeline.txt");
}

#[test]
fn upkeep() {
    check("upkeep.txt");
}

#[cfg(unix)]
#[test]
fn living() {
    check("living.txt");
}
