//! Files in, facts out.

mod formats;
mod support;
