//! The handle table by itself, and with `--cfg loom` in every interleaving.

use super::*;
