//! The checker names what is wrong; the dumps show what was done.

use super::code::Code;
use super::machine;
use crate::regalloc::checker::{CheckError, check};
use crate::regalloc::dump::listing;
use crate::regalloc::{Alloc, Allocator, Edit, Output, PReg, Point, RegClass, SpillSlot, VReg};

const TEXT: &str = "
b0:
    v0:ref@r0, v1:int@r1 = arg
    jump -> b1(v1)
b1(v2:int) depth=1:
    v3:int = load v0, v2
    v4:int~0 = add v3, v2
    v5:ref@r0 = call v4@r1 clobbers all safepoint
    br v5 -> b2 b3
b2 depth=1:
    jump -> b1(v4)
b3:
    ret v0@r0
";

fn reg(number: u8) -> Alloc {
    Alloc::Reg(PReg::new(RegClass::Int, number))
}

/// What the checker says when the output has been changed.
fn message(change: impl FnOnce(&mut Output)) -> String {
    let machine = machine(4, 2);
    let code = Code::parse(TEXT, &machine);
    let mut output = Allocator::new().run(&code, &machine).expect("it is possible").clone();
    assert_eq!(check(&code, &machine, &output), Ok(()));
    change(&mut output);
    check(&code, &machine, &output).expect_err("the change is an error").to_string()
}

#[test]
fn each_kind_of_error_names_instruction_value_and_place() {
    let found = |change: &dyn Fn(&mut Output)| message(change);
    assert_eq!(found(&|output| output.allocs.truncate(10)), "10 places are not one for each operand");
    assert_eq!(
        found(&|output| output.allocs[0] = reg(1)),
        "instruction 0: v0 (Late Def, Fixed(r0)) is in r1"
    );
    assert_eq!(
        found(&|output| output.allocs[4] = Alloc::Slot(SpillSlot(0))),
        "instruction 2: v3 (Late Def, Reg) is in slot 0"
    );
    assert_eq!(
        found(&|output| output.allocs[2] = reg(3)),
        "instruction 2 reads v0 from r3, which holds nothing known"
    );
    assert_eq!(
        found(&|output| output.edits.retain(|edit| edit.point != Point::Before(4))),
        "instruction 4 reads v4 from r1, which holds v2"
    );
    let edit = Edit { point: Point::After(3), vreg: VReg(0), from: reg(3), to: reg(3) };
    let added = move |edit: Edit| {
        message(move |output| {
            let at = output.edits.partition_point(|other| match other.point {
                Point::Before(inst) => inst <= 3,
                Point::After(inst) => inst < 3,
            });
            output.edits.insert(at, edit);
        })
    };
    assert_eq!(added(edit), "a move at instruction 3 reads v0 from r3, which holds nothing known");
    let wrong = |edit: Edit, reason: &str| {
        let text = added(edit);
        assert!(text.ends_with(reason), "{text}");
    };
    wrong(Edit { from: Alloc::None, ..edit }, "the value cannot be rematerialised");
    wrong(Edit { to: Alloc::None, ..edit }, "it leads nowhere");
    wrong(Edit { to: Alloc::Slot(SpillSlot(9)), ..edit }, "there is no such slot");
    wrong(Edit { to: Alloc::Reg(PReg::new(RegClass::Float, 0)), ..edit }, "the register is of another class");
    wrong(Edit { to: reg(29), ..edit }, "the register is not to be used");
    wrong(Edit { vreg: VReg(99), ..edit }, "there is no such value");
    wrong(Edit { point: Point::Before(0), ..edit }, "moves are not in order");
    assert_eq!(found(&|output| output.maps.clear()), "the maps are not those of the safepoints");
    assert_eq!(
        found(&|output| output.map_words.fill(0)),
        "instruction 4: the reference v0 is alive, and in no slot of the map"
    );
    assert_eq!(
        found(&|output| output.map_words.fill(3)),
        "instruction 4: slot 1 is in the map and holds v4, no reference that is alive"
    );
}

#[test]
fn operands_in_each_others_way_are_found() {
    let machine = machine(4, 2);
    for (text, index, place) in [
        ("b0:\n v0:int, v1:int = arg\n ret v0, v1\n", 1, 0),
        ("b0:\n v0:int = arg\n v1:int! = op v0\n ret v1\n", 2, 0),
        ("b0:\n v0:int = arg\n v1:int = op v0!\n ret v1\n", 2, 0),
        ("b0:\n v0:int = arg\n op v0 temps v1:int\n ret\n", 2, 0),
        ("b0:\n v0:int = arg\n op v0! clobbers r3\n ret\n", 1, 3),
        ("b0:\n v0:int = op clobbers r3\n ret v0\n", 0, 3),
    ] {
        let code = Code::parse(text, &machine);
        let mut output = Allocator::new().run(&code, &machine).expect("it is possible").clone();
        output.allocs[index] = reg(place);
        let error = check(&code, &machine, &output).expect_err("the change is an error");
        assert!(matches!(error, CheckError::Conflict { .. }), "{text}: {error}");
    }
}

#[test]
fn dumps() {
    let machine = machine(4, 2);
    let code = Code::parse(TEXT, &machine);
    let mut allocator = Allocator::new();
    allocator.run(&code, &machine).expect("it is possible");
    let text = listing(&code, &machine, allocator.output()) + &allocator.picture(&code, &machine, 0);
    assert_eq!(text, include_str!("dump.txt"), "\n{text}");
}

/// The text form of a program is read back as the same program.
#[test]
fn text_form() {
    for seed in 0..200 {
        let (code, machine, _) = super::random::draw(seed, 1 + seed as usize % 20);
        let text = code.to_string();
        let again = Code::parse(&text, &machine);
        assert_eq!(again.operands, code.operands, "{text}");
        assert_eq!(again.to_string(), text);
    }
}
