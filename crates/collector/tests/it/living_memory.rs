//! What is remembered between runs holds for one archive of one tenant and for no other.

use collector::{CollectRequest, Error};
use store::Storage;

use crate::living::{Kept, Living, request, untruths};

const NONE: [&str; 0] = [];
const OTHER: &str = "11111111-1111-4111-8111-111111111111";

#[test]
fn an_archive_put_back_from_a_copy_is_not_continued_with_newer_links() {
    let mut living = Living::company(80);
    let mut kept = Kept::new(&living.tenant_id);
    let request = request("user,user_manager,group,group_member,device");
    kept.collect(&living, &request);
    living.live_day();
    let older = kept.copy();
    kept.collect(&living, &request);
    let memory = kept
        .storage
        .read("work/collector")
        .expect("because a run was made");
    older
        .put("work/collector", &memory)
        .expect("because memory can be written");

    let mut older = Kept::open(older);
    let report = older.collect(&living, &request);
    let users = &report.meter.labels["user"];
    assert_eq!(untruths(&living, &older, &report), NONE);
    // Not one change was asked for: the list, and from when on changes count.
    let deltas = living.simulator.requests().by_template["GET /users/delta"].requests;
    assert_eq!((users.requests, deltas), (2, 3));
}

fn files(kept: &Kept) -> std::collections::BTreeMap<String, Vec<u8>> {
    kept.storage.files().clone()
}

fn refused(kept: &mut Kept, living: &Living, request: &CollectRequest) -> (String, String) {
    let ended = kept.try_collect(&living.client(), &living.runtime, request, &());
    match ended {
        Err(Error::Tenant { archive, found }) => (archive, found),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_token_of_another_tenant_writes_nothing() {
    let living = Living::company(60);
    let mut kept = Kept::new(&living.tenant_id);
    let request = request("organization,user");
    kept.collect(&living, &request);
    let before = files(&kept);
    living.faults(|faults| faults.wrong_tenant = Some(OTHER.to_owned()));
    let told = refused(&mut kept, &living, &request);
    assert_eq!(told, (living.tenant_id.clone(), OTHER.to_owned()));
    assert_eq!(files(&kept), before);
    let asked = living.simulator.requests();
    assert_eq!(
        asked.by_kind["user"].requests, 2,
        "nothing was asked but the first time"
    );
}

#[test]
fn an_organization_of_another_tenant_is_refused_before_anything_is_committed() {
    let living = Living::company(60);
    // An archive that was named by hand: the token has nothing to be compared with.
    let mut kept = Kept::new("contoso");
    let request = request("organization,user");
    kept.collect(&living, &request);
    let before = kept.state();
    living.faults(|faults| faults.wrong_tenant = Some(OTHER.to_owned()));
    let (one, other) = refused(&mut kept, &living, &request);
    let mut both = [one, other];
    both.sort();
    let mut expected = [living.tenant_id.clone(), OTHER.to_owned()];
    expected.sort();
    assert_eq!(both, expected);
    kept.reopen();
    assert_eq!(kept.archive().snapshots().len(), 1);
    assert_eq!(kept.state(), before);
}
