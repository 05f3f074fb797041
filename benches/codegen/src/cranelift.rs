//! Cranelift, on the same functions.
#![allow(unsafe_code, reason = "it calls code that was just made")]

use cranelift_codegen::Context;
use cranelift_codegen::control::ControlPlane;
use cranelift_codegen::ir as clif;
use cranelift_codegen::isa::OwnedTargetIsa;
use cranelift_codegen::settings::{self, Configurable};
use cranelift_jit::{JITBuilder, JITModule};
use cranelift_module::{Linkage, Module as _, default_libcall_names};

use crate::native::Native;
use crate::{Unit, translate};

/// What is switched on: for tables, the level, the register allocator.
pub const SETTINGS: [[&str; 3]; 3] = [
    ["cranelift-none-single", "none", "single_pass"],
    ["cranelift-none", "none", "backtracking"],
    ["cranelift-speed", "speed", "backtracking"],
];

/// Cranelift with a setting.
pub struct Cranelift {
    isa: OwnedTargetIsa,
}

impl Cranelift {
    /// Cranelift for this machine. None if there is no setting of that name.
    ///
    /// # Panics
    /// If Cranelift does not know the setting.
    pub fn new(name: &str) -> Option<Cranelift> {
        let &[_, level, allocator] = SETTINGS.iter().find(|setting| setting[0] == name)?;
        let mut flags = settings::builder();
        for (flag, value) in
            [("opt_level", level), ("regalloc_algorithm", allocator), ("enable_verifier", "false")]
        {
            flags.set(flag, value).unwrap_or_else(|error| panic!("{flag}: {error}"));
        }
        let builder = cranelift_native::builder().unwrap_or_else(|error| panic!("{error}"));
        let isa = builder.finish(settings::Flags::new(flags));
        Some(Cranelift { isa: isa.unwrap_or_else(|error| panic!("{error}")) })
    }

    /// Compiles a function; its bytes.
    ///
    /// # Panics
    /// If Cranelift refuses.
    pub fn compile(&self, context: &mut Context) -> usize {
        match context.compile(&*self.isa, &mut ControlPlane::default()) {
            Ok(code) => code.code_buffer().len(),
            Err(error) => panic!("{:?}", error.inner),
        }
    }

    /// Compiles and links a unit.
    ///
    /// # Panics
    /// If Cranelift refuses.
    pub fn native(&self, unit: &Unit) -> Native {
        let mut module = JITModule::new(JITBuilder::with_isa(self.isa.clone(), default_libcall_names()));
        // Numbers are given in order, so they are ours.
        let ids = unit.module.funcs.iter().map(|func| {
            let signature = translate::signature(&unit.module.sigs[func.sig.index()]);
            let id = module.declare_function(&func.name, Linkage::Export, &signature);
            id.unwrap_or_else(|error| panic!("{}: {error}", func.name))
        });
        let ids: Vec<_> = ids.collect();
        let mut bytes = 0;
        for (func, function) in functions(unit) {
            let mut context = Context::for_function(function);
            let defined = module.define_function(ids[func], &mut context);
            defined.unwrap_or_else(|error| panic!("{error:?}"));
            bytes += context.compiled_code().map_or(0, |code| code.code_buffer().len());
        }
        module.finalize_definitions().unwrap_or_else(|error| panic!("{error}"));
        let last = unit.functions.last().expect("a unit has functions").0;
        let address = module.get_finalized_function(ids[last.index()]) as u64;
        // SAFETY: all units' last functions have this type; a module that is dropped leaves its code mapped.
        unsafe { Native::new(address, bytes, Box::new(module)) }
    }
}

/// The functions of a unit, by number.
pub fn functions(unit: &Unit) -> Vec<(usize, clif::Function)> {
    let translated = |(func, function): &(orus::ir::Func, _)| {
        (func.index(), translate::function(*func, function, &unit.module))
    };
    unit.functions.iter().map(translated).collect()
}
