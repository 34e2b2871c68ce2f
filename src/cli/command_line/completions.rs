//! Shell completions, made from the tables of commands and options.

use super::arguments::OptionSpec;
use super::command::Command;

/// The placeholders of values in the help, and what a shell offers for each.
pub const WORDS: [(&str, Expects); 7] = [
    ("N", Expects::Nothing),
    ("X", Expects::Nothing),
    ("TEXT", Expects::Nothing),
    ("FILE", Expects::Files),
    ("MODEL", Expects::Files),
    ("CHARS", Expects::Files),
    ("DIR", Expects::Folders),
];

/// What a shell offers for a value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Expects {
    /// Nothing: the value is a number or free text.
    Nothing,
    /// Files and folders.
    Files,
    /// Folders.
    Folders,
    /// One of these names, with bars between them.
    Names(&'static str),
}

impl Expects {
    /// For the value of an option; `None` for a switch.
    fn of_option(spec: &OptionSpec) -> Option<Self> {
        let word = spec.value;
        match word {
            "" => None,
            names if names.contains('|') => Some(Expects::Names(names)),
            _ => {
                let known = WORDS.iter().find(|(known, _)| *known == word);
                Some(known.map_or(Expects::Nothing, |(_, expects)| *expects))
            }
        }
    }

    /// For the positional arguments of a command. TEXT is a file there.
    fn of_positional(command: &Command) -> Self {
        match command.takes.split(' ').next().unwrap_or_default() {
            names if names.contains('|') => Expects::Names(names),
            folders if folders.contains("DIR") => Expects::Folders,
            _ => Expects::Files,
        }
    }
}

/// Writes the script of a shell.
pub type Script = fn(&[Command]) -> String;

/// The shells and their scripts.
pub const SHELLS: [(&str, Script); 3] = [("bash", bash), ("zsh", zsh), ("fish", fish)];

/// The names of the commands, and `help`.
fn names(commands: &[Command]) -> String {
    let names: Vec<&str> = commands.iter().map(|command| command.name).collect();
    format!("{} help", names.join(" "))
}

fn with_spaces(names: &str) -> String {
    names.replace('|', " ")
}

/// A function that fills COMPREPLY, for bash 3.2 and later.
fn bash(commands: &[Command]) -> String {
    let mut values = String::new();
    let mut options = String::new();
    for command in commands {
        let name = command.name;
        let mut known = Vec::new();
        for spec in (command.options)() {
            known.push(format!("--{}", spec.name));
            if let Some(expects) = Expects::of_option(&spec) {
                let does = bash_offers(expects);
                values += &format!("        {name}:--{}) {does}; return ;;\n", spec.name);
            }
        }
        let (known, others) = (known.join(" "), bash_offers(Expects::of_positional(command)));
        options += &format!(
            "        {name}:-*) _elman_offer -W '{known}' ;;\n        {name}:*) {others} ;;\n"
        );
    }
    BASH.replace("NAMES", &names(commands))
        .replace("VALUES\n", &values)
        .replace("OPTIONS\n", &options)
}

fn bash_offers(expects: Expects) -> String {
    match expects {
        Expects::Nothing => ":".to_string(),
        Expects::Files => "_elman_offer -f".to_string(),
        Expects::Folders => "_elman_offer -d".to_string(),
        Expects::Names(names) => format!("_elman_offer -W '{}'", with_spaces(names)),
    }
}

const BASH: &str = r#"# Completions of elman for bash.

# Offers what compgen finds for the word.
_elman_offer() {
    local found
    [[ $1 == -W ]] || compopt -o filenames 2>/dev/null
    while IFS= read -r found; do
        COMPREPLY+=("$found")
    done < <(compgen "$@" -- "$word")
}

_elman() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} i
    COMPREPLY=()
    if ((COMP_CWORD == 1)); then
        _elman_offer -W 'NAMES --help --version'
        return
    fi
    # Readline makes three words of --option=value.
    if [[ $word == = ]]; then
        word=
    elif [[ $before == = ]]; then
        before=${COMP_WORDS[COMP_CWORD-2]}
    fi
    # Nothing is an option after a bare --.
    for ((i = 2; i < COMP_CWORD; i++)); do
        [[ ${COMP_WORDS[i]} == -- ]] && { _elman_offer -f; return; }
    done
    case ${COMP_WORDS[1]}:$before in
VALUES
    esac
    case ${COMP_WORDS[1]}:$word in
        help:*) _elman_offer -W 'NAMES' ;;
OPTIONS
    esac
}

complete -F _elman elman
"#;

/// A function that calls zsh's `_arguments`.
fn zsh(commands: &[Command]) -> String {
    let mut described = String::new();
    let mut cases = String::new();
    for command in commands {
        let name = command.name;
        described += &format!("                '{name}:{}'\n", zsh_quoted(command.summary));
        let mut specs = String::new();
        for spec in (command.options)() {
            let (option, help) = (spec.name, zsh_quoted(spec.help));
            specs += &match Expects::of_option(&spec) {
                None => format!(" \\\n                        '--{option}[{help}]'"),
                Some(expects) => {
                    let (what, action) = (zsh_quoted(spec.value), zsh_action(expects));
                    format!(" \\\n                        '--{option}=[{help}]:{what}:{action}'")
                }
            };
        }
        let (what, action) =
            (zsh_quoted(command.takes), zsh_action(Expects::of_positional(command)));
        cases += &format!(
            "                {name})\n                    _arguments -S{specs} \\\n                        \
             '*:{what}:{action}'\n                    ;;\n"
        );
    }
    ZSH.replace("NAMES", &names(commands))
        .replace("DESCRIBED\n", &described)
        .replace("CASES\n", &cases)
}

/// Escapes words for single quotes and for a specification of `_arguments`.
fn zsh_quoted(words: &str) -> String {
    let mut quoted = String::new();
    for character in words.chars() {
        match character {
            '\'' => quoted += "'\\''",
            '[' | ']' | ':' | '\\' => quoted.extend(['\\', character]),
            _ => quoted.push(character),
        }
    }
    quoted
}

fn zsh_action(expects: Expects) -> String {
    match expects {
        Expects::Nothing => " ".to_string(),
        Expects::Files => "_files".to_string(),
        Expects::Folders => "_files -/".to_string(),
        Expects::Names(names) => format!("({})", with_spaces(names)),
    }
}

const ZSH: &str = r#"#compdef elman
# Completions of elman for zsh.

_elman() {
    local curcontext=$curcontext state line
    _arguments -C '--help[print help]' '--version[print the version]' '1: :->command' '*:: :->arguments'
    case $state in
        command)
            local -a commands
            commands=(
DESCRIBED
                'help:print the help of a command'
            )
            _describe command commands
            ;;
        arguments)
            case $words[1] in
CASES
                help)
                    _arguments '1:command:(NAMES)'
                    ;;
            esac
            ;;
    esac
}

# In a folder of fpath the file is the function; read by source, it only defines it.
if [[ $funcstack[1] == _elman ]]; then
    _elman "$@"
else
    compdef _elman elman
fi
"#;

/// One line for each command, option and value.
fn fish(commands: &[Command]) -> String {
    let mut lines = String::from(FISH);
    for command in commands {
        let (name, summary) = (command.name, fish_quoted(command.summary));
        lines += &format!("complete -c elman -n __elman_begins -a {name} -d '{summary}'\n");
    }
    let names = names(commands);
    lines += &format!(
        "complete -c elman -n __elman_begins -a help -d 'print the help of a command'\n\
         complete -c elman -n __elman_begins -l help -d 'print help'\n\
         complete -c elman -n __elman_begins -l version -d 'print the version'\n\
         complete -c elman -n '__elman_is help' -a '{names}'\n"
    );
    for command in commands {
        let begin = format!("complete -c elman -n '__elman_is {}'", command.name);
        for spec in (command.options)() {
            let (option, help) = (spec.name, fish_quoted(spec.help));
            let value = Expects::of_option(&spec).map_or(String::new(), fish_value);
            lines += &format!("{begin} -l {option}{value} -d '{help}'\n");
        }
        lines += &begin;
        lines += match Expects::of_positional(command) {
            Expects::Names(names) => format!(" -a '{}'\n", with_spaces(names)),
            Expects::Folders => " -a '(__fish_complete_directories)'\n".to_string(),
            _ => " -F\n".to_string(),
        }
        .as_str();
    }
    lines
}

fn fish_value(expects: Expects) -> String {
    match expects {
        Expects::Nothing => " -x".to_string(),
        Expects::Files => " -r -F".to_string(),
        Expects::Folders => " -x -a '(__fish_complete_directories)'".to_string(),
        Expects::Names(names) => format!(" -x -a '{}'", with_spaces(names)),
    }
}

/// Escapes words for single quotes.
fn fish_quoted(words: &str) -> String {
    words.replace('\\', "\\\\").replace('\'', "\\'")
}

const FISH: &str = r#"# Completions of elman for fish.

# Whether the command is still to come.
function __elman_begins
    test (count (commandline -opc)) -eq 1
end

# Whether the command is this one.
function __elman_is
    set -l words (commandline -opc)
    test (count $words) -gt 1; and test "$words[2]" = $argv[1]
end

complete -c elman -f
"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_a_quote_too_early() {
        assert_eq!(zsh_quoted("AdaGrad's [-X, X]: \\"), "AdaGrad'\\''s \\[-X, X\\]\\: \\\\");
        assert_eq!(fish_quoted("AdaGrad's \\"), "AdaGrad\\'s \\\\");
    }
}
