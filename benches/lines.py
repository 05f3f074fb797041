#!/usr/bin/env python3
"""Writes a large Orus source file: `lines.py COUNT > FILE`.

Ordinary code, one block of lines again and again under other names: a constant, a struct with a method, an
enum with a match, functions with loops over arrays, strings and arithmetic, and a statement that calls one of them.
"""

import sys

BLOCK = """\
// Part {n} of the generated program.
LIMIT_{n}: i32 := {limit}

struct Point{n}:
    x: f64
    y: f64 = {limit}.5

impl Point{n}:
    fn length(self) -> f64:
        return sqrt(self.x * self.x + self.y * self.y)

enum Step{n}:
    Stay
    Move(dx: f64, dy: f64)

fn apply_{n}(p: Point{n}, steps: [Step{n}]) -> f64:
    for step in steps:
        match step:
            Step{n}.Stay -> pass
            Step{n}.Move(dx, dy) ->
                p.x += dx
                p.y += dy
    return p.length()

fn count_{n}(values: [i32], name: string) -> i32:
    mut total = 0
    for i in 0..len(values):
        value = values[i]
        if value > LIMIT_{n} and value % 3 != 0:
            total += value * 2 - i
        elif name == "skip" or name + "!" == "stop!":
            continue
        else:
            total -= 1
    return total

total_{n} = count_{n}([1, 2, 3, {limit}], "part {n}") + apply_{n}(Point{n}{{ x: 1.0 }}, [Step{n}.Move(0.5, 1.5)]) as i32
"""


def main():
    wanted = int(sys.argv[1])
    block_lines = BLOCK.count("\n")
    out = sys.stdout
    written = number = 0
    while written + block_lines <= wanted:
        out.write(BLOCK.format(n=number, limit=number % 1000))
        written += block_lines
        number += 1
    out.write("\n" * (wanted - written))


if __name__ == "__main__":
    main()
