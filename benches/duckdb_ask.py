"""The five questions of asking.py, of the sorted Parquet files that duckdb_day.py makes.

usage: duckdb_ask.py FOLDER DAYS USERS REPEAT
Prints, as one line of JSON: the user and the group that are asked about (those that changed most), and for each question
the median milliseconds, wall and CPU, of one process with one thread, and the answer.
"""
import json
import os
import statistics
import sys
import time

import duckdb


def timed(ask, repeat):
    walls, cpus, answer = [], [], ask()
    for _ in range(repeat):
        wall, cpu = time.perf_counter(), time.process_time()
        answer = ask()
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    return {"wall_ms": statistics.median(walls) * 1000, "cpu_ms": statistics.median(cpus) * 1000, "answer": answer}


# Moves by itself, so that entrace keeps it beside the versions.
VOLATILE = {"onPremisesLastSyncDateTime"}


def changed(pairs):
    """Objects that differ, and properties of those that are in both states."""
    objects = properties = 0
    for old, new in pairs.fetchall():
        old, new = json.loads(old or "{}"), json.loads(new or "{}")
        differ = sum(old.get(name) != new.get(name) for name in (old.keys() | new.keys()) - VOLATILE)
        objects += differ > 0
        properties += differ if old and new else 0
    return [objects, properties]


def main():
    folder, days, users, repeat = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    db = duckdb.connect()
    db.execute("set threads=1")
    history, members = (f"'{os.path.join(folder, 'parquet', name)}.parquet'" for name in ("history", "members"))
    middle = max(days * 17 // 30, 1)
    hot = db.execute(f"select id from {history} where type = 'users' group by id order by count(*) desc, id limit 1").fetchone()[0]
    group = db.execute(f"""select group_id from {members} group by group_id having count(distinct member_id) < {users // 2}
                           order by count(*) filter (first > 1) + count(*) filter (till < 99999) desc, group_id limit 1""").fetchone()[0]
    one = lambda sql: db.execute(sql)
    questions = {
        "q1": lambda: list(one(f"select count(*) from {history} where type = 'users' and first <= {middle} and till > {middle} and not enabled").fetchone()),
        "q2": lambda: changed(one(f"""with a as (select type, id, hash, document from {history} where first <= 1 and till > 1 and till <= {days}),
                                           b as (select type, id, hash, document from {history} where first > 1 and till > {days})
                                      select a.document, b.document from a full join b on a.type = b.type and a.id = b.id
                                      where a.hash is distinct from b.hash""")),
        "q3": lambda: len(one(f"select * from {history} where type = 'users' and id = '{hot}' order by first").fetchall()),
        "q4": lambda: [n for _, n in one(f"""select day, count(*) from range(1, {days + 1}) d(day), {members} m
                                             where m.group_id = '{group}' and m.first <= day and m.till > day group by day order by day""").fetchall()],
        "q5": lambda: [[i, n] for _, i, n in one(f"""select type, id, count(*) - 1 n from {history} group by type, id
                                                     order by n desc, id limit 20""").fetchall()],
    }
    print(json.dumps({"hot": hot, "group": group, "version": duckdb.__version__,
                      "questions": {name: timed(ask, repeat) for name, ask in questions.items()}}))


if __name__ == "__main__":
    main()
