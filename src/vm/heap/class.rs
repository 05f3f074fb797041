//! Size classes: the sizes of cells that blocks are cut into.

/// Bytes of a block.
pub const BLOCK: usize = 1 << 15;

/// Cell sizes. Each is a multiple of 8 and no larger than 4/3 of the one before, or divides a block well.
pub const SIZES: [u16; COUNT] = [
    16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 640, 768, 896,
    1024, 1280, 1632, 2048, 2720, 3272, 4096, 5456, 6552, 8192, 10920, 16384,
];

/// How many classes there are.
pub const COUNT: usize = 34;

/// Larger objects take blocks of their own.
pub const LARGEST: usize = SIZES[COUNT - 1] as usize;

/// Sizes up to this are looked up in a table.
const TABLE_BYTES: usize = 1024;

const TABLE: [u8; TABLE_BYTES / 8 + 1] = {
    let mut table = [0; TABLE_BYTES / 8 + 1];
    let mut at = 0;
    while at < table.len() {
        let mut class = 0;
        while (SIZES[class] as usize) < at * 8 {
            class += 1;
        }
        table[at] = class as u8;
        at += 1;
    }
    table
};

/// The class for an object of some size, which is at most [`LARGEST`].
#[inline(always)]
pub const fn of(bytes: usize) -> usize {
    debug_assert!(bytes <= LARGEST);
    if bytes <= TABLE_BYTES { TABLE[bytes.div_ceil(8)] as usize } else { of_large(bytes) }
}

const fn of_large(bytes: usize) -> usize {
    let mut class = TABLE[TABLE_BYTES / 8] as usize;
    while (SIZES[class] as usize) < bytes {
        class += 1;
    }
    class
}

/// The size of the cell that an object of some size gets: what it may use without further cost.
pub const fn rounded(bytes: usize) -> usize {
    if bytes <= LARGEST { SIZES[of(bytes)] as usize } else { bytes.next_multiple_of(BLOCK) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_size_gets_the_smallest_cell_that_holds_it() {
        for bytes in 0..=LARGEST {
            let class = of(bytes);
            assert!(SIZES[class] as usize >= bytes);
            assert!(class == 0 || (SIZES[class - 1] as usize) < bytes);
        }
        for class in 0..COUNT {
            let size = SIZES[class] as usize;
            assert!(size.is_multiple_of(8) && (class == 0 || SIZES[class - 1] < SIZES[class]));
            assert!(BLOCK % size <= BLOCK / 16, "class {size} wastes {} of a block", BLOCK % size);
        }
    }
}
