#!/usr/bin/env python3
"""Makes leads, events and models of the Bank Marketing data set (UCI, S. Moro, P. Cortez, P. Rita).

    python3 bank_marketing.py bank-additional-full.csv OUT [--models DIR]

writes four directories below OUT, each with `leads.csv`, `leads-with-duration.csv`, `events.csv` and
`durations.csv` (the length of each call, dated when it ended):

    first-year  the calls from May 2008 to April 2009, the first 30,430 rows
    afterwards  the calls from May 2009 to November 2010
    sample      three quarters of all rows, drawn at random
    rest        the other quarter

With --models the points of two models are worked out, one from `first-year`, one from `sample`, by
one recipe: ten points for each doubling of the rate over the average, two points being the least
step, and nothing for what fewer than a hundred calls have said.

The rows carry no dates but stand in the order of the calls, with the month of each: so every row
lies in one of 26 known months, and its calls are spread evenly over it. Nothing but Python's
standard library is needed.
"""

import argparse
import calendar
import csv
import math
import random
from datetime import datetime, timedelta
from pathlib import Path

MONTHS = {name.lower(): number for number, name in enumerate(calendar.month_abbr) if name}
FIRST_YEAR = 2008
SPLIT = datetime(2009, 5, 1)

# Known before the call. `duration` is known after it, `campaign` counts calls that are yet to come,
# and the weekday says only when somebody happened to be at home.
PERSON = ["age", "job", "marital", "education", "default", "housing", "loan", "contact"]
HISTORY = ["previous", "poutcome"]
MARKET = ["month", "euribor3m", "emp.var.rate"]
RANGES = {
    "age": [25, 30, 40, 50, 60],
    "previous": [1, 2],
    "euribor3m": [1, 2, 4],
    "emp.var.rate": [-2, -1, 0],
}
GROUPS = [("Person", PERSON), ("Earlier campaigns", HISTORY), ("Market", MARKET)]
LEAST_CALLS = 100


def read(path):
    """The rows in their order, each with the instant of its call."""
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    runs = []
    for row in rows:
        if not runs or runs[-1][0]["month"] != row["month"]:
            runs.append([])
        runs[-1].append(row)
    year, last = FIRST_YEAR, 0
    for run in runs:
        month = MONTHS[run[0]["month"]]
        year += month < last
        last = month
        begin = datetime(year, month, 1)
        length = timedelta(days=calendar.monthrange(year, month)[1])
        for position, row in enumerate(run):
            row["called_at"] = begin + length * position / len(run)
    for number, row in enumerate(rows, start=1):
        row["lead"] = f"call-{number}"
    return rows


def write(directory, rows, known_since):
    """The files of one part; everybody in it is on the list since the same day."""
    directory.mkdir(parents=True, exist_ok=True)
    traits = PERSON + HISTORY + MARKET
    for name, columns in [("leads.csv", traits), ("leads-with-duration.csv", [*traits, "duration"])]:
        with open(directory / name, "w", newline="", encoding="utf-8") as file:
            out = csv.writer(file)
            out.writerow(["lead", "created_at", *columns])
            for row in rows:
                out.writerow([row["lead"], instant(known_since), *(row[column] for column in columns)])
    with open(directory / "events.csv", "w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(["lead", "event", "at"])
        for row in rows:
            out.writerow([row["lead"], "called", instant(row["called_at"])])
            if row["y"] == "yes":
                out.writerow([row["lead"], "subscribed", instant(hung_up(row))])
    with open(directory / "durations.csv", "w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(["lead", "trait", "value", "at"])
        for row in rows:
            out.writerow([row["lead"], "duration", row["duration"], instant(hung_up(row))])


def hung_up(row):
    return row["called_at"] + timedelta(seconds=int(row["duration"]))


def instant(at):
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def bounds(trait):
    """The ranges of a number: (at least, below)."""
    edges = [None, *RANGES[trait], None]
    return list(zip(edges, edges[1:]))


def inside(value, low, high):
    return (low is None or value >= low) and (high is None or value < high)


def points(rows, chosen, base):
    """Ten points for each doubling of the rate, in steps of two."""
    calls = sum(1 for row in rows if chosen(row))
    sold = sum(1 for row in rows if chosen(row) and row["y"] == "yes")
    if calls < LEAST_CALLS or sold == 0:
        return 0
    return 2 * round(5 * math.log2(sold / calls / base))


def model(name, about, rows):
    """A model document whose points the rows have said."""
    base = sum(1 for row in rows if row["y"] == "yes") / len(rows)
    lines = [
        f"# {about}",
        f"# Made by docs/user/studies/bank_marketing.py: of {len(rows):,} calls {base:.1%} were a success; ten points",
        "# are twice that. The scale has its zero in the middle: whoever has 0 is average.",
        f"model: {name}",
        "scale: [-100, 100]",
        "time_zone: Europe/Lisbon",
        "",
        "groups:",
    ]
    for group, traits in GROUPS:
        lines += [f"  - group: {group}", "    dimension: fit", "    criteria:"]
        for trait in traits:
            if trait in RANGES:
                lines += ranges(trait, rows, base)
            else:
                lines += words(trait, rows, base)
    lines += [
        "",
        "brackets:",
        "  - {name: far below average, from: -100}",
        "  - {name: below average, from: -15}",
        "  - {name: average, from: -5}",
        "  - {name: above average, from: 5}",
        "  - {name: far above average, from: 20}",
        "",
        "tests:",
        "  - name: whoever said yes before stands above whoever said no",
        "    lead: {poutcome: success}",
        "    expect: {score: {at_least: 5}}",
        "",
        "  - name: nothing known is nothing said",
        "    expect: {score: 0, bracket: average}",
    ]
    return "\n".join(lines) + "\n"


def ranges(trait, rows, base):
    bands = []
    for low, high in bounds(trait):
        given = points(rows, lambda row: inside(float(row[trait]), low, high), base)
        text = "" if high is None else f"below: {high}, "
        bands.append(f"{{{text}points: {given}}}")
    if all(band.endswith("points: 0}") for band in bands):
        return []
    return [f"      - name: {trait}", f"        trait: {trait}", f"        bands: [{', '.join(bands)}]"]


def words(trait, rows, base):
    """A criterion for each number of points that some values share."""
    by_points = {}
    for value in sorted({row[trait] for row in rows}):
        given = points(rows, lambda row: row[trait] == value, base)
        by_points.setdefault(given, []).append(value)
    lines = []
    for given, values in sorted(by_points.items(), reverse=True):
        if given != 0:
            listed = ", ".join(f'"{value}"' if value in ("yes", "no") else value for value in values)
            lines += [f"      - name: '{trait}: {' or '.join(values)}'", f"        trait: {trait}"]
            lines += [f"        in: [{listed}]", f"        points: {given}"]
    return lines


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("data", help="bank-additional-full.csv")
    arguments.add_argument("out", type=Path, help="the directory to write to")
    arguments.add_argument("--models", type=Path, help="also write the two models here")
    arguments = arguments.parse_args()

    rows = read(arguments.data)
    shuffled = rows[:]
    random.Random(2008).shuffle(shuffled)
    cut = len(rows) * 3 // 4
    order = lambda part: sorted(part, key=lambda row: row["called_at"])
    parts = {
        "first-year": [row for row in rows if row["called_at"] < SPLIT],
        "afterwards": [row for row in rows if row["called_at"] >= SPLIT],
        "sample": order(shuffled[:cut]),
        "rest": order(shuffled[cut:]),
    }
    for name, part in parts.items():
        known_since = SPLIT if name == "afterwards" else datetime(FIRST_YEAR, 5, 1)
        write(arguments.out / name, part, known_since - timedelta(days=1))
        sold = sum(1 for row in part if row["y"] == "yes")
        print(f"{name}: {len(part):,} calls, {sold:,} deposits ({sold / len(part):.1%})")
    if arguments.models:
        for name, part, about in [
            ("bank-first-year", "first-year", "A bank's call list, learnt from the first year of its campaign."),
            ("bank-random-sample", "sample", "A bank's call list, learnt from a random sample of all its years."),
        ]:
            text = model(name, about, parts[part])
            (arguments.models / f"{name}.yaml").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
