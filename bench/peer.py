"""DuckDB's half of the benchmarks.

peer.py files FORM EVENTS LEADS OUT     from files to a Parquet file of scores
peer.py memory FORM EVENTS LEADS        the same from tables in memory, as often as asked
peer.py instants CHUNKS EVENTS LEADS    scores at 52 instants from tables in memory, as often as asked
peer.py equal LEADS OURS THEIRS         whether two results give every lead the same scores

`memory` and `instants` say `ready` and then obey lines of standard input: `go` answers with the
seconds that the query took and the seconds of processor time, `write PATH` keeps the last result.
"""

import os
import sys
import time

import duckdb

import sql


def main():
    what, *rest = sys.argv[1:]
    {"files": files, "memory": memory, "instants": instants, "equal": equal}[what](*rest)


def connect():
    connection = duckdb.connect()
    connection.execute("set threads = 2")
    connection.execute("set preserve_insertion_order = false")
    return connection


def readers(events, leads):
    """How DuckDB reads the files, and the names of their columns."""
    if events.endswith(".parquet"):
        return f"'{events}'", f"'{leads}'", "lead_id", "ts"
    traits = ["email_domain", "job_title", "company_size", "country", "industry"]
    columns = ", ".join(f"{name}: 'VARCHAR'" for name in traits)
    of_leads = f"{{lead: 'UINTEGER', {columns}, phone_valid: 'BOOLEAN', gibberish: 'BOOLEAN', created_at: 'TIMESTAMP'}}"
    of_events = "{lead: 'UINTEGER', 'at': 'TIMESTAMP', event: 'VARCHAR', url: 'VARCHAR'}"
    csv = lambda path, columns: f"read_csv('{path}', auto_detect = false, header = true, delim = ',', quote = '\"', columns = {columns})"
    return csv(events, of_events), csv(leads, of_leads), "lead", '"at"'


def files(form, events, leads, out):
    events, leads, lead, instant = readers(events, leads)
    query = sql.score(form, sql.source(events, lead, instant), leads, lead)
    connect().execute(f"copy ({query}) to '{out}' (format parquet)")


def load(connection, events, leads, order):
    events, leads, lead, instant = readers(events, leads)
    connection.execute("set preserve_insertion_order = true")
    connection.execute(f"create table event as select * from ({sql.source(events, lead, instant)}) order by {order}")
    connection.execute(f"create table lead as select {lead} lead, * exclude ({lead}) from {leads} order by lead")
    connection.execute("set preserve_insertion_order = false")


def memory(form, events, leads):
    connection = connect()
    load(connection, events, leads, "lead, code, ms" if form == "clustered" else "lead, ms")
    query = sql.score(form, "select * from event", "lead", "lead")
    obey(connection, lambda: connection.execute(f"create or replace table result as {query}"))


def instants(chunks, events, leads):
    connection = connect()
    load(connection, events, leads, "lead, code, ms")
    beyond = connection.execute("select max(lead) + 1 from lead").fetchone()[0]
    cuts = [beyond * chunk // int(chunks) for chunk in range(int(chunks) + 1)]

    def run():
        connection.execute(sql.table_of_weights())
        connection.execute(sql.table_of_counted())
        for first, last in zip(cuts, cuts[1:]):
            into = "insert into result" if first else "create or replace table result as"
            connection.execute(f"{into} {sql.instants(first, last)}")

    obey(connection, run)


def obey(connection, run):
    print("ready", flush=True)
    for line in sys.stdin:
        match line.split():
            case ["go"]:
                wall, cpu = time.perf_counter(), time.process_time()
                run()
                print(time.perf_counter() - wall, time.process_time() - cpu, flush=True)
            case ["write", path]:
                connection.execute(f"copy result to '{path}' (format parquet)")
                print("written", flush=True)


def equal(leads, ours, theirs):
    """Ours is a Parquet file with `lead` and `score`, or one byte per score, lead after lead in the
    order of the leads' file; theirs has `lead`, and `score` or `s0`, `s1`, ..."""
    connection = duckdb.connect()
    total = connection.execute(f"select count(*) from {readers('.' + leads.rsplit('.')[-1], leads)[1]}").fetchone()[0]
    if ours.endswith(".parquet"):
        same, score = connection.execute(
            f"select count(*) filter (o.score = t.score), sum(o.score) from '{ours}' o full join '{theirs}' t on o.lead::varchar = t.lead::varchar"
        ).fetchone()
        cells = total
    else:
        import numpy

        rows = connection.execute(f"select * from '{theirs}' order by lead").fetchnumpy()
        expected = numpy.stack([column for name, column in rows.items() if name != "lead"])
        got = numpy.fromfile(ours, dtype=numpy.uint8).reshape(-1, expected.shape[0]).T
        same, score, cells = int((got == expected).sum()), int(got.sum(dtype=numpy.int64)), total * expected.shape[0]
    print(f"{same:,} of {cells:,} scores are equal (sum {int(score):,})")
    sys.exit(same != cells)


if __name__ == "__main__":
    main()
