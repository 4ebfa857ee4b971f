/** Starts `store-writer.ts` and follows what it reports. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export interface WriterSettings {
  readonly directory: string;
  readonly first: number;
  readonly count: number;
  /** Bytes of each value; two values a write. */
  readonly bytes: number;
  /** End by closing the store instead of waiting to be killed. */
  readonly close?: boolean;
  /** A shell command line that ends in running its arguments, such as `ulimit -f 100; exec "$@"`. */
  readonly shell?: string;
}

export class StoreWriter {
  readonly acknowledged: number[] = [];
  /** `CODE FAULT ERRNO` of each refused write. */
  readonly refusals: string[] = [];
  readonly process: ChildProcess;
  readonly #ended: Promise<unknown>;
  #lines: string[] = [];
  #waiting: (() => void)[] = [];
  #errors = '';

  constructor(settings: WriterSettings) {
    const { directory, first, count, bytes, close, shell } = settings;
    const script = new URL('store-writer.ts', import.meta.url).pathname;
    const command = [
      process.execPath,
      script,
      directory,
      first,
      count,
      bytes,
      close ? 'close' : '',
    ].map(String);
    this.process = spawn('bash', ['-c', shell ?? 'exec "$@"', 'bash', ...command]);
    this.#ended = once(this.process, 'close');
    this.process.stderr?.on('data', (chunk) => {
      this.#errors += chunk;
    });
    createInterface({ input: this.process.stdout! }).on('line', (line) => this.#read(line));
  }

  /** Resolves when the condition holds; rejects if the process ends before. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      if (this.process.exitCode !== null || this.process.signalCode !== null) {
        throw new Error(`the writer ended early: ${this.#lines.at(-1)} ${this.#errors}`);
      }
      await Promise.race([
        new Promise<void>((resolve) => this.#waiting.push(resolve)),
        this.#ended,
      ]);
    }
  }

  said(line: string): boolean {
    return this.#lines.includes(line);
  }

  async kill(): Promise<void> {
    this.process.kill('SIGKILL');
    await this.#ended;
  }

  /** Resolves with the exit code. */
  async ended(): Promise<number | null> {
    await this.#ended;
    return this.process.exitCode;
  }

  #read(line: string): void {
    const [word, number, ...rest] = line.split(' ');
    if (word === 'ok') this.acknowledged.push(Number(number));
    else if (word === 'failed') this.refusals.push(rest.join(' '));
    else this.#lines.push(line);
    for (const wake of this.#waiting.splice(0)) wake();
  }
}
