#!/usr/bin/env python3
"""What reading a tenant costs: `entrace simulate` serves one, `entrace snapshot` reads it day by day.

Prints a Markdown table: requests, calls (a batch is one), and what the program cost, CPU seconds and peak memory: of
reading alone, until the snapshot is made and the run's working files are gone, and of all of it, the columns of the query
engine included. Reading alone is sampled from /proc, so it is only told on Linux, to a twentieth of a second.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile
import time

import measure

LEADING = {"ENTRACE_GRAPH_URL", "AZURE_AUTHORITY_HOST", "AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"}


def serve(entrace, users, frozen, limits):
    """Starts a simulated tenant; the process, and the environment that leads to it."""
    command = [entrace, "simulate", "--listen", "127.0.0.1:0", "--users", str(users), "--days", "1", "--limits", limits]
    process = subprocess.Popen(command + (["--frozen"] if frozen else []), stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL, text=True)
    found = {}
    for line in process.stdout:
        name, _, value = line.removeprefix("export ").strip().partition("=")
        if name in LEADING:
            found[name] = value
        if len(found) == len(LEADING):
            return process, found
    sys.exit("entrace simulate ended before it served anything")


def sampled(process, archive):
    """CPU seconds and peak memory in MB of a process up to when its run is over, or up to its end."""
    head = os.path.join(archive, "work", "run", "head")
    ticks, begun, cost = os.sysconf("SC_CLK_TCK"), False, (0.0, 0.0)
    while True:
        try:
            with open(f"/proc/{process.pid}/stat") as file:
                fields = file.read().rsplit(")", 1)[1].split()
            with open(f"/proc/{process.pid}/status") as file:
                peak = next((line for line in file if line.startswith("VmHWM")), None)
        except OSError:
            return cost
        if peak is None:
            return cost
        cost = ((int(fields[11]) + int(fields[12])) / ticks, int(peak.split()[1]) / 1024)
        is_there = os.path.exists(head)
        if begun and not is_there:
            return cost
        begun |= is_there
        time.sleep(0.05)


def snapshot(command, archive, environment):
    """What a snapshot said, and what reading and all of it cost."""
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=out,
                                   stderr=subprocess.STDOUT)
        reading = sampled(process, archive)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        lines = out.read().decode(errors="replace").splitlines()
    if process.returncode not in (0, 3):
        sys.exit(f"snapshot ended with {process.returncode}: {lines[-1] if lines else 'nothing was said'}")
    lines = [json.loads(line) for line in lines if line.startswith("{")]
    said = next(line for line in lines if line["message_type"] == "summary")
    return said, reading, (usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entrace", default="target/release/entrace")
    parser.add_argument("--users", type=int, default=20_000)
    parser.add_argument("--days", type=int, default=3, help="snapshots after the first")
    parser.add_argument("--kinds", default="all")
    parser.add_argument("--frozen", action="store_true", help="no day passes: nothing changes")
    parser.add_argument("--limits", choices=["none", "microsoft"], default="none")
    args = parser.parse_args()
    entrace = os.path.abspath(args.entrace)
    process, found = serve(entrace, args.users, args.frozen, args.limits)
    # The collector keeps Microsoft's pace only where the tenant does.
    pace = "microsoft" if args.limits == "microsoft" else "unlimited"
    environment = dict(os.environ, **found, ENTRACE_COLLECT__PACE=pace)
    try:
        with tempfile.TemporaryDirectory() as folder:
            archive = os.path.join(folder, "a")
            tenant = found["AZURE_TENANT_ID"]
            measure.run([entrace, "-a", archive, "init", "--unprotected", "--tenant", tenant], env=environment)
            print("| snapshot | objects | new versions | requests | calls | batches | MB read | throttled | KB added "
                  "| CPU s, reading | peak MB, reading | CPU s | peak MB |")
            print("| ---: " * 13 + "|")
            for number in range(args.days + 1):
                command = [entrace, "-a", archive, "--progress", "none", "--json", "snapshot", "--kinds", args.kinds]
                said, reading, whole = snapshot(command, archive, environment)
                cells = [number, said["objects"], said["new_versions"], said["requests"], said["calls"], said["batches"],
                         round(said["bytes_read"] / 1e6, 1), said["throttled"], round(said["bytes_added"] / 1e3, 1),
                         round(reading[0], 2), round(reading[1]), round(whole[0], 2), round(whole[1])]
                print("| " + " | ".join(f"{cell:,}" for cell in cells) + " |", flush=True)
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    main()
