//! Facts that arrive more than once count once: of those with one id the first by (`at`, content).

use leads::batch::FactId;

/// A fact that has an id, and where it stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Claim {
    pub(crate) id: u128,
    pub(crate) at: i64,
    pub(crate) content: u64,
    pub(crate) sequence: u64,
    pub(crate) row: u32,
}

/// The facts that do not count, as (sequence, row) in rising order.
pub(crate) fn losers(mut claims: Vec<Claim>, threads: usize) -> Vec<(u64, u32)> {
    // By the top bits of the id into parts that are sorted side by side.
    claims.retain(|claim| claim.id != FactId::NONE);
    let parts = threads.max(1);
    let part_of = |claim: &Claim| ((claim.id >> 96) as usize) % parts;
    let mut partitioned: Vec<Vec<Claim>> = vec![Vec::new(); parts];
    for claim in claims {
        partitioned[part_of(&claim)].push(claim);
    }
    let mut lost: Vec<(u64, u32)> = std::thread::scope(|scope| {
        let workers: Vec<_> =
            partitioned.into_iter().map(|part| scope.spawn(move || losers_of(part))).collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap_or_default()).collect()
    });
    lost.sort_unstable();
    lost
}

fn losers_of(mut claims: Vec<Claim>) -> Vec<(u64, u32)> {
    claims.sort_unstable_by_key(|claim| {
        (claim.id, claim.at, claim.content, claim.sequence, claim.row)
    });
    let pairs = claims.windows(2).filter(|pair| pair[0].id == pair[1].id);
    pairs.map(|pair| (pair[1].sequence, pair[1].row)).collect()
}
