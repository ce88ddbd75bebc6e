"""The figures of a run as tables in Markdown, with ratios to entrace."""
from measure import median

MB, KB = 1e6, 1e3


def table(head, rows):
    return "".join("| " + " | ".join(cells) + " |\n" for cells in [head, ["---", *["---:"] * (len(head) - 1)], *rows])


def ratio(other, own):
    return f"{other / own:.1f} x" if own and own > 0 and other and other > 0 else ""


def number(value, unit, digits):
    return "" if value is None else f"{value / unit:,.{digits}f}"


def growth(first, last, days):
    """Bytes of one more day: the mean over all days behind the first."""
    return (last - first) / (days - 1) if days > 1 and first is not None and last is not None else None


def line(name, store, part, first, last):
    days = store["days"]
    later = [day["cpu_s"] for day in days[1:]]
    return {"name": name, "first": first and first.get(part), "extra": growth(first and first.get(part), last and last.get(part), len(days)),
            "cpu_first": days[0]["cpu_s"], "cpu": median(later) if later else None, "rss": max(day["rss_mb"] for day in days)}


def lines(name, store):
    """The rows of a store: as it grows by itself, and after what its users run from time to time."""
    days = store["days"]
    if not days:
        return []
    first, last = store.get("first_tidied"), store.get("last_tidied")
    if name == "entrace":
        return [line("entrace: truth, compacted", store, "stored", first, last),
                line("entrace: truth, before compact", store, "stored", days[0], days[-1]),
                line("entrace: with everything derived, compacted", store, "with_derived", first, last)]
    if name == "duckdb":
        return [line("duckdb: history in its database", store, "stored", days[0], days[-1]),
                line("duckdb: the same rewritten as sorted Parquet", store, "parquet", first, last)]
    found = [line(name, store, "stored", days[0], days[-1])]
    if name == "git":
        found = [line("git, gc'd", store, "stored", first, last), line("git, loose objects", store, "stored", first, days[-1])]
    return found


def days(result):
    rows = [row for name, store in result["stores"].items() for row in lines(name, store)]
    own = rows[0] if rows and rows[0]["name"].startswith("entrace") else {}
    head = ["store", "first day, MB", "each extra day, KB", "ratio", "CPU first, s", "CPU a day, s", "ratio", "peak, MB"]
    body = [[row["name"], number(row["first"], MB, 2), number(row["extra"], KB, 1), ratio(row["extra"], own.get("extra")),
             number(row["cpu_first"], 1, 2), number(row["cpu"], 1, 3), ratio(row["cpu"], own.get("cpu")), number(row["rss"], 1, 0)]
            for row in rows]
    tenant, first = result["tenant"], result["tenant"]["first"]
    text = (f"{tenant['users']:,} users = {first['objects']:,} objects and {first['edges']:,} edges, {first['bytes'] / MB:.1f} MB of JSON lines a day; "
            f"{tenant['days']} days, noise {tenant['noise']}, seed {tenant['seed']}\n\n") + table(head, body)
    text += "\nCPU is user + system of the program and what it started; a day: the median of all days behind the first. Ratios are to the first row of entrace.\n"
    tidied = [f"{name} {store['tidy']['cpu_s']:.2f}" for name, store in result["stores"].items() if store.get("tidy", {}).get("cpu_s")]
    if tidied:
        text += f"CPU s of tidying up at the end (compact, gc, export): {', '.join(tidied)}\n"
    text += "Versions: " + "; ".join(store["version"] for store in result["stores"].values()) + "\n"
    for word in ("skipped", "failed"):
        text += "".join(f"{word.upper()} {name}: {reason}\n" for name, reason in result[word].items())
    return text


def large(result):
    again = result["unchanged"]
    head = ["", "CPU, s", "wall, s", "peak, MB"]
    of = lambda name, cost: [name, f"{cost['cpu_s']:.2f}", f"{cost['wall_s']:.2f}", f"{cost['rss_mb']:.0f}"]
    middle = {key: median(cost[key] for cost in again) for key in ("cpu_s", "wall_s")} | {"rss_mb": max(c["rss_mb"] for c in again)} if again else None
    body = [of("first snapshot", result["first"])] + ([of(f"a day with nothing changed (median of {len(again)})", middle)] if middle else [])
    tenant, sizes = result["tenant"], result["sizes"]
    return (f"{tenant['objects']:,} objects, {tenant['edges']:,} edges, {tenant['bytes'] / MB:.0f} MB of JSON lines\n\n" + table(head, body)
            + f"\ntruth {sizes['stored'] / MB:.1f} MB, index {sizes['index'] / MB:.1f} MB, columns {sizes['columns'] / MB:.1f} MB; {result['version']}\n")


def scale(result):
    rows = result["rows"]
    head = ["users", "objects", "edges", "rows of the answer", "CPU of an empty query, s", "CPU of the diff, s", "diff alone, s"]
    body = [[f"{row['users']:,}", f"{row['objects']:,}", f"{row['edges']:,}", str(row["rows"]), f"{row['empty']:.4f}", f"{row['diff']:.4f}",
             f"{row['diff_alone']:.4f}"] for row in rows]
    small, big = rows[0], rows[-1]
    changes = sum(sum(counts) for counts in result["differences"].values())
    return (f"{changes:,} differences in each: {result['statement']}\n\n" + table(head, body)
            + f"\nthe larger costs {ratio(big['diff_alone'], small['diff_alone']) or 'too little to tell, compared with that'} of the smaller, "
            + f"start-up taken off ({ratio(big['diff'], small['diff'])} with it); {result['version']}\n"
            + ("" if small["rows"] == big["rows"] else "WRONG: the answers differ in length\n"))


def memory(result):
    head = ["snapshots", "import, MB", "count(*), MB", "diff first to latest, MB", "CPU of the import, s"]
    body = [[str(row["snapshots"]), f"{row['import_mb']:.0f}", f"{row['count_mb']:.0f}", f"{row['diff_mb']:.0f}", f"{row['import_cpu_s']:.3f}"]
            for row in result["rows"]]
    return f"{result['users']:,} users; peak memory of one process\n\n" + table(head, body) + f"\n{result['version']}\n"


def text(result):
    about = result["about"]
    where = f"{about['cpu']} x {about['cpus']}, load {about['load']}, {about['system']}, Python {about['python']}, tenant.py {about['tenant_py']}, {about['measured_at']}"
    return {"days": days, "large": large, "scale": scale, "memory": memory}[result["command"]](result) + where + "\n"
