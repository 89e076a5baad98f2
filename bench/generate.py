"""Leads and events to measure with: generate.py LEADS EVENTS DIRECTORY [--slim] [--csv]

A year of events in time order. Events per lead follow a Zipf-Mandelbrot law (weights
(rank + 100)^-0.8: median 10, 90 of 100 leads below 40, some with thousands), they come in sessions
of geometric length (mean 3.3), more of them on working days, in office hours and towards the end.
It is made and written day by day, so 200 million events need no more memory than 2 million.

--slim leaves out what no benchmark reads (ids, addresses of pages, properties); --csv writes the
files leads.csv and events.csv as well.
"""

import argparse
import os
import time

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

FIRST = 1_732_147_200_000  # 2024-11-21T00:00:00Z
DAYS, DAY, HOUR = 365, 86_400_000, 3_600_000
SESSION_LENGTH = 3.3
ROWS_PER_GROUP = 1_000_000

EVENTS = {
    "page_view": 560, "email_open": 180, "email_click": 60, "pricing_view": 60, "social_engage": 50, "download": 30,
    "form_submit": 20, "webinar": 10, "purchase": 12, "demo_request": 6, "unsubscribe": 6, "bounce": 6,
}
JOBS = {
    "CEO": 3, "Director general": 3, "CTO": 4, "VP Marketing": 6, "Marketing Manager": 12, "Sales Manager": 10,
    "Engineer": 20, "Student": 6, "Intern": 4, "Consultant": 8, "Analyst": 10, "Other": 14,
}
SIZES = {"1": 10, "2-10": 20, "11-50": 25, "51-200": 20, "201-1000": 15, "1001-5000": 6, "5001+": 4}
COUNTRIES = {
    "ES": 20, "RO": 10, "US": 20, "DE": 6, "FR": 5, "GB": 6, "IT": 4, "PT": 3, "MX": 5, "AR": 3,
    "CO": 3, "CL": 2, "BR": 3, "PL": 2, "NL": 2, "SE": 1, "IN": 2, "CN": 1, "RU": 1, "NG": 1,
}
INDUSTRIES = dict.fromkeys(
    ["software", "retail", "finance", "health", "education", "manufacturing", "travel", "media", "government", "energy", "food", "other"], 1
)
DOMAINS = {"gmail.com": 25, "yahoo.com": 7, "hotmail.com": 6, "mailinator.com": 1} | {f"company{n}.com": 61 / 20_000 for n in range(20_000)}
PAGES = [f"/{part}/{n}" for part in ("blog", "product", "docs", "case-study", "pricing", "landing", "es/blog", "ro/blog") for n in range(250)]
SOURCES = ["google", "linkedin", "newsletter", "direct", "facebook", "partner"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("leads", type=int)
    parser.add_argument("events", type=int)
    parser.add_argument("directory")
    parser.add_argument("--slim", action="store_true")
    parser.add_argument("--csv", action="store_true")
    chosen = parser.parse_args()
    os.makedirs(chosen.directory, exist_ok=True)
    started = time.perf_counter()
    rng = np.random.default_rng(2026)
    write_leads(rng, chosen.leads, chosen.directory)
    write_events(rng, chosen.leads, chosen.events, chosen.directory, chosen.slim)
    if chosen.csv:
        write_csv(chosen.directory)
    print(f"{chosen.leads:,} leads and {chosen.events:,} events in {time.perf_counter() - started:.0f} s", flush=True)


def drawn(rng, weights, rows):
    """A text column: so many values drawn by weight."""
    return coded(picked(rng, np.array(list(weights.values()), float), rows), list(weights))


def picked(rng, weights, rows):
    ends = np.cumsum(weights)
    return np.searchsorted(ends, rng.random(rows) * ends[-1], side="right").astype(np.int32)


def coded(codes, values):
    return pa.DictionaryArray.from_arrays(pa.array(codes), pa.array(values)).cast(pa.string())


def write_leads(rng, leads, directory):
    table = pa.table({
        "lead_id": pa.array(np.arange(leads, dtype=np.uint32)),
        "email_domain": drawn(rng, DOMAINS, leads),
        "job_title": drawn(rng, JOBS, leads),
        "company_size": drawn(rng, SIZES, leads),
        "country": drawn(rng, COUNTRIES, leads),
        "industry": drawn(rng, INDUSTRIES, leads),
        "phone_valid": pa.array(rng.random(leads) < 0.55),
        "gibberish": pa.array(rng.random(leads) < 0.02),
        "created_at": pa.array(FIRST + rng.integers(0, DAYS * DAY // 1000, leads) * 1000, pa.timestamp("ms")),
    })
    pq.write_table(table, f"{directory}/leads.parquet", compression="snappy")


def write_events(rng, leads, events, directory, slim):
    columns = [("lead_id", pa.uint32()), ("ts", pa.timestamp("ms")), ("event", pa.string())]
    if not slim:
        columns = [("event_id", pa.uint64()), *columns, ("url", pa.string()), ("props", pa.string())]
    schema = pa.schema(columns)
    pages = 1.0 / np.arange(1, len(PAGES) + 1)
    with pq.ParquetWriter(f"{directory}/events.parquet", schema, compression="snappy", use_dictionary=["event", "url"]) as writer:
        for lead, at in groups(days(rng, leads, events)):
            rows = len(lead)
            table = {"lead_id": pa.array(lead), "ts": pa.array(at, pa.timestamp("ms")), "event": drawn(rng, EVENTS, rows)}
            if not slim:
                table["event_id"] = pa.array(rng.integers(0, 2**63, rows).astype(np.uint64))
                table["url"] = coded(picked(rng, pages, rows), PAGES)
                table["props"] = properties(rng, rows)
            writer.write_table(pa.table(table).select(schema.names), row_group_size=ROWS_PER_GROUP)


def days(rng, leads, events):
    """Day by day the leads and instants of its events, in time order."""
    lead_ends = np.cumsum((np.arange(1, leads + 1) + 100.0) ** -0.8)
    lead_ends /= lead_ends[-1]
    shuffled = rng.permutation(leads).astype(np.uint32)
    day = np.arange(DAYS)
    of_day = np.where((day + 3) % 7 >= 5, 0.35, 1.0) * (1 + 0.5 * day / DAYS)
    hour = np.arange(24)
    of_hour = 0.15 + np.exp(-(((hour - 11) / 4.5) ** 2)) + 0.6 * np.exp(-(((hour - 17) / 3) ** 2))
    until = np.round(np.cumsum(of_day) / of_day.sum() * events).astype(np.int64)
    late = (np.empty(0, np.uint32), np.empty(0, np.int64))
    for day, count in enumerate(np.diff(until, prepend=0)):
        sessions = int(count / SESSION_LENGTH * 1.02) + 100
        length = rng.geometric(1 / SESSION_LENGTH, sessions)
        ends = np.cumsum(length)
        sessions = int(np.searchsorted(ends, count)) + 1
        length, ends = length[:sessions], ends[:sessions]
        length[-1] -= ends[-1] - count
        ends[-1] = count
        who = shuffled[np.minimum(np.searchsorted(lead_ends, rng.random(sessions)), leads - 1)]
        start = FIRST + day * DAY + picked(rng, of_hour, sessions) * np.int64(HOUR) + rng.integers(0, HOUR, sessions)
        place = np.arange(count) - np.repeat(ends - length, length)
        at = np.repeat(start, length) + place * rng.integers(2_000, 90_000, count)
        at = np.concatenate([late[1], np.minimum(at, FIRST + DAYS * DAY - 1)])
        lead = np.concatenate([late[0], np.repeat(who, length)])
        order = np.argsort(at, kind="stable")
        lead, at = lead[order], at[order]
        # What goes on after midnight is written with the next day.
        today = len(at) if day + 1 == DAYS else int(np.searchsorted(at, FIRST + (day + 1) * DAY))
        late = (lead[today:], at[today:])
        yield lead[:today], at[:today]


def groups(days):
    """The same rows in groups of a million."""
    waiting, rows = [], 0
    for day in days:
        waiting.append(day)
        rows += len(day[0])
        while rows >= ROWS_PER_GROUP:
            lead, at = (np.concatenate(column) for column in zip(*waiting))
            yield lead[:ROWS_PER_GROUP], at[:ROWS_PER_GROUP]
            waiting, rows = [(lead[ROWS_PER_GROUP:], at[ROWS_PER_GROUP:])], rows - ROWS_PER_GROUP
    if rows:
        yield tuple(np.concatenate(column) for column in zip(*waiting))


def properties(rng, rows):
    """JSON texts such as {"utm_source":"google","dur":17,"v":3.5}."""
    source = coded(rng.integers(0, len(SOURCES), rows).astype(np.int32), [f'{{"utm_source":"{name}","dur":' for name in SOURCES])
    seconds = coded(rng.integers(0, 600, rows).astype(np.int32), [f'{n},"v":' for n in range(600)])
    value = coded(rng.integers(0, 50_000, rows).astype(np.int32), [f"{n / 100}}}" for n in range(50_000)])
    return pc.binary_join_element_wise(source, seconds, value, "")


def write_csv(directory):
    import duckdb

    connection = duckdb.connect()
    instant = lambda name: f"strftime({name}, '%Y-%m-%dT%H:%M:%S.%gZ')"
    connection.execute(
        f"copy (select lead_id lead, {instant('ts')} as \"at\", event, url from '{directory}/events.parquet') to '{directory}/events.csv' (format csv, header)"
    )
    connection.execute(
        f"copy (select lead_id lead, * exclude (lead_id, created_at), {instant('created_at')} created_at from '{directory}/leads.parquet') to '{directory}/leads.csv' (format csv, header)"
    )


if __name__ == "__main__":
    main()
