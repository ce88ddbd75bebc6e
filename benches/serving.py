#!/usr/bin/env python3
"""What the HTTP API costs: latency of point reads, rate against a static handler, memory of a large answer.

    benches/serving.py PROGRAM ARCHIVE [--seconds 5] [--rows 1000000]

Starts PROGRAM as a server over ARCHIVE on a free port and asks it over connections that are kept open. Latencies are of
one request after the other; rates are of two connections, each with a train of requests on the way, so that the server
is what is measured and not whoever asks. There are two static handlers to compare with: `/healthz`, which asks nobody
who they are, and a file of the library, which passes every layer as a past state does and is about as long as the named
location that is asked for. What a longer answer costs more is seen by the user.
Where `wrk` is installed it asks too, a request at a time over each of its connections.
Memory is the server's own (VmHWM of its process), workers left out: those have limits of their own. Only the standard
library is used. Compare figures of one run with each other; on a machine with other work, those of the CPU.
"""

import argparse
import http.client
import json
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import tempfile
import threading
import time


# Requests that are on their way at the same time over one connection.
TRAIN = 32


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
    for what, repeats in (("point read, first time", 1), ("point read, again", 5)):
        before = cpu_seconds(pid)
        times = [ask.time(point) for point in points[:300] for _ in range(repeats)]
        report(what, times, (cpu_seconds(pid) - before) / len(times) * 1e3)
    places = ask.json(f"/v1/objects?kind=named_location&rev={first}&limit=1")["items"]
    asked = {
        "static handler, open": ({}, "/healthz"),
        "static handler, signed in": (headers, "/v1/library/policy-at"),
        "cached past state": (headers, f"/v1/objects/{places[0]['id']}?rev={first}"),
        "cached past state, a user": (headers, points[0]),
    }
    sizes = {name: len(ask.get(path)) for name, (_, path) in asked.items()}
    ways = {"trains of requests": rate} | ({"wrk": wrk} if shutil.which("wrk") else {})
    for way, count_by in ways.items():
        print(f"{way}:")
        found = {name: count_by(address, pid, *what, options.seconds) for name, what in asked.items()}
        for name, (count, cpu_us) in found.items():
            print(f"  {name:26}{sizes[name]:7,} bytes {count:9,.0f} a second, {cpu_us:6.0f} us of the server's CPU each")
        cached, cached_us = found["cached past state"]
        for name, (static, static_us) in found.items():
            if name.startswith("static"):
                print(f"  a cached past state reaches {cached / static:.0%} of: {name}; by CPU {static_us / cached_us:.0%}")
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


def report(what, times, cpu_ms):
    times.sort()
    p99 = times[min(len(times) - 1, int(len(times) * 0.99))]
    print(f"{what:24} p50 {statistics.median(times):7.2f} ms  p99 {p99:7.2f} ms, {cpu_ms:.2f} ms of CPU each")


def rate(address, pid, headers, path, seconds):
    """Requests a second over two connections, each with a train of requests on the way, and the CPU of each."""
    host, port = address.split(":")
    lines = [f"GET {path} HTTP/1.1", f"host: {address}", *(f"{name}: {value}" for name, value in headers.items())]
    train = ("\r\n".join(lines) + "\r\n\r\n").encode() * TRAIN
    counts = []
    until = time.perf_counter() + seconds

    def work():
        count, rest = 0, b""
        with socket.create_connection((host, int(port))) as connection:
            while time.perf_counter() < until:
                connection.sendall(train)
                seen = 0
                while seen < TRAIN:
                    piece = connection.recv(1 << 18)
                    if not piece:
                        raise SystemExit(f"{path}: the connection was closed")
                    text = rest + piece
                    seen += text.count(b"HTTP/1.1 200") + text.count(b"HTTP/1.1 304")
                    rest = text[-11:]
                count += TRAIN
        counts.append(count)

    threads = [threading.Thread(target=work) for _ in range(2)]
    before = cpu_seconds(pid)
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / seconds, (cpu_seconds(pid) - before) / sum(counts) * 1e6


def wrk(address, pid, headers, path, seconds):
    """The same by wrk, over 16 connections."""
    more = [part for name, value in headers.items() for part in ("-H", f"{name}: {value}")]
    before = cpu_seconds(pid)
    command = ["wrk", "-t1", "-c16", f"-d{max(1, round(seconds))}s", *more, f"http://{address}{path}"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    refused = re.search(r"Non-2xx or 3xx responses: \d+", said)
    if refused:
        raise SystemExit(f"{path}: {refused[0]}")
    count = int(re.search(r"(\d+) requests in", said)[1])
    cpu_us = (cpu_seconds(pid) - before) / count * 1e6
    return float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1]), cpu_us


def cpu_seconds(pid):
    """What a process has computed so far, its threads together."""
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak(pid):
    with open(f"/proc/{pid}/status") as file:
        line = next(line for line in file if line.startswith("VmHWM"))
    return int(line.split()[1]) // 1024


if __name__ == "__main__":
    main()
