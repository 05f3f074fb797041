//! The heap against a model: random graphs of objects, of which what is reachable must stay as it is and the rest must go.

use std::collections::{HashMap, HashSet};

use super::*;
use crate::bytecode::{Field, Layout, Program, TypeDesc, TypeId};
use crate::vm::layout::Elem;

/// A small generator of numbers that are random enough for tests.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        ((self.0 >> 33) as usize) % below
    }
}

const NODE: TypeId = TypeId(TypeId::PREDEFINED);
const NODES: TypeId = TypeId(TypeId::PREDEFINED + 1);
const TREE: TypeId = TypeId(TypeId::PREDEFINED + 2);
const MAP: TypeId = TypeId(TypeId::PREDEFINED + 3);

/// `struct Node { left: Node, right: Node, list: [Node], id: i64 }` (null is no Node, but the heap does not mind), an array of
/// them, an enum `Tree { Leaf, Fork(Tree, Tree, i64) }`, and a map from strings to nodes.
fn program() -> Program {
    let mut program = Program::new();
    let fields =
        [("left", NODE, true), ("right", NODE, true), ("list", NODES, true), ("id", TypeId::I64, false)];
    let layout = |name: &str, fields: &[(&str, TypeId, bool)]| {
        Layout::new(name.into(), fields.iter().map(|&(name, ty, is_ref)| (name.into(), ty, is_ref)))
    };
    program.types.push(TypeDesc::Struct(layout("Node", &fields)));
    program.types.push(TypeDesc::Array(NODE));
    let fork = [("", TREE, true), ("", TREE, true), ("", TypeId::I64, false)];
    program.types.push(TypeDesc::Enum {
        name: "Tree".into(),
        variants: vec![
            Layout { name: "Leaf".into(), fields: Vec::<Field>::new(), refs: 0 },
            layout("Fork", &fork),
        ],
    });
    program.types.push(TypeDesc::Map { key: TypeId::STRING, value: NODE });
    program
}

/// An object of the model: what its references and its number should be.
#[derive(Clone, Default)]
struct Model {
    left: Option<usize>,
    right: Option<usize>,
    list: Vec<usize>,
}

/// Heap, model, and where the objects of the model are.
struct Graph {
    heap: Heap,
    program: Program,
    types: TypeTable,
    model: HashMap<usize, Model>,
    place: HashMap<usize, Ref>,
    roots: Vec<usize>,
    next_id: usize,
}

impl Graph {
    fn new(stress: bool) -> Graph {
        let program = program();
        let types = TypeTable::new(&program);
        Graph {
            heap: Heap::new(Some(1 << 30), stress),
            program,
            types,
            model: HashMap::new(),
            place: HashMap::new(),
            roots: Vec::new(),
            next_id: 1,
        }
    }

    /// Does something that allocates, as the interpreter does: after a collection once more.
    fn retry<T>(&mut self, mut action: impl FnMut(&mut Heap) -> Result<T, Fault>) -> T {
        match action(&mut self.heap) {
            Ok(value) => value,
            Err(fault) => {
                assert_eq!(fault, Fault::NeedMemory);
                self.collect(usize::MAX);
                self.heap.begin_retry();
                let value = action(&mut self.heap).expect("memory after a collection");
                self.heap.end_retry();
                value
            }
        }
    }

    fn add(&mut self) -> usize {
        let node = self.retry(|heap| {
            let list = heap.new_array(NODES, Elem::Ref, 0)?;
            let node = heap.new_object(NODE, 0, 4)?;
            [0, 0, list.bits(), 0].into_iter().zip(0..).for_each(|(bits, slot)| node.set_slot(slot, bits));
            Ok(node)
        });
        let id = self.next_id;
        self.next_id += 1;
        node.set_slot(3, id as u64);
        self.model.insert(id, Model::default());
        self.place.insert(id, node);
        // It is a root until the test says otherwise.
        self.roots.push(id);
        id
    }

    fn reachable(&self) -> HashSet<usize> {
        let mut seen = HashSet::new();
        let mut work = self.roots.clone();
        while let Some(id) = work.pop() {
            if seen.insert(id) {
                let node = &self.model[&id];
                work.extend(node.left.iter().chain(&node.right).chain(&node.list));
            }
        }
        seen
    }

    fn collect(&mut self, most: usize) {
        let roots: Vec<u64> = self.roots.iter().map(|id| self.place[id].bits()).collect();
        let mark = |marker: &mut Marker<'_>| roots.iter().for_each(|&root| marker.root(root, NODE));
        self.heap.collect_with(&self.types, &self.program, mark, most);
        let reachable = self.reachable();
        self.model.retain(|id, _| reachable.contains(id));
        self.place.retain(|id, _| reachable.contains(id));
    }

    /// Compares all objects of the model with those of the heap.
    fn compare(&self) {
        let bits = |id: Option<usize>| id.map_or(0, |id| self.place[&id].bits());
        for (id, node) in &self.model {
            let object = self.place[id];
            assert_eq!(object.header(), Header { ty: NODE.0, aux: 0 });
            assert_eq!(object.slot(3), *id as u64);
            assert_eq!((object.slot(0), object.slot(1)), (bits(node.left), bits(node.right)));
            let list = Ref::from_bits(object.slot(2)).as_array();
            assert_eq!(list.len() as usize, node.list.len());
            for (at, &element) in node.list.iter().enumerate() {
                assert_eq!(list.get(Elem::Ref, at as u32), self.place[&element].bits());
            }
        }
    }

    fn step(&mut self, random: &mut Random) {
        let any = |graph: &Graph, random: &mut Random| {
            // Walk from a root, so that what is chosen is reachable.
            let mut id = *graph.roots.get(random.next(graph.roots.len().max(1)))?;
            for _ in 0..random.next(6) {
                let node = &graph.model[&id];
                let choices: Vec<usize> =
                    node.left.iter().chain(&node.right).chain(&node.list).copied().collect();
                if choices.is_empty() {
                    break;
                }
                id = choices[random.next(choices.len())];
            }
            Some(id)
        };
        match random.next(10) {
            0..4 => {
                self.add();
            }
            4..7 => {
                let (Some(from), Some(to)) = (any(self, random), any(self, random)) else { return };
                let slot = random.next(2) as u32;
                self.place[&from].set_slot(slot, self.place[&to].bits());
                let node = self.model.get_mut(&from).unwrap();
                *if slot == 0 { &mut node.left } else { &mut node.right } = Some(to);
            }
            7 => {
                let (Some(from), Some(to)) = (any(self, random), any(self, random)) else { return };
                let (object, element) = (self.place[&from], self.place[&to].bits());
                let list = Ref::from_bits(object.slot(2)).as_array();
                for _ in 0..1 + random.next(60) {
                    self.retry(|heap| list.push(heap, Elem::Ref, element));
                    self.model.get_mut(&from).unwrap().list.push(to);
                }
            }
            _ => {
                if self.roots.len() > 5 {
                    let at = random.next(self.roots.len());
                    self.roots.swap_remove(at);
                }
            }
        }
    }
}

#[test]
fn a_random_graph_survives_as_its_model_says() {
    let steps = if cfg!(miri) { 150 } else { 20_000 };
    let mut random = Random(42);
    let mut graph = Graph::new(false);
    for step in 0..steps {
        graph.step(&mut random);
        if random.next(steps / 20) == 0 {
            // Sometimes with a mark stack that overflows.
            graph.collect(if step % 2 == 0 { 3 } else { usize::MAX });
            graph.compare();
        }
    }
    assert!(graph.heap.stats().collections > 5);
    graph.roots.clear();
    graph.collect(usize::MAX);
    assert_eq!(graph.heap.stats().live, 0);
    assert_eq!(graph.heap.stats().used, 0);
}

#[test]
fn a_random_graph_under_stress() {
    let steps = if cfg!(miri) { 6 } else { 500 };
    let mut random = Random(7);
    let mut graph = Graph::new(true);
    for _ in 0..steps {
        graph.step(&mut random);
        graph.compare();
    }
    assert!(graph.heap.stats().collections > steps as u64 / 3);
}

#[test]
fn stress_notices_a_reference_that_was_forgotten() {
    let mut graph = Graph::new(true);
    let kept = graph.add();
    let lost = graph.add();
    let lost_object = graph.place[&lost];
    graph.roots = vec![kept];
    graph.collect(usize::MAX);
    graph.place[&kept].set_slot(0, lost_object.bits());
    let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| graph.collect(usize::MAX)));
    assert!(result.is_err(), "a field that leads to a freed object goes unnoticed");
}

#[test]
fn stress_notices_a_root_of_another_type() {
    let mut graph = Graph::new(true);
    let id = graph.add();
    let root = graph.place[&id].bits();
    let Graph { heap, types, program, .. } = &mut graph;
    let mut wrong = || heap.collect(types, program, |marker| marker.root(root, TypeId::STRING));
    assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(&mut wrong)).is_err());
}

#[test]
#[cfg_attr(miri, ignore = "allocates much")]
fn the_limit_ends_in_need_of_memory_and_collecting_helps() {
    let mut graph = Graph::new(false);
    graph.heap.set_limit(2 << 20);
    let mut made = 0;
    loop {
        match graph.heap.new_object(NODE, 0, 4) {
            Ok(_) => made += 1,
            Err(fault) => break assert_eq!(fault, Fault::NeedMemory),
        }
    }
    assert!(made > 40_000 && graph.heap.stats().used <= 2 << 20, "{made}");
    assert_eq!(graph.heap.new_array(NODES, Elem::Ref, 1 << 20).err(), Some(Fault::NeedMemory));
    graph.collect(usize::MAX);
    assert!(graph.heap.new_object(NODE, 0, 4).is_ok());
    assert!(graph.heap.new_array(NODES, Elem::Ref, 1 << 17).is_ok());
    // No collection helps against these.
    let never = graph.heap.new_array(NODES, Elem::Ref, 1 << 31).err();
    assert_eq!(never, Some(crate::vm::fault::RuntimeError::OutOfMemory.into()));
}

#[test]
#[cfg_attr(miri, ignore = "allocates much")]
fn the_collect_bit_is_set_after_as_much_as_survived() {
    let mut graph = Graph::new(false);
    let per_object = 40;
    for _ in 0..MIN_ALLOWANCE / per_object - 2000 {
        graph.heap.new_object(NODE, 0, 4).unwrap();
    }
    assert_eq!(graph.heap.poll.bits(), 0);
    for _ in 0..4000 {
        graph.heap.new_object(NODE, 0, 4).unwrap();
    }
    assert_eq!(graph.heap.poll.bits(), poll::COLLECT);
    graph.collect(usize::MAX);
    assert_eq!(graph.heap.poll.bits(), 0);
}

#[test]
fn objects_of_all_sizes_are_apart_and_freed() {
    let mut graph = Graph::new(false);
    let sizes: &[usize] = if cfg!(miri) {
        &[1, 127, 128, 2047, 2048, 5000, 66_000]
    } else {
        &[1, 3, 100, 127, 128, 1000, 2046, 2047, 2048, 5000, 40_000, 65_000, 66_000, 300_000]
    };
    let mut arrays: Vec<Array> = Vec::new();
    for round in 0..if cfg!(miri) { 1 } else { 3u64 } {
        for (at, &size) in sizes.iter().enumerate() {
            let array = graph.heap.new_array(NODES, Elem::Ref, size).unwrap();
            assert!(array.capacity() as usize >= size);
            // Numbers stand for references here; nothing is collected while they are there.
            array.append_copies(Elem::Ref, round << 32 | at as u64, size as u32);
            arrays.push(array);
        }
    }
    for (number, array) in arrays.iter().enumerate() {
        let (round, at) = (number / sizes.len(), number % sizes.len());
        assert!(array.words().iter().all(|&word| word == (round as u64) << 32 | at as u64));
    }
    assert!(graph.heap.stats().used > arrays.iter().map(|array| array.len() as usize * 8).sum());
    graph.collect(usize::MAX);
    assert_eq!(graph.heap.stats().used, 0);
}

#[test]
fn long_lists_and_wide_arrays_are_marked_without_recursion() {
    let count = if cfg!(miri) { 100 } else { 500_000 };
    let mut graph = Graph::new(false);
    let leaf = graph.heap.new_object(TREE, 0, 0).unwrap();
    let mut list = leaf;
    for number in 0..count {
        let node = graph.heap.new_object(TREE, 1, 3).unwrap();
        let (left, right) = if number % 2 == 0 { (leaf, list) } else { (list, leaf) };
        node.set_slot(0, left.bits());
        node.set_slot(1, right.bits());
        node.set_slot(2, number);
        list = node;
    }
    let Graph { heap, types, program, .. } = &mut graph;
    heap.collect(types, program, |marker| marker.root(list.bits(), TREE));
    assert_eq!(heap.stats().live as u64, count * 32 + 16);
    let mut number = count;
    while list.aux() == 1 {
        number -= 1;
        assert_eq!(list.slot(2), number);
        list = Ref::from_bits(list.slot(u32::from(number % 2 == 0)));
    }
    assert_eq!(number, 0);
}

#[test]
fn memory_of_what_died_goes_back() {
    let mut graph = Graph::new(false);
    let mut roots = Vec::new();
    let count = if cfg!(miri) { 1000 } else { 400_000 };
    for _ in 0..count {
        let node = graph.heap.new_object(NODE, 0, 4).unwrap();
        (0..4).for_each(|slot| node.set_slot(slot, 0));
        roots.push(node.bits());
    }
    let Graph { heap, types, program, .. } = &mut graph;
    heap.collect(types, program, |marker| marker.slots(&roots));
    let full = heap.stats();
    assert_eq!(full.live, count * 40);
    // What lived is spread thinly over the blocks; then nothing is left.
    let some: Vec<u64> = roots.iter().copied().step_by(100).collect();
    heap.collect(types, program, |marker| marker.slots(&some));
    assert_eq!(heap.stats().live, some.len() * 40);
    assert!(heap.stats().used <= full.used);
    // The gaps are used again before the heap grows.
    for _ in 0..count / 2 {
        heap.new_object(NODE, 0, 4).unwrap();
    }
    assert!(heap.stats().used <= full.used);
    heap.collect(types, program, |_| {});
    assert_eq!(heap.stats().used, 0);
    let resident: u32 = heap.chunks.iter().map(|chunk| (chunk.free & !chunk.fresh).count_ones()).sum();
    assert!(resident as usize * class::BLOCK <= MIN_ALLOWANCE + (2 << 20), "{resident} blocks are kept");
}

#[test]
fn maps_and_strings_are_traced() {
    let Graph { mut heap, types, program, .. } = Graph::new(true);
    heap.begin_retry();
    let map = heap.new_map(MAP).unwrap();
    let count = if cfg!(miri) { 3 } else { 100 };
    for number in 0..count {
        let key = heap.new_string(&format!("ключ {number} {}", "ж".repeat(number as usize))).unwrap();
        let node = heap.new_object(NODE, 0, 4).unwrap();
        [0, 0, 0, number].into_iter().zip(0..).for_each(|(bits, slot)| node.set_slot(slot, bits));
        heap.map_add(map, key.bits(), node.bits(), key.hash()).unwrap();
        let last = key.scalar_len() - 1;
        heap.scalar_offset(key, last).unwrap();
        heap.collect(&types, &program, |marker| marker.root(map.bits(), MAP));
        for at in 0..=number as u32 {
            let entry = map.entry(at);
            let key = Ref::from_bits(entry.key).as_str();
            assert!(key.text().starts_with(&format!("ключ {at} ")));
            assert_eq!(heap.scalar_offset(key, key.scalar_len()), Ok(key.byte_len()));
            assert_eq!(Ref::from_bits(entry.value).slot(3), u64::from(at));
            assert_eq!(map.find(key.hash(), |other| other == entry.key), Some(at));
        }
    }
    assert_eq!(u64::from(map.len()), count);
}
