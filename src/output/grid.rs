//! Tables for people.

use comfy_table::{Attribute, Cell, CellAlignment, Table, presets};

use super::text::{Colour, truncated};

/// Widest cell on a terminal, in characters.
const MAX_CELL: usize = 60;

/// A table that is built row by row.
#[derive(Debug)]
pub(crate) struct Grid {
    header: Vec<String>,
    right: Vec<bool>,
    rows: Vec<Vec<String>>,
    /// Cells are cut to fit a line; where nobody looks they are whole.
    is_terminal: bool,
}

impl Grid {
    /// A table; names that begin with `>` are of columns aligned to the right.
    pub(crate) fn new(header: &[&str], is_terminal: bool) -> Self {
        Self {
            header: header
                .iter()
                .map(|name| name.trim_start_matches('>').to_owned())
                .collect(),
            right: header.iter().map(|name| name.starts_with('>')).collect(),
            rows: Vec::new(),
            is_terminal,
        }
    }

    pub(crate) fn align_right(&mut self, column: usize) {
        self.right[column] = true;
    }

    pub(crate) fn push(&mut self, cells: &[String]) {
        let width = if self.is_terminal {
            MAX_CELL
        } else {
            usize::MAX
        };
        self.rows
            .push(cells.iter().map(|cell| truncated(cell, width)).collect());
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The table as text, ending with a line break.
    pub(crate) fn render(self, colour: Colour) -> String {
        let mut table = Table::new();
        table.load_style(presets::NOTHING).force_no_tty();
        let faint = |text: String| {
            let cell = Cell::new_owned(text);
            if colour.on_stdout {
                cell.add_attribute(Attribute::Dim)
            } else {
                cell
            }
        };
        if colour.on_stdout {
            table.enforce_styling();
        }
        table.set_header(self.header.into_iter().map(faint));
        for row in self.rows {
            table.add_row(row.into_iter().enumerate().map(|(at, text)| {
                let right = self.right.get(at).copied().unwrap_or(false);
                let cell = Cell::new_owned(text);
                cell.set_alignment(if right {
                    CellAlignment::Right
                } else {
                    CellAlignment::Left
                })
            }));
        }
        for (at, column) in table.column_iter_mut().enumerate() {
            column.set_padding((u16::from(at > 0), 1));
        }
        let mut text = String::new();
        for line in table.lines() {
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }
}
