fn main() {
    let a: Vec<u64> = std::env::args().skip(1).filter_map(|s| s.parse().ok()).collect();
    if a.len() == 2 {
        for seed in a[0]..a[1] {
            let program = orus_progen::generate(seed, &orus_progen::Config::default());
            let _ = program;
        }
        return;
    }
    let program = orus_progen::generate(a[0], &orus_progen::Config::default());
    match orus_progen::print::source(&program) { Ok(s)=> println!("{s}"), Err(e)=>println!("ERR {e}") }
    eprintln!("cost {:?}", orus_progen::check::check(&program));
}
