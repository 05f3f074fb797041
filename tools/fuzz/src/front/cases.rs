//! What is tried: a case is made of a seed and a number, and always the same.

use orus_progen::Config;
use orus_progen::rng::Rng;

use super::corpus::Corpus;
use super::{bytecode, mutate, nesting, soup};

/// What a case is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Case {
    /// Source text, as bytes.
    Source(Vec<u8>),
    /// Text form of bytecode.
    Bytecode(String),
}

impl Case {
    /// The case as it is written to a file, and the file's extension.
    pub fn file(&self) -> (&[u8], &'static str) {
        match self {
            Case::Source(bytes) => (bytes, "orus"),
            Case::Bytecode(text) => (text.as_bytes(), "bytecode"),
        }
    }
}

/// How a case is made. Its name is that of a count.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Generated,
    Words,
    Tokens,
    Lines,
    Bytes,
    Spliced,
    Soup,
    Statements,
    Nesting,
    Bytecode,
}

/// How often each kind comes, in 100 cases.
const KINDS: &[(u32, Kind)] = &[
    (6, Kind::Generated),
    (16, Kind::Words),
    (14, Kind::Tokens),
    (9, Kind::Lines),
    (6, Kind::Bytes),
    (4, Kind::Spliced),
    (4, Kind::Soup),
    (4, Kind::Statements),
    (5, Kind::Nesting),
    (32, Kind::Bytecode),
];

/// Makes a case. `listing` compiles a source and gives its bytecode as text.
pub fn make(
    seed: u64,
    number: u64,
    corpus: &Corpus,
    listing: &dyn Fn(&str) -> Option<String>,
) -> (Kind, Case) {
    let mut rng = Rng::new((seed << 32).wrapping_add(number) ^ 0xF0_5517);
    let kind = rng.weighted(KINDS);
    let source = |rng: &mut Rng| {
        if corpus.files.is_empty() || rng.chance(25) {
            let config = Config { min_cost: 5_000, max_cost: 60_000, ..Config::default() };
            orus_progen::generate(rng.bits(), &config).source()
        } else {
            let file = rng.pick(&corpus.files);
            String::from_utf8_lossy(file).into_owned()
        }
    };
    let case = match kind {
        Kind::Generated => {
            let config = Config { min_cost: 5_000, max_cost: 100_000, ..Config::default() };
            Case::Source(orus_progen::generate(rng.bits(), &config).source().into_bytes())
        }
        Kind::Words | Kind::Tokens | Kind::Lines => {
            let text = source(&mut rng);
            let text = match kind {
                Kind::Words => mutate::mutate_words(&mut rng, &text),
                Kind::Tokens => mutate::mutate_tokens(&mut rng, &text),
                _ => mutate::mutate_lines(&mut rng, &text),
            };
            Case::Source(text.into_bytes())
        }
        Kind::Bytes => {
            let mut bytes = source(&mut rng).into_bytes();
            mutate::mutate_bytes(&mut rng, &mut bytes);
            Case::Source(bytes)
        }
        Kind::Spliced => {
            let (a, b) = (source(&mut rng), source(&mut rng));
            Case::Source(mutate::splice(&mut rng, &a, &b).into_bytes())
        }
        Kind::Soup => Case::Source(soup::soup(&mut rng).into_bytes()),
        Kind::Statements => Case::Source(soup::statements(&mut rng).into_bytes()),
        Kind::Nesting => Case::Source(nesting::nesting(&mut rng).into_bytes()),
        Kind::Bytecode => {
            // Not each file compiles; some wait for input or use modules.
            let text = (0..20).find_map(|_| listing(&source(&mut rng))).unwrap_or_default();
            Case::Bytecode(bytecode::mutate_bytecode(&mut rng, &text))
        }
    };
    (kind, case)
}
