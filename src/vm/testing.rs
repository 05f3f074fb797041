//! What the tests of the runtime share: a context of a small program, and what a fault says.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex};

use super::context::{Context, ContextOptions};
use super::fault::Fault;
use super::heap::immortal::Statics;
use super::host::{Host, NoFiles};
use crate::bytecode::{Layout, Program, TypeDesc, TypeId};

/// Bytes that somebody else writes.
#[derive(Clone, Default)]
pub struct Shared(Arc<Mutex<Vec<u8>>>);

impl Shared {
    pub fn take(&self) -> String {
        String::from_utf8(std::mem::take(&mut self.0.lock().unwrap())).unwrap()
    }
}

impl std::io::Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A context, and what it has written.
pub struct TestContext {
    context: Box<Context>,
    pub output: Shared,
}

impl TestContext {
    pub fn new() -> TestContext {
        TestContext::of(Program::new())
    }

    pub fn of(program: Program) -> TestContext {
        TestContext::with(program, "", Some(1 << 30))
    }

    pub fn with(program: Program, input: &'static str, heap_limit: Option<usize>) -> TestContext {
        let output = Shared::default();
        let host = Host::new(Box::new(output.clone()), Box::new(input.as_bytes()), Box::new(NoFiles));
        let statics = Arc::new(Statics::new(&program, None));
        let options = ContextOptions { heap_limit, host, ..ContextOptions::default() };
        TestContext { context: Context::new(Arc::new(program), statics, options), output }
    }
}

impl Deref for TestContext {
    type Target = Context;
    fn deref(&self) -> &Context {
        &self.context
    }
}

impl DerefMut for TestContext {
    fn deref_mut(&mut self) -> &mut Context {
        &mut self.context
    }
}

/// The message of the error that a result must be.
pub fn message<T>(result: Result<T, impl Into<Fault>>) -> String {
    match result.map_err(Into::into) {
        Err(Fault::Error(error)) => error.to_string(),
        Err(fault) => panic!("no error of the language: {fault:?}"),
        Ok(_) => panic!("no error at all"),
    }
}

/// A field: name, type, and whether that is a reference.
pub type FieldOf<'a> = (&'a str, TypeId, bool);

/// Adds types to a program.
pub struct Types(pub Program);

impl Types {
    pub fn new() -> Types {
        Types(Program::new())
    }

    pub fn add(&mut self, desc: TypeDesc) -> TypeId {
        self.0.types.push(desc);
        TypeId(self.0.types.len() as u32 - 1)
    }

    pub fn array(&mut self, of: TypeId) -> TypeId {
        self.add(TypeDesc::Array(of))
    }

    pub fn map(&mut self, key: TypeId, value: TypeId) -> TypeId {
        self.add(TypeDesc::Map { key, value })
    }

    pub fn layout(name: &str, fields: &[FieldOf<'_>]) -> Layout {
        Layout::new(name.into(), fields.iter().map(|&(name, ty, is_ref)| (name.into(), ty, is_ref)))
    }

    pub fn structure(&mut self, name: &str, fields: &[FieldOf<'_>]) -> TypeId {
        self.add(TypeDesc::Struct(Types::layout(name, fields)))
    }

    pub fn enumeration(&mut self, name: &str, variants: &[(&str, &[FieldOf<'_>])]) -> TypeId {
        let variants = variants.iter().map(|(name, fields)| Types::layout(name, fields)).collect();
        self.add(TypeDesc::Enum { name: name.into(), variants })
    }
}
