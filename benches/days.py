#!/usr/bin/env python3
"""Measures entrace and what it is compared with on the same synthetic tenant, in one run.

  days.py days      one export a day into every store: bytes, CPU, memory, ratios
  days.py large     a first snapshot of a large tenant, and days on which nothing changed
  days.py scale     the same differences in a small and a large tenant: what diff costs in each
  days.py memory    peak memory while the number of snapshots grows

What is missing here (a binary, a Debian or PyPI package) is skipped and named. See README.md beside this file.
"""
import argparse
import contextlib
import datetime
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile

import report
from measure import Failed, median
from stores import STORES, DuckDb, Entrace

HERE = os.path.dirname(os.path.abspath(__file__))
EMPTY_QUERY = "select 1"
DIFF_QUERY = "select * from diff('latest~1', 'latest')"


def say(text):
    print(text, file=sys.stderr, flush=True)


class Workload:
    """The tenant, made day by day by a process of its own."""

    def __init__(self, options, work, tree):
        self.out = os.path.join(work, "out")
        self.process = subprocess.Popen(
            [sys.executable, os.path.join(HERE, "workload.py"), "days", options.tenant, self.out, str(options.users),
             str(options.seed), options.noise, "tree" if tree else "lines"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def next(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise Failed("the workload generator ended")
        return json.loads(line)

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def usable(options, work):
    """The stores that can be measured here; what cannot is named."""
    stores, skipped = [], {}
    for name in options.stores:
        store = STORES[name](work)
        reason = store.missing()
        if reason:
            skipped[name] = reason
            say(f"SKIPPED {name}: {reason}")
        else:
            stores.append(store)
    if not stores:
        sys.exit("nothing to measure: every store was skipped")
    return stores, skipped


def needs_entrace(options, work):
    Entrace.program = options.entrace
    store = Entrace(work)
    reason = store.missing()
    if reason:
        sys.exit(f"SKIPPED {options.command}: {reason}")
    return store


def about(options):
    """What a reader of the figures must know to repeat them."""
    with open(options.tenant, "rb") as file:
        tenant = hashlib.sha256(file.read()).hexdigest()[:16]
    cpu = ""
    with contextlib.suppress(OSError), open("/proc/cpuinfo", encoding="utf-8") as file:
        cpu = next((line.split(":")[1].strip() for line in file if line.startswith("model name")), "")
    return {"measured_at": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%MZ"), "cpu": cpu,
            "cpus": os.cpu_count(), "load": round(os.getloadavg()[0], 1), "system": platform.platform(terse=True),
            "python": platform.python_version(), "tenant_py": tenant}


def days(options, work):
    """One export a day into every store."""
    Entrace.program, DuckDb.python = options.entrace, options.duckdb_python
    stores, skipped = usable(options, work)
    workload = Workload(options, work, any(store.takes_tree for store in stores))
    results = {s.name: {"version": s.version(), "days": []} for s in stores}
    failed = {}

    def attempt(store, what):
        """One step of one store: a store that fails is left out from then on, the others go on."""
        if store.name in failed:
            return None
        try:
            return what()
        except (Failed, OSError) as error:
            failed[store.name] = str(error)
            say(f"FAILED {store.name}: {error}")
            return None

    os.makedirs(os.path.join(workload.out, "tree"))
    for store in stores:
        attempt(store, store.create)
    tenant = []
    for _ in range(options.days):
        day = workload.next()
        tenant.append(day)
        tree = os.path.join(workload.out, "tree")
        for store in stores:
            cost = attempt(store, lambda store=store: store.day(day, day["folder"], tree))
            if cost:
                results[store.name]["days"].append({"day": day["day"], **cost.as_json(), **store.sizes()})
            if day["day"] == 1:
                results[store.name]["first_tidied"] = attempt(store, store.first_tidied)
        shutil.rmtree(day["folder"])
        say(f"day {day['day']}: " + ", ".join(f"{n} {r['days'][-1]['cpu_s']:.2f} s" for n, r in results.items() if r["days"]))
    workload.close()
    for store in stores:
        cost = attempt(store, store.tidy)
        if cost:
            results[store.name].update(tidy=cost.as_json(), last_tidied=store.sizes())
    return {"tenant": {"users": options.users, "noise": options.noise, "seed": options.seed, "first": tenant[0],
                       "days": len(tenant)},
            "stores": results, "skipped": skipped, "failed": failed}


def large(options, work):
    """A first snapshot, and the same export again on the following days."""
    store = needs_entrace(options, work)
    workload = Workload(options, work, False)
    day = workload.next()
    workload.close()
    store.create()
    first = store.day(day, day["folder"], None)
    date = datetime.date.fromisoformat(day["date"])
    again = [store.take(day["folder"], f"{date + datetime.timedelta(days=n)}T02:00:00Z").as_json()
             for n in range(1, options.repeat + 1)]
    return {"tenant": day, "version": store.version(), "first": first.as_json(), "unchanged": again, "sizes": store.sizes()}


def made_pair(options, mode, users, out="-", limits=None):
    command = [sys.executable, os.path.join(HERE, "workload.py"), mode, options.tenant, out, str(users), str(options.seed),
               str(options.steps)]
    made = subprocess.run(command + ([json.dumps(limits)] if limits else []), capture_output=True, text=True, check=False)
    if made.returncode:
        raise Failed("workload.py: " + (made.stderr.strip().splitlines() or ["failed"])[-1])
    return json.loads(made.stdout)


def scale(options, work):
    """Two states with the same differences, in a small and a large tenant."""
    sizes = sorted({options.small, options.users})
    counts = [made_pair(options, "count", users)["counts"] for users in sizes]
    # As many differences of each sort as the tenant with fewer of them has.
    limits = {kind: [min(of) for of in zip(*(count[kind] for count in counts))] for kind in counts[0]}
    store_of, rows = {}, []
    for users in sizes:
        store = needs_entrace(options, os.path.join(work, str(users)))
        out = os.path.join(work, f"pair-{users}")
        made = made_pair(options, "pair", users, out, limits)
        store.create()
        store.take(os.path.join(out, "from"), "2026-01-05T02:00:00Z")
        store.take(os.path.join(out, "to"), "2026-01-06T02:00:00Z")
        if options.compact:
            store.tidy()
        shutil.rmtree(out)
        store_of[users] = store
        rows.append({"users": users, "objects": made["objects"], "edges": made["edges"], "empty": [], "diff": []})
    # In turns, so that a busy machine slows both alike; once before, so that files are in memory.
    for turn in range(options.repeat + 1):
        for row in rows:
            for name, statement in (("empty", EMPTY_QUERY), ("diff", DIFF_QUERY)):
                cost = store_of[row["users"]].sql(statement)
                row["rows"] = len(cost.out.splitlines()) if name == "diff" else row.get("rows")
                if turn:
                    row[name].append(cost.cpu_s)
    for row in rows:
        row.update(empty=median(row["empty"]), diff=median(row["diff"]))
        row["diff_alone"] = row["diff"] - row["empty"]
    return {"differences": limits, "statement": DIFF_QUERY, "rows": rows, "version": store.version()}


def memory(options, work):
    """Peak memory of an import and of questions, as snapshots are added."""
    store = needs_entrace(options, work)
    workload = Workload(options, work, False)
    store.create()
    rows = []
    for _ in range(options.days):
        day = workload.next()
        cost = store.day(day, day["folder"], None)
        shutil.rmtree(day["folder"])
        if day["day"] in (1, 2, 3) or day["day"] % options.every == 0:
            count = store.sql("select count(*) from users")
            diff = store.sql("select * from diff('first', 'latest')")
            rows.append({"snapshots": day["day"], "import_mb": cost.rss_mb, "count_mb": count.rss_mb, "diff_mb": diff.rss_mb,
                         "import_cpu_s": cost.cpu_s})
            say(f"{day['day']} snapshots: import {cost.rss_mb:.0f} MB")
    workload.close()
    return {"users": options.users, "rows": rows, "version": store.version()}


COMMANDS = {"days": days, "large": large, "scale": scale, "memory": memory}


def arguments():
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--tenant", default=os.path.join(HERE, "..", "..", "shared", "bench", "tenant.py"),
                        help="the generator (default: ../shared/bench/tenant.py beside the repository)")
    common.add_argument("--entrace", metavar="PATH", help="a release binary of entrace")
    common.add_argument("--work", metavar="DIR", help="where to work; by default the system's temporary folder")
    common.add_argument("--keep", action="store_true", help="leave what was made there")
    common.add_argument("--json", metavar="FILE", help="write every figure to this file too")
    common.add_argument("--seed", type=int, default=1)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)

    def command(name, users, **more):
        one = commands.add_parser(name, parents=[common], help=COMMANDS[name].__doc__)
        one.add_argument("--users", type=int, default=users)
        for option, default in more.items():
            one.add_argument("--" + option, type=int, default=default)
        return one

    one = command("days", 10_000, days=30)
    one.add_argument("--noise", default="device", choices=["none", "device", "signin"])
    one.add_argument("--stores", default=",".join(STORES), help="which of " + ",".join(STORES))
    one.add_argument("--duckdb-python", default=sys.executable, metavar="PATH", help="a Python that has duckdb")
    command("large", 100_000, repeat=3).set_defaults(noise="device")
    one = command("scale", 100_000, small=10_000, steps=10, repeat=15)
    one.add_argument("--compact", action="store_true", help="compact both archives first")
    command("memory", 1_000, days=200, every=25).set_defaults(noise="device")
    options = parser.parse_args()
    if options.command == "days":
        options.stores = [name for name in options.stores.split(",") if name]
        unknown = [name for name in options.stores if name not in STORES]
        if unknown:
            parser.error(f"unknown stores {', '.join(unknown)}: known are {', '.join(STORES)}")
    if not os.path.isfile(options.tenant):
        parser.error(f"no generator at {options.tenant}: say where tenant.py is with --tenant")
    if options.entrace:
        options.entrace = os.path.abspath(options.entrace)
    return options


def main():
    options = arguments()
    if options.work:
        os.makedirs(options.work, exist_ok=True)
    work = tempfile.mkdtemp(prefix="entrace-bench-", dir=options.work)
    try:
        result = {"command": options.command, "about": about(options), **COMMANDS[options.command](options, work)}
    except Failed as error:
        sys.exit(f"FAILED {options.command}: {error}")
    finally:
        if options.keep:
            say(f"left in {work}")
        else:
            shutil.rmtree(work, ignore_errors=True)
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(result, file, indent=1)
            file.write("\n")
    print(report.text(result), end="")
    sys.exit(1 if result.get("failed") else 0)


if __name__ == "__main__":
    main()
