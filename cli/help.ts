/** Help pages, made from the command table. */
import type { Command, CommandOption, Group, Row } from './command.ts';
import { EXIT_CODES } from './exit.ts';
import { type Page, paint } from './page.ts';

/** Prose is not read well in longer lines. */
const LINE_WIDTH_MAX = 100;
const INDENT = '  ';

export const GLOBAL_OPTIONS: readonly CommandOption[] = [
  { kind: 'flag', flags: '--json', text: 'one JSON value on stdout, for programs; errors too' },
  {
    kind: 'value',
    flags: '--home <DIR>',
    text: 'home directory of the node; GEO_HOME or ~/.geo if not given',
    read: (text) => text,
  },
];

/** `geo pay PEER AMOUNT EQ [options]` */
export function usageOf(row: Row): string {
  if ('forward' in row) return `geo ${row.words} [options]`;
  const names = Object.keys(row.arguments);
  const options = Object.keys(row.options).length > 0 ? ['[options]'] : [];
  return ['geo', row.words, ...names, ...options].join(' ');
}

export function groupsOf(rows: readonly Row[]): [Group, Row[]][] {
  return [...Map.groupBy(rows, (row) => row.group)];
}

/** The first page: every command with one line. */
export function overview(page: Page, rows: readonly Row[], version: string): string {
  const title = (text: string) => paint(page, 'bold', text);
  const usages = (row: Row) =>
    'forward' in row ? row.words : [row.words, ...Object.keys(row.arguments)].join(' ');
  return [
    `geo ${version}: trust lines, payments and clearing between peers.`,
    '',
    `${title('Usage')}  geo COMMAND [options]; \`geo help COMMAND\` shows its options and examples.`,
    ...groupsOf(rows).flatMap(([group, members]) => [
      '',
      title(group),
      ...definitions(
        page,
        members.map((row) => [usages(row), row.summary]),
      ),
    ]),
    '',
    title('Everywhere'),
    ...definitions(
      page,
      GLOBAL_OPTIONS.map((option) => [option.flags, option.text]),
    ),
    '',
    title('Exit codes'),
    ...definitions(page, Object.entries(EXIT_CODES)),
  ].join('\n');
}

/** The page of a group of commands that share a first word. */
export function groupPage(page: Page, word: string, rows: readonly Row[]): string {
  return [
    `geo ${word} …`,
    '',
    ...definitions(
      page,
      rows.map((row) => [usageOf(row), row.summary]),
    ),
  ].join('\n');
}

export function commandPage(page: Page, row: Row): string {
  const title = (text: string) => paint(page, 'bold', text);
  const { details, examples } = row;
  return [
    title(usageOf(row)),
    '',
    ...wrap(`${row.summary}.`, lineWidth(page)),
    ...(details === undefined ? [] : ['', ...wrap(details, lineWidth(page))]),
    ...('forward' in row
      ? ['', `\`geo ${row.words} --help\` lists its options.`]
      : inputs(page, row)),
    '',
    title(examples.length === 1 ? 'Example' : 'Examples'),
    ...examples.map((example) => INDENT + example),
  ].join('\n');
}

function inputs(page: Page, row: Command): string[] {
  const part = (name: string, lines: readonly (readonly [string, string])[]) =>
    lines.length === 0 ? [] : ['', paint(page, 'bold', name), ...definitions(page, lines)];
  const options = [...Object.values(row.options), ...GLOBAL_OPTIONS];
  return [
    ...part('Arguments', Object.entries(row.arguments)),
    ...part(
      'Options',
      options.map((option) => [option.flags, option.text]),
    ),
  ];
}

function lineWidth(page: Page): number {
  return Math.min(page.width, LINE_WIDTH_MAX);
}

/** Terms beside their meanings; below each other where the terminal is narrow. */
function definitions(page: Page, lines: readonly (readonly [string, string])[]): string[] {
  const width = lineWidth(page);
  const termWidth = Math.max(...lines.map(([term]) => term.length));
  const beside = width - termWidth - 2 * INDENT.length;
  if (beside < 30) {
    return lines.flatMap(([term, text]) => [
      INDENT + term,
      ...wrap(text, width - 3 * INDENT.length).map((line) => INDENT.repeat(3) + line),
    ]);
  }
  return lines.flatMap(([term, text]) =>
    wrap(text, beside).map(
      (line, index) => `${INDENT}${(index === 0 ? term : '').padEnd(termWidth)}${INDENT}${line}`,
    ),
  );
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
