//! What clients may take.

/// Bounds on what clients may take.
#[derive(Copy, Clone, Debug)]
pub(super) struct Limits {
    /// Connections of all clients.
    pub(super) connections: usize,
    /// Connections of one user.
    pub(super) of_user: usize,
    /// Connections of one process.
    pub(super) of_process: usize,
    /// Dials and connections of one user.
    pub(super) dials_of_user: usize,
    /// Dials and connections of all users together.
    pub(super) dials: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { connections: 4096, of_user: 1024, of_process: 256, dials_of_user: 4096, dials: 16_384 }
    }
}
