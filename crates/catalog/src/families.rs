//! The catalogue itself: one file a family of resources.
//!
//! The order of the list is the order of [`crate::kinds`] and of everything shown in catalogue
//! order.

use crate::kind::Kind;

mod access_reviews;
mod administrative_units;
mod app_proxy;
mod applications;
mod authentication;
mod authentication_events;
mod conditional_access;
mod consent;
mod cross_tenant;
mod deleted_items;
mod devices;
mod domains;
mod entitlement;
mod governance;
mod groups;
mod intune_apps;
mod intune_configuration;
mod intune_devices;
mod intune_scripts;
mod logs;
mod m365;
mod organization;
mod pim;
mod policies;
mod recovery;
mod risk;
mod roles;
mod schema;
mod service_principals;
mod synchronization;
mod user_flows;
mod users;
mod workload_roles;

/// Every family, in catalogue order.
pub(crate) static FAMILIES: &[&[Kind]] = &[
    organization::KINDS,
    domains::KINDS,
    users::KINDS,
    groups::KINDS,
    administrative_units::KINDS,
    devices::KINDS,
    schema::KINDS,
    deleted_items::KINDS,
    cross_tenant::KINDS,
    applications::KINDS,
    service_principals::KINDS,
    consent::KINDS,
    synchronization::KINDS,
    app_proxy::KINDS,
    roles::KINDS,
    workload_roles::KINDS,
    pim::KINDS,
    conditional_access::KINDS,
    authentication::KINDS,
    policies::KINDS,
    entitlement::KINDS,
    access_reviews::KINDS,
    governance::KINDS,
    user_flows::KINDS,
    authentication_events::KINDS,
    risk::KINDS,
    logs::KINDS,
    recovery::KINDS,
    intune_configuration::KINDS,
    intune_scripts::KINDS,
    intune_devices::KINDS,
    intune_apps::KINDS,
    m365::KINDS,
];
