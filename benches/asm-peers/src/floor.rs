//! The floor: instructions that are encoded already, each copied with one store of 16 bytes into reserved memory.

use encoders::Encoder;
use encoders::stream::Record;

use crate::check::lengths;

/// Copies what our encoder made of the stream, which is always the same.
pub struct Copy16 {
    /// Lengths of the instructions, and the code with 16 bytes behind it.
    functions: Vec<(Vec<u8>, Vec<u8>)>,
    next: usize,
    code: Vec<u8>,
}

impl Copy16 {
    /// `None` if there is no such instruction set.
    pub fn new(isa: &str, functions: &[&[Record]]) -> Option<Copy16> {
        let mut encoder = encoders::encoder(isa)?;
        let encoded = |function: &&[Record]| {
            let mut code = encoder.emit(function).to_vec();
            let lengths = lengths(isa, &code);
            assert_eq!(lengths.iter().map(|length| usize::from(*length)).sum::<usize>(), code.len());
            code.resize(code.len() + 16, 0);
            (lengths, code)
        };
        Some(Copy16 { functions: functions.iter().map(encoded).collect(), next: 0, code: Vec::new() })
    }
}

impl Encoder for Copy16 {
    fn emit(&mut self, _: &[Record]) -> &[u8] {
        let (lengths, from) = &self.functions[self.next];
        self.next = (self.next + 1) % self.functions.len();
        self.code.clear();
        self.code.reserve(from.len());
        let (from, to) = (from.as_ptr(), self.code.as_mut_ptr());
        let mut at = 0;
        for length in lengths {
            // SAFETY: the lengths add up to 16 less than `from` has bytes (asserted in `new`) and `code` has room for, so
            // 16 bytes from each instruction's start are in both.
            unsafe { to.add(at).cast::<[u8; 16]>().write(from.add(at).cast::<[u8; 16]>().read()) }
            at += usize::from(*length);
        }
        // SAFETY: so many bytes were written, and reserved.
        unsafe { self.code.set_len(at) }
        &self.code
    }
}
