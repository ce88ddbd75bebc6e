//! Runs the program.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The program under test.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_entrace");

/// A folder of its own with an archive in it.
pub(crate) struct Place {
    pub(crate) folder: tempfile::TempDir,
}

/// What a run came to.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// A command that sees nothing of the machine's own settings.
pub(crate) fn command(program: impl AsRef<std::ffi::OsStr>, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .current_dir(folder)
        .env("HOME", folder)
        .env("TMPDIR", folder)
        .env("COLUMNS", "120")
        .stdin(Stdio::null());
    for name in ["PAGER", "NO_COLOR", "XDG_STATE_HOME", "XDG_CONFIG_HOME"] {
        command.env_remove(name);
    }
    // Whole families of them: settings, and what says who signs in.
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("AZURE_")
            || text.starts_with("IDENTITY_")
            || text.starts_with("ENTRACE_")
        {
            command.env_remove(&name);
        }
    }
    command
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl Place {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().expect("because temporary folders can be made"),
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs the program on the archive `t.entrace` in the folder.
    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        let mut all = vec!["-a", "t.entrace"];
        all.extend(arguments);
        self.run_with(&[], &all)
    }

    /// Runs the program with these environment variables, and no archive named.
    pub(crate) fn run_with(&self, variables: &[(&str, &str)], arguments: &[&str]) -> Run {
        let output = command(PROGRAM, self.folder.path())
            .envs(variables.iter().copied())
            .args(arguments)
            .output();
        output.expect("because the program was built").into()
    }

    /// Writes a file into the folder.
    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).expect("because the folder is ours");
    }

    /// The same where anything but success is a failed test.
    pub(crate) fn ok(&self, arguments: &[&str]) -> String {
        let run = self.run(arguments);
        assert_eq!(run.code, Some(0), "{arguments:?}: {}", run.stderr);
        run.stdout
    }

    pub(crate) fn init(&self) {
        self.ok(&["init", "--unprotected", "--tenant", "contoso"]);
    }

    /// Rows of an answer.
    pub(crate) fn rows(&self, sql: &str) -> Vec<serde_json::Value> {
        let lines = self.ok(&["-o", "jsonl", "sql", "-c", sql]);
        let parse = |line| serde_json::from_str(line).expect("because every line is JSON");
        lines.lines().map(parse).collect()
    }
}
