//! Names that the language itself knows: interned first, so that they have fixed numbers and tables by number stay small.

use crate::lang::builtins::BuiltinFn;
use crate::lang::intern::{Interner, Symbol};
use crate::lang::types::Ty;

macro_rules! known {
    ($($name:ident $text:literal;)*) => {
        #[expect(non_camel_case_types, clippy::upper_case_acronyms, reason = "gives the constants below their numbers")]
        enum Number { $($name,)* }
        $(pub const $name: Symbol = Symbol(Number::$name as u32);)*
        const TEXTS: &[&str] = &[$($text,)*];
    };
}

known! {
    UNDERSCORE "_";
    SELF "self";
    I32 "i32";
    I64 "i64";
    U32 "u32";
    U64 "u64";
    F64 "f64";
    BOOL "bool";
    STRING "string";
    STR "str";
    ERROR "error";
    VOID "void";
    RESULT "Result";
    OK "Ok";
    ERR "Err";
    T "T";
    E "E";
    MESSAGE "message";
    KIND "kind";
    FORMAT "format";
    SORTED_BY "sorted_by";
}

/// The type that a name in a type position always means.
pub fn primitive(name: Symbol) -> Option<Ty> {
    Some(match name {
        I32 => Ty::I32,
        I64 => Ty::I64,
        U32 => Ty::U32,
        U64 => Ty::U64,
        F64 => Ty::F64,
        BOOL => Ty::BOOL,
        STRING | STR => Ty::STRING,
        ERROR => Ty::ERROR,
        _ => return None,
    })
}

/// A builtin that a bare name means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Builtin {
    Function(BuiltinFn),
    Format,
}

/// What the builtin names stand for, by symbol.
pub struct BuiltinNames {
    functions: Vec<Option<Builtin>>,
    array_methods: Vec<Option<BuiltinFn>>,
    string_methods: Vec<Option<BuiltinFn>>,
    map_methods: Vec<Option<BuiltinFn>>,
}

/// What a builtin method belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Receiver {
    Array,
    String,
    Map,
}

impl BuiltinNames {
    /// Interns all known names. The interner must be new.
    pub fn new(names: &mut Interner<'_>) -> BuiltinNames {
        for (number, text) in TEXTS.iter().enumerate() {
            let symbol = names.intern(text);
            assert_eq!(symbol.0 as usize, number, "known names are interned first");
        }
        let mut tables = [Vec::new(), Vec::new(), Vec::new(), Vec::new()];
        let first_of_arrays = BuiltinFn::Join as usize;
        let first_of_strings = BuiltinFn::Chars as usize;
        let first_of_maps = BuiltinFn::MapGet as usize;
        for &(function, text, ..) in BuiltinFn::ALL {
            let index = names.intern(text).0 as usize;
            let number = function as usize;
            let table = usize::from(number >= first_of_arrays)
                + usize::from(number >= first_of_strings)
                + usize::from(number >= first_of_maps);
            let table: &mut Vec<Option<BuiltinFn>> = &mut tables[table];
            if table.len() <= index {
                table.resize(index + 1, None);
            }
            table[index] = Some(function);
        }
        let [functions, array_methods, string_methods, map_methods] = tables;
        let mut functions: Vec<_> = functions.into_iter().map(|f| f.map(Builtin::Function)).collect();
        functions[FORMAT.0 as usize] = Some(Builtin::Format);
        BuiltinNames { functions, array_methods, string_methods, map_methods }
    }

    /// The builtin function of that name.
    pub fn function(&self, name: Symbol) -> Option<Builtin> {
        self.functions.get(name.0 as usize).copied().flatten()
    }

    fn methods(&self, receiver: Receiver) -> &[Option<BuiltinFn>] {
        match receiver {
            Receiver::Array => &self.array_methods,
            Receiver::String => &self.string_methods,
            Receiver::Map => &self.map_methods,
        }
    }

    /// The builtin method of that name.
    pub fn method(&self, receiver: Receiver, name: Symbol) -> Option<BuiltinFn> {
        self.methods(receiver).get(name.0 as usize).copied().flatten()
    }

    /// All builtin functions' names.
    pub fn function_names(&self) -> impl Iterator<Item = Symbol> + '_ {
        (0..).zip(&self.functions).filter(|(_, f)| f.is_some()).map(|(n, _)| Symbol(n))
    }

    /// The names of the builtin methods of a receiver.
    pub fn method_names(&self, receiver: Receiver) -> impl Iterator<Item = Symbol> + '_ {
        (0..).zip(self.methods(receiver)).filter(|(_, f)| f.is_some()).map(|(n, _)| Symbol(n))
    }
}
