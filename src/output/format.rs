//! The formats of answers.

use clap::ValueEnum;

/// How rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Table,
    /// One document: columns with their types, rows, and where they come from
    Json,
    /// One object a line
    Jsonl,
    /// Comma-separated values with a header
    Csv,
    /// Tab-separated values with a header
    Tsv,
    /// A Markdown table
    Md,
    /// A page that needs nothing else
    Html,
    /// A Parquet file
    Parquet,
    /// An Arrow IPC stream
    Arrow,
}

impl Format {
    /// Whether a terminal would be spoilt by it.
    pub(crate) fn is_binary(self) -> bool {
        matches!(self, Self::Parquet | Self::Arrow)
    }

    /// Whether it is for a program that reads JSON.
    pub(crate) fn is_json(self) -> bool {
        matches!(self, Self::Json | Self::Jsonl)
    }

    /// The format of a name, as the shell takes it.
    pub(crate) fn of(name: &str) -> Option<Self> {
        Self::from_str(name, true).ok()
    }

    /// Its name, as options take it.
    pub(crate) fn name(self) -> String {
        self.to_possible_value()
            .map_or_else(String::new, |value| value.get_name().to_owned())
    }

    /// All names, for messages.
    pub(crate) fn names() -> String {
        let names: Vec<String> = Self::value_variants()
            .iter()
            .map(|format| format.name())
            .collect();
        names.join(", ")
    }
}
