/** Scripts that teach a shell the commands and their options, made from the command table. */
import type { CommandOption, Row } from './command.ts';
import { GLOBAL_OPTIONS } from './help.ts';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** The long name of an option: `--max-hops` of `--max-hops <N>`. */
const nameOf = ({ flags }: CommandOption): string => /--[a-z0-9-]+/.exec(flags)?.[0] ?? flags;

const optionsOf = (row: Row): readonly CommandOption[] =>
  'forward' in row ? [] : [...Object.values(row.options), ...GLOBAL_OPTIONS];

export function completionScript(shell: Shell, rows: readonly Row[]): string {
  switch (shell) {
    case 'bash':
      return bashScript(rows);
    case 'zsh':
      // zsh reads bash's completions; one script less that could say something else.
      return `autoload -U +X compinit && compinit\nautoload -U +X bashcompinit && bashcompinit\n${bashScript(rows)}`;
    case 'fish':
      return fishScript(rows);
  }
}

/** What may be typed after some words of commands: the next word of each command that begins so. */
function nextWords(rows: readonly Row[]): Map<string, Set<string>> {
  const next = new Map<string, Set<string>>();
  for (const { words } of rows) {
    const parts = words.split(' ');
    for (const [i, word] of parts.entries()) {
      const before = parts.slice(0, i).join(' ');
      next.set(before, (next.get(before) ?? new Set()).add(word));
    }
  }
  return next;
}

function bashScript(rows: readonly Row[]): string {
  const offer = (words: Iterable<string>) =>
    `COMPREPLY=($(compgen -W '${[...words].join(' ')}' -- "$cur"))`;
  const cases = [
    ...[...nextWords(rows)].map(([before, words]) => `    '${before}') ${offer(words)} ;;`),
    ...rows.map(
      (row) =>
        `    '${row.words}'|'${row.words} '*) [[ $cur == -* ]] && ${offer(optionsOf(row).map(nameOf))} ;;`,
    ),
  ];
  return [
    '_geo() {',
    '  local cur="$' + '{COMP_WORDS[COMP_CWORD]}" words="" i',
    '  COMPREPLY=()',
    '  for ((i = 1; i < COMP_CWORD; i++)); do',
    '    [[ $' + '{COMP_WORDS[i]} == -* ]] || words+="$' + '{words:+ }$' + '{COMP_WORDS[i]}"',
    '  done',
    '  case "$words" in',
    ...cases,
    '  esac',
    '}',
    'complete -o default -F _geo geo',
    '',
  ].join('\n');
}

function fishScript(rows: readonly Row[]): string {
  const quoted = (text: string) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  const summaryOf = (words: string) => rows.find((row) => row.words === words)?.summary ?? words;
  const words = [...nextWords(rows)].flatMap(([before, offered]) =>
    [...offered].map((word) => {
      const summary = summaryOf(`${before} ${word}`.trim());
      return `complete -c geo -f -n "__geo_at '${before}'" -a ${word} -d ${quoted(summary)}`;
    }),
  );
  const options = rows.flatMap((row) =>
    optionsOf(row).map((option) => {
      const takes = option.kind === 'flag' ? '' : ' -r';
      const long = nameOf(option).slice(2);
      return `complete -c geo -n "__geo_in '${row.words}'" -l ${long}${takes} -d ${quoted(option.text)}`;
    }),
  );
  return [
    'function __geo_words; commandline -opc | tail -n +2 | string match -v -- "-*" | string join " "; end',
    'function __geo_at; test "$(__geo_words)" = "$argv[1]"; end',
    'function __geo_in; string match -q -- "$argv[1] *" "$(__geo_words) "; end',
    ...words,
    ...options,
    '',
  ].join('\n');
}
