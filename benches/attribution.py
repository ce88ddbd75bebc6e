#!/usr/bin/env python3
"""Who did it: what entrace says of every change of a simulated company, against what really happened.

`entrace demo --truth` lets the company live and writes down each deed; the archive is asked for all changes and who
did them. Prints a Markdown table for each sort of change and each confidence.

- A row names the *right* actor if that is who did the last deed that led to what was seen: the deed itself, or that
  to an object which took the row along (an edge goes with its end).
- *Precision* is right / named. *Recall* is right / rows whose deed is in the audit log.
- A row whose deed left no event must name nobody and stand in `unexplained_changes`: *silent* counts such rows,
  *found* those that do. What one logged deed brings along (PIM makes schedules) is not silent.
"""
import argparse
import collections
import json
import os
import subprocess
import sys
import tempfile
from datetime import datetime, timedelta


# What follows a deed by itself is done within so many seconds.
SECONDS = 2


def ask(entrace, archive, sql):
    out = subprocess.run([entrace, "-a", archive, "-o", "jsonl", "sql", "--max-rows", "0", "-c", sql],
                         check=True, capture_output=True, text=True)
    return [json.loads(line) for line in out.stdout.splitlines() if line.strip()]


class Truth:
    """Deeds by kind and id, and by every id in their key."""

    def __init__(self, path):
        self.by_key = collections.defaultdict(list)
        self.by_own = collections.defaultdict(list)
        self.by_id = collections.defaultdict(list)
        self.by_time = collections.defaultdict(list)
        with open(path, encoding="utf-8") as lines:
            for line in lines:
                deed = json.loads(line)
                key = tuple(part.lower() for part in deed["key"])
                self.by_key[deed["kind"], "/".join(key)].append(deed)
                self.by_own[deed["kind"], key[-1] if key else ""].append(deed)
                if len(key) == 1:
                    self.by_id[key[0]].append(deed)
                self.by_time[deed["at"][:19]].append(deed)

    def within(self, deeds, row, acts):
        after, before = row["changed_after"], row["changed_before"]
        return [d for d in deeds if d["act"] in acts and after < d["at"] <= before]

    def of(self, row, acts):
        """The deeds behind a row, the last one last."""
        kind, own = row["kind"], row["object_id"].lower()
        if kind.startswith("deleted_"):
            kind = kind.removeprefix("deleted_")
            acts = {"added": ("delete",), "removed": ("purge", "restore")}.get(row["change_type"], ("delete",))
        own_kind = self.by_key[kind, own] or self.by_own[kind, own] or self.by_key[kind, ""]
        found = self.within(own_kind, row, acts)
        if path := row.get("path"):
            top = path.split(".")[0].split("[")[0]
            found = [d for d in found if top in (d["properties"] or [top])]
        if not found and row["change_type"] != "modified":
            # It was there before it was read: what stands below many is read in full once a week.
            earlier = self.within(own_kind, {**row, "changed_after": ""}, acts)
            found = earlier[-1:]
        if not found and row["change_type"] != "modified":
            # It went or came with something it needs: an end, or what it stands below.
            acts = ("delete", "purge") if row["change_type"] == "removed" else ("restore", "create")
            for end in filter(None, [*own.split("/"), *row.get("parents", ())]):
                found += self.within(self.by_id[end], row, acts)
        return sorted(found, key=lambda d: d["at"])

    def logged(self, deed):
        """The logged deed that this one is, or is part of; `None` where the log has no word of it."""
        if deed["logged"]:
            return deed
        at = datetime.fromisoformat(deed["at"])
        near = [d for second in range(-SECONDS, SECONDS + 1)
                for d in self.by_time[(at + timedelta(seconds=second)).isoformat()[:19]] if d["logged"]]
        if deed["by"]["type"] != "service":
            return next((d for d in near if d["by"] == deed["by"]), None)
        return next((d for d in near if set(d["key"]) & set(deed["key"])), None)


def is_same(row, by):
    if by["type"] == "service":
        return row["actor_type"] == "app" and row["actor_id"] is None
    return (row["actor_id"] or "").lower() == by["id"].lower()


def add_parents(entrace, archive, rows):
    """What rows below users stand below: their id alone does not say."""
    for kind, table in [("user_authentication_method", "user_authentication_methods_history"),
                        ("user_license_detail", "user_license_details_history")]:
        below = [row for row in rows if row["kind"] == kind]
        if not below:
            continue
        for end in ("_first_seen", "_gone_at"):
            sql = f"select id, _parent_id as parent, {end} as at from {table} where {end} is not null"
            parents = collections.defaultdict(list)
            for found in ask(entrace, archive, sql):
                parents[found["id"], found["at"]].append(found["parent"])
            for row in below:
                if (row["change_type"] == "removed") == (end == "_gone_at"):
                    row["parents"] = parents[row["object_id"], row["changed_before"]]


ACTS = {"added": ("create", "link", "restore"), "restored": ("create", "link", "restore"),
        "removed": ("delete", "unlink"), "modified": ("update",)}


def judge(rows, truth, unexplained, sort, wrongs):
    table = collections.defaultdict(collections.Counter)
    for row in rows:
        deeds = truth.of(row, ACTS[row["change_type"]])
        count = table[sort(row)]
        count["rows"] += 1
        named = row["audit_id"] is not None
        count[row["confidence"]] += 1
        if not deeds:
            count["unknown"] += 1
            count["unknown named"] += named
            if named:
                wrongs.append(("unknown", row, None))
            continue
        told = [logged for logged in map(truth.logged, deeds) if logged]
        # Of what stands below several objects that came or went, any of those who did it is right.
        doers = [d["by"] for d in (told if row.get("parents") else told[-1:])]
        right = named and any(is_same(row, by) for by in doers)
        count["named"] += named
        count["right"] += right
        count[row["confidence"] + " named"] += named
        count[row["confidence"] + " right"] += right
        if named and not right:
            wrongs.append(("wrong", row, deeds[-1]))
        if told:
            count["logged"] += 1
            if not named:
                wrongs.append(("missed", row, deeds[-1]))
        else:
            count["silent"] += 1
            found = row["change_id"] in unexplained and row.get("path") in unexplained[row["change_id"]]
            count["found"] += found and not named
            if named or not found:
                wrongs.append(("silent", row, deeds[-1]))
    return table


def share(part, whole):
    return f"{part / whole:.3f}" if whole else "-"


def show(title, table):
    print(f"| {title} | rows | exact | window | ambiguous | none | precision | recall | silent | found |")
    print("|---|" + "---:|" * 9)
    total = collections.Counter()
    for name in sorted(table):
        total.update(table[name])
    for name, count in [*sorted(table.items()), ("all", total)]:
        cells = [count["rows"], *(f"{count[c]}" for c in ("exact", "window", "ambiguous", "none")),
                 share(count["right"], count["named"]), share(count["right"], count["logged"]),
                 count["silent"], count["found"]]
        print(f"| {name} | " + " | ".join(str(cell) for cell in cells) + " |")
    print()
    named = {c: (total[c + " named"], total[c + " right"]) for c in ("exact", "window")}
    return total, named


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entrace", default="target/release/entrace")
    parser.add_argument("--objects", type=int, default=10_000)
    parser.add_argument("--days", type=int, default=90)
    parser.add_argument("--every", type=int, default=1, help="nights from one snapshot to the next")
    parser.add_argument("--archive", help="an archive that is there already, with --truth")
    parser.add_argument("--truth", help="what happened in it")
    parser.add_argument("--wrong", action="store_true", help="list what was said wrongly")
    args = parser.parse_args()
    entrace = os.path.abspath(args.entrace)
    with tempfile.TemporaryDirectory(prefix="entrace-attribution-") as work:
        archive, truth_file = args.archive, args.truth
        if not archive:
            archive, truth_file = os.path.join(work, "archive"), os.path.join(work, "truth.jsonl")
            subprocess.run([entrace, "demo", archive, "--objects", str(args.objects), "--days", str(args.days),
                            "--every", str(args.every), "--truth", truth_file], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        truth = Truth(truth_file)
        unexplained = {row["change_id"]: row["paths"] or [None] for row in
                       ask(entrace, archive, "select change_id, paths from unexplained_changes")}
        who = "actor_id, actor, actor_type, activity, audit_id, confidence, changed_at"
        what = "change_id, kind, object_id, display_name, changed_after, changed_before"
        objects = ask(entrace, archive, f"select {what}, change_type, {who} from changes where change_type <> 'modified'")
        properties = ask(entrace, archive, f"select {what}, 'modified' as change_type, path, {who} "
                                           "from property_changes where not is_drift")
        add_parents(entrace, archive, objects)
    wrongs = []
    sort = lambda row: ("edge " if "/" in row["object_id"] and row["kind"] != "domain" else "object ") + row["change_type"]
    for title, rows, sort in [("change", objects + properties, sort), ("kind", objects + properties, lambda r: r["kind"])]:
        wrongs.clear()
        total, by_confidence = show(title, judge(rows, truth, unexplained, sort, wrongs))
    print("| confidence | named | right | precision |\n|---|---:|---:|---:|")
    for confidence, (said, right) in by_confidence.items():
        print(f"| {confidence} | {said} | {right} | {share(right, said)} |")
    if args.wrong:
        for sort, row, deed in wrongs:
            print(sort, json.dumps(row), json.dumps(deed), file=sys.stderr)
    print(f"\nRows that no deed explains, so that nobody knows: {total['unknown']}, of which {total['unknown named']} "
          "name somebody.")


if __name__ == "__main__":
    main()
