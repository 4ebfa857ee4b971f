/**
 * What a command is. Commands are rows of one table (`cli/commands/index.ts`) from which the parser,
 * the help and `docs/CLI.md` are made.
 */
import type { Client } from '../node/api/client.ts';
import type { Home } from '../node/home/home.ts';
import type { ExitCode } from './exit.ts';
import type { Page } from './page.ts';
import type { Terminal } from './terminal.ts';

/** What a command has to say: one JSON value for programs, one text for people. */
export interface Result {
  readonly json: unknown;
  readonly text: (page: Page) => string;
  /** 0 unless said otherwise. */
  readonly exit?: ExitCode;
}

export interface Context {
  readonly home: Home;
  readonly json: boolean;
  readonly terminal: Terminal;
  /** The daemon of this home. @throws GeoError E007 `daemon_unreachable` if none was started */
  client(): Promise<Client>;
  /** A line for the person beside the results (stderr). */
  talk(line: string): void;
  /** Prints a result before the command has ended. */
  print(result: Result): void;
}

export interface FlagOption {
  readonly kind: 'flag';
  readonly flags: string;
  readonly text: string;
}
export interface ValueOption<Value> {
  readonly kind: 'value';
  /** As commander reads it: `--max-hops <N>`. The member of the record has the same name in camelCase. */
  readonly flags: string;
  readonly text: string;
  /** @throws GeoError E009 `usage` */
  readonly read: (text: string) => Value;
}
export interface ListOption {
  readonly kind: 'list';
  readonly flags: string;
  readonly text: string;
}
export type CommandOption = FlagOption | ValueOption<unknown> | ListOption;

export const flag = (flags: string, text: string): FlagOption => ({ kind: 'flag', flags, text });
export const list = (flags: string, text: string): ListOption => ({ kind: 'list', flags, text });
export const value = <Value>(
  flags: string,
  text: string,
  read: (text: string) => Value,
): ValueOption<Value> => ({ kind: 'value', flags, text, read });

type ValueOf<Option> = Option extends FlagOption
  ? boolean
  : Option extends ListOption
    ? readonly string[]
    : Option extends ValueOption<infer Value>
      ? Value | undefined
      : never;

export type Group =
  | 'Identity and configuration'
  | 'The node'
  | 'Peers'
  | 'Equivalents and trust lines'
  | 'Payments'
  | 'Clearing'
  | 'Books'
  | 'Communities'
  | 'Members without a node'
  | 'Signing in'
  | 'The hub of a community'
  | 'Trying it out';

interface Heading {
  /** As typed after `geo`: `pay`, `trust set`. */
  readonly words: string;
  readonly group: Group;
  /** One line, without a full stop. */
  readonly summary: string;
  /** More for the help page. */
  readonly details?: string;
  readonly examples: readonly string[];
}

interface Definition<
  Arguments extends Readonly<Record<string, string>>,
  Options extends Readonly<Record<string, CommandOption>>,
> extends Heading {
  /** Name, in the order on the command line, to what it means. `[NAME]` may be left out: it is ''. */
  readonly arguments?: Arguments;
  readonly options?: Options;
  /** Works on the home directory itself: its refusals are about configuration, key or store (exit 4). */
  readonly local?: boolean;
  readonly run: (
    context: Context,
    given: {
      readonly [Name in keyof Arguments]: string;
    },
    options: { readonly [Name in keyof Options]: ValueOf<Options[Name]> },
  ) => Promise<Result | null>;
}

/** A row of the table: one command with its own types forgotten. */
export interface Command extends Heading {
  readonly arguments: Readonly<Record<string, string>>;
  readonly options: Readonly<Record<string, CommandOption>>;
  readonly local: boolean;
  readonly run: (
    context: Context,
    given: Readonly<Record<string, string>>,
    options: Readonly<Record<string, unknown>>,
  ) => Promise<Result | null>;
}

/** A program of its own that reads the rest of the command line itself. */
export interface Program extends Heading {
  /** @returns exit code */
  readonly forward: (argv: readonly string[]) => Promise<number>;
}

export type Row = Command | Program;

/** Checks a command's types where it is written. */
export function command<
  const Arguments extends Readonly<Record<string, string>> = Record<never, string>,
  const Options extends Readonly<Record<string, CommandOption>> = Record<never, CommandOption>,
>(definition: Definition<Arguments, Options>): Command {
  return {
    arguments: {},
    options: {},
    local: false,
    ...definition,
    // The parser hands over exactly the arguments and options that the definition names.
    run: definition.run as Command['run'],
  };
}
