//! Passwords of users that are made anew: Graph asks for one, and nobody is to know it.

use rand::Rng;
use rand::rngs::OsRng;
use rand::seq::SliceRandom;
use serde_json::{Map, Value};

/// Signs of a password; Entra takes up to 256.
const LENGTH: usize = 40;
/// Entra wants three of four classes; each of these four is there.
const CLASSES: [&[u8]; 4] = [
    b"ABCDEFGHJKLMNPQRSTUVWXYZ",
    b"abcdefghijkmnopqrstuvwxyz",
    b"23456789",
    b"!#$%*+-=?_",
];

/// Puts a password that nobody has seen into the profile of a new user, to be changed at the first sign-in.
pub(crate) fn fill(body: &mut Value) {
    let Value::Object(members) = body else { return };
    let profile = members
        .entry("passwordProfile")
        .or_insert_with(|| Value::Object(Map::new()));
    let Value::Object(profile) = profile else {
        return;
    };
    profile.insert("forceChangePasswordNextSignIn".to_owned(), true.into());
    profile.insert("password".to_owned(), random().into());
}

fn random() -> String {
    let mut random = OsRng;
    let mut signs: Vec<char> = (0..LENGTH)
        .map(|at| {
            let class = CLASSES[at % CLASSES.len()];
            char::from(class[random.gen_range(0..class.len())])
        })
        .collect();
    signs.shuffle(&mut random);
    signs.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_user_gets_another_password_of_all_classes() {
        let mut bodies = [json!({"displayName": "x"}), json!({"passwordProfile": {}})];
        bodies.iter_mut().for_each(fill);
        let passwords: Vec<&str> = bodies
            .iter()
            .filter_map(|body| body["passwordProfile"]["password"].as_str())
            .collect();
        assert_ne!(passwords[0], passwords[1]);
        for password in passwords {
            assert_eq!(password.len(), LENGTH);
            for class in CLASSES {
                assert!(
                    password.bytes().any(|sign| class.contains(&sign)),
                    "{password}"
                );
            }
        }
        assert_eq!(
            bodies[1]["passwordProfile"]["forceChangePasswordNextSignIn"],
            true
        );
    }
}
