//! Checks of the configuration.

use super::{Checks, Verdict};
use crate::app::App;
use crate::output::plural;
use crate::tenant;

const GROUP: &str = "configuration";

/// Whether there is a configuration to go on with; none at all is one.
pub(super) fn check(app: &App, checks: &mut Checks) -> bool {
    let config = match app.config() {
        Ok(config) => config,
        Err(failure) => {
            checks.broken(GROUP, "file", failure);
            return false;
        }
    };
    let settings = plural(config.settings.0.len() as u64, "setting");
    let message = match &config.file {
        Some(file) => format!("{}, {settings}", file.display()),
        None => format!("none is there; {settings} from the environment"),
    };
    checks.add(GROUP, "file", Verdict::Fine, message);
    if let Err(failure) = tenant::check(config) {
        checks.broken(GROUP, "tenants", failure);
        return true;
    }
    match app.tenant(&[]) {
        Ok(tenant) => {
            let message = format!(
                "{}, {}",
                plural(tenant.kinds.chosen.len() as u64, "kind"),
                tenant.credential()
            );
            checks.add(GROUP, "tenant", Verdict::Fine, message);
            if let (None, None, Some(_)) = (&tenant.schedule, &tenant.delta_every, &tenant.name) {
                checks.hint("no schedule is configured: entrace watch reads it every 15 minutes, or run entrace snapshot from a timer");
            }
        }
        Err(failure) => {
            checks.add(
                GROUP,
                "tenant",
                Verdict::Warning,
                format!("none can be read: {}", failure.message),
            );
            checks.hint("set one up with: entrace auth setup");
        }
    }
    true
}
