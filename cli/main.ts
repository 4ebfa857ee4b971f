/** `geo`: reads the command line, runs one command, prints its result, and ends with its exit code. */
import { resolve } from 'node:path';
import { softwareVersion } from '../config/version.ts';
import { defaultHomeDirectory, homeAt } from '../node/home/home.ts';
import { GeoError } from '../protocol/errors.ts';
import type { Context, Program, Result } from './command.ts';
import { COMMANDS } from './commands/index.ts';
import { openDaemonDoor } from './daemon-door.ts';
import { type ExitCode, exitCodeOf } from './exit.ts';
import { harmless, paint } from './page.ts';
import { type Invocation, readCommandLine } from './program.ts';
import { processTerminal, type Terminal } from './terminal.ts';

/** @param argv what follows `geo` */
export async function runCli(argv: readonly string[], terminal: Terminal): Promise<number> {
  const json = argv.includes('--json');
  let local = false;
  try {
    const program = programOf(argv);
    if (program !== undefined) {
      return await program.forward(argv.toSpliced(argv.indexOf(program.words), 1));
    }
    const page = { width: terminal.columns, colours: terminal.colours };
    const request = readCommandLine(argv, COMMANDS, page, softwareVersion());
    if (request.kind === 'page') {
      terminal.out(`${request.text}\n`);
      return 0;
    }
    local = request.invocation.command.local;
    return await runCommand(request.invocation, json, terminal);
  } catch (error) {
    const exit = exitCodeOf(error, local);
    printError(error, exit, json, terminal);
    return exit;
  }
}

/** A program reads its command line itself, so it is found before the parser looks at anything. */
function programOf(argv: readonly string[]): Program | undefined {
  const word = argv.find((each) => !each.startsWith('-'));
  return COMMANDS.find((row): row is Program => 'forward' in row && row.words === word);
}

async function runCommand(
  { command, given, options, home: named }: Invocation,
  json: boolean,
  terminal: Terminal,
): Promise<ExitCode> {
  const home = homeAt(resolve(named ?? terminal.env.GEO_HOME ?? defaultHomeDirectory()));
  const context: Context = {
    home,
    json,
    terminal,
    client: () => openDaemonDoor(home),
    talk: (line) => terminal.err(`${harmless(line)}\n`),
    print: (result) => printResult(result, json, terminal),
  };
  const result = await command.run(context, given, options);
  if (result === null) return 0;
  context.print(result);
  return result.exit ?? 0;
}

function printResult(result: Result, json: boolean, terminal: Terminal): void {
  const page = { width: terminal.columns, colours: terminal.colours };
  const indent = terminal.interactive ? 2 : undefined;
  terminal.out(`${json ? JSON.stringify(result.json, null, indent) : result.text(page)}\n`);
}

/** The sentence says what to do; code and fault are what a search or a bug report needs. */
function printError(error: unknown, exit: ExitCode, json: boolean, terminal: Terminal): void {
  const known =
    error instanceof GeoError
      ? error
      : new GeoError(
          'E010',
          'Something went wrong that should not have. Please report what stands below.',
          {
            fault: 'internal',
          },
        );
  const mark = paint(
    { width: 0, colours: terminal.colours },
    'red',
    `${known.code} ${known.details.fault}`,
  );
  const sentence = known.message.split('\n').map(harmless).join('\n');
  terminal.err(`${sentence} (${mark})\n`);
  if (known !== error) terminal.err(`${error instanceof Error ? error.stack : String(error)}\n`);
  if (json) terminal.out(`${JSON.stringify({ error: { ...known.toJSON(), exit } })}\n`);
}

/** Runs as the process: this is what the launcher and `node cli/main.ts` do. */
export async function runProcess(): Promise<void> {
  // exit() rather than waiting: a stopped daemon's sockets or timers must not keep the process.
  process.exit(await runCli(process.argv.slice(2), processTerminal()));
}

if (import.meta.main) await runProcess();
