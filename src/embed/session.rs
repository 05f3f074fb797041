//! Sessions: one input after another in one growing module, as at the prompt of the REPL.

use bumpalo::Bump;
use self_cell::self_cell;

use super::engine::{Engine, EngineBuilder, RunError};
use super::program::{Program, file_loader};
use super::report::Reports;
use crate::lang::check::Checker;
use crate::lang::lexer;
pub use crate::lang::lexer::Completeness;
use crate::lang::lower::Lowerer;

self_cell!(
    /// The checker and the arena that its trees live in.
    struct CheckerCell {
        owner: Bump,
        #[not_covariant]
        dependent: Checker,
    }
);

/// Takes inputs: statements and declarations that add to those before. A plain binding may be bound again, functions and
/// types declared again; what was compiled before keeps what it referred to. The value of an input that is an expression is printed.
///
/// ```
/// # fn main() -> Result<(), orus::EvalError> {
/// let mut session = orus::Session::new(orus::Engine::builder());
/// session.eval("x = 20")?;
/// session.eval("fn double(n: i32) -> i32: n * 2")?;
/// session.eval("double(x) + 2")?;       // prints 42
/// assert!(session.eval("y + 1").is_err());
/// session.eval("x = \"another type\"")?;
/// # Ok(())
/// # }
/// ```
pub struct Session {
    checker: CheckerCell,
    lowerer: Lowerer,
    engine: Engine,
}

/// Why an input did not do what it should. The session goes on.
#[derive(Debug)]
pub enum EvalError {
    /// It does not compile: nothing of it ran, and nothing of it was declared.
    Compile(Reports),
    /// It ended early. What it declared stays declared.
    Run(RunError),
}

impl std::fmt::Display for EvalError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            EvalError::Compile(reports) => reports.fmt(f),
            EvalError::Run(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for EvalError {}

impl Session {
    /// A session without inputs, whose engine is built from `builder`.
    pub fn new(builder: EngineBuilder) -> Session {
        Session {
            checker: CheckerCell::new(Bump::new(), |arena| Checker::new(arena, Box::new(file_loader()))),
            lowerer: Lowerer::new(true),
            engine: builder.build(),
        }
    }

    /// Compiles and runs one input.
    ///
    /// # Errors
    /// [`EvalError`]; the session can be used as before.
    pub fn eval(&mut self, input: &str) -> Result<(), EvalError> {
        self.eval_with(input, |_| {})
    }

    /// The same; `ready` sees the engine before the input runs, for instance to get its
    /// [`Interrupter`](super::Interrupter).
    ///
    /// # Errors
    /// [`EvalError`]; the session can be used as before.
    pub fn eval_with(&mut self, input: &str, ready: impl FnOnce(&Engine)) -> Result<(), EvalError> {
        let lowerer = &mut self.lowerer;
        let program = self.checker.with_dependent_mut(|_, checker| {
            if let Err(errors) = checker.check_input("<input>", input) {
                return Err(EvalError::Compile(Reports::new(&errors, checker.files())));
            }
            let (checked, types, sources) = checker.parts();
            Ok(Program::from_bytecode(lowerer.lower(checked, types, sources.files())))
        })?;
        self.engine.extend(&program).map_err(EvalError::Run)?;
        ready(&self.engine);
        self.engine.resume().map_err(EvalError::Run)
    }

    /// Whether these lines are an input, or need more.
    pub fn completeness(lines: &str) -> Completeness {
        lexer::completeness(lines)
    }
}
