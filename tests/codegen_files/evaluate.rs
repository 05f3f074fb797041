//! The stage `eval`: runs a function in the evaluator.
//!
//! `eval NAME args=(5,-1.5,true,null,heap) [poll=2] [result=TEXT] [opt=fast|full|PASS,…]`
//!
//! - `heap` is the address of 64 KiB of zeros, as an i64 or a reference. New objects are made behind them.
//! - Functions that are `extern` give the number of their call: 1, 2, …; those whose name begins with `raise` raise.
//! - `poll=2`: the second poll leaves.
//! - The outcome is the text that is expected: calls of `extern` functions, then `returned 45`, `left: overflow` with the frames, `raised`
//!   and so on. With `result=` what was returned (or `none`), or the first word of another outcome or the reason, is checked, and the text is `ok`.
//! - With `opt=` the function is run again after these passes, and has to do the same.

use std::fmt::Write as _;

use orus::ir::eval::{Called, Frame, Host, Limits, Memory, Object, Outcome, Slot, Value, evaluate};
use orus::ir::{Func, Function, Kind, Module, Parsed, Symbol, Type};

/// Where the context is.
const CONTEXT: u64 = 0x1000;
const CONTEXT_BYTES: usize = 0x1000;
const HEAP: u64 = 0x10_0000;
const HEAP_BYTES: usize = 0x1_0000;
/// Where objects are made.
const OBJECTS: u64 = HEAP + HEAP_BYTES as u64;
const OBJECTS_BYTES: usize = 0x10_0000;
const SYMBOLS: u64 = 0x7000_0000;
const FUNCTIONS: u64 = 0x6000_0000;

/// What is outside.
struct World<'m> {
    module: &'m Module,
    log: String,
    calls: u64,
    polls_left: u64,
    objects: u64,
}

impl Host for World<'_> {
    fn call(&mut self, func: Func, arguments: &[Value], _memory: &mut Memory) -> Called {
        let decl = &self.module.funcs[func.index()];
        let signature = &self.module.sigs[decl.sig.index()];
        self.calls += 1;
        let arguments: Vec<String> =
            arguments.iter().zip(&signature.params).map(|(value, ty)| text(ty.kind, value)).collect();
        let _ = writeln!(self.log, "call {}({})", decl.name, arguments.join(", "));
        if decl.name.starts_with("raise") {
            return Called::Raised;
        }
        Called::Returned(match signature.result.kind {
            Kind::None => None,
            Kind::F64 => Some(Value::Bits((self.calls as f64).to_bits())),
            Kind::Ref => Some(Value::Bits(0)),
            kind => Some(Value::Bits(kind.canonical(self.calls))),
        })
    }

    fn poll(&mut self) -> bool {
        self.polls_left = self.polls_left.saturating_sub(1);
        self.polls_left == 0
    }

    fn context(&self) -> u64 {
        CONTEXT
    }

    fn symbol(&self, symbol: Symbol) -> u64 {
        SYMBOLS + 16 * u64::from(symbol.0)
    }

    fn function_at(&self, address: u64) -> Option<Func> {
        let number = address.checked_sub(FUNCTIONS)?;
        (number < self.module.funcs.len() as u64).then_some(Func(number as u32))
    }

    fn allocate(
        &mut self,
        _id: orus::ir::TypeId,
        layout: &orus::ir::Layout,
        memory: &mut Memory,
    ) -> Option<u64> {
        let address = self.objects;
        memory.store(address, 8, layout.header).ok()?;
        memory.bytes(address, layout.bytes() as usize).ok()?;
        self.objects += u64::from(layout.bytes());
        Some(address)
    }
}

/// A value as text.
fn text(kind: Kind, value: &Value) -> String {
    let bits = value.bits();
    match kind {
        Kind::F64 if f64::from_bits(bits).is_nan() => "nan".to_owned(),
        Kind::F64 => format!("{:?}", f64::from_bits(bits)),
        Kind::Bool => (bits != 0).to_string(),
        Kind::Ref if bits == 0 => "null".to_owned(),
        Kind::Ref => format!("{bits:#x}"),
        Kind::V128 | Kind::V256 => {
            let bytes = &value.bytes()[..kind.bits() as usize / 8];
            bytes.iter().map(|byte| format!("{byte:02x}")).collect()
        }
        kind => kind.as_i128(bits).to_string(),
    }
}

fn argument(word: &str, ty: Type) -> Value {
    let bits = match ty.kind {
        _ if word == "heap" => HEAP,
        Kind::F64 => word.parse::<f64>().unwrap_or_else(|_| panic!("`{word}` is no f64")).to_bits(),
        Kind::Bool => u64::from(word.parse::<bool>().unwrap_or_else(|_| panic!("`{word}` is no bool"))),
        Kind::Ref if word == "null" => 0,
        kind if kind.is_int() => {
            let number: i128 = word.parse().unwrap_or_else(|_| panic!("`{word}` is no {kind}"));
            let bits = kind.canonical(number as u64);
            assert_eq!(kind.as_i128(bits), number, "`{word}` is no {kind}");
            bits
        }
        kind => panic!("`{word}` is no {kind}"),
    };
    Value::Bits(bits)
}

/// What is asked for.
struct Request<'a> {
    func: Func,
    arguments: Vec<Value>,
    poll: u64,
    result: Option<&'a str>,
    passes: Option<&'a str>,
}

fn request<'a>(parsed: &Parsed, words: &[&'a str]) -> Request<'a> {
    let (&name, settings) = words.split_first().expect("the name of a function");
    let found = parsed.functions.iter().find(|(_, function)| function.name == name);
    let (func, function) = found.unwrap_or_else(|| panic!("no function `{name}`"));
    let mut request = Request { func: *func, arguments: Vec::new(), poll: 0, result: None, passes: None };
    for setting in settings {
        match setting.split_once('=') {
            Some(("args", list)) => {
                let list = list.strip_prefix('(').and_then(|list| list.strip_suffix(')'));
                let list = list.unwrap_or_else(|| panic!("arguments are in parentheses, without blanks"));
                let words = list.split(',').filter(|word| !word.is_empty());
                request.arguments =
                    words.zip(&function.sig.params).map(|(word, &ty)| argument(word, ty)).collect();
            }
            Some(("poll", number)) => request.poll = number.parse().expect("a number"),
            Some(("result", text)) => request.result = Some(text),
            Some(("opt", passes)) => request.passes = Some(passes),
            _ => panic!("eval does not know `{setting}`"),
        }
    }
    assert_eq!(request.arguments.len(), function.sig.params.len(), "{name} has other arguments");
    request
}

/// Runs the function, and then, if that is asked for, again after `optimize`.
pub fn eval(mut parsed: Parsed, words: &[&str], optimize: impl Fn(&mut Parsed, &str)) -> String {
    let request = request(&parsed, words);
    let (log, outcome, short) = run(&parsed, &request);
    if let Some(passes) = request.passes {
        optimize(&mut parsed, passes);
        let (log_after, after, _) = run(&parsed, &request);
        assert_eq!(format!("{log_after}{after}"), format!("{log}{outcome}"), "after {passes}");
    }
    match request.result {
        None => format!("{log}{outcome}"),
        Some(wanted) => {
            assert_eq!(short, wanted, "{words:?}\n{log}{outcome}");
            "ok\n".to_owned()
        }
    }
}

/// What was called, the outcome, and what `result=` is compared with.
fn run(parsed: &Parsed, request: &Request<'_>) -> (String, String, String) {
    let mut bodies: Vec<Option<&Function>> = vec![None; parsed.module.funcs.len()];
    for (func, body) in &parsed.functions {
        bodies[func.index()] = Some(body);
    }
    let mut memory = Memory::new();
    memory.add(CONTEXT, CONTEXT_BYTES);
    memory.add(HEAP, HEAP_BYTES + OBJECTS_BYTES);
    let module = &parsed.module;
    let mut world =
        World { module, log: String::new(), calls: 0, polls_left: request.poll, objects: OBJECTS };
    if request.poll == 0 {
        world.polls_left = u64::MAX;
    }
    let arguments = &request.arguments;
    let outcome =
        evaluate(module, &bodies, request.func, arguments, &mut world, &mut memory, Limits::default());
    let kind = module.signature(request.func).result.kind;
    let (text, short) = match outcome {
        Outcome::Returned(None) => ("returned\n".to_owned(), "none".to_owned()),
        Outcome::Returned(Some(value)) => {
            let value = text(kind, &value);
            (format!("returned {value}\n"), value)
        }
        Outcome::Left(left) => {
            let mut out = format!("left: {}\n", left.reason.name());
            for Frame { function, position, slots } in &left.frames {
                let _ = writeln!(out, "  {function}@{position} [{}]", slots_text(slots));
            }
            for (index, Object { layout, slots }) in left.objects.iter().enumerate() {
                let _ = writeln!(out, "  object {index}: {layout} [{}]", slots_text(slots));
            }
            (out, left.reason.name().to_owned())
        }
        Outcome::Raised => ("raised\n".to_owned(), "raised".to_owned()),
        Outcome::TooDeep(symbol) => {
            (format!("too deep: {}\n", module.symbols[symbol.index()]), "deep".to_owned())
        }
        Outcome::Trap(trap) => {
            let kind = trap.kind;
            (format!("wrong, in {}: {kind:?}\n", module.funcs[trap.func.index()].name), "wrong".to_owned())
        }
    };
    (world.log, text, short)
}

fn slots_text(slots: &[Slot]) -> String {
    let slots: Vec<String> = slots
        .iter()
        .map(|slot| match slot {
            Slot::Dead => "-".to_owned(),
            Slot::Value(kind, value) => format!("{}:{kind}", text(*kind, value)),
            Slot::Object(number) => format!("object {number}"),
        })
        .collect();
    slots.join(", ")
}
