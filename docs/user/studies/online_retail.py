#!/usr/bin/env python3
"""Makes leads and events of the Online Retail data set (UCI, D. Chen).

    python3 online_retail.py online_retail.parquet OUT
    python3 online_retail.py online_retail.csv OUT

writes `leads.csv` (one customer a row) and `events.csv` below OUT. A CSV file needs Python's standard
library only, a Parquet file also pyarrow.

    purchased   one for each invoice: amount, lines, category (the one most was spent on), currency
    cancelled   one for each credit note: amount, currency

What is left out: lines without a customer, lines that are no goods (postage, fees, manual
corrections), lines without a price, and invoices that were cancelled in full within a day: those
were slips of the keyboard. Every other cancellation stays what it was, a later event of its own, so
that no past day knows of it.
"""

import argparse
import csv
from collections import defaultdict
from datetime import datetime, timedelta
from pathlib import Path

NO_GOODS = {"POST", "D", "M", "DOT", "C2", "CRUK", "PADS", "AMAZONFEE", "BANK CHARGES", "S", "B", "m"}
SLIP = timedelta(days=1)

# The first that finds one of its words in the description takes the line.
CATEGORIES = [
    ("christmas", ["CHRISTMAS", "XMAS", "ADVENT", "SANTA", "REINDEER", "SNOW"]),
    ("bags", [" BAG", "BAGS", "SHOPPER", "PURSE"]),
    ("lights", ["LIGHT", "CANDLE", "LANTERN", "LAMP"]),
    ("kitchen", ["MUG", "CUP", "CAKE", "TEA", "BOWL", "PLATE", "JAR", "TIN", "LUNCH", "BAKING", "KITCHEN", "GLASS"]),
    ("paper", ["PAPER", "CARD", "WRAP", "RIBBON", "NOTEBOOK", "STICKER", "TISSUE", "NAPKIN", "BUNTING", "PARTY"]),
    ("home", ["CUSHION", "CLOCK", "FRAME", "HOOK", "DRAWER", "CABINET", "MIRROR", "DOORMAT", "SIGN", "HOLDER"]),
    ("toys", ["TOY", "DOLL", "GAME", "CHILD", "PLAYHOUSE", "SPACEBOY", "DOLLY", "SKITTLES", "PUZZLE"]),
    ("garden", ["GARDEN", "PLANT", "FLOWER", "BIRD", "WATERING"]),
]


def read(path):
    """The lines as dictionaries, in the order of the file."""
    if path.suffix == ".parquet":
        import pyarrow.parquet

        return pyarrow.parquet.read_table(path).to_pylist()
    with open(path, newline="", encoding="utf-8") as file:
        return [parsed(row) for row in csv.DictReader(file)]


def parsed(row):
    return {
        **row,
        "Quantity": int(row["Quantity"]),
        "UnitPrice": float(row["UnitPrice"]),
        "CustomerID": float(row["CustomerID"]) if row["CustomerID"] else None,
        "InvoiceDate": datetime.fromisoformat(row["InvoiceDate"]),
    }


def category(description):
    text = f" {(description or '').upper()}"
    return next((name for name, words in CATEGORIES if any(word in text for word in words)), "other")


def invoices(lines):
    """The invoices and the credit notes, in the order of time."""
    found = {}
    for line in lines:
        code = str(line["StockCode"]).strip()
        customer = line["CustomerID"]
        if customer is None or customer != customer or code in NO_GOODS or line["UnitPrice"] <= 0:
            continue
        number = str(line["InvoiceNo"])
        new = {
            "number": number,
            "customer": str(int(customer)),
            "country": line["Country"],
            "at": line["InvoiceDate"],
            "goods": defaultdict(int),
            "spent": defaultdict(float),
            "lines": 0,
        }
        invoice = found.setdefault(number, new)
        invoice["goods"][code] += line["Quantity"]
        invoice["spent"][category(line["Description"])] += line["Quantity"] * line["UnitPrice"]
        invoice["lines"] += 1
    return sorted(found.values(), key=lambda invoice: (invoice["at"], invoice["number"]))


def without_slips(sorted_invoices):
    """Without the invoices that a credit note of the same goods took back within a day."""
    open_invoices = defaultdict(list)
    slips = set()
    for invoice in sorted_invoices:
        if not is_credit(invoice):
            open_invoices[invoice["customer"]].append(invoice)
            continue
        taken_back = {code: -count for code, count in invoice["goods"].items()}
        for candidate in reversed(open_invoices[invoice["customer"]]):
            if invoice["at"] - candidate["at"] > SLIP:
                break
            if dict(candidate["goods"]) == taken_back and candidate["number"] not in slips:
                slips |= {candidate["number"], invoice["number"]}
                break
    return [invoice for invoice in sorted_invoices if invoice["number"] not in slips]


def is_credit(invoice):
    return invoice["number"].startswith("C")


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("data", type=Path, help="online_retail.parquet, or the same as CSV")
    arguments.add_argument("out", type=Path, help="the directory to write to")
    arguments = arguments.parse_args()

    everything = invoices(read(arguments.data))
    kept = without_slips(everything)
    arguments.out.mkdir(parents=True, exist_ok=True)
    customers = {}
    for invoice in kept:
        customers.setdefault(invoice["customer"], invoice)
    with open(arguments.out / "leads.csv", "w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(["lead", "created_at", "country"])
        for customer, first in sorted(customers.items()):
            out.writerow([customer, instant(first["at"]), first["country"]])
    with open(arguments.out / "events.csv", "w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(["lead", "event", "at", "id", "amount", "currency", "lines", "category"])
        for invoice in kept:
            amount = sum(invoice["spent"].values())
            most = max(invoice["spent"], key=lambda name: (abs(invoice["spent"][name]), name))
            event = "cancelled" if is_credit(invoice) else "purchased"
            row = [event, instant(invoice["at"]), invoice["number"], f"{abs(amount):.2f}", "GBP"]
            out.writerow([invoice["customer"], *row, invoice["lines"], most])
    purchases = sum(1 for invoice in kept if not is_credit(invoice))
    print(f"{len(customers):,} customers, {purchases:,} purchases, {len(kept) - purchases:,} credit notes")
    print(f"{(len(everything) - len(kept)) // 2:,} invoices cancelled in full within a day are left out")


def instant(at):
    """The clock of the shop, taken as it stands."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


if __name__ == "__main__":
    main()
