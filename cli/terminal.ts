/** What the CLI needs of the process around it, so that tests can be that process. */
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { text as readAll } from 'node:stream/consumers';
import { usageError } from './exit.ts';

export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Results. */
  out(text: string): void;
  /** Everything else: progress, prompts, errors. */
  err(text: string): void;
  /** Whether a person sees the results. */
  readonly interactive: boolean;
  /** Columns of the terminal; Infinity where there is none. */
  readonly columns: number;
  /** Whether results may carry colours. */
  readonly colours: boolean;
  /** Whether a person can be asked. */
  readonly inputIsPerson: boolean;
  /** The whole of standard input. */
  readInput(): Promise<string>;
  /** Asks a person without showing the answer. @throws GeoError E009 `usage` if there is no person */
  askSecret(question: string): Promise<string>;
  /** Resolves with the first SIGINT or SIGTERM; a second one ends the process at once. */
  stopSignal(): Promise<string>;
  /** Calls at each SIGHUP, which by itself would end the process. */
  onReload(reload: () => void): void;
}

/** https://no-color.org: any value that is not empty switches colours off. */
function coloursAllowed(env: NodeJS.ProcessEnv, isTty: boolean): boolean {
  return isTty && !env.NO_COLOR && env.TERM !== 'dumb';
}

export function processTerminal(): Terminal {
  const { stdin, stdout, stderr, env } = process;
  const interactive = stdout.isTTY === true;
  // `geo history | head` closes the pipe early; that is the reader's right and no error.
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(0);
  });
  return {
    env,
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    interactive,
    columns: interactive ? stdout.columns || 80 : Number.POSITIVE_INFINITY,
    colours: coloursAllowed(env, interactive),
    inputIsPerson: stdin.isTTY === true,
    readInput: () => readAll(stdin),
    askSecret,
    stopSignal,
    onReload: (reload) => void process.on('SIGHUP', reload),
  };
}

async function askSecret(question: string): Promise<string> {
  const { stdin, stderr } = process;
  if (stdin.isTTY !== true) {
    throw usageError(
      'There is no terminal to ask at: give the secret by a file or GEO_PASSPHRASE.',
    );
  }
  stderr.write(question);
  // readline echoes what is typed to its output; a secret's echo goes nowhere.
  const silence = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: stdin, output: silence, terminal: true });
  try {
    return await lines.question('');
  } catch (cause) {
    // Ctrl-C and Ctrl-D are the person's answer too.
    if ((cause as Error).name !== 'AbortError') throw cause;
    throw usageError('The question was not answered, so nothing was done.');
  } finally {
    lines.close();
    stderr.write('\n');
  }
}

function stopSignal(): Promise<string> {
  return new Promise((resolve) => {
    const stop = (signal: string) => {
      process.off('SIGINT', stop).off('SIGTERM', stop);
      resolve(signal);
    };
    process.on('SIGINT', stop).on('SIGTERM', stop);
  });
}
