//! The runtime errors that programs can provoke without the world outside, recognised by their messages.

/// How a message is recognised: its beginning and its end.
const MESSAGES: &[(&str, &str)] = &[
    ("Division by zero", ""),
    ("Integer overflow", ""),
    ("Array index out of bounds", ""),
    ("String index out of bounds", ""),
    ("Array slice start out of bounds", ""),
    ("Array slice end out of bounds", ""),
    ("Array slice end before start", ""),
    ("String slice start out of bounds", ""),
    ("String slice end out of bounds", ""),
    ("String slice end before start", ""),
    ("Key not found: ", ""),
    ("Map changed during iteration", ""),
    ("Cannot pop from an empty array", ""),
    ("Array length must not be negative", ""),
    ("Expected an array of length ", ""),
    ("Array repeat count must not be negative", ""),
    ("String repeat count must not be negative", ""),
    ("Separator must not be empty", ""),
    ("f64 value out of i32 range", ""),
    ("f64 value out of i64 range", ""),
    ("f64 value out of u32 range", ""),
    ("f64 value out of u64 range", ""),
    ("int() argument must be an integer string, got ", ""),
    (
        "int() argument must be an integer string (decimals are not allowed). Use float() to parse decimal values, got ",
        "",
    ),
    ("int() argument must be a whole number, got f64 ", ""),
    ("int() overflow: ", " is out of range for i32"),
    ("int() overflow: \"", " is out of range for i32"),
    ("int() overflow: value is not finite", ""),
    ("to_i64() argument must be an integer string, got ", ""),
    ("to_i64() overflow: ", ""),
    ("to_u64() argument must be an integer string, got ", ""),
    ("to_u64() overflow: ", ""),
    ("float() argument must be a number, got ", ""),
    ("float() overflow: ", ""),
    ("Range step must not be zero", ""),
    ("range() argument out of i64 range", ""),
    ("Shift count out of range", ""),
    ("Invalid code point ", ""),
    ("ord() expects a string of length 1, got length ", ""),
    ("Variable '", "' has no value yet"),
    ("Stack overflow", ""),
    ("Out of memory", ""),
    ("assert_eq failed (", ""),
];

/// The names of what is counted; `raise` is counted by its operation.
pub fn labels() -> impl Iterator<Item = &'static str> {
    MESSAGES.iter().map(|(start, _)| *start).chain(["raise"])
}

/// How often each message was seen.
#[derive(Default)]
pub struct Observed {
    counts: Vec<u64>,
}

impl Observed {
    /// Looks for messages in what a program printed.
    pub fn output(&mut self, output: &str) {
        output.lines().for_each(|line| self.message(line));
    }

    /// Looks for messages in a line.
    pub fn message(&mut self, line: &str) {
        self.counts.resize(MESSAGES.len(), 0);
        for (count, (start, end)) in self.counts.iter_mut().zip(MESSAGES) {
            if let Some(at) = line.find(start)
                && line[at..].contains(end)
            {
                *count += 1;
            }
        }
    }

    /// What was seen.
    pub fn counts(&self) -> impl Iterator<Item = (&'static str, u64)> {
        MESSAGES.iter().zip(&self.counts).map(|((start, _), count)| (*start, *count))
    }
}
