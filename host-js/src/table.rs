//! What the command for Node asks the table of options, beyond what is written into `flags.ts`.

use bisync_engine::json::Json;
use bisync_engine::options::{self, FilterTest, Given, Kind, Options, Value, find};
use bisync_engine::path::RelPath;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use super::{received, thrown, unreadable};

/// Returns what is wrong with an option: that it does not exist, or that it does not take the value.
#[wasm_bindgen(js_name = checkOption)]
pub fn check_option(name: String, value: String) -> Option<String> {
    Options::parse(&[(name, value)]).err().map(|error| error.to_string())
}

/// Says what an option accepts, to follow "it takes".
#[wasm_bindgen]
pub fn accepted(name: &str) -> Option<String> {
    find(name).map(|spec| spec.kind.accepted())
}

/// Returns the word that is written most similarly to a text, when that may be a slip.
#[wasm_bindgen]
pub fn nearest(text: &str, words: Vec<String>) -> Option<String> {
    options::nearest(text, words.iter().map(String::as_str)).map(str::to_owned)
}

/// Returns which of the options count that several places give, each by its number among those of all places.
///
/// # Errors
/// Throws when it is given something else than names and values, as JSON.
#[wasm_bindgen]
pub fn merge(places: &str) -> Result<Vec<u32>, JsValue> {
    let places = Json::parse(places.as_bytes()).and_then(received::places).map_err(unreadable)?;
    let mut numbers = 0..;
    let places = places.into_iter().map(|place| {
        let numbered = place.into_iter().zip(numbers.by_ref());
        numbered.filter_map(|((name, value), origin)| Some(Given { spec: find(&name)?, value, origin })).collect()
    });
    Ok(options::merge(places).into_iter().map(|given| given.origin).collect())
}

/// Says whether a path takes part, and what decides.
///
/// # Errors
/// Throws when it is given something else than what is asked, as JSON, or when a rule or the path cannot be read.
#[wasm_bindgen(js_name = filterTest)]
pub fn filter_test(asked: &str) -> Result<String, JsValue> {
    let asked = Json::parse(asked.as_bytes()).and_then(received::filter_asked).map_err(unreadable)?;
    let received::FilterAsked { options, now, utc_offset_seconds, path, found, held } = asked;
    let options = Options::parse(&options).map_err(|error| thrown(&error.to_string()))?;
    let test = FilterTest::new(&options, now, utc_offset_seconds).map_err(|error| thrown(&error.to_string()))?;
    let holds = |directory: &RelPath, name: &str| {
        directory.join(name).is_ok_and(|path| held.iter().any(|held| held == path.as_str()))
    };
    test.explain(&path, found.as_ref(), holds).map_err(|error| thrown(&error.to_string()))
}

/// Returns a duration in milliseconds; nothing when it is off.
#[wasm_bindgen(js_name = durationMs)]
pub fn duration_ms(text: &str) -> Option<f64> {
    let Value::DurationNs(duration_ns) = Value::parse(Kind::Duration, text)? else { return None };
    duration_ns.map(|duration_ns| duration_ns as f64 / 1e6)
}

/// Returns a limit of `--bwlimit` in bytes a second, so many minutes after the beginning of Sunday; nothing when it is off.
///
/// `way` is `up` for what goes to a server, `down` for what comes from one, and anything else for what is copied in all.
#[wasm_bindgen(js_name = bandwidthAt)]
pub fn bandwidth_at(text: &str, minute_of_week: u32, way: &str) -> Option<f64> {
    let Value::Bandwidth(timetable) = Value::parse(Kind::Bandwidth, text)? else { return None };
    let bandwidth = timetable.at(minute_of_week);
    let limit = match way {
        "up" => bandwidth.up,
        "down" => bandwidth.down,
        _ => bandwidth.within_machine(),
    };
    limit.map(|limit| limit as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_milliseconds() {
        let check = |text, expected| assert_eq!(duration_ms(text), expected, "{text}");
        check("1.5", Some(1500.0));
        check("2m", Some(120_000.0));
        check("1us", Some(0.001));
        check("0", Some(0.0));
        check("off", None);
    }

    #[test]
    fn limits_depend_on_the_way_and_the_time() {
        let check = |text, minute, expected| {
            let limits = ["all", "up", "down"].map(|way| bandwidth_at(text, minute, way));
            assert_eq!(limits, expected, "{text} at {minute}");
        };
        check("off", 0, [None; 3]);
        check("1k", 0, [Some(1024.0); 3]);
        check("1k:2k", 0, [Some(2048.0), Some(1024.0), Some(2048.0)]);
        check("1k:off", 0, [None, Some(1024.0), None]);
        check("08:00,1k 09:00,off", 8 * 60, [Some(1024.0); 3]);
        check("08:00,1k 09:00,off", 9 * 60, [None; 3]);
    }
}
