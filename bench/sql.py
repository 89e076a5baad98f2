"""The benchmark model (`models/rescore.yaml`) in DuckDB's SQL, in every form that was tried.

All of them give every lead exactly the score that the contract gives: amounts are whole units of
1e-8 point (hundredths of a point times millionths of a weight). Sums are taken in DOUBLE, which is
DuckDB's fastest, and loses nothing: every amount is a whole number below 2^53.
"""

HOUR, DAY, WEEK = 3_600_000, 86_400_000, 604_800_000
AS_OF = 1_763_683_200_000  # 2025-11-21T00:00:00Z
WEEKS = 52
INSTANTS = [AS_OF - (WEEKS - 1 - week) * WEEK for week in range(WEEKS)]

# event, hundredths of a point, at most per day, half-life of 720 h, limit in points
RULES = [
    ("page_view", 100, 5, True, 30),
    ("pricing_view", 500, 3, True, 40),
    ("download", 800, 2, True, None),
    ("email_open", 100, 3, True, 15),
    ("email_click", 300, 3, True, None),
    ("social_engage", 200, 2, True, None),
    ("form_submit", 1000, 2, False, 40),
    ("webinar", 1200, 1, False, None),
    ("demo_request", 2500, 1, False, None),
    ("purchase", 2000, 2, False, None),
    ("unsubscribe", -1500, 1, False, None),
    ("bounce", -2000, 1, False, None),
]
LIMITED = {code: limit for code, (*_, limit) in enumerate(RULES) if limit is not None}
CODE = "case event " + " ".join(f"when '{rule[0]}' then {code}" for code, rule in enumerate(RULES)) + " end::utinyint"

FIT = """greatest(-50, least(50,
    case when job_title in ('CEO', 'Director general', 'CTO') then 15
         when job_title in ('VP Marketing', 'Marketing Manager', 'Sales Manager') then 10 else 0 end
  + case when company_size in ('51-200', '201-1000', '1001-5000') then 10 else 0 end
  + case when industry in ('software', 'retail', 'finance') then 5 else 0 end
  + case when country in ('ES', 'RO', 'MX', 'AR', 'CO', 'CL') then 5 else 0 end
  + case when phone_valid then 5 else 0 end
  - case when email_domain in ('gmail.com', 'yahoo.com', 'hotmail.com') then 10 else 0 end
  - case when gibberish or email_domain = 'mailinator.com' then 25 else 0 end)) * 1e8::double"""

# A packed event: lead, kind (4 bits), milliseconds since PACKED_SINCE (36 bits, two years).
PACKED_SINCE = 1_700_000_000_000
PACK = f"(lead::bigint << 40) | (code::bigint << 36) | (ms - {PACKED_SINCE})"
UNPACK = f"(key >> 40)::uinteger lead, ((key >> 36) & 15)::utinyint code, (key & {(1 << 36) - 1}) + {PACKED_SINCE} ms"


def source(events, lead, instant):
    """Events of a file, with a number for the kind and for the instant."""
    return f"select {lead} lead, {CODE} code, epoch_ms({instant}) ms from {events}"


def caps(of):
    """The CASE over `code` that picks one of `of[1]`, `of[2]`, ... by the cap of its kind."""
    return "(case " + " ".join(
        f"when code in ({', '.join(str(code) for code, rule in enumerate(RULES) if rule[2] == cap)}) then {text}"
        for cap, text in of.items()
    ) + " end)"


CAP = caps({cap: cap for cap in (1, 2, 3, 5)})
DECAYING = sum(rule[3] for rule in RULES)  # they come first
WEIGHT = f"(case when code < {DECAYING} then round(1e6 * pow(2.0, -(({AS_OF} - ms) // {HOUR}) / 720.0)) else 1e6::double end)"


def scores(rows, leads, lead):
    """From rows of (lead, code, w: weights counted, n: events, last: ms) to everyone's score."""
    free = "case code " + " ".join(f"when {code} then {rule[1]}" for code, rule in enumerate(RULES) if code not in LIMITED) + " end"
    parts = [f"least({limit}e8, {RULES[code][1]} * coalesce(sum(w) filter (code = {code}), 0))" for code, limit in LIMITED.items()]
    parts.append(f"coalesce(sum(w * ({free})) filter (code not in ({', '.join(map(str, LIMITED))})), 0)")
    return f"""
 engagement as (
  select lead, {' + '.join(parts)} units, coalesce(sum(n) filter (code < 2), 0) visits, max(last) filter (code < 2) seen
  from {rows} group by lead),
 fit as (select {lead} lead, case when created_at <= make_timestamp({AS_OF} * 1000) then {FIT} else 0 end units from {leads}),
 total as (
  select lead, least(1e10, greatest(0, fit.units + greatest(-4e9, least(8e9, coalesce(engagement.units, 0)
    + case when {AS_OF} - seen < {48 * HOUR} then 1e9 else 0 end
    + case when visits > 20 then 1e9 when visits >= 5 then 5e8 else 0 end)))) units
  from fit left join engagement using (lead))
 select lead, floor((units + 5e7) / 1e8)::utinyint score from total"""


def before(over):
    """The day of the event 1, 2, 3 and 5 before, among those of one lead and kind."""
    return ", ".join(f"lag(day, {cap}) over {over} day{cap}" for cap in (1, 2, 3, 5))


def counted_by_lag(events, over="()"):
    """Events in the order of lead, kind and instant: one is too many where the one `cap` before it
    is of the same lead, kind and day."""
    day = f"(lead::bigint << 24) | (code::bigint << 20) | (ms // {DAY})"
    return f"""select lead, code, ms, day is distinct from {caps({cap: f'day{cap}' for cap in (1, 2, 3, 5)})} counts
  from (select *, {before(over)} from (select *, {day} as day from {events}))"""


def by_lag(events):
    return f"""counted as ({counted_by_lag(events)}),
 row as (select lead, code, case when counts then {WEIGHT} else 0 end w, 1 n, ms last from counted),"""


def form_sorted(events):
    """One sort of packed events, then a stream of lags."""
    return f"""with packed as not materialized (select {UNPACK} from (select {PACK} key from ({events}) where ms <= {AS_OF} order by key)),
 {by_lag('packed')}"""


def form_clustered(events):
    """A stream of lags over a table that is clustered by lead, kind and instant."""
    return f"with event as not materialized (select * from ({events}) where ms <= {AS_OF}),\n {by_lag('event')}"


def form_window(events):
    """A window per lead, kind and day."""
    return f"""with event as ({events}),
 numbered as (select *, row_number() over (partition by lead, code, ms // {DAY} order by ms) r from event where ms <= {AS_OF}),
 row as (select lead, code, count(*)::int n, coalesce(sum({WEIGHT}) filter (r <= {CAP}), 0) w, max(ms) last from numbered group by lead, code),"""


def form_lists(events):
    """Per lead, kind and day the five smallest weights: the first events of a day weigh least."""
    return f"""with event as ({events}),
 row as (select lead, code, ms // {DAY} as day, count(*)::int n, list_sum(list_slice(min({WEIGHT}, 5), 1, {CAP})) w, max(ms) last
   from event where ms <= {AS_OF} group by lead, code, day),"""


def form_residue(events):
    """Sums per lead, kind and day; the window only for those with too many events."""
    return f"""with event as not materialized ({events}),
 daily as materialized (select lead, code, ms // {DAY} as day, count(*)::int n, sum({WEIGHT}) w, max(ms) last
   from event where ms <= {AS_OF} group by lead, code, day),
 busy as materialized (select lead, code, day from daily where n > {CAP}),
 residue as (select lead, code, count(*)::int n, coalesce(sum({WEIGHT}) filter (r <= {CAP}), 0) w, max(ms) last from
  (select e.*, row_number() over (partition by e.lead, e.code, e.ms // {DAY} order by e.ms) r
   from event e semi join busy b on e.lead = b.lead and e.code = b.code and e.ms // {DAY} = b.day where e.ms <= {AS_OF})
  group by lead, code, ms // {DAY}),
 row as (select lead, code, n, w, last from daily where n <= {CAP} union all select * from residue),"""


FORMS = {
    "sorted": form_sorted,
    "window": form_window,
    "residue": form_residue,
    "lists": form_lists,
    "clustered": form_clustered,
}


def score(form, events, leads, lead):
    return FORMS[form](events) + scores("row", leads, lead)


def table_of_weights():
    """Per kind and hour of the event the units that it gives at each of the 52 instants. Events with
    (hour - 1) h < ms <= hour h are of one age in whole hours at all of them."""
    columns = ", ".join(
        f"(case when hour * {HOUR} > {at} then 0 when decays then round(1e6 * pow(2.0, -({at // HOUR} - hour) / 720.0)) else 1e6 end * points)::double w{week}"
        for week, at in enumerate(INSTANTS)
    )
    rules = ", ".join(f"({code}, {rule[1]}, {rule[3]})" for code, rule in enumerate(RULES))
    return f"""create or replace table weights as select code, hour, {columns}
 from (values {rules}) rule(code, points, decays), range({AS_OF // HOUR - 8800}, {AS_OF // HOUR + 1}) hours(hour)"""


def table_of_counted():
    """The events that count at all. The stream of lags has one thread, what follows has all of them."""
    counted = counted_by_lag(f"(select * from event where ms <= {AS_OF})")
    return f"create or replace temp table counted as select lead, code, ms from ({counted}) where counts"


def instants(first, beyond):
    """Scores of leads `first..beyond` at 52 instants, from tables clustered by lead, kind and
    instant: events that count at all, times their 52 weights, summed per criterion, then per lead."""
    some = f"lead >= {first} and lead < {beyond}"
    every = lambda text: ", ".join(text(week, at) for week, at in enumerate(INSTANTS))
    criterion = f"(case when counted.code in ({', '.join(map(str, LIMITED))}) then counted.code else 2 end)::utinyint"
    limit = "(case criterion " + " ".join(f"when {code} then {limit}e8" for code, limit in LIMITED.items()) + " else 9e15 end)::double"
    total = lambda week, at: (
        f"floor((least(1e10, greatest(0e0, case when created <= {at} then fit else 0e0 end + greatest(-4e9, least(8e9, coalesce(w{week}, 0e0)"
        f" + case when (seen >> {week}) & 1 = 1 then 1e9 else 0e0 end"
        f" + case when visit21 <= {at} then 1e9 when visit5 <= {at} then 5e8 else 0e0 end)))) + 5e7) / 1e8)::utinyint s{week}"
    )
    return f"""with criteria as (select lead, {criterion} criterion, {every(lambda week, _: f'sum(w{week}) w{week}')}
  from counted join weights on weights.code = counted.code and weights.hour = (ms + {HOUR - 1}) // {HOUR} where {some} group by all),
 engagement as (select lead, {every(lambda week, _: f'sum(least(w{week}, {limit})) w{week}')} from criteria group by lead),
 visits as (select lead, list_extract(visits, 5) visit5, list_extract(visits, 21) visit21, seen from (
  select lead, min(ms, 21) visits, bit_or(
    case when ({AS_OF} - ms) % {WEEK} < {48 * HOUR} and ({AS_OF} - ms) // {WEEK} < {WEEKS}
    then 1::bigint << greatest(0, {WEEKS - 1} - ({AS_OF} - ms) // {WEEK}) else 0 end) seen
  from event where {some} and ms <= {AS_OF} and code < 2 group by lead)),
 known as (select lead, epoch_ms(created_at) created, {FIT} fit from lead where {some})
 select lead, {every(total)}
 from known left join engagement using (lead) left join visits using (lead)"""
