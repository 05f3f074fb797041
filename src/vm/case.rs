//! Upper and lower case of strings.
//!
//! How it works. The standard library maps whole texts; long ones are given to it in pieces, so that an interrupt is noticed.
//! The only character whose mapping depends on others is the capital sigma, whose lower case is another at the end of a
//! word; so pieces end before one, and it is mapped here.
//!
//! Sources. The Unicode Standard, 3.13 "Default Case Algorithms" and table "Context Specification for Casing".

use super::context::Context;
use super::fault::Fault;
use super::heap::{Str, count_scalars, immortal};
use super::string::BYTES_BETWEEN_POLLS;

const CAPITAL_SIGMA: char = 'Σ';
const SMALL_SIGMA: char = 'σ';
const FINAL_SIGMA: char = 'ς';

/// Unicode upper case.
pub fn upper(context: &mut Context, string: Str) -> Result<Str, Fault> {
    if string.is_ascii() {
        return map_ascii(context, string, u8::to_ascii_uppercase);
    }
    map(context, string, |context, text, out| {
        let mut rest = text;
        while !rest.is_empty() {
            let piece = piece(rest);
            out.push_str(&piece.to_uppercase());
            rest = &rest[piece.len()..];
            context.check_interrupt()?;
        }
        Ok(())
    })
}

/// Unicode lower case.
pub fn lower(context: &mut Context, string: Str) -> Result<Str, Fault> {
    if string.is_ascii() {
        return map_ascii(context, string, u8::to_ascii_lowercase);
    }
    map(context, string, |context, text, out| {
        let mut at = 0;
        while at < text.len() {
            let piece = piece(&text[at..]);
            let plain = piece.find(CAPITAL_SIGMA).unwrap_or(piece.len());
            out.push_str(&piece[..plain].to_lowercase());
            at += plain;
            if plain < piece.len() {
                let after = at + CAPITAL_SIGMA.len_utf8();
                let is_final = follows_a_letter(context, text[..at].chars().rev())?
                    && !follows_a_letter(context, text[after..].chars())?;
                out.push(if is_final { FINAL_SIGMA } else { SMALL_SIGMA });
                at = after;
            }
            context.check_interrupt()?;
        }
        Ok(())
    })
}

/// The beginning of a text that is mapped at once.
fn piece(text: &str) -> &str {
    &text[..text.floor_char_boundary(BYTES_BETWEEN_POLLS)]
}

fn map_ascii(context: &mut Context, string: Str, map: fn(&u8) -> u8) -> Result<Str, Fault> {
    let same = |bytes: &[u8]| bytes.iter().all(|byte| map(byte) == *byte);
    let mut unchanged = true;
    for bytes in string.bytes_of().chunks(BYTES_BETWEEN_POLLS) {
        unchanged = same(bytes);
        if !unchanged {
            break;
        }
        context.check_interrupt()?;
    }
    if unchanged {
        return Ok(string);
    }
    if let [byte] = string.bytes_of() {
        return Ok(context.heap.ascii(map(byte)));
    }
    let buffer = context.heap.new_buffer(string.byte_len(), false)?;
    let mut piece = [0; 256];
    for bytes in string.bytes_of().chunks(BYTES_BETWEEN_POLLS) {
        for bytes in bytes.chunks(piece.len()) {
            for (to, from) in piece.iter_mut().zip(bytes) {
                *to = map(from);
            }
            buffer.append(&piece[..bytes.len()]);
        }
        context.check_interrupt()?;
    }
    context.heap.finish_string(buffer, string.byte_len(), string.byte_len())
}

/// Makes a string of what a mapping makes of a text that is not ASCII.
fn map(
    context: &mut Context,
    string: Str,
    mapping: impl Fn(&Context, &str, &mut String) -> Result<(), Fault>,
) -> Result<Str, Fault> {
    // No mapping takes more than three times the bytes; what it takes outside the heap is kept within the limit as well.
    if !context.heap.has_room(string.byte_len() * 3) {
        return Err(Fault::NeedMemory);
    }
    let mut text = String::new();
    mapping(context, string.text(), &mut text)?;
    if text.is_empty() {
        return Ok(immortal::empty());
    }
    if let [byte @ 0..128] = text.as_bytes() {
        return Ok(context.heap.ascii(*byte));
    }
    let buffer = context.heap.new_buffer(text.len(), false)?;
    let mut scalars = 0;
    for bytes in text.as_bytes().chunks(BYTES_BETWEEN_POLLS) {
        scalars += count_scalars(bytes);
        buffer.append(bytes);
        context.check_interrupt()?;
    }
    context.heap.finish_string(buffer, text.len(), scalars)
}

/// Whether the first of these characters that is not passed over in such a search is cased.
fn follows_a_letter(context: &Context, chars: impl Iterator<Item = char>) -> Result<bool, Fault> {
    for (count, c) in chars.enumerate() {
        match weight(c) {
            Weight::PassedOver => {}
            Weight::Cased => return Ok(true),
            Weight::Uncased => return Ok(false),
        }
        if count % 1024 == 1023 {
            context.check_interrupt()?;
        }
    }
    Ok(false)
}

/// What a character means for a capital sigma that stands before or behind it.
enum Weight {
    /// It has the property `Case_Ignorable`.
    PassedOver,
    Cased,
    Uncased,
}

/// The standard library does not tell the properties that it uses, but what it does with a sigma shows them.
fn weight(c: char) -> Weight {
    if c.is_ascii_alphabetic() || c == CAPITAL_SIGMA {
        return Weight::Cased;
    }
    let ends_a_word = |behind: &[char]| {
        let text: String = ['A', CAPITAL_SIGMA, c].iter().chain(behind).collect();
        text.to_lowercase().chars().nth(1) == Some(FINAL_SIGMA)
    };
    // Behind the sigma, a cased character shows it; one that is passed over lets the `A` behind it be seen.
    match (ends_a_word(&[]), ends_a_word(&['A'])) {
        (false, _) => Weight::Cased,
        (true, false) => Weight::PassedOver,
        (true, true) => Weight::Uncased,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vm::heap::poll::INTERRUPT;
    use crate::vm::string::repeat;
    use crate::vm::testing::TestContext;

    /// Both mappings of a text, which must be those of the standard library.
    fn check(context: &mut Context, text: &str) {
        let string = context.heap.new_string(text).expect("memory");
        assert!(upper(context, string).expect("memory").text() == text.to_uppercase(), "{:.60}", text);
        assert!(lower(context, string).expect("memory").text() == text.to_lowercase(), "{:.60}", text);
    }

    #[test]
    fn sigmas_are_mapped_by_what_stands_around_them() {
        let mut context = TestContext::new();
        let parts = ["Σ", "A", "é", "ʰ", ".", ":", " ", "1", "\u{301}", "漢", "ß", "İ"];
        for a in parts {
            for b in parts {
                for c in parts {
                    for d in ["", "Σ", "x", "'"] {
                        check(&mut context, &format!("Σ{a}{b}Σ{c}{d}"));
                        check(&mut context, &format!("{a}Σ{b}{c}{d}Σ"));
                    }
                }
            }
        }
    }

    #[test]
    fn pieces_fit_together() {
        let mut context = TestContext::new();
        for before in 0..5 {
            let filler = "x".repeat(BYTES_BETWEEN_POLLS - before);
            check(&mut context, &format!("{filler}ΑΣ. éß"));
            check(&mut context, &format!("é{filler}ΣΣ.a"));
            check(&mut context, &format!("é{filler}ABC"));
            check(&mut context, &format!("A{filler}ABC"));
        }
        check(&mut context, &"Σ".repeat(3_000));
        check(&mut context, &format!("AΣ{}A", ".".repeat(5_000)));
    }

    #[test]
    fn long_strings_are_repeated_in_pieces() {
        let mut context = TestContext::new();
        for (length, count) in [(1, 3 * BYTES_BETWEEN_POLLS + 1), (7, 100_000), (BYTES_BETWEEN_POLLS + 3, 3)]
        {
            let text: String = ('a'..='z').cycle().take(length).collect();
            let string = context.heap.new_string(&text).expect("memory");
            let repeated = repeat(&mut context, string, count as u64).expect("memory");
            assert!(repeated.text() == text.repeat(count), "{length} by {count}");
        }
    }

    #[test]
    fn what_takes_long_ends_when_somebody_asks() {
        let mut context = TestContext::new();
        let [ascii, greek] = ["a", "éΣ"]
            .map(|part| context.heap.new_string(&part.repeat(4 * BYTES_BETWEEN_POLLS)).expect("memory"));
        context.heap.poll.set(INTERRUPT);
        for string in [ascii, greek] {
            assert_eq!(upper(&mut context, string).err(), Some(Fault::Interrupted));
            assert_eq!(lower(&mut context, string).err(), Some(Fault::Interrupted));
            assert_eq!(repeat(&mut context, string, 2).err(), Some(Fault::Interrupted));
        }
    }
}
