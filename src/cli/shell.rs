//! Completions and the manual page, made from the same definitions that read the command line.

use clap::CommandFactory as _;

use super::args::{Arguments, Completions};
use super::exit::{CliError, Exit, Outcome};
use super::out;

pub fn completions(wanted: &Completions) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(wanted.shell, &mut Arguments::command(), "lifeboat", &mut script);
    out::data(&script)?;
    Ok(Exit::Done)
}

/// One page for the whole tool: its own section and one for each verb.
pub fn man() -> Outcome {
    let mut page = Vec::new();
    render(&mut page).map_err(|error| CliError::failed(format!("failed to make the manual page: {error}")))?;
    out::data(&page)?;
    Ok(Exit::Done)
}

fn render(page: &mut Vec<u8>) -> std::io::Result<()> {
    let mut command = Arguments::command();
    command.build();
    let verbs: Vec<clap::Command> =
        command.get_subcommands().filter(|verb| verb.get_name() != "help").cloned().collect();
    let man = clap_mangen::Man::new(command);
    man.render_title(page)?;
    man.render_name_section(page)?;
    man.render_synopsis_section(page)?;
    man.render_description_section(page)?;
    man.render_options_section(page)?;
    for verb in verbs {
        let title = verb.get_name().to_uppercase();
        page.extend(format!(".SH {title}\n").as_bytes());
        let verb = clap_mangen::Man::new(verb.mut_args(|arg| if arg.is_global_set() { arg.hide(true) } else { arg }));
        for section in sections(&verb)? {
            page.extend(section);
        }
    }
    man.render_extra_section(page)?;
    man.render_version_section(page)
}

/// A verb's own sections, one level below its heading.
fn sections(verb: &clap_mangen::Man) -> std::io::Result<Vec<Vec<u8>>> {
    let (mut description, mut synopsis, mut options) = (Vec::new(), Vec::new(), Vec::new());
    verb.render_description_section(&mut description)?;
    verb.render_synopsis_section(&mut synopsis)?;
    verb.render_options_section(&mut options)?;
    Ok([description, synopsis, options].into_iter().map(|section| below(&section)).collect())
}

fn below(section: &[u8]) -> Vec<u8> {
    String::from_utf8_lossy(section).replace(".SH ", ".SS ").into_bytes()
}
