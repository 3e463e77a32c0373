# Completes the command line of bisync in fish.

function __bisync_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l lines ($words[1] __complete $words[2..] "$current" 2>/dev/null)
    printf '%s\n' $lines[2..]
    switch "$lines[1]"
        case files
            __fish_complete_path "$current"
        case directories
            __fish_complete_directories "$current" ''
    end
end

complete -c bisync -f -a '(__bisync_complete)'
