//! The clock: days that begin when a reader comes back.

use jiff::SignedDuration;
use serde_json::json;
use simulator::{Actor, DayRule, Deed, ServerOptions};

use crate::client::Client;
use crate::world::{contoso, update};

#[tokio::test]
async fn a_day_begins_with_the_next_token_after_a_finished_round() {
    let next_day = DayRule::AfterRead(Box::new(|tenant| {
        let tomorrow = tenant.now().checked_add(SignedDuration::from_hours(24));
        let deed = Deed {
            at: tomorrow.expect("because the end of time is far"),
            by: Actor::Service,
            act: update("user", 1, json!({"city": tenant.now().to_string()})),
            activity: None,
            silent: false,
        };
        tenant.apply(&deed).expect("because the user lives");
    }));
    let options = ServerOptions {
        day: next_day,
        ..ServerOptions::default()
    };
    let mut client = Client::start(contoso(2), options).await;
    let now = |client: &Client| {
        let tenant = client.simulator.tenant();
        let tenant = tenant.read().expect("because nobody panics with this lock");
        tenant.now().to_string()
    };
    client.sign_in().await;
    client.get("/v1.0/users").await;
    client.sign_in().await;
    assert_eq!(
        now(&client),
        "2026-03-01T08:00:00Z",
        "nothing was read to its end"
    );
    let (_, link) = client.round("/v1.0/users/delta").await;
    assert_eq!(now(&client), "2026-03-01T08:00:00Z");
    client.sign_in().await;
    assert_eq!(now(&client), "2026-03-02T08:00:00Z");
    client.sign_in().await;
    assert_eq!(now(&client), "2026-03-02T08:00:00Z", "one day a round");
    let (changes, _) = client
        .round(&link.expect("because a round ends with a link"))
        .await;
    assert_eq!(changes.len(), 1);
}
