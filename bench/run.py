"""Measures us and DuckDB in turn, over the same data, and checks that every score is equal.

run.py [NAME ...] [--full] [--leads N] [--events N] [--runs N] [--keep]

`cargo xtask bench` builds our programs, makes the peer's environment and calls this.
Only the standard library is used here: a measured process starts as a copy of this one, and its
peak memory cannot be told below this one's.
"""

import argparse
import os
import re
import shutil
import statistics
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
DATA = os.path.join(os.environ.get("TARGET", f"{ROOT}/target"), "bench-data")
MADURA, BENCH = os.environ.get("MADURA", "madura"), os.environ.get("BENCH", "bench")
MODEL = f"{ROOT}/bench/models/rescore.yaml"
AS_OF = "2025-11-21T00:00:00Z"
PEER = [sys.executable, f"{ROOT}/bench/peer.py"]
CHUNKS = "4"

# The least ratio (DuckDB's figure by ours) of wall clock, processor time and peak memory.
TARGETS = {"files": (6, 7, 6), "memory": (20,), "instants": (50,), "csv": (3,)}


def main():
    benches = {"files": files, "memory": memory, "instants": instants, "csv": csv, "scale": scale, "fold": fold, "forms": forms}
    parser = argparse.ArgumentParser(prog="cargo xtask bench")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(benches)}; without a name all but `forms`")
    parser.add_argument("--full", action="store_true", help="1 M leads and 20 M events; `scale` goes up to 10 M and 200 M")
    parser.add_argument("--leads", type=int)
    parser.add_argument("--events", type=int)
    parser.add_argument("--runs", type=int, default=5, help="counted runs, after one that is not counted")
    parser.add_argument("--keep", action="store_true", help="keep the 200 M events, 1.8 GB, after measuring")
    chosen = parser.parse_args()
    unknown = [name for name in chosen.names if name not in benches]
    if unknown:
        parser.error(f"there is no benchmark `{unknown[0]}`; there are {', '.join(benches)}")
    chosen.leads = chosen.leads or (1_000_000 if chosen.full else 100_000)
    chosen.events = chosen.events or (20_000_000 if chosen.full else 2_000_000)
    chosen.names = chosen.names or [name for name in benches if name != "forms"]
    say_machine()
    wrong = [name for name in chosen.names if not benches[name](chosen)]
    if wrong:
        sys.exit(f"not equal: {', '.join(wrong)}")


def files(chosen):
    title("files", f"Parquet files of {size(chosen)} to a Parquet file of scores; whole processes")
    return from_files("files", chosen, data(chosen), "parquet", ["--map", "lead=lead_id,at=ts"])


def csv(chosen):
    title("csv", f"CSV files of {size(chosen)} to a Parquet file of scores; whole processes")
    return from_files("csv", chosen, data(chosen), "csv", [])


def from_files(name, chosen, directory, extension, columns):
    events, leads = f"{directory}/events.{extension}", f"{directory}/leads.{extension}"
    ours, theirs = f"{directory}/ours.parquet", f"{directory}/theirs.parquet"
    score = [MADURA, "score", MODEL, "--leads", leads, "--events", events, *columns]
    score += ["--as-of", AS_OF, "--format", "parquet", "--out", ours]
    # Of DuckDB's forms the fastest by the clock; `forms` measures the others.
    pairs = in_turn(chosen.runs, lambda: process(score), lambda: process([*PEER, "files", "sorted", events, leads, theirs]))
    show(name, ["wall s", "CPU s", "peak MiB"], pairs)
    return equal(leads, ours, theirs)


def memory(chosen):
    title("memory", f"Another model over {size(chosen)} in memory; the query alone")
    directory = data(chosen)
    facts = [f"{directory}/leads.parquet", f"{directory}/events.parquet"]
    for form in ("clustered", "sorted"):
        print(f"DuckDB's table clustered by {'lead, event, instant' if form == 'clustered' else 'lead, instant'}:")
        ours = Obedient([BENCH, "memory", *facts, MODEL])
        theirs = Obedient([*PEER, "memory", form, *reversed(facts)])
        if not obedient_in_turn("memory", chosen, directory, ours, theirs):
            return False
    return True


def instants(chosen):
    title("instants", f"Scores of everyone at 52 weekly instants, {size(chosen)} in memory; the query alone")
    directory = data(chosen)
    facts = [f"{directory}/leads.parquet", f"{directory}/events.parquet"]
    ours = Obedient([BENCH, "instants", *facts, MODEL])
    return obedient_in_turn("instants", chosen, directory, ours, Obedient([*PEER, "instants", CHUNKS, *reversed(facts)]))


def obedient_in_turn(name, chosen, directory, ours, theirs):
    with ours, theirs:
        pairs = in_turn(chosen.runs, ours.go, theirs.go)
        show(name, ["wall s", "CPU s"], pairs)
        ours.write(f"{directory}/ours.bin")
        theirs.write(f"{directory}/theirs.parquet")
    return equal(f"{directory}/leads.parquet", f"{directory}/ours.bin", f"{directory}/theirs.parquet")


def scale(chosen):
    title("scale", "Cost per event from small to large, our process from Parquet files to scores")
    sizes = (100_000, 1_000_000, 10_000_000) if chosen.full else (10_000, 100_000, 1_000_000)
    print(f"{'leads':>12} {'events':>12} {'wall s':>8} {'CPU s':>8} {'peak MiB':>9} {'CPU ns/event':>13} {'bytes/event':>12}")
    for leads in sizes:
        events = 20 * leads
        directory = generated(leads, events, ["--slim"])
        score = [MADURA, "score", MODEL, "--leads", f"{directory}/leads.parquet", "--events", f"{directory}/events.parquet"]
        score += ["--map", "lead=lead_id,at=ts", "--as-of", AS_OF, "--format", "parquet", "--out", f"{directory}/ours.parquet"]
        runs = [process(score) for _ in range(1 + min(chosen.runs, 3))][1:]
        wall, cpu, peak = (statistics.median(column) for column in zip(*runs))
        print(f"{leads:12,} {events:12,} {wall:8.2f} {cpu:8.2f} {peak:9.0f} {cpu / events * 1e9:13.1f} {peak * 2**20 / events:12.1f}", flush=True)
        if events > 100_000_000 and not chosen.keep:
            shutil.rmtree(directory)
    return True


def fold(chosen):
    title("fold", "Instructions per event of scoring 8,192 leads in memory, counted by valgrind")
    if not shutil.which("valgrind"):
        print("valgrind is not installed: left out")
        return True
    few, many = 1, 11
    counts = []
    for times in (few, many):
        count = subprocess.run(
            ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", BENCH, "fold", MODEL, str(times)],
            check=True, capture_output=True, text=True,
        )
        counts.append(int(re.search(r"Collected : (\d+)", count.stderr)[1]))
        events = int(count.stdout.split()[0])
    print(f"{(counts[1] - counts[0]) / (many - few) / events:.1f} instructions per event ({events:,} events)")
    return True


def forms(chosen):
    title("forms", f"DuckDB's forms, Parquet files of {size(chosen)} to scores; every one first against plain loops")
    small = generated(2_000, 40_000, [])
    directory = data(chosen)
    names = ["sorted", "window", "residue", "lists"]
    for form in names:
        out = f"{small}/{form}.parquet"
        run([*PEER, "files", form, f"{small}/events.parquet", f"{small}/leads.parquet", out])
        run([sys.executable, f"{ROOT}/bench/loops.py", small, out])
    for words in (["memory", "clustered"], ["instants", CHUNKS]):
        out = f"{small}/{words[0]}.parquet"
        with Obedient([*PEER, *words, f"{small}/events.parquet", f"{small}/leads.parquet"]) as peer:
            peer.go()
            peer.write(out)
        run([sys.executable, f"{ROOT}/bench/loops.py", small, out])
    print(f"{'':10} {'wall s':>8} {'CPU s':>8} {'peak MiB':>9}")
    for form in names:
        out = f"{directory}/{form}.parquet"
        command = [*PEER, "files", form, f"{directory}/events.parquet", f"{directory}/leads.parquet", out]
        wall, cpu, peak = (statistics.median(column) for column in zip(*[process(command) for _ in range(1 + chosen.runs)][1:]))
        print(f"{form:10} {wall:8.2f} {cpu:8.2f} {peak:9.0f}", flush=True)
    return True


def in_turn(runs, ours, theirs):
    """Runs one after the other, so that whatever else the machine does falls on both."""
    pairs = [(ours(), theirs()) for _ in range(1 + runs)]
    return pairs[1:]


def show(name, columns, pairs):
    targets = TARGETS[name]
    print(f"{'':10} " + " ".join(f"{column:>22}" for column in columns))
    figures = [[[run[side][column] for run in pairs] for column in range(len(columns))] for side in (0, 1)]
    figures.append([[theirs / ours for ours, theirs in zip(*both)] for both in zip(*figures)])
    for label, rows in zip(("madura", "DuckDB", "ratio"), figures):
        print(f"{label:10} " + " ".join(f"{spread(values):>22}" for values in rows))
    print(f"{'asked for':10} " + " ".join(f"{f'at least {target}':>22}" for target in targets), flush=True)


def spread(values):
    digits = lambda value: f"{value:.0f}" if value >= 100 else f"{value:.2f}" if value >= 0.2 else f"{value:.3f}"
    return f"{digits(statistics.median(values))} ({digits(min(values))}-{digits(max(values))})"


def process(command):
    """Wall clock, processor time and peak memory of a whole process."""
    started = time.perf_counter()
    pid = os.posix_spawn(command[0], command, os.environ)
    _, status, usage = os.wait4(pid, 0)
    wall = time.perf_counter() - started
    if status:
        sys.exit(f"failed: {' '.join(command)}")
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


class Obedient:
    """A process that holds everything in memory and runs the query when told to."""

    def __init__(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)

    def __enter__(self):
        self.expect("ready")
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()

    def go(self):
        return tuple(float(word) for word in self.ask("go").split())

    def write(self, path):
        self.process.stdin.write(f"write {path}\n")
        self.expect("written")

    def ask(self, line):
        self.process.stdin.write(f"{line}\n")
        return self.process.stdout.readline()

    def expect(self, word):
        if self.process.stdout.readline().strip() != word:
            sys.exit(f"failed: {' '.join(self.process.args)}")


def equal(leads, ours, theirs):
    return subprocess.run([*PEER, "equal", leads, ours, theirs]).returncode == 0


def data(chosen):
    return generated(chosen.leads, chosen.events, ["--csv"] if "csv" in chosen.names else [])


def generated(leads, events, options):
    directory = f"{DATA}/{leads}-{events}{'-slim' if '--slim' in options else ''}"
    last = "leads.csv" if "--csv" in options else "events.parquet"
    if not os.path.exists(f"{directory}/{last}.done"):
        run([sys.executable, f"{ROOT}/bench/generate.py", str(leads), str(events), directory, *options])
        open(f"{directory}/{last}.done", "w").close()
    return directory


def run(command):
    subprocess.run(command, check=True)


def size(chosen):
    return f"{chosen.leads:,} leads and {chosen.events:,} events"


def say_machine():
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "unknown")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    print(f"{os.cpu_count()} x {model}, {memory:.0f} GiB; load {os.getloadavg()[0]:.1f} before we begin")


def title(name, text):
    print(f"\n{name}: {text}", flush=True)


if __name__ == "__main__":
    main()
