//! What of a version is the object's own.
//!
//! Graph shows some objects whole inside others: a Conditional Access policy has a copy of its authentication strength.
//! A plan that changes the strength changes the copies with it. So policies are compared, and written, by the
//! strength's id alone.

use std::borrow::Cow;

use catalog::Kind;
use serde_json::{Map, Value};

/// A version with nothing of other objects but their ids. `text` is JSON as an archive keeps it; what is no JSON stays
/// as it is.
pub(crate) fn own_text<'t>(kind: &Kind, text: &'t str) -> Cow<'t, str> {
    if kind.embeds.is_empty() {
        return text.into();
    }
    let Ok(mut object) = serde_json::from_str::<Map<String, Value>>(text) else {
        return text.into();
    };
    let mut is_less = false;
    for path in kind.embeds {
        let mut names = path.split('.');
        let first = names.next().and_then(|name| object.get_mut(name));
        let embedded = first.and_then(|first| names.try_fold(first, |it, name| it.get_mut(name)));
        if let Some(Value::Object(embedded)) = embedded
            && embedded.contains_key("id")
            && embedded.len() > 1
        {
            embedded.retain(|name, _| name == "id");
            is_less = true;
        }
    }
    if is_less {
        Value::Object(object).to_string().into()
    } else {
        text.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(kind: &str, text: &str) -> String {
        let kind = catalog::by_name(kind).expect("because it is listed");
        own_text(kind, text).into_owned()
    }

    #[test]
    fn of_an_embedded_object_the_id_is_left() {
        let strength = |of: &str| {
            format!(
                r#"{{"displayName":"CA","grantControls":{{"authenticationStrength":{of},"operator":"OR"}}}}"#
            )
        };
        let whole = strength(r#"{"allowedCombinations":["fido2"],"displayName":"Keys","id":"s"}"#);
        assert_eq!(
            own("conditional_access_policy", &whole),
            strength(r#"{"id":"s"}"#)
        );
        assert_eq!(own("group", &whole), whole);
        for unchanged in [
            strength("null"),
            strength(r#"{"displayName":"no id"}"#),
            r#"{"grantControls":null}"#.to_owned(),
            "no JSON".to_owned(),
        ] {
            assert_eq!(own("conditional_access_policy", &unchanged), unchanged);
        }
    }
}
