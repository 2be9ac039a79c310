use brotli::enc::{Allocator, BrotliAlloc, SliceWrapper, SliceWrapperMut};
use std::{
    any::Any,
    fmt,
    ops::{Index, IndexMut, Range},
};

/// The tables of a brotli encoder, kept from one body to the next: brotli's state cannot be reset, but the
/// memory behind it can be handed out again.
#[derive(Default)]
pub(super) struct Memory {
    /// One `Vec<Vec<T>>` for each element type that ever came back.
    shelves: Vec<Box<dyn Any + Send>>,
    /// What all of them hold.
    bytes_kept: usize,
}

/// Blocks beyond this much memory go back to the system: enough for one encoder of quality 5.
const BYTES_KEPT_MAX: usize = 4 << 20;
/// Smaller blocks are quicker to allocate anew than to look for.
const BLOCK_BYTES_MIN: usize = 4 << 10;

impl Memory {
    fn shelf<T: Send + 'static>(&mut self) -> &mut Vec<Vec<T>> {
        let found = self.shelves.iter().position(|shelf| shelf.is::<Vec<Vec<T>>>());
        let at = found.unwrap_or_else(|| {
            self.shelves.push(Box::new(Vec::<Vec<T>>::new()));
            self.shelves.len() - 1
        });
        self.shelves[at].downcast_mut().expect("the shelf at this place was found or made for this type")
    }
}

impl<T: Clone + Default + Send + 'static> Allocator<T> for Memory {
    type AllocatedMemory = Block<T>;

    fn alloc_cell(&mut self, len: usize) -> Block<T> {
        if len * size_of::<T>() < BLOCK_BYTES_MIN {
            return Block(vec![T::default(); len]);
        }
        let shelf = self.shelf::<T>();
        let Some(at) = shelf.iter().position(|block| block.capacity() >= len) else {
            return Block(vec![T::default(); len]);
        };
        let mut block = shelf.swap_remove(at);
        self.bytes_kept -= block.capacity() * size_of::<T>();
        // The encoder relies on fresh memory being in its default state.
        block.clear();
        block.resize(len, T::default());
        Block(block)
    }

    fn free_cell(&mut self, block: Block<T>) {
        let bytes = block.0.capacity() * size_of::<T>();
        if bytes >= BLOCK_BYTES_MIN && self.bytes_kept + bytes <= BYTES_KEPT_MAX {
            self.bytes_kept += bytes;
            self.shelf::<T>().push(block.0);
        }
    }
}

impl BrotliAlloc for Memory {}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory").field("bytes_kept", &self.bytes_kept).finish_non_exhaustive()
    }
}

/// One allocation, in the shape brotli asks for.
pub(super) struct Block<T>(Vec<T>);

impl<T> Default for Block<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> SliceWrapper<T> for Block<T> {
    fn slice(&self) -> &[T] {
        &self.0
    }
}

impl<T> SliceWrapperMut<T> for Block<T> {
    fn slice_mut(&mut self) -> &mut [T] {
        &mut self.0
    }
}

impl<T> Index<usize> for Block<T> {
    type Output = T;

    fn index(&self, at: usize) -> &T {
        &self.0[at]
    }
}

impl<T> IndexMut<usize> for Block<T> {
    fn index_mut(&mut self, at: usize) -> &mut T {
        &mut self.0[at]
    }
}

impl<T> Index<Range<usize>> for Block<T> {
    type Output = [T];

    fn index(&self, at: Range<usize>) -> &[T] {
        &self.0[at]
    }
}

impl<T> IndexMut<Range<usize>> for Block<T> {
    fn index_mut(&mut self, at: Range<usize>) -> &mut [T] {
        &mut self.0[at]
    }
}
