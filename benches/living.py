#!/usr/bin/env python3
"""What reading a tenant costs: `entrace simulate` serves one, `entrace snapshot` reads it day by day.

Prints a Markdown table: requests, round trips, CPU seconds and peak memory of the collector alone, which is a process of
its own.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile

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
            print("| snapshot | objects | new versions | requests | batches | MB read | throttled | KB added | CPU s | peak MB |")
            print("| ---: " * 10 + "|")
            for number in range(args.days + 1):
                command = [entrace, "-a", archive, "--progress", "none", "--json", "snapshot", "--kinds", args.kinds]
                cost = measure.run(command, env=environment, accept=(0, 3))
                lines = [json.loads(line) for line in cost.out.splitlines() if line.startswith("{")]
                said = next(line for line in lines if line["message_type"] == "summary")
                cells = [number, said["objects"], said["new_versions"], said["requests"], said["batches"],
                         round(said["bytes_read"] / 1e6, 1), said["throttled"], round(said["bytes_added"] / 1e3, 1),
                         round(cost.cpu_s, 2), round(cost.rss_mb)]
                print("| " + " | ".join(f"{cell:,}" for cell in cells) + " |", flush=True)
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    main()
