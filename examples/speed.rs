use orus::lang::*;
fn main() {
    let text = std::fs::read_to_string(std::env::args().nth(1).unwrap()).unwrap();
    let lines = text.lines().count();
    for _ in 0..5 {
        let t = std::time::Instant::now();
        let mut lexer = lexer::Lexer::new(orus::bytecode::FileId(0), &text);
        let mut n = 0u64;
        while lexer.next().kind != lexer::TokenKind::Eof {
            n += 1;
        }
        let lex = t.elapsed();
        let t = std::time::Instant::now();
        let arena = bumpalo::Bump::new();
        let mut names = intern::Interner::new(&arena);
        let mut d = vec![];
        parser::parse(&arena, &mut names, orus::bytecode::FileId(0), &text, &mut d);
        let all = t.elapsed();
        println!(
            "{lines} lines {n} tokens {} bytes: lex {:.1} ns/line {:.1} ns/token, with parsing {:.1} ns/line, arena {} MB errors {}",
            text.len(),
            lex.as_nanos() as f64 / lines as f64,
            lex.as_nanos() as f64 / n as f64,
            all.as_nanos() as f64 / lines as f64,
            arena.allocated_bytes() >> 20,
            d.len()
        );
    }
}
