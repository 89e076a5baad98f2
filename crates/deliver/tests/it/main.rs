//! Signed messages out, and nothing that a hostile receiver or name service could gain by it.

// Marked so that lints know these helpers for what they are.
#[cfg(test)]
mod guard;
#[cfg(test)]
mod interop;
#[cfg(test)]
mod message;
#[cfg(test)]
mod rebinding;
#[cfg(test)]
mod receiver;
#[cfg(test)]
mod schedule;
#[cfg(test)]
mod sender;
#[cfg(test)]
mod signature;
