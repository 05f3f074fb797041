//! An embeddable code generator: modules of the IR become functions that Rust calls.
//!
//! How it works. A [`Jit`] has a code cache and the stubs through which code leaves. [`Jit::compile`] verifies, optimises, compiles and links
//! the functions of a module into an [`Image`]; what the module only declares is bound by name to what was [defined](Jit::define).
//! [`Image::function`] gives a [`TypedFn`], whose Rust types were compared with the function's signature.
//!
//! When a call is safe. The verifier has shown that operands are of the right kinds, that values are defined where they are used, and that control
//! stays in the function. What is left to go wrong is memory: loads, stores, allocation, calls of addresses, the context. A function that does
//! none of that, nor calls one that does, or a Rust function that is unsafe, is [memory safe](Image::is_memory_safe): [`TypedFn::call`] takes
//! it. (A claim that does not hold, such as a divisor that is said not to be 0, ends in a trap, as does `unreachable`.) All others
//! are called with [`TypedFn::call_unchecked`], by someone who knows what they do. Effects that a module claims of a function outside
//! change when and how often it is called, not whether that is safe.
//!
//! Invariants
//! - EN1 Code is in the cache as long as an [`Image`] or [`TypedFn`] of it is there; so nothing runs in it when it is freed.
//! - EN2 From a frame that was reached through a stub, frame pointers lead through frames of functions in the code map to the thunk of the innermost
//!   [`Active`] call of the thread: calls into Rust and back are entries of their own.
//! - EN3 A stack has room for a function without a cycle in its calls: either its needs were added up and probed for, or it runs on a stack of the
//!   pool, whose guard is larger than any frame.
//!
//! Cost. A call: a few nanoseconds for a function of the system's convention that cannot leave; else some ten more. On a pooled
//! stack: a lock and a system call.
#![allow(unsafe_code, reason = "the jump into compiled code, and its way back")]

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::ptr;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use super::link::{LinkError, Placed};
use super::runtime::{CodeMap, Ended, Entry, Linked, Thunk};
use super::x64::X64;
use super::x64::stubs::StubCode;
use super::{CompileError, Compiler, External, Options, Stub};
use crate::code::perf_map::PerfMap;
use crate::code::{CacheError, CacheOptions, CodeCache, CodeRegion, StackError, StackPool};
use crate::ir::eval::Left;
use crate::ir::verify::{VerifyError, verify};
use crate::ir::{Block, Convention, Func, Function, Inst, Kind, Module, Op, Signature};
use crate::opt::{self, Analyses, Level, optimize};

mod leave;
mod types;

use leave::{ACTIVE, Active};
pub use types::{Arguments, ExternFn, RaisingFn, Reference, Returned, Scalar};

/// How much may be on the stack of the caller: what is below is probed.
const ROOM: u32 = 12 << 10;

/// How code is made and run.
#[derive(Clone, Debug)]
pub struct JitOptions {
    /// The code cache.
    pub cache: CacheOptions,
    /// How much is optimised.
    pub level: Level,
    /// What the compiler is told.
    pub compiler: Options,
    /// How deeply functions that count their depth may call each other.
    pub depth: u32,
    /// Bytes of a stack, for functions that may call themselves.
    pub stack_bytes: usize,
    /// Names are written for `perf`.
    pub perf_map: bool,
    /// Names are registered for debuggers.
    pub debugger: bool,
}

impl Default for JitOptions {
    fn default() -> JitOptions {
        JitOptions {
            cache: CacheOptions::default(),
            level: Level::Full,
            compiler: Options::default(),
            depth: 10_000,
            stack_bytes: 128 << 20,
            perf_map: false,
            debugger: false,
        }
    }
}

/// Why a module was not compiled.
#[derive(Debug)]
#[non_exhaustive]
pub enum JitError {
    /// A function is not well-formed.
    Verify {
        /// Its name.
        function: String,
        /// What is wrong.
        error: VerifyError,
    },
    /// A function cannot be compiled.
    Compile {
        /// Its name.
        function: String,
        /// Why.
        error: CompileError,
    },
    /// A body has another signature than its declaration, or there are two of it.
    Body {
        /// Its name.
        function: String,
    },
    /// Nobody has defined this function or symbol.
    Undefined {
        /// Its name.
        name: String,
    },
    /// A function outside is declared with another signature than it was defined with.
    Outside {
        /// Its name.
        name: String,
        /// What it is.
        defined: Signature,
        /// What the module says.
        declared: Signature,
    },
    /// It does not go into the cache. [`CacheError::Full`]: other images may be dropped first. Whatever it is, a program can go on
    /// without the code.
    Cache(CacheError),
}

impl fmt::Display for JitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            JitError::Verify { function, error } => write!(f, "`{function}` is not well-formed: {error}"),
            JitError::Compile { function, error } => write!(f, "`{function}` cannot be compiled: {error}"),
            JitError::Body { function } => {
                write!(f, "the body of `{function}` does not fit its declaration")
            }
            JitError::Undefined { name } => write!(f, "nobody has defined `{name}`"),
            JitError::Outside { name, defined, declared } => {
                let (defined, declared) = (types::describe(defined), types::describe(declared));
                write!(f, "`{name}` is declared as {declared}, but is {defined}")
            }
            JitError::Cache(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for JitError {}

impl From<CacheError> for JitError {
    fn from(error: CacheError) -> JitError {
        JitError::Cache(error)
    }
}

/// A function is not called by the types that were asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SignatureMismatch {
    /// There is no such function.
    Unknown {
        /// What was asked for.
        name: String,
    },
    /// It has another signature.
    Other {
        /// What it is.
        is: Signature,
        /// Kinds of the arguments and the result that were asked for.
        asked: (Vec<Kind>, Kind),
    },
}

impl fmt::Display for SignatureMismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SignatureMismatch::Unknown { name } => write!(f, "there is no function `{name}`"),
            SignatureMismatch::Other { is, asked: (params, result) } => {
                let asked = Signature::new(params, *result, is.convention);
                write!(f, "it is {}, not {}", types::describe(is), types::describe(&asked))
            }
        }
    }
}

impl std::error::Error for SignatureMismatch {}

/// Why a call did not return.
#[derive(Debug)]
#[non_exhaustive]
pub enum CallError {
    /// A guard failed: why, and what the frame state says of where. Of the functions that wait for the one that was left, nothing is known.
    Left(Box<Left>),
    /// A function outside raised, and nothing caught that.
    Raised,
    /// Calls were nested too deeply.
    TooDeep,
    /// There is no stack to run on.
    Stack(StackError),
    /// The function touches memory, calls addresses or unsafe functions: see [`TypedFn::call_unchecked`].
    NotSafe,
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CallError::Left(left) => write!(f, "a guard failed ({})", left.reason.name()),
            CallError::Raised => write!(f, "a function outside raised"),
            CallError::TooDeep => write!(f, "calls are nested too deeply"),
            CallError::Stack(error) => write!(f, "{error}"),
            CallError::NotSafe => write!(f, "the function touches memory: it is not safe to call"),
        }
    }
}

impl std::error::Error for CallError {}

/// What names stand for.
#[derive(Clone, Debug)]
enum Definition {
    /// A Rust function, by its address.
    Function { address: u64, signature: Signature, safe: bool },
    /// The same, through a stub: it may raise.
    Stub { address: u64, signature: Signature, safe: bool },
    /// Anything.
    Symbol(u64),
}

/// What all of one [`Jit`] share.
#[derive(Debug)]
struct Shared {
    isa: X64,
    cache: CodeCache,
    stacks: StackPool,
    depth: u32,
    stubs: Stubs,
    code: RwLock<CodeMap>,
    thunks: Mutex<HashMap<Signature, ThunkPlace>>,
    /// Code that is there as long as this is.
    regions: Mutex<Vec<CodeRegion>>,
}

impl Drop for Shared {
    fn drop(&mut self) {
        let regions = self.regions.get_mut().unwrap_or_else(PoisonError::into_inner);
        for region in regions.drain(..) {
            // SAFETY: images and functions hold this, so all are gone, and no call is under way (EN1).
            unsafe { region.free() };
        }
    }
}

#[derive(Clone, Copy, Default, Debug)]
struct Stubs {
    exit: u64,
    poll: u64,
    allocate: u64,
    raise: u64,
    deep: u64,
}

#[derive(Clone, Copy, Debug)]
struct ThunkPlace {
    entry: Thunk,
    back: u64,
    landing: u64,
    frame_bytes: u64,
}

impl Shared {
    fn publish(&self, code: &StubCode) -> Result<u64, CacheError> {
        let fill = |_, bytes: &mut [u8]| bytes.copy_from_slice(&code.bytes);
        let region = self.cache.publish(code.bytes.len(), 16, fill)?;
        let address = region.address();
        self.regions.lock().unwrap_or_else(PoisonError::into_inner).push(region);
        Ok(address)
    }

    fn thunk(&self, signature: &Signature) -> Result<ThunkPlace, JitError> {
        let mut thunks = self.thunks.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(&known) = thunks.get(signature) {
            return Ok(known);
        }
        let code = self.isa.thunk(signature).map_err(stub_error)?;
        let at = self.publish(&code)?;
        // SAFETY: the stub is a function of this type.
        let entry: Thunk = unsafe { std::mem::transmute(ptr::with_exposed_provenance::<()>(at as usize)) };
        let place = ThunkPlace {
            entry,
            back: at + u64::from(code.return_offset),
            landing: at + u64::from(code.landing_offset),
            frame_bytes: code.frame_bytes.into(),
        };
        thunks.insert(signature.clone(), place);
        Ok(place)
    }
}

fn stub_error(error: crate::asm::AsmError) -> JitError {
    JitError::Compile { function: "a stub".to_owned(), error: CompileError::Asm(error) }
}

/// Compiles modules of the IR for this processor. See the [module](self) and the example of [`codegen`](super).
pub struct Jit {
    shared: Arc<Shared>,
    compiler: Compiler<X64>,
    analyses: Analyses,
    options: JitOptions,
    definitions: BTreeMap<String, Definition>,
}

impl Jit {
    /// Reserves a code cache, and makes the stubs.
    ///
    /// # Errors
    /// If the system does not let this process have executable memory ([`CacheError::Denied`]), or there is no room.
    pub fn new(options: JitOptions) -> Result<Jit, JitError> {
        let isa = X64::host();
        let mut shared = Shared {
            isa,
            cache: CodeCache::new(options.cache)?,
            stacks: StackPool::new(options.stack_bytes),
            depth: options.depth.min(i32::MAX as u32),
            stubs: Stubs::default(),
            code: RwLock::default(),
            thunks: Mutex::default(),
            regions: Mutex::default(),
        };
        let address = |handler: super::runtime::Handler| handler as usize as u64;
        let make = |code: Result<StubCode, crate::asm::AsmError>| -> Result<u64, JitError> {
            Ok(shared.publish(&code.map_err(stub_error)?)?)
        };
        let stubs = Stubs {
            exit: make(isa.exit_stub(address(leave::on_exit)))?,
            poll: make(isa.slow_path_stub(address(leave::on_poll)))?,
            allocate: make(isa.slow_path_stub(address(leave::on_allocate)))?,
            raise: make(isa.raise_stub(address(leave::on_raise)))?,
            deep: make(isa.raise_stub(address(leave::on_deep)))?,
        };
        shared.stubs = stubs;
        Ok(Jit {
            shared: Arc::new(shared),
            compiler: Compiler::new(isa),
            analyses: Analyses::new(),
            options,
            definitions: BTreeMap::new(),
        })
    }

    /// Defines a function that modules declare by this name, in the system's convention: an `extern "C" fn`. One that is safe in Rust may be
    /// called by functions that are memory safe.
    ///
    /// It must not unwind; `extern "C"` sees to that.
    pub fn define<A, R>(&mut self, name: &str, function: impl ExternFn<A, R>) {
        let (address, signature, safe) = (function.address(), function.signature(), function.is_safe());
        self.definitions.insert(name.to_owned(), Definition::Function { address, signature, safe });
    }

    /// As [`define`](Self::define), of a function that may raise: it says so in what it [returns](Returned).
    ///
    /// # Errors
    /// If there is no room for its stub.
    pub fn define_raising<A, R>(
        &mut self,
        name: &str,
        function: impl RaisingFn<A, R>,
    ) -> Result<(), JitError> {
        let signature = function.signature();
        let raise = self.shared.stubs.raise;
        let code = self.shared.isa.helper_stub(&signature, function.address(), raise).map_err(stub_error)?;
        let address = self.shared.publish(&code)?;
        let safe = function.is_safe();
        self.definitions.insert(name.to_owned(), Definition::Stub { address, signature, safe });
        Ok(())
    }

    /// Defines the address of a symbol. (The symbol that a function with a depth limit names need not be defined: then the call ends with
    /// [`CallError::TooDeep`].)
    pub fn define_symbol(&mut self, name: &str, address: *const ()) {
        self.definitions.insert(name.to_owned(), Definition::Symbol(address.expose_provenance() as u64));
    }

    /// What the processor has for vectors: those that modules may use.
    pub fn vectors(&self) -> opt::pipeline::Vectors {
        super::Isa::vectors(&self.shared.isa)
    }

    /// Compiles functions of a module, which may call each other, and others that are defined.
    ///
    /// # Errors
    /// If one is not well-formed, cannot be compiled, or refers to what is not there; or if there is no room.
    pub fn compile(&mut self, module: &Module, functions: &[(Func, &Function)]) -> Result<Image, JitError> {
        let mut bodies: Vec<Option<&Function>> = vec![None; module.funcs.len()];
        for &(func, body) in functions {
            let fits = module.funcs.get(func.index()).is_some_and(|_| *module.signature(func) == body.sig);
            if !fits || bodies[func.index()].is_some() {
                return Err(JitError::Body { function: body.name.clone() });
            }
            verify(body, module).map_err(|error| JitError::Verify { function: body.name.clone(), error })?;
            bodies[func.index()] = Some(body);
        }
        let outside = self.outside(module, &bodies)?;
        let mut optimizer = opt::Options::new(self.options.level);
        optimizer.vectors = self.vectors();
        let mut placed = Vec::new();
        let mut image = ImageBuilder::default();
        for &(func, body) in functions {
            let mut body = body.clone();
            optimize(&mut body, module, &bodies, &optimizer, &mut self.analyses);
            let name = &module.funcs[func.index()].name;
            let compiled = self
                .compiler
                .compile_with(&body, module, &self.options.compiler, self.analyses.known_cfg())
                .map_err(|error| JitError::Compile { function: name.clone(), error })?;
            image.note(func, &body, module, compiled);
            let stubs = |external| matches!(external, External::Func(func) if bodies[func.index()].is_some());
            let near = |external| matches!(external, External::Stub(_)) || stubs(external);
            placed.push((
                func,
                Placed::new::<X64>(&self.shared.cache, name, compiled, near).map_err(link_error(module))?,
            ));
        }
        let addresses: BTreeMap<Func, u64> =
            placed.iter().map(|(func, place)| (*func, place.address())).collect();
        let stubs = self.shared.stubs;
        let address = |external| match external {
            External::Func(func) => addresses.get(&func).or_else(|| outside.functions.get(&func)).copied(),
            External::Symbol(symbol) => outside.symbols.get(symbol.index()).copied().flatten(),
            External::Stub(Stub::Exit) => Some(stubs.exit),
            External::Stub(Stub::Poll) => Some(stubs.poll),
            External::Stub(Stub::Allocate) => Some(stubs.allocate),
        };
        let mut inner =
            ImageInner { shared: Arc::clone(&self.shared), regions: Vec::new(), functions: BTreeMap::new() };
        for (func, place) in placed {
            // What was published before is freed with `inner`.
            let (region, linked) = place.publish::<X64>(address).map_err(link_error(module))?;
            if self.options.debugger {
                region.register_with_debugger(&linked.name);
            }
            if self.options.perf_map
                && let Ok(map) = PerfMap::of_process()
            {
                map.add(region.address(), region.size(), &linked.name);
            }
            inner.regions.push(region);
            let facts = image.facts(func, &outside);
            let signature = module.signature(func);
            // A direct call needs no thunk, but one that has to be safe from leaving does.
            let thunk = self.shared.thunk(signature)?;
            let mut code = self.shared.code.write().unwrap_or_else(PoisonError::into_inner);
            code.insert(Arc::clone(&linked));
            drop(code);
            let name = linked.name.clone();
            inner.functions.insert(name, Compiled { linked, signature: signature.clone(), thunk, facts });
        }
        Ok(Image { inner: Arc::new(inner) })
    }

    /// The addresses of what is outside of a module.
    fn outside(&self, module: &Module, bodies: &[Option<&Function>]) -> Result<Outside, JitError> {
        let mut outside = Outside::default();
        for (index, decl) in module.funcs.iter().enumerate() {
            if bodies[index].is_some() {
                continue;
            }
            let func = Func(index as u32);
            let declared = module.signature(func);
            // One that nothing refers to need not be there: then no relocation asks for it.
            let Some(
                Definition::Function { address, signature, safe }
                | Definition::Stub { address, signature, safe },
            ) = self.definitions.get(&decl.name)
            else {
                continue;
            };
            let kinds = |signature: &Signature| -> Vec<Kind> {
                signature.params.iter().chain([&signature.result]).map(|ty| ty.kind).collect()
            };
            if declared.convention != Convention::System || kinds(declared) != kinds(signature) {
                return Err(JitError::Outside {
                    name: decl.name.clone(),
                    defined: signature.clone(),
                    declared: declared.clone(),
                });
            }
            outside.functions.insert(func, *address);
            if *safe {
                outside.safe.push(func);
            }
            if matches!(self.definitions[&decl.name], Definition::Stub { .. }) {
                outside.raising.push(func);
            }
        }
        let depth: Vec<usize> =
            bodies.iter().flatten().filter_map(|body| Some(body.depth_check?.index())).collect();
        for (index, name) in module.symbols.iter().enumerate() {
            outside.symbols.push(match self.definitions.get(name) {
                Some(Definition::Symbol(address)) => Some(*address),
                None if depth.contains(&index) => Some(self.shared.stubs.deep),
                _ => None,
            });
        }
        Ok(outside)
    }
}

fn link_error(module: &Module) -> impl Fn(LinkError) -> JitError + '_ {
    |error| match error {
        LinkError::Cache(error) => JitError::Cache(error),
        LinkError::Unknown(External::Func(func)) => {
            JitError::Undefined { name: module.funcs[func.index()].name.clone() }
        }
        LinkError::Unknown(External::Symbol(symbol)) => {
            JitError::Undefined { name: module.symbols[symbol.index()].clone() }
        }
        LinkError::Unknown(External::Stub(stub)) => JitError::Undefined { name: format!("{stub:?}") },
    }
}

#[derive(Default)]
struct Outside {
    functions: BTreeMap<Func, u64>,
    symbols: Vec<Option<u64>>,
    safe: Vec<Func>,
    raising: Vec<Func>,
}

/// What is found out about functions while they are compiled.
#[derive(Default)]
struct ImageBuilder {
    found: BTreeMap<Func, Found>,
}

/// About one function, as it was compiled.
struct Found {
    calls: Vec<Func>,
    touches_memory: bool,
    leaves: bool,
    stack: u32,
}

/// About a function with all that it calls.
#[derive(Clone, Copy, Debug)]
struct Facts {
    memory_safe: bool,
    /// It may end otherwise than by returning.
    leaves: bool,
    /// What it needs of the stack; none if that has no limit.
    stack: Option<u32>,
}

impl ImageBuilder {
    fn note(&mut self, func: Func, body: &Function, module: &Module, compiled: &super::Compiled) {
        let mut found = Found {
            calls: Vec::new(),
            touches_memory: false,
            leaves: !compiled.exits.is_empty() || body.depth_check.is_some(),
            // The return address and the frame pointer besides.
            stack: compiled.frame_bytes.unwrap_or(0) + 16,
        };
        let insts = |block| body.insts(Block(block));
        for inst in (0..body.block_count() as u32).flat_map(insts) {
            found.note(body, inst);
        }
        // Arguments on the stack, of the thunk.
        found.stack += 32 * module.signature(func).params.len() as u32;
        self.found.insert(func, found);
    }

    fn facts(&self, func: Func, outside: &Outside) -> Facts {
        let mut facts = Facts { memory_safe: true, leaves: false, stack: None };
        // Everything that can be reached.
        let (mut seen, mut work) = (vec![func], vec![func]);
        while let Some(at) = work.pop() {
            match self.found.get(&at) {
                Some(found) => {
                    facts.memory_safe &= !found.touches_memory;
                    facts.leaves |= found.leaves;
                    for &callee in &found.calls {
                        if !seen.contains(&callee) {
                            seen.push(callee);
                            work.push(callee);
                        }
                    }
                }
                None => {
                    facts.memory_safe &= outside.safe.contains(&at);
                    facts.leaves |= outside.raising.contains(&at);
                }
            }
        }
        facts.stack = self.stack(func, &mut Vec::new());
        facts
    }

    /// The most that a call needs of the stack, as far as functions of the module do. None if there is a cycle, or too much.
    fn stack(&self, func: Func, path: &mut Vec<Func>) -> Option<u32> {
        let Some(found) = self.found.get(&func) else { return Some(0) };
        if path.contains(&func) || path.len() > 16 {
            return None;
        }
        path.push(func);
        let mut most = 0;
        for &callee in &found.calls {
            most = most.max(self.stack(callee, path)?);
        }
        path.pop();
        Some(most + found.stack).filter(|&need| need <= ROOM)
    }
}

impl Found {
    fn note(&mut self, body: &Function, inst: Inst) {
        let data = body.inst(inst);
        match data.op {
            Op::Load | Op::Store | Op::New | Op::Poll | Op::Context => self.touches_memory = true,
            Op::CallIndirect | Op::InvokeIndirect => {
                self.touches_memory = true;
                self.leaves = true;
            }
            Op::Call | Op::Invoke if !self.calls.contains(&data.callee()) => self.calls.push(data.callee()),
            _ => {}
        }
    }
}

#[derive(Debug)]
struct Compiled {
    linked: Arc<Linked>,
    signature: Signature,
    thunk: ThunkPlace,
    facts: Facts,
}

#[derive(Debug)]
struct ImageInner {
    shared: Arc<Shared>,
    regions: Vec<CodeRegion>,
    functions: BTreeMap<String, Compiled>,
}

impl Drop for ImageInner {
    fn drop(&mut self) {
        let mut code = self.shared.code.write().unwrap_or_else(PoisonError::into_inner);
        for function in self.functions.values() {
            code.remove(function.linked.range.start);
        }
        drop(code);
        for region in self.regions.drain(..) {
            // SAFETY: no image nor function of it is left, and who calls one has it; so nobody is in the code (EN1).
            unsafe { region.free() };
        }
    }
}

/// Compiled functions. The code is freed when this and all [`TypedFn`]s of it are dropped.
#[derive(Clone, Debug)]
pub struct Image {
    inner: Arc<ImageInner>,
}

impl Image {
    /// A function, by the types of its arguments (a tuple) and its result.
    ///
    /// # Errors
    /// If there is none of this name, or it has another signature.
    pub fn function<A: Arguments, R: Scalar>(&self, name: &str) -> Result<TypedFn<A, R>, SignatureMismatch> {
        let unknown = || SignatureMismatch::Unknown { name: name.to_owned() };
        let function = self.inner.functions.get(name).ok_or_else(unknown)?;
        let kinds: Vec<Kind> = function.signature.params.iter().map(|ty| ty.kind).collect();
        if kinds != A::KINDS || function.signature.result.kind != R::KIND {
            let asked = (A::KINDS.to_vec(), R::KIND);
            return Err(SignatureMismatch::Other { is: function.signature.clone(), asked });
        }
        Ok(TypedFn {
            image: Arc::clone(&self.inner),
            callee: function.linked.range.start,
            thunk: function.thunk,
            facts: function.facts,
            // One that cannot leave, and needs little, is a function like others.
            direct: function.signature.convention == Convention::System
                && !function.facts.leaves
                && function.facts.stack.is_some(),
            context: ptr::null_mut(),
            types: PhantomData,
        })
    }

    /// Does the function, with all that it calls, touch no memory, and call no address nor unsafe function? See the [module](self).
    pub fn is_memory_safe(&self, name: &str) -> Option<bool> {
        Some(self.inner.functions.get(name)?.facts.memory_safe)
    }

    /// The address of a function, of its convention: valid as long as the image.
    pub fn address(&self, name: &str) -> Option<*const ()> {
        let start = self.inner.functions.get(name)?.linked.range.start;
        Some(ptr::with_exposed_provenance(start as usize))
    }

    /// The listing of a function, if [`Options::notes`] were asked for.
    pub fn listing(&self, name: &str) -> Option<&str> {
        Some(&self.inner.functions.get(name)?.linked.tables.listing)
    }

    /// A function's code.
    pub fn code(&self, name: &str) -> Option<&[u8]> {
        let start = self.inner.functions.get(name)?.linked.range.start;
        self.inner.regions.iter().find(|region| region.address() == start).map(CodeRegion::bytes)
    }

    /// The names of the functions, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.inner.functions.keys().map(String::as_str)
    }
}

/// A compiled function, to be called with arguments of the types `A` (a tuple), for a result of type `R`.
#[derive(Debug)]
pub struct TypedFn<A, R> {
    image: Arc<ImageInner>,
    callee: u64,
    thunk: ThunkPlace,
    facts: Facts,
    direct: bool,
    context: *mut (),
    types: PhantomData<fn(A) -> R>,
}

// SAFETY: code may be called from any thread; the pointer to the context is used only by callers that answer for it.
unsafe impl<A, R> Send for TypedFn<A, R> {}
// SAFETY: as above; nothing here changes.
unsafe impl<A, R> Sync for TypedFn<A, R> {}

impl<A, R> Clone for TypedFn<A, R> {
    fn clone(&self) -> Self {
        let TypedFn { image, callee, thunk, facts, direct, context, types } = self;
        TypedFn {
            image: Arc::clone(image),
            callee: *callee,
            thunk: *thunk,
            facts: *facts,
            direct: *direct,
            context: *context,
            types: *types,
        }
    }
}

impl<A: Arguments, R: Scalar> TypedFn<A, R> {
    /// The same, with a context for functions of the Orus convention that ask for one. It is null else.
    #[must_use]
    pub fn with_context(self, context: *mut ()) -> TypedFn<A, R> {
        TypedFn { context, ..self }
    }

    /// May [`call`](Self::call) be used? See the [module](self).
    pub fn is_memory_safe(&self) -> bool {
        self.facts.memory_safe
    }

    /// Calls a function that is memory safe.
    ///
    /// # Errors
    /// If it is not, or does not return.
    #[inline]
    pub fn call(&self, arguments: A) -> Result<R, CallError> {
        if !self.facts.memory_safe {
            return Err(CallError::NotSafe);
        }
        // SAFETY: it does nothing that could break a rule: the reasons are in the module's documentation.
        unsafe { self.call_unchecked(arguments) }
    }

    /// Calls a function.
    ///
    /// # Errors
    /// If it does not return.
    ///
    /// # Safety
    /// What it does with memory, its context and unsafe functions has to be right: accesses are to memory that is there, of the kind
    /// that they say, and not used otherwise meanwhile; what is said of memory (alias classes, effects of functions outside) is true.
    #[inline]
    pub unsafe fn call_unchecked(&self, arguments: A) -> Result<R, CallError> {
        if self.direct {
            probe();
            // SAFETY: the types are those of its signature, in the system's convention; the rest is the caller's.
            return Ok(unsafe { arguments.call(self.callee) });
        }
        let words = arguments.words();
        // SAFETY: as above.
        unsafe { self.enter(words.as_ref()) }.map(|word| R::from_word(word))
    }

    unsafe fn enter(&self, arguments: &[u64]) -> Result<u64, CallError> {
        let shared = &*self.image.shared;
        let stack = match self.facts.stack {
            Some(_) => {
                probe();
                None
            }
            None => Some(shared.stacks.take().map_err(CallError::Stack)?),
        };
        let active = Active { shared, thunk: self.thunk, ended: RefCell::new(None), before: ACTIVE.get() };
        let mut entry = Entry {
            callee: self.callee,
            context: self.context.expose_provenance() as u64,
            depth: shared.depth.into(),
            stack_top: stack.as_ref().map_or(0, |stack| stack.range().end),
            arguments: arguments.as_ptr(),
            result: [0; 4],
        };
        ACTIVE.set((&raw const active).cast());
        // SAFETY: the thunk is that of the function's signature, the arguments are as many as it has; what the function does is the caller's.
        let ended = unsafe { (self.thunk.entry)(&mut entry) };
        ACTIVE.set(active.before);
        drop(stack);
        if ended == Ended::Returned as u64 {
            return Ok(entry.result[0]);
        }
        Err(active.ended.into_inner().unwrap_or(CallError::Raised))
    }
}

/// Touches what a function may need of this stack, so that the guard below is hit before something else is. (EN3)
#[inline(never)]
fn probe() {
    let room = MaybeUninit::<[u8; ROOM as usize + 1024]>::uninit();
    std::hint::black_box(room.as_ptr());
}

#[cfg(test)]
mod tests;
