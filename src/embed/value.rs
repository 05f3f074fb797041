//! Values on their way between a host and a program: Rust types in, Rust types out.

use crate::vm;

/// A value of a program, as a host sees it.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub enum Value {
    /// What a function without a result gives.
    Void,
    I32(i32),
    I64(i64),
    U32(u32),
    U64(u64),
    F64(f64),
    Bool(bool),
    String(String),
    /// The number of a variant of an enum without payloads.
    Tag(u32),
    /// Anything else: an array, map, struct, enum, function or error. The object lives as long as this handle does, and
    /// can be given back to the engine that it came from.
    Object(Object),
}

/// A handle to an object of one engine.
#[derive(Clone, PartialEq, Debug)]
pub struct Object(pub(super) vm::Object);

impl Value {
    /// The name of its type, as far as a host can see it.
    pub fn type_name(&self) -> &'static str {
        match self {
            Value::Void => "void",
            Value::I32(_) => "i32",
            Value::I64(_) => "i64",
            Value::U32(_) => "u32",
            Value::U64(_) => "u64",
            Value::F64(_) => "f64",
            Value::Bool(_) => "bool",
            Value::String(_) => "string",
            Value::Tag(_) => "enum",
            Value::Object(_) => "object",
        }
    }

    pub(super) fn into_vm(self) -> vm::Value {
        match self {
            Value::Void => vm::Value::Void,
            Value::I32(value) => vm::Value::I32(value),
            Value::I64(value) => vm::Value::I64(value),
            Value::U32(value) => vm::Value::U32(value),
            Value::U64(value) => vm::Value::U64(value),
            Value::F64(value) => vm::Value::F64(value),
            Value::Bool(value) => vm::Value::Bool(value),
            Value::String(value) => vm::Value::String(value),
            Value::Tag(value) => vm::Value::Tag(value),
            Value::Object(Object(value)) => vm::Value::Object(value),
        }
    }

    pub(super) fn from_vm(value: vm::Value) -> Value {
        match value {
            vm::Value::Void => Value::Void,
            vm::Value::I32(value) => Value::I32(value),
            vm::Value::I64(value) => Value::I64(value),
            vm::Value::U32(value) => Value::U32(value),
            vm::Value::U64(value) => Value::U64(value),
            vm::Value::F64(value) => Value::F64(value),
            vm::Value::Bool(value) => Value::Bool(value),
            vm::Value::String(value) => Value::String(value),
            vm::Value::Tag(value) => Value::Tag(value),
            vm::Value::Object(value) => Value::Object(Object(value)),
        }
    }
}

/// The arguments of a call: a tuple of up to eight Rust values, `()` for none, or a `Vec<Value>`.
pub trait Args {
    /// As values, in order.
    fn into_values(self) -> Vec<Value>;
}

impl Args for Vec<Value> {
    fn into_values(self) -> Vec<Value> {
        self
    }
}

macro_rules! tuples {
    ($(($($name:ident)*))*) => {$(
        impl<$($name: Into<Value>),*> Args for ($($name,)*) {
            #[allow(non_snake_case, reason = "a type parameter names its value")]
            fn into_values(self) -> Vec<Value> {
                let ($($name,)*) = self;
                vec![$($name.into()),*]
            }
        }
    )*};
}
tuples! { () (A) (A B) (A B C) (A B C D) (A B C D E) (A B C D E F) (A B C D E F G) (A B C D E F G H) }

/// A result of a call, as a Rust type. `()` takes any result and drops it.
pub trait FromValue: Sized {
    /// What is asked for, in messages.
    const NAME: &'static str;
    /// The Rust value, or what it was instead.
    fn from_value(value: Value) -> Result<Self, Value>;
}

impl FromValue for Value {
    const NAME: &'static str = "any value";
    fn from_value(value: Value) -> Result<Value, Value> {
        Ok(value)
    }
}

impl FromValue for () {
    const NAME: &'static str = "nothing";
    fn from_value(_: Value) -> Result<(), Value> {
        Ok(())
    }
}

macro_rules! scalars {
    ($($rust:ty, $variant:ident, $name:literal;)*) => {$(
        impl From<$rust> for Value {
            fn from(value: $rust) -> Value {
                Value::$variant(value)
            }
        }
        impl FromValue for $rust {
            const NAME: &'static str = $name;
            fn from_value(value: Value) -> Result<$rust, Value> {
                match value {
                    Value::$variant(value) => Ok(value),
                    other => Err(other),
                }
            }
        }
    )*};
}
scalars! {
    i32, I32, "i32";
    i64, I64, "i64";
    u32, U32, "u32";
    u64, U64, "u64";
    f64, F64, "f64";
    bool, Bool, "bool";
    String, String, "string";
    Object, Object, "an object";
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::String(text.to_owned())
    }
}
