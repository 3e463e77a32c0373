//! From text to a tree (RFC 8259).

use super::{Fields, Json, JsonError};

/// Values lie at most so deep within each other.
const DEPTH: u32 = 100;
/// An object has at most so many fields: each one is compared with all before it.
const MOST_FIELDS: usize = 100;

/// Reads a text.
pub fn parse(text: &[u8]) -> Result<Json, JsonError> {
    let text = std::str::from_utf8(text).map_err(|_| JsonError::new("it is not UTF-8"))?;
    let mut parser = Parser { text, rest: text };
    let value = parser.value(DEPTH)?;
    parser.skip_space();
    if parser.rest.is_empty() { Ok(value) } else { Err(parser.wrong("something follows")) }
}

struct Parser<'text> {
    text: &'text str,
    rest: &'text str,
}

impl<'text> Parser<'text> {
    fn value(&mut self, depth: u32) -> Result<Json, JsonError> {
        let Some(depth) = depth.checked_sub(1) else { return Err(self.wrong("it is too deep")) };
        self.skip_space();
        match self.rest.bytes().next() {
            Some(b'{') => self.object(depth).map(Json::Fields),
            Some(b'[') => self.list(depth).map(Json::List),
            Some(b'"') => self.string().map(Json::Text),
            Some(b'-' | b'0'..=b'9') => self.number().map(|number| Json::Number(number.into())),
            _ if self.takes("null") => Ok(Json::Null),
            _ if self.takes("true") => Ok(Json::Truth(true)),
            _ if self.takes("false") => Ok(Json::Truth(false)),
            _ => Err(self.wrong("expected value")),
        }
    }

    fn object(&mut self, depth: u32) -> Result<Fields, JsonError> {
        let mut fields: Vec<(String, Json)> = Vec::new();
        let mut is_open = self.opens("{", "}");
        while is_open {
            self.skip_space();
            let name = self.string()?;
            if fields.len() == MOST_FIELDS {
                return Err(self.wrong(&format!("an object has more than {MOST_FIELDS} fields")));
            }
            if fields.iter().any(|(known, _)| *known == name) {
                return Err(self.wrong(&format!("duplicate field `{name}`")));
            }
            self.skip_space();
            if !self.takes(":") {
                return Err(self.wrong("expected `:`"));
            }
            let value = self.value(depth)?;
            fields.push((name, value));
            is_open = self.goes_on("}", "expected `,` or `}`")?;
        }
        Ok(Fields(fields))
    }

    fn list(&mut self, depth: u32) -> Result<Vec<Json>, JsonError> {
        let mut list = Vec::new();
        let mut is_open = self.opens("[", "]");
        while is_open {
            list.push(self.value(depth)?);
            is_open = self.goes_on("]", "expected `,` or `]`")?;
        }
        Ok(list)
    }

    /// Takes what begins values; returns false when they end at once.
    fn opens(&mut self, begin: &str, end: &str) -> bool {
        self.takes(begin);
        self.skip_space();
        !self.takes(end)
    }

    /// Takes what follows a value; returns false when it was the last one.
    fn goes_on(&mut self, end: &str, problem: &str) -> Result<bool, JsonError> {
        self.skip_space();
        if self.takes(",") {
            Ok(true)
        } else if self.takes(end) {
            Ok(false)
        } else {
            Err(self.wrong(problem))
        }
    }

    fn number(&mut self) -> Result<&'text str, JsonError> {
        let is_part = |byte: u8| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
        let length = self.rest.bytes().take_while(|byte| is_part(*byte)).count();
        let (number, rest) = self.rest.split_at(length);
        if !is_number(number) {
            return Err(self.wrong("invalid number"));
        }
        self.rest = rest;
        Ok(number)
    }

    fn string(&mut self) -> Result<String, JsonError> {
        if !self.takes("\"") {
            return Err(self.wrong("expected `\"`"));
        }
        let mut text = String::new();
        loop {
            let is_plain = |byte: &u8| !matches!(byte, b'"' | b'\\' | 0..0x20);
            // Bytes of characters beyond ASCII are all plain, so this is never within one.
            let (plain, rest) = self.rest.split_at(self.rest.bytes().take_while(is_plain).count());
            text.push_str(plain);
            self.rest = rest;
            if self.takes("\"") {
                return Ok(text);
            } else if self.takes("\\") {
                text.push(self.escaped()?);
            } else if rest.is_empty() {
                return Err(self.wrong("a text does not end"));
            } else {
                return Err(self.wrong("a control character is not escaped"));
            }
        }
    }

    /// Reads what follows a backslash.
    fn escaped(&mut self) -> Result<char, JsonError> {
        let mut characters = self.rest.chars();
        let character = match characters.next() {
            Some(character @ ('"' | '\\' | '/')) => character,
            Some('b') => '\u{8}',
            Some('f') => '\u{c}',
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some('u') => return self.unit_escape().ok_or_else(|| self.wrong("invalid escape")),
            _ => return Err(self.wrong("invalid escape")),
        };
        self.rest = characters.as_str();
        Ok(character)
    }

    /// Reads `uXXXX`, or two of them that make one character.
    fn unit_escape(&mut self) -> Option<char> {
        let first = self.unit()?;
        if !(0xd800..0xdc00).contains(&first) {
            return char::from_u32(first);
        }
        self.rest = self.rest.strip_prefix('\\')?;
        let second = self.unit()?.checked_sub(0xdc00).filter(|second| *second < 0x400)?;
        char::from_u32(0x10000 + ((first - 0xd800) << 10) + second)
    }

    fn unit(&mut self) -> Option<u32> {
        let (digits, rest) = self.rest.strip_prefix('u')?.split_at_checked(4)?;
        self.rest = rest;
        // The parser would take a sign.
        u32::from_str_radix(digits, 16).ok().filter(|_| !digits.starts_with('+'))
    }

    fn skip_space(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\n', '\r']);
    }

    fn takes(&mut self, token: &str) -> bool {
        let rest = self.rest.strip_prefix(token);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn wrong(&self, problem: &str) -> JsonError {
        JsonError::new(format!("{problem} at byte {}", self.text.len() - self.rest.len() + 1))
    }
}

/// Returns true for what JSON takes for a number: no `+` or `0` before it, and digits on both sides of a point.
fn is_number(text: &str) -> bool {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    let whole = whole.strip_prefix('-').unwrap_or(whole);
    let exponent = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
    let are_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    [whole, fraction, exponent].into_iter().all(are_digits) && (whole == "0" || !whole.starts_with('0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks a text against serde's reading of it.
    fn check(text: &str) {
        let expected: Option<serde_json::Value> = serde_json::from_str(text).ok();
        let actual = parse(text.as_bytes()).ok().map(|value| like_serde(&value));
        assert_eq!(actual, expected, "{text}");
    }

    fn like_serde(value: &Json) -> serde_json::Value {
        match value {
            Json::Null => serde_json::Value::Null,
            Json::Truth(truth) => (*truth).into(),
            Json::Number(number) => serde_json::from_str(number).unwrap(),
            Json::Text(text) => text.as_str().into(),
            Json::List(list) => list.iter().map(like_serde).collect(),
            Json::Fields(Fields(fields)) => {
                fields.iter().map(|(name, value)| (name.clone(), like_serde(value))).collect()
            }
        }
    }

    #[test]
    fn json_is_read_as_serde_reads_it() {
        for text in [
            "null",
            "true",
            "false",
            " true ",
            "nul",
            "nulll",
            "True",
            "",
            " ",
            "{",
            "}",
            "[",
            "]",
            "[]",
            "{}",
            "[ ]",
            "{ }",
            "[1,2]",
            "[1,]",
            "[,1]",
            "[1 2]",
            "[1",
            "{\"a\":1,\"b\":[{}]}",
            "{\"a\" : 1 , \"b\" : 2}",
            "{\"a\":1,}",
            "{\"a\"}",
            "{\"a\":}",
            "{a:1}",
            "{\"a\":1",
            "{1:1}",
            "1 2",
            "{} {}",
            "\u{a0}1",
            "0",
            "-0",
            "01",
            "-01",
            "-",
            "1",
            "-12",
            "+1",
            "1.5",
            "1.",
            ".5",
            "1e5",
            "1E+5",
            "1e-5",
            "1e",
            "1e+",
            "1.e5",
            "1.5.5",
            "0x1",
            "--1",
            "1-1",
            "18446744073709551615",
            "-9223372036854775808",
            "\"\"",
            "\"a",
            "\"é漢😀\"",
            "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"",
            "\"\\q\"",
            "\"\\\"",
            "\"\\u0041\"",
            "\"\\u00e9\\uD83D\\uDE00\"",
            "\"\\ud83d\"",
            "\"\\ud83dx\"",
            "\"\\ud83d\\n\"",
            "\"\\ud83d\\u0041\"",
            "\"\\ude00\"",
            "\"\\u+041\"",
            "\"\\u004\"",
            "\"\\u00é\"",
            "\"\t\"",
            "\"\u{7f}\"",
            "'a'",
        ] {
            check(text);
        }
    }

    #[test]
    fn what_serde_would_take_is_refused() {
        assert!(parse(b"{\"a\":1,\"a\":1}").is_err(), "a field given twice");
        assert!(parse(b"\"\xff\"").is_err(), "no UTF-8");
        let deep = |depth| "[".repeat(depth) + &"]".repeat(depth);
        assert!(parse(deep(100).as_bytes()).is_ok());
        assert!(parse(deep(101).as_bytes()).is_err());
        assert!(parse(deep(1_000_000).as_bytes()).is_err());
    }

    #[test]
    fn errors_say_where() {
        let check = |text: &str, expected: &str| assert_eq!(parse(text.as_bytes()).unwrap_err().to_string(), expected);
        check("{\"a\":x}", "expected value at byte 6");
        check("[1 2]", "expected `,` or `]` at byte 4");
        check("{} {}", "something follows at byte 4");
    }

    #[test]
    fn objects_have_few_fields() {
        let object = |count: usize| {
            let fields: Vec<String> = (0..count).map(|number| format!("\"{number}\":0")).collect();
            parse(format!("{{{}}}", fields.join(",")).as_bytes())
        };
        assert!(object(MOST_FIELDS).is_ok());
        assert!(object(MOST_FIELDS + 1).unwrap_err().to_string().contains("more than 100 fields"));
    }
}
