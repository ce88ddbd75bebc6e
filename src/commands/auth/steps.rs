//! What `auth setup` prints: scripts for the Azure CLI and PowerShell, steps for the admin centre.
//!
//! The scripts look the ids of permissions up where they run: Microsoft's own service principal in the
//! tenant has them all. What a cloud's Graph does not offer is said and left out.

use std::fmt::Write as _;

use super::setup::{Plan, Proof, listed, purpose};
use crate::output::plural;

/// Kinds named beside a permission in a script.
const MOST: usize = 6;

impl Plan {
    /// Lines that open every form of the steps.
    fn heading(&self) -> String {
        let mut text = format!(
            "Registers the app {}, which may read {} with {} of Microsoft Graph.\n",
            self.name,
            plural(self.kinds.chosen.len() as u64, "kind"),
            plural(self.needs.len() as u64, "application permission"),
        );
        let signed_in: Vec<&str> = self.only_signed_in().map(|(kind, _)| kind.name).collect();
        if !signed_in.is_empty() {
            let _ = writeln!(
                text,
                "Not for an app, only for a signed-in administrator: {}",
                listed(&signed_in, MOST)
            );
        }
        for (licence, kinds) in self.licences() {
            let _ = writeln!(
                text,
                "Answers only with {}: {}",
                licence.title(),
                listed(&kinds, MOST)
            );
        }
        text.push_str(
            "Registering takes an Application Administrator; the consent takes a Privileged Role Administrator.\n\
             The app itself needs no directory role.\n",
        );
        text
    }

    /// The configuration to go on with; `tenant` and `app` stand for their ids.
    fn configuration(&self, tenant: &str, app: &str) -> String {
        let name = &self.tenant;
        let auth = match &self.proof {
            Proof::Certificate => {
                format!(
                    "method = \"certificate\", client_id = \"{app}\", certificate_file = \"{name}.pem\""
                )
            }
            Proof::Secret => {
                format!(
                    "method = \"client_secret\", client_id = \"{app}\", client_secret_file = \"{name}.secret\""
                )
            }
            Proof::Federated { .. } => {
                format!(
                    "method = \"federated_token_file\", client_id = \"{app}\", token_file = \"/path/of/the/token\""
                )
            }
        };
        let kinds: Vec<String> = self
            .kinds
            .words
            .iter()
            .map(|word| format!("{word:?}"))
            .collect();
        let kinds = if kinds.is_empty() {
            String::new()
        } else {
            format!("kinds = [{}]\n", kinds.join(", "))
        };
        format!(
            "[tenants.{name}]\ntenant_id = \"{tenant}\"\nauth = {{ {auth} }}\n{kinds}archive = \"{name}.entrace\"\n"
        )
    }
}

fn commented(text: &str) -> String {
    let lines = text.lines().flat_map(|line| ["# ", line, "\n"]);
    lines.collect()
}

/// A shell script for the Azure CLI.
pub(super) fn az(plan: &Plan) -> String {
    let audience = if plan.multi_tenant {
        "AzureADMultipleOrgs"
    } else {
        "AzureADMyOrg"
    };
    let redirect = if plan.multi_tenant {
        " --web-redirect-uris http://localhost"
    } else {
        ""
    };
    let mut text = format!(
        "#!/bin/sh\n{}# First: az login --allow-no-subscriptions\nset -eu\numask 077\n\n\
         graph=00000003-0000-0000-c000-000000000000\n\
         tenant=$(az account show --query tenantId -o tsv)\n\
         app=$(az ad app create --display-name '{}' --sign-in-audience {audience}{redirect} --query appId -o tsv)\n\
         az ad sp create --id \"$app\" --only-show-errors >/dev/null\n\n\
         roles=$(az ad sp show --id \"$graph\" --query 'appRoles[].[value,id]' -o tsv)\n\
         wanted=\n\
         want() {{\n\
         \x20 id=$(printf '%s\\n' \"$roles\" | awk -v name=\"$1\" '$1 == name {{ print $2 }}')\n\
         \x20 if [ -n \"$id\" ]; then wanted=\"$wanted $id=Role\"; else echo \"$1 is not offered here: left out\" >&2; fi\n\
         }}\n\n",
        commented(&plan.heading()),
        plan.name,
    );
    for need in &plan.needs {
        let _ = writeln!(text, "want {} # {}", need.permission, purpose(need, MOST));
    }
    text.push_str(
        "\n# shellcheck disable=SC2086 # one word a permission\n\
         az ad app permission add --id \"$app\" --api \"$graph\" --api-permissions $wanted --only-show-errors\n\
         # A new app is not known everywhere at once.\n\
         sleep 30\n\
         az ad app permission admin-consent --id \"$app\"\n\n",
    );
    text.push_str(&az_proof(plan));
    text.push_str("\ncat <<END\n\nFor the configuration file:\n\n");
    text.push_str(&plan.configuration("$tenant", "$app"));
    if plan.multi_tenant {
        text.push_str(
            "\nEach other tenant's administrator consents at\n\
             https://login.microsoftonline.com/THEIR-TENANT-ID/adminconsent?client_id=$app\n\
             (a page at localhost that cannot be opened is the end of it, and means nothing)\n",
        );
    }
    text.push_str("\nThen see whether all is granted, which may take some minutes: entrace auth status\nEND\n");
    text
}

fn az_proof(plan: &Plan) -> String {
    let (app, file) = (&plan.name, &plan.tenant);
    match &plan.proof {
        Proof::Certificate => format!(
            "# The private key never leaves this machine: only the certificate is uploaded.\n\
             openssl req -x509 -newkey rsa:3072 -sha256 -days 365 -nodes -subj '/CN={app}' -keyout '{file}.key' -out '{file}.crt'\n\
             cat '{file}.key' '{file}.crt' >'{file}.pem' && rm '{file}.key'\n\
             az ad app credential reset --id \"$app\" --cert @'{file}.crt' --append --only-show-errors >/dev/null\n"
        ),
        Proof::Secret => format!(
            "# Shown to nobody: it goes into a file only you can read. It ends after a year.\n\
             az ad app credential reset --id \"$app\" --years 1 --append --only-show-errors --query password -o tsv >'{file}.secret'\n"
        ),
        Proof::Federated { issuer, subject } => format!(
            "az ad app federated-credential create --id \"$app\" --parameters \\\n\
             \x20 '{{\"name\":\"entrace\",\"issuer\":\"{issuer}\",\"subject\":\"{subject}\",\"audiences\":[\"api://AzureADTokenExchange\"]}}'\n"
        ),
    }
}

/// A script for Microsoft Graph PowerShell.
pub(super) fn pwsh(plan: &Plan) -> String {
    let audience = if plan.multi_tenant {
        "AzureADMultipleOrgs"
    } else {
        "AzureADMyOrg"
    };
    let redirect = if plan.multi_tenant {
        " -Web @{ RedirectUris = @('http://localhost') }"
    } else {
        ""
    };
    let mut text = format!(
        "{}# First: Install-Module Microsoft.Graph.Authentication, Microsoft.Graph.Applications\n\
         $ErrorActionPreference = 'Stop'\n\
         Connect-MgGraph -NoWelcome -Scopes Application.ReadWrite.All, AppRoleAssignment.ReadWrite.All\n\
         $tenant = (Get-MgContext).TenantId\n\
         $graph = Get-MgServicePrincipal -Filter \"appId eq '00000003-0000-0000-c000-000000000000'\"\n\n\
         $wanted = @(\n",
        commented(&plan.heading()),
    );
    for need in &plan.needs {
        let _ = writeln!(text, "  '{}' # {}", need.permission, purpose(need, MOST));
    }
    let _ = write!(
        text,
        ")\n\
         $roles = foreach ($name in $wanted) {{\n\
         \x20 $role = $graph.AppRoles | Where-Object Value -eq $name\n\
         \x20 if ($role) {{ $role }} else {{ Write-Warning \"$name is not offered here: left out\" }}\n\
         }}\n\
         $access = @($roles | ForEach-Object {{ @{{ Id = $_.Id; Type = 'Role' }} }})\n\
         $app = New-MgApplication -DisplayName '{}' -SignInAudience {audience}{redirect} `\n\
         \x20 -RequiredResourceAccess @(@{{ ResourceAppId = $graph.AppId; ResourceAccess = $access }})\n\
         $principal = New-MgServicePrincipal -AppId $app.AppId\n\n\
         # The consent: one assignment for each permission.\n\
         foreach ($role in $roles) {{\n\
         \x20 New-MgServicePrincipalAppRoleAssignment -ServicePrincipalId $principal.Id -PrincipalId $principal.Id `\n\
         \x20   -ResourceId $graph.Id -AppRoleId $role.Id | Out-Null\n\
         }}\n\n",
        plan.name,
    );
    text.push_str(&pwsh_proof(plan));
    text.push_str("\n@\"\n\nFor the configuration file:\n\n");
    text.push_str(&plan.configuration("$tenant", "$($app.AppId)"));
    if plan.multi_tenant {
        text.push_str(
            "\nEach other tenant's administrator consents at\n\
             https://login.microsoftonline.com/THEIR-TENANT-ID/adminconsent?client_id=$($app.AppId)\n\
             (a page at localhost that cannot be opened is the end of it, and means nothing)\n",
        );
    }
    text.push_str("\nThen see whether all is granted, which may take some minutes: entrace auth status\n\"@\n");
    text
}

fn pwsh_proof(plan: &Plan) -> String {
    let (app, file) = (&plan.name, &plan.tenant);
    match &plan.proof {
        Proof::Certificate => format!(
            "# The private key never leaves this machine: only the certificate is uploaded. Needs PowerShell 7.3.\n\
             $rsa = [System.Security.Cryptography.RSA]::Create(3072)\n\
             $request = [System.Security.Cryptography.X509Certificates.CertificateRequest]::new('CN={app}', $rsa,\n\
             \x20 [System.Security.Cryptography.HashAlgorithmName]::SHA256, [System.Security.Cryptography.RSASignaturePadding]::Pkcs1)\n\
             $certificate = $request.CreateSelfSigned([DateTimeOffset]::UtcNow.AddMinutes(-5), [DateTimeOffset]::UtcNow.AddDays(365))\n\
             Set-Content -Path '{file}.pem' -Value ($rsa.ExportPkcs8PrivateKeyPem(), $certificate.ExportCertificatePem())\n\
             if (-not $IsWindows) {{ chmod 600 '{file}.pem' }}\n\
             Update-MgApplication -ApplicationId $app.Id -KeyCredentials @(@{{\n\
             \x20 Type = 'AsymmetricX509Cert'; Usage = 'Verify'; Key = $certificate.RawData; DisplayName = '{app}' }})\n"
        ),
        Proof::Secret => format!(
            "# Shown to nobody: it goes into a file. It ends after a year.\n\
             $secret = Add-MgApplicationPassword -ApplicationId $app.Id -PasswordCredential @{{\n\
             \x20 DisplayName = '{app}'; EndDateTime = (Get-Date).AddYears(1) }}\n\
             Set-Content -Path '{file}.secret' -Value $secret.SecretText\n\
             if (-not $IsWindows) {{ chmod 600 '{file}.secret' }}\n"
        ),
        Proof::Federated { issuer, subject } => format!(
            "New-MgApplicationFederatedIdentityCredential -ApplicationId $app.Id -Name entrace -Issuer '{issuer}' `\n\
             \x20 -Subject '{subject}' -Audiences 'api://AzureADTokenExchange' | Out-Null\n"
        ),
    }
}

/// Steps to click through.
pub(super) fn portal(plan: &Plan) -> String {
    let accounts = if plan.multi_tenant {
        "Accounts in any organizational directory; redirect URI: Web, http://localhost"
    } else {
        "Accounts in this organizational directory only; no redirect URI"
    };
    let mut text = format!(
        "{}\n\
         1. entra.microsoft.com, App registrations, New registration.\n\
         \x20  Name: {}. Supported account types: {accounts}.\n\
         2. On the app's overview: note the application (client) id and the directory (tenant) id.\n\
         3. API permissions, Add a permission, Microsoft Graph, Application permissions. Add these:\n",
        plan.heading(),
        plan.name
    );
    for need in &plan.needs {
        let _ = writeln!(text, "     {:<44} {}", need.permission, purpose(need, MOST));
    }
    text.push_str(
        "   Remove User.Read, which is there from the start: it is not needed.\n\
         4. Grant admin consent, on the same page. Every line must say Granted.\n",
    );
    text.push_str(&portal_proof(plan));
    text.push_str("6. For the configuration file:\n\n");
    text.push_str(&plan.configuration("DIRECTORY-ID", "APPLICATION-ID"));
    if plan.multi_tenant {
        text.push_str(
            "\nEach other tenant's administrator consents at\n\
             https://login.microsoftonline.com/THEIR-TENANT-ID/adminconsent?client_id=APPLICATION-ID\n",
        );
    }
    text.push_str(
        "\nThen see whether all is granted, which may take some minutes: entrace auth status\n",
    );
    text
}

fn portal_proof(plan: &Plan) -> String {
    let file = &plan.tenant;
    match &plan.proof {
        Proof::Certificate => format!(
            "5. On the machine that will run entrace, make a certificate:\n\
             \x20    openssl req -x509 -newkey rsa:3072 -sha256 -days 365 -nodes -subj '/CN={}' -keyout {file}.key -out {file}.crt\n\
             \x20    cat {file}.key {file}.crt > {file}.pem && chmod 600 {file}.pem && rm {file}.key\n\
             \x20  Certificates & secrets, Certificates, Upload certificate: {file}.crt\n",
            plan.name
        ),
        Proof::Secret => format!(
            "5. Certificates & secrets, New client secret. Put its value into the file {file}.secret that only you can read.\n"
        ),
        Proof::Federated { issuer, subject } => format!(
            "5. Certificates & secrets, Federated credentials, Add credential, Other issuer.\n\
             \x20  Issuer: {issuer}   Subject: {subject}   Audience: api://AzureADTokenExchange\n"
        ),
    }
}
