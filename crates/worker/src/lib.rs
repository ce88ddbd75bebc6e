//! Runs statements in processes of their own.
