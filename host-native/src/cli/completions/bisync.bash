# Completes the command line of bisync in bash.

_bisync() {
    local current=${COMP_WORDS[COMP_CWORD]} line
    local -a lines
    mapfile -t lines < <("${COMP_WORDS[0]/#\~/$HOME}" __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
    COMPREPLY=()
    for line in "${lines[@]:1}"; do
        COMPREPLY+=("${line%%$'\t'*}")
    done
    case ${lines[0]} in
        files)
            compopt -o default 2>/dev/null
            ;;
        directories)
            # bash takes `--name=value` apart, and leaves the sign when there is nothing behind it.
            [[ $current == = ]] && current=
            compopt -o filenames 2>/dev/null
            while IFS= read -r line; do
                COMPREPLY+=("$line")
            done < <(compgen -d -- "$current")
            ;;
    esac
}

complete -F _bisync bisync
