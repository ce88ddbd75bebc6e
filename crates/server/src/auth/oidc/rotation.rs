//! New keys, old keys, and an issuer that is out of reach.

use std::sync::Arc;

use serde_json::json;

use super::Refused;
use super::forge::{Issuer, Signer, unsigned, with};

const HOUR: i64 = 3600;

/// A person's token that is good now.
fn token(issuer: &Issuer, signer: &Signer) -> String {
    let now = issuer.now();
    signer.token(&with(&json!({"nbf": now - 1, "exp": now + HOUR})))
}

/// Lets work that nobody waits for come to its end.
async fn settle() {
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_new_key_is_good_at_once_and_many_unknown_ones_cost_one_request() {
    let issuer = Issuer::new(vec![Signer::first().published()]);
    let validator = Arc::new(issuer.validator());
    let first = token(&issuer, &Signer::first());
    validator
        .verify(&first)
        .await
        .expect("because its key is published");
    assert_eq!(issuer.asked(), 1);

    issuer.pass(10 * 60);
    issuer.publish(Some(vec![
        Signer::first().published(),
        Signer::second().published(),
    ]));
    let second = token(&issuer, &Signer::second());
    validator
        .verify(&second)
        .await
        .expect("because its key is published now");
    assert_eq!(issuer.asked(), 2);

    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..1000 {
        let validator = Arc::clone(&validator);
        let header = json!({"alg": "RS256", "kid": format!("unknown-{number}")}).to_string();
        // Without the key nobody looks at the signature.
        let (first, token) = (first.clone(), format!("{}.c2ln", unsigned(&header, "{}")));
        tasks.spawn(async move {
            assert_eq!(validator.verify(&token).await, Err(Refused::KeyUnknown));
            if number % 100 == 0 {
                validator
                    .verify(&first)
                    .await
                    .expect("because its key is known");
            }
        });
    }
    while let Some(ended) = tasks.join_next().await {
        ended.expect("because it does not panic");
    }
    assert_eq!(issuer.asked(), 2, "it was asked a moment ago");

    issuer.pass(5 * 60);
    let unknown = format!("{}.c2ln", unsigned(r#"{"alg":"RS256","kid":"x"}"#, "{}"));
    for _ in 0..10 {
        assert_eq!(validator.verify(&unknown).await, Err(Refused::KeyUnknown));
    }
    assert_eq!(issuer.asked(), 3, "once in five minutes");
}

#[tokio::test]
async fn known_keys_outlive_an_issuer_that_is_out_of_reach_for_a_day() {
    let issuer = Issuer::new(vec![Signer::first().published()]);
    let validator = issuer.validator();
    validator
        .verify(&token(&issuer, &Signer::first()))
        .await
        .expect("because its key is published");
    issuer.publish(None);
    issuer.pass(12 * HOUR);
    for _ in 0..3 {
        validator
            .verify(&token(&issuer, &Signer::first()))
            .await
            .expect("because it was published half a day ago");
        settle().await;
    }
    assert_eq!(issuer.asked(), 2, "asked in vain, and not again at once");

    issuer.pass(12 * HOUR);
    let refused = validator.verify(&token(&issuer, &Signer::first())).await;
    let refused = refused.expect_err("because a day has passed");
    assert_eq!(
        (refused.code(), refused.status()),
        ("token-keys-unavailable", 503)
    );

    issuer.publish(Some(vec![Signer::first().published()]));
    issuer.pass(5 * 60);
    validator
        .verify(&token(&issuer, &Signer::first()))
        .await
        .expect("because the issuer is back");
}

#[tokio::test]
async fn keys_are_asked_for_every_hour_and_nobody_waits_for_it() {
    let issuer = Issuer::new(vec![Signer::first().published()]);
    let validator = issuer.validator();
    for hour in 1..=3 {
        for _ in 0..5 {
            validator
                .verify(&token(&issuer, &Signer::first()))
                .await
                .expect("because its key is published");
            settle().await;
        }
        assert_eq!(issuer.asked(), hour);
        issuer.pass(HOUR);
    }
}

#[tokio::test]
async fn an_issuer_that_was_never_reached_is_not_the_tokens_fault() {
    let issuer = Issuer::new(Vec::new());
    let validator = issuer.validator();
    // A set without a usable key is as good as none.
    let refused = validator.verify(&token(&issuer, &Signer::first())).await;
    assert_eq!(
        refused,
        Err(Refused::KeysUnavailable {
            retry_after_seconds: 300
        })
    );
    issuer.publish(Some(vec![Signer::first().published()]));
    issuer.pass(299);
    assert!(
        validator
            .verify(&token(&issuer, &Signer::first()))
            .await
            .is_err()
    );
    issuer.pass(1);
    assert!(
        validator
            .verify(&token(&issuer, &Signer::first()))
            .await
            .is_ok()
    );
}
