/** The script that a shell reads once; it asks `metahub __complete` at each press of the key. */
export function completionScript(shell: "bash" | "zsh" | "fish"): string {
  return { bash, zsh, fish }[shell];
}

/**
 * Bash splits words at `=` and `:` (COMP_WORDBREAKS) and replaces only the last piece, so the words are taken from the
 * line itself, and from each candidate what stands before that piece is cut off again. Works with bash 3.2 (macOS),
 * which has no compopt and no mapfile.
 */
const bash = `# bash completion for metahub
_metahub() {
  local line=\${COMP_LINE:0:COMP_POINT} current piece before directive=4 candidate
  local -a words
  read -ra words <<< "$line"
  case $line in *[[:space:]]) words+=("") ;; esac
  current=\${words[\${#words[@]}-1]}
  piece=\${COMP_WORDS[COMP_CWORD]}
  case $piece in = | :) piece="" ;; esac
  before=\${current%"$piece"}
  COMPREPLY=()
  while IFS= read -r candidate; do
    case $candidate in
      :[0-9]*) directive=\${candidate#:} ;;
      *)
        candidate=\${candidate%%$'\\t'*}
        COMPREPLY+=("\${candidate#"$before"}")
        ;;
    esac
  done < <("\${words[0]}" __complete -- "\${words[@]:1}" 2>/dev/null)
  if [ "$directive" = 0 ] && [ \${#COMPREPLY[@]} -eq 0 ]; then
    compopt -o default 2>/dev/null && return
    while IFS= read -r candidate; do COMPREPLY+=("$candidate"); done < <(compgen -f -- "$piece")
  fi
}
complete -F _metahub metahub
`;

const zsh = `#compdef metahub
# zsh completion for metahub
_metahub() {
  local -a lines candidates
  local line directive=4
  lines=("\${(@f)$("\${words[1]}" __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  for line in "\${lines[@]}"; do
    case $line in
      :[0-9]*) directive=\${line#:} ;;
      *$'\\t'*) candidates+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}") ;;
      ?*) candidates+=("\${line//:/\\\\:}") ;;
    esac
  done
  if (( \${#candidates} )); then
    _describe -V metahub candidates
  elif [[ $directive == 0 ]]; then
    _files
  fi
}
if [[ \${funcstack[1]} == _metahub ]]; then
  _metahub "$@"
else
  compdef _metahub metahub
fi
`;

const fish = `# fish completion for metahub
function __metahub_complete
  set -l words (commandline -opc)
  set -l current (commandline -ct)
  set -l lines ($words[1] __complete -- $words[2..-1] "$current" 2>/dev/null)
  for line in $lines
    switch $line
      case ':0'
        test (count $lines) -eq 1; and __fish_complete_path "$current"
      case ':*'
      case '*'
        echo $line
    end
  end
end
complete -c metahub -f -a '(__metahub_complete)'
`;
