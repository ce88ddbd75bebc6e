//! A plan as a PowerShell script: one function a step, `-WhatIf`, a transcript.
//!
//! The script is data in literals and a few functions that never change: no text of the tenant is ever part of a
//! command. It needs only `Invoke-MgGraphRequest` of the module `Microsoft.Graph.Authentication`.

use std::fmt::Write as _;

use serde_json::Value;

use super::escape::{ascii_json, comment, literal};
use super::place_service;
use crate::plan::{Action, Plan, Precondition, Step};

/// The plan as a script for PowerShell 5.1 and later, in ASCII.
#[must_use]
pub fn powershell(plan: &Plan) -> String {
    let mut out = String::new();
    head(plan, &mut out);
    out.push_str(COMMON);
    for step in &plan.steps {
        function(step, &mut out);
    }
    tail(plan, &mut out);
    out
}

fn head(plan: &Plan, out: &mut String) {
    let mut permissions: Vec<&str> = plan
        .steps
        .iter()
        .filter_map(|step| step.permissions.first().map(String::as_str))
        .collect();
    permissions.sort_unstable();
    permissions.dedup();
    let _ = writeln!(out, "#Requires -Modules Microsoft.Graph.Authentication");
    let _ = writeln!(out, "# Restore plan {}", plan.id());
    let _ = writeln!(
        out,
        "# Made {} by {}",
        plan.made_at,
        ascii(&comment(&plan.author))
    );
    let _ = writeln!(
        out,
        "# {} steps, about {} minutes. Try it first with -WhatIf: nothing is written then.",
        plan.steps.len(),
        plan.estimate.minutes
    );
    for it in &plan.impossible {
        let name = it.name.clone().unwrap_or_else(|| it.object.join(" "));
        let line = format!(
            "not restored: {} {name} {}: {}",
            it.kind,
            it.properties.join(", "),
            it.text
        );
        let _ = writeln!(out, "# {}", ascii(&comment(&line)));
    }
    out.push_str("[CmdletBinding(SupportsShouldProcess, ConfirmImpact = 'High')]\nparam(\n");
    out.push_str("    # Where to write down what was done\n");
    let _ = writeln!(
        out,
        "    [string] $TranscriptPath = (Join-Path (Get-Location) {})",
        literal(&format!("plan-{}.log", &plan.id()[..8]))
    );
    out.push_str(")\nSet-StrictMode -Version Latest\n$ErrorActionPreference = 'Stop'\n\n");
    let _ = writeln!(out, "$PlanTenant = {}", literal(&ascii(&plan.tenant)));
    let scopes: Vec<String> = permissions.iter().map(|it| literal(it)).collect();
    let _ = writeln!(out, "$PlanPermissions = @({})", scopes.join(", "));
    out.push_str("# Ids that were made anew, by the ids they replace\n$NewIds = @{}\n\n");
}

/// Text with everything beyond ASCII as `\u{...}`.
fn ascii(text: &str) -> String {
    let mut out = String::new();
    for sign in text.chars() {
        if sign.is_ascii() {
            out.push(sign);
        } else {
            let _ = write!(out, "\\u{{{:x}}}", u32::from(sign));
        }
    }
    out
}

/// What all steps share.
const COMMON: &str = r#"function Resolve-PlanId {
    param([string] $Text, [string[]] $Uses)
    foreach ($old in $Uses) {
        if (-not $NewIds.ContainsKey($old)) { throw ('the id of ' + $old + ' is not known: an earlier step did not run') }
        $Text = $Text.Replace($old, $NewIds[$old])
    }
    return $Text
}

function Get-PlanService {
    # The address of Graph in the cloud that is signed in to
    $cloud = (Get-MgContext).Environment
    return (Get-MgEnvironment -Name $cloud).GraphEndpoint.TrimEnd('/')
}

function New-PlanPassword {
    $bytes = New-Object byte[] 24
    $random = [System.Security.Cryptography.RandomNumberGenerator]::Create()
    try { $random.GetBytes($bytes) } finally { $random.Dispose() }
    return 'Aa1!' + [Convert]::ToBase64String($bytes)
}

function Get-PlanObject {
    param([string] $Target)
    try { return Invoke-MgGraphRequest -Method GET -Uri $Target -OutputType Json }
    catch {
        if ($_.Exception.Message -match '404|NotFound') { return $null }
        throw
    }
}

function Test-PlanValue {
    # Whether each named property still has the value it had when the plan was made
    param([string] $Json, [string] $Before)
    $now = ConvertFrom-Json -InputObject $Json
    $then = ConvertFrom-Json -InputObject $Before
    foreach ($property in $then.PSObject.Properties) {
        $is = $null
        if ($now.PSObject.Properties.Name -contains $property.Name) { $is = $now.($property.Name) }
        $left = ConvertTo-Json -InputObject $is -Depth 32 -Compress
        $right = ConvertTo-Json -InputObject $property.Value -Depth 32 -Compress
        if ($left -ne $right) { throw ($property.Name + ' has moved since the plan was made: ' + $left) }
    }
}

function Invoke-PlanStep {
    [CmdletBinding(SupportsShouldProcess)]
    param(
        [int] $Number, [string] $Title, [string] $Method, [string] $Target, [string] $Body,
        [string[]] $Uses = @(), [hashtable] $Makes = @{}, [string] $ReadFrom = '', [string] $Expects = '', [string] $Before = '',
        [switch] $Refers
    )
    if ($WhatIfPreference) {
        Write-Host ('What if: ' + $Number + '. ' + $Title + ': ' + $Method + ' ' + $Target)
        return
    }
    $Target = Resolve-PlanId -Text $Target -Uses $Uses
    if ($Body) { $Body = Resolve-PlanId -Text $Body -Uses $Uses }
    if ($Refers) { $Body = $Body.Replace('{{service}}', (Get-PlanService)) }
    if ($ReadFrom) {
        $found = Get-PlanObject -Target (Resolve-PlanId -Text $ReadFrom -Uses $Uses)
        if ($Expects -eq 'present' -and $null -eq $found) { throw ('step ' + $Number + ': the object is not there any more') }
        if ($Expects -eq 'absent' -and $null -ne $found) { throw ('step ' + $Number + ': the object is there already') }
        if ($Before -and $null -ne $found) { Test-PlanValue -Json $found -Before $Before }
    }
    if (-not $PSCmdlet.ShouldProcess($Target, $Title)) { return }
    if ($Body -match '"passwordProfile"') {
        $parsed = ConvertFrom-Json -InputObject $Body
        $parsed.passwordProfile | Add-Member -NotePropertyName password -NotePropertyValue (New-PlanPassword)
        $Body = ConvertTo-Json -InputObject $parsed -Depth 32 -Compress
    }
    $arguments = @{ Method = $Method; Uri = $Target; OutputType = 'Json' }
    if ($Body) { $arguments.Body = $Body; $arguments.ContentType = 'application/json' }
    $answer = Invoke-MgGraphRequest @arguments
    if ($Makes.Count -gt 0) {
        $made = ConvertFrom-Json -InputObject $answer
        foreach ($old in $Makes.Keys) { $NewIds[$old] = [string] $made.($Makes[$old]) }
    }
    Write-Host ([string] $Number + '. ' + $Title + ': done')
}

"#;

fn function(step: &Step, out: &mut String) {
    let name = format!("Invoke-Step{:04}", step.number);
    let title = title(step);
    let _ = writeln!(out, "function {name} {{");
    out.push_str("    [CmdletBinding(SupportsShouldProcess)]\n    param()\n");
    for risk in &step.risks {
        let _ = writeln!(out, "    # Risk: {}", ascii(&comment(&risk.text)));
    }
    for change in &step.properties {
        let value = |value: &Option<Value>| value.as_ref().map_or(String::new(), ascii_json);
        let line = format!(
            "    # {}: {} -> {}",
            ascii(&comment(&change.path)),
            value(&change.old),
            value(&change.new)
        );
        let _ = writeln!(out, "{line}");
    }
    let _ = write!(
        out,
        "    Invoke-PlanStep -Number {} -Title {} -Method {} -Target {}",
        step.number,
        literal(&title),
        literal(&step.request.method),
        literal(&ascii(&step.request.target)),
    );
    if let Some(body) = &step.request.body {
        let mut body = body.clone();
        place_service(&mut body);
        let _ = write!(out, " -Body {}", literal(&ascii_json(&body)));
        if body.get("@odata.id").is_some() {
            out.push_str(" -Refers");
        }
    }
    if !step.uses.is_empty() {
        let uses: Vec<String> = step.uses.iter().map(|id| literal(&ascii(id))).collect();
        let _ = write!(out, " -Uses @({})", uses.join(", "));
    }
    if !step.makes.is_empty() {
        let makes: Vec<String> = step
            .makes
            .iter()
            .map(|made| {
                format!(
                    "{} = {}",
                    literal(&ascii(&made.old)),
                    literal(&ascii(&made.property))
                )
            })
            .collect();
        let _ = write!(out, " -Makes @{{ {} }}", makes.join("; "));
    }
    precondition(step, out);
    out.push_str(" -WhatIf:$WhatIfPreference\n}\n\n");
}

fn title(step: &Step) -> String {
    let name = step.name.clone().unwrap_or_else(|| step.object.join(" "));
    ascii(&comment(&format!(
        "{} {} {name}",
        step.action.title(),
        step.kind.replace('_', " ")
    )))
}

/// What is read before, and what it must be. A link has no address of its own that answers.
fn precondition(step: &Step, out: &mut String) {
    let is_own = step.request.method == "PATCH" || step.request.method == "DELETE";
    if !is_own || step.request.target.ends_with("/$ref") {
        return;
    }
    let expects = match step.precondition {
        Precondition::Absent | Precondition::Deleted => return,
        _ => "present",
    };
    let _ = write!(
        out,
        " -ReadFrom {} -Expects {}",
        literal(&ascii(&step.request.target)),
        literal(expects)
    );
    if !matches!(step.action, Action::Update) {
        return;
    }
    let before: serde_json::Map<String, Value> = step
        .properties
        .iter()
        .filter(|change| !change.path.contains(['.', '[']))
        .map(|change| {
            (
                change.path.clone(),
                change.old.clone().unwrap_or(Value::Null),
            )
        })
        .collect();
    if !before.is_empty() {
        let _ = write!(
            out,
            " -Before {}",
            literal(&ascii_json(&Value::Object(before)))
        );
    }
}

fn tail(plan: &Plan, out: &mut String) {
    out.push_str(TAIL_BEGIN);
    for step in &plan.steps {
        let _ = writeln!(
            out,
            "    Invoke-Step{:04} -WhatIf:$WhatIfPreference",
            step.number
        );
    }
    out.push_str(TAIL_END);
}

const TAIL_BEGIN: &str = r"$context = Get-MgContext
if ($null -eq $context) { throw ('sign in first: Connect-MgGraph -TenantId ' + $PlanTenant + ' -Scopes ' + ($PlanPermissions -join ',')) }
if ($context.TenantId -ne $PlanTenant) { throw ('this plan is for tenant ' + $PlanTenant + ', not ' + $context.TenantId) }
if (-not $WhatIfPreference) { Start-Transcript -Path $TranscriptPath -Append | Out-Null }
try {
";

const TAIL_END: &str = r"}
finally {
    if ($NewIds.Count -gt 0) {
        Write-Host 'Ids that were made anew:'
        $NewIds.GetEnumerator() | ForEach-Object { Write-Host ($_.Key + ' -> ' + $_.Value) }
    }
    if (-not $WhatIfPreference) { Stop-Transcript | Out-Null }
}
";
