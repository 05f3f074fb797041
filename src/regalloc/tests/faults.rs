//! Mistakes planted into the allocator are found: by the checker, by the simulator, or by both.

use super::random::{Outcome, draw, try_out};
use super::simulate::simulate;
use crate::regalloc::checker::check;
use crate::regalloc::{Allocator, Fault};

/// How often a mistake was found, and by whom.
#[derive(Default, Debug)]
struct Found {
    by_checker: u32,
    by_simulator: u32,
    by_panic: u32,
}

fn look_for(fault: Fault, programs: u64) -> Found {
    let mut allocator = Allocator::new();
    allocator.plant(Some(fault), false);
    let mut found = Found::default();
    for seed in 0..programs {
        let (code, machine, _) = draw(seed, 1 + (seed % 40) as usize);
        let run = std::panic::AssertUnwindSafe(|| allocator.run(&code, &machine).cloned());
        match std::panic::catch_unwind(run) {
            Err(_) => {
                found.by_panic += 1;
                allocator = Allocator::new();
                allocator.plant(Some(fault), false);
            }
            Ok(Err(_)) => {}
            Ok(Ok(output)) => {
                let checked = std::panic::catch_unwind(|| check(&code, &machine, &output).is_err());
                let wrong = checked.unwrap_or(true);
                let ways = (0..3).any(|way| {
                    let run = || simulate(&code, &machine, &output, seed * 8 + way, 200).is_err();
                    std::panic::catch_unwind(run).unwrap_or(true)
                });
                assert!(
                    wrong || !ways,
                    "{fault:?}: the simulator finds what the checker does not, seed {seed}"
                );
                found.by_checker += u32::from(wrong);
                found.by_simulator += u32::from(ways);
            }
        }
    }
    found
}

#[test]
fn planted_mistakes_are_found() {
    assert!(Fault::ALL.len() >= 20);
    let found: Vec<_> = Fault::ALL
        .iter()
        .map(|&fault| (fault, look_for(fault, if cfg!(debug_assertions) { 120 } else { 400 })))
        .collect();
    for (fault, found) in found {
        println!("{fault:?}: {found:?}");
        assert!(found.by_checker > 0, "{fault:?} is not found by the checker: {found:?}");
        // Whatever does harm when it is run is found by running it, too: all but what is wrong on paper only.
        let on_paper = matches!(fault, Fault::UnalignedWideSlot | Fault::RematFromSlot);
        assert!(on_paper || found.by_simulator > 0, "{fault:?} is not found by the simulator: {found:?}");
    }
}

/// After a mistake the same context is sound again: nothing of it stays.
#[test]
fn a_context_recovers() {
    let mut allocator = Allocator::new();
    for seed in 0..200 {
        let (code, machine, _) = draw(seed, 20);
        allocator.plant(Some(Fault::ALL[seed as usize % Fault::ALL.len()]), false);
        let _ =
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| allocator.run(&code, &machine).is_ok()));
        allocator.plant(None, false);
        let outcome = try_out(&mut allocator, &code, &machine, seed);
        assert!(!matches!(outcome, Outcome::Wrong(_)), "{outcome:?}");
    }
}
