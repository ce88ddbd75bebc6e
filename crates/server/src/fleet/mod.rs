//! The archives that are served, each under the name of its tenant.

mod opened;
mod served;

use std::collections::BTreeMap;
use std::sync::Arc;

pub(crate) use opened::{Opened, Told};
pub(crate) use served::Served;

use crate::error::{Error, Result};
use crate::options::ServerOptions;
use crate::principal::Principal;
use crate::problem::{Code, Problem};

/// All tenants, by name.
#[derive(Debug)]
pub(crate) struct Fleet {
    tenants: BTreeMap<String, Arc<Served>>,
}

impl Fleet {
    /// Names them; opens nothing yet.
    pub(crate) fn new(options: &ServerOptions) -> Result<Self> {
        let mut tenants = BTreeMap::new();
        for tenant in &options.tenants {
            let name = tenant.name.clone();
            let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
            if name.is_empty() || !name.chars().all(fits) {
                return Err(Error::Invalid(format!(
                    "{name:?} cannot name a tenant: use letters, digits, - and _"
                )));
            }
            let served = Served::new(tenant.clone(), options);
            if tenants.insert(name.clone(), Arc::new(served)).is_some() {
                return Err(Error::Invalid(format!("two tenants are called {name}")));
            }
        }
        if tenants.is_empty() {
            return Err(Error::Invalid(
                "there is no tenant to serve: name an archive, or configure tenants".to_owned(),
            ));
        }
        Ok(Self { tenants })
    }

    /// All of them, by name.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Arc<Served>> {
        self.tenants.values()
    }

    /// Those somebody may see, by name.
    pub(crate) fn of<'f>(
        &'f self,
        principal: &'f Principal,
    ) -> impl Iterator<Item = &'f Arc<Served>> {
        self.all()
            .filter(|served| principal.tenants.may_see(&served.name))
    }

    /// The tenant somebody means. One that is not theirs is as absent as one that is not served.
    pub(crate) fn chosen(
        &self,
        principal: &Principal,
        name: Option<&str>,
    ) -> std::result::Result<Arc<Served>, Problem> {
        let Some(name) = name else {
            let mut all = self.of(principal);
            return match (all.next(), all.next()) {
                (Some(only), None) => Ok(Arc::clone(only)),
                (None, _) => Err(Problem::new(
                    Code::TenantNotFound,
                    "no tenant is served for you",
                )),
                (Some(_), Some(_)) => {
                    let names: Vec<&str> = self.of(principal).map(|tenant| &*tenant.name).collect();
                    Err(Problem::new(
                        Code::TenantRequired,
                        "several tenants are served: say which with ?tenant=NAME",
                    )
                    .with("tenants", names))
                }
            };
        };
        let found = self.tenants.get(name);
        found
            .filter(|_| principal.tenants.may_see(name))
            .cloned()
            .ok_or_else(|| {
                Problem::new(
                    Code::TenantNotFound,
                    format!("no tenant {name:?} is served for you"),
                )
            })
    }
}
