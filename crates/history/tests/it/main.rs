//! The laws of a score, each run over generated models and histories against a slow scorer that
//! reads the model document line by line and knows nothing of columns, tables or indices.

mod backtest;

mod compare;
mod course;
mod crowd;
mod fast;
mod generate;
mod instants;
mod laws;
mod overlap;
mod reference;
mod small;
mod span;
mod ticking;
mod widths;
