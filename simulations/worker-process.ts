/** A process of its own that answers calls over its IPC channel: both ends of it. */
import { type ChildProcess, fork } from 'node:child_process';

/** What a worker answers to. Arguments and results are anything that can be cloned, bytes included. */
export type Calls = Readonly<Record<string, (argument: never) => unknown>>;

interface Question {
  readonly id: number;
  readonly name: string;
  readonly argument: unknown;
}

interface Answer {
  readonly id: number;
  readonly result?: unknown;
  readonly fault?: string;
}

type Argument<Call extends (argument: never) => unknown> = Parameters<Call>;
type Result<Call extends (argument: never) => unknown> = Promise<Awaited<ReturnType<Call>>>;

/** Answers calls until the process that made this one is gone. */
export function serve(calls: Calls): void {
  process.on('message', async ({ id, name, argument }: Question) => {
    process.send?.(await answer(calls, id, name, argument));
  });
  process.once('disconnect', () => process.exit());
}

async function answer(calls: Calls, id: number, name: string, argument: unknown): Promise<Answer> {
  try {
    return { id, result: await calls[name]!(argument as never) };
  } catch (error) {
    return { id, fault: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

export interface WorkerOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** Of Node itself; absent: as this process was started. */
  readonly execArgv?: string[];
}

export class WorkerProcess<C extends Calls> {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  readonly #ended = Promise.withResolvers<void>();
  #asked = 0;

  /** @param script file that calls {@link serve} */
  constructor(script: string, argv: readonly string[], options: WorkerOptions = {}) {
    this.#child = fork(script, argv, { serialization: 'advanced', ...options });
    this.#child.on('message', ({ id, result, fault }: Answer) => {
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (fault === undefined) waiting?.resolve(result);
      else waiting?.reject(new Error(`${script}: ${fault}`));
    });
    this.#child.once('exit', () => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`${script} has ended`));
      this.#ended.resolve();
    });
  }

  ask<N extends keyof C & string>(name: N, ...[argument]: Argument<C[N]>): Result<C[N]> {
    const waiting = Promise.withResolvers<unknown>();
    const id = this.#asked++;
    this.#waiting.set(id, waiting);
    const question: Question = { id, name, argument };
    this.#child.send(question);
    return waiting.promise as Result<C[N]>;
  }

  /** Ends it; what it had to close, a call has closed before. */
  async end(): Promise<void> {
    if (this.#child.connected) this.#child.disconnect();
    await this.#ended.promise;
  }
}
