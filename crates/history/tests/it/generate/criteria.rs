//! Criteria of every kind, and the conditions and event patterns that they are made of.

use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value as Json, json};

use super::tests_of_values::test;
use super::values::points;
use super::{EVENTS, PROPERTIES, TRAITS, Wanted, duration};

/// Which criteria are wanted.
pub(super) fn criterion(wanted: Wanted) -> BoxedStrategy<Map<String, Json>> {
    let rule = prop_oneof![
        3 => trait_criterion(),
        2 => bands_criterion(),
        2 => when_criterion(),
        6 => events_criterion(),
        3 => tiers_criterion(),
        2 => curve_criterion(wanted),
    ];
    let limit = option::weighted(0.4, limit());
    (rule, limit)
        .prop_map(|(mut criterion, limit)| {
            if let Some(limit) = limit {
                criterion.insert("limit".into(), limit);
            }
            criterion
        })
        .boxed()
}

/// A two-sided limit.
pub(super) fn limit() -> impl Strategy<Value = Json> {
    (-4000..=0_i64, 0..6000_i64, 0..3_usize).prop_map(|(low, high, shape)| match shape {
        0 => json!([points(low / 100 * 100), points(high / 100 * 100)]),
        1 => json!([points(low), points(high)]),
        _ => json!([points(low), points(low + high / 2)]),
    })
}

/// Points: mostly whole and positive, now and then to the hundredth or negative.
pub(super) fn some_points() -> impl Strategy<Value = Json> {
    prop_oneof![
        5 => (1..40_i64).prop_map(|whole| points(whole * 100)),
        2 => (-30..0_i64).prop_map(|whole| points(whole * 100)),
        2 => (-3000..4000_i64).prop_map(points),
        1 => Just(points(0)),
    ]
}

fn trait_test() -> BoxedStrategy<Map<String, Json>> {
    select(&TRAITS[..])
        .prop_flat_map(|path| {
            test(path).prop_map(move |mut test| {
                test.insert("trait".into(), json!(path));
                test
            })
        })
        .boxed()
}

fn three_points() -> impl Strategy<Value = Map<String, Json>> {
    let other = || option::weighted(0.4, some_points());
    (some_points(), other(), other()).prop_map(|(points, otherwise, unknown)| {
        let mut keys = Map::from_iter([("points".to_owned(), points)]);
        keys.extend(otherwise.map(|points| ("otherwise".to_owned(), points)));
        keys.extend(unknown.map(|points| ("unknown".to_owned(), points)));
        keys
    })
}

fn trait_criterion() -> BoxedStrategy<Map<String, Json>> {
    (trait_test(), three_points())
        .prop_map(|(mut criterion, points)| {
            criterion.extend(points);
            criterion
        })
        .boxed()
}

fn when_criterion() -> BoxedStrategy<Map<String, Json>> {
    (condition(), three_points())
        .prop_map(|(when, mut criterion)| {
            criterion.insert("when".into(), when);
            criterion
        })
        .boxed()
}

/// Any condition: tests, events, and nestings of them.
pub(super) fn condition() -> BoxedStrategy<Json> {
    let leaf = prop_oneof![
        trait_test().prop_map(Json::Object),
        event_condition(pattern()).prop_map(Json::Object),
    ];
    leaf.prop_recursive(3, 8, 3, |inner| {
        let parts = proptest::collection::vec(inner.clone(), 1..4);
        prop_oneof![
            parts.clone().prop_map(|parts| json!({"all": parts})),
            parts.prop_map(|parts| json!({"any": parts})),
            inner.prop_map(|inner| json!({"not": inner})),
        ]
    })
    .boxed()
}

/// "At least so many such events, within this time."
pub(super) fn event_condition(
    pattern: BoxedStrategy<Map<String, Json>>,
) -> impl Strategy<Value = Map<String, Json>> {
    let at_least = option::weighted(0.3, 1..4_u32);
    (pattern, option::of(duration()), at_least).prop_map(|(mut keys, within, at_least)| {
        keys.extend(within.map(|within| ("within".to_owned(), json!(within))));
        keys.extend(at_least.map(|at_least| ("at_least".to_owned(), json!(at_least))));
        keys
    })
}

/// `event` and `where`.
fn pattern() -> BoxedStrategy<Map<String, Json>> {
    pattern_over(&PROPERTIES)
}

/// `event` and `where`, whose answer never changes with time.
pub(super) fn pattern_without_dates() -> BoxedStrategy<Map<String, Json>> {
    pattern_over(&PROPERTIES[..4])
        .prop_map(|mut keys| {
            if let Some(Json::Object(properties)) = keys.get_mut("where") {
                for test in properties.values_mut().filter_map(Json::as_object_mut) {
                    test.retain(|key, _| key != "within" && key != "older_than");
                    if test.is_empty() || test.keys().all(|key| key == "exact") {
                        *test = Map::from_iter([("exists".to_owned(), json!(true))]);
                    }
                }
            }
            keys
        })
        .boxed()
}

fn pattern_over(paths: &'static [&'static str]) -> BoxedStrategy<Map<String, Json>> {
    let name = select(&EVENTS[..5]);
    let names = prop_oneof![
        3 => name.prop_map(|name| json!(name)),
        1 => proptest::sample::subsequence(EVENTS.to_vec(), 2..4).prop_map(|names| json!(names)),
    ];
    let property = select(paths)
        .prop_flat_map(|path| test(path).prop_map(move |test| (path, Json::Object(test))));
    let properties = prop_oneof![
        3 => Just(Vec::new()),
        3 => proptest::collection::vec(property.clone(), 1..=1),
        1 => proptest::collection::vec(property, 2..=3),
    ];
    (names, properties)
        .prop_map(|(names, properties)| {
            let mut keys = Map::from_iter([("event".to_owned(), names)]);
            if !properties.is_empty() {
                let tests: Map<_, _> =
                    properties.into_iter().map(|(path, test)| (path.to_owned(), test)).collect();
                keys.insert("where".into(), Json::Object(tests));
            }
            keys
        })
        .boxed()
}

/// A pattern with `count` and `within`.
fn counting() -> impl Strategy<Value = Map<String, Json>> {
    with_count(pattern())
}

/// The same of any pattern.
pub(super) fn with_count(
    pattern: BoxedStrategy<Map<String, Json>>,
) -> impl Strategy<Value = Map<String, Json>> {
    let period = select(&["hour", "day", "week", "month", "ever"][..]);
    let count = (1..4_u32, period).prop_map(|(n, per)| json!({"at_most": n, "per": per}));
    (pattern, option::weighted(0.5, count), option::weighted(0.4, duration())).prop_map(
        |(mut keys, count, within)| {
            keys.extend(count.map(|count| ("count".to_owned(), count)));
            keys.extend(within.map(|within| ("within".to_owned(), json!(within))));
            keys
        },
    )
}

fn events_criterion() -> BoxedStrategy<Map<String, Json>> {
    (counting(), option::weighted(0.8, decay()), some_points())
        .prop_map(|(mut criterion, decay, points)| {
            criterion.extend(decay.map(|decay| ("decay".to_owned(), decay)));
            criterion.insert("points".into(), points);
            criterion
        })
        .boxed()
}

pub(super) fn decay() -> BoxedStrategy<Json> {
    let length = || {
        select(&["90min", "1h", "5h", "36h", "7d", "1w", "10d", "640h", "1000000s", "12.5h"][..])
    };
    let lose = select(&["25%", "10%", "33%", "100%", "1%", "12.5%"][..]);
    prop_oneof![
        length().prop_map(|length| json!({"half_life": length})),
        length().prop_map(|length| json!({"linear": length})),
        (lose, length()).prop_map(|(lose, every)| json!({"step": {"lose": lose, "every": every}})),
        length().prop_map(|length| json!({"expires": length})),
    ]
    .boxed()
}

/// Rows that touch, now and then with a gap, now and then without an end.
fn rows(bounds: BoxedStrategy<Vec<Json>>) -> BoxedStrategy<Json> {
    (bounds, proptest::collection::vec(some_points(), 5), 0..3_usize)
        .prop_map(|(bounds, points, shape)| {
            let mut rows = Vec::new();
            for (index, bound) in bounds.iter().enumerate() {
                let mut row = Map::new();
                match shape {
                    0 => row.insert("below".into(), bound.clone()),
                    1 => {
                        if index > 0 {
                            row.insert("at_least".into(), bounds[index - 1].clone());
                        }
                        row.insert("below".into(), bound.clone())
                    }
                    // From the highest down, each taking what is left above its bound.
                    _ => row.insert("at_least".into(), bounds[bounds.len() - 1 - index].clone()),
                };
                row.insert("points".into(), points[index].clone());
                rows.push(Json::Object(row));
            }
            if shape == 0 {
                rows.push(json!({"points": points[4]}));
            }
            Json::Array(rows)
        })
        .boxed()
}

fn bands_criterion() -> BoxedStrategy<Map<String, Json>> {
    let numbers = vec![json!(-3), json!(0), json!(2.5), json!(10), json!(100), json!(250)];
    let bounds = proptest::sample::subsequence(numbers, 1..4).boxed();
    let path =
        prop_oneof![4 => select(&["size", "company.employees"][..]), 1 => select(&TRAITS[..6])];
    (path, rows(bounds), option::of(some_points()))
        .prop_map(|(path, bands, unknown)| {
            let mut criterion = Map::new();
            criterion.insert("trait".into(), json!(path));
            criterion.insert("bands".into(), bands);
            criterion.extend(unknown.map(|points| ("unknown".to_owned(), points)));
            criterion
        })
        .boxed()
}

fn tiers_criterion() -> BoxedStrategy<Map<String, Json>> {
    let counts = (1..6).map(|count| json!(count)).collect::<Vec<_>>();
    let bounds = proptest::sample::subsequence(counts, 1..4).boxed();
    (counting(), rows(bounds))
        .prop_map(|(mut criterion, tiers)| {
            criterion.insert("tiers".into(), tiers);
            criterion
        })
        .boxed()
}

fn curve_criterion(wanted: Wanted) -> BoxedStrategy<Map<String, Json>> {
    let short = ["0h", "1h", "2h", "1d", "36h", "7d", "9d", "20d"];
    // Rising whatever the length of the months.
    let long = ["0mo", "1d", "7d", "1mo", "40d", "2mo", "70d", "4mo"];
    let ats = if wanted.long_curves { long } else { short };
    (pattern(), proptest::sample::subsequence(ats.to_vec(), 1..6))
        .prop_flat_map(|(since, ats)| {
            let points = proptest::collection::vec(some_points(), ats.len());
            points.prop_map(move |points| {
                let knots: Vec<_> = ats
                    .iter()
                    .zip(points)
                    .map(|(at, points)| json!({"at": at, "points": points}))
                    .collect();
                Map::from_iter([
                    ("since".to_owned(), Json::Object(since.clone())),
                    ("curve".to_owned(), Json::Array(knots)),
                ])
            })
        })
        .boxed()
}
