//! What functions share: layouts of objects, signatures, callable functions.

use bitflags::bitflags;

use super::types::{Func, Kind, Sig, Type, TypeId};

/// How arguments and results are passed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Convention {
    /// The platform's C convention.
    System,
    /// Between compiled functions: arguments in registers, context and depth pinned, nothing saved by the callee.
    Orus,
}

impl Convention {
    /// How it is written.
    pub const fn name(self) -> &'static str {
        match self {
            Convention::System => "system",
            Convention::Orus => "orus",
        }
    }
}

/// Parameters, result and convention.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Signature {
    /// The parameters.
    pub params: Vec<Type>,
    /// The result; kind `None` if there is none.
    pub result: Type,
    /// The convention.
    pub convention: Convention,
}

impl Signature {
    /// A signature of kinds.
    pub fn new(params: &[Kind], result: Kind, convention: Convention) -> Signature {
        Signature {
            params: params.iter().map(|&kind| kind.into()).collect(),
            result: result.into(),
            convention,
        }
    }
}

bitflags! {
    /// What a call may do. A callee of which nothing is known may do all but `NEVER_RETURNS`.
    #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
    pub struct Effects: u8 {
        /// It reads memory of any class.
        const READS = 1;
        /// It writes memory of any class but `fixed`.
        const WRITES = 1 << 1;
        /// It may raise: control may go to a handler instead of returning.
        const RAISES = 1 << 2;
        /// The collector may run: the call is a safepoint.
        const COLLECTS = 1 << 3;
        /// It does not return.
        const NEVER_RETURNS = 1 << 4;
    }
}

impl Effects {
    /// Anything but not returning.
    pub const ANY: Effects =
        Effects::READS.union(Effects::WRITES).union(Effects::RAISES).union(Effects::COLLECTS);

    /// Each effect with its name, in the order in which they are written.
    pub const NAMES: [(Effects, &'static str); 5] = [
        (Effects::READS, "reads"),
        (Effects::WRITES, "writes"),
        (Effects::RAISES, "raises"),
        (Effects::COLLECTS, "collects"),
        (Effects::NEVER_RETURNS, "noreturn"),
    ];
}

/// A function that can be called.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FuncDecl {
    /// Its name, for dumps and for the linker.
    pub name: String,
    /// Its signature.
    pub sig: Sig,
    /// What a call may do.
    pub effects: Effects,
}

/// The layout of an object: a header of 8 bytes, then slots of 8 bytes, references first.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Layout {
    /// How many references there are, at bytes 8, 16, ….
    pub references: u32,
    /// How many scalars follow.
    pub scalars: u32,
    /// The header.
    pub header: u64,
    /// Where the context has the cursor of the free run that such objects are cut from; the run's end is 8 bytes behind it.
    pub cursor_offset: u32,
}

impl Layout {
    /// Bytes of an object, with its header.
    pub fn bytes(&self) -> u32 {
        8 + 8 * (self.references + self.scalars)
    }
}

/// What functions share.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Module {
    /// Layouts by [`TypeId`]; number 0, any object, has no slots.
    pub layouts: Vec<Layout>,
    /// Signatures by [`Sig`].
    pub sigs: Vec<Signature>,
    /// Functions by [`Func`].
    pub funcs: Vec<FuncDecl>,
    /// Symbols' names.
    pub symbols: Vec<String>,
}

impl Default for Module {
    fn default() -> Self {
        let any = Layout { references: 0, scalars: 0, header: 0, cursor_offset: 0 };
        Module { layouts: vec![any], sigs: Vec::new(), funcs: Vec::new(), symbols: Vec::new() }
    }
}

impl Module {
    /// A module with nothing in it.
    pub fn new() -> Module {
        Module::default()
    }

    /// Adds a layout.
    pub fn layout(&mut self, layout: Layout) -> TypeId {
        self.layouts.push(layout);
        TypeId(self.layouts.len() as u32 - 1)
    }

    /// The number of a signature; equal ones share it.
    pub fn sig(&mut self, signature: Signature) -> Sig {
        let at = self.sigs.iter().position(|known| *known == signature).unwrap_or_else(|| {
            self.sigs.push(signature);
            self.sigs.len() - 1
        });
        Sig(at as u32)
    }

    /// Adds a function.
    pub fn declare(&mut self, name: &str, signature: Signature, effects: Effects) -> Func {
        let sig = self.sig(signature);
        self.funcs.push(FuncDecl { name: name.to_owned(), sig, effects });
        Func(self.funcs.len() as u32 - 1)
    }

    /// A function's signature.
    pub fn signature(&self, func: Func) -> &Signature {
        &self.sigs[self.funcs[func.index()].sig.index()]
    }
}
