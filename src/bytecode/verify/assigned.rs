//! The data flow that shows each reference register assigned before it is read, on all paths.
//!
//! How it works. Only registers that some block reads before writing them matter, and of these only those that the first
//! block does not write; the others, temporaries most of them, are dropped. Those left are followed 64 at a time, or 512
//! if they are many, so that the state of a block is one word or eight: blocks are
//! visited in reverse postorder, a block's state at its start being what holds on all edges into it, until nothing
//! changes. Since nothing unassigns a register, loops with one entry, which are all that lowering makes, are settled
//! after the first round. A handler is entered from the start of its range (V7): what is assigned there still is when
//! something raises.
//!
//! Cost. Linear in blocks, edges and events for each 512 registers that are left.

use super::error::Reason;
use super::flow::{Event, Fault, Graph};

/// Rounds after which a function is rejected. Two suffice for loops with one entry.
const MAX_ROUNDS: usize = 32;

const NONE: u32 = u32::MAX;
/// Instead of the number of a register that is assigned everywhere.
const SETTLED: u32 = u32::MAX - 1;

/// What is assigned, a bit for each register.
type State<const WIDTH: usize> = [u64; WIDTH];

/// Checks a function. Its parameters do not occur in the events.
pub fn check(graph: &Graph) -> Result<(), Fault> {
    // Registers that are read before they are written in some block, numbered anew.
    let highest = graph.events.iter().map(|event| event.register).max();
    let Some(highest) = highest else { return Ok(()) };
    let mut numbers = vec![NONE; usize::from(highest) + 1];
    // What the first block writes is assigned everywhere, unless a handler may take over before.
    if !graph.edges.iter().any(|edge| edge.raises && edge.from == 0) {
        for event in graph.events.iter().take_while(|event| event.block == 0) {
            if event.read_at != NONE {
                // Read first: it is the first block of the code, where nothing else is assigned.
                return Err((Some(event.read_at), Reason::Unassigned(event.register)));
            }
            numbers[usize::from(event.register)] = SETTLED;
        }
    }
    let mut count = 0;
    for event in graph.events.iter().filter(|event| event.read_at != NONE) {
        let number = &mut numbers[usize::from(event.register)];
        if *number == NONE {
            *number = count;
            count += 1;
        }
    }
    match count {
        0 => Ok(()),
        1..=64 => follow::<1>(graph, &numbers, count),
        _ => follow::<8>(graph, &numbers, count),
    }
}

/// Checks the registers that have a number.
fn follow<const WIDTH: usize>(graph: &Graph, numbers: &[u32], count: u32) -> Result<(), Fault> {
    let chunk_size = WIDTH as u32 * 64;
    let number_of =
        |register: u32| numbers.get(register as usize).copied().filter(|&number| number < SETTLED);

    // Their events, by chunk; within a chunk still in the order of the blocks.
    let chunks = count.div_ceil(chunk_size) as usize;
    let mut by_chunk: Vec<Vec<(u32, Event)>> = vec![Vec::new(); chunks];
    for event in &graph.events {
        if let Some(number) = number_of(u32::from(event.register)) {
            by_chunk[(number / chunk_size) as usize].push((number % chunk_size, *event));
        }
    }

    let order = Order::new(graph);
    let blocks = graph.blocks.len();
    let mut gained: Vec<State<WIDTH>> = vec![[0; WIDTH]; blocks];
    let mut states = gained.clone();
    for (chunk, events) in by_chunk.iter().enumerate() {
        gained.fill([0; WIDTH]);
        for (bit, event) in events {
            if event.read_at == NONE {
                set(&mut gained[event.block as usize], *bit);
            }
        }
        let on_edge = |register: u32| {
            number_of(register)
                .filter(|number| (number / chunk_size) as usize == chunk)
                .map(|number| number % chunk_size)
        };
        solve(graph, &order, &gained, &mut states, on_edge)?;
        for (bit, event) in events {
            let state = &states[event.block as usize];
            if event.read_at != NONE && state[*bit as usize / 64] >> (bit % 64) & 1 == 0 {
                return Err((Some(event.read_at), Reason::Unassigned(event.register)));
            }
        }
    }
    Ok(())
}

fn set<const WIDTH: usize>(state: &mut State<WIDTH>, bit: u32) {
    state[bit as usize / 64] |= 1 << (bit % 64);
}

/// Finds what is assigned at the start of each block. Blocks that nothing leads to keep all bits.
fn solve<const WIDTH: usize>(
    graph: &Graph,
    order: &Order,
    gained: &[State<WIDTH>],
    states: &mut [State<WIDTH>],
    on_edge: impl Fn(u32) -> Option<u32>,
) -> Result<(), Fault> {
    states.fill([u64::MAX; WIDTH]);
    for _ in 0..MAX_ROUNDS {
        let mut changed = false;
        for &block in &order.blocks {
            let mut state = if block == 0 { [0; WIDTH] } else { [u64::MAX; WIDTH] };
            for &index in order.into(block) {
                let edge = &graph.edges[index as usize];
                let mut before = states[edge.from as usize];
                if !edge.raises {
                    for (word, gained) in before.iter_mut().zip(gained[edge.from as usize]) {
                        *word |= gained;
                    }
                }
                if let Some(bit) = on_edge(edge.defines) {
                    set(&mut before, bit);
                }
                for (word, before) in state.iter_mut().zip(before) {
                    *word &= before;
                }
            }
            let old = &mut states[block as usize];
            if *old != state {
                *old = state;
                changed = true;
            }
        }
        if !changed {
            return Ok(());
        }
    }
    Err((None, Reason::Tangled))
}

/// The blocks that can be reached, in reverse postorder, and the edges into each block.
struct Order {
    blocks: Vec<u32>,
    /// Edges that come from reachable blocks, by the block they lead to.
    edges: Vec<u32>,
    /// Where the edges into each block begin in `edges`; one more at the end.
    starts: Vec<u32>,
}

impl Order {
    fn new(graph: &Graph) -> Order {
        let count = graph.blocks.len();
        let (out, out_starts) = sort_edges(count, graph, |_| true, |index| graph.edges[index as usize].from);
        // Depth first, without recursion: each entry is a block and the next of its edges.
        let mut reached = vec![false; count];
        let mut blocks = Vec::with_capacity(count);
        let mut stack = vec![(0_u32, out_starts[0])];
        reached[0] = true;
        while let Some((block, next)) = stack.last_mut() {
            let block = *block;
            if *next == out_starts[block as usize + 1] {
                blocks.push(block);
                stack.pop();
                continue;
            }
            let to = graph.edges[out[*next as usize] as usize].to;
            *next += 1;
            if !std::mem::replace(&mut reached[to as usize], true) {
                stack.push((to, out_starts[to as usize]));
            }
        }
        blocks.reverse();
        let (edges, starts) = sort_edges(
            count,
            graph,
            |index| reached[graph.edges[index as usize].from as usize],
            |index| graph.edges[index as usize].to,
        );
        Order { blocks, edges, starts }
    }

    fn into(&self, block: u32) -> &[u32] {
        let block = block as usize;
        &self.edges[self.starts[block] as usize..self.starts[block + 1] as usize]
    }
}

/// Edges sorted by a block, and where those of each block begin.
fn sort_edges(
    blocks: usize,
    graph: &Graph,
    keep: impl Fn(u32) -> bool,
    key: impl Fn(u32) -> u32,
) -> (Vec<u32>, Vec<u32>) {
    let mut starts = vec![0_u32; blocks + 1];
    let kept = || (0..graph.edges.len() as u32).filter(|&index| keep(index));
    for index in kept() {
        starts[key(index) as usize + 1] += 1;
    }
    for index in 0..blocks {
        starts[index + 1] += starts[index];
    }
    let mut next = starts.clone();
    let mut edges = vec![0; starts[blocks] as usize];
    for index in kept() {
        let place = &mut next[key(index) as usize];
        edges[*place as usize] = index;
        *place += 1;
    }
    (edges, starts)
}
