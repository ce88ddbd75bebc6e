#!/usr/bin/env python3
"""Measures how long a restore plan takes to make, and how much memory.

  planning.py --entrace target/release/entrace
  planning.py --entrace target/release/entrace --objects 30000 --changes 10000

Two states of a synthetic tenant are imported: `--objects` objects, of which `--changes` differ. Of the changes 70 % are
users with another value, 20 % memberships that are gone, 10 % groups with another description. Then the plan back to the
first state is made offline, three times, and written to a file; the median counts.
"""
import argparse
import json
import os
import shutil
import sys
import tempfile

from measure import Failed, median, run


def guid(kind, number):
    return f"{kind:08x}-0000-4000-8000-{number:012x}"


def user(number, title):
    return {
        "id": guid(1, number), "accountEnabled": True, "displayName": f"Person {number}", "jobTitle": title,
        "userPrincipalName": f"person{number}@contoso.example", "mail": f"person{number}@contoso.example",
        "mailNickname": f"person{number}", "department": f"Department {number % 97}", "city": "Ulm", "country": "DE",
        "usageLocation": "DE", "businessPhones": [f"+49 731 {number}"], "createdDateTime": "2020-01-01T00:00:00Z",
        "userType": "Member", "preferredLanguage": "de-DE", "employeeId": str(number),
        "assignedLicenses": [{"disabledPlans": [], "skuId": guid(9, number % 3)}],
    }


def group(number, about):
    return {
        "id": guid(2, number), "displayName": f"Group {number}", "description": about, "mailEnabled": False,
        "mailNickname": f"group{number}", "securityEnabled": True, "groupTypes": [], "visibility": "Private",
    }


def write(folder, objects, changes, is_changed):
    """One state: half users, a tenth groups, the rest memberships."""
    users, groups = objects // 2, objects // 10
    members = objects - users - groups
    changed_users, lost = changes * 7 // 10, changes * 2 // 10
    changed_groups = changes - changed_users - lost
    os.makedirs(folder)
    with open(os.path.join(folder, "users.jsonl"), "w", encoding="utf-8") as file:
        for number in range(users):
            title = "Chef" if is_changed and number < changed_users else "Cook"
            file.write(json.dumps(user(number, title)) + "\n")
    with open(os.path.join(folder, "groups.jsonl"), "w", encoding="utf-8") as file:
        for number in range(groups):
            about = "other" if is_changed and number < changed_groups else "as it was"
            file.write(json.dumps(group(number, about)) + "\n")
    with open(os.path.join(folder, "groupMembers.jsonl"), "w", encoding="utf-8") as file:
        for number in range(lost if is_changed else 0, members):
            edge = {"groupId": guid(2, number % groups), "memberId": guid(1, number % users)}
            file.write(json.dumps(edge) + "\n")
    assert changed_users <= users and changed_groups <= groups and lost <= members


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--entrace", required=True, help="the program to measure")
    parser.add_argument("--objects", type=int, default=300_000)
    parser.add_argument("--changes", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--work", help="where to work; by default a temporary folder")
    parser.add_argument("--keep", action="store_true", help="leave the folder there")
    parser.add_argument("--json", help="write the figures here too")
    options = parser.parse_args()
    work = options.work or tempfile.mkdtemp(prefix="entrace-planning-")
    entrace = os.path.abspath(options.entrace)
    archive = os.path.join(work, "archive")
    base = [entrace, "-a", archive, "-q"]
    try:
        if not os.path.isdir(archive):
            run(base + ["init", "--unprotected", "--tenant", "contoso"], work)
            for day, is_changed in (("2026-01-01T00:00:00Z", False), ("2026-01-02T00:00:00Z", True)):
                folder = os.path.join(work, day[:10])
                write(folder, options.objects, options.changes, is_changed)
                run(base + ["import", "--format", "jsonl", folder, "--taken-at", day], work)
                shutil.rmtree(folder)
        runs = []
        for number in range(options.runs):
            out = os.path.join(work, f"plan-{number}.json")
            usage = run(base + ["plan", "create", "--from", "first", "--all", "--offline", "--out", out], work)
            with open(out, encoding="utf-8") as file:
                steps = sum(line.startswith('      "number"') for line in file)
            runs.append((usage, steps, os.path.getsize(out)))
            os.remove(out)
        steps = runs[0][1]
        figures = {
            "objects": options.objects, "changes": options.changes, "steps": steps,
            "cpu_s": median([usage.cpu_s for usage, _, _ in runs]),
            "wall_s": median([usage.wall_s for usage, _, _ in runs]),
            "peak_mb": max(usage.rss_mb for usage, _, _ in runs),
            "plan_mb": runs[0][2] / 1e6,
        }
        print("| objects | steps | CPU s | wall s | peak MB | plan MB |\n| ---: | ---: | ---: | ---: | ---: | ---: |")
        print(f"| {figures['objects']:,} | {steps:,} | {figures['cpu_s']:.1f} | {figures['wall_s']:.1f} "
              f"| {figures['peak_mb']:.0f} | {figures['plan_mb']:.0f} |")
        if options.json:
            with open(options.json, "w", encoding="utf-8") as file:
                json.dump(figures, file, indent=1)
        if steps != options.changes:
            sys.exit(f"{steps} steps for {options.changes} changes")
    except Failed as failure:
        sys.exit(str(failure))
    finally:
        if not options.keep and not options.work:
            shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
