//! Computers and phones, and what Intune knows about them.

use serde_json::Value;

use super::record::{NULL, list, record, texts};
use super::{DAY, World};
use crate::deed::Properties;

/// A make of device.
#[derive(Debug)]
pub(super) struct Make {
    pub(super) system: &'static str,
    manufacturer: &'static str,
    model: &'static str,
    pub(super) versions: [&'static str; 4],
    prefix: &'static str,
}

/// Makes; the manufacturers are as invented as the company.
#[rustfmt::skip]
pub(super) const MAKES: [Make; 5] = [
    Make { system: "Windows", manufacturer: "Fjordwerk", model: "Slate 14", versions: ["10.0.22631.4317", "10.0.26100.2033", "10.0.26100.2605", "10.0.26100.3194"], prefix: "OQ-L" },
    Make { system: "Windows", manufacturer: "Fjordwerk", model: "Anvil D3", versions: ["10.0.22631.4317", "10.0.26100.2033", "10.0.26100.2605", "10.0.26100.3194"], prefix: "OQ-D" },
    Make { system: "iOS", manufacturer: "Pomelo", model: "Pomelo 12", versions: ["17.6.1", "18.1", "18.2", "18.3"], prefix: "Phone-" },
    Make { system: "AndroidEnterprise", manufacturer: "Tern Mobile", model: "Tern X2", versions: ["13", "14", "15", "15.1"], prefix: "Tern-" },
    Make { system: "MacMDM", manufacturer: "Pomelo", model: "Orchard 13", versions: ["14.6.1", "15.0", "15.1", "15.3"], prefix: "OQ-M" },
];

/// `appId` of Intune, which devices name as their manager.
pub(super) const INTUNE_APP: &str = "0000000a-0000-0000-c000-000000000000";

impl World {
    pub(super) fn device_id(&self, number: u32) -> String {
        self.key.guid("device", u64::from(number))
    }

    /// The device's other id, which Intune and sign-ins use.
    pub(super) fn device_device_id(&self, number: u32) -> String {
        self.key.guid("device deviceId", u64::from(number))
    }

    pub(super) fn device_count(&self) -> u32 {
        self.sizes.devices + self.state.new_devices
    }

    pub(super) fn device_make(&self, number: u32) -> &'static Make {
        match self.key.chance("device make", u64::from(number)).below(100) {
            0..48 => &MAKES[0],
            48..62 => &MAKES[1],
            62..80 => &MAKES[2],
            80..92 => &MAKES[3],
            _ => &MAKES[4],
        }
    }

    /// Whose device it is.
    pub(super) fn device_user(&self, number: u32) -> Option<u32> {
        let mut chance = self.key.chance("device user", u64::from(number));
        self.employee_near(chance.below(self.sizes.users))
    }

    pub(super) fn device_name(&self, number: u32) -> String {
        format!("{}{:05}", self.device_make(number).prefix, number + 1)
    }

    /// Whether Intune manages it; personal phones are only registered.
    pub(super) fn is_managed(number: u32) -> bool {
        number % 8 != 7
    }

    /// All properties of a device registered `age_seconds` before the start.
    pub(super) fn device(&self, number: u32, age_seconds: i64) -> Properties {
        let make = self.device_make(number);
        let managed = Self::is_managed(number);
        let mut chance = self.key.chance("device", u64::from(number));
        let windows = make.system == "Windows";
        let id = self.device_id(number);
        let device_id = self.device_device_id(number);
        let compliant = managed && chance.per_mille(930);
        let seen = if age_seconds > 0 {
            -i64::from(chance.below_crowded(45)) * DAY - i64::from(chance.below(86_400)) - 1
        } else {
            -age_seconds
        };
        record! {
            "id": &*id, "deletedDateTime": NULL, "accountEnabled": chance.per_mille(975),
            "alternativeSecurityIds": list([record! {
                "type": 2, "identityProvider": NULL, "key": format!("WAA1ADAAOQA6AFMA{}==", chance.hex(26)),
            }]),
            "approximateLastSignInDateTime": self.written(seen),
            "complianceExpirationDateTime": NULL, "deviceCategory": NULL,
            "deviceId": &*device_id, "deviceMetadata": NULL,
            "deviceOwnership": if managed { "Company" } else { "Personal" },
            "deviceVersion": 2, "displayName": self.device_name(number),
            "enrollmentProfileName": NULL,
            "enrollmentType": managed.then_some(if windows { "AzureDomainJoined" } else { "UserEnrollment" }),
            "isCompliant": managed.then_some(compliant), "isManaged": managed.then_some(true),
            "isManagementRestricted": NULL, "isRooted": (!windows && managed).then_some(false),
            "managementType": managed.then_some("MDM"), "manufacturer": make.manufacturer,
            "mdmAppId": managed.then_some(INTUNE_APP), "model": make.model,
            "onPremisesLastSyncDateTime": NULL, "onPremisesSecurityIdentifier": NULL,
            "onPremisesSyncEnabled": NULL, "operatingSystem": make.system,
            "operatingSystemVersion": *chance.pick(&make.versions[..3]),
            "physicalIds": texts([
                format!("[USER-GID]:{id}:{}", chance.below(999_999_999)),
                format!("[GID]:g:{}", chance.below(999_999_999)),
                format!("[HWID]:h:{}", chance.below(999_999_999)),
            ]),
            "profileType": "RegisteredDevice", "registrationDateTime": self.written(-age_seconds),
            "systemLabels": Value::Array(Vec::new()),
            "trustType": if managed && windows { "AzureAd" } else { "Workplace" },
        }
    }

    /// Intune's view of a managed device.
    pub(super) fn managed_device(&self, number: u32, age_seconds: i64) -> Properties {
        let make = self.device_make(number);
        let mut chance = self.key.chance("managed device", u64::from(number));
        let user = self.device_user(number).map(|user| self.person(user));
        let name = self.device_name(number);
        let compliant = chance.per_mille(930);
        let lately = -i64::from(chance.below(3)) * DAY - i64::from(chance.below(86_400));
        let synced = lately.max(-age_seconds + 600);
        let mut device = record! {
            "id": self.key.guid("managed_device", u64::from(number)),
            "userId": user.as_ref().map(|user| self.user_id(user.number)),
            "deviceName": &*name, "managedDeviceOwnerType": "company",
            "enrolledDateTime": self.written(-age_seconds + 300),
            "lastSyncDateTime": self.written(synced),
            "operatingSystem": if make.system == "MacMDM" { "macOS" } else { make.system },
            "complianceState": if compliant { "compliant" } else { "noncompliant" },
            "jailBroken": if make.system == "Windows" { "Unknown" } else { "False" },
            "managementAgent": "mdm", "osVersion": make.versions[1],
            "easActivated": false, "easDeviceId": NULL, "easActivationDateTime": NULL,
            "azureADRegistered": true, "deviceEnrollmentType": "windowsAzureADJoin",
            "activationLockBypassCode": NULL,
            "emailAddress": user.as_ref().map(|user| self.mail(user)),
            "azureADDeviceId": self.device_device_id(number),
            "deviceRegistrationState": "registered", "deviceCategoryDisplayName": "Unknown",
            "isSupervised": false, "exchangeLastSuccessfulSyncDateTime": NULL,
            "exchangeAccessState": "none", "exchangeAccessStateReason": "none",
        };
        let total = [128_i64, 256, 512][chance.below(3) as usize] * 1_073_741_824;
        device.extend(record! {
            "isEncrypted": chance.per_mille(960),
            "userPrincipalName": user.as_ref().map(|user| self.upn(user)),
            "model": make.model, "manufacturer": make.manufacturer, "imei": NULL,
            "complianceGracePeriodExpirationDateTime": self.written(60 * DAY),
            "serialNumber": chance.hex(10), "phoneNumber": NULL, "androidSecurityPatchLevel": NULL,
            "userDisplayName": user.as_ref().map(|user| &*user.display),
            "wiFiMacAddress": chance.hex(12), "subscriberCarrier": "", "meid": NULL,
            "totalStorageSpaceInBytes": total, "freeStorageSpaceInBytes": total / 100 * i64::from(20 + chance.below(70)),
            "managedDeviceName": format!("{name}_{}", make.system),
            "partnerReportedThreatState": "unknown", "managementState": "managed",
            "notes": NULL, "ethernetMacAddress": NULL, "physicalMemoryInBytes": 0,
            "managementCertificateExpirationDate": self.written(200 * DAY),
            "requireUserEnrollmentApproval": NULL, "iccid": NULL, "udid": NULL,
            "deviceActionResults": Value::Array(Vec::new()),
        });
        device
    }

    /// How long before the start a device of the first day was registered.
    pub(super) fn device_age(&self, number: u32) -> i64 {
        let mut chance = self.key.chance("device age", u64::from(number));
        i64::from(5 + chance.below(1_100)) * DAY + i64::from(chance.below(86_400))
    }
}
