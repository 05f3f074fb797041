//! Random operations on strings, an array and a map, each run again after a collection when it asks for memory: under `stress gc`,
//! where every allocation asks, and with a limit that is met in the middle of operations. What failed must have had no effect.

use std::sync::Arc;

use super::context::{Context, ContextOptions};
use super::fault::{Fault, RuntimeError};
use super::heap::immortal::Statics;
use super::heap::{Array, MapRef, Ref, Str};
use super::layout::Elem;
use super::testing::Types;
use super::{array, map, render, string};
use crate::bytecode::TypeId;

const MAP: TypeId = TypeId(TypeId::PREDEFINED);

/// Values of a program, and what they should be.
struct Machine {
    context: Box<Context>,
    texts: Vec<(Str, String)>,
    list: Array,
    list_model: Vec<String>,
    map: MapRef,
    map_model: Vec<(String, String)>,
    /// How many operations ended in an error for want of memory.
    failed: usize,
}

fn text(slot: u64) -> &'static str {
    Ref::from_bits(slot).as_str().text()
}

impl Machine {
    fn new(stress_gc: bool, heap_limit: usize) -> Machine {
        let mut types = Types::new();
        types.map(TypeId::STRING, TypeId::STRING);
        let statics = Arc::new(Statics::new(&types.0, None));
        let options = ContextOptions { heap_limit: Some(heap_limit), stress_gc, ..ContextOptions::default() };
        let mut context = Context::new(Arc::new(types.0), statics, options);
        context.heap.begin_retry();
        let list = context.heap.new_array(TypeId::STRINGS, Elem::Ref, 0).unwrap();
        let map = context.heap.new_map(MAP).unwrap();
        context.heap.end_retry();
        let (texts, list_model, map_model) = (Vec::new(), Vec::new(), Vec::new());
        Machine { context, texts, list, list_model, map, map_model, failed: 0 }
    }

    /// Runs an operation as the interpreter runs an instruction. `None` if there is no memory for it.
    fn run<T>(&mut self, mut operation: impl FnMut(&mut Context) -> Result<T, Fault>) -> Option<T> {
        let fault = match operation(&mut self.context) {
            Ok(value) => return Some(value),
            Err(fault) => fault,
        };
        if fault == Fault::NeedMemory {
            let (texts, list, map) = (&self.texts, self.list, self.map);
            self.context.collect(|marker| {
                texts.iter().for_each(|text| marker.root(text.0.bits(), TypeId::STRING));
                marker.root(list.bits(), TypeId::STRINGS);
                marker.root(map.bits(), MAP);
            });
            self.context.heap.begin_retry();
            let result = operation(&mut self.context);
            self.context.heap.end_retry();
            match result {
                Ok(value) => return Some(value),
                Err(fault) => assert!(
                    matches!(fault, Fault::NeedMemory | Fault::Error(RuntimeError::OutOfMemory)),
                    "{fault:?}"
                ),
            }
        } else {
            assert_eq!(fault, RuntimeError::OutOfMemory.into());
        }
        self.failed += 1;
        None
    }

    fn keep(&mut self, string: Option<Str>, model: String) {
        if let Some(string) = string {
            assert_eq!(string.text(), model);
            assert_eq!(string.scalar_len() as usize, model.chars().count());
            if self.texts.len() == 12 {
                self.texts.remove(0);
            }
            self.texts.push((string, model));
        }
    }

    fn step(&mut self, random: &mut impl FnMut(usize) -> usize) {
        if self.texts.len() < 2 {
            let word = ["alpha", "βήτα", "a,b,,c", ""][random(4)].to_owned();
            let made = self.run(|context| context.heap.new_string(&word));
            return self.keep(made, word);
        }
        let (a, a_model) = self.texts[random(self.texts.len())].clone();
        let (b, b_model) = self.texts[random(self.texts.len())].clone();
        match random(14) {
            0..4 if a_model.len() + b_model.len() < 3000 => {
                let made = self.run(|context| string::concat(&mut context.heap, a, b));
                self.keep(made, a_model + &b_model);
            }
            4 if !b_model.is_empty() && !a_model.contains(&b_model) || b_model.len() > 1 => {
                let made = self.run(|context| string::split(context, a, b));
                let Some(pieces) = made else { return };
                self.list_model = a_model.split(&b_model).map(str::to_owned).collect();
                self.list = pieces;
            }
            5 => {
                let comma = self.context.heap.ascii(b',');
                let list = self.list;
                let joined = self.list_model.join(",");
                let made = self.run(|context| string::join(context, list, comma));
                self.keep(made, joined);
            }
            6 => {
                let list = self.list;
                if self.run(|context| list.push(&mut context.heap, Elem::Ref, a.bits())).is_some() {
                    self.list_model.push(a_model);
                }
            }
            7 => {
                let (list, at) = (self.list, random(self.list_model.len() + 1));
                let insert = |context: &mut Context| {
                    array::insert(&mut context.heap, list, Elem::Ref, at as u64, a.bits())
                };
                if self.run(insert).is_some() {
                    self.list_model.insert(at, a_model);
                }
            }
            8 => {
                let list = self.list;
                if let Some(sorted) = self.run(|context| array::sorted(context, list)) {
                    self.list = sorted;
                    self.list_model.sort();
                }
            }
            9 | 10 => {
                let map = self.map;
                if self.run(|context| map::set(context, map, a.bits(), b.bits())).is_some() {
                    match self.map_model.iter_mut().find(|entry| entry.0 == a_model) {
                        Some(entry) => entry.1 = b_model,
                        None => self.map_model.push((a_model, b_model)),
                    }
                }
            }
            11 => {
                let at = self.map_model.iter().position(|entry| entry.0 == a_model);
                match (map::remove(&self.context, self.map, a.bits()), at) {
                    (Ok(value), Some(at)) => assert_eq!(text(value), self.map_model.remove(at).1),
                    (Err(_), None) => {}
                    other => panic!("{other:?}"),
                }
            }
            12 => {
                let map = self.map;
                let made = self.run(|context| render::to_string(context, MAP, map.bits()));
                let entry = |entry: &(String, String)| format!("{:?}: {:?}", entry.0, entry.1);
                let expected = self.map_model.iter().map(entry).collect::<Vec<_>>().join(", ");
                if let Some(made) = made {
                    assert_eq!(made.text(), format!("{{{expected}}}"));
                }
            }
            _ if !a_model.is_empty() => {
                let at = random(a_model.chars().count());
                let made = self.run(|context| string::index(&mut context.heap, a, at as u64));
                let model = a_model.chars().nth(at).unwrap().to_string();
                self.keep(made, model);
            }
            _ => {}
        }
    }

    fn compare(&self) {
        for (string, model) in &self.texts {
            assert_eq!(string.text(), model);
        }
        assert!(
            self.list.words().iter().map(|&slot| text(slot)).eq(self.list_model.iter().map(String::as_str))
        );
        let mut position = 0;
        for (key, value) in &self.map_model {
            let (found, after) = map::next(self.map, position, self.map.changes()).unwrap().unwrap();
            assert_eq!((text(found), text(map::value_before(self.map, after).unwrap())), (&**key, &**value));
            position = after;
        }
        assert_eq!(map::next(self.map, position, self.map.changes()), Ok(None));
    }
}

/// Runs so many steps; returns how many operations had no memory and how often was collected.
fn run(mut machine: Machine, steps: usize) -> (usize, u64) {
    let mut state = 11u64;
    let mut random = move |below: usize| {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) as usize % below
    };
    for step in 0..steps {
        machine.step(&mut random);
        if step % 16 == 0 {
            machine.compare();
        }
        // Values that have grown are let go now and then, so that operations stay possible.
        if step % 400 == 399 {
            machine.list.clear();
            machine.list_model.clear();
            machine.map.clear();
            machine.map_model.clear();
        }
    }
    machine.compare();
    (machine.failed, machine.context.heap.stats().collections)
}

#[test]
fn operations_are_run_again_under_stress() {
    let steps = if cfg!(miri) { 20 } else { 1500 };
    let (failed, collections) = run(Machine::new(true, 1 << 26), steps);
    assert_eq!(failed, 0);
    // Each allocation collects as long as there is little to mark, and the list and the map are emptied now and then.
    assert!(collections > steps as u64 / 8, "{collections}");
}

#[test]
fn operations_fail_whole_at_the_limit() {
    let steps = if cfg!(miri) { 100 } else { 40_000 };
    // Not even a block for each size class that is used.
    let (failed, collections) = run(Machine::new(false, 10 << 15), steps);
    assert!(cfg!(miri) || failed > 10 && collections > 50, "{failed} failures, {collections} collections");
    assert!(failed < steps / 2);
}
