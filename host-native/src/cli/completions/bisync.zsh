#compdef bisync
# Completes the command line of bisync in zsh.

_bisync() {
    local -a lines candidates
    local line
    lines=("${(@f)$("${(Q)words[1]/#\~/$HOME}" __complete "${(@Q)words[2,CURRENT]}" 2>/dev/null)}")
    for line in "${(@)lines[2,-1]}"; do
        candidates+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
    done
    (( $#candidates )) && _describe bisync candidates
    [[ ${words[CURRENT]} == --*=* && $lines[1] != words ]] && compset -P '*='
    case $lines[1] in
        files) _files ;;
        directories) _files -/ ;;
    esac
}

if [[ $funcstack[1] == _bisync ]]; then
    _bisync "$@"
else
    compdef _bisync bisync
fi
