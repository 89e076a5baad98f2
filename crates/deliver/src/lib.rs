//! The outside world that we call.
