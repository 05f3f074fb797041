//! Native code as a way to run programs: optimised, compiled for this processor, linked, and called.
//!
//! How it works. The program's memory is mapped where the plan says. Each function outside is a stub whose handler copies memory to
//! where [`World`] works on it, and back. Every poll takes its slow path. What leaves the program (a guard, a raise that nothing catches,
//! too deep a call) is written down by a handler, which resumes at the landing of the thunk through which the program was entered.
//!
//! What is checked besides the result:
//! - N1 The return addresses from a handler's caller up to the thunk are all known, and the depth there is what it was.
//! - N2 At a safepoint, what the maps list are objects. What cannot be reached from them, nor from memory, is overwritten; a reference
//!   that a map lacks leads there later, which shows as a wrong result.
//! - N3 Callees overwrite all registers that they may, and what is above short results of the system's convention; arguments of the Orus
//!   convention have nothing above.
//!
//! Code that faults or does not end is a failure like others: the signal's handler resumes at the landing too, if the code is ours.
#![allow(unsafe_code, reason = "it runs machine code on memory at fixed addresses")]

mod memory;
mod run;

use orus::code::{CacheOptions, CodeCache, CodeRegion, NativeStack, StackPool};
use orus::codegen::link::Placed;
use orus::codegen::runtime::{CodeMap, MachineState, Outcall};
use orus::codegen::x64::X64;
use orus::codegen::x64::stubs::StubCode;
use orus::codegen::{Compiler, External, Options, Stub};
use orus::ir::module::{Convention, Module};
use orus::ir::types::{Block, Func, Symbol};
use orus::ir::{Function, Op};

use self::memory::{handle_signals, map_memory};
use self::run::{Landing, LinkedProgram, on_allocate, on_deep, on_exit, on_outcall, on_poll, on_raise};
use crate::backend::{Backend, Evaluated, Observed};
use crate::config::Config;
#[cfg(feature = "planted-faults")]
use crate::fault::Fault;
use crate::plan;
use crate::program::Program;

/// Runs programs as native code.
pub struct Native {
    cache: CodeCache,
    engines: Vec<Engine>,
    /// Dropped last: code may refer to it.
    stack: NativeStack,
    /// What optimises; and a fault to plant.
    pub optimizer: Evaluated,
    /// How many safepoints the collector looked at, and how many references the maps listed there.
    pub collections: (u64, u64),
}

/// What is compiled for one set of features.
struct Engine {
    compiler: Compiler<X64>,
    exit: u64,
    poll: u64,
    allocate: u64,
    raise: u64,
    deep: u64,
}

impl Native {
    /// Makes one, with memory of its own at the plan's addresses: there can be one in a process.
    ///
    /// # Errors
    /// Why there is none.
    pub fn new(optimizer: Evaluated) -> Result<Native, String> {
        let options = CacheOptions { limit_bytes: 16 << 20, ..CacheOptions::default() };
        let cache = CodeCache::new(options).map_err(|error| error.to_string())?;
        let stack = StackPool::new(64 << 20).take().map_err(|error| error.to_string())?;
        map_memory()?;
        handle_signals();
        let mut engines = Vec::new();
        for isa in [X64::baseline(), X64::host()] {
            let stub = |code: Result<StubCode, orus::asm::AsmError>| -> Result<u64, String> {
                let code = code.map_err(|error| error.to_string())?;
                Ok(publish(&cache, &[code])?.address())
            };
            let address = |handler: extern "C" fn(&mut MachineState) -> u64| handler as usize as u64;
            engines.push(Engine {
                exit: stub(isa.exit_stub(address(on_exit)))?,
                poll: stub(isa.slow_path_stub(address(on_poll)))?,
                allocate: stub(isa.slow_path_stub(address(on_allocate)))?,
                raise: stub(isa.raise_stub(address(on_raise)))?,
                deep: stub(isa.raise_stub(address(on_deep)))?,
                compiler: Compiler::new(isa),
            });
        }
        #[cfg(feature = "planted-faults")]
        if let Some(Fault::Allocator { fault, check }) = optimizer.fault {
            engines.iter_mut().for_each(|engine| engine.compiler.plant(Some(fault), check));
        }
        Ok(Native { cache, engines, stack, optimizer, collections: (0, 0) })
    }

    fn run_program(&mut self, program: &Program, config: &Config) -> Result<Observed, String> {
        let adapted = adapt(program);
        let bodies = self.optimizer.optimized(&adapted, config);
        // Vector instructions are legal only there.
        let engine = &mut self.engines[usize::from(config.avx2 || program.vectors)];
        let mut regions = Vec::new();
        let result = engine.link(&self.cache, &adapted, &bodies, config, &mut regions);
        let observed = result.and_then(|linked| {
            let top = self.stack.range();
            run::run(&self.cache, program, &adapted.module, linked, top, &mut self.collections)
        });
        for region in regions {
            // SAFETY: the program has ended, so nothing returns into its code, and nothing else knows of it.
            unsafe { region.free() };
        }
        observed
    }
}

impl Backend for Native {
    fn name(&self) -> &'static str {
        "native"
    }

    fn run(&mut self, program: &Program, config: &Config) -> Result<Observed, String> {
        self.run_program(program, config)
    }
}

/// Functions that use the context or count their depth have the Orus convention, as do all that call such.
fn adapt(program: &Program) -> Program {
    let mut adapted = program.clone();
    loop {
        let mut changed = false;
        for (number, body) in program.bodies.iter().enumerate() {
            let Some(body) = body else { continue };
            let sig = adapted.module.funcs[number].sig.index();
            if adapted.module.sigs[sig].convention == Convention::System && needs_orus(body, &adapted.module)
            {
                adapted.module.sigs[sig].convention = Convention::Orus;
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
    for (number, body) in adapted.bodies.iter_mut().enumerate() {
        if let Some(body) = body {
            body.sig.convention = adapted.module.signature(Func(number as u32)).convention;
        }
    }
    adapted
}

fn needs_orus(body: &Function, module: &Module) -> bool {
    let needs = |inst| {
        let data = body.inst(inst);
        match data.op {
            Op::Context | Op::Levels | Op::New | Op::Poll => true,
            Op::Call | Op::Invoke => module.signature(data.callee()).convention == Convention::Orus,
            Op::CallIndirect | Op::InvokeIndirect => {
                module.sigs[data.indirect_sig().index()].convention == Convention::Orus
            }
            _ => false,
        }
    };
    body.depth_check.is_some()
        || (0..body.block_count() as u32).any(|block| body.insts(Block(block)).any(needs))
}

impl Engine {
    fn link(
        &mut self,
        cache: &CodeCache,
        program: &Program,
        bodies: &[Option<Function>],
        config: &Config,
        regions: &mut Vec<CodeRegion>,
    ) -> Result<LinkedProgram, String> {
        let module = &program.module;
        let isa = self.compiler.isa;
        // Functions outside, and the thunk for the entry, as one region.
        let mut codes = vec![isa.thunk(module.signature(program.entry)).map_err(|error| error.to_string())?];
        let handler = on_outcall as extern "C" fn(&mut Outcall) -> u64 as usize as u64;
        for number in 0..module.funcs.len() as u32 {
            if bodies[number as usize].is_none() {
                let signature = module.signature(Func(number));
                let code = isa.outcall_stub(signature, handler, number.into(), self.raise, true);
                codes.push(code.map_err(|error| error.to_string())?);
            }
        }
        let (landing, back, frame_bytes) =
            (codes[0].landing_offset, codes[0].return_offset, codes[0].frame_bytes);
        let stubs = publish(cache, &codes)?;
        let thunk = stubs.address();
        let landing = Landing {
            back: thunk + u64::from(back),
            landing: thunk + u64::from(landing),
            frame_bytes: frame_bytes.into(),
        };
        regions.push(stubs);
        let registers = usize::from(config.registers);
        let options = Options {
            registers: (registers > 0).then_some((registers, registers.saturating_sub(1))),
            short_branches: program.seed.is_multiple_of(2),
            ..Options::default()
        };
        let mut addresses = Vec::new();
        let mut outside = thunk + aligned(&codes[0]);
        let mut codes = codes[1..].iter();
        let mut placed = Vec::new();
        for (number, body) in bodies.iter().enumerate() {
            let Some(body) = body else {
                addresses.push(outside);
                outside += codes.next().map_or(0, aligned);
                continue;
            };
            let name = &module.funcs[number].name;
            let compiled =
                self.compiler.compile(body, module, &options).map_err(|error| format!("{name}: {error}"))?;
            let place =
                Placed::new::<X64>(cache, name, compiled, |_| true).map_err(|error| error.to_string())?;
            addresses.push(place.address());
            placed.push(place);
        }
        let mut code = CodeMap::default();
        let address = |external| {
            Some(match external {
                External::Func(func) => addresses[func.index()],
                External::Symbol(Symbol(0)) => plan::ARENA,
                External::Symbol(_) => self.deep,
                External::Stub(Stub::Exit) => self.exit,
                External::Stub(Stub::Poll) => self.poll,
                External::Stub(Stub::Allocate) => self.allocate,
            })
        };
        for place in placed {
            let (region, linked) = place.publish::<X64>(address).map_err(|error| error.to_string())?;
            regions.push(region);
            code.insert(linked);
        }
        Ok(LinkedProgram { code, addresses, thunk, landing })
    }
}

fn aligned(code: &StubCode) -> u64 {
    code.bytes.len().next_multiple_of(16) as u64
}

/// Puts stubs one after the other.
fn publish(cache: &CodeCache, codes: &[StubCode]) -> Result<CodeRegion, String> {
    let size: u64 = codes.iter().map(aligned).sum();
    let fill = |_, bytes: &mut [u8]| {
        let mut at = 0;
        for code in codes {
            bytes[at..at + code.bytes.len()].copy_from_slice(&code.bytes);
            at += aligned(code) as usize;
        }
    };
    cache.publish(size as usize, 16, fill).map_err(|error| error.to_string())
}
