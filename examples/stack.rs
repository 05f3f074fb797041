use orus::lang::*;
fn run(text: &str, kb: usize) -> bool {
    let text = text.to_string();
    std::thread::Builder::new()
        .stack_size(kb * 1024)
        .spawn(move || {
            let arena = bumpalo::Bump::new();
            let mut names = intern::Interner::new(&arena);
            let mut d = vec![];
            parser::parse(&arena, &mut names, orus::bytecode::FileId(0), &text, &mut d);
            println!("{kb} ok {} ", d.len());
        })
        .unwrap()
        .join()
        .is_ok()
}
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let kb: usize = args[2].parse().unwrap();
    let mut text = String::new();
    match &*args[1] {
        "blocks" => {
            for l in 0..256 {
                text += &format!("{}if a:\n", " ".repeat(l));
            }
            text += &" ".repeat(256);
            text += "x\n";
        }
        "matches" => {
            for l in 0..512 {
                text += &format!("{}{}\n", " ".repeat(l), if l % 2 == 0 { "match x:" } else { "A ->" });
            }
            text += &" ".repeat(512);
            text += "x\n";
        }
        "fns" => {
            for l in 0..256 {
                text += &format!("{}x = fn():\n", " ".repeat(l));
            }
            text += &" ".repeat(256);
            text += "x\n";
        }
        "parens" => text = format!("x = {}1{}", "(".repeat(256), ")".repeat(256)),
        "ops" => {
            text = format!(
                "x = {}1{}",
                "a or b and c == d | e ^ f & g << h + i * (".repeat(256),
                ")".repeat(256)
            )
        }
        "calls" => {
            text = format!(
                "x = {}1{}",
                "a or b and c == d | e ^ f & g << h + i * f(".repeat(256),
                ")".repeat(256)
            )
        }
        "types" => text = format!("x: {}1{} = 1", "[".repeat(256), "]".repeat(256)),
        "tfns" => text = format!("x: {}i{} = 1", "fn(".repeat(256), ")".repeat(256)),
        _ => {}
    }
    run(&text, kb);
}
