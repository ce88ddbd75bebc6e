//! What verification finds.

use restore::execution::Record;
use restore::verification::{Finding, verify};
use serde_json::json;
use simulator::Act;

use crate::execution::everything;
use crate::tenant::{Live, Memory, STAFF, id, kind};

#[test]
fn what_was_touched_is_compared_with_what_was_wanted() {
    let live = Live::contoso(3);
    let plan = everything(&live);
    let journal = Memory::default();
    live.run(&plan, &journal)
        .expect("because it can be executed");
    let check = || {
        let record = Record::read(&plan, &journal.all()).expect("because it is its journal");
        let client = live.client();
        live.runtime
            .block_on(verify(&plan, &record, &client, jiff::Timestamp::now))
            .expect("because the tenant can be read")
    };
    let all = check();
    assert!(all.is_equal(), "{all:#?}");
    assert_eq!(all.steps.len(), plan.steps.len());

    live.change("user", 1, json!({"city": "Rome"}));
    live.act(Act::Link {
        kind: kind("group_member"),
        source: id(STAFF),
        target: id(2),
    });
    live.act(Act::Delete {
        kind: kind("user"),
        parents: Vec::new(),
        id: id(3),
    });
    let after = check();
    let Finding::Differs { moved } = &after.steps[0].finding else {
        panic!("{:?}", after.steps[0]);
    };
    assert_eq!(
        (moved[0].path.as_str(), &moved[0].to),
        ("city", &json!("Rome"))
    );
    let titles: Vec<_> = after
        .steps
        .iter()
        .map(|step| step.finding.title())
        .collect();
    assert_eq!(
        titles,
        [
            "differs",
            "not there",
            "equal",
            "equal",
            "still there",
            "equal",
            "not there",
            "equal"
        ]
    );
}
