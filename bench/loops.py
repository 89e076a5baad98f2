"""Scores by plain loops, written from the contract, to check the SQL by: loops.py DIRECTORY SCORES"""

import collections
import sys
from decimal import ROUND_HALF_UP, Decimal, getcontext

import duckdb

import sql

getcontext().prec = 40
MILLION = 1_000_000
RULES = {event: rest for event, *rest in sql.RULES}


def weight(hours):
    return int((MILLION * Decimal(2) ** (Decimal(-hours) / 720)).quantize(Decimal(1), ROUND_HALF_UP))


WEIGHTS = [weight(hours) for hours in range(9000)]


def held(amount, low, high):
    return max(low, min(high, amount))


def fit(lead):
    points = 0
    points += 15 * (lead["job_title"] in ("CEO", "Director general", "CTO"))
    points += 10 * (lead["job_title"] in ("VP Marketing", "Marketing Manager", "Sales Manager"))
    points += 10 * (lead["company_size"] in ("51-200", "201-1000", "1001-5000"))
    points += 5 * (lead["industry"] in ("software", "retail", "finance"))
    points += 5 * (lead["country"] in ("ES", "RO", "MX", "AR", "CO", "CL"))
    points += 5 * lead["phone_valid"]
    points -= 10 * (lead["email_domain"] in ("gmail.com", "yahoo.com", "hotmail.com"))
    points -= 25 * (lead["gibberish"] or lead["email_domain"] == "mailinator.com")
    return held(points, -50, 50)


def score(lead, events, at):
    of_day, amounts, visits, seen = collections.Counter(), collections.Counter(), 0, False
    for when, event in events:
        if when > at:
            break
        points, cap, decays, _ = RULES[event]
        visits += event in ("page_view", "pricing_view")
        seen |= event in ("page_view", "pricing_view") and at - when < 48 * sql.HOUR
        of_day[event, when // sql.DAY] += 1
        if of_day[event, when // sql.DAY] <= cap:
            amounts[event] += points * (WEIGHTS[(at - when) // sql.HOUR] if decays else MILLION)
    point = 100 * MILLION
    behaviour = 10 * point * seen + (0 if visits < 5 else 5 if visits < 21 else 10) * point
    for event, amount in amounts.items():
        limit = RULES[event][3]
        behaviour += amount if limit is None else held(amount, 0, limit * point)
    profile = fit(lead) * point if lead["created"] <= at else 0
    total = held(profile + held(behaviour, -40 * point, 80 * point), 0, 100 * point)
    return (2 * total + point) // (2 * point)


def main():
    directory, scores = sys.argv[1:]
    connection = duckdb.connect()
    leads = connection.execute(f"select *, epoch_ms(created_at) created from '{directory}/leads.parquet'")
    names = [column[0] for column in leads.description]
    leads = [dict(zip(names, row)) for row in leads.fetchall()]
    histories = collections.defaultdict(list)
    for lead, when, event in connection.execute(f"select lead_id, epoch_ms(ts), event from '{directory}/events.parquet' order by 2").fetchall():
        histories[lead].append((when, event))
    got = {row[0]: row[1:] for row in connection.execute(f"select * from '{scores}'").fetchall()}
    instants = sql.INSTANTS if len(next(iter(got.values()))) > 1 else [sql.AS_OF]
    wrong = sum(tuple(score(lead, histories[lead["lead_id"]], at) for at in instants) != got.get(lead["lead_id"]) for lead in leads)
    print(f"{scores}: {len(leads) - wrong:,} of {len(leads):,} leads as plain loops score them")
    sys.exit(wrong > 0)


if __name__ == "__main__":
    main()
