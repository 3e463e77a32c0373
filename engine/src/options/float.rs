//! Decimal numbers as floats. The standard library reads them as well, with tables of 10 kB for numbers that no option has.

/// As many digits as 128 bits hold.
const DIGITS: u32 = 38;
/// As many places after the point as leave more bits of a quotient than a float has.
const PLACES: i32 = 19;

/// Reads a decimal number as the nearest float: `10`, `-0.5`, `.5`, `5.`, `1e3`.
///
/// Of more than 38 digits, and of what is below 10^-19 or beyond 10^38, the last bit may be another.
pub(super) fn float(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse().ok()?),
        None => (unsigned, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = || whole.bytes().chain(fraction.bytes());
    if digits().next().is_none() || !digits().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let mut number = 0_u128;
    let mut power = i32::try_from(fraction.len()).ok().and_then(|places| i32::checked_sub(exponent, places))?;
    // Whether anything but zeros was left out.
    let mut has_rest = false;
    for digit in digits() {
        if number < 10_u128.pow(DIGITS - 1) {
            number = 10 * number + u128::from(digit - b'0');
        } else {
            power = power.checked_add(1)?;
            has_rest |= digit != b'0';
        }
    }
    while power < -PLACES && number > 0 {
        has_rest |= !number.is_multiple_of(10);
        number /= 10;
        power += 1;
    }
    let nearest = match number {
        0 => 0.0,
        _ if power < 0 => quotient(number, 10_u128.pow(power.unsigned_abs()), has_rest),
        _ => product(number, power, has_rest),
    };
    Some(if text.starts_with('-') { -nearest } else { nearest })
}

/// Divides with more bits than a float has; what remains is one bit more.
fn quotient(number: u128, divisor: u128, has_rest: bool) -> f64 {
    let shift = number.leading_zeros();
    let number = number << shift;
    let remains = has_rest || !number.is_multiple_of(divisor);
    ((number / divisor) | u128::from(remains)) as f64 / 2_f64.powi(shift.cast_signed())
}

fn product(mut number: u128, mut power: i32, has_rest: bool) -> f64 {
    while power > 0 && number < u128::MAX / 10 {
        number *= 10;
        power -= 1;
    }
    let mut product = (number | u128::from(has_rest)) as f64;
    while power > 0 && product.is_finite() {
        product *= 10.0;
        power -= 1;
    }
    product
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) {
        assert_eq!(float(text), text.parse().ok(), "{text}");
    }

    #[test]
    fn numbers_are_those_of_the_standard_library() {
        for text in [
            "0",
            "-0",
            "1",
            "+1",
            "-1.5",
            ".5",
            "5.",
            "0.1",
            "0.3",
            "1e3",
            "1E-3",
            "1e+3",
            "9007199254740993",
            "9007199254740992.5",
            "9007199254740993.0000000000000000000000001",
            "18446744073709551615",
            "18446744073709551616",
            "123456789012345678901234567890",
            "0.1000000000000000055511151231257827021181583404541015625",
            "1e37",
            "1e309",
            "1e-30000",
            "4.35",
            "0.000001",
            "",
            "+",
            "-",
            ".",
            "e",
            "1e",
            "1e+",
            "e1",
            "1.2.3",
            "1..2",
            "--1",
            "+-1",
            "1-",
            "1 ",
            " 1",
            "0x1",
            "1_0",
            "é",
            "1e1.5",
            "1e 1",
        ] {
            check(text);
        }
        assert_eq!(float("inf"), None);
        assert_eq!(float("NaN"), None);
    }

    #[test]
    fn all_kinds_of_numbers_are_read_as_the_nearest() {
        let mut random = 1_u64;
        let mut next = |below: u64| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (random >> 20) % below
        };
        for _ in 0..300_000 {
            let whole = next(u64::MAX) >> next(64);
            let places = next(19) as usize;
            let fraction = next(10_u64.pow(places as u32));
            check(&format!("{whole}.{fraction:0places$}"));
            check(&format!("{}e{}", whole / 7, next(30) as i64 - 15));
        }
    }
}
