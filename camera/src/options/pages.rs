// SPDX-License-Identifier: MPL-2.0

//! The manual page and the completions of shells, for packages.

use crate::terminal::KEYS;
use clap::builder::Resettable;
use clap::{Arg, Command, ValueEnum, value_parser};
use clap_complete::Shell;
use std::io::{self, Write};

/// The end of the manual page.
const FILES: &str = r"
.SH FILES
.TP
\fI~/.config/matte/camera.toml\fR
Settings, in the form that \fB\-\-show\-settings\fR prints; options of the command line win.
.SH SEE ALSO
\fBgst\-inspect\-1.0\fR(1) tells the properties of \fBmattebackground\fR that \fB\-\-set\fR takes.
";

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
    /// The option that asks for one, by the name `generate`. It is for those who make packages, so
    /// that no page names it.
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
                // As a paragraph the keys would lose their lines.
                let command = command.after_help(Resettable::Reset);
                let mut main = Vec::new();
                clap_mangen::Man::new(command.clone()).render(&mut main)?;
                // Commands have no pages of their own: what they take stands at the end of this one.
                let main = String::from_utf8_lossy(&main);
                let own = format!("{}\\-", name.replace('-', "\\-"));
                page.write_all(main.replace(&own, "").replace("(1)\n", "\n").as_bytes())?;
                for command in command.get_subcommands() {
                    let name = command.get_name().to_uppercase();
                    writeln!(page, ".SH THE COMMAND {name}")?;
                    let options = clap_mangen::Man::new(command.clone().disable_help_flag(true));
                    let mut part = Vec::new();
                    options.render_options_section(&mut part)?;
                    // Its own heading stands here already.
                    let part = String::from_utf8_lossy(&part).replace(".SH OPTIONS\n", "");
                    page.write_all(part.as_bytes())?;
                }
                write!(
                    page,
                    ".SH KEYS\n.nf\n{}\n.fi{FILES}",
                    KEYS.replace('-', r"\-")
                )?;
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
