"""Makes the workload in a process of its own, so that its memory is not counted as that of what is measured.

  workload.py days TENANT.PY OUT USERS SEED NOISE TREE   writes a day at each line read from standard input, and answers
                                                         with a line of JSON; TREE is "tree" or "lines"
  workload.py count TENANT.PY - USERS SEED DAYS          says how many objects differ after so many days: JSON, type ->
                                                         [created, updated, deleted]
  workload.py pair TENANT.PY OUT USERS SEED DAYS LIMIT   writes OUT/from and OUT/to, two states that differ in no more
                                                         than LIMIT, of the same form, and says what they differ in
"""
import importlib.util
import json
import os
import shutil
import sys

MEMBERS = "groupMembers"


def tenant_module(path):
    sys.dont_write_bytecode = True
    spec = importlib.util.spec_from_file_location("tenant", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def days(module, out, users, seed, noise, tree):
    tenant = None
    for _ in sys.stdin:
        if tenant is None:
            tenant, truth = module.Tenant(users, seed, noise), []
        else:
            truth = tenant.step()
        folder = os.path.join(out, "jsonl", "day-%03d" % tenant.day)
        written = tenant.write_jsonl(folder)
        if tree:
            # As a fresh export is: every file gets a new time, only what changed new bytes.
            tenant.write_tree(os.path.join(out, "tree"), "list", full=tenant.day == 1, touch=tenant.day > 1)
        classes = {}
        for change in truth:
            classes[change["class"]] = classes.get(change["class"], 0) + 1
        counts = tenant.counts()
        edges = counts.pop("groupMembers(edges)")
        print(json.dumps({"day": tenant.day, "date": tenant.date.strftime("%Y-%m-%d"), "folder": folder, "bytes": written,
                          "objects": sum(counts.values()), "edges": edges, "changes": classes}), flush=True)


def state(tenant):
    objects = {kind: dict(of) for kind, of in tenant.objects.items()}
    edges = {(group, member): of for group, members in tenant.members.items() for member, of in members.items()}
    return objects, edges


def some(keys, limit):
    """The first of them in an order that has nothing to do with age; all where there is no limit."""
    return sorted(keys)[:limit]


def limited(before, after, limit):
    """`before` with at most so many of its differences to `after` applied, and how many that were."""
    new = dict(before)
    created = some(after.keys() - before.keys(), limit and limit[0])
    updated = some((k for k in after.keys() & before.keys() if after[k] != before[k]), limit and limit[1])
    deleted = some(before.keys() - after.keys(), limit and limit[2])
    new.update((key, after[key]) for key in created + updated)
    for key in deleted:
        del new[key]
    return new, [len(created), len(updated), len(deleted)]


def write(out, objects, edges):
    os.makedirs(out)
    for kind, of in objects.items():
        with open(os.path.join(out, kind + ".jsonl"), "w", encoding="utf-8", newline="\n") as file:
            file.writelines(line + "\n" for line in of.values())
    groups = {group: [] for group in objects["groups"]}
    for (group, member), of in sorted(edges.items()):
        groups.setdefault(group, []).append({"@odata.type": "#microsoft.graph." + of, "id": member})
    with open(os.path.join(out, MEMBERS + ".jsonl"), "w", encoding="utf-8", newline="\n") as file:
        for group, members in groups.items():
            file.write(json.dumps({"id": group, "members": members}, separators=(",", ":")) + "\n")


def pair(module, out, users, seed, steps, limits):
    """Two states with so many differences; without an `out` they are only counted."""
    tenant = module.Tenant(users, seed, "none")
    objects, edges = state(tenant)
    for _ in range(steps):
        tenant.step()
    later_objects, later_edges = state(tenant)
    counts, new = {}, {}
    for kind, of in objects.items():
        new[kind], counts[kind] = limited(of, later_objects[kind], limits.get(kind))
    new_edges, counts[MEMBERS] = limited(edges, later_edges, limits.get(MEMBERS))
    if out:
        write(os.path.join(out, "from"), objects, edges)
        write(os.path.join(out, "to"), new, new_edges)
    print(json.dumps({"counts": counts, "objects": sum(map(len, objects.values())), "edges": len(edges)}))


def main():
    mode, path, out, users, seed = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5])
    module = tenant_module(path)
    if mode == "days":
        days(module, out, users, seed, sys.argv[6], sys.argv[7] == "tree")
    elif mode == "count":
        pair(module, None, users, seed, int(sys.argv[6]), {})
    else:
        shutil.rmtree(out, ignore_errors=True)
        pair(module, out, users, seed, int(sys.argv[6]), json.loads(sys.argv[7]))


if __name__ == "__main__":
    main()
