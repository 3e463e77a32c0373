//! Decimal numbers as users write them.
//!
//! The standard library reads them as floating-point numbers, by tables of ten kilobytes that nothing compresses, which is much for an engine that
//! pages download. Here they are read as what they are, and multiplied without loss.

/// A decimal number: these digits, times ten to the power of the exponent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Decimal {
    digits: i64,
    exponent: i32,
}

impl Decimal {
    /// Reads a number: `15`, `-1.5`, `.5`, `5.`, `1e3`. After eighteen digits, more of them count as zeros.
    pub fn parse(text: &str) -> Option<Self> {
        let (number, exponent) = match text.split_once(['e', 'E']) {
            Some((number, exponent)) => (number, exponent.parse().ok()?),
            None => (text, 0_i32),
        };
        let unsigned = number.strip_prefix(['+', '-']).unwrap_or(number);
        let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
        let spelled = whole.bytes().chain(fraction.bytes());
        if !spelled.clone().all(|byte| byte.is_ascii_digit()) || spelled.clone().next().is_none() {
            return None;
        }
        let mut read = Self { digits: 0, exponent: exponent.checked_sub(i32::try_from(fraction.len()).ok()?)? };
        for byte in spelled {
            if read.digits < 100_000_000_000_000_000 {
                read.digits = read.digits * 10 + i64::from(byte - b'0');
            } else {
                read.exponent = read.exponent.checked_add(1)?;
            }
        }
        Some(if number.starts_with('-') { Self { digits: -read.digits, ..read } } else { read })
    }

    /// Returns so many times a unit, rounded down; the largest number there is where it is beyond all.
    pub fn of(self, unit: i128) -> i128 {
        let product = i128::from(self.digits).saturating_mul(unit);
        let power = 10_i128.checked_pow(self.exponent.unsigned_abs()).unwrap_or(i128::MAX);
        if self.exponent < 0 { product.div_euclid(power) } else { product.saturating_mul(power) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_multiplied_without_loss() {
        let check =
            |text, unit, expected| assert_eq!(Decimal::parse(text).map(|number| number.of(unit)), expected, "{text:?}");
        check("15", 1, Some(15));
        check("1.5", 1 << 10, Some(1536));
        check(".5", 1 << 10, Some(512));
        check("5.", 2, Some(10));
        check("+5", 2, Some(10));
        check("-1.5", 2, Some(-3));
        check("-0.1", 1, Some(-1));
        check("-0", 1, Some(0));
        check("1e3", 1, Some(1000));
        check("1E+3", 1, Some(1000));
        check("12.5e-1", 100, Some(125));
        // Floating-point numbers make 1000999999 of it.
        check("1.001", 1_000_000_000, Some(1_001_000_000));
        check("0.1234567890123456789999", 1_000_000_000_000_000_000, Some(123_456_789_012_345_678));
        check("12345678901234567890123", 1, Some(12_345_678_901_234_567_800_000));
        check("1e-999", 1 << 60, Some(0));
        check("0e999", 1 << 60, Some(0));
        check("1e999", 1 << 60, Some(i128::MAX));
        for refused in
            ["", "+", ".", "-.", "e3", "1e", "1e9999999999", "1.2.3", "1,5", " 1", "--1", "inf", "nan", "0x1", "é"]
        {
            check(refused, 1, None);
        }
    }
}
