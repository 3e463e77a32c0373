//! Numbers, booleans, percentages and sizes as rclone writes them.

use super::decimal::Decimal;

/// Reads a boolean: `true`, `1`, `t` and so on. The spellings are those of Go's `strconv.ParseBool`, as in rclone.
pub(super) fn boolean(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

/// Reads a whole number in decimal.
///
/// rclone also takes other bases, `010` being 8 there: leading zeros are refused rather than read differently.
pub(super) fn number(text: &str) -> Option<i64> {
    let text = text.trim();
    let digits = text.trim_start_matches(['+', '-']);
    let ambiguous = digits.len() > 1 && digits.starts_with('0');
    if ambiguous { None } else { text.parse().ok() }
}

/// Reads a percentage. More than 100 is 100, as in rclone.
pub(super) fn percentage(text: &str) -> Option<u8> {
    let value = number(text.strip_suffix('%').unwrap_or(text))?.min(100);
    u8::try_from(value).ok()
}

/// Reads a size in bytes; `Some(None)` is `off`.
///
/// The grammar of rclone's `SizeSuffix`: `10` is 10 KiB, `10B` bytes, `10M`, `10Mi` and `10MiB` are all mebibytes.
pub(super) fn size(text: &str) -> Option<Option<u64>> {
    if text.eq_ignore_ascii_case("off") {
        return Some(None);
    }
    let digits = text.trim_end_matches(|character: char| character.is_ascii_alphabetic());
    let unit = match text.strip_prefix(digits)? {
        "" => 1 << 10,
        "b" | "B" => 1,
        unit => {
            let (letter, rest) = unit.split_at_checked(1)?;
            if !matches!(rest, "" | "i" | "I" | "ib" | "iB") {
                return None;
            }
            1 << (10 * (1 + "kmgtpe".find(&letter.to_ascii_lowercase())?))
        }
    };
    // Sizes that no file has are refused.
    let bytes = i64::try_from(Decimal::parse(digits)?.of(unit)).ok()?;
    u64::try_from(bytes).ok().map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each sample was put to `rclone lsf --max-size` of rclone 1.75.2. It takes and refuses the same, but for the last two.
    #[test]
    fn sizes() {
        let check = |text, expected| assert_eq!(size(text), expected, "{text:?}");
        let bytes = |bytes| Some(Some(bytes));
        check("10", bytes(10 << 10));
        check("10B", bytes(10));
        check("10b", bytes(10));
        check("10k", bytes(10 << 10));
        check("10Ki", bytes(10 << 10));
        check("10KiB", bytes(10 << 10));
        check("10Kib", bytes(10 << 10));
        check("1kib", bytes(1 << 10));
        check("10M", bytes(10 << 20));
        check("1.5G", bytes(3 << 29));
        check(".5M", bytes(1 << 19));
        check("5.", bytes(5 << 10));
        check("+5M", bytes(5 << 20));
        check("1e3", bytes(1000 << 10));
        check("1E", bytes(1 << 60));
        check("1PiB", bytes(1 << 50));
        check("0", bytes(0));
        check("off", Some(None));
        check("OFF", Some(None));
        for refused in ["", "10KB", "-1", "10X", "10i", "M", "10 M", "inf", "0x10", "1KIB", "1Kb", "1iB", "é", "1é"] {
            check(refused, None);
        }
        for nonsense in ["nanM", "99999999999G"] {
            check(nonsense, None);
        }
    }

    #[test]
    fn booleans() {
        let check = |text, expected| assert_eq!(boolean(text), expected, "{text:?}");
        for on in ["true", "1", "t", "T", "TRUE", "True"] {
            check(on, Some(true));
        }
        for off in ["false", "0", "f", "F", "FALSE", "False"] {
            check(off, Some(false));
        }
        for refused in ["", "yes", "no", "on", "tRUE"] {
            check(refused, None);
        }
    }

    #[test]
    fn numbers() {
        let check = |text, expected| assert_eq!(number(text), expected, "{text:?}");
        check("0", Some(0));
        check("5", Some(5));
        check("-1", Some(-1));
        check("+5", Some(5));
        check(" 5", Some(5));
        check("9999999999", Some(9_999_999_999));
        for refused in ["", "08", "5.0", "x", "--5", "99999999999999999999"] {
            check(refused, None);
        }
        // rclone reads these in other bases.
        for refused in ["010", "0x10", "1_000"] {
            check(refused, None);
        }
    }

    #[test]
    fn percentages() {
        let check = |text, expected| assert_eq!(percentage(text), expected, "{text:?}");
        check("50", Some(50));
        check("50%", Some(50));
        check("0", Some(0));
        check("100", Some(100));
        check("101", Some(100));
        check("-1", None);
        check("half", None);
        check("%", None);
    }
}
