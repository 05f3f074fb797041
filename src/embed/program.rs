//! Programs: source text in, bytecode or reports out.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bumpalo::Bump;

use super::report::Reports;
use crate::bytecode::{self, FuncId};
use crate::lang::check::Checker;
use crate::lang::format;
use crate::lang::lower::Lowerer;
use crate::lang::modules::{FileLoader, Loader, Location, MemoryLoader};
use crate::lang::source::SourceMap;

/// A compiled program. Cheap to clone, and shared by as many engines and threads as one likes.
///
/// ```
/// match orus::Program::from_source("shop.orus", "price = 3\nrate = 1.5\nprint(price * rate)") {
///     Ok(_) => unreachable!(),
///     Err(reports) => {
///         let report = reports.iter().next().unwrap();
///         assert_eq!((report.code.as_str(), report.line, report.column), ("E2004", 3, 13));
///     }
/// }
/// ```
#[derive(Clone)]
pub struct Program(Arc<bytecode::Program>);

/// Why a program could not be loaded.
#[derive(Debug)]
pub enum LoadError {
    /// Its file cannot be read.
    Read { file: PathBuf, error: io::Error },
    /// It does not compile.
    Compile(Reports),
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LoadError::Read { file, error } => write!(f, "cannot read `{}`: {error}", file.display()),
            LoadError::Compile(reports) => reports.fmt(f),
        }
    }
}

impl std::error::Error for LoadError {}

/// What [`Program::bytecode_text`] shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Listing<'n> {
    /// The text form alone, which can be read back.
    Plain,
    /// Beside the source lines.
    WithSource,
    /// The functions of this name beside their source lines.
    Function(&'n str),
}

impl Program {
    /// Compiles a source text. `name` stands for the file in reports; modules are looked for in the working directory
    /// and in `ORUSPATH`.
    ///
    /// # Errors
    /// What the compiler has to say.
    pub fn from_source(name: &str, text: &str) -> Result<Program, Reports> {
        Program::from_bytes(name, text.as_bytes())
    }

    /// The same for bytes, which have to be UTF-8.
    ///
    /// # Errors
    /// What the compiler has to say.
    pub fn from_bytes(name: &str, source: &[u8]) -> Result<Program, Reports> {
        compile(location(name, Path::new(name), None), source, Box::new(file_loader()))
    }

    /// Compiles a file and the modules that it uses.
    ///
    /// # Errors
    /// [`LoadError`].
    pub fn from_file(file: impl AsRef<Path>) -> Result<Program, LoadError> {
        let file = file.as_ref();
        let source = std::fs::read(file).map_err(|error| LoadError::Read { file: file.to_owned(), error })?;
        let directory = file.parent().map(Path::to_owned);
        let place = location(&file.display().to_string(), file, directory);
        compile(place, &source, Box::new(file_loader())).map_err(LoadError::Compile)
    }

    /// Compiles a source text whose modules are texts too: pairs of a dotted path and a text. No file is read.
    ///
    /// # Errors
    /// What the compiler has to say.
    ///
    /// ```
    /// let modules = [("greet.words", "pub fn hello() -> string: \"hello\"")];
    /// let program = orus::Program::from_modules("main.orus", "use greet.words\nprint(words.hello())", modules);
    /// assert!(program.is_ok());
    /// ```
    pub fn from_modules<'t>(
        name: &str,
        text: &str,
        modules: impl IntoIterator<Item = (&'t str, &'t str)>,
    ) -> Result<Program, Reports> {
        let mut loader = MemoryLoader::new();
        for (path, text) in modules {
            loader.add(path, text);
        }
        compile(location(name, Path::new(name), None), text.as_bytes(), Box::new(loader))
    }

    pub(super) fn from_bytecode(program: bytecode::Program) -> Program {
        Program(Arc::new(program))
    }

    /// Names of the functions that [`Engine::call`](super::Engine::call) can call, in the order of the text.
    pub fn functions(&self) -> impl Iterator<Item = &str> {
        self.0.exports.iter().map(|(name, _)| &**name)
    }

    /// How many parameters such a function has.
    pub fn parameters(&self, name: &str) -> Option<usize> {
        self.function(name).map(|function| self.0.functions[function.index()].params.len())
    }

    /// The bytecode as text; `None` if a function is asked for that does not exist.
    pub fn bytecode_text(&self, listing: Listing<'_>) -> Option<String> {
        match listing {
            Listing::Plain => Some(bytecode::print(&self.0)),
            Listing::WithSource => Some(bytecode::print_listing(&self.0, None)),
            Listing::Function(name) => self
                .0
                .functions
                .iter()
                .any(|function| &*function.name == name)
                .then(|| bytecode::print_listing(&self.0, Some(name))),
        }
    }

    /// The bytecode.
    pub fn bytecode(&self) -> &Arc<bytecode::Program> {
        &self.0
    }

    pub(super) fn function(&self, name: &str) -> Option<FuncId> {
        self.0.exports.iter().find(|(export, _)| &**export == name).map(|&(_, function)| function)
    }
}

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Program").field("functions", &self.0.functions.len()).finish_non_exhaustive()
    }
}

/// Lays out a source text in the canonical style.
///
/// # Errors
/// The syntax errors of the text.
pub fn format_source(name: &str, source: &[u8]) -> Result<String, Reports> {
    let mut sources = SourceMap::new();
    let file = sources.load(name, source).map_err(|error| Reports::new(&[error], &sources))?;
    let text = sources.text(file).clone();
    format::format_source(&text).map_err(|errors| Reports::new(&errors, &sources))
}

/// Where modules are looked for: also in `lib/orus/std` beside the folder of the running program.
pub(super) fn file_loader() -> FileLoader {
    FileLoader::new(|| {
        let program = std::env::current_exe().ok()?;
        let root = program.parent()?.parent()?;
        Some(root.join("lib/orus/std")).filter(|folder| folder.is_dir())
    })
}

fn location(name: &str, path: &Path, directory: Option<PathBuf>) -> Location {
    Location { name: name.to_owned(), directory, path: path.to_owned() }
}

fn compile(place: Location, source: &[u8], loader: Box<dyn Loader>) -> Result<Program, Reports> {
    let arena = Bump::new();
    let mut checker = Checker::new(&arena, loader);
    if let Err(errors) = checker.check_program(&place, source) {
        return Err(Reports::new(&errors, checker.files()));
    }
    let (checked, types, sources) = checker.parts();
    Ok(Program::from_bytecode(Lowerer::program(checked, types, sources.files())))
}
