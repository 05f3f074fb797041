//! The round trip, mistakes, and texts that are no IR at all.

use super::super::function::{Function, InstData, Reason, StateSlot};
use super::super::module::{Convention, Effects, Layout, Module, Signature};
use super::super::opcode::Op;
use super::super::print::{Numbers, Options, print_function_with, print_module};
use super::super::types::{Alias, Block, FrameState, Func, Kind, Mem, Type, TypeId, Value};
use super::{Parsed, parse_module};

/// Every opcode, with each of its forms.
const EVERY: &str = include_str!("../../../tests/ir/every_opcode.test");

#[track_caller]
fn parsed(text: &str) -> Parsed {
    parse_module(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn print(parsed: &Parsed) -> String {
    print_module(&parsed.module, &parsed.functions)
}

#[track_caller]
fn round_trip(text: &str) {
    let printed = print(&parsed(text));
    if printed != text {
        let at = printed.lines().zip(text.lines()).find(|(left, right)| left != right);
        panic!("{at:?}\n{printed}");
    }
}

/// The file has the text as it is printed, in its expected part.
fn every_opcode() -> &'static str {
    let printed = EVERY.split(";; print\n").nth(1).expect("a part for the stage `print`");
    printed.split("\n;; ").next().expect("it is there")
}

#[test]
fn every_opcode_is_printed_and_read() {
    let text = every_opcode();
    round_trip(&format!("{}\n", text.trim_end()));
    let parsed = parsed(text);
    for op in Op::ALL {
        let used = parsed.functions.iter().any(|(_, function)| {
            function
                .order
                .iter()
                .any(|&block| function.insts(block).any(|inst| function.inst(inst).op == *op))
        });
        assert!(used, "{op:?} is not in tests/ir/every_opcode.test");
    }
}

#[test]
fn numbers_are_those_of_the_text_if_that_is_in_order() {
    let text = every_opcode();
    let parsed = parsed(text);
    for (_, function) in &parsed.functions {
        let options = Options { numbers: Numbers::Own, ..Options::default() };
        let own = print_function_with(function, &parsed.module, &options);
        assert_eq!(own, super::super::print_function(function, &parsed.module));
    }
}

/// A small generator of numbers: xorshift.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % bound.max(1)
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }
}

/// A function that makes no sense: any opcode of any kind on any values. Printer and parser must not care.
fn random_function(random: &mut Random, module: &Module, index: u32) -> Function {
    let sig = module.signature(Func(index)).clone();
    let mut function = Function::new(&module.funcs[index as usize].name, sig);
    for _ in 0..random.below(6) {
        let block = function.new_block();
        function.block_mut(block).cold = random.below(4) == 0;
        for _ in 0..random.below(3) {
            let ty = random_type(random, module);
            function.add_param(block, ty);
        }
    }
    let blocks = function.order.clone();
    for at in (1..blocks.len()).rev() {
        function.order.swap(at, 1 + random.below(at));
    }
    let mut objects = Vec::new();
    let mut states = Vec::new();
    for _ in 0..1 + random.below(3) {
        let slots = random_slots(random, &mut function, &objects);
        objects.push(function.add_removed(TypeId(1), &slots));
        let slots = random_slots(random, &mut function, &objects);
        let parent = if states.is_empty() { FrameState::NONE } else { random.pick(&states) };
        states.push(function.add_state(parent, random.below(9) as u32, random.below(99) as u32, &slots));
    }
    for _ in 0..random.below(30) {
        let block = random.pick(&blocks);
        if random.below(5) == 0 {
            function.position = random.below(100) as u32;
        }
        let op = random.pick(Op::ALL);
        let mut data = InstData::new(op, Kind::None);
        let kinds: Vec<Kind> =
            Kind::ALL.into_iter().filter(|&kind| op.row().kinds >> kind as u16 & 1 == 1).collect();
        data.kind = if kinds.is_empty() { Kind::None } else { random.pick(&kinds) };
        for word in (0..4).filter(|&word| op.row().values >> word & 1 == 1) {
            *data.word_mut(word) = random_value(random, &mut function).0;
        }
        if op.row().guard < 4 {
            let reason = random.pick(&Reason::ALL);
            let state = random.pick(&states);
            *data.word_mut(op.row().guard) = function.add_guard(reason, state).0;
        }
        match op {
            _ if op.has_cond() => data.aux = random.below(10) as u16,
            Op::VExtract => (data.aux, data.b) = (random.below(6) as u16, random.below(9) as u32),
            _ if op.has_lane() => data.aux = random.below(6) as u16,
            Op::Convert | Op::ConvertChecked | Op::Bitcast => data.aux = random.below(9) as u16,
            Op::Div | Op::Rem => data.aux = random.below(4) as u16,
            Op::Load | Op::Store => {
                let mem = random.pick(&Mem::ALL);
                data.kind = mem.kind();
                data.c = random.pick(&[0, 8, -8i32 as u32, i32::MAX as u32, i32::MIN as u32]);
                let class = Alias::from_index(random.below(Alias::COUNT) as u16);
                let mut scale = random.below(4) as u8;
                if random.below(2) == 0 {
                    (data.b, scale) = (u32::MAX, 0);
                }
                data.aux = InstData::access(mem, scale, class);
            }
            Op::New => data.a = 1,
            Op::Address => data.a = random.below(module.symbols.len()) as u32,
            _ if op.is_call() => {
                let func = Func(random.below(module.funcs.len()) as u32);
                let sig = module.funcs[func.index()].sig;
                data.kind = module.sigs[sig.index()].result.kind;
                if matches!(op, Op::Call | Op::Invoke) {
                    data.a = func.0;
                } else {
                    data.aux = sig.0 as u16;
                }
                let args: Vec<Value> =
                    (0..random.below(4)).map(|_| random_value(random, &mut function)).collect();
                let list = function.list(&args);
                (data.b, data.c) = (list.start, list.len);
                if matches!(op, Op::Call | Op::CallIndirect) && random.below(2) == 0 {
                    data.d = random.pick(&states).0;
                }
            }
            _ => {}
        }
        if op == Op::Switch {
            data.b = 1 + random.below(4) as u32;
        }
        if data.edge_count() > 0 {
            let args: Vec<(Block, Vec<Value>)> = (0..data.edge_count())
                .map(|_| {
                    let args = (0..random.below(3)).map(|_| random_value(random, &mut function)).collect();
                    (random.pick(&blocks), args)
                })
                .collect();
            let args: Vec<(Block, &[Value])> = args.iter().map(|(to, args)| (*to, &args[..])).collect();
            data.d = function.add_edges(&args);
        }
        let inst = function.append(block, data);
        if let Some(value) = function.result(inst)
            && random.below(4) == 0
        {
            function.set_type(value, random_type(random, module));
        }
    }
    function
}

fn random_type(random: &mut Random, module: &Module) -> Type {
    match random.below(3) {
        0 => Type::reference(TypeId(random.below(module.layouts.len()) as u32)),
        _ => random.pick(&Kind::ALL).into(),
    }
}

fn random_value(random: &mut Random, function: &mut Function) -> Value {
    let bits = random.pick(&[0, 1, 7, u64::MAX, 1 << 31, 1 << 63, 0x7ff8_0000_0000_0001, random.0]);
    match random.below(12) {
        0 => function.constant(Kind::I32, bits),
        1 => function.constant(Kind::I64, bits),
        2 => function.constant(Kind::U32, bits),
        3 => function.constant(Kind::U64, bits),
        4 => function.constant(Kind::F64, bits),
        5 => function.constant(Kind::Bool, bits),
        6 => function.constant(Type::reference(TypeId(random.below(3) as u32)), 0),
        _ if function.value_count() == 0 => function.null(),
        _ => Value(random.below(function.value_count()) as u32),
    }
}

fn random_slots(
    random: &mut Random,
    function: &mut Function,
    objects: &[super::super::types::Removed],
) -> Vec<StateSlot> {
    let mut slots = Vec::new();
    for _ in 0..random.below(4) {
        slots.push(match random.below(3) {
            0 => StateSlot::Dead,
            1 if !objects.is_empty() => StateSlot::Removed(random.pick(objects)),
            _ => StateSlot::Value(random_value(random, function)),
        });
    }
    slots
}

fn random_module(random: &mut Random) -> (Module, Vec<(Func, Function)>) {
    let mut module = Module::new();
    for header in 0..3 {
        module.layout(Layout {
            references: header,
            scalars: 2,
            header: u64::from(header) << 40,
            cursor_offset: 64,
        });
    }
    module.symbols.extend(["limit".to_owned(), "a \"strange\"\\\n; name".to_owned(), String::new()]);
    for index in 0..1 + random.below(4) {
        let params: Vec<Type> = (0..random.below(4)).map(|_| random_type(random, &module)).collect();
        let result = if random.below(3) == 0 { Kind::None.into() } else { random_type(random, &module) };
        let convention = random.pick(&[Convention::System, Convention::Orus]);
        let name = format!("{}{index}", random.pick(&["f", "module.g", "h<i32>", "v"]));
        let effects = Effects::from_bits_truncate(random.below(32) as u8);
        module.declare(&name, Signature { params, result, convention }, effects);
    }
    let mut functions = Vec::new();
    for index in 0..module.funcs.len() as u32 {
        if random.below(4) > 0 {
            functions.push((Func(index), random_function(random, &module, index)));
        }
    }
    (module, functions)
}

#[test]
fn random_functions_survive_the_round_trip() {
    let mut instructions = 0;
    for seed in 1..1000u64 {
        let (module, functions) = random_module(&mut Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)));
        let text = print_module(&module, &functions);
        let parsed = parsed(&text);
        assert_eq!(print(&parsed), text, "seed {seed}");
        assert_eq!(parsed.module.funcs.len(), module.funcs.len());
        for ((_, before), (_, after)) in functions.iter().zip(&parsed.functions) {
            assert_eq!(before.size(), after.size(), "seed {seed}");
            instructions += after.size();
            for (&old, &new) in before.order.iter().zip(&after.order) {
                for (old, new) in before.insts(old).zip(after.insts(new)) {
                    let (old, new) = (before.inst(old), after.inst(new));
                    assert_eq!((old.op, old.kind), (new.op, new.kind), "seed {seed}");
                }
            }
        }
    }
    assert!(instructions > 10_000, "{instructions}");
}

/// Texts that were valid, and are changed at random: errors, or functions that print and read alike. Nothing panics; neither does the
/// verifier, whatever it gets.
#[test]
fn changed_texts_give_errors_or_modules() {
    let mut random = Random(0x1234_5678_9abc_def1);
    let (declarations, functions) = every_opcode().split_at(every_opcode().find("fn ").unwrap());
    let mut examples: Vec<String> = functions
        .split_inclusive("\n}\n")
        .map(|function| format!("{declarations}{function}"))
        .filter(|text| parse_module(text).is_ok())
        .collect();
    assert!(examples.len() > 5);
    for _ in 0..examples.len() {
        let (module, functions) = random_module(&mut random);
        examples.push(print_module(&module, &functions));
    }
    let words: Vec<&str> = every_opcode().split([' ', '\n', ',', '(', ')']).collect();
    let (mut read, mut accepted) = (0, 0);
    for _ in 0..6000 {
        let mut text: Vec<u8> = examples[random.below(examples.len())].clone().into_bytes();
        for _ in 0..1 + random.below(2) {
            let at = random.below(text.len());
            let line = |text: &[u8], at: usize| {
                let start = text[..at].iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
                let end =
                    text[at..].iter().position(|&byte| byte == b'\n').map_or(text.len(), |end| at + end + 1);
                start..end
            };
            match random.below(7) {
                0 if !text.is_empty() => {
                    text[at] = random.pick(b"0123456789vbg:,.()[]{}-+*@!\"\\;=> \nax\xff")
                }
                1 => text.insert(at.min(text.len()), random.pick(b"0123456789 \n-\"(")),
                2 if !text.is_empty() => drop(text.remove(at)),
                3 if !text.is_empty() => drop(text.drain(line(&text, at))),
                4 if !text.is_empty() => {
                    // A line again, somewhere else.
                    let copy = text[line(&text, at)].to_vec();
                    let to = line(&text, random.below(text.len())).start;
                    text.splice(to..to, copy);
                }
                5 => {
                    let word = random.pick(&words).as_bytes().to_vec();
                    let at = at.min(text.len());
                    let end = text[at..].iter().position(|byte| b" \n,()".contains(byte)).unwrap_or(0);
                    text.splice(at..at + end, word);
                }
                _ => text.truncate(at.max(text.len() / 2)),
            }
        }
        let text = String::from_utf8_lossy(&text);
        let Ok(parsed) = parse_module(&text) else { continue };
        read += 1;
        let printed = print(&parsed);
        let again = parse_module(&printed).unwrap_or_else(|error| panic!("{error}\n{printed}"));
        assert_eq!(print(&again), printed);
        for (_, function) in &parsed.functions {
            accepted += usize::from(super::super::verify(function, &parsed.module).is_ok());
        }
    }
    assert!(read > 500 && accepted > 150, "{read} texts could be read, {accepted} functions were accepted");
}

/// Texts that are one thing over and over again.
#[test]
fn long_texts() {
    for part in ["(", "[", "\"", "-", "v0", "b0:\n", "fn f() {\n", "ref.", "0x", "\\", "fs0 = 0@0 [", "é"] {
        let body = part.repeat(50_000);
        for text in [body.clone(), format!("fn f() {{\nb0:\n{body}\n}}\n"), format!("symbol \"{body}")] {
            assert!(parse_module(&text).is_err(), "{part}");
        }
    }
    // Blocks that lead from each to the next, and values that refer to later ones.
    let mut text = String::from("fn f(v0: i32) {\nb0:\n    jump b50001(v0)\n");
    for index in (1..=50_000).rev() {
        let _ = std::fmt::Write::write_fmt(
            &mut text,
            format_args!("b{}(v{index}: i32):\n    jump b{index}(v{index})\n", index + 1),
        );
    }
    text.push_str("b1(v50001: i32):\n    return\n}\n");
    let parsed = parsed(&text);
    assert_eq!(parsed.functions[0].1.size(), 50_002);
    assert_eq!(super::super::verify(&parsed.functions[0].1, &parsed.module), Ok(()));
}
