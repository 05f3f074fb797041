//! Operations on objects and frames, evaluated in memory that is laid out as the VM does.

use orus::bytecode::{FuncId, Program, parse, verify};
use orus::ir::eval::{Called, Host, Limits, Memory, Outcome, Value, evaluate};
use orus::ir::{Func, Reason, Symbol};
use orus::jit::translate::translate;
use orus::jit::unit::{Entry, Scope, Status, Steps, Unit};
use orus::opt::Level;
use orus::vm::layout::{ELEMENTS_OFFSET, offset};

const CONTEXT: u64 = 0x10_0000;
const HEAP: u64 = 0x20_0000;

fn at(name: &str) -> u64 {
    offset(name).expect("the table has it") as u64
}

/// A heap, and steps that do nothing.
struct World {
    memory: Memory,
    next: u64,
}

/// Answers steps: with a status, and something at `machine.out`.
struct Steppers {
    calls: usize,
    status: Status,
    out: u64,
}

impl Host for Steppers {
    fn call(&mut self, _: Func, _: &[Value], memory: &mut Memory) -> Called {
        self.calls += 1;
        memory.store(CONTEXT + at("machine.out"), 8, self.out).expect("the context is there");
        Called::Returned(Some(Value::Bits(self.status as u64)))
    }
    fn poll(&mut self) -> bool {
        false
    }
    fn context(&self) -> u64 {
        CONTEXT
    }
    fn symbol(&self, _: Symbol) -> u64 {
        0
    }
    fn function_at(&self, _: u64) -> Option<Func> {
        None
    }
}

impl World {
    fn new() -> World {
        let mut memory = Memory::new();
        memory.add(CONTEXT, 1 << 16);
        memory.add(HEAP, 1 << 16);
        World { memory, next: HEAP }
    }

    fn put(&mut self, at: u64, bytes: u32, value: u64) {
        self.memory.store(at, bytes as usize, value).expect("it is in the heap");
    }

    fn read(&self, at: u64, bytes: u32) -> u64 {
        self.memory.load(at, bytes as usize).expect("it is in the heap")
    }

    fn alloc(&mut self, bytes: u64) -> u64 {
        let object = self.next;
        self.next += bytes.next_multiple_of(8);
        object
    }

    /// An array with so much room, of elements of so many bytes.
    fn array(&mut self, elements: &[u64], bytes: u32, capacity: u32) -> u64 {
        let store = self.alloc(ELEMENTS_OFFSET as u64 + u64::from(bytes) * u64::from(capacity));
        for (index, &element) in elements.iter().enumerate() {
            self.put(store + ELEMENTS_OFFSET as u64 + index as u64 * u64::from(bytes), bytes, element);
        }
        let array = self.alloc(24);
        self.put(array + at("array.store"), 8, store);
        self.put(array + at("array.len"), 4, elements.len() as u64);
        self.put(array + at("array.capacity"), 4, u64::from(capacity));
        array
    }

    fn elements(&self, array: u64, bytes: u32) -> Vec<u64> {
        let store = self.read(array + at("array.store"), 8);
        let len = self.read(array + at("array.len"), 4);
        (0..len)
            .map(|index| self.read(store + ELEMENTS_OFFSET as u64 + index * u64::from(bytes), bytes))
            .collect()
    }

    fn string(&mut self, text: &str) -> u64 {
        let buffer = self.alloc(at("buffer.bytes") + text.len() as u64);
        for (index, &byte) in text.as_bytes().iter().enumerate() {
            self.put(buffer + at("buffer.bytes") + index as u64, 1, u64::from(byte));
        }
        let string = self.alloc(32);
        self.put(string + at("string.buffer"), 8, buffer);
        self.put(string + at("string.byte_len"), 8, text.len() as u64);
        self.put(string + at("string.scalar_len"), 4, text.chars().count() as u64);
        string
    }
}

/// A function of a program, as it is and optimised.
fn units(program: &Program, func: u32, entry: Entry) -> [Unit; 2] {
    [Level::None, Level::Full].map(|level| {
        let mut unit = translate(program, Scope { func: FuncId(func), entry }, &mut Steps::default())
            .expect("it is small");
        orus::ir::verify(&unit.function, &unit.module).unwrap_or_else(|error| panic!("{error}"));
        super::optimise(&mut unit, level);
        unit
    })
}

fn run(unit: &Unit, args: &[u64], world: &mut World, host: &mut Steppers) -> Outcome {
    let args: Vec<Value> = args.iter().map(|&arg| Value::Bits(arg)).collect();
    let mut bodies = vec![None; unit.module.funcs.len()];
    bodies[0] = Some(&unit.function);
    evaluate(&unit.module, &bodies, Func(0), &args, host, &mut world.memory, Limits::default())
}

fn returned(outcome: &Outcome) -> u64 {
    match outcome {
        Outcome::Returned(Some(value)) => value.bits(),
        other => panic!("{other:?}"),
    }
}

/// Where a function was left, and why.
fn left(outcome: &Outcome) -> (Reason, u32) {
    match outcome {
        Outcome::Left(left) => (left.reason, left.frames[0].position),
        other => panic!("{other:?}"),
    }
}

fn host() -> Steppers {
    Steppers { calls: 0, status: Status::Done, out: 0 }
}

fn program(functions: &str) -> Program {
    let text = format!(
        "file s0 \"x\"\n| x\ntype t10 = array t0\ntype t11 = array t5\ntype t12 = array t4\nglobal g0 \"n\" t0\nglobal g1 \"s\" t6\ncounters 9\n{functions}"
    );
    let program = parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    verify(&program).unwrap_or_else(|error| panic!("{error}\n{text}"));
    program
}

const IN: &str = "in s0, counter 0, depth 1";

#[test]
fn elements() {
    let indices = [("t0", 0xffff_ffff), ("t1", u64::MAX), ("t2", 0xffff_ffff), ("t3", u64::MAX)];
    for (ty, minus_one) in indices {
        let text = format!(
            "fn f0 \"swap\" (t10, t11, {ty}) -> t0\n{IN}\nframe refs 2, params 2 1\nregs r0 t10, r1 t11, r2 {ty}, r3 t0, r4 t5\n\
             get.i32 r3, r0, r2\nget.bool r4, r1, r2\nnot r4, r4\nset.bool r1, r2, r4\nadd.i32 r3, r3, r3\nset.32 r0, r2, r3\nret r3\nend\n"
        );
        for unit in units(&program(&text), 0, Entry::Function) {
            let mut world = World::new();
            let numbers = world.array(&[5, 7, 0xffff_fffe], 4, 4);
            let bools = world.array(&[0, 1, 0], 1, 8);
            let outcome = run(&unit, &[numbers, bools, 2], &mut world, &mut host());
            assert_eq!(returned(&outcome), 0xffff_fffc);
            assert_eq!(world.elements(numbers, 4), [5, 7, 0xffff_fffc]);
            assert_eq!(world.elements(bools, 1), [0, 1, 1]);
            for index in [3, minus_one] {
                let outcome = run(&unit, &[numbers, bools, index], &mut world, &mut host());
                assert_eq!(left(&outcome), (Reason::Bounds, 0), "{ty} {index}");
            }
            // The second array is shorter: nothing has been written by then.
            let short = world.array(&[1], 1, 8);
            let outcome = run(&unit, &[numbers, short, 1], &mut world, &mut host());
            assert_eq!(left(&outcome), (Reason::Bounds, 1));
            assert_eq!(world.elements(numbers, 4), [5, 7, 0xffff_fffc]);
        }
    }
}

#[test]
fn push_and_pop() {
    let text = format!(
        "fn f0 \"push\" (t12, t4)\n{IN}\nframe refs 1, params 1 1\nregs r0 t12, r1 t4\npush.64 r0, r1\nret.void\nend\n\
         fn f1 \"pop\" (t9) -> t6\n{IN}\nframe refs 2, params 1 0\nregs r0 t9, r1 t6\npop.ref r1, r0\nret r1\nend\n"
    );
    let program = program(&text);
    for unit in units(&program, 0, Entry::Function) {
        let mut world = World::new();
        let array = world.array(&[1], 8, 2);
        let mut host = host();
        let two = 2f64.to_bits();
        assert_eq!(run(&unit, &[array, two], &mut world, &mut host), Outcome::Returned(None));
        assert_eq!((world.elements(array, 8), host.calls), (vec![1, two], 0));
        // There is no room left: the interpreter's affair, and nothing is written here.
        assert_eq!(run(&unit, &[array, two], &mut world, &mut host), Outcome::Returned(None));
        assert_eq!((world.elements(array, 8), host.calls), (vec![1, two], 1));
        host.status = Status::Failed;
        assert_eq!(left(&run(&unit, &[array, two], &mut world, &mut host)), (Reason::Memory, 0));
    }
    for unit in units(&program, 1, Entry::Function) {
        let mut world = World::new();
        let array = world.array(&[HEAP, HEAP + 8], 8, 2);
        assert_eq!(returned(&run(&unit, &[array], &mut world, &mut host())), HEAP + 8);
        assert_eq!(world.elements(array, 8), [HEAP]);
        let store = world.read(array + at("array.store"), 8);
        assert_eq!(world.read(store + ELEMENTS_OFFSET as u64 + 8, 8), 0, "nulls are behind the length");
        assert_eq!(returned(&run(&unit, &[array], &mut world, &mut host())), HEAP);
        assert_eq!(left(&run(&unit, &[array], &mut world, &mut host())), (Reason::Bounds, 0));
    }
}

/// A loop over an array as a function, and entered in its middle; the frame has canonical slots.
#[test]
fn loops_over_arrays() {
    let text = format!(
        "fn f0 \"sum\" (t10, t2, t5) -> t0\n{IN}\nframe refs 1, params 1 2\nregs r0 t10, r1 t2, r2 t5, r3 t0, r4 t0, r5 t0\n\
         const r3, 0\nconst r4, 0\nnext.i32 r5, r0, r4, L0\nret r3\nL0:\nloop c1\nadd.i32 r3, r3, r5\nadd.u32 r1, r1, r1\nnot r2, r2\n\
         next.i32 r5, r0, r4, L0\nbits r5, r2\nadd.i32 r3, r3, r5\nzext32 r1, r1\nsext32 r5, r1\nadd.i32 r3, r3, r5\nret r3\nend\n"
    );
    let program = program(&text);
    let numbers: Vec<u64> = (0..100u32).map(|number| u64::from(number.wrapping_sub(60))).collect();
    for unit in units(&program, 0, Entry::Function) {
        let mut world = World::new();
        let array = world.array(&numbers, 4, 100);
        let sum = (-60..40).sum::<i32>() as u32;
        assert_eq!(returned(&run(&unit, &[array, 0, 0], &mut world, &mut host())), u64::from(sum));
        let empty = world.array(&[], 4, 0);
        assert_eq!(returned(&run(&unit, &[empty, 9, 1], &mut world, &mut host())), 0);
    }
    for unit in units(&program, 0, Entry::Loop(5)) {
        let mut world = World::new();
        let array = world.array(&numbers, 4, 100);
        let frame = world.alloc(48);
        // The first 97 elements are done. What is not alive is junk.
        let slots = [array, 0xffff_ffff, 0, -1i64 as u64, 97, 36];
        for (index, slot) in slots.into_iter().enumerate() {
            world.put(frame + 8 * index as u64, 8, slot);
        }
        assert_eq!(returned(&run(&unit, &[frame], &mut world, &mut host())), 11);
        let slot = |index: u64| world.read(frame + 8 * index, 8) as i64;
        assert_eq!(slot(3), -1 + 36 + 37 + 38 + 39);
        assert_eq!(slot(1), 0xffff_fff0, "u32 is zero-extended");
        assert_eq!(slot(2), 0, "bool is 0 or 1");
    }
}

#[test]
fn ranges_end_where_they_would_overflow() {
    let text = format!(
        "fn f0 \"count\" (t8) -> t1\n{IN}\nframe refs 1, params 1 0\nregs r0 t8, r1 t1, r2 t1\nconst r2, 0\nnext.range r1, r0, L0\nret r2\n\
         L0:\nloop c1\nxor r2, r2, r1\nadd.i64.imm r2, r2, 1\nnext.range r1, r0, L0\nret r2\nend\n"
    );
    for unit in units(&program(&text), 0, Entry::Function) {
        let cases: [(i64, i64, i64); 6] = [
            (0, 5, 2),
            (5, 0, -2),
            (0, 0, 1),
            (i64::MAX - 3, i64::MAX, 2),
            (i64::MIN + 3, i64::MIN, -2),
            (3, 9, -1),
        ];
        for (start, end, step) in cases {
            let mut world = World::new();
            let range = world.alloc(32);
            for (name, value) in [("range.next", start), ("range.end", end), ("range.step", step)] {
                world.put(range + at(name), 8, value as u64);
            }
            let (mut expected, mut next) = (0i64, i128::from(start));
            while if step > 0 { next < i128::from(end) } else { next > i128::from(end) } {
                expected = (expected ^ next as i64) + 1;
                next += i128::from(step);
            }
            let outcome = run(&unit, &[range], &mut world, &mut host());
            assert_eq!(returned(&outcome) as i64, expected, "{start} {end} {step}");
        }
    }
}

#[test]
fn strings() {
    let text = format!(
        "fn f0 \"equal\" (t6, t6) -> t5\n{IN}\nframe refs 2, params 2 0\nregs r0 t6, r1 t6, r2 t5\neq.str r2, r0, r1\nret r2\nend\n\
         fn f1 \"less\" (t6, t6) -> t5\n{IN}\nframe refs 2, params 2 0\nregs r0 t6, r1 t6, r2 t5\nlt.str r2, r0, r1\nret r2\nend\n\
         fn f2 \"differ\" (t6, t6) -> t5\n{IN}\nframe refs 2, params 2 0\nregs r0 t6, r1 t6, r2 t5\nconst r2, 1\nbr.ne.str r0, r1, L0\nconst r2, 0\nL0:\nret r2\nend\n\
         fn f3 \"at\" (t6, t1) -> t6\n{IN}\nframe refs 2, params 1 1\nregs r0 t6, r1 t6, r2 t1\nstr.index r1, r0, r2\nret r1\nend\n\
         fn f4 \"ord\" (t6) -> t0\n{IN}\nframe refs 1, params 1 0\nregs r0 t6, r1 t0\nbuiltin ord (r0) -> r1\nret r1\nend\n\
         fn f5 \"chr\" (t0) -> t6\n{IN}\nframe refs 1, params 0 1\nregs r0 t6, r1 t0\nbuiltin chr (r1) -> r0\nret r0\nend\n"
    );
    let program = program(&text);
    let mut world = World::new();
    let ascii = world.alloc(128 * 8);
    (0..128).for_each(|byte| world.put(ascii + 8 * byte, 8, 0x7000 + byte));
    world.put(CONTEXT + at("context.ascii"), 8, ascii);
    let [a, a2, ab, b, empty, accent] = ["a", "a", "ab", "b", "", "\u{e9}"].map(|text| world.string(text));
    // Two strings, what is seen of them at once: equality, order.
    let pairs = [
        (a, a, Some(true), None),
        (a, b, Some(false), Some(true)),
        (b, a, Some(false), Some(false)),
        (a, ab, Some(false), None),
        (a, a2, None, None),
        (a, empty, Some(false), None),
        (accent, a, Some(false), Some(false)),
    ];
    for (x, y, equal, less) in pairs {
        for (func, seen, answer) in [(0, equal, 1), (1, less, 1), (2, equal.map(|equal| !equal), 1)] {
            for unit in units(&program, func, Entry::Function) {
                // What is not seen at once is asked for.
                let status = if func == 2 { Status::Branched } else { Status::Done };
                let mut host = Steppers { calls: 0, status, out: answer };
                let outcome = run(&unit, &[x, y], &mut world, &mut host);
                assert_eq!(returned(&outcome), seen.map_or(answer, u64::from), "f{func}");
                assert_eq!(host.calls, usize::from(seen.is_none()), "f{func}");
            }
        }
    }
    for unit in units(&program, 3, Entry::Function) {
        let mut host = Steppers { calls: 0, status: Status::Done, out: 0x9000 };
        assert_eq!(returned(&run(&unit, &[ab, 1], &mut world, &mut host)), 0x7000 + u64::from(b'b'));
        assert_eq!(left(&run(&unit, &[ab, 2], &mut world, &mut host)), (Reason::Bounds, 0));
        assert_eq!(left(&run(&unit, &[ab, u64::MAX], &mut world, &mut host)), (Reason::Bounds, 0));
        assert_eq!(host.calls, 0);
        assert_eq!(returned(&run(&unit, &[accent, 0], &mut world, &mut host)), 0x9000);
        assert_eq!(host.calls, 1);
    }
    for unit in units(&program, 4, Entry::Function) {
        let mut host = Steppers { calls: 0, status: Status::Done, out: 0xe9 };
        assert_eq!(returned(&run(&unit, &[b], &mut world, &mut host)), u64::from(b'b'));
        assert_eq!((returned(&run(&unit, &[accent], &mut world, &mut host)), host.calls), (0xe9, 1));
        host.status = Status::Failed;
        assert_eq!(left(&run(&unit, &[ab], &mut world, &mut host)), (Reason::Other, 0));
    }
    for unit in units(&program, 5, Entry::Function) {
        let mut host = Steppers { calls: 0, status: Status::Done, out: 0x9000 };
        assert_eq!(returned(&run(&unit, &[127], &mut world, &mut host)), 0x7000 + 127);
        assert_eq!(returned(&run(&unit, &[128], &mut world, &mut host)), 0x9000);
        assert_eq!(returned(&run(&unit, &[0xffff_ffff], &mut world, &mut host)), 0x9000);
    }
}

#[test]
fn module_variables_are_canonical() {
    let text = format!(
        "fn f0 \"count\" () -> t0\n{IN}\nframe refs 1, params 0 0\nregs r0 t6, r1 t0\nglobal.get.checked r1, g0\nadd.i32.imm r1, r1, -3\nglobal.set r1, g0\n\
         global.get.ref r0, g1\nglobal.set.ref r0, g1\nret r1\nend\n"
    );
    for unit in units(&program(&text), 0, Entry::Function) {
        let mut world = World::new();
        let (globals, present) = (world.alloc(16), world.alloc(8));
        world.put(CONTEXT + at("machine.globals"), 8, globals);
        world.put(CONTEXT + at("machine.present"), 8, present);
        assert_eq!(left(&run(&unit, &[], &mut world, &mut host())), (Reason::Null, 0));
        world.put(present, 1, 1);
        assert_eq!(left(&run(&unit, &[], &mut world, &mut host())), (Reason::Null, 3));
        assert_eq!(world.read(globals, 8) as i64, -3);
        world.put(globals + 8, 8, HEAP);
        assert_eq!(returned(&run(&unit, &[], &mut world, &mut host())), 0xffff_fffa);
        assert_eq!(world.read(globals, 8) as i64, -6);
    }
}
