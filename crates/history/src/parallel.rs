//! Work on numbered pieces with a fixed number of threads; results in the order of the numbers, so
//! that they do not depend on how many threads there were.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Calls `work` once for every number below `pieces`. Each thread has working memory of its own.
pub(crate) fn in_parallel<S, T: Send>(
    pieces: usize,
    threads: usize,
    memory: impl Fn() -> S + Sync,
    work: impl Fn(&mut S, usize) -> T + Sync,
) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let run = || {
        let mut memory = memory();
        let mut done = Vec::new();
        loop {
            let piece = next.fetch_add(1, Ordering::Relaxed);
            if piece >= pieces {
                return done;
            }
            done.push((piece, work(&mut memory, piece)));
        }
    };
    let threads = threads.clamp(1, pieces.max(1));
    let mut done: Vec<(usize, T)> = std::thread::scope(|scope| {
        let workers: Vec<_> = (1..threads).map(|_| scope.spawn(run)).collect();
        let mut done = run();
        for worker in workers {
            match worker.join() {
                Ok(more) => done.extend(more),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        done
    });
    done.sort_by_key(|(piece, _)| *piece);
    done.into_iter().map(|(_, result)| result).collect()
}
