// SPDX-License-Identifier: MPL-2.0

//! The manual page and the completions of shells, for packages.

use clap::{Arg, Command, ValueEnum, value_parser};
use clap_complete::Shell;
use std::io;

/// What packages install beside the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Page {
    /// The manual page, in roff.
    Man,
    /// Completions for Bash.
    Bash,
    /// Completions for Zsh.
    Zsh,
    /// Completions for Fish.
    Fish,
}

impl Page {
    /// The option that asks for one, by the name `generate`. It is for those who make packages, so that
    /// no page names it.
    pub fn option() -> Arg {
        let option = Arg::new("generate").long("generate").hide(true);
        option.value_parser(value_parser!(Self))
    }

    /// The page of a program, as a file holds it.
    ///
    /// # Errors
    /// If it cannot be written to memory.
    pub fn text(self, mut command: Command) -> io::Result<String> {
        let (mut page, name) = (Vec::new(), command.get_name().to_string());
        let shell = match self {
            Self::Man => {
                clap_mangen::Man::new(command).render(&mut page)?;
                return text(page);
            }
            Self::Bash => Shell::Bash,
            Self::Zsh => Shell::Zsh,
            Self::Fish => Shell::Fish,
        };
        clap_complete::generate(shell, &mut command, name, &mut page);
        text(page)
    }
}

fn text(page: Vec<u8>) -> io::Result<String> {
    String::from_utf8(page).map_err(io::Error::other)
}
