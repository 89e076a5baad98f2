//! What a reader with one minute sees: the verdict, what speaks against it, four numbers, and what
//! became of each bracket.

use history::{Backtest, BracketRow};

use super::said;
use super::text::{area, counted, date, escaped, percent, rate, times, whole};

pub(super) fn head(test: &Backtest) -> String {
    let span = match (test.cut_offs.first(), test.cut_offs.last()) {
        (Some(first), Some(last)) if first.at != last.at => {
            format!("{} to {}", date(first.at, test), date(last.at, test))
        }
        (Some(only), _) => date(only.at, test),
        _ => String::new(),
    };
    format!(
        "<header><p class=\"eyebrow\">Back-test · {span}</p>\
         <h1>Would <em>{}</em> have known who becomes <em>{}</em>?</h1>\
         <p class=\"verdict\">{}</p><p class=\"scope\">{}</p></header>\n",
        escaped(&test.model),
        escaped(&test.outcome),
        escaped(&said::verdict(test)),
        escaped(&said::scope(test))
    )
}

/// Leaks first: with one of them, nothing else on the page can be trusted.
pub(super) fn warnings(test: &Backtest) -> String {
    if test.warnings.is_empty() {
        return String::new();
    }
    let leaks = test.warnings.iter().filter(|warning| warning.code == "leak").count();
    let title = match leaks {
        0 => "Read this first",
        _ => "These numbers may be too good to be true",
    };
    let item = |warning: &history::Warning| format!("<li>{}</li>", escaped(&warning.sentence));
    let items: String = test.warnings.iter().map(item).collect();
    let class = if leaks > 0 { "warnings leak" } else { "warnings" };
    format!(
        "<aside class=\"{class}\" aria-labelledby=\"warnings\">\
         <h2 id=\"warnings\"><span aria-hidden=\"true\">⚠ </span>{title}</h2><ul>{items}</ul></aside>\n"
    )
}

pub(super) fn tiles(test: &Backtest) -> String {
    let pooled = &test.pooled;
    let tile = |name: &str, number: &str, says: &str| {
        format!("<div><dt>{name}</dt><dd><b>{number}</b><span>{says}</span></dd></div>")
    };
    let quality = pooled.auc.map_or("cannot be measured here", said::quality);
    let lift = pooled.top_decile_lift.map_or_else(|| "–".to_owned(), times);
    let fifth = said::captured(test, 0.2);
    let base = pooled.base_rate.unwrap_or_default();
    let precision = pooled.average_precision.map_or_else(String::new, |precision| {
        format!("average precision {}, by chance {}", percent(precision), percent(base))
    });
    let tiles = [
        tile(
            "Ranking (AUC)",
            &area(pooled.auc),
            &format!("{quality}; 0.50 is chance, 1.00 perfect"),
        ),
        tile("Best tenth", &lift, "as many conversions as a tenth picked blindly"),
        tile("In the best fifth", &rate(fifth), "of all conversions, for 20% of the calls"),
        tile("Base rate", &rate(pooled.base_rate), &precision),
    ];
    format!("<dl class=\"tiles\">{}</dl>\n", tiles.concat())
}

/// The table that is its own chart.
pub(super) fn brackets(test: &Backtest) -> String {
    if test.brackets.is_empty() {
        return String::new();
    }
    let most = test.brackets.iter().filter_map(|row| row.interval).map(|(_, high)| high);
    let most = most.fold(test.pooled.base_rate.unwrap_or_default(), f64::max).max(1e-9);
    let rows: String = test.brackets.iter().rev().map(|row| bracket(row, test, most)).collect();
    let base = rate(test.pooled.base_rate);
    format!(
        "<section><h2>How often did each bracket convert?</h2><p>{}</p>\
         <div class=\"scroll\"><table class=\"bars\"><thead><tr><th scope=\"col\">Bracket</th>\
         <th scope=\"col\">Converted within {}</th><th scope=\"col\" class=\"n\">Rate</th>\
         <th scope=\"col\" class=\"n\">Against average</th><th scope=\"col\" class=\"n\">Leads</th>\
         <th scope=\"col\" class=\"n\">Conversions</th></tr></thead><tbody>{rows}</tbody></table></div>\
         <p class=\"key\"><span class=\"swatch bar\"></span>rate \
         <span class=\"swatch whisker\"></span>where it probably lies (95%) \
         <span class=\"swatch base\"></span>average of all leads, {base}</p></section>\n",
        escaped(&reading(test)),
        escaped(&said::horizon(test))
    )
}

fn bracket(row: &BracketRow, test: &Backtest, most: f64) -> String {
    let name = row.bracket.as_deref().map_or_else(|| "<i>below all</i>".to_owned(), escaped);
    let from = row.from.as_deref().map(|from| format!("<small>from {}</small>", escaped(from)));
    let share = |rate: f64| rate / most * 100.0;
    let (low, high) = row.interval.unwrap_or_default();
    let said = match (row.rate, row.interval) {
        (Some(rate), Some((low, high))) => {
            format!("{}, probably between {} and {}", percent(rate), percent(low), percent(high))
        }
        _ => "no leads".to_owned(),
    };
    let bar = row.rate.map_or_else(String::new, |rate| {
        format!(
            "<rect class=\"bar\" x=\"0\" y=\"5\" width=\"{:.2}\" height=\"18\"/>\
             <line class=\"whisker\" x1=\"{:.2}\" x2=\"{:.2}\" y1=\"14\" y2=\"14\"/>",
            share(rate),
            share(low),
            share(high)
        )
    });
    let base = share(test.pooled.base_rate.unwrap_or_default());
    format!(
        "<tr><th scope=\"row\">{name}{}</th><td class=\"chart\">\
         <svg viewBox=\"0 0 100 28\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"{said}\">\
         <title>{said}</title>{bar}<line class=\"base\" x1=\"{base:.2}\" x2=\"{base:.2}\" y1=\"0\" y2=\"28\"/>\
         </svg></td><td class=\"n\"><b>{}</b></td><td class=\"n\">{}</td><td class=\"n\">{} <small>{}</small></td>\
         <td class=\"n\">{} <small>{}</small></td></tr>",
        from.unwrap_or_default(),
        rate(row.rate),
        row.lift.map_or_else(|| "–".to_owned(), times),
        whole(row.count.leads),
        percent(row.share),
        whole(row.count.conversions),
        percent(row.captured)
    )
}

fn reading(test: &Backtest) -> String {
    let Some(best) = said::best(test) else { return String::new() };
    let name = best.bracket.as_deref().unwrap_or("below all");
    let of_ten = best.rate.map_or_else(String::new, |rate| match rate * 100.0 {
        percent if percent < 1.0 => format!("{:.0} of 1,000", percent * 10.0),
        percent => format!("{percent:.0} of 100"),
    });
    format!(
        "Of the leads in ‘{name}’ {of_ten} converted. It holds {} of all leads and {} of all conversions \
         ({}).",
        percent(best.share),
        percent(best.captured),
        counted(best.count.conversions, "conversion", "conversions")
    )
}
