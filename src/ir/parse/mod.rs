//! Reads the text form: types, symbols, declarations, functions. The [module documentation](self#the-form) has the grammar.
//!
//! # The form
//! A line is a thing of its own; what stands behind `;` is a comment.
//! ```text
//! type t1 = refs 2, scalars 1, header 0x10, cursor 64     a layout; t0 is any object. Types and symbols come before they are used
//! symbol limit
//! extern NAME(TYPES) -> TYPE CONVENTION EFFECTS           `system` and no effects if nothing is said
//! fn NAME(v0: TYPE, …) -> TYPE CONVENTION depth SYMBOL EFFECTS {     any effect if none is named; `pure` has none
//!     fs0 = 3@12 [v0, -, 5:i32, o0] in fs1                frame states: function@position [slots], the frame around it
//!     o0 = t1 [v1, null:ref, 0:i64]                       removed objects
//!     g0 = overflow fs0                                   guards
//! b0:                                                     blocks; the first has no parameters, since they are the function's
//! b1(v3: i32) cold:
//!     v4 = add.checked.i32 v3, 1, g0 !12                  instructions; !12: the position in the source
//!     v5: ref.t1 = load.ref v0[v3*8 + 16] @array.ref      a result of a narrower type than the instruction says
//!     store.i32 v5[8], v4 @field3
//!     …
//! }
//! ```
//! The names of values, blocks and so on are numbers that need no order; what is read has entities in the order of the text.
//!
//! Invariants
//! - PA1 Any text gives a result or an error; memory and time are in proportion to its length, and nothing recurses.
//! - PA2 What the text says is what the function has, right or wrong: types, dominance and the rest are the verifier's affair.

mod body;
mod inst;
mod lexer;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::str::Split;

use super::function::Function;
use super::module::{Convention, Effects, FuncDecl, Layout, Module, Signature};
use super::opcode::Op;
use super::types::{Alias, Func, Kind, Sig, Symbol, Type, TypeId};
use lexer::{Line, Token, entity, shortened};

/// What is wrong with a text, and where; lines and columns are counted from 1.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ParseError {
    /// The line.
    pub line: u32,
    /// The character in it.
    pub column: u32,
    /// A sentence.
    pub message: String,
}

impl std::fmt::Display for ParseError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.message)
    }
}

impl std::error::Error for ParseError {}

/// What a text says.
#[derive(Clone, Debug)]
pub struct Parsed {
    /// Layouts, symbols, declarations.
    pub module: Module,
    /// The functions that have a body, in the order of the text.
    pub functions: Vec<(Func, Function)>,
}

impl Parsed {
    /// The function of a name.
    pub fn function(&self, name: &str) -> Option<&Function> {
        self.functions.iter().map(|(_, function)| function).find(|function| function.name == name)
    }
}

type Parse<T> = Result<T, ParseError>;

/// How many slots an object may have in all.
pub const LAYOUT_SLOTS_MAX: u32 = 1 << 20;

/// Reads a module with its functions.
pub fn parse_module(text: &str) -> Parse<Parsed> {
    let mut parser = Parser::new();
    let bodies = parser.declarations(text)?;
    let mut functions = Vec::with_capacity(bodies.len());
    for body in bodies {
        functions.push((body.func, parser.body(body)?));
    }
    Ok(Parsed { module: parser.module, functions })
}

/// Lines with their numbers.
#[derive(Clone)]
struct Lines<'s> {
    lines: Split<'s, char>,
    number: u32,
}

impl<'s> Iterator for Lines<'s> {
    type Item = Line<'s>;

    /// The next line that says something.
    fn next(&mut self) -> Option<Line<'s>> {
        loop {
            let text = self.lines.next()?;
            self.number = self.number.saturating_add(1);
            let line = Line::new(text, self.number);
            if line.peek() != Token::End {
                return Some(line);
            }
        }
    }
}

/// A function whose head has been read.
struct Body<'s> {
    func: Func,
    params: Vec<(u32, Type)>,
    depth: Option<Symbol>,
    /// The head, for errors.
    head: Line<'s>,
    lines: Lines<'s>,
}

/// Takes the number of an entity that is to be new.
fn define<T>(map: &mut HashMap<u32, T>, number: u32, prefix: &str, entity: T, at: &Line<'_>) -> Parse<()> {
    match map.insert(number, entity) {
        None => Ok(()),
        Some(_) => Err(at.error(format!("{prefix}{number} is defined twice."))),
    }
}

struct Parser {
    module: Module,
    types: HashMap<u32, TypeId>,
    symbols: HashMap<String, Symbol>,
    funcs: HashMap<String, Func>,
    sigs: HashMap<Signature, Sig>,
    /// Those that have been asked for.
    aliases: HashMap<String, Alias>,
    /// Instructions whose mnemonic begins with their name, and says a kind.
    ops: HashMap<&'static str, Op>,
}

impl Parser {
    fn new() -> Parser {
        Parser {
            module: Module::new(),
            types: HashMap::from([(0, TypeId(0))]),
            symbols: HashMap::new(),
            funcs: HashMap::new(),
            sigs: HashMap::new(),
            aliases: HashMap::new(),
            ops: inst::table(),
        }
    }

    /// Reads everything but bodies.
    fn declarations<'s>(&mut self, text: &'s str) -> Parse<Vec<Body<'s>>> {
        let mut lines = Lines { lines: text.split('\n'), number: 0 };
        let mut bodies = Vec::new();
        while let Some(mut line) = lines.next() {
            let head = line;
            match line.next() {
                Token::Word("type") => self.layout(&mut line)?,
                Token::Word("symbol") => {
                    let at = line;
                    let name = line.name("a symbol's name")?;
                    let symbol = Symbol(self.module.symbols.len() as u32);
                    if self.symbols.insert(name.clone(), symbol).is_some() {
                        return Err(at.error(format!("There already is a symbol `{}`.", shortened(&name))));
                    }
                    self.module.symbols.push(name);
                }
                Token::Word("extern") => {
                    let at = line;
                    let name = line.name("a function's name")?;
                    let signature = self.signature(&mut line)?;
                    let effects = self.effects(&mut line)?.unwrap_or(Effects::empty());
                    self.declare(name, signature, effects, &at)?;
                }
                Token::Word("fn") => {
                    let mut body = self.head(line, head)?;
                    body.lines = lines.clone();
                    bodies.push(body);
                    loop {
                        match lines.next() {
                            None => {
                                return Err(head.error("This function has no end: `}` is missing.".into()));
                            }
                            Some(line) if line.peek() == Token::Sign('}') => break,
                            Some(_) => {}
                        }
                    }
                    continue;
                }
                token => {
                    let message = format!("Here should be `type`, `symbol`, `extern` or `fn`, not {token}.");
                    return Err(head.error(message));
                }
            }
            line.expect_end()?;
        }
        Ok(bodies)
    }

    /// `t1 = refs 2, scalars 1, header 0x10, cursor 64`
    fn layout(&mut self, line: &mut Line<'_>) -> Parse<()> {
        let at = *line;
        let number = line.entity("t", "a type, as `t1`")?;
        define(&mut self.types, number, "t", TypeId(self.module.layouts.len() as u32), &at)?;
        line.expect('=')?;
        let mut numbers = [0; 4];
        let maxima = [u64::from(LAYOUT_SLOTS_MAX), u64::from(LAYOUT_SLOTS_MAX), u64::MAX, i32::MAX as u64];
        for (index, word) in ["refs", "scalars", "header", "cursor"].into_iter().enumerate() {
            if index > 0 {
                line.expect(',')?;
            }
            line.expect_word(word)?;
            let at = *line;
            numbers[index] = line.unsigned(maxima[index])?;
            if numbers[0] + numbers[1] > u64::from(LAYOUT_SLOTS_MAX) {
                return Err(at.error(format!("An object has at most {LAYOUT_SLOTS_MAX} slots.")));
            }
        }
        let [references, scalars, header, cursor] = numbers;
        self.module.layouts.push(Layout {
            references: references as u32,
            scalars: scalars as u32,
            header,
            cursor_offset: cursor as u32,
        });
        Ok(())
    }

    /// `NAME(v0: i32, …) -> i64 orus depth limit effects {`
    fn head<'s>(&mut self, mut line: Line<'s>, head: Line<'s>) -> Parse<Body<'s>> {
        let at = line;
        let name = line.name("a function's name")?;
        line.expect('(')?;
        let params = self.params(&mut line)?;
        let (result, convention) = self.result(&mut line)?;
        let depth = match line.eat_word("depth") {
            false => None,
            true => {
                let at = line;
                Some(self.symbol(&line.name("a symbol's name")?, &at)?)
            }
        };
        let effects = self.effects(&mut line)?.unwrap_or(Effects::ANY);
        line.expect('{')?;
        line.expect_end()?;
        let signature = Signature { params: params.iter().map(|&(_, ty)| ty).collect(), result, convention };
        let func = self.declare(name, signature, effects, &at)?;
        Ok(Body { func, params, depth, head, lines: Lines { lines: "".split('\n'), number: 0 } })
    }

    fn declare(
        &mut self,
        name: String,
        signature: Signature,
        effects: Effects,
        at: &Line<'_>,
    ) -> Parse<Func> {
        let sig = self.sig(signature);
        let func = Func(self.module.funcs.len() as u32);
        if self.funcs.insert(name.clone(), func).is_some() {
            return Err(at.error(format!("There already is a function `{}`.", shortened(&name))));
        }
        self.module.funcs.push(FuncDecl { name, sig, effects });
        Ok(func)
    }

    /// The number of a signature. [`Module::sig`] looks through all of them.
    fn sig(&mut self, signature: Signature) -> Sig {
        let sigs = &mut self.module.sigs;
        *self.sigs.entry(signature).or_insert_with_key(|signature| {
            sigs.push(signature.clone());
            Sig(sigs.len() as u32 - 1)
        })
    }

    fn symbol(&self, name: &str, at: &Line<'_>) -> Parse<Symbol> {
        let symbol = self.symbols.get(name).copied();
        symbol.ok_or_else(|| at.error(format!("There is no symbol `{}` so far.", shortened(name))))
    }

    /// `(i32, ref) -> i64 orus`
    fn signature(&self, line: &mut Line<'_>) -> Parse<Signature> {
        let mut params = Vec::new();
        line.expect('(')?;
        while !line.eat(')') {
            if !params.is_empty() {
                line.expect(',')?;
            }
            params.push(self.ty(line)?);
        }
        let (result, convention) = self.result(line)?;
        Ok(Signature { params, result, convention })
    }

    fn result(&self, line: &mut Line<'_>) -> Parse<(Type, Convention)> {
        let mut result = Type::from(Kind::None);
        if line.peek() == Token::Arrow {
            line.next();
            result = self.ty(line)?;
        }
        let convention = match line.peek() {
            Token::Word("orus") => Convention::Orus,
            Token::Word("system") => Convention::System,
            _ => return Ok((result, Convention::System)),
        };
        line.next();
        Ok((result, convention))
    }

    /// What is listed; none if nothing is.
    fn effects(&self, line: &mut Line<'_>) -> Parse<Option<Effects>> {
        if line.eat_word("pure") {
            return Ok(Some(Effects::empty()));
        }
        let mut effects = None;
        while let Token::Word(word) = line.peek() {
            let Some((effect, _)) = Effects::NAMES.into_iter().find(|(_, name)| *name == word) else {
                return Err(line.expected("an effect, as `reads`"));
            };
            line.next();
            effects = Some(effects.unwrap_or(Effects::empty()) | effect);
        }
        Ok(effects)
    }

    /// `v0: i32, …)`
    fn params(&self, line: &mut Line<'_>) -> Parse<Vec<(u32, Type)>> {
        let mut params = Vec::new();
        while !line.eat(')') {
            if !params.is_empty() {
                line.expect(',')?;
            }
            let number = line.entity("v", "a value, as `v0`")?;
            line.expect(':')?;
            params.push((number, self.ty(line)?));
        }
        Ok(params)
    }

    /// `i32`, `ref`, `ref.t1`
    fn ty(&self, line: &mut Line<'_>) -> Parse<Type> {
        let Token::Word(word) = line.peek() else { return Err(line.expected("a type")) };
        let ty = match word.split_once('.') {
            None => kind(word).map(Type::from),
            Some(("ref", id)) => match entity(id, "t") {
                Some(number) => Some(Type::reference(self.type_id(number, line)?)),
                None => None,
            },
            Some(_) => None,
        };
        let ty = ty.ok_or_else(|| line.expected("a type"))?;
        line.next();
        Ok(ty)
    }

    fn type_id(&self, number: u32, at: &Line<'_>) -> Parse<TypeId> {
        self.types
            .get(&number)
            .copied()
            .ok_or_else(|| at.error(format!("There is no type t{number} so far.")))
    }
}

/// The kind of a name.
fn kind(name: &str) -> Option<Kind> {
    Kind::ALL.into_iter().find(|kind| kind.name() == name)
}
