//! Modules: which files a program consists of, and in which order their statements run.
//!
//! How it works. Beginning with the main file, the `use` statements of each file are followed depth first; a module comes
//! after all that it uses. Where a module's text comes from is the affair of a [`Loader`]: [`FileLoader`] looks in the
//! directories of section 12.1, an embedder or a test may supply text of its own.
//!
//! A module whose file has syntax errors, or that could not be found, is *broken*: what others import from it is not
//! checked further.

use std::cell::LazyCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

use bumpalo::Bump;

use super::ast::{Ident, Span, Stmt, StmtKind, Use};
use super::diag::Diagnostic;
use super::intern::Interner;
use super::source::SourceMap;
use crate::bytecode::FileId;

/// A module of a session.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct ModuleId(pub u32);

impl ModuleId {
    /// As an index of the session's modules.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// Where a module was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// As reports show it: relative to the root in which it was found.
    pub name: String,
    /// Where modules that it uses are looked for, if it is a file.
    pub directory: Option<PathBuf>,
    /// What [`Loader::read`] is to read and [`Loader::key`] to identify.
    pub path: PathBuf,
}

/// What a [`Loader`] answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    Module(Location),
    /// It is nowhere: the places where it was looked for.
    Missing(Vec<String>),
}

/// Supplies the texts of modules.
pub trait Loader {
    /// Looks for `a.b.c`, given as its parts, for a module in `directory`.
    fn find(&mut self, path: &[&str], directory: Option<&Path>) -> Found;

    /// What is the same for all ways to the same module.
    fn key(&self, path: &Path) -> String;

    /// The bytes of a module that was found, or why they cannot be read.
    fn read(&mut self, location: &Location) -> Result<Vec<u8>, String>;
}

/// Finds modules in directories.
pub struct FileLoader {
    /// Searched before the directory of the importing file.
    first: Vec<PathBuf>,
    /// Searched after it. Found out when a module is looked for: most programs use none.
    rest: LazyCell<Vec<PathBuf>, Box<dyn FnOnce() -> Vec<PathBuf>>>,
}

impl FileLoader {
    /// The working directory, the directories in `ORUSPATH`, and the one given (the installation's `std`).
    pub fn new(std_directory: impl FnOnce() -> Option<PathBuf> + 'static) -> FileLoader {
        let rest = || {
            let listed = std::env::var_os("ORUSPATH").unwrap_or_default();
            let listed = std::env::split_paths(&listed).filter(|path| !path.as_os_str().is_empty());
            listed.chain(std_directory()).collect()
        };
        FileLoader { first: vec![PathBuf::new()], rest: LazyCell::new(Box::new(rest)) }
    }
}

impl Loader for FileLoader {
    fn find(&mut self, path: &[&str], directory: Option<&Path>) -> Found {
        let mut relative: PathBuf = path.iter().collect();
        relative.set_extension("orus");
        let mut tried = Vec::new();
        let own = directory.map(Path::to_path_buf);
        for root in self.first.iter().chain(&own).chain(self.rest.iter()) {
            let candidate = root.join(&relative);
            let shown = candidate.display().to_string();
            if candidate.is_file() {
                return Found::Module(Location {
                    name: relative.display().to_string(),
                    directory: Some(candidate.parent().map(Path::to_path_buf).unwrap_or_default()),
                    path: candidate,
                });
            }
            if !tried.contains(&shown) {
                tried.push(shown);
            }
        }
        Found::Missing(tried)
    }

    fn key(&self, path: &Path) -> String {
        let key = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        key.to_string_lossy().into_owned()
    }

    fn read(&mut self, location: &Location) -> Result<Vec<u8>, String> {
        std::fs::read(&location.path).map_err(|error| error.to_string())
    }
}

/// Supplies modules from memory, by their dotted path; a file `a/b.orus` is `a.b`.
#[derive(Default)]
pub struct MemoryLoader {
    texts: HashMap<String, String>,
}

impl MemoryLoader {
    /// A loader without modules.
    pub fn new() -> MemoryLoader {
        MemoryLoader::default()
    }

    /// Adds a module.
    pub fn add(&mut self, path: &str, text: &str) {
        self.texts.insert(path.to_owned(), text.to_owned());
    }
}

impl Loader for MemoryLoader {
    fn find(&mut self, path: &[&str], _directory: Option<&Path>) -> Found {
        let dotted = path.join(".");
        let name = format!("{}.orus", path.join("/"));
        if !self.texts.contains_key(&dotted) {
            return Found::Missing(vec![name]);
        }
        Found::Module(Location { path: PathBuf::from(dotted), name, directory: None })
    }

    fn key(&self, path: &Path) -> String {
        path.to_string_lossy().into_owned()
    }

    fn read(&mut self, location: &Location) -> Result<Vec<u8>, String> {
        let text = self.texts.get(&*location.path.to_string_lossy());
        text.map(|text| text.clone().into_bytes()).ok_or_else(|| "no such module".to_owned())
    }
}

/// How far a module has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// What it uses is being loaded.
    Loading,
    Loaded,
    /// Its text is not to be checked.
    Broken,
}

/// A module with its syntax tree.
pub struct Module<'a> {
    pub file: FileId,
    pub stmts: &'a [Stmt<'a>],
    /// For each `use` statement of `stmts`, in order, what it refers to, if that was found.
    pub uses: Vec<Option<ModuleId>>,
    pub state: State,
    /// As reports show it.
    pub name: String,
    directory: Option<PathBuf>,
}

/// The modules of a session.
pub struct Modules<'a> {
    loader: Box<dyn Loader + 'a>,
    list: Vec<Module<'a>>,
    by_key: HashMap<String, ModuleId>,
    /// Those that are not in `by_key` yet: they get there before the first look into it, which most programs do without.
    unkeyed: Vec<(PathBuf, ModuleId)>,
}

/// What loading works with.
pub struct Workspace<'w, 'a> {
    pub arena: &'a Bump,
    pub names: &'w mut Interner<'a>,
    pub files: &'w mut SourceMap,
    pub diagnostics: &'w mut Vec<Diagnostic>,
}

/// A module whose `use` statements are being followed.
struct Visit<'a> {
    module: ModuleId,
    uses: Vec<&'a Use<'a>>,
    next: usize,
}

impl<'a> Modules<'a> {
    /// No modules, to be supplied by `loader`.
    pub fn new(loader: Box<dyn Loader + 'a>) -> Modules<'a> {
        Modules { loader, list: Vec::new(), by_key: HashMap::new(), unkeyed: Vec::new() }
    }

    /// A module.
    pub fn get(&self, id: ModuleId) -> &Module<'a> {
        &self.list[id.index()]
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.list.len()
    }

    /// Forgets the modules from the given number on.
    pub fn truncate(&mut self, count: usize) {
        self.list.truncate(count);
        self.by_key.retain(|_, id| id.index() < count);
        self.unkeyed.retain(|(_, id)| id.index() < count);
    }

    /// Adds a module of the given text, and all that it uses. The result lists those that are new and can be checked,
    /// each after what it uses; the module itself is the last of them, unless it is broken.
    pub fn load(&mut self, location: &Location, bytes: &[u8], work: &mut Workspace<'_, 'a>) -> Vec<ModuleId> {
        let mut order = Vec::new();
        let Some(visit) = self.add(location, bytes, work) else { return order };
        self.follow(visit, &mut order, work);
        order
    }

    /// Replaces the statements of a module by those of the next input of a session.
    pub fn load_input(
        &mut self,
        module: ModuleId,
        name: &str,
        bytes: &[u8],
        work: &mut Workspace<'_, 'a>,
    ) -> Vec<ModuleId> {
        let mut order = Vec::new();
        let Some((file, stmts)) = parse(name, bytes, work) else { return order };
        let entry = &mut self.list[module.index()];
        (entry.file, entry.stmts, entry.state) = (file, stmts, State::Loading);
        entry.uses = Vec::new();
        self.follow(Visit { module, uses: uses_of(stmts), next: 0 }, &mut order, work);
        order
    }

    /// Reads and parses a module. Nothing if it is broken.
    fn add(&mut self, location: &Location, bytes: &[u8], work: &mut Workspace<'_, 'a>) -> Option<Visit<'a>> {
        let id = ModuleId(self.list.len() as u32);
        self.unkeyed.push((location.path.clone(), id));
        let parsed = parse(&location.name, bytes, work);
        let (file, stmts) = parsed.unwrap_or((FileId(0), &[]));
        self.list.push(Module {
            file,
            stmts,
            uses: Vec::new(),
            state: if parsed.is_some() { State::Loading } else { State::Broken },
            name: location.name.clone(),
            directory: location.directory.clone(),
        });
        parsed?;
        Some(Visit { module: id, uses: uses_of(stmts), next: 0 })
    }

    fn follow(&mut self, visit: Visit<'a>, order: &mut Vec<ModuleId>, work: &mut Workspace<'_, 'a>) {
        let mut stack = vec![visit];
        while let Some(top) = stack.last_mut() {
            let Some(&use_stmt) = top.uses.get(top.next) else {
                self.list[top.module.index()].state = State::Loaded;
                order.push(top.module);
                stack.pop();
                continue;
            };
            top.next += 1;
            let module = top.module;
            let around: Vec<ModuleId> = stack.iter().map(|visit| visit.module).collect();
            let (found, next) = self.resolve(module, use_stmt, &around, work);
            self.list[module.index()].uses.push(found);
            stack.extend(next);
        }
    }

    /// What a `use` statement refers to, and what there is to follow if it is new.
    fn resolve(
        &mut self,
        importer: ModuleId,
        use_stmt: &Use<'a>,
        around: &[ModuleId],
        work: &mut Workspace<'_, 'a>,
    ) -> (Option<ModuleId>, Option<Visit<'a>>) {
        let parts: Vec<&str> = use_stmt.path.iter().map(|ident| work.names.name(ident.name)).collect();
        let span = path_span(use_stmt.path);
        let file = self.list[importer.index()].file;
        let directory = self.list[importer.index()].directory.clone();
        let dotted = parts.join(".");
        let location = match self.loader.find(&parts, directory.as_deref()) {
            Found::Module(location) => location,
            Found::Missing(tried) => {
                work.diagnostics.push(
                    Diagnostic::new(
                        3003,
                        file,
                        span,
                        "Module not found",
                        "no such module",
                        format!("There is no file for the module `{dotted}`."),
                    )
                    .note(format!("looked for: {}.", tried.join(", ")))
                    .help("check the spelling, or put the file's directory into `ORUSPATH`."),
                );
                return (None, None);
            }
        };
        for (path, id) in self.unkeyed.drain(..) {
            self.by_key.insert(self.loader.key(&path), id);
        }
        if let Some(&known) = self.by_key.get(&self.loader.key(&location.path)) {
            if let Some(at) = around.iter().position(|&id| id == known) {
                let mut members: Vec<&str> =
                    around[at..].iter().map(|id| self.list[id.index()].name.as_str()).collect();
                members.push(&self.list[known.index()].name);
                work.diagnostics.push(
                    Diagnostic::new(
                        3002,
                        file,
                        span,
                        "Modules use each other in a cycle",
                        "leads back to this file",
                        format!("The modules form a cycle: {}.", members.join(" → ")),
                    )
                    .help("move what both need into a third module."),
                );
                return (None, None);
            }
            let usable = self.list[known.index()].state == State::Loaded;
            return (usable.then_some(known), None);
        }
        let bytes = match self.loader.read(&location) {
            Ok(bytes) => bytes,
            Err(reason) => {
                work.diagnostics.push(Diagnostic::new(
                    3001,
                    file,
                    span,
                    "Module cannot be read",
                    "cannot be read",
                    format!("The file {} cannot be read: {reason}.", location.path.display()),
                ));
                return (None, None);
            }
        };
        let id = ModuleId(self.list.len() as u32);
        match self.add(&location, &bytes, work) {
            Some(visit) => (Some(id), Some(visit)),
            None => (None, None),
        }
    }
}

/// The file and its statements, unless it has errors, which are reported.
fn parse<'a>(name: &str, bytes: &[u8], work: &mut Workspace<'_, 'a>) -> Option<(FileId, &'a [Stmt<'a>])> {
    let file = match work.files.load(name, bytes) {
        Ok(file) => file,
        Err(diagnostic) => {
            work.diagnostics.push(diagnostic);
            return None;
        }
    };
    let text = work.files.text(file).clone();
    let before = work.diagnostics.len();
    let module = super::parser::parse(work.arena, work.names, file, &text, work.diagnostics);
    (work.diagnostics.len() == before).then_some((file, module.stmts))
}

fn uses_of<'a>(stmts: &'a [Stmt<'a>]) -> Vec<&'a Use<'a>> {
    let uses = stmts.iter().filter_map(|stmt| match stmt.kind {
        StmtKind::Use(use_stmt) => Some(use_stmt),
        _ => None,
    });
    uses.collect()
}

/// From the first name to the last.
fn path_span(path: &[Ident]) -> Span {
    let first = path.first().map_or(Span::default(), |ident| ident.span);
    let last = path.last().map_or(first, |ident| ident.span);
    Span { start: first.start, end: last.end }
}
