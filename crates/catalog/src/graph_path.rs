//! From a Graph URL, or the `@odata.context` of an answer, to the kind of what it holds.
//!
//! A path is read as a list of steps, names and keys; `/groups/{groupId}/members`,
//! `groups('x')/members` and `groups/x/members` are the same list. The template that accounts for
//! most steps wins. What is left over may be the key of one object in the collection, nothing else:
//! `/users/x/messages` is not about users.

use std::sync::LazyLock;

use crate::kind::{Api, Kind, Shape};
use crate::lookup::{NAMESPACE, by_entity_type, by_name, in_bin, kinds, resolve};

/// Paths that lead to a kind besides its own: older ones, and those of the beta endpoint.
const ALSO: [(&str, &str); 13] = [
    ("/administrativeUnits", "administrative_unit"),
    (
        "/administrativeUnits/{id}/members",
        "administrative_unit_member",
    ),
    (
        "/administrativeUnits/{id}/scopedRoleMembers",
        "administrative_unit_scoped_role_member",
    ),
    (
        "/administrativeUnits/{id}/extensions",
        "administrative_unit_extension",
    ),
    ("/agreements", "agreement"),
    ("/identityProviders", "identity_provider"),
    (
        "/identity/b2xUserFlows/{id}/identityProviders",
        "b2x_user_flow_identity_provider",
    ),
    (
        "/identity/b2cUserFlows/{id}/userFlowIdentityProviders",
        "b2c_user_flow_identity_provider",
    ),
    (
        "/identity/conditionalAccess/authenticationStrength/policies",
        "authentication_strength_policy",
    ),
    ("/riskyUsers", "risky_user"),
    ("/riskDetections", "risk_detection"),
    (
        "/servicePrincipals/{id}/oauth2PermissionGrants",
        "oauth2_permission_grant",
    ),
    ("/users/{id}/appRoleAssignments", "app_role_assignment"),
];

/// The kind a Graph path is about: a URL, whole or relative, or the fragment of an `@odata.context`
/// (`https://graph.microsoft.com/beta/$metadata#users(id,displayName)/$entity`).
///
/// Where both endpoints serve different kinds under one path, the URL's version decides. A fragment
/// may be short of its first steps, as older answers are (`#namedLocations/$entity`), or name a
/// type (`#Collection(microsoft.graph.group)`).
#[must_use]
pub fn by_path(path: &str) -> Option<&'static Kind> {
    let address = Address::read(path);
    if let Some(named) = address.fragment.and_then(named_type) {
        return by_entity_type(named).first().copied();
    }
    let steps = Steps::read(address.path)?;
    let whole = steps.without_options();
    if let Some(kind) = best_match(whole, address.api) {
        return Some(kind);
    }
    if let [rest @ .., Step::Name(cast)] = whole
        && is_cast(cast)
    {
        return match rest {
            [Step::Name("directoryObjects"), ..] => by_entity_type(cast).first().copied(),
            _ => best_match(rest, address.api),
        };
    }
    address.fragment.and_then(|_| by_tail(whole))
}

/// A path without what only says where and how it was asked.
struct Address<'p> {
    path: &'p str,
    api: Option<Api>,
    /// The path again where it is the fragment of a context.
    fragment: Option<&'p str>,
}

impl<'p> Address<'p> {
    fn read(text: &'p str) -> Self {
        let local = match text.split_once("://") {
            Some((_, after)) => after.split_once('/').map_or("", |(_, path)| path),
            None => text.trim_start_matches('/'),
        };
        let (first, rest) = local.split_once('/').unwrap_or((local, ""));
        let (api, path) = match first {
            _ if first.eq_ignore_ascii_case("beta") => (Some(Api::Beta), rest),
            _ if first.eq_ignore_ascii_case("v1.0") => (Some(Api::V1), rest),
            _ => (None, local),
        };
        // `tenantRelationships/$metadata#...` occurs too.
        let fragment = path.split_once("$metadata#").map(|(_, fragment)| fragment);
        match fragment.or(path.strip_prefix('#')) {
            // Some contexts hold a whole URL, as that of a tenant without a name does.
            Some(fragment) if fragment.contains("://") => Self::read(fragment),
            Some(fragment) => Self {
                path: fragment,
                api,
                fragment: Some(fragment),
            },
            None => Self {
                path: path.split('?').next().unwrap_or(path),
                api,
                fragment: None,
            },
        }
    }
}

/// The type a fragment names instead of a path.
fn named_type(fragment: &str) -> Option<&str> {
    let fragment = fragment.strip_suffix("/$entity").unwrap_or(fragment);
    if let Some(element) = fragment.strip_prefix("Collection(") {
        return element.strip_suffix(')');
    }
    (fragment.starts_with(NAMESPACE) && !fragment.contains('/')).then_some(fragment)
}

/// Whether a step is a cast to a type (`microsoft.graph.user`).
fn is_cast(name: &str) -> bool {
    name.starts_with(NAMESPACE)
}

/// One step of a path.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Step<'p> {
    /// A name; in a URL with keys as steps, perhaps a key.
    Name(&'p str),
    /// What is certainly a key: `('x')`, or a template's `{id}`.
    Key,
}

/// Steps of a path; more than this many lead to nothing in the catalogue.
const MAX_STEPS: usize = 16;

struct Steps<'p> {
    steps: [Step<'p>; MAX_STEPS],
    count: usize,
}

impl<'p> Steps<'p> {
    fn read(path: &'p str) -> Option<Self> {
        let mut steps = Self {
            steps: [Step::Key; MAX_STEPS],
            count: 0,
        };
        let mut rest = path;
        while !rest.is_empty() {
            let end = segment_end(rest);
            let (segment, after) = rest.split_at(end);
            rest = after.strip_prefix('/').unwrap_or(after);
            if segment.is_empty() {
                continue;
            }
            let (name, bracket) = segment.find('(').map_or((segment, None), |at| {
                (&segment[..at], Some(&segment[at + 1..]))
            });
            if steps.count == 0 && name.eq_ignore_ascii_case("me") {
                steps.push(Step::Name("users"))?;
                steps.push(Step::Key)?;
            } else {
                steps.push(if name.starts_with('{') {
                    Step::Key
                } else {
                    Step::Name(name)
                })?;
            }
            if bracket.is_some_and(holds_key) {
                steps.push(Step::Key)?;
            }
        }
        Some(steps)
    }

    fn push(&mut self, step: Step<'p>) -> Option<()> {
        *self.steps.get_mut(self.count)? = step;
        self.count += 1;
        Some(())
    }

    /// Without `$entity`, `$count`, `$ref` and the like at the end.
    fn without_options(&self) -> &[Step<'p>] {
        let mut steps = &self.steps[..self.count];
        while let [rest @ .., Step::Name(last)] = steps
            && last.starts_with('$')
        {
            steps = rest;
        }
        steps
    }
}

/// Where the first segment ends: at a `/` outside brackets and quotes.
fn segment_end(path: &str) -> usize {
    let mut depth = 0_usize;
    let mut quoted = false;
    for (at, byte) in path.bytes().enumerate() {
        match byte {
            b'\'' if depth > 0 => quoted = !quoted,
            b'(' if !quoted => depth += 1,
            b')' if !quoted => depth = depth.saturating_sub(1),
            b'/' if !quoted && depth == 0 => return at,
            _ => {}
        }
    }
    path.len()
}

/// Whether what follows an opening bracket is a key: a quoted text, a number or a GUID. A list of
/// selected properties, the other thing Graph puts there, begins with a letter.
fn holds_key(bracket: &str) -> bool {
    let inside = bracket.split([')', ',']).next().unwrap_or_default();
    inside.starts_with(|first: char| first == '\'' || first.is_ascii_digit())
        || inside.contains('=')
        || (inside.len() == 36 && inside.as_bytes()[8] == b'-')
}

/// A path that leads to a kind, read.
struct Template {
    steps: Vec<Step<'static>>,
    kind: &'static Kind,
}

fn templates() -> &'static [Template] {
    static TEMPLATES: LazyLock<Vec<Template>> = LazyLock::new(|| {
        let own = kinds().iter().map(|kind| (kind.path, *kind));
        let also = ALSO
            .iter()
            .filter_map(|(path, name)| Some((*path, by_name(name)?)));
        let read = own.chain(also).filter_map(|(path, kind)| {
            let steps = Steps::read(path)?;
            let steps = steps.steps[..steps.count].to_vec();
            Some(Template { steps, kind })
        });
        read.collect()
    });
    &TEMPLATES
}

/// The template that accounts for most of the steps; of equal ones that of the endpoint asked, else
/// the first in the catalogue.
fn best_match(steps: &[Step<'_>], api: Option<Api>) -> Option<&'static Kind> {
    let mut best: Option<&Template> = None;
    for template in templates()
        .iter()
        .filter(|template| leads_to(template, steps))
    {
        let better = best.is_none_or(|best| {
            let longer = template.steps.len().cmp(&best.steps.len());
            longer.is_gt()
                || (longer.is_eq() && Some(template.kind.api) == api && Some(best.kind.api) != api)
        });
        if better {
            best = Some(template);
        }
    }
    best.map(|template| template.kind)
}

/// Whether a template accounts for all steps, or all but the key of one object.
fn leads_to(template: &Template, steps: &[Step<'_>]) -> bool {
    let known = template.steps.len();
    let Some((head, rest)) = steps.split_at_checked(known) else {
        return false;
    };
    let rest_is_key = match rest {
        [] => true,
        [_] => template.kind.key.is_some() && template.kind.shape != Shape::Singleton,
        _ => false,
    };
    rest_is_key && known > 0 && same_steps(&template.steps, head)
}

fn same_steps(template: &[Step<'_>], steps: &[Step<'_>]) -> bool {
    std::iter::zip(template, steps).all(|pair| match pair {
        (Step::Key, _) => true,
        (Step::Name(wanted), Step::Name(name)) => wanted.eq_ignore_ascii_case(name),
        (Step::Name(_), Step::Key) => false,
    })
}

/// The one kind whose path ends like these steps; failing that, the kind a single word means.
fn by_tail(steps: &[Step<'_>]) -> Option<&'static Kind> {
    let ends_so = |template: &&Template| {
        let from = template.steps.len().checked_sub(steps.len());
        from.is_some_and(|from| same_steps(&template.steps[from..], steps))
    };
    let mut found = templates()
        .iter()
        .filter(|template| !in_bin(template.kind))
        .filter(ends_so);
    match (found.next(), found.next()) {
        (Some(only), None) => Some(only.kind),
        _ => match steps {
            [Step::Name(word)] => resolve(word),
            _ => None,
        },
    }
}
