#!/usr/bin/env python3
"""What the HTTP API costs: latency of point reads, rate against a static handler, memory of a large answer.

    benches/serving.py PROGRAM ARCHIVE [--seconds 5] [--rows 1000000]

Starts PROGRAM as a server over ARCHIVE on a free port and asks it over connections that are kept open, one thread
each. `/healthz` is the static handler: it passes the same layers and looks at nothing. Memory is the server's own
(VmHWM of its process), workers left out: those have limits of their own. Only the standard library is used, so the
asker is the slower of the two; compare figures of one run with each other.
"""

import argparse
import http.client
import json
import os
import signal
import statistics
import subprocess
import tempfile
import threading
import time


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("program")
    options.add_argument("archive")
    options.add_argument("--seconds", type=float, default=5)
    options.add_argument("--rows", type=int, default=1_000_000)
    options = options.parse_args()
    with tempfile.TemporaryDirectory() as state:
        server = subprocess.Popen(
            [options.program, "-a", options.archive, "--json", "serve", "--listen", "127.0.0.1:0", "--state", state],
            stdout=subprocess.PIPE,
            # Its own limits are not what is measured.
            env={**os.environ, **{f"ENTRACE_SERVER__REQUESTS_{limit}": "1000000" for limit in ("PER_SECOND", "AT_ONCE")}},
            text=True,
        )
        try:
            said = json.loads(server.stdout.readline())
            measure(options, said, server.pid)
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait()


def measure(options, said, pid):
    address = said["url"].removeprefix("http://")
    with open(said["token_file"]) as file:
        headers = {"authorization": f"Bearer {file.read().strip()}"}
    ask = Asker(address, headers)
    first = ask.json("/v1/snapshots/first")["snapshot_id"]
    users = ask.json(f"/v1/objects?kind=user&rev={first}&limit=1000")["items"]
    points = [f"/v1/objects/{user['id']}?rev={first}" for user in users]
    cold = [ask.time(point) for point in points[:300]]
    warm = [ask.time(point) for point in points[:300] for _ in range(5)]
    report("point read, first time", cold)
    report("point read, again", warm)
    static = rate(address, {}, "/healthz", options.seconds)
    signed = rate(address, headers, "/v1/tenants", options.seconds)
    cached = rate(address, headers, points[0], options.seconds)
    print(f"static handler      {static:10,.0f} a second")
    print(f"tenants, signed in  {signed:10,.0f} a second, {signed / static:.0%}")
    print(f"cached past state   {cached:10,.0f} a second, {cached / static:.0%}")
    before = peak(pid)
    series = f"select value as n, 'row ' || value as name from generate_series(1, {options.rows})"
    connection = http.client.HTTPConnection(address, timeout=300)
    body = json.dumps({"sql": series})
    started = time.perf_counter()
    connection.request(
        "POST", "/v1/query?format=arrow", body, {**headers, "content-type": "application/json"}
    )
    answer = connection.getresponse()
    size = 0
    while piece := answer.read(1 << 16):
        size += len(piece)
    took = time.perf_counter() - started
    print(
        f"{options.rows:,} rows as Arrow: status {answer.status}, {size / 1e6:.0f} MB in {took:.1f} s, "
        f"server {before} -> {peak(pid)} MB"
    )


class Asker:
    def __init__(self, address, headers):
        self.connection = http.client.HTTPConnection(address, timeout=60)
        self.headers = headers

    def get(self, address):
        self.connection.request("GET", address, headers=self.headers)
        answer = self.connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise SystemExit(f"{address}: {answer.status} {body.decode()}")
        return body

    def json(self, address):
        return json.loads(self.get(address))

    def time(self, address):
        started = time.perf_counter()
        self.get(address)
        return (time.perf_counter() - started) * 1e3


def report(what, times):
    times.sort()
    p99 = times[min(len(times) - 1, int(len(times) * 0.99))]
    print(f"{what:24} p50 {statistics.median(times):7.2f} ms  p99 {p99:7.2f} ms  of {len(times)}")


def rate(address, headers, path, seconds):
    """Requests a second over as many connections as there are processors."""
    counts = []
    until = time.perf_counter() + seconds

    def work():
        asker = Asker(address, headers)
        count = 0
        while time.perf_counter() < until:
            asker.get(path)
            count += 1
        counts.append(count)

    threads = [threading.Thread(target=work) for _ in range(os.cpu_count() or 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / seconds


def peak(pid):
    with open(f"/proc/{pid}/status") as file:
        line = next(line for line in file if line.startswith("VmHWM"))
    return int(line.split()[1]) // 1024


if __name__ == "__main__":
    main()
