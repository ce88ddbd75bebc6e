//! Questions about recycle bins.

use catalog::Kind;

use super::objects;
use crate::pages::Question;
use crate::pages::names::{living_twin, name_column, quoted};

/// Days that Graph keeps what is deleted, where a bin says no other.
const DAYS: u16 = 30;

pub(super) fn questions(kind: &'static Kind) -> Vec<Question> {
    let (Some(living), Some(name)) = (living_twin(kind), name_column(kind)) else {
        return vec![objects::state(kind)];
    };
    let (table, name) = (kind.table, quoted(&name));
    let days = living.soft_delete.and_then(|bin| bin.days).unwrap_or(DAYS);
    vec![
        Question {
            title: "What is in the bin, and until when?".to_owned(),
            sql: format!(
                "select {name}, deleted_date_time, deleted_date_time + interval '{days} days' as purged_at\nfrom {table}\norder by deleted_date_time;"
            ),
        },
        Question {
            title: "Who put it there?".to_owned(),
            sql: format!(
                "select c.changed_at, c.actor, c.actor_ip, c.display_name\nfrom changes as c\njoin {table} as d on d.id = c.object_id\nwhere c.kind = '{}' and c.change_type = 'removed'\norder by c.changed_at;",
                living.name
            ),
        },
        Question {
            title: "What was in it once, and is purged or put back?".to_owned(),
            sql: format!(
                "select h.id, last_value(h.{name} order by h._last_seen) as {name},\n       max(h._last_seen) as last_in_the_bin, bool_or(l.id is not null) as is_back\nfrom {table}_history as h\nleft join {} as l on l.id = h.id\ngroup by h.id\nhaving not bool_or(h._is_current)\norder by last_in_the_bin desc;",
                living.table
            ),
        },
    ]
}
