//! The laws of a score, each run over generated models and histories against a slow scorer that
//! reads the model document line by line and knows nothing of columns, tables or indices.

mod fast;
mod generate;
mod laws;
mod reference;
