//! Serves a small tenant until the process is ended.
//!
//! `serve [port] [users]`. The first line of the output is a JSON object with everything a client
//! needs: `url`, `tenant_id`, `client_id`, `client_secret`. Each token asked for after a delta round
//! begins a new simulated day, on which one user moves, one leaves and one joins a group.

use std::error::Error;
use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr};

use catalog::Kind;
use jiff::SignedDuration;
use serde_json::{Value, json};
use simulator::{
    Act, Actor, DEFAULT_APP_ID, DEFAULT_SECRET, DayRule, Deed, Properties, Refusal, Seed,
    ServerOptions, Simulator, Tenant, TenantOptions,
};

const TENANT_ID: &str = "0f0c7b1e-6d2a-4f0e-9a55-1b2c3d4e5f60";
/// Number in the ids of the only group.
const STAFF: u32 = 900_001;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let port: u16 = arguments.next().map_or(Ok(0), |text| text.parse())?;
    let users: u32 = arguments.next().map_or(Ok(250), |text| text.parse())?;
    let options = ServerOptions {
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
        day: DayRule::AfterRead(Box::new(live_a_day)),
        ..ServerOptions::default()
    };
    let simulator = Simulator::start(contoso(users)?, options).await?;
    let told = json!({
        "url": simulator.url(),
        "tenant_id": TENANT_ID,
        "client_id": DEFAULT_APP_ID,
        "client_secret": DEFAULT_SECRET,
    });
    let mut output = std::io::stdout();
    writeln!(output, "{told}")?;
    output.flush()?;
    std::future::pending().await
}

fn contoso(users: u32) -> Result<Tenant, Box<dyn Error>> {
    let now = "2026-03-01T08:00:00Z".parse()?;
    let mut tenant = Tenant::new(TenantOptions::new(TENANT_ID, "Contoso", now));
    put(
        &mut tenant,
        "domain",
        json!({"id": "contoso.com", "isVerified": true, "isDefault": true}),
    )?;
    for number in 1..=users {
        put(&mut tenant, "user", user(number))?;
    }
    let group = json!({
        "id": id(STAFF), "displayName": "Staff", "description": null, "groupTypes": [],
        "mailEnabled": false, "mailNickname": "staff", "securityEnabled": true,
        "createdDateTime": "2025-01-01T00:00:00Z",
    });
    put(&mut tenant, "group", group)?;
    for number in 1..=users {
        let link = Seed::Link {
            kind: kind("group_member"),
            source: id(STAFF),
            target: id(number),
        };
        tenant.seed(link)?;
    }
    Ok(tenant)
}

fn user(number: u32) -> Value {
    json!({
        "id": id(number), "displayName": format!("User {number}"), "givenName": "User",
        "surname": number.to_string(), "userPrincipalName": format!("user{number}@contoso.com"),
        "mail": format!("user{number}@contoso.com"), "mailNickname": format!("user{number}"),
        "businessPhones": [], "accountEnabled": true, "userType": "Member",
        "createdDateTime": "2025-01-01T00:00:00Z",
    })
}

fn live_a_day(tenant: &mut Tenant) {
    let tomorrow = tenant.now().checked_add(SignedDuration::from_hours(24));
    let at = tomorrow.unwrap_or(tenant.now());
    let day = at.strftime("%A").to_string();
    let mut city = Properties::new();
    city.insert("city".to_owned(), day.into());
    let acts = [
        Act::Update {
            kind: kind("user"),
            parents: Vec::new(),
            id: id(1),
            properties: city,
        },
        Act::Delete {
            kind: kind("user"),
            parents: Vec::new(),
            id: id(2),
        },
        Act::Unlink {
            kind: kind("group_member"),
            source: id(STAFF),
            target: id(3),
        },
    ];
    for act in acts {
        let deed = Deed {
            at,
            by: Actor::Service,
            act,
            activity: None,
            silent: false,
        };
        // On the second day the user is gone and the member no member: nothing happens then.
        let _ = tenant.apply(&deed);
    }
    tenant.set_now(at);
}

fn put(tenant: &mut Tenant, name: &str, properties: Value) -> Result<(), Refusal> {
    let Value::Object(properties) = properties else {
        unreachable!("every caller writes an object");
    };
    tenant.seed(Seed::Object {
        kind: kind(name),
        parents: Vec::new(),
        properties,
    })
}

fn kind(name: &str) -> &'static Kind {
    catalog::by_name(name).expect("because the catalogue has the kinds named here")
}

fn id(number: u32) -> String {
    format!("00000000-0000-4000-8000-{number:012}")
}
