//! What each criterion alone says, and whether it could know too much.

use history::{Backtest, Power, Sign};

use super::text::{area, escaped, percent};

pub(super) fn section(test: &Backtest) -> String {
    if test.criteria.is_empty() {
        return String::new();
    }
    let rows: String = test.criteria.iter().map(row).collect();
    let suspects = test.criteria.iter().filter(|power| power.suspicion.is_some()).count();
    let says = match suspects {
        0 => "No criterion seems to know the outcome.",
        1 => "One criterion seems to know the outcome.",
        _ => "Some criteria seem to know the outcome.",
    };
    format!(
        "<section><h2>What does each criterion know?</h2><p>{says} The bar shows how well the points of the \
         criterion alone rank the leads: from the middle (says nothing) to the right (knows those who convert) or \
         to the left (knows those who do not). A bar that fills its half is no good sign: nothing honest knows \
         that much.</p><div class=\"scroll\"><table class=\"bars\"><thead><tr><th scope=\"col\">Criterion</th>\
         <th scope=\"col\">Alone</th><th scope=\"col\" class=\"n\">AUC</th><th scope=\"col\">Rests on</th></tr></thead>\
         <tbody>{rows}</tbody></table></div></section>\n"
    )
}

fn row(power: &Power) -> String {
    let auc = power.auc.unwrap_or(0.5);
    let (left, right) = (auc.min(0.5) * 100.0, auc.max(0.5) * 100.0);
    let class = if power.suspicion.is_some() { "bar alarm" } else { "bar" };
    let suspicion = power.suspicion.as_ref().map_or_else(String::new, |suspicion| {
        let sign = match suspicion.sign {
            Sign::Separates => "tells winners almost without mistake",
            Sign::GivesAway => "gives winners away",
            Sign::UndatedAndStrong => "undated, and stronger than all behaviour",
        };
        format!("<small class=\"alarm\">⚠ {sign}</small>")
    });
    let gate = if power.gate { "<small>gate</small>" } else { "" };
    format!(
        "<tr><th scope=\"row\">{}{gate}{suspicion}</th><td class=\"chart\">\
         <svg viewBox=\"0 0 100 28\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"AUC {}\">\
         <rect class=\"{class}\" x=\"{left:.2}\" y=\"7\" width=\"{:.2}\" height=\"14\"/>\
         <line class=\"middle\" x1=\"50\" x2=\"50\" y1=\"0\" y2=\"28\"/></svg></td>\
         <td class=\"n\">{}</td><td>{}</td></tr>",
        escaped(&power.name),
        area(power.auc),
        (right - left).max(0.3),
        area(power.auc),
        rests_on(power)
    )
}

fn rests_on(power: &Power) -> String {
    if power.behavioural {
        return "events".to_owned();
    }
    let one = |seen: &history::TraitPower| {
        let undated = if seen.undated > 0.5 { ", undated" } else { "" };
        format!("{} <small>known of {}{undated}</small>", escaped(&seen.path), percent(seen.known))
    };
    power.traits.iter().map(one).collect::<Vec<_>>().join("<br>")
}
