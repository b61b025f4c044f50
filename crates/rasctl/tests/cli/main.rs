//! The command lines as their users meet them: the built programs, their output, their exit codes.

mod container;
mod daemon;
mod dial;
mod entries;
mod help;
mod lab;
mod modem;
mod rasdial;
mod scene;
mod terminal;
mod tun;
