//! The protocol of sizes and buffers (clauses Z1 to Z8).
