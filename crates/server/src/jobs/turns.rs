//! Whose turn it is in a tenant: jobs work one at a time, in the order in which they were asked for.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// The lines of all tenants.
#[derive(Default)]
pub(super) struct Turns {
    lines: Mutex<HashMap<String, Arc<Line>>>,
}

/// Who waits in a tenant, the one at work in front.
#[derive(Default)]
struct Line {
    places: Mutex<(u64, VecDeque<u64>)>,
    moved: Condvar,
}

/// A place in a line; dropping it lets the next one work.
pub(super) struct Turn {
    line: Arc<Line>,
    number: u64,
}

impl Turns {
    /// Takes the last place in the line of a tenant.
    pub(super) fn take(&self, tenant: &str) -> Turn {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let line = Arc::clone(lines.entry(tenant.to_owned()).or_default());
        let number = {
            let (taken, places) = &mut *line.lock();
            *taken += 1;
            places.push_back(*taken);
            *taken
        };
        Turn { line, number }
    }
}

impl Line {
    fn lock(&self) -> MutexGuard<'_, (u64, VecDeque<u64>)> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Turn {
    /// Waits until everybody in front is gone.
    pub(super) fn wait(&self) {
        let is_behind =
            |(_, places): &mut (u64, VecDeque<u64>)| places.front() != Some(&self.number);
        let waited = self.line.moved.wait_while(self.line.lock(), is_behind);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let own = self.number;
        self.line.lock().1.retain(|number| *number != own);
        self.line.moved.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_come_in_the_order_in_which_they_were_taken() {
        let turns = Turns::default();
        let order = Arc::new(Mutex::new(Vec::new()));
        let first = turns.take("contoso");
        let given_up = turns.take("contoso");
        let waiting: Vec<Turn> = (0..8).map(|_| turns.take("contoso")).collect();
        // Another tenant's line is another.
        turns.take("fabrikam").wait();
        let threads: Vec<_> = waiting
            .into_iter()
            .enumerate()
            .rev()
            .map(|(at, turn)| {
                let order = Arc::clone(&order);
                std::thread::spawn(move || {
                    turn.wait();
                    order.lock().expect("because nobody panicked").push(at);
                })
            })
            .collect();
        first.wait();
        drop(given_up);
        drop(first);
        for thread in threads {
            thread.join().expect("because its turn came");
        }
        let order = order.lock().expect("because nobody panicked");
        assert_eq!(*order, (0..8).collect::<Vec<_>>());
    }
}
