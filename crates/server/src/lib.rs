//! HTTP API over a fleet of archives: routes, negotiation, sign-in. No domain logic.
