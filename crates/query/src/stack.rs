//! A stack that planning cannot overflow, whoever calls.
//!
//! The engine recurses over plans and expressions. How much stack that takes depends on the build (an
//! unoptimised one takes ten times as much), and how much there is on the thread: 8 MiB where a program began,
//! 2 MiB on others. So work of the engine is polled on a stack of its own.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Size of the stack: far more than the 8 MiB on which unlimited statements overflowed, and memory only as far as
/// it is used.
const STACK_BYTES: usize = 64 << 20;

/// Runs something that recurses.
pub(crate) fn on_large_stack<T>(work: impl FnOnce() -> T) -> T {
    // What is there already is enough where this runs inside itself.
    stacker::maybe_grow(STACK_BYTES / 2, STACK_BYTES, work)
}

/// A future that is polled on the large stack.
pub(crate) struct Deep<F>(Pin<Box<F>>);

impl<F: Future> Deep<F> {
    pub(crate) fn new(future: F) -> Self {
        Self(Box::pin(future))
    }
}

impl<F: Future> Future for Deep<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let inner = self.0.as_mut();
        on_large_stack(|| inner.poll(context))
    }
}
