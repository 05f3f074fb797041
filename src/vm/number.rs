//! Numbers as text, both ways, and f64 to integers.

use std::fmt::{self, Write};

use super::fault::{IntReader, IntType, RuntimeError, cut};

/// A short text without a heap.
pub struct Digits {
    bytes: [u8; 72],
    len: usize,
}

impl Digits {
    const fn new() -> Digits {
        Digits { bytes: [0; 72], len: 0 }
    }

    /// The text.
    pub fn text(&self) -> &str {
        std::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }

    /// The text's bytes, which are ASCII.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    fn put(&mut self, bytes: &[u8]) {
        // Longest: 64 binary digits; an f64 takes up to 25 characters.
        let room = &mut self.bytes[self.len..];
        let count = bytes.len().min(room.len());
        room[..count].copy_from_slice(&bytes[..count]);
        self.len += count;
    }

    fn zeros(&mut self, count: usize) {
        for _ in 0..count {
            self.put(b"0");
        }
    }
}

impl Write for Digits {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.put(text.as_bytes());
        Ok(())
    }
}

const PAIRS: [u8; 200] = {
    let mut pairs = [0; 200];
    let mut number = 0;
    while number < 100 {
        pairs[2 * number] = b'0' + (number / 10) as u8;
        pairs[2 * number + 1] = b'0' + (number % 10) as u8;
        number += 1;
    }
    pairs
};

/// An unsigned integer in decimal, with a minus sign if so asked.
fn decimal(mut magnitude: u64, negative: bool) -> Digits {
    let mut reversed = [0; 24];
    let mut at = reversed.len();
    while magnitude >= 100 {
        let pair = (magnitude % 100) as usize * 2;
        magnitude /= 100;
        at -= 2;
        reversed[at..at + 2].copy_from_slice(&PAIRS[pair..pair + 2]);
    }
    if magnitude >= 10 {
        let pair = magnitude as usize * 2;
        at -= 2;
        reversed[at..at + 2].copy_from_slice(&PAIRS[pair..pair + 2]);
    } else {
        at -= 1;
        reversed[at] = b'0' + magnitude as u8;
    }
    if negative {
        at -= 1;
        reversed[at] = b'-';
    }
    let mut digits = Digits::new();
    digits.put(&reversed[at..]);
    digits
}

/// A signed integer in decimal.
pub fn signed(value: i64) -> Digits {
    decimal(value.unsigned_abs(), value < 0)
}

/// An unsigned integer in decimal.
pub fn unsigned(value: u64) -> Digits {
    decimal(value, false)
}

/// An integer in base 2, 8 or 16.
pub fn in_base(value: u64, base: u32, upper: bool) -> Digits {
    let mut digits = Digits::new();
    // Writing to `Digits` does not fail.
    let _ = match (base, upper) {
        (2, _) => write!(digits, "{value:b}"),
        (8, _) => write!(digits, "{value:o}"),
        (_, false) => write!(digits, "{value:x}"),
        (_, true) => write!(digits, "{value:X}"),
    };
    digits
}

/// An f64 with the fewest digits that read back to it; positionally for decimal exponents from -5 to 15.
pub fn float(value: f64) -> Digits {
    const EXACT_INTEGERS: f64 = 1e15;
    let mut digits = Digits::new();
    if value.is_nan() {
        digits.put(b"nan");
        return digits;
    }
    if value.is_sign_negative() {
        digits.put(b"-");
    }
    let magnitude = value.abs();
    if magnitude.is_infinite() {
        digits.put(b"inf");
        return digits;
    }
    if magnitude < EXACT_INTEGERS && magnitude.trunc() == magnitude {
        digits.put(decimal(magnitude as u64, false).as_bytes());
        return digits;
    }
    // `d.ddde±x`, the shortest that reads back.
    let mut shortest = Digits::new();
    let _ = write!(shortest, "{magnitude:e}");
    let text = shortest.text();
    let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let (first, rest) = mantissa.split_at(1);
    let rest = rest.strip_prefix('.').unwrap_or_default();
    match exponent {
        -5..0 => {
            digits.put(b"0.");
            digits.zeros(-exponent as usize - 1);
            digits.put(first.as_bytes());
            digits.put(rest.as_bytes());
        }
        0..=15 => {
            digits.put(first.as_bytes());
            let whole = exponent as usize;
            if rest.len() <= whole {
                digits.put(rest.as_bytes());
                digits.zeros(whole - rest.len());
            } else {
                digits.put(&rest.as_bytes()[..whole]);
                digits.put(b".");
                digits.put(&rest.as_bytes()[whole..]);
            }
        }
        _ => {
            digits.put(text.as_bytes());
        }
    }
    digits
}

/// An f64 as `print` shows it.
pub struct Decimal(pub f64);

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(float(self.0).text())
    }
}

/// An f64 with a fixed number of decimals, rounded half to even on the exact value. Infinities and NaN as elsewhere.
pub fn fixed(value: f64, decimals: usize) -> String {
    // The standard library rounds the exact value, ties to even.
    if value.is_finite() { format!("{value:.decimals$}") } else { float(value).text().to_owned() }
}

/// Reads an integer: optional white space, sign, decimal digits.
pub fn read_integer(text: &str, by: IntReader) -> Result<i64, RuntimeError> {
    let trimmed = text.trim();
    let (negative, digits) = match trimmed.as_bytes() {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        digits => (false, digits),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        if by == IntReader::Int && read_float(text).is_ok() {
            return Err(RuntimeError::DecimalsNotAllowed(cut(text)));
        }
        return Err(RuntimeError::NotAnInteger(by, cut(text)));
    }
    let magnitude =
        digits.iter().try_fold(0u64, |sum, digit| sum.checked_mul(10)?.checked_add(u64::from(digit - b'0')));
    let value =
        magnitude.map(|magnitude| if negative { -i128::from(magnitude) } else { i128::from(magnitude) });
    let in_range = value.and_then(|value| match by {
        IntReader::Int => i32::try_from(value).ok().map(i64::from),
        IntReader::ToI64 => i64::try_from(value).ok(),
        IntReader::ToU64 => u64::try_from(value).ok().map(|value| value as i64),
    });
    in_range.ok_or_else(|| RuntimeError::IntTextOverflow(by, cut(text)))
}

/// Reads an f64: optional white space, sign, decimal or exponent form; or `inf`, `-inf`, `nan`.
pub fn read_float(text: &str) -> Result<f64, RuntimeError> {
    let trimmed = text.trim();
    match trimmed {
        "inf" => return Ok(f64::INFINITY),
        "-inf" => return Ok(f64::NEG_INFINITY),
        "nan" => return Ok(f64::NAN),
        _ => {}
    }
    if !is_decimal(trimmed.as_bytes()) {
        return Err(RuntimeError::NotANumber(cut(text)));
    }
    match trimmed.parse::<f64>() {
        Ok(value) if value.is_finite() => Ok(value),
        Ok(_) => Err(RuntimeError::FloatOverflow(cut(text))),
        Err(_) => Err(RuntimeError::NotANumber(cut(text))),
    }
}

/// `[+-] digits [. digits] [e [+-] digits]`, where one side of the point may lack its digits.
fn is_decimal(text: &[u8]) -> bool {
    let skip_sign = |text: &'_ [u8]| usize::from(matches!(text.first(), Some(b'+' | b'-')));
    let count = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let mut rest = &text[skip_sign(text)..];
    let whole = count(rest);
    rest = &rest[whole..];
    let mut fraction = 0;
    if let [b'.', tail @ ..] = rest {
        fraction = count(tail);
        rest = &tail[fraction..];
    }
    if whole + fraction == 0 {
        return false;
    }
    if let [b'e' | b'E', tail @ ..] = rest {
        let tail = &tail[skip_sign(tail)..];
        let exponent = count(tail);
        return exponent > 0 && exponent == tail.len();
    }
    rest.is_empty()
}

/// `int(x)` of an f64.
pub fn int_from_f64(value: f64) -> Result<i32, RuntimeError> {
    if !value.is_finite() {
        return Err(RuntimeError::NotFinite);
    }
    if value.trunc() != value {
        return Err(RuntimeError::NotWhole(value));
    }
    if value < f64::from(i32::MIN) || value > f64::from(i32::MAX) {
        return Err(RuntimeError::IntOverflowF64(value));
    }
    Ok(value as i32)
}

macro_rules! truncations {
    ($($(#[doc = $doc:literal])* $name:ident $type:ident $target:ident $below:expr;)*) => {$(
        $(#[doc = $doc])*
        #[inline]
        pub fn $name(value: f64) -> Result<$type, RuntimeError> {
            let truncated = value.trunc();
            // The bounds are exact; NaN is on neither side.
            if truncated >= $type::MIN as f64 && truncated < $below {
                Ok(truncated as $type)
            } else {
                Err(RuntimeError::F64OutOfRange(IntType::$target))
            }
        }
    )*};
}

truncations! {
    /// `x as i32` of an f64.
    i32_from_f64 i32 I32 2_147_483_648.0;
    /// `x as i64` of an f64.
    i64_from_f64 i64 I64 9_223_372_036_854_775_808.0;
    /// `x as u32` of an f64.
    u32_from_f64 u32 U32 4_294_967_296.0;
    /// `x as u64` of an f64.
    u64_from_f64 u64 U64 18_446_744_073_709_551_616.0;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_as_the_reference_shows_them() {
        let table: &[(f64, &str)] = &[
            (2.5, "2.5"),
            (0.1 + 0.2, "0.30000000000000004"),
            (2.0, "2"),
            (-0.0, "-0"),
            (0.0, "0"),
            (1e3, "1000"),
            (1e15, "1000000000000000"),
            (999999999999999.9, "999999999999999.9"),
            (1234567890123456.0, "1234567890123456"),
            (9007199254740993.0, "9007199254740992"),
            (123456789012345680.0, "1.2345678901234568e17"),
            (1e16, "1e16"),
            (1e300, "1e300"),
            (0.0001, "0.0001"),
            (0.00001, "0.00001"),
            (0.000012345, "0.000012345"),
            (0.000001, "1e-6"),
            (0.0000015, "1.5e-6"),
            (5e-324, "5e-324"),
            (f64::MAX, "1.7976931348623157e308"),
            (-123.456, "-123.456"),
            (f64::INFINITY, "inf"),
            (f64::NEG_INFINITY, "-inf"),
            (-f64::NAN, "nan"),
        ];
        for (value, text) in table {
            assert_eq!(float(*value).text(), *text);
            assert_eq!(Decimal(*value).to_string(), *text);
        }
    }

    #[test]
    fn shortest_floats_read_back() {
        let mut seed = 1u64;
        for _ in 0..if cfg!(miri) { 100 } else { 20_000 } {
            seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            let value = f64::from_bits(seed ^ seed >> 29);
            if value.is_finite() {
                assert_eq!(float(value).text().parse::<f64>().unwrap().to_bits(), value.to_bits());
            }
        }
    }

    #[test]
    fn fixed_decimals_round_half_to_even() {
        let table: &[(f64, usize, &str)] = &[
            (0.5, 0, "0"),
            (1.5, 0, "2"),
            (2.5, 0, "2"),
            (-0.5, 0, "-0"),
            (0.125, 2, "0.12"),
            (0.375, 2, "0.38"),
            (0.25, 1, "0.2"),
            (0.35, 1, "0.3"),
            (1.005, 2, "1.00"),
            (-0.001, 2, "-0.00"),
            (1e22, 1, "10000000000000000000000.0"),
            (9.5, 0, "10"),
            (99.95, 1, "100.0"),
            (f64::INFINITY, 2, "inf"),
            (f64::NAN, 3, "nan"),
        ];
        for (value, decimals, text) in table {
            assert_eq!(fixed(*value, *decimals), *text, "{value} with {decimals}");
        }
        assert_eq!(fixed(0.1, 55), "0.1000000000000000055511151231257827021181583404541015625");
    }

    #[test]
    fn integers_in_all_bases() {
        for value in [0, 7, 10, 42, 99, 100, 12345, i64::MAX, i64::MIN, -1] {
            assert_eq!(signed(value).text(), value.to_string());
            assert_eq!(unsigned(value as u64).text(), (value as u64).to_string());
        }
        assert_eq!(in_base(0xffff_ffef, 16, false).text(), "ffffffef");
        assert_eq!(in_base(255, 16, true).text(), "FF");
        assert_eq!(in_base(5, 2, false).text(), "101");
        assert_eq!(in_base(u64::MAX, 2, false).text(), "1".repeat(64));
        assert_eq!(in_base(8, 8, false).text(), "10");
    }

    #[test]
    fn integers_are_read_strictly() {
        let int = |text: &str| read_integer(text, IntReader::Int).map_err(|error| error.to_string());
        assert_eq!(int(" \u{2003}-42\n"), Ok(-42));
        assert_eq!(int("+7"), Ok(7));
        assert_eq!(int("2147483647"), Ok(2147483647));
        assert_eq!(int("-2147483648"), Ok(-2147483648));
        assert_eq!(int("2147483648").unwrap_err(), "int() overflow: \"2147483648\" is out of range for i32");
        let plain = "int() argument must be an integer string, got ";
        for text in ["", "-", "1_000", "0x10", "--1", "twelve", "1 2", "infinity", "+inf", "1e999"] {
            assert_eq!(int(text).unwrap_err(), format!("{plain}\"{text}\""));
        }
        let decimals = "int() argument must be an integer string (decimals are not allowed). \
                        Use float() to parse decimal values, got ";
        for text in ["3.7", "1e5", ".5", "5.", "inf", "nan", " 2.0 "] {
            assert_eq!(int(text).unwrap_err(), format!("{decimals}\"{text}\""));
        }
        let long = "9".repeat(65);
        let expected = format!("int() overflow: \"{}...\" is out of range for i32", "9".repeat(64));
        assert_eq!(int(&long).unwrap_err(), expected);
        assert_eq!(read_integer("-9223372036854775808", IntReader::ToI64), Ok(i64::MIN));
        assert_eq!(read_integer("18446744073709551615", IntReader::ToU64), Ok(-1));
        assert_eq!(read_integer("-0", IntReader::ToU64), Ok(0));
        let error = read_integer("-1", IntReader::ToU64).unwrap_err();
        assert_eq!(error.to_string(), "to_u64() overflow: \"-1\" is out of range for u64");
        let error = read_integer("1.5", IntReader::ToI64).unwrap_err();
        assert_eq!(error.to_string(), "to_i64() argument must be an integer string, got \"1.5\"");
    }

    #[test]
    fn floats_are_read_strictly() {
        for (text, value) in [
            ("1.5", 1.5),
            (" -2e3 ", -2000.0),
            ("+.5", 0.5),
            ("5.", 5.0),
            ("1E+2", 100.0),
            ("-inf", f64::NEG_INFINITY),
        ] {
            assert_eq!(read_float(text), Ok(value));
        }
        assert!(read_float("nan").unwrap().is_nan());
        assert_eq!(read_float("1e-400"), Ok(0.0));
        for text in [
            "", ".", "e5", "1e", "1e+", "+inf", "Inf", "infinity", "-nan", "NaN", "1_0", "0x1", "1.2.3",
            "1 2",
        ] {
            let expected = format!("float() argument must be a number, got \"{text}\"");
            assert_eq!(read_float(text).unwrap_err().to_string(), expected);
        }
        let expected = "float() overflow: \"-1e999\" is out of range for f64";
        assert_eq!(read_float("-1e999").unwrap_err().to_string(), expected);
    }

    #[test]
    fn f64_to_integers() {
        assert_eq!(i32_from_f64(-3.9), Ok(-3));
        assert_eq!(i32_from_f64(2147483647.9), Ok(i32::MAX));
        assert_eq!(i32_from_f64(-2147483648.9), Ok(i32::MIN));
        assert!(i32_from_f64(2147483648.0).is_err() && i32_from_f64(f64::NAN).is_err());
        assert_eq!(u32_from_f64(-0.9), Ok(0));
        assert!(u32_from_f64(-1.0).is_err());
        assert_eq!(i64_from_f64(-9223372036854775808.0), Ok(i64::MIN));
        assert!(
            i64_from_f64(9223372036854775808.0).is_err() && u64_from_f64(18446744073709551616.0).is_err()
        );
        assert_eq!(u64_from_f64(18446744073709549568.0), Ok(18446744073709549568));
        assert_eq!(i64_from_f64(f64::INFINITY).unwrap_err().to_string(), "f64 value out of i64 range");
        assert_eq!(int_from_f64(3.0), Ok(3));
        assert_eq!(
            int_from_f64(3.5).unwrap_err().to_string(),
            "int() argument must be a whole number, got f64 3.5"
        );
        assert_eq!(int_from_f64(3e9).unwrap_err(), RuntimeError::IntOverflowF64(3e9));
        assert_eq!(int_from_f64(f64::NAN).unwrap_err(), RuntimeError::NotFinite);
    }
}
