/** The parser, made from the command table. Commander reads the line; what is said about it is ours. */
import { CommanderError, Option, Command as Parser } from 'commander';
import { GeoError } from '../protocol/errors.ts';
import type { Command, CommandOption, Row } from './command.ts';
import { usageError } from './exit.ts';
import { commandPage, GLOBAL_OPTIONS, groupPage, overview } from './help.ts';
import type { Page } from './page.ts';

export interface Invocation {
  readonly command: Command;
  readonly given: Readonly<Record<string, string>>;
  readonly options: Readonly<Record<string, unknown>>;
  readonly home: string | undefined;
}

/** What a command line asks for: a command to run, or a page to show. */
export type Request =
  | { readonly kind: 'run'; readonly invocation: Invocation }
  | { readonly kind: 'page'; readonly text: string };

/** @throws GeoError E009 `usage` */
export function readCommandLine(
  argv: readonly string[],
  rows: readonly Row[],
  page: Page,
  version: string,
): Request {
  let request: Request | undefined;
  const root = new Parser('geo');
  const parsers = new Map<Parser, Row>();
  root
    .exitOverride()
    .version(version, '-V, --version', 'the version')
    .helpCommand(false)
    .configureHelp({ formatHelp: (parser) => pageOf(parser, parsers, rows, page, version) })
    .configureOutput({
      writeOut: (text) => {
        request = { kind: 'page', text: text.trimEnd() };
      },
      writeErr: () => {},
    });
  for (const option of GLOBAL_OPTIONS) root.addOption(parserOption(option));
  for (const row of rows) {
    const parser = parserOf(root, row.words);
    parsers.set(parser, row);
    if ('forward' in row) continue;
    for (const name of Object.keys(row.arguments)) {
      parser.argument(name.startsWith('[') ? name : `<${name}>`);
    }
    for (const option of Object.values(row.options)) parser.addOption(parserOption(option));
    parser.action((...values: unknown[]) => {
      const names = Object.keys(row.arguments);
      request = {
        kind: 'run',
        invocation: {
          command: row,
          given: Object.fromEntries(
            names.map((name, index) => [name, String(values[index] ?? '')]),
          ),
          options: optionValues(row, parser),
          home: root.opts<{ home?: string }>().home,
        },
      };
    });
  }
  helpCommand(root, rows, page, version, (text) => {
    request = { kind: 'page', text };
  });
  try {
    root.parse([...argv], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode !== 0) throw asUsageError(error, argv, rows);
  }
  if (request === undefined) throw usageError('No command was given. `geo help` lists them.');
  return request;
}

function parserOf(root: Parser, words: string): Parser {
  return words.split(' ').reduce((parent, word) => {
    const known = parent.commands.find((each) => each.name() === word);
    return known ?? parent.command(word).helpCommand(false);
  }, root);
}

function parserOption(option: CommandOption): Option {
  const made = new Option(option.flags, option.text);
  if (option.kind !== 'value') return made;
  return made.argParser((text: string) => {
    try {
      return option.read(text);
    } catch (error) {
      throw error instanceof GeoError ? usageError(`${made.long}: ${error.message}`) : error;
    }
  });
}

function optionValues(row: Command, parser: Parser): Record<string, unknown> {
  // Where a shorter command (`hub members`) has the same option, its parser has taken it.
  const parsed = parser.optsWithGlobals<Record<string, unknown>>();
  return Object.fromEntries(
    Object.entries(row.options).map(([name, option]) => {
      const absent = option.kind === 'flag' ? false : option.kind === 'list' ? [] : undefined;
      return [name, parsed[new Option(option.flags).attributeName()] ?? absent];
    }),
  );
}

function helpCommand(
  root: Parser,
  rows: readonly Row[],
  page: Page,
  version: string,
  show: (text: string) => void,
): void {
  root
    .command('help')
    .argument('[COMMAND...]')
    .action((words: string[]) => {
      const wanted = words.join(' ');
      const row = rows.find((each) => each.words === wanted);
      const members = rows.filter((each) => each.words.startsWith(`${wanted} `));
      if (wanted === '') show(overview(page, rows, version));
      else if (row !== undefined) show(commandPage(page, row));
      else if (members.length > 0) show(groupPage(page, wanted, members));
      else throw usageError(`There is no command "${wanted}". \`geo help\` lists them.`);
    });
}

function pageOf(
  parser: Parser,
  parsers: ReadonlyMap<Parser, Row>,
  rows: readonly Row[],
  page: Page,
  version: string,
): string {
  const row = parsers.get(parser);
  if (row !== undefined) return commandPage(page, row);
  const members = rows.filter((each) => each.words.startsWith(`${parser.name()} `));
  return members.length > 0
    ? groupPage(page, parser.name(), members)
    : overview(page, rows, version);
}

/** Says what commander says, and which help page has more. */
function asUsageError(error: CommanderError, argv: readonly string[], rows: readonly Row[]) {
  const names = argv.filter((word) => !word.startsWith('-'));
  const page = [names.slice(0, 2).join(' '), names[0] ?? ''].find((words) =>
    rows.some((row) => row.words === words || row.words.startsWith(`${words} `)),
  );
  const help = page === undefined || page === '' ? '`geo help`' : `\`geo help ${page}\``;
  if (error.code === 'commander.help') {
    return usageError(`A command is missing or not complete. ${help} lists them.`);
  }
  const sentence = error.message.replace(/^error: /, '').replace(/\n/g, ' ');
  return usageError(`${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}. See ${help}.`);
}
