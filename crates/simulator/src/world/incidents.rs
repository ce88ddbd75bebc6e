//! What goes wrong, planted to be found: one attack in six chapters, an accident, a change that is
//! taken back, and one nobody logged.
//!
//! The attackers phish a helpdesk administrator and come back at night from 203.0.113.77 and .78.
//! Numbers such as A54 are those of the needs the product answers. In a life of 86 days or more, day
//! 56 is the first chapter's and day 78 the last's; shorter lives begin after two fifths of their
//! days and keep the order.

mod accidents;
mod attack;
mod destruction;

use jiff::Timestamp;

use super::life::Day;
use crate::deed::Actor;

/// Where the attackers come from.
const ATTACKERS: &str = "203.0.113.77";
/// Where their programs come from.
const ATTACKERS_PROGRAM: &str = "203.0.113.78";

/// Something planted, as it really was.
#[derive(Debug, Clone)]
pub struct Planted {
    /// The need it serves (`A54`), or a word for what is no attack; chapters of one share it.
    pub id: &'static str,
    /// What a report would be headed with.
    pub title: &'static str,
    /// First moment of it.
    pub at: Timestamp,
    /// Who did it, by the log's account.
    pub actor: Actor,
    /// Kind of the objects it is mostly about.
    pub kind: &'static str,
    /// Ids of all the objects touched, of whatever kind.
    pub objects: Vec<String>,
    /// Property or edge, old value, new value.
    pub change: String,
    /// The whole in one sentence.
    pub sentence: String,
}

/// A chapter: days after the first one, and what happens.
type Chapter = (u32, fn(&mut Day<'_>));

/// All chapters. Times of day rise from one to the next, so that the order holds even where a short
/// life puts several on one day.
const CHAPTERS: [Chapter; 11] = [
    (0, attack::phish),
    (2, attack::consent),
    (4, attack::promote),
    (5, attack::make_account),
    (6, attack::carve_out),
    (8, attack::lower_methods),
    (11, accidents::bulk_update),
    (15, accidents::change_and_revert),
    (17, accidents::unlogged),
    (20, destruction::gain_admin),
    (22, destruction::destroy),
];

/// Day of the last chapter after the first.
const LENGTH: u32 = 22;

/// Plays the day's chapters.
pub(super) fn live(day: &mut Day<'_>) {
    let days = day.world.options.days;
    for (after, chapter) in CHAPTERS {
        if day.number == day_of(after, days) {
            chapter(day);
        }
    }
}

/// Day of a chapter in a life of so many days.
fn day_of(after: u32, days: u32) -> u32 {
    if days >= 86 {
        return 56 + after;
    }
    let first = days * 2 / 5;
    let span = (days - first).saturating_sub(4);
    first + after * span / LENGTH
}

impl Day<'_> {
    /// Writes down what was planted at a second.
    fn plant(&mut self, at: i64, planted: Planted) {
        let at = self.world.moment(at);
        self.world.truth.push(Planted { at, ..planted });
    }

    /// A second of this day.
    const fn clock(&self, hour: i64, minute: i64) -> i64 {
        self.begin + hour * 3_600 + minute * 60
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chapters_fit_into_every_life() {
        for days in [3, 7, 14, 30, 60, 85, 86, 90, 400] {
            let planned = CHAPTERS.map(|(after, _)| day_of(after, days));
            assert!(
                planned.is_sorted() && planned[10] < days,
                "{days}: {planned:?}"
            );
        }
        assert_eq!((day_of(0, 30), day_of(0, 90), day_of(22, 90)), (12, 56, 78));
    }
}
