"""One day into a DuckDB history (rows with the days from and to which they were true), or that history as Parquet.

usage: duckdb_day.py FOLDER day JSONL_FOLDER DAY
       duckdb_day.py FOLDER parquet
Prints the CPU seconds of the statements: JSON, one line.
"""
import glob
import json
import os
import resource
import sys

import duckdb

STILL = 99999  # the day "to" of what is true now
LONGEST = 128 << 20


def cpu():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def create(db):
    db.execute("create table if not exists history(type varchar, id varchar, first integer, till integer, enabled boolean, hash ubigint, document varchar)")
    db.execute("create table if not exists members(group_id varchar, member_id varchar, first integer, till integer)")


def take(db, folder, day):
    db.execute("begin")
    db.execute("create or replace temp table today(type varchar, id varchar, enabled boolean, hash ubigint, document varchar)")
    for path in sorted(glob.glob(os.path.join(folder, "*.jsonl"))):
        kind = os.path.basename(path)[:-len(".jsonl")]
        if kind != "groupMembers":
            db.execute(f"""insert into today select ?, json_extract_string(json, '$.id'),
                           try_cast(json_extract_string(json, '$.accountEnabled') as boolean), hash(json::varchar), json::varchar
                           from read_json_objects(?, format='newline_delimited', maximum_object_size={LONGEST})""", [kind, path])
    db.execute("""create or replace temp table edges as select id group_id, unnest(members).id member_id
                  from read_json(?, format='newline_delimited', maximum_object_size=134217728,
                                 columns={id: 'VARCHAR', members: 'STRUCT(id VARCHAR)[]'})""", [os.path.join(folder, "groupMembers.jsonl")])
    db.execute(f"""update history set till = ? where till = {STILL} and not exists
                   (select 1 from today t where t.type = history.type and t.id = history.id and t.hash = history.hash)""", [day])
    db.execute(f"""insert into history select type, id, ?, {STILL}, enabled, hash, document from today t where not exists
                   (select 1 from history h where h.till = {STILL} and h.type = t.type and h.id = t.id)""", [day])
    db.execute(f"""update members set till = ? where till = {STILL} and not exists
                   (select 1 from edges e where e.group_id = members.group_id and e.member_id = members.member_id)""", [day])
    db.execute(f"""insert into members select group_id, member_id, ?, {STILL} from edges e where not exists
                   (select 1 from members m where m.till = {STILL} and m.group_id = e.group_id and m.member_id = e.member_id)""", [day])
    db.execute("commit")
    db.execute("checkpoint")


def export(db, folder):
    os.makedirs(folder, exist_ok=True)
    for table, order in (("history", "type, id, first"), ("members", "group_id, member_id, first")):
        path = os.path.join(folder, table + ".parquet").replace("'", "''")
        db.execute(f"copy (select * from {table} order by {order}) to '{path}' (format parquet, compression zstd)")


def main():
    folder, mode = sys.argv[1], sys.argv[2]
    started = cpu()
    db = duckdb.connect(os.path.join(folder, "history.duckdb"))
    db.execute("set threads=1")
    if mode == "day":
        create(db)
        take(db, sys.argv[3], int(sys.argv[4]))
    else:
        export(db, os.path.join(folder, "parquet"))
    db.close()
    print(json.dumps({"cpu_s": cpu() - started}))


if __name__ == "__main__":
    main()
