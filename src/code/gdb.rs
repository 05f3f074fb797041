//! Names of code for debuggers, by the interface that GDB and LLDB know.
//!
//! How it works. The debugger sets a breakpoint into [`__jit_debug_register_code`] and reads [`__jit_debug_descriptor`], by their
//! names. Each piece of code is an object file of its own, in memory: a section without content at the code's address, and one
//! symbol. Backtraces need frame pointers, which the debugger finds by looking at the function's first instructions.
//!
//! Invariants
//! - G1 The list, the descriptor and the links are read and written under one lock (a debugger reads them in the function only).
//! - G2 An entry and its file stay where they are, unchanged but for the links, while the entry is in the list.
//!
//! Cost. Some 500 bytes a region, and the time to write them; with a debugger, a stop each time. So nothing is registered
//! unless somebody asks. A program can have only one definition of the two symbols: another compiler in the process that
//! speaks this interface does not link beside this one.
//!
//! Sources. GDB manual, "JIT Compilation Interface"; System V ABI, "Object Files".
#![allow(unsafe_code, reason = "symbols and a linked list that debuggers read")]

use std::ptr;
use std::sync::{Mutex, PoisonError};

use object::elf;
use object::endian::{LittleEndian, U16, U32, U64};
use object::pod::bytes_of;

/// What happened to `relevant_entry`.
const NO_ACTION: u32 = 0;
const REGISTERED: u32 = 1;
const UNREGISTERED: u32 = 2;

/// An object file: GDB's `jit_code_entry`.
#[repr(C)]
#[derive(Debug)]
struct Entry {
    next: *mut Entry,
    previous: *mut Entry,
    file: *const u8,
    file_len: u64,
}

/// GDB's `jit_descriptor`.
#[repr(C)]
#[derive(Debug)]
pub struct Descriptor {
    version: u32,
    action: u32,
    relevant: *mut Entry,
    first: *mut Entry,
}

/// Where debuggers look for what there is. Nobody else is to touch it.
#[allow(non_upper_case_globals, reason = "debuggers look for this name")]
#[unsafe(no_mangle)]
pub static mut __jit_debug_descriptor: Descriptor =
    Descriptor { version: 1, action: NO_ACTION, relevant: ptr::null_mut(), first: ptr::null_mut() };

/// Where debuggers stop, to look at the descriptor. It does nothing.
#[unsafe(no_mangle)]
#[inline(never)]
pub extern "C" fn __jit_debug_register_code() {
    // SAFETY: no instruction; as far as the compiler knows, it reads the descriptor, so that is written before.
    unsafe { std::arch::asm!("", options(nostack, preserves_flags)) };
}

/// Who holds this may touch the descriptor and links of entries.
static LIST: Mutex<()> = Mutex::new(());

/// Code that debuggers know, until this is dropped.
#[derive(Debug)]
pub struct Registration {
    /// From a `Box`, which `drop` makes of it again.
    entry: *mut Entry,
    /// What the entry points at.
    _file: Box<[u8]>,
}

// SAFETY: the entry is touched under the lock only (G1); the file is never written.
unsafe impl Send for Registration {}
// SAFETY: as above; a shared registration does nothing.
unsafe impl Sync for Registration {}

/// Tells debuggers that `size` bytes at `address` are a function of this name.
pub fn register(name: &str, address: u64, size: usize) -> Registration {
    let file = object_file(name, address, size as u64).into_boxed_slice();
    let entry = Entry {
        next: ptr::null_mut(),
        previous: ptr::null_mut(),
        file: file.as_ptr(),
        file_len: file.len() as u64,
    };
    let entry = Box::into_raw(Box::new(entry));
    let _list = LIST.lock().unwrap_or_else(PoisonError::into_inner);
    let descriptor = &raw mut __jit_debug_descriptor;
    // SAFETY: G1; all entries in the list exist (G2), and this one is ours.
    unsafe {
        let first = (*descriptor).first;
        (*entry).next = first;
        if !first.is_null() {
            (*first).previous = entry;
        }
        (*descriptor).first = entry;
        (*descriptor).relevant = entry;
        (*descriptor).action = REGISTERED;
    }
    __jit_debug_register_code();
    Registration { entry, _file: file }
}

impl Drop for Registration {
    fn drop(&mut self) {
        let entry = self.entry;
        {
            let _list = LIST.lock().unwrap_or_else(PoisonError::into_inner);
            let descriptor = &raw mut __jit_debug_descriptor;
            // SAFETY: G1; the entry and its neighbours are in the list, so they exist (G2).
            unsafe {
                let (next, previous) = ((*entry).next, (*entry).previous);
                if !next.is_null() {
                    (*next).previous = previous;
                }
                if previous.is_null() {
                    (*descriptor).first = next;
                } else {
                    (*previous).next = next;
                }
                (*descriptor).relevant = entry;
                (*descriptor).action = UNREGISTERED;
            }
            __jit_debug_register_code();
            // SAFETY: G1. The entry is about to go.
            unsafe { (*descriptor).relevant = ptr::null_mut() };
        }
        // SAFETY: `register` made it from a box, and nothing points at it any more.
        drop(unsafe { Box::from_raw(entry) });
    }
}

/// The machine, as object files number it, and flags of its code.
const MACHINE: (u16, u32) = if cfg!(target_arch = "x86_64") {
    (elf::EM_X86_64, 0)
} else if cfg!(target_arch = "aarch64") {
    (elf::EM_AARCH64, 0)
} else if cfg!(target_arch = "riscv64") {
    (elf::EM_RISCV, elf::EF_RISCV_RVC | elf::EF_RISCV_FLOAT_ABI_DOUBLE)
} else {
    (elf::EM_NONE, 0)
};

/// An object file that has a section `.text` without content, and one function in it.
///
/// In order: header, symbols, names, section headers.
fn object_file(name: &str, address: u64, size: u64) -> Vec<u8> {
    const E: LittleEndian = LittleEndian;
    const SECTIONS: u16 = 4;
    const NAMES: &[u8] = b"\0.text\0.symtab\0.strtab\0";
    let (u16, u32, u64) =
        (|value| U16::new(E, value), |value| U32::new(E, value), |value| U64::new(E, value));

    // A name ends at the first zero.
    let name: Vec<u8> = name.bytes().filter(|&byte| byte != 0).collect();
    let header_len = size_of::<elf::FileHeader64<LittleEndian>>();
    let symbol_len = size_of::<elf::Sym64<LittleEndian>>();
    let section_len = size_of::<elf::SectionHeader64<LittleEndian>>();
    let names_at = header_len + 2 * symbol_len;
    let names_len = NAMES.len() + name.len() + 1;
    let sections_at = (names_at + names_len).next_multiple_of(8);

    let header = elf::FileHeader64 {
        e_ident: elf::Ident {
            magic: elf::ELFMAG,
            class: elf::ELFCLASS64,
            data: elf::ELFDATA2LSB,
            version: elf::EV_CURRENT,
            os_abi: elf::ELFOSABI_NONE,
            abi_version: 0,
            padding: [0; 7],
        },
        // Addresses are final.
        e_type: u16(elf::ET_EXEC),
        e_machine: u16(MACHINE.0),
        e_version: u32(u32::from(elf::EV_CURRENT)),
        e_entry: u64(0),
        e_phoff: u64(0),
        e_shoff: u64(sections_at as u64),
        e_flags: u32(MACHINE.1),
        e_ehsize: u16(header_len as u16),
        e_phentsize: u16(0),
        e_phnum: u16(0),
        e_shentsize: u16(section_len as u16),
        e_shnum: u16(SECTIONS),
        e_shstrndx: u16(SECTIONS - 1),
    };
    let none = elf::Sym64 {
        st_name: u32(0),
        st_info: 0,
        st_other: 0,
        st_shndx: u16(elf::SHN_UNDEF),
        st_value: u64(0),
        st_size: u64(0),
    };
    let function = elf::Sym64 {
        st_name: u32(NAMES.len() as u32),
        st_info: elf::STB_GLOBAL << 4 | elf::STT_FUNC,
        st_shndx: u16(1),
        st_value: u64(address),
        st_size: u64(size),
        ..none
    };
    let null = elf::SectionHeader64 {
        sh_name: u32(0),
        sh_type: u32(elf::SHT_NULL),
        sh_flags: u64(0),
        sh_addr: u64(0),
        sh_offset: u64(0),
        sh_size: u64(0),
        sh_link: u32(0),
        sh_info: u32(0),
        sh_addralign: u64(0),
        sh_entsize: u64(0),
    };
    let text = elf::SectionHeader64 {
        sh_name: u32(1),
        sh_type: u32(elf::SHT_NOBITS),
        sh_flags: u64(u64::from(elf::SHF_ALLOC | elf::SHF_EXECINSTR)),
        sh_addr: u64(address),
        sh_offset: u64(header_len as u64),
        sh_size: u64(size),
        sh_addralign: u64(1),
        ..null
    };
    let symbols = elf::SectionHeader64 {
        sh_name: u32(7),
        sh_type: u32(elf::SHT_SYMTAB),
        sh_offset: u64(header_len as u64),
        sh_size: u64(2 * symbol_len as u64),
        sh_link: u32(u32::from(SECTIONS) - 1),
        // The first symbol that is not local.
        sh_info: u32(1),
        sh_addralign: u64(8),
        sh_entsize: u64(symbol_len as u64),
        ..null
    };
    let names = elf::SectionHeader64 {
        sh_name: u32(15),
        sh_type: u32(elf::SHT_STRTAB),
        sh_offset: u64(names_at as u64),
        sh_size: u64(names_len as u64),
        sh_addralign: u64(1),
        ..null
    };

    let mut file = Vec::with_capacity(sections_at + usize::from(SECTIONS) * section_len);
    file.extend_from_slice(bytes_of(&header));
    file.extend_from_slice(bytes_of(&none));
    file.extend_from_slice(bytes_of(&function));
    file.extend_from_slice(NAMES);
    file.extend_from_slice(&name);
    file.resize(sections_at, 0);
    for section in [null, text, symbols, names] {
        file.extend_from_slice(bytes_of(&section));
    }
    file
}

#[cfg(test)]
mod tests {
    use object::read::elf::{ElfFile64, FileHeader};
    use object::{Object, ObjectSection, ObjectSymbol, SectionKind, SymbolKind};

    use super::*;

    /// Name, address and size of the one function in a file.
    fn function(file: &[u8]) -> (String, u64, u64) {
        let file = ElfFile64::<LittleEndian>::parse(file).expect("an ELF file");
        assert_eq!(file.elf_header().e_machine(LittleEndian), MACHINE.0);
        let symbols: Vec<_> = file.symbols().collect();
        let [symbol] = &symbols[..] else { panic!("{symbols:?}") };
        assert_eq!(
            (symbol.kind(), symbol.is_global(), symbol.is_definition()),
            (SymbolKind::Text, true, true)
        );
        let section = file.section_by_name(".text").expect("a section");
        assert_eq!(symbol.section_index(), Some(section.index()));
        assert_eq!((section.address(), section.size()), (symbol.address(), symbol.size()));
        assert!(section.data().expect("data").is_empty() && section.kind() == SectionKind::UninitializedData);
        assert_eq!(file.sections().count(), 3);
        (symbol.name().expect("text").to_owned(), symbol.address(), symbol.size())
    }

    /// What a debugger would find: the functions in the list, first to last.
    fn registered() -> Vec<(String, u64, u64)> {
        let _list = LIST.lock().expect("no panic");
        let (mut found, mut previous) = (Vec::new(), ptr::null_mut());
        // SAFETY: G1, G2.
        unsafe {
            let descriptor = &raw const __jit_debug_descriptor;
            let mut entry = (*descriptor).first;
            while !entry.is_null() {
                assert_eq!((*entry).previous, previous, "the links of the list agree");
                found.push(function(std::slice::from_raw_parts((*entry).file, (*entry).file_len as usize)));
                previous = entry;
                entry = (*entry).next;
            }
        }
        found
    }

    #[test]
    fn a_file_says_what_is_where() {
        let address = 0x7fff_1234_5678;
        for name in ["fib", "", "orus: läuft (sum.orus:4)", &"x".repeat(1000)] {
            assert_eq!(function(&object_file(name, address, 77)), (name.to_owned(), address, 77));
        }
        assert_eq!(function(&object_file("a\0b", 1, 0)), ("ab".to_owned(), 1, 0));
    }

    /// Other tests may register functions at the same time; so only these are looked at.
    fn ours() -> Vec<String> {
        let names = registered().into_iter().map(|(name, ..)| name);
        names.filter_map(|name| name.strip_prefix("gdb test ").map(str::to_owned)).collect()
    }

    #[test]
    fn the_list_holds_what_is_registered() {
        let [a, b, c, d] = ["a", "b", "c", "d"].map(|name| register(&format!("gdb test {name}"), 4096, 16));
        assert_eq!(ours(), ["d", "c", "b", "a"]);
        drop(b);
        assert_eq!(ours(), ["d", "c", "a"]);
        drop(d);
        assert_eq!(ours(), ["c", "a"]);
        drop(a);
        assert_eq!(ours(), ["c"]);
        drop(c);
        assert!(ours().is_empty());
    }

    #[test]
    fn threads_register_at_once() {
        std::thread::scope(|scope| {
            for thread in 0..4 {
                scope.spawn(move || {
                    for i in 0..200 {
                        let one = register(&format!("thread {thread}"), 4096, 16);
                        let two = register(&format!("thread {thread}"), 8192, i);
                        drop(one);
                        registered();
                        drop(two);
                    }
                });
            }
        });
        assert!(registered().iter().all(|(name, ..)| !name.starts_with("thread ")));
    }
}
