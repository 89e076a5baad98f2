//! Which allocator has what: small texts the quick one, columns and pages the system's.
//!
//! Facts, rows and answers are many small texts that one thread makes and another drops, for which the
//! system's allocator took a third of the time of scoring live. Large buffers are few; of these the quick one
//! keeps much that nobody uses any more: 180 MiB instead of 95 for scoring a million leads from files, and
//! the kernel's zeroing of it was a seventh of the processor time.
#![expect(
    unsafe_code,
    reason = "the trait of allocators is unsafe; here stands the only implementation, and it only chooses"
)]

use std::alloc::{GlobalAlloc, Layout, System};

use mimalloc::MiMalloc;

/// The allocator of this program: by the size of what is asked for.
pub(crate) struct BySize;

/// Bytes of the largest piece that the quick allocator has: more than nearly every text.
const SMALL_MAX: usize = 4096;

fn is_small(size: usize) -> bool {
    size <= SMALL_MAX
}

// SAFETY: both allocators keep the trait's promises. Whoever frees or resizes a piece tells the size that it
// has, so that each piece comes back to the allocator that it is from.
unsafe impl GlobalAlloc for BySize {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promises are passed on as they are.
        unsafe {
            if is_small(layout.size()) { MiMalloc.alloc(layout) } else { System.alloc(layout) }
        }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        unsafe {
            if is_small(layout.size()) {
                MiMalloc.alloc_zeroed(layout)
            } else {
                System.alloc_zeroed(layout)
            }
        }
    }

    #[inline]
    unsafe fn dealloc(&self, piece: *mut u8, layout: Layout) {
        // SAFETY: the layout is that of its allocation or of its last change, either of which chose by it.
        unsafe {
            if is_small(layout.size()) {
                MiMalloc.dealloc(piece, layout);
            } else {
                System.dealloc(piece, layout);
            }
        }
    }

    #[inline]
    unsafe fn realloc(&self, piece: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: where the piece stays with its allocator, the caller's promises are passed on. Where it changes
        // over, `size` is not 0 and fits with the alignment (the caller's promise), the new piece has room for as
        // much as is copied, and a piece that cannot be had leaves the old one as it is.
        unsafe {
            match (is_small(layout.size()), is_small(size)) {
                (true, true) => MiMalloc.realloc(piece, layout, size),
                (false, false) => System.realloc(piece, layout, size),
                _ => {
                    let moved = self.alloc(Layout::from_size_align_unchecked(size, layout.align()));
                    if !moved.is_null() {
                        piece.copy_to_nonoverlapping(moved, layout.size().min(size));
                        self.dealloc(piece, layout);
                    }
                    moved
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_grows_and_shrinks_past_the_boundary_keeps_its_bytes() {
        let sizes = [1, SMALL_MAX, SMALL_MAX + 1, 5 * SMALL_MAX, SMALL_MAX + 1, SMALL_MAX, 7];
        for align in [1, 8, 64, 8192] {
            let layout = |size: usize| Layout::from_size_align(size, align).unwrap();
            // SAFETY: every piece is used within its size, and freed with the layout that it has.
            unsafe {
                let mut piece = BySize.alloc_zeroed(layout(sizes[0]));
                assert_eq!(*piece, 0);
                *piece = 1;
                for change in sizes.windows(2) {
                    piece = BySize.realloc(piece, layout(change[0]), change[1]);
                    assert!(!piece.is_null() && piece.addr().is_multiple_of(align));
                    let kept = change[0].min(change[1]);
                    assert_eq!((*piece, *piece.add(kept - 1)), (1, 1));
                    piece.write_bytes(1, change[1]);
                }
                BySize.dealloc(piece, layout(sizes[sizes.len() - 1]));
            }
        }
    }
}
