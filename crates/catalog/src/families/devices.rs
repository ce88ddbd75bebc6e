//! Devices known to the directory, and whose they are.

use crate::kind::{Category, Kind, to_many};
use crate::notation::{columns, paths, references};
use crate::reading::Delta;
use crate::writing::Writing;

pub(super) static KINDS: &[Kind] = &[
    DEVICE,
    Kind {
        name: "device_registered_owner",
        table: "device_registered_owners",
        title: "Device registered owners",
        category: Category::DevicesAndSecurity,
        path: "/devices/{deviceId}/registeredOwners",
        permissions: &["Device.Read.All"],
        shown_by: Some("registeredOwners($select=id)"),
        changed_by: &[
            "Add registered owner to device",
            "Remove registered owner from device",
        ],
        writing: Some(Writing::links(&[]).signed_in(&["Directory.AccessAsUser.All"])),
        entity_type: "microsoft.graph.directoryObject",
        shape: to_many("registeredOwners", "device_id", "owner_id", "user"),
        parent: Some("device"),
        ..Kind::BASE
    },
    Kind {
        name: "device_registered_user",
        table: "device_registered_users",
        title: "Device registered users",
        category: Category::DevicesAndSecurity,
        path: "/devices/{deviceId}/registeredUsers",
        permissions: &["Device.Read.All"],
        shown_by: Some("registeredUsers($select=id)"),
        changed_by: &[
            "Add registered users to device",
            "Remove registered users from device",
        ],
        writing: Some(Writing::links(&[]).signed_in(&["Directory.AccessAsUser.All"])),
        entity_type: "microsoft.graph.directoryObject",
        shape: to_many("registeredUsers", "device_id", "user_id", "user"),
        parent: Some("device"),
        ..Kind::BASE
    },
];

/// Shared with its deleted twin.
pub(super) const DEVICE: Kind = Kind {
    name: "device",
    table: "devices",
    title: "Device",
    category: Category::DevicesAndSecurity,
    path: "/devices",
    permissions: &["Device.Read.All"],
    page_size: Some(999),
    delta: Some(Delta::Own {
        path: "/devices/delta",
        without: &[],
    }),
    writing: Some(
        Writing::objects(&["Device.ReadWrite.All"])
            .create_signed_in(&["Directory.AccessAsUser.All"]),
    ),
    entity_type: "microsoft.graph.device",
    display: paths![displayName deviceId],
    volatile: paths![approximateLastSignInDateTime onPremisesLastSyncDateTime],
    drift: paths![complianceExpirationDateTime isCompliant operatingSystemVersion],
    read_only: paths![
        alternativeSecurityIds approximateLastSignInDateTime complianceExpirationDateTime
        deletedDateTime deviceCategory deviceId deviceMetadata deviceOwnership deviceVersion
        enrollmentProfileName enrollmentType id isCompliant isManaged isManagementRestricted
        isRooted managementType manufacturer mdmAppId model onPremisesLastSyncDateTime
        onPremisesSecurityIdentifier onPremisesSyncEnabled physicalIds profileType
        registrationDateTime systemLabels trustType
    ],
    sets: paths![alternativeSecurityIds physicalIds systemLabels],
    references: references![mdmAppId => application],
    export_path: Some("Devices"),
    columns: columns![
        Time deletedDateTime, Bool accountEnabled, Json alternativeSecurityIds,
        Time approximateLastSignInDateTime complianceExpirationDateTime, Text deviceCategory
        deviceId deviceMetadata deviceOwnership, Int deviceVersion, Text displayName
        enrollmentProfileName enrollmentType, Bool isCompliant isManaged isManagementRestricted
        isRooted, Text managementType manufacturer mdmAppId model,
        Time onPremisesLastSyncDateTime, Text onPremisesSecurityIdentifier,
        Bool onPremisesSyncEnabled, Text operatingSystem operatingSystemVersion, Json physicalIds,
        Text profileType, Time registrationDateTime, Json systemLabels, Text trustType
    ],
    ..Kind::BASE
};
