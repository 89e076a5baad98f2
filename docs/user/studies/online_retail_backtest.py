#!/usr/bin/env python3
"""Asks a loyalty model at several cut-offs: who orders again?

    python3 online_retail_backtest.py MODEL DATA [--madura madura] [--horizon 60] CUT-OFF ...

DATA is what online_retail.py has written. A back-test leaves out whoever had the outcome before, and
every customer has bought before. So each cut-off gets an outcome of its own, `bought_again`: the
purchases after that day, in a file of their own, which the model does not look at. Prints the
figures of each cut-off, and all of them together by bracket.
"""

import argparse
import csv
import json
import subprocess
import tempfile
from pathlib import Path


def backtest(arguments, cut_off):
    """What `madura backtest` says of one cut-off."""
    events = arguments.data / "events.csv"
    with tempfile.TemporaryDirectory() as directory:
        after = Path(directory) / "after.csv"
        with open(events, newline="", encoding="utf-8") as source, open(after, "w", newline="", encoding="utf-8") as file:
            out = csv.writer(file)
            out.writerow(["lead", "event", "at"])
            for row in csv.DictReader(source):
                # The cut-off is midnight in the model's time zone, an hour before this at most.
                if row["event"] == "purchased" and row["at"] >= f"{cut_off}T00:00:00Z":
                    out.writerow([row["lead"], "bought_again", row["at"]])
        command = [arguments.madura, "backtest", "--quiet", "--json", str(arguments.model)]
        command += ["--leads", str(arguments.data / "leads.csv"), "--events", str(events), "--events", str(after)]
        command += ["--outcome", "bought_again", "--horizon", f"{arguments.horizon}d", "--from", cut_off, "--to", cut_off]
        return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("model", type=Path)
    arguments.add_argument("data", type=Path)
    arguments.add_argument("cut_offs", nargs="+", metavar="CUT-OFF", help="a date such as 2011-07-31")
    arguments.add_argument("--madura", default="madura", help="the program")
    arguments.add_argument("--horizon", type=int, default=60, help="days (60)")
    arguments = arguments.parse_args()

    print("cut-off     customers  bought again    rate    AUC  best tenth")
    pooled = {}
    for cut_off in arguments.cut_offs:
        said = backtest(arguments, cut_off)
        all_of_them = said["pooled"]
        print(
            f"{cut_off}  {all_of_them['leads']:9,}  {all_of_them['conversions']:12,}  {all_of_them['base_rate']:6.1%}"
            f"  {all_of_them['auc']:5.3f}  {all_of_them['top_decile_lift']:9.2f}x"
        )
        for row in said["brackets"]:
            leads, conversions = pooled.get(row["bracket"], (0, 0))
            pooled[row["bracket"]] = (leads + row["leads"], conversions + row["conversions"])

    leads = sum(leads for leads, _ in pooled.values())
    base = sum(conversions for _, conversions in pooled.values()) / leads
    print(f"\nall cut-offs together: {leads:,} customers, {base:.1%} bought again")
    print("bracket          customers  bought again    rate   lift")
    for bracket, (leads, conversions) in sorted(pooled.items(), key=lambda item: -item[1][1] / max(item[1][0], 1)):
        rate = conversions / max(leads, 1)
        print(f"{bracket:15}  {leads:9,}  {conversions:12,}  {rate:6.1%}  {rate / base:4.2f}x")


if __name__ == "__main__":
    main()
