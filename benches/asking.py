#!/usr/bin/env python3
"""What questions cost, asked of entrace and of DuckDB over the same history, each inside one running process.

  asking.py peers      the five questions of a tenant's history, next to DuckDB over its sorted Parquet file
  asking.py growth     the count as of a day, with a short and a long history
  asking.py neighbours the difference of two neighbouring days of a very large tenant
  asking.py start      from the start of the program to the answer of one question

A statement is asked several times by one process. Time is the median of what `--timing` says; CPU is that of the process
less that of one which asks once, divided by the further askings. See README.md beside this file.
"""
import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile

from days import HERE, Workload, about, made_pair, say
from measure import Failed, median, run
from stores import DuckDb, Entrace

TOP_LEVEL = """select count(*) p from (select distinct kind, object_id, split_part(split_part(path, '.', 1), '[', 1) from diff_properties('first', 'latest')
               where kind not in ('group_member'))"""


def archive_of(options, work):
    Entrace.program = options.entrace
    store = Entrace(work)
    reason = store.missing()
    if reason:
        sys.exit(f"SKIPPED {options.command}: {reason}")
    store.create()
    return store


def asked(store, statement, repeat, variables=()):
    """Asks one statement `repeat` times in one process: milliseconds, CPU milliseconds, and its answer."""

    def process(times):
        path = os.path.join(store.work, "question.sql")
        with open(path, "w", encoding="utf-8") as file:
            file.write(";\n".join([statement] * times))
        parameters = [part for name, value in variables for part in ("--param", f"{name}={value}")]
        cost = store.command("sql", "-o", "jsonl", "--timing", *parameters, "-f", path)
        lines = cost.out.splitlines()
        times_ms = [float(line.split()[1]) for line in lines if line.startswith("Time: ")]
        rows = [json.loads(line) for line in lines if line.startswith("{")]
        return cost, times_ms, rows[:len(rows) // times]

    once, first, _ = process(1)
    more, times_ms, rows = process(repeat + 1)
    # What was asked first opened files and filled memory.
    return {"wall_ms": median(times_ms[1:]), "cpu_ms": (more.cpu_s - once.cpu_s) / repeat * 1000, "first_ms": first[0],
            "answer": rows}


def fill(store, peer, options, work):
    """Takes one export a day into both; what the days were."""
    workload, days = Workload(options, work, False), []
    for number in range(options.days):
        day = workload.next()
        store.day(day, day["folder"], None)
        if peer:
            peer.day(day, day["folder"], None)
        days.append({"date": day["date"], "objects": day["objects"], "edges": day["edges"]})
        shutil.rmtree(day["folder"])
        if number % 10 == 0:
            say(f"day {number + 1} of {options.days}")
    workload.close()
    return days


def questions(days, hot, group):
    """The five questions in our SQL; what they mean is in duckdb_ask.py, in DuckDB's."""
    middle = days[max(len(days) * 17 // 30, 1) - 1]["date"]
    objects = "('group_member')"
    return {
        "q1 disabled users as of a day":
            f"select count(*) n from users for system_time as of '{middle}T12:00Z' where not account_enabled",
        "q2 changed objects, first to last day":
            f"select count(*) n, sum(properties_changed) p from diff('first', 'latest') where kind not in {objects}",
        "q3 history of one user":
            f"select * from history('{hot}') order by _first_seen",
        "q4 members of a group on each day":
            f"""select s.taken_at, count(*) n from snapshots s join group_members_history m
                on m._first_seen <= s.taken_at and (m._gone_at is null or m._gone_at > s.taken_at)
                where m.group_id = '{group}' group by s.taken_at order by s.taken_at""",
        "q5 most changed objects":
            f"""select kind, object_id, count(*) n from changes where change_type = 'modified' and kind not in {objects}
                group by kind, object_id order by n desc, object_id limit 20""",
    }


def essence(name, rows):
    """What of an answer must be the same whoever answers."""
    if name.startswith("q3"):
        return len(rows)
    if name.startswith("q4"):
        return [row["n"] for row in rows]
    if name.startswith("q5"):
        return [[row["object_id"], row["n"]] for row in rows]
    return [value for row in rows for value in row.values()]


def peers(options, work):
    """The five questions, next to DuckDB over its sorted Parquet file."""
    DuckDb.python = options.duckdb_python
    store, peer = archive_of(options, work), DuckDb(work)
    reason = peer.missing()
    if reason:
        sys.exit(f"SKIPPED peers: {reason}")
    peer.create()
    days = fill(store, peer, options, work)
    peer.tidy()
    said = run([options.duckdb_python, os.path.join(HERE, "duckdb_ask.py"), peer.root, str(len(days)), str(options.users),
                str(options.repeat)])
    theirs = json.loads(said.out.strip().splitlines()[-1])
    rows = []
    for name, statement in questions(days, theirs["hot"], theirs["group"]).items():
        own, other = asked(store, statement, options.repeat), theirs["questions"][name[:2]]
        own["answer"] = essence(name, own["answer"])
        if name.startswith("q2"):
            # We count changed paths, they members of the whole object: those are counted apart.
            own["answer"][1] = asked(store, TOP_LEVEL, 1)["answer"][0]["p"]
        rows.append({"question": name, "entrace": own, "duckdb": other, "equal": own["answer"] == other["answer"]})
        say(f"{name}: {own['wall_ms']:.2f} ms, DuckDB {other['wall_ms']:.2f} ms" + ("" if rows[-1]["equal"] else ", ANSWERS DIFFER"))
    return {"tenant": {"users": options.users, "noise": options.noise, "days": days}, "rows": rows,
            "failed": [row["question"] for row in rows if not row["equal"]]}


def growth(options, work):
    """The count as of the same day, with a short and a long history behind it."""
    store, rows = archive_of(options, work), []
    workload = Workload(options, work, False)
    statement = None
    for number in range(1, options.days + 1):
        day = workload.next()
        store.day(day, day["folder"], None)
        shutil.rmtree(day["folder"])
        if number == options.short * 17 // 30:
            statement = f"select count(*) n from users for system_time as of '{day['date']}T12:00Z' where not account_enabled"
        if number in (options.short, options.days):
            rows.append({"days": number, "entrace": asked(store, statement, options.repeat)})
            say(f"{number} days: {rows[-1]['entrace']['wall_ms']:.2f} ms")
    workload.close()
    return {"users": options.users, "rows": rows}


def neighbours(options, work):
    """Two neighbouring days that differ in so many objects."""
    limit = [options.changes // 10, options.changes * 8 // 10, options.changes // 10]
    limits = {kind: [0, 0, 0] for kind in made_pair(options, "count", 100)["counts"]}
    limits["users"] = limit
    store = archive_of(options, work)
    out = os.path.join(work, "pair")
    made = made_pair(options, "pair", options.users, out, limits)
    store.take(os.path.join(out, "from"), "2026-01-05T02:00:00Z")
    store.take(os.path.join(out, "to"), "2026-01-06T02:00:00Z")
    shutil.rmtree(out)
    rows = []
    for name, columns in (("which objects", "kind, object_id, change_type"), ("with the number of changed properties", "*")):
        said = asked(store, f"select {columns} from diff('latest~1', 'latest')", options.repeat)
        rows.append({"question": name, "rows": len(said.pop("answer")), "entrace": said})
    return {"objects": made["objects"], "edges": made["edges"], "rows": rows}


def start(options, work):
    """From the start of the program to the answer: wall and CPU of the whole process."""
    store = archive_of(options, work)
    fill(store, None, options, work)
    found = json.loads(store.sql("select id, user_principal_name from users order by id limit 1 offset 4711").out.splitlines()[0])
    statements = {"nothing": "select 1",
                  "a user by id": f"select * from users where id = '{found['id']}'",
                  "a user by name": f"select id from users where user_principal_name = '{found['user_principal_name']}'",
                  "a user's history": f"select * from history('{found['id']}')"}
    rows = []
    for name, statement in statements.items():
        costs = [store.sql(statement) for _ in range(options.repeat)]
        rows.append({"question": name, "wall_ms": median(c.wall_s for c in costs) * 1000,
                     "cpu_ms": median(c.cpu_s for c in costs) * 1000, "rss_mb": max(c.rss_mb for c in costs)})
    return {"users": options.users, "days": options.days, "rows": rows}


def text(result):
    """The figures as a table in Markdown."""
    ms = lambda value: f"{value:,.2f}"
    if result["command"] == "peers":
        tenant = result["tenant"]
        lines = [f"{tenant['users']:,} users, {len(tenant['days'])} days, noise {tenant['noise']}", "",
                 "| question | entrace, ms | CPU, ms | DuckDB, ms | CPU, ms | ratio of CPU | answers |", "|---|---:|---:|---:|---:|---:|---|"]
        for row in result["rows"]:
            own, other = row["entrace"], row["duckdb"]
            lines.append(f"| {row['question']} | {ms(own['wall_ms'])} | {ms(own['cpu_ms'])} | {ms(other['wall_ms'])} | {ms(other['cpu_ms'])} "
                         f"| {own['cpu_ms'] / other['cpu_ms']:.2f} x | {'equal' if row['equal'] else 'DIFFER'} |")
    elif result["command"] == "start":
        lines = [f"{result['users']:,} users, {result['days']} days", "", "| question | wall, ms | CPU, ms | peak, MB |", "|---|---:|---:|---:|"]
        lines += [f"| {r['question']} | {ms(r['wall_ms'])} | {ms(r['cpu_ms'])} | {r['rss_mb']:.0f} |" for r in result["rows"]]
    else:
        lines = ["| | ms | CPU, ms | asked first, ms |", "|---|---:|---:|---:|"]
        for row in result["rows"]:
            name = f"{row['days']} days" if "days" in row else f"{row['question']}, {row['rows']:,} rows"
            own = row["entrace"]
            lines.append(f"| {name} | {ms(own['wall_ms'])} | {ms(own['cpu_ms'])} | {ms(own['first_ms'])} |")
    return "\n".join(lines) + "\n"


COMMANDS = {"peers": peers, "growth": growth, "neighbours": neighbours, "start": start}


def arguments():
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--tenant", default=os.path.join(HERE, "..", "..", "shared", "bench", "tenant.py"),
                        help="the generator (default: ../shared/bench/tenant.py beside the repository)")
    common.add_argument("--entrace", metavar="PATH", help="a release binary of entrace")
    common.add_argument("--duckdb-python", default=sys.executable, metavar="PATH", help="a Python that has duckdb")
    common.add_argument("--work", metavar="DIR", help="where to work; by default the system's temporary folder")
    common.add_argument("--keep", action="store_true", help="leave what was made there")
    common.add_argument("--json", metavar="FILE", help="write every figure to this file too")
    common.add_argument("--seed", type=int, default=1)
    common.add_argument("--noise", default="none", choices=["none", "device", "signin"])
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, defaults in (("peers", {"users": 10_000, "days": 30, "repeat": 20}),
                           ("growth", {"users": 10_000, "short": 30, "days": 300, "repeat": 50}),
                           ("neighbours", {"users": 500_000, "steps": 30, "changes": 3_000, "repeat": 10}),
                           ("start", {"users": 10_000, "days": 3, "repeat": 15})):
        one = commands.add_parser(name, parents=[common], help=COMMANDS[name].__doc__)
        for option, default in defaults.items():
            one.add_argument("--" + option, type=int, default=default)
    options = parser.parse_args()
    if not os.path.isfile(options.tenant):
        parser.error(f"no generator at {options.tenant}: say where tenant.py is with --tenant")
    if options.entrace:
        options.entrace = os.path.abspath(options.entrace)
    return options


def main():
    options = arguments()
    if options.work:
        os.makedirs(options.work, exist_ok=True)
    work = tempfile.mkdtemp(prefix="entrace-asking-", dir=options.work)
    try:
        result = {"command": options.command, "about": about(options), **COMMANDS[options.command](options, work)}
    except (Failed, subprocess.CalledProcessError) as error:
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
    print(text(result), end="")
    sys.exit(1 if result.get("failed") else 0)


if __name__ == "__main__":
    main()
