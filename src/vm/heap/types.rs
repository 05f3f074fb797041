//! What the collector, arrays and maps need to know of each type, in a form that takes one look-up.

use std::collections::HashMap;

use crate::bytecode::{Program, TypeDesc, TypeId};
use crate::vm::layout::{Elem, PART_SHIFT};

/// What objects of a type look like to the collector.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Shape {
    /// Not an object.
    Scalar,
    /// Slots, of which the first [`TypeInfo::refs`] are references: structs, cells, closures, and function values without captures.
    Slots,
    /// Slots, of which the variant says how many are references: [`TypeTable::variant_refs`].
    Enum,
    String,
    Error,
    Range,
    Array,
    Map,
}

/// How keys of a map are hashed and compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum KeyKind {
    /// By their slot: integers, bool, tags.
    Bits,
    String,
    /// An enum object, by variant and payloads.
    Enum,
}

/// One row of the [`TypeTable`].
#[derive(Clone, Copy, Debug)]
pub struct TypeInfo {
    pub shape: Shape,
    /// Elements of an array, values of a map, the content of any other type itself.
    pub elem: Elem,
    /// Keys of a map.
    pub key: KeyKind,
    /// Whether a value of the type may contain another of the same type, by way of references.
    pub recursive: bool,
    /// Whether a value of the type may contain an f64.
    pub has_f64: bool,
    /// How many of the slots are references.
    pub refs: u32,
    /// Index of the first variant's number of references.
    variants: u32,
    /// Of a map: the types of arrays of its keys and of its values, if the program has them.
    pub lists: [Option<TypeId>; 2],
}

/// The types of a program as the heap sees them. Indexed by [`TypeId`], aliases included.
#[derive(Debug, Default)]
pub struct TypeTable {
    rows: Vec<TypeInfo>,
    variant_refs: Vec<u32>,
}

impl TypeTable {
    /// The table for a program.
    ///
    /// # Panics
    /// If there are more types than a type word can name, which would take gigabytes of descriptions.
    pub fn new(program: &Program) -> TypeTable {
        assert!(program.types.len() < 1 << PART_SHIFT, "too many types");
        let mut table = TypeTable::default();
        for number in 0..program.types.len() as u32 {
            let row = table.row_of(program, TypeId(number));
            table.rows.push(row);
        }
        let arrays: HashMap<TypeId, TypeId> = (0..program.types.len() as u32)
            .rev()
            .filter_map(|number| match program.types[number as usize] {
                TypeDesc::Array(of) => Some((program.canonical(of), TypeId(number))),
                _ => None,
            })
            .collect();
        for (at, row) in table.rows.iter_mut().enumerate() {
            if let TypeDesc::Map { key, value } = program.ty(TypeId(at as u32)) {
                row.lists = [*key, *value].map(|of| arrays.get(&program.canonical(of)).copied());
            }
        }
        let (recursive, has_f64) = reach(program);
        for (at, row) in table.rows.iter_mut().enumerate() {
            let of = program.canonical(TypeId(at as u32)).index();
            row.recursive = recursive[of];
            row.has_f64 = has_f64[of];
        }
        table
    }

    fn row_of(&mut self, program: &Program, id: TypeId) -> TypeInfo {
        let mut row = TypeInfo {
            shape: Shape::Scalar,
            elem: Elem::from(program.kind(id)),
            key: KeyKind::Bits,
            recursive: false,
            has_f64: false,
            refs: 0,
            variants: 0,
            lists: [None; 2],
        };
        match program.ty(id) {
            TypeDesc::String => row.shape = Shape::String,
            TypeDesc::Error => row.shape = Shape::Error,
            TypeDesc::Range => row.shape = Shape::Range,
            TypeDesc::Array(elem) => {
                row.shape = Shape::Array;
                row.elem = Elem::from(program.kind(*elem));
            }
            TypeDesc::Map { key, value } => {
                row.shape = Shape::Map;
                row.elem = Elem::from(program.kind(*value));
                row.key = match program.ty(*key) {
                    TypeDesc::String => KeyKind::String,
                    TypeDesc::Enum { .. } => KeyKind::Enum,
                    _ => KeyKind::Bits,
                };
            }
            TypeDesc::Struct(layout) | TypeDesc::Closure { captures: layout, .. } => {
                row.shape = Shape::Slots;
                row.refs = layout.refs;
            }
            TypeDesc::Cell(of) => {
                row.shape = Shape::Slots;
                row.refs = u32::from(program.is_ref(*of));
            }
            TypeDesc::Fn { .. } => row.shape = Shape::Slots,
            TypeDesc::Enum { variants, .. } => {
                row.shape = Shape::Enum;
                row.variants = self.variant_refs.len() as u32;
                self.variant_refs.extend(variants.iter().map(|layout| layout.refs));
            }
            _ => {}
        }
        row
    }

    /// The row of a type id as a header holds it.
    #[inline]
    pub fn get(&self, ty: TypeId) -> &TypeInfo {
        &self.rows[ty.index()]
    }

    /// How many slots of a variant are references. `info` is the row of its enum.
    #[inline]
    pub fn variant_refs(&self, info: &TypeInfo, variant: u32) -> u32 {
        self.variant_refs[(info.variants + variant) as usize]
    }

    /// How many types there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

/// The types that a value of a type holds.
pub fn parts_of(desc: &TypeDesc) -> Vec<TypeId> {
    match desc {
        TypeDesc::Array(of) | TypeDesc::Cell(of) => vec![*of],
        TypeDesc::Map { key, value } => vec![*key, *value],
        TypeDesc::Struct(layout) | TypeDesc::Closure { captures: layout, .. } => {
            layout.fields.iter().map(|field| field.ty).collect()
        }
        TypeDesc::Enum { variants, .. } => {
            variants.iter().flat_map(|layout| layout.fields.iter().map(|field| field.ty)).collect()
        }
        _ => Vec::new(),
    }
}

/// For each type, whether it reaches itself and whether it reaches f64, by strongly connected components (Tarjan's
/// algorithm, with a stack of its own).
fn reach(program: &Program) -> (Vec<bool>, Vec<bool>) {
    const UNSEEN: u32 = u32::MAX;
    let count = program.types.len();
    let edges: Vec<Vec<usize>> = (0..count)
        .map(|at| match &program.types[at] {
            TypeDesc::Alias(of) => vec![of.index()],
            desc => parts_of(desc).into_iter().map(|part| part.index()).collect(),
        })
        .collect();
    let (mut recursive, mut has_f64) = (vec![false; count], vec![false; count]);
    let (mut order, mut low, mut done) = (vec![UNSEEN; count], vec![0u32; count], vec![false; count]);
    let (mut open, mut work) = (Vec::new(), Vec::new());
    let mut next = 0;
    for root in 0..count {
        if order[root] == UNSEEN {
            work.push((root, 0));
        }
        while let Some((at, edge)) = work.pop() {
            if edge == 0 {
                order[at] = next;
                low[at] = next;
                next += 1;
                open.push(at);
                has_f64[at] = matches!(program.types[at], TypeDesc::F64);
            }
            if let Some(&to) = edges[at].get(edge) {
                work.push((at, edge + 1));
                if order[to] == UNSEEN {
                    work.push((to, 0));
                } else if !done[to] {
                    low[at] = low[at].min(order[to]);
                    recursive[at] |= to == at;
                } else {
                    has_f64[at] |= has_f64[to];
                }
                continue;
            }
            for &to in &edges[at] {
                has_f64[at] |= has_f64[to];
                if !done[to] {
                    low[at] = low[at].min(low[to]);
                }
            }
            if low[at] == order[at] {
                let start = open.iter().rposition(|&member| member == at).unwrap_or(0);
                let members = open.split_off(start);
                let any_f64 = members.iter().any(|&member| has_f64[member]);
                for &member in &members {
                    done[member] = true;
                    has_f64[member] = any_f64;
                    recursive[member] |= members.len() > 1;
                }
            }
        }
    }
    (recursive, has_f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bytecode::Layout;

    #[test]
    fn recursion_and_f64_are_found_through_the_graph() {
        let mut program = Program::new();
        let first = program.types.len() as u32;
        let id = |at: u32| TypeId(first + at);
        // 0: struct Node { children: 1, weight: 3 }, 1: [Node], 2: [i32], 3: [f64], 4: struct { list: 2 }, 5: alias of 0
        let node = [("children".into(), id(1), true), ("weight".into(), id(3), true)];
        program.types.push(TypeDesc::Struct(Layout::new("Node".into(), node)));
        program.types.push(TypeDesc::Array(id(0)));
        program.types.push(TypeDesc::Array(TypeId::I32));
        program.types.push(TypeDesc::Array(TypeId::F64));
        program.types.push(TypeDesc::Struct(Layout::new("Plain".into(), [("list".into(), id(2), true)])));
        program.types.push(TypeDesc::Alias(id(0)));
        let table = TypeTable::new(&program);
        let row = |at| *table.get(id(at));
        assert_eq!([0, 1, 2, 3, 4, 5].map(|at| row(at).recursive), [true, true, false, false, false, true]);
        assert_eq!([0, 1, 2, 3, 4, 5].map(|at| row(at).has_f64), [true, true, false, true, false, true]);
        assert_eq!((row(5).shape, row(5).refs), (Shape::Slots, 2));
        assert_eq!([1, 2, 3].map(|at| row(at).elem), [Elem::Ref, Elem::I32, Elem::Word]);
    }
}
