//! Conditional Access policies show their authentication strengths whole: what happens to a strength is seen in them.

use restore::execution::Ended;
use restore::planning::Selection;
use serde_json::{Map, Value, json};
use simulator::{Act, Properties};

use crate::company::Company;
use crate::tenant::kind;

const POLICY: &str = "conditional_access_policy";
const STRENGTH: &str = "authentication_strength_policy";

fn objects(company: &Company, of: &str, snapshot: u32) -> Vec<Map<String, Value>> {
    let objects = company.objects(kind(of), snapshot).into_iter();
    objects
        .map(|(_, text)| serde_json::from_str(&text).expect("because it is JSON"))
        .collect()
}

fn update(company: &Company, of: &str, id: &Value, properties: Value) {
    let Value::Object(properties) = properties else {
        panic!("{properties} is no object");
    };
    let act = Act::Update {
        kind: kind(of),
        parents: Vec::new(),
        id: id.as_str().unwrap_or_default().to_owned(),
        properties: Properties::from_iter(properties),
    };
    assert!(company.act(act));
}

fn shown(policy: &Map<String, Value>) -> &Value {
    policy
        .get("grantControls")
        .map_or(&Value::Null, |it| &it["authenticationStrength"])
}

#[test]
fn a_strength_and_a_policy_that_shows_it_are_put_back_together() {
    let mut company = Company::new(40, 2);
    let first = company.collect();
    let strengths = objects(&company, STRENGTH, first);
    let own = strengths.iter().find(|it| it["policyType"] == "custom");
    let own = own.expect("because the company has one").clone();
    let policies = objects(&company, POLICY, first);
    // One that is changed itself, and another that only shows the strength.
    let [changed, showing] = [&policies[0], &policies[1]].map(|it| it["id"].clone());
    let controls = |id: &Value| json!({"grantControls": {"operator": "OR", "builtInControls": [], "authenticationStrength": {"id": id}}});
    update(&company, POLICY, &changed, controls(&own["id"]));
    update(&company, POLICY, &showing, controls(&own["id"]));
    let wanted = company.collect();

    let combinations = json!(["windowsHelloForBusiness", "fido2"]);
    update(
        &company,
        STRENGTH,
        &own["id"],
        json!({"allowedCombinations": combinations}),
    );
    update(
        &company,
        POLICY,
        &changed,
        json!({"displayName": "Changed"}),
    );
    let current = company.collect();
    let of = |company: &Company, id: &Value, snapshot| {
        let policies = objects(company, POLICY, snapshot);
        let policy = policies.into_iter().find(|it| it["id"] == *id);
        policy.expect("because nobody deleted it")
    };
    for id in [&changed, &showing] {
        let policy = of(&company, id, current);
        assert_eq!(shown(&policy)["allowedCombinations"], combinations);
    }

    let selection = Selection {
        everything: true,
        described: vec!["everything".to_owned()],
        ..Selection::default()
    };
    let plan = company.plan(wanted, current, selection);
    let steps = plan
        .steps
        .iter()
        .map(|step| (step.kind.as_str(), step.object.last()));
    let mut steps: Vec<_> = steps
        .map(|(kind, id)| (kind, id.map(String::as_str)))
        .collect();
    steps.sort_unstable();
    assert_eq!(
        steps,
        [(STRENGTH, own["id"].as_str()), (POLICY, changed.as_str())]
    );
    let body = plan.steps.iter().find(|step| step.kind == POLICY);
    let body = body.and_then(|step| step.request.body.as_ref());
    assert_eq!(
        body,
        Some(&json!({"displayName": of(&company, &changed, wanted)["displayName"]}))
    );
    let report = company.run(&plan);
    assert_eq!(report.ended, Some(Ended::Done), "{report:#?}");

    let back = company.collect();
    for id in [&changed, &showing] {
        let (then, now) = (of(&company, id, wanted), of(&company, id, back));
        assert_eq!(
            shown(&then)["allowedCombinations"],
            shown(&now)["allowedCombinations"]
        );
        assert_eq!(then["displayName"], now["displayName"]);
    }
}
