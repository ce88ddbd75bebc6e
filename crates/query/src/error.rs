//! What can go wrong with a question, by what the asker must do about it.

use datafusion::common::utils::datafusion_strsim;
use datafusion::common::{Column, SchemaError};
use datafusion::error::DataFusionError;

/// Result of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// A failed question. The message is one line and names the thing and the place.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The question is wrong: change it.
    #[error("{0}")]
    Invalid(String),
    /// Nothing has that name: ask for another.
    #[error("{0}")]
    NotFound(String),
    /// Several things have that name: say which.
    #[error("{name:?} is ambiguous: it could be {}", candidates.join(", "))]
    Ambiguous {
        /// The name as it was given.
        name: String,
        /// What it could mean.
        candidates: Vec<String>,
    },
    /// A limit of this session was reached: ask for less or raise it.
    #[error("{0}")]
    Limit(String),
    /// The asker gave up.
    #[error("cancelled")]
    Cancelled,
    /// The archive could not be read.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// Running the question failed.
    #[error("{}", engine_message(.0))]
    Engine(Box<DataFusionError>),
    /// A bug in entrace.
    #[error("internal error: {0}")]
    Internal(String),
}

impl Error {
    pub(crate) fn invalid(reason: impl Into<String>) -> Self {
        Self::Invalid(reason.into())
    }

    /// What went wrong first: our own error where the engine wrapped one it could not hand back.
    #[must_use]
    pub fn root(&self) -> &Self {
        match self {
            Self::Engine(engine) => ours(engine).map_or(self, Self::root),
            other => other,
        }
    }
}

/// What a panic of the engine means to the asker.
pub(crate) fn panicked(payload: &(dyn std::any::Any + Send)) -> Error {
    let text = payload
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| payload.downcast_ref::<&str>().copied());
    gave_up(text.unwrap_or("without a word"))
}

fn gave_up(text: &str) -> Error {
    // Arrow counts the bytes of a column of text in 31 bits.
    if text.contains("offset overflow") {
        return Error::Limit(
            "a column would hold more than 2 GiB of text at once: ask for less".to_owned(),
        );
    }
    Error::Internal(format!(
        "the engine gave up on this statement ({}): please report it",
        first_line(text)
    ))
}

impl From<DataFusionError> for Error {
    /// Our own errors come back out of the engine as they went in.
    fn from(error: DataFusionError) -> Self {
        match error {
            DataFusionError::External(inner) => match inner.downcast::<Error>() {
                Ok(ours) => *ours,
                Err(other) => Self::Engine(Box::new(DataFusionError::External(other))),
            },
            DataFusionError::Context(context, inner) => match Self::from(*inner) {
                Self::Engine(inner) => {
                    Self::Engine(Box::new(DataFusionError::Context(context, inner)))
                }
                ours => ours,
            },
            // Several parts of a plan may share one of these.
            other => match other.find_root() {
                DataFusionError::ResourcesExhausted(reason) => Self::Limit(format!(
                    "the query needs more memory than it may use: {}",
                    first_line(reason)
                )),
                DataFusionError::ExecutionJoin(join) if join.is_panic() => {
                    gave_up(&join.to_string())
                }
                _ => Self::Engine(Box::new(other)),
            },
        }
    }
}

impl From<Error> for DataFusionError {
    fn from(error: Error) -> Self {
        match error {
            Error::Engine(inner) => *inner,
            ours => Self::External(Box::new(ours)),
        }
    }
}

/// Our error inside one that several parts of a plan share and that can therefore not be moved out.
fn ours(error: &DataFusionError) -> Option<&Error> {
    match error.find_root() {
        DataFusionError::External(inner) => inner.downcast_ref(),
        _ => None,
    }
}

/// A table has up to a hundred columns: those that are spelled most alike are named, not all.
fn no_column(name: &str, columns: &[Column]) -> String {
    const NAMED: usize = 5;
    let mut alike: Vec<(usize, &str)> = columns
        .iter()
        .map(|column| {
            (
                datafusion_strsim::levenshtein(name, &column.name),
                column.name.as_str(),
            )
        })
        .filter(|(distance, column)| {
            *distance <= name.len().div_ceil(3) || column.contains(name) || name.contains(column)
        })
        .collect();
    alike.sort_unstable();
    alike.dedup();
    let alike: Vec<&str> = alike
        .into_iter()
        .take(NAMED)
        .map(|(_, name)| name)
        .collect();
    if alike.is_empty() {
        format!("there is no column {name:?}: the table columns lists those there are")
    } else {
        format!(
            "there is no column {name:?}: did you mean {}?",
            alike.join(", ")
        )
    }
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

/// The engine's message as one line, without its type names.
fn engine_message(error: &DataFusionError) -> String {
    if let Some(ours) = ours(error) {
        return ours.to_string();
    }
    let root = error.find_root();
    if let DataFusionError::SchemaError(schema, _) = root
        && let SchemaError::FieldNotFound {
            field,
            valid_fields,
        } = schema.as_ref()
    {
        return no_column(&field.name, valid_fields);
    }
    let text = root.strip_backtrace();
    let text = [
        "Error during planning: ",
        "Schema error: ",
        "SQL error: ",
        "Arrow error: ",
        "Execution error: ",
    ]
    .iter()
    .fold(text.as_str(), |text, prefix| {
        text.strip_prefix(prefix).unwrap_or(text)
    })
    .to_owned();
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}
