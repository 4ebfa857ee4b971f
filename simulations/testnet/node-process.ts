/** One operating system process that hosts one or more nodes: started, watched, killed, stopped. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { GeoError } from '../../protocol/errors.ts';

const LEASH = fileURLToPath(new URL('leash.ts', import.meta.url));
/** How long a process may take to end after SIGTERM, ms. */
const STOP_MS = 15_000;
const LOG_LINES_SHOWN = 15;

// Whoever leaves by process.exit() or by an error of its own must not leave nodes behind.
const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export interface LaunchOptions {
  /** Script and arguments for this very Node. */
  readonly script: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Everything that the process says is appended here. */
  readonly logFile: string;
  /** Called if it ends without having been asked to. */
  readonly onDeath: () => void;
}

export class NodeProcess {
  readonly logFile: string;
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  #askedToEnd = false;

  constructor(options: LaunchOptions) {
    this.logFile = options.logFile;
    // A file instead of a pipe: nothing is lost when either end is killed, and nobody waits for a reader.
    const log = openSync(options.logFile, 'a');
    try {
      this.#child = spawn(process.execPath, ['--import', LEASH, ...options.script], {
        env: options.env,
        stdio: ['ignore', log, log, 'ipc'],
      });
    } finally {
      closeSync(log);
    }
    const child = this.#child;
    running.add(child);
    this.#ended = new Promise((resolve) => {
      const end = () => {
        running.delete(child);
        resolve();
        if (!this.#askedToEnd) options.onDeath();
      };
      child.once('exit', end);
      child.once('error', end);
    });
    // The supervisor ends when its work is done, not when its nodes do.
    child.channel?.unref();
  }

  /** 0 if it could not be started at all. */
  get id(): number {
    return this.#child.pid ?? 0;
  }

  get alive(): boolean {
    return running.has(this.#child);
  }

  get ended(): Promise<void> {
    return this.#ended;
  }

  /** Has the compiled modules written where the next processes find them. */
  shareCompiled(): void {
    if (this.#child.connected) this.#child.send('flush-compile-cache');
  }

  /** Says a word to it and waits until it says the same; what is preloaded there understands it. */
  async tell(word: string): Promise<void> {
    const heard = new Promise<void>((resolve) => {
      const listen = (message: unknown) => {
        if (message !== word) return;
        this.#child.off('message', listen);
        resolve();
      };
      this.#child.on('message', listen);
    });
    this.#child.send(word);
    await Promise.race([heard, this.#ended]);
  }

  /** No chance to say goodbye: SIGKILL. */
  async kill(): Promise<void> {
    this.#askedToEnd = true;
    this.#child.kill('SIGKILL');
    await this.#ended;
  }

  /** SIGTERM, and SIGKILL if that is not enough. Tells whether it ended by itself, with exit code 0. */
  async stop(): Promise<boolean> {
    this.#askedToEnd = true;
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_MS);
    await this.#ended;
    clearTimeout(timer);
    return this.#child.exitCode === 0;
  }

  /** What it said last, for the person who has to find out why it failed. */
  async failure(fault: string, sentence: string): Promise<GeoError> {
    const text = await readFile(this.logFile, 'utf8').catch(() => '');
    const lines = text.trimEnd().split('\n').slice(-LOG_LINES_SHOWN);
    return new GeoError(
      'E010',
      `${sentence} Its log, ${this.logFile}, ends with:\n  ${lines.join('\n  ')}`,
      { fault, log: this.logFile },
    );
  }
}
