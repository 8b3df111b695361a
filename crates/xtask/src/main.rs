//! The house's errands: one command that runs Homing from a fresh clone, one that tests all of it.

mod bindings;
mod dist;
mod floors;
mod measure;
mod place;
mod run;
mod screen;
mod scroll;
mod setup;
mod shell;
mod start;
mod test;
mod webdriver;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, bail};

const HELP: &str = "\
cargo xtask run [--check FILE.png] [--yes]   start a relay and the app on a development profile;
                                             --check saves a picture of the first view and ends
cargo xtask test [SUITE..] [--yes]           install what is missing, build, run every check and test
                                             (suites: format floors deny ui clippy rust window)
cargo xtask bindings                         write the TypeScript types of the engine's calls
cargo xtask dist [--yes]                     build the packages of this system
cargo xtask bench [--full] [--only PART] [--out FILE.json]
                                             measure the budgets against floors of the same run
                                             (parts: local relay device window; with --only window,
                                             --app PROGRAM --history PROFILE scrolls one that is there)
cargo xtask soak [ROUNDS]                    kill processes in 500 rounds, or so many; simulate 500 days

--yes allows installing system packages with sudo; without it you are asked, or told the command to run.";

fn main() -> ExitCode {
    match errand(std::env::args().skip(1).collect()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn errand(mut arguments: Vec<String>) -> Result<ExitCode> {
    let yes = take_flag(&mut arguments, "--yes");
    let check = take_value(&mut arguments, "--check")?.map(PathBuf::from);
    let mut arguments = arguments.into_iter();
    let name = arguments.next().unwrap_or_default();
    let rest: Vec<String> = arguments.collect();
    if let Some(extra) = rest.first()
        && !matches!(name.as_str(), "test" | "bench" | "soak")
    {
        bail!("{name} does not know {extra:?}\n{HELP}");
    }
    if check.is_some() && name != "run" {
        bail!("only run knows --check\n{HELP}");
    }
    match name.as_str() {
        "run" => run::run(check.as_deref(), yes)?,
        "test" => return test::test(&rest, yes),
        "bindings" => bindings::write()?,
        "dist" => dist::dist(yes)?,
        "bench" => measure::bench(&rest)?,
        "soak" => measure::soak(&rest)?,
        "help" | "--help" | "-h" => println!("{HELP}"),
        "" => bail!("what shall be done?\n{HELP}"),
        other => bail!("there is no {other:?}\n{HELP}"),
    }
    Ok(ExitCode::SUCCESS)
}

fn take_flag(arguments: &mut Vec<String>, flag: &str) -> bool {
    let before = arguments.len();
    arguments.retain(|argument| argument != flag);
    arguments.len() < before
}

fn take_value(arguments: &mut Vec<String>, option: &str) -> Result<Option<String>> {
    let Some(at) = arguments.iter().position(|argument| argument == option) else { return Ok(None) };
    if at + 1 >= arguments.len() {
        bail!("{option} needs a value\n{HELP}");
    }
    let value = arguments.remove(at + 1);
    arguments.remove(at);
    Ok(Some(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(String::from).collect()
    }

    #[test]
    fn options_are_found_wherever_they_stand() {
        let mut arguments = words("run --yes --check a.png");
        assert!(take_flag(&mut arguments, "--yes"));
        assert_eq!(take_value(&mut arguments, "--check").unwrap().as_deref(), Some("a.png"));
        assert_eq!(arguments, ["run"]);
    }

    #[test]
    fn an_option_without_its_value_and_an_unknown_errand_are_errors() {
        assert!(take_value(&mut words("run --check"), "--check").is_err());
        assert!(errand(words("fly")).is_err());
        assert!(errand(words("dist now")).is_err());
        assert!(errand(words("dist --check a.png")).is_err());
    }
}
