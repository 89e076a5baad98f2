"""Writes the files beside it, as people's programs do: `python3 make.py` with openpyxl 3.1.5 and pyarrow 26.0.1."""

import datetime
import json

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq

ROWS = [
    {"email": "ana@a.example", "name": "Ana Pop", "company_size": 120, "created_at": datetime.datetime(2026, 3, 1, 10, 30)},
    {"email": "no address", "name": "Bob", "company_size": 5, "created_at": datetime.datetime(2026, 3, 2, 8, 0)},
    {"email": "bea@b.example", "name": "Bea Șerban", "company_size": None, "created_at": datetime.datetime(2026, 4, 5, 9, 15)},
]

book = openpyxl.Workbook()
sheet = book.active
sheet.append(list(ROWS[0]))
for row in ROWS:
    sheet.append(list(row.values()))
book.save("people.xlsx")

instants = [row["created_at"].replace(tzinfo=datetime.timezone.utc) for row in ROWS]
table = pa.table(
    {
        "email": [row["email"] for row in ROWS],
        "name": [row["name"] for row in ROWS],
        "company_size": pa.array([row["company_size"] for row in ROWS], pa.int64()),
        "created_at": pa.array(instants, pa.timestamp("us", tz="UTC")),
    }
)
pq.write_table(table, "people.parquet", compression="snappy")
pq.write_table(table, "people_zstd.parquet", compression="zstd", data_page_version="2.0")

with open("people.ndjson", "w", encoding="utf-8") as lines:
    for row in ROWS:
        told = {**row, "created_at": row["created_at"].isoformat() + "Z"}
        lines.write(json.dumps({key: value for key, value in told.items() if value is not None}) + "\n")
