//! Decides whether the interpreter's threaded driver is compiled in.
//!
//! The threaded driver needs calls in tail position to become jumps. Nothing in stable Rust promises that; the
//! compiler does it on the targets named below whenever it optimises and nothing instruments the code. Elsewhere, or if
//! the check at start-up (see `vm::interp::threaded`) finds that the stack grows, the loop driver runs.
//!
//! Also has the command's symbols bound when they are first used: looking all of them up was a quarter of what a
//! one-line program took.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    lazy_binding();
    println!("cargo::rustc-check-cfg=cfg(threaded_driver)");
    let var = |name: &str| std::env::var(name).unwrap_or_default();
    let optimised = var("OPT_LEVEL") != "0";
    let target = matches!(var("CARGO_CFG_TARGET_ARCH").as_str(), "x86_64" | "aarch64")
        && var("CARGO_CFG_TARGET_OS") == "linux";
    let instrumented =
        ["CARGO_CFG_SANITIZE", "CARGO_CFG_MIRI"].iter().any(|name| std::env::var_os(name).is_some());
    if optimised && target && !instrumented {
        println!("cargo::rustc-cfg=threaded_driver");
    }
}

fn lazy_binding() {
    if std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|system| system == "linux") {
        println!("cargo::rustc-link-arg-bins=-Wl,-z,lazy");
        println!("cargo::rustc-link-arg-bins=-no-pie");
    }
}
