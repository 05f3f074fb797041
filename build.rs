//! Decides whether the interpreter's threaded driver is compiled in.
//!
//! The threaded driver needs calls in tail position to become jumps. Nothing in stable Rust promises that; the
//! compiler does it on the targets named below whenever it optimises and nothing instruments the code. Elsewhere, or if
//! the check at start-up (see `vm::interp::threaded`) finds that the stack grows, the loop driver runs.
//!
//! Also has the command loaded quickly: symbols are bound when they are first used, since looking all of them up was a
//! quarter of what a one-line program took, and the unwinder is linked in, since to load its library was a tenth.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    quick_loading();
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

fn quick_loading() {
    let var = |name: &str| std::env::var(name).unwrap_or_default();
    if var("CARGO_CFG_TARGET_OS") != "linux" {
        return;
    }
    println!("cargo::rustc-link-arg-bins=-Wl,-z,lazy");
    println!("cargo::rustc-link-arg-bins=-no-pie");
    if var("CARGO_CFG_TARGET_ENV") == "gnu" && has_static_unwinder() {
        // It comes before `libgcc_s`, which is then not needed.
        println!("cargo::rustc-link-lib=static:-bundle=gcc_eh");
    }
}

/// Whether the linker, which is a C compiler, has GCC's unwinder as a static library.
fn has_static_unwinder() -> bool {
    println!("cargo::rerun-if-env-changed=RUSTC_LINKER");
    let linker = std::env::var_os("RUSTC_LINKER").unwrap_or_else(|| "cc".into());
    let answer = std::process::Command::new(linker).arg("-print-file-name=libgcc_eh.a").output();
    // What it does not have it answers without a folder.
    answer.is_ok_and(|answer| answer.status.success() && answer.stdout.starts_with(b"/"))
}
