/** A terminal that keeps what was written to it and answers what it is told to. */
import type { Terminal } from '../../../cli/terminal.ts';

export interface MemoryTerminal extends Terminal {
  readonly written: { out: string; err: string };
}

export interface MemoryTerminalOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly interactive?: boolean;
  readonly columns?: number;
  readonly colours?: boolean;
  readonly input?: string;
  /** Answers to secret questions, in order. */
  readonly answers?: readonly string[];
}

export function createMemoryTerminal(options: MemoryTerminalOptions = {}): MemoryTerminal {
  const written = { out: '', err: '' };
  const answers = [...(options.answers ?? [])];
  return {
    written,
    env: options.env ?? {},
    out: (text) => {
      written.out += text;
    },
    err: (text) => {
      written.err += text;
    },
    interactive: options.interactive ?? false,
    columns: options.columns ?? Number.POSITIVE_INFINITY,
    colours: options.colours ?? false,
    inputIsPerson: options.answers !== undefined,
    readInput: async () => options.input ?? '',
    askSecret: async () => {
      const answer = answers.shift();
      if (answer === undefined)
        throw new Error('a question was asked that the test did not expect');
      return answer;
    },
    stopSignal: () => new Promise(() => {}),
    onReload: () => undefined,
  };
}
