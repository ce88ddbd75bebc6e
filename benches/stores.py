"""The stores that are compared: entrace and its peers, each with the same five operations."""
import json
import os
import shutil
import subprocess
import sys

from measure import Cost, Failed, run, size

HERE = os.path.dirname(os.path.abspath(__file__))


class Store:
    """A store that takes one export a day. Sizes are bytes of all its files."""

    name = ""
    takes_tree = False

    def __init__(self, work):
        self.work = work
        self.root = os.path.join(work, "stores", self.name)
        self.env = dict(os.environ, HOME=os.path.join(work, "home"), XDG_CACHE_HOME=os.path.join(work, "cache"))

    def missing(self):
        """Why it cannot be measured here; None where it can."""

    def version(self):
        return ""

    def create(self):
        os.makedirs(self.root)

    def day(self, day, folder, tree):
        raise NotImplementedError

    def sizes(self):
        """Bytes by what they are; "stored" is what is compared."""
        return {"stored": size(self.root)}

    def tidy(self):
        """What its users run from time to time to make it small; nothing by default."""
        return Cost()

    def first_tidied(self):
        """Sizes after one day, tidied, without changing what the following days find."""
        return self.sizes()


def program_missing(program, package):
    return None if shutil.which(program) else f"{program} is not installed (apt-get install {package})"


def first_line(command, env=None):
    try:
        said = subprocess.run(command, capture_output=True, text=True, env=env, stdin=subprocess.DEVNULL, check=False)
        return (said.stdout.strip().splitlines() or [""])[0]
    except OSError as error:
        return str(error)


class Entrace(Store):
    """Truth is what cannot be made again: packs, log, keys. Index and columns are derived from it."""

    name = "entrace"
    program = None

    def missing(self):
        if self.program is None:
            return "no binary was named (--entrace PATH, built with cargo build --release)"
        if not os.access(self.program, os.X_OK):
            return f"{self.program} is no program"
        return None

    def version(self):
        return first_line([self.program, "--version"])

    def command(self, *arguments, archive=None, accept=(0,)):
        env = {k: v for k, v in self.env.items() if not k.startswith("ENTRACE_")}
        return run([self.program, "-a", archive or self.root, *arguments], env=env, accept=accept)

    def create(self):
        os.makedirs(os.path.dirname(self.root), exist_ok=True)
        self.command("init", "--unprotected", "--tenant", "contoso")

    def take(self, folder, taken_at):
        return self.command("import", "--format", "jsonl", folder, "--taken-at", taken_at)

    def day(self, day, folder, tree):
        return self.take(folder, day["date"] + "T02:00:00Z")

    def sql(self, statement):
        return self.command("sql", "-o", "jsonl", "-c", statement)

    def sizes(self, archive=None):
        of = lambda *parts: sum(size(os.path.join(archive or self.root, part)) for part in parts)
        truth = of("packs", "log", "keys", "keyring")
        index, columns = of("index.redb"), of("columns")
        return {"stored": truth, "index": index, "columns": columns, "with_derived": truth + index + columns}

    def tidy(self):
        return self.command("compact")

    def first_tidied(self):
        copy = self.root + "-first"
        shutil.copytree(self.root, copy)
        self.command("compact", archive=copy)
        sizes = self.sizes(copy)
        shutil.rmtree(copy)
        return sizes


class Git(Store):
    """One commit a day of the exported tree; gc after the first and after the last day."""

    name = "git"
    takes_tree = True

    def missing(self):
        return program_missing("git", "git")

    def version(self):
        return first_line(["git", "--version"])

    def create(self):
        super().create()
        self.env.update(GIT_DIR=self.root, GIT_WORK_TREE=os.path.join(self.work, "out", "tree"), GIT_CONFIG_NOSYSTEM="1",
                        GIT_CONFIG_GLOBAL=os.devnull, GIT_AUTHOR_NAME="t", GIT_AUTHOR_EMAIL="t@example.com",
                        GIT_COMMITTER_NAME="t", GIT_COMMITTER_EMAIL="t@example.com")
        run(["git", "init", "-q"], env=self.env)
        run(["git", "config", "gc.auto", "0"], env=self.env)

    def day(self, day, folder, tree):
        added = run(["git", "add", "-A"], cwd=tree, env=self.env)
        return added + run(["git", "commit", "-q", "-m", f"day {day['day']}"], cwd=tree, env=self.env)

    def tidy(self):
        return run(["git", "gc", "-q", "--prune=now"], env=self.env)

    def first_tidied(self):
        self.tidy()
        return self.sizes()


class Restic(Store):
    name = "restic"
    takes_tree = True

    def missing(self):
        return program_missing("restic", "restic")

    def version(self):
        return first_line(["restic", "version"])

    def create(self):
        super().create()
        self.env.update(RESTIC_REPOSITORY=self.root, RESTIC_PASSWORD="benchmark")
        run(["restic", "init", "-q"], env=self.env)

    def day(self, day, folder, tree):
        return run(["restic", "backup", "-q", "tree"], cwd=os.path.dirname(tree), env=self.env)


class Borg(Store):
    name = "borg"
    takes_tree = True

    def missing(self):
        return program_missing("borg", "borgbackup")

    def version(self):
        return first_line(["borg", "--version"])

    def create(self):
        super().create()
        self.env.update(BORG_REPO=self.root, BORG_BASE_DIR=os.path.join(self.work, "borg-home"),
                        BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK="yes", BORG_RELOCATED_REPO_ACCESS_IS_OK="yes")
        run(["borg", "init", "-e", "none"], env=self.env)

    def day(self, day, folder, tree):
        # Borg ends with 1 where it only warned.
        return run(["borg", "create", "--compression", "zstd,3", f"::day-{day['day']}", "tree"],
                   cwd=os.path.dirname(tree), env=self.env, accept=(0, 1))


class DuckDb(Store):
    """Rows with the days from and to which they were true, in DuckDB's own file; tidied: the same as sorted Parquet.

    CPU is that of the statements alone, without the start of Python; peak memory is that of the whole process.
    """

    name = "duckdb"
    python = sys.executable

    def missing(self):
        has = subprocess.run([self.python, "-c", "import duckdb"], capture_output=True, check=False).returncode == 0
        return None if has else f"{os.path.basename(self.python)} has no duckdb (pip install duckdb, or --duckdb-python PATH)"

    def version(self):
        return "DuckDB " + first_line([self.python, "-c", "import duckdb; print(duckdb.__version__)"])

    def ask(self, *arguments):
        cost = run([self.python, os.path.join(HERE, "duckdb_day.py"), self.root, *arguments], env=self.env)
        try:
            cost.cpu_s = json.loads(cost.out.strip().splitlines()[-1])["cpu_s"]
        except (ValueError, IndexError, KeyError) as error:
            raise Failed(f"duckdb_day.py answered {cost.out[-200:]!r}") from error
        return cost

    def day(self, day, folder, tree):
        return self.ask("day", folder, str(day["day"]))

    def sizes(self):
        return {"stored": size(os.path.join(self.root, "history.duckdb")), "parquet": size(os.path.join(self.root, "parquet"))}

    def tidy(self):
        return self.ask("parquet")

    def first_tidied(self):
        self.tidy()
        return self.sizes()


STORES = {store.name: store for store in (Entrace, Git, Restic, Borg, DuckDb)}

