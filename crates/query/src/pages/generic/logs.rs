//! Questions about logs.

use catalog::{Column, Kind};

use super::DAY;
use crate::pages::names::quoted;
use crate::pages::{Question, telling};

pub(super) fn questions(kind: &'static Kind, time: &str) -> Vec<Question> {
    let time = catalog::snake_case(time);
    let table = kind.table;
    let columns: Vec<String> = telling::columns(kind)
        .into_iter()
        .map(Column::name)
        .filter(|name| *name != time)
        .map(|name| quoted(&name))
        .collect();
    let by = columns.first().map_or("id", String::as_str);
    let shown = columns.join(", ");
    vec![
        Question {
            title: "What happened since 8 January?".to_owned(),
            sql: format!(
                "select {time}, {shown}\nfrom {table}\nwhere {time} >= timestamp '{DAY} 00:00:00Z'\norder by {time}\nlimit 100;"
            ),
        },
        Question {
            title: "How often, first and last?".to_owned(),
            sql: format!(
                "select {by}, count(*) as events, min({time}) as first, max({time}) as last\nfrom {table}\ngroup by 1\norder by events desc;"
            ),
        },
        Question {
            title: "On which days most?".to_owned(),
            sql: format!(
                "select date_trunc('day', {time}) as day, count(*) as events\nfrom {table}\ngroup by 1\norder by events desc\nlimit 10;"
            ),
        },
    ]
}
