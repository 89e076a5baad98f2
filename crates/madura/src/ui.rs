//! The only place that prints. Standard output is data, standard error is talk; colours only where
//! a person watches, and never as the only sign of anything.

use std::fmt::Display;
use std::io::{self, BufWriter, IsTerminal as _, StdoutLock, Write as _};

use clap::ValueEnum;

/// `--color`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
pub(crate) enum ColorChoice {
    /// On a terminal, unless `NO_COLOR` is set
    #[default]
    Auto,
    /// Even into files and pipes
    Always,
    /// Not at all
    Never,
}

/// Where a person may be watching.
#[derive(Debug)]
pub(crate) struct Ui {
    /// Whether only errors are to be said.
    pub(crate) quiet: bool,
    /// Whether standard output is a terminal.
    pub(crate) stdout_is_terminal: bool,
    /// Whether standard error is a terminal.
    pub(crate) stderr_is_terminal: bool,
    /// The colours of standard output.
    pub(crate) paint: Paint,
    /// The colours of standard error.
    pub(crate) talk_paint: Paint,
}

/// Colours, or none.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Paint {
    on: bool,
}

/// The widest line that is still pleasant to read.
const WIDTH_MAX: usize = 110;
const WIDTH_UNKNOWN: usize = 100;

impl Ui {
    /// Finds out where a person watches.
    pub(crate) fn new(color: ColorChoice, quiet: bool) -> Self {
        let stdout_is_terminal = io::stdout().is_terminal();
        let stderr_is_terminal = io::stderr().is_terminal();
        let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
            || std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let paint = |is_terminal: bool| Paint {
            on: match color {
                ColorChoice::Auto => is_terminal && !unwanted,
                ColorChoice::Always => true,
                ColorChoice::Never => false,
            },
        };
        Self {
            quiet,
            stdout_is_terminal,
            stderr_is_terminal,
            paint: paint(stdout_is_terminal),
            talk_paint: paint(stderr_is_terminal),
        }
    }

    /// Standard output, for data.
    pub(crate) fn stdout() -> BufWriter<StdoutLock<'static>> {
        BufWriter::with_capacity(1 << 16, io::stdout().lock())
    }

    /// Prints a finished text to standard output.
    #[expect(clippy::unused_self, reason = "only who was given the `Ui` prints")]
    pub(crate) fn print(&self, text: &str) -> io::Result<()> {
        let mut stdout = Self::stdout();
        stdout.write_all(text.as_bytes())?;
        stdout.flush()
    }

    /// Asks a person for consent. Where nobody can be asked, it is not given, and what to say instead is
    /// said.
    pub(crate) fn agree(&self, question: impl Display) -> io::Result<bool> {
        if !io::stdin().is_terminal() || !self.stderr_is_terminal {
            self.hint("nothing was changed: say --yes to do it");
            return Ok(false);
        }
        let terminal = console::Term::stderr();
        terminal.write_str(&format!("{question} [y/N] "))?;
        let answer = terminal.read_line()?;
        Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
    }

    /// Asks a person for a secret, which the terminal does not show.
    pub(crate) fn ask_secret(&self, question: impl Display) -> io::Result<Option<String>> {
        if !io::stdin().is_terminal() || !self.stderr_is_terminal {
            return Ok(None);
        }
        let terminal = console::Term::stderr();
        terminal.write_str(&format!("{question} "))?;
        terminal.read_secure_line().map(Some)
    }

    /// How many columns there are to print in.
    pub(crate) fn width(&self) -> usize {
        if !self.stdout_is_terminal {
            return WIDTH_UNKNOWN;
        }
        let size = console::Term::stdout().size_checked();
        size.map_or(WIDTH_UNKNOWN, |(_, columns)| usize::from(columns)).clamp(60, WIDTH_MAX)
    }

    /// Says what went wrong.
    pub(crate) fn error(&self, message: impl Display) {
        talk(&format!("{} {message}", self.talk_paint.red("error:")));
    }

    /// Says what to do next.
    pub(crate) fn hint(&self, message: impl Display) {
        talk(&format!("{} {message}", self.talk_paint.cyan(" hint:")));
    }

    /// Says what is probably not as it was meant.
    pub(crate) fn warn(&self, message: impl Display) {
        if !self.quiet {
            talk(&format!("{} {message}", self.talk_paint.yellow("warning:")));
        }
    }

    /// Adds to what was said before, set in under it.
    pub(crate) fn more(&self, message: impl Display) {
        if !self.quiet {
            talk(&format!("  {message}"));
        }
    }

    /// Says something worth knowing.
    pub(crate) fn note(&self, message: impl Display) {
        if !self.quiet {
            talk(&self.talk_paint.dim(message));
        }
    }

    /// Says what was done.
    pub(crate) fn say(&self, message: impl Display) {
        if !self.quiet {
            talk(&message.to_string());
        }
    }

    /// Says something that has a form of its own.
    #[expect(clippy::unused_self, reason = "only who was given the `Ui` prints")]
    pub(crate) fn plain(&self, message: impl Display) {
        talk(&message.to_string());
    }
}

impl Paint {
    /// No colours, for files.
    pub(crate) const OFF: Self = Self { on: false };

    /// For headings and what matters most.
    pub(crate) fn bold(self, text: impl Display) -> String {
        self.style("1", text)
    }

    /// For what can be passed over.
    pub(crate) fn dim(self, text: impl Display) -> String {
        self.style("2", text)
    }

    /// For gains and what passed.
    pub(crate) fn green(self, text: impl Display) -> String {
        self.style("32", text)
    }

    /// For losses and what failed.
    pub(crate) fn red(self, text: impl Display) -> String {
        self.style("31", text)
    }

    /// For what deserves a second look.
    pub(crate) fn yellow(self, text: impl Display) -> String {
        self.style("33", text)
    }

    /// For names.
    pub(crate) fn cyan(self, text: impl Display) -> String {
        self.style("36", text)
    }

    fn style(self, code: &str, text: impl Display) -> String {
        if self.on { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_string() }
    }
}

fn talk(line: &str) {
    // Nobody is left to tell that nobody listens.
    let _ = writeln!(io::stderr().lock(), "{line}");
}
