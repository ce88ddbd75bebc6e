//! Rows of logs in every form they are exported in.

use collector::Format;
use serde_json::json;

use crate::support::{Export, Tenant, reasons};

const AUDIT: &str = r#"{"id":"Directory_1","category":"UserManagement","activityDateTime":"2026-01-01T00:00:00Z","activityDisplayName":"Update user","result":"success","initiatedBy":{"user":null,"app":null},"targetResources":[]}"#;

#[test]
fn quirk_31_rows_repeat_and_are_kept_once() {
    let cut = &AUDIT[..60];
    let again = AUDIT.replace("Directory_1", "Directory_2").replace(
        "{\"user\":null,\"app\":null}",
        "{\"user\":{\"id\":\"u\",\"ipAddress\":\"::2a09:bac5:113:105:0:0:1a:a7\",\"roles\":\"x\"}}",
    );
    let lines = [AUDIT, &again, AUDIT, cut, AUDIT].join("\n");
    let export = Export::new(&[("directoryAudits.jsonl", &lines)]);
    let mut tenant = Tenant::new();
    let report = tenant.next_day(export.path());
    assert_eq!((report.rejected, report.doubtful), (1, 0));
    assert_eq!(
        tenant.keys("directory_audit"),
        ["Directory_1", "Directory_2"]
    );
    assert_eq!(
        tenant.parsed("directory_audit")["Directory_2"],
        crate::support::json(&again)
    );
    // The next pull overlaps, and nothing of before is gone.
    let later = AUDIT.replace("Directory_1", "Directory_3");
    export.write(
        "directoryAudits.jsonl",
        [AUDIT, &later].join("\n").as_bytes(),
    );
    let report = tenant.next_day(export.path());
    assert_eq!(tenant.keys("directory_audit").len(), 3);
    assert_eq!(
        (
            report.snapshots[0].kinds[0].opened,
            report.snapshots[0].kinds[0].closed
        ),
        (1, 0)
    );
    assert_eq!(
        tenant.archive().snapshots().len(),
        0,
        "events alone are no state of a tenant"
    );
    // Another content under the same id: the first stays.
    export.write(
        "directoryAudits.jsonl",
        AUDIT.replace("success", "failure").as_bytes(),
    );
    let report = tenant.next_day(export.path());
    assert_eq!(
        reasons(&report),
        ["directoryAudits.jsonl: another content of its id was there before; that stays"]
    );
    assert_eq!(
        tenant.parsed("directory_audit")["Directory_1"]["result"],
        "success"
    );
}

#[test]
fn log_analytics_rows_become_graph_s_objects() {
    let audit = r#"{"TenantId":"t","SourceSystem":"Azure AD","TimeGenerated":"2021-08-02T13:29:25.983Z","OperationName":"Update application – Certificates and secrets management ","Category":"ApplicationManagement","CorrelationId":"c","AdditionalDetails":"[{\"key\":\"User-Agent\",\"value\":\"x\"}]","Id":"Directory_9","InitiatedBy":"{\"user\":{\"id\":\"u\"}}","LoggedByService":"Core Directory","Result":"success","TargetResources":"[{\"id\":\"a\",\"modifiedProperties\":[{\"oldValue\":\"[]\"}]}]","AADOperationType":"Update","ResultDescription":"","Type":"AuditLogs"}"#;
    let cut = audit
        .replace("Directory_9", "Directory_10")
        .replace("[{\\\"id\\\":\\\"a\\\",", "[{\\\"id\\\":");
    let sign_in = r#"{"TimeGenerated":"2026-01-01T00:00:00Z","SourceSystem":"Azure AD","Category":"SignInLogs","CreatedDateTime":"2026-01-01T00:00:01Z","Id":"s1","UserId":"u","UserPrincipalName":"a@x","AppDisplayName":"Portal","IPAddress":"1.2.3.4","IsInteractive":"True","Status":"{\"errorCode\":0}","LocationDetails":"{\"city\":\"X\"}"}"#;
    let export = Export::new(&[("rows.json", &[audit, &cut, sign_in].join("\n"))]);
    let mut tenant = Tenant::new();
    let report = tenant.next_day(export.path());
    let found = &tenant.parsed("directory_audit")["Directory_9"];
    assert_eq!(found["activityDateTime"], "2021-08-02T13:29:25.983Z");
    assert_eq!(
        found["activityDisplayName"],
        "Update application – Certificates and secrets management "
    );
    assert_eq!(found["initiatedBy"], json!({"user": {"id": "u"}}));
    assert_eq!(
        found["targetResources"][0]["modifiedProperties"][0]["oldValue"],
        "[]"
    );
    assert_eq!(found["operationType"], "Update");
    assert!(found.get("resultReason").is_none());
    assert_eq!(found["original"], crate::support::json(audit));
    assert_eq!(
        reasons(&report),
        ["rows.json: targetResources holds text that is not JSON"]
    );
    let found = &tenant.parsed("sign_in")["s1"];
    assert_eq!(found["isInteractive"], true);
    assert_eq!(
        (&found["status"], &found["location"]),
        (&json!({"errorCode": 0}), &json!({"city": "X"}))
    );
    assert_eq!(found["createdDateTime"], "2026-01-01T00:00:01Z");
}

#[test]
fn diagnostic_records_become_graph_s_objects() {
    let record = |category: &str, properties: &str| {
        format!(
            "{{\"time\":\"2025-01-15 14:20:35.456\",\"resourceId\":\"/tenants/t/providers/Microsoft.aadiam\",\"operationName\":\"Op\",\
             \"category\":\"{category}\",\"correlationId\":\"c\",\"callerIpAddress\":\"1.2.3.4\",\"properties\":{properties}}}"
        )
    };
    let lines = [
        record(
            "AuditLogs",
            "{\"id\":\"a1\",\"activityDisplayName\":\"Update policy\",\"category\":\"Policy\",\"initiatedBy\":{}}",
        ),
        record(
            "SignInLogs",
            "{\"id\":\"s1\",\"userId\":\"u\",\"createdDateTime\":\"2023-07-26 22:58:30.983201900\"}",
        ),
        record("NonInteractiveUserSignInLogs", "{\"id\":\"s2\"}"),
        record(
            "UserRiskEvents",
            "{\"id\":\"r1\",\"riskEventType\":\"leakedCredentials\",\"userId\":\"u\"}",
        ),
        record("AuditLogs", "{\"AuditEventId\":\"i1\",\"ActivityType\":0}"),
    ];
    let activity = "{\"time\":\"2025-01-01T00:00:00Z\",\"resourceId\":\"/SUBSCRIPTIONS/s/x\",\"operationName\":\"Microsoft.X/delete\",\"category\":\"Administrative\"}";
    let page = format!("{{\"records\":[{},{activity}]}}", lines.join(","));
    let export = Export::new(&[("diagnostics.json", &page)]);
    let mut tenant = Tenant::new();
    let report = tenant.next_day(export.path());
    let audit = &tenant.parsed("directory_audit")["a1"];
    assert_eq!(
        (
            audit["category"].as_str(),
            audit["activityDateTime"].as_str()
        ),
        (Some("Policy"), Some("2025-01-15T14:20:35.456Z"))
    );
    let sign_in = &tenant.parsed("sign_in")["s1"];
    assert_eq!(sign_in["createdDateTime"], "2023-07-26T22:58:30.9832019Z");
    assert_eq!(sign_in["ipAddress"], "1.2.3.4");
    assert_eq!(tenant.keys("sign_in_beta"), ["s2"]);
    assert_eq!(
        tenant.parsed("risk_detection")["r1"]["detectedDateTime"],
        "2025-01-15T14:20:35.456Z"
    );
    assert_eq!(tenant.keys("intune_log_record"), ["i1"]);
    assert_eq!(tenant.keys("azure_activity").len(), 1);
    assert_eq!(
        reasons(&report),
        ["diagnostics.json: has no id; kept under a hash of its content"]
    );
}

#[test]
fn unified_audit_records_become_graph_s_objects_in_json_and_csv() {
    let record = json!({
        "CreationTime": "2023-06-01T13:12:18", "Id": "e1", "Operation": "Add member to role.", "RecordType": 8,
        "ResultStatus": "Success", "Workload": "AzureActiveDirectory", "UserId": "s@x", "ClientIP": "1.2.3.4",
        "ObjectId": "alex@x", "InterSystemsId": "c", "OrganizationId": "o",
        "ExtendedProperties": [{"Name": "extendedAuditEventCategory", "Value": "Role"}],
        "Actor": [{"ID": "s@x", "Type": 5}, {"ID": "User_53eb688e-e2fc-4b6f-a5aa-000000000001", "Type": 2}],
        "Target": [{"ID": "User_53eb688e-e2fc-4b6f-a5aa-000000000002", "Type": 2}, {"ID": "alex@x", "Type": 5}],
        "ModifiedProperties": [{"Name": "Role.DisplayName", "NewValue": "GA", "OldValue": ""}],
    });
    let sign_in = json!({
        "CreationTime": "2023-06-18T12:26:59", "Id": "e2", "Operation": "UserLoginFailed", "RecordType": 15,
        "Workload": "AzureActiveDirectory", "UserId": "l@x", "UserKey": "f23cb258-50ca-4092-9027-5c4ca2f1d999",
        "ClientIP": "2a09:bac5:113:105::1a:a7", "ErrorNumber": "50126", "LogonError": "InvalidUserNameOrPassword",
        "ApplicationId": "app", "DeviceProperties": [{"Name": "OS", "Value": "MacOs"}],
    });
    let exchange = json!({"CreationTime": "2023-05-28T10:15:33", "Id": "e3", "Operation": "Add-MailboxPermission", "RecordType": 1, "Workload": "Exchange"});
    let wrapped = json!([{"RecordType": "ExchangeAdmin", "CreationDate": "/Date(1728364117000)/", "AuditData": exchange}]);
    let quoted = |value: &serde_json::Value| value.to_string().replace('"', "\"\"");
    let csv = format!(
        "RecordType,CreationDate,AuditData\r\nX,6/1/2023 1:12:18 PM,\"{}\"\r\nX,y,\"{}\"\r\n",
        quoted(&record),
        quoted(&sign_in)
    );
    let export = Export::new(&[
        ("a.csv", &csv),
        ("b.json", &format!("{record}\n{sign_in}\n")),
        ("c.json", &wrapped.to_string()),
    ]);
    let mut tenant = Tenant::new();
    let report = tenant.next_day(export.path());
    assert_eq!(
        reasons(&report),
        Vec::<String>::new(),
        "both forms come to the same"
    );
    let audit = &tenant.parsed("directory_audit")["e1"];
    assert_eq!(
        audit,
        &json!({
            "id": "e1", "activityDateTime": "2023-06-01T13:12:18Z", "activityDisplayName": "Add member to role",
            "category": "RoleManagement", "correlationId": "c", "result": "success",
            "initiatedBy": {"user": {"id": "53eb688e-e2fc-4b6f-a5aa-000000000001", "userPrincipalName": "s@x", "ipAddress": "1.2.3.4"}},
            "targetResources": [{"id": "53eb688e-e2fc-4b6f-a5aa-000000000002", "type": "User", "userPrincipalName": "alex@x",
                "modifiedProperties": [{"displayName": "Role.DisplayName", "oldValue": "", "newValue": "GA"}]}],
            "original": record,
        })
    );
    let sign_in = &tenant.parsed("sign_in")["e2"];
    assert_eq!(
        sign_in["status"],
        json!({"errorCode": 50126, "failureReason": "InvalidUserNameOrPassword"})
    );
    assert_eq!(sign_in["userId"], "f23cb258-50ca-4092-9027-5c4ca2f1d999");
    assert_eq!(sign_in["deviceDetail"], json!({"operatingSystem": "MacOs"}));
    assert_eq!(tenant.parsed("unified_audit_record")["e3"], exchange);
}

#[test]
fn events_stand_beside_states() {
    let export = Export::new(&[
        ("users.jsonl", &crate::support::user(1, "A")),
        ("audit/day.jsonl", AUDIT),
    ]);
    let mut tenant = Tenant::new();
    let report = tenant.next_day(export.path());
    assert_eq!(reasons(&report), Vec::<String>::new());
    assert_eq!(tenant.keys("directory_audit"), ["Directory_1"]);
    assert_eq!(tenant.archive().snapshots().len(), 1);
    export.remove("audit/day.jsonl");
    tenant.next_day(export.path());
    assert_eq!(tenant.keys("directory_audit"), ["Directory_1"]);
}

#[test]
fn asked_for_events_anything_is_a_row() {
    let export = Export::new(&[(
        "log.jsonl",
        "{\"when\":\"2026-01-01\",\"what\":\"x\"}\n{\"when\":\"2026-01-01\",\"what\":\"x\"}\n",
    )]);
    let mut tenant = Tenant::new();
    let report = tenant.next_day_with(export.path(), |request| request.format = Format::Events);
    assert_eq!(tenant.keys("event_record").len(), 1);
    assert_eq!(report.doubtful, 2);
}
