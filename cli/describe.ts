/**
 * The reference page of the command line, made from the command table.
 * `node cli/describe.ts` writes `docs/CLI.md`; a test checks that the page is current.
 */
import { writeFileSync } from 'node:fs';
import type { Row } from './command.ts';
import { COMMANDS } from './commands/index.ts';
import { EXIT_CODES } from './exit.ts';
import { GLOBAL_OPTIONS, groupsOf, usageOf } from './help.ts';

const PAGE = new URL('../docs/CLI.md', import.meta.url);

const INTRODUCTION = `# Command line

*Made from \`cli/commands/\` by \`node cli/describe.ts\`. Do not edit this page.*

Results go to stdout, everything else to stderr. In a terminal results are tables that fit it, with
colours unless \`NO_COLOR\` is set; with \`--json\` they are one JSON value. Amounts are decimal
strings, times ISO 8601 in UTC. PEER is always a contact name, a PID, or a unique prefix of either.

An error is a sentence that says what to do, followed by its code and fault. With \`--json\` it is
also \`{"error": {code, message, details, exit}}\` on stdout.

In a checkout type \`npx geo\` where this page says \`geo\`.`;

/** The whole page, as Markdown. */
export function describeCommands(): string {
  const exits = Object.entries(EXIT_CODES).map(([code, meaning]) => [code, meaning] as const);
  const parts = [
    INTRODUCTION,
    '## Options of every command',
    table(
      'option',
      GLOBAL_OPTIONS.map((option) => [code(option.flags), option.text]),
    ),
    '## Exit codes',
    table('code', exits),
    ...groupsOf(COMMANDS).flatMap(([group, rows]) => [`## ${group}`, ...rows.flatMap(section)]),
  ];
  return `${parts.join('\n\n')}\n`;
}

function section(row: Row): string[] {
  const inputs =
    'forward' in row
      ? []
      : [
          ...Object.entries(row.arguments).map(([name, text]) => [code(name), text] as const),
          ...Object.values(row.options).map(({ flags, text }) => [code(flags), text] as const),
        ];
  return [
    `### geo ${row.words}`,
    `\`${usageOf(row)}\``,
    [`${row.summary}.`, ...(row.details === undefined ? [] : [row.details])].join(' '),
    ...(inputs.length === 0 ? [] : [table('argument or option', inputs)]),
    ['```sh', ...row.examples, '```'].join('\n'),
  ];
}

function code(text: string): string {
  return `\`${text}\``;
}

function table(title: string, rows: readonly (readonly [string, string])[]): string {
  const lines = rows.map(
    (cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`,
  );
  return [`| ${title} | meaning |`, '|---|---|', ...lines].join('\n');
}

if (import.meta.main) writeFileSync(PAGE, describeCommands());
