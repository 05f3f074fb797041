//! Where everything is in the memory of a program, and what is in it.

use orus::ir::eval::Memory;
use orus::ir::types::{Alias, Mem, TypeId};
use orus_progen::rng::Rng;

/// The address of the lowest byte, the context's.
pub const BASE: u64 = 0x20_0000_0000;
/// Bytes from [`BASE`] on in which all memory is.
pub const SPAN: u64 = 0x20_0000;
/// Bytes of the context.
pub const CONTEXT_BYTES: u64 = 0x1000;
/// The first bytes of the context are the backend's: the program does not access them, and they are not compared.
pub const RESERVED: i32 = 0x100;
/// Offset in the context: cursor and end of the free run of each layout.
pub const CURSORS: i32 = 0x100;
/// Offset in the context: addresses of functions, class `fixed`. Each backend has others.
pub const TABLE: i32 = 0x180;
/// Offset in the context: references to the arrays, class `fixed`.
pub const ARRAYS: i32 = 0x300;
/// Offset in the context: the address of the VM's frame, class `fixed`.
pub const FRAME_AT: i32 = 0x3f0;
/// Offset in the context: numbers, class `fixed`.
pub const CONSTS: i32 = 0x400;
/// Offset in the context: numbers, class `raw`.
pub const RAW: i32 = 0x500;
/// Offset in the context: bools of a byte, class `raw`; most are true, and nothing writes them but calls.
pub const FLAGS: i32 = 0x600;
/// Offset in the context: numbers and references, class `module`.
pub const MODULE: i32 = 0x700;
/// Bools at [`FLAGS`].
pub const FLAG_COUNT: usize = 64;
/// The VM's frame: numbers and references, class `frame`.
pub const FRAME: u64 = BASE + 0x2000;
/// Words at the symbol `arena`, class `raw`.
pub const ARENA: u64 = BASE + 0x3000;
/// Words there.
pub const ARENA_WORDS: usize = 32;
const ARRAY_OBJECTS: u64 = BASE + 0x4000;
const STORES: u64 = BASE + 0x8000;
const OBJECTS: u64 = BASE + 0x8_0000;
/// Where new objects are made.
pub const HEAP: u64 = BASE + 0x10_0000;
/// Offset in an array: the reference to its store, class `length`.
pub const ARRAY_STORE: i32 = 8;
/// Offset in an array: its length, class `length`.
pub const ARRAY_LENGTH: i32 = 16;
/// Offset of the first element in a store.
pub const ELEMENTS: i32 = 8;

/// A place in memory that always has a value of one kind.
#[derive(Clone, Copy, Debug)]
pub struct Slot {
    /// From the beginning of what it is in.
    pub offset: i32,
    /// What is there.
    pub mem: Mem,
    /// Of a reference: the layout, by its index in [`Plan::layouts`].
    pub layout: usize,
    /// Its class.
    pub alias: Alias,
}

/// A layout of objects.
#[derive(Clone, Debug)]
pub struct LayoutPlan {
    /// Its number in the module.
    pub id: TypeId,
    /// The header.
    pub header: u64,
    /// Its slots, references first.
    pub fields: Vec<Slot>,
    /// How many of them are references.
    pub references: usize,
    /// Objects that are there from the beginning.
    pub objects: Vec<u64>,
    /// Where its free run begins, and its bytes.
    pub run: (u64, u64),
}

/// An array.
#[derive(Clone, Debug)]
pub struct ArrayPlan {
    /// What its elements are.
    pub mem: Mem,
    /// Of references: the layout.
    pub layout: usize,
    /// How many elements there is room for: a power of two.
    pub capacity: u64,
    /// Its address.
    pub object: u64,
    /// The address of its store.
    pub store: u64,
    /// Are there numbers of all sizes in it?
    pub wild: bool,
}

/// All of it.
#[derive(Clone, Default, Debug)]
pub struct Plan {
    /// Layouts; the module's number is one more.
    pub layouts: Vec<LayoutPlan>,
    /// Arrays.
    pub arrays: Vec<ArrayPlan>,
    /// Slots of the context of class `raw`.
    pub raw: Vec<Slot>,
    /// Slots of the context of class `fixed`.
    pub consts: Vec<Slot>,
    /// Slots of the context of class `module`.
    pub module: Vec<Slot>,
    /// Slots of the VM's frame.
    pub frame: Vec<Slot>,
}

/// What scalar slots may have.
const SCALARS: [Mem; 12] = [
    Mem::I32,
    Mem::I64,
    Mem::F64,
    Mem::Bool,
    Mem::U32,
    Mem::U64,
    Mem::I8,
    Mem::U8,
    Mem::I16,
    Mem::U16,
    Mem::I32,
    Mem::I64,
];

/// Bits for a place in memory: small numbers mostly, corners, anything.
pub fn datum(rng: &mut Rng, mem: Mem, wild: bool) -> u64 {
    let most = if rng.chance(50) { 20 } else { 3_000 };
    let small = rng.below(most) as u64;
    match mem {
        Mem::Bool => rng.bits() & 1,
        Mem::F64 => match rng.below(if wild { 20 } else { 60 }) {
            0 => *rng.pick(&crate::generate::FLOATS),
            1..5 => rng.bits() >> 12 | 0x3ff0 << 48,
            5..12 => (-(small as f64) / 8.0).to_bits(),
            _ => (small as f64 / 4.0).to_bits(),
        },
        _ => match rng.below(if wild { 8 } else { 60 }) {
            0 => crate::generate::corner(rng, mem.kind()),
            1 => rng.bits(),
            2..5 => small.wrapping_neg(),
            _ => small,
        },
    }
}

impl Plan {
    /// Draws one, with its memory.
    pub fn new(rng: &mut Rng) -> (Plan, Memory) {
        let mut plan = Plan::default();
        plan.draw_layouts(rng);
        plan.draw_arrays(rng);
        let layouts = plan.layouts.len();
        let mut slots = |start: i32, alias: Alias, references: u32| -> Vec<Slot> {
            (0..32)
                .map(|index| {
                    let mem = if rng.chance(references) { Mem::Ref } else { *rng.pick(&SCALARS) };
                    Slot { offset: start + 8 * index, mem, layout: rng.below(layouts), alias }
                })
                .collect()
        };
        plan.raw = slots(RAW, Alias::RAW, 0);
        plan.consts = slots(CONSTS, Alias::FIXED, 0);
        plan.module = slots(MODULE, Alias::MODULE, 25);
        plan.frame = slots(0, Alias::FRAME, 15);
        let memory = plan.memory(rng);
        (plan, memory)
    }

    fn draw_layouts(&mut self, rng: &mut Rng) {
        let count = 1 + rng.below(3);
        let mut heap = HEAP;
        for index in 0..count {
            let references = rng.below(4);
            let scalars = rng.below(5) + usize::from(references == 0);
            // Slots that only a part of is used keep an object from being removed.
            let narrow = rng.chance(20);
            let fields = (0..references + scalars)
                .map(|slot| Slot {
                    offset: 8 + 8 * slot as i32,
                    mem: match slot < references {
                        true => Mem::Ref,
                        false if narrow => *rng.pick(&SCALARS),
                        false => *rng.pick(&SCALARS[..6]),
                    },
                    layout: rng.below(count),
                    alias: Alias::field((index * 16 + slot) as u16),
                })
                .collect();
            let size = 8 + 8 * (references + scalars) as u64;
            // A run that is soon used up now and then.
            let room = if rng.chance(4) { rng.below(4) as u64 } else { 400 };
            self.layouts.push(LayoutPlan {
                id: TypeId(index as u32 + 1),
                header: 0x1_0000_0000 + index as u64,
                fields,
                references,
                objects: (0..2).map(|at| OBJECTS + (index * 2 + at) as u64 * 0x100).collect(),
                run: (heap, room * size),
            });
            heap += (room * size).next_multiple_of(0x1000) + 0x1000;
        }
    }

    fn draw_arrays(&mut self, rng: &mut Rng) {
        const ELEMENTS_OF: [Mem; 12] = [
            Mem::I32,
            Mem::F64,
            Mem::I64,
            Mem::U8,
            Mem::U32,
            Mem::I32,
            Mem::F64,
            Mem::I8,
            Mem::U64,
            Mem::Bool,
            Mem::U16,
            Mem::Ref,
        ];
        let mut store = STORES;
        for _ in 0..1 + rng.below(3) {
            let mem = if rng.chance(5) { Mem::I16 } else { *rng.pick(&ELEMENTS_OF) };
            let layout = self.arrays.iter().find(|array| array.mem == mem).map(|array| array.layout);
            let layout = layout.unwrap_or_else(|| rng.below(self.layouts.len()));
            for _ in 0..1 + rng.below(3) {
                let capacity = 1u64 << rng.weighted(&[(2, 3), (4, 4), (4, 5), (3, 6), (1, 7)]);
                let object = ARRAY_OBJECTS + self.arrays.len() as u64 * 0x40;
                self.arrays.push(ArrayPlan { mem, layout, capacity, object, store, wild: rng.chance(30) });
                store += (8 + capacity * u64::from(mem.bytes())).next_multiple_of(0x40) + 0x40;
            }
        }
    }

    /// A reference to an object of a layout that is there from the beginning, or null.
    fn reference(&self, rng: &mut Rng, layout: usize) -> u64 {
        if rng.chance(3) { 0 } else { *rng.pick(&self.layouts[layout].objects) }
    }

    fn memory(&self, rng: &mut Rng) -> Memory {
        let mut memory = Memory::new();
        memory.add(BASE, CONTEXT_BYTES as usize);
        memory.add(FRAME, 32 * 8);
        memory.add(ARENA, ARENA_WORDS * 8);
        // Every access below is to what was just added.
        let put = |memory: &mut Memory, address: u64, length: usize, value: u64| {
            memory.store(address, length, value).expect("the plan's places are in its memory");
        };
        for (index, layout) in self.layouts.iter().enumerate() {
            let at = BASE + CURSORS as u64 + 16 * index as u64;
            put(&mut memory, at, 8, layout.run.0);
            put(&mut memory, at + 8, 8, layout.run.0 + layout.run.1);
            for &object in &layout.objects {
                memory.add(object, 8 + 8 * layout.fields.len());
                put(&mut memory, object, 8, layout.header);
                self.fill(rng, &mut memory, object, &layout.fields);
            }
            memory.add(layout.run.0, layout.run.1 as usize);
        }
        if let Some(region) = memory.regions_mut().last_mut() {
            region.bytes.fill(0x5a);
        }
        for (index, array) in self.arrays.iter().enumerate() {
            put(&mut memory, BASE + ARRAYS as u64 + 8 * index as u64, 8, array.object);
            memory.add(array.object, 24);
            put(&mut memory, array.object, 8, 0x2_0000_0000);
            put(&mut memory, array.object + ARRAY_STORE as u64, 8, array.store);
            let length = match rng.below(20) {
                0 => 0,
                1..7 => array.capacity,
                7..10 => rng.below(array.capacity as usize + 1) as u64,
                _ => array.capacity - rng.below(array.capacity as usize / 2) as u64,
            };
            put(&mut memory, array.object + ARRAY_LENGTH as u64, 4, length);
            let size = array.mem.bytes() as usize;
            memory.add(array.store, 8 + array.capacity as usize * size);
            put(&mut memory, array.store, 8, 0x3_0000_0000);
            for at in 0..array.capacity {
                let value = match array.mem {
                    Mem::Ref => self.reference(rng, array.layout),
                    mem => datum(rng, mem, array.wild),
                };
                put(&mut memory, array.store + ELEMENTS as u64 + at * size as u64, size, value);
            }
        }
        put(&mut memory, BASE + FRAME_AT as u64, 8, FRAME);
        for slots in [&self.raw, &self.consts, &self.module] {
            self.fill(rng, &mut memory, BASE, slots);
        }
        self.fill(rng, &mut memory, FRAME, &self.frame);
        for flag in 0..FLAG_COUNT {
            put(&mut memory, BASE + FLAGS as u64 + flag as u64, 1, u64::from(!rng.chance(8)));
        }
        for word in 0..ARENA_WORDS {
            put(&mut memory, ARENA + 8 * word as u64, 8, datum(rng, Mem::I64, false));
        }
        memory
    }

    fn fill(&self, rng: &mut Rng, memory: &mut Memory, base: u64, slots: &[Slot]) {
        for slot in slots {
            let value = match slot.mem {
                Mem::Ref => self.reference(rng, slot.layout),
                mem => datum(rng, mem, false),
            };
            let length = slot.mem.bytes() as usize;
            memory
                .store(base + slot.offset as u64, length, value)
                .expect("the plan's places are in its memory");
        }
    }

    /// The slots that are references in memory from the beginning, with their layouts.
    pub fn references(&self) -> impl Iterator<Item = (u64, usize)> + '_ {
        let of = |base: u64, slots: &'_ [Slot]| -> Vec<(u64, usize)> {
            let references = slots.iter().filter(|slot| slot.mem == Mem::Ref);
            references.map(|slot| (base + slot.offset as u64, slot.layout)).collect()
        };
        let mut all = of(BASE, &self.module);
        all.extend(of(FRAME, &self.frame));
        for layout in &self.layouts {
            for &object in &layout.objects {
                all.extend(of(object, &layout.fields));
            }
        }
        for array in self.arrays.iter().filter(|array| array.mem == Mem::Ref) {
            let first = array.store + ELEMENTS as u64;
            all.extend((0..array.capacity).map(|at| (first + 8 * at, array.layout)));
        }
        all.into_iter()
    }

    /// Addresses of slots, from the beginning, that are floats: each the first one and how many follow each other.
    pub fn floats(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        let of = |base: u64, slots: &'_ [Slot]| -> Vec<(u64, u64)> {
            let floats = slots.iter().filter(|slot| slot.mem == Mem::F64);
            floats.map(|slot| (base + slot.offset as u64, 1)).collect()
        };
        let mut all: Vec<(u64, u64)> = of(FRAME, &self.frame);
        for slots in [&self.raw, &self.consts, &self.module] {
            all.extend(of(BASE, slots));
        }
        for layout in &self.layouts {
            for &object in &layout.objects {
                all.extend(of(object, &layout.fields));
            }
        }
        for array in self.arrays.iter().filter(|array| array.mem == Mem::F64) {
            all.push((array.store + ELEMENTS as u64, array.capacity));
        }
        all.into_iter()
    }
}
