//! The files that cases start from: the language tests and the examples.

use std::path::{Path, PathBuf};

/// Source files, in the order of their paths.
#[derive(Debug, Default)]
pub struct Corpus {
    pub files: Vec<Vec<u8>>,
}

impl Corpus {
    /// Reads all `*.orus` files below these folders.
    pub fn read(folders: &[&Path]) -> Corpus {
        let mut paths = Vec::new();
        let mut left: Vec<PathBuf> = folders.iter().map(|folder| folder.to_path_buf()).collect();
        while let Some(folder) = left.pop() {
            let Ok(entries) = std::fs::read_dir(&folder) else { continue };
            for path in entries.flatten().map(|entry| entry.path()) {
                if path.is_dir() {
                    left.push(path);
                } else if path.extension().is_some_and(|extension| extension == "orus") {
                    paths.push(path);
                }
            }
        }
        paths.sort();
        // Literals of many kilobytes would slow everything down.
        let files =
            paths.iter().filter_map(|path| std::fs::read(path).ok()).filter(|file| file.len() < 20_000);
        Corpus { files: files.collect() }
    }
}
