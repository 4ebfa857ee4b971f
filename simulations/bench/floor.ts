/** The bare primitives of a payment, in as many processes as a line has nodes. */
import { fileURLToPath } from 'node:url';
import { WorkerProcess } from '../worker-process.ts';
import type { FloorRecipe, LoneRecipe } from './floor-recipe.ts';
import type { FloorCalls, FloorIdentity } from './floor-worker.ts';
import type { Load, LoadResult } from './load.ts';
import type { Cpu } from './meter.ts';

const WORKER = fileURLToPath(new URL('floor-worker.ts', import.meta.url));

export interface FloorTally extends Cpu {
  readonly signatures: number;
  readonly verifications: number;
  readonly messagesIn: number;
}

export class Floor {
  readonly #workers: readonly WorkerProcess<FloorCalls>[];
  readonly #identities: readonly FloorIdentity[];

  private constructor(
    workers: readonly WorkerProcess<FloorCalls>[],
    identities: readonly FloorIdentity[],
  ) {
    this.#workers = workers;
    this.#identities = identities;
  }

  /** @param directory for the stores */
  static async start(directory: string, count: number): Promise<Floor> {
    const workers = Array.from(
      { length: count },
      (_, i) => new WorkerProcess<FloorCalls>(WORKER, [directory, String(i)]),
    );
    return new Floor(workers, await Promise.all(workers.map((worker) => worker.ask('open'))));
  }

  async prepare(recipe: FloorRecipe): Promise<void> {
    const all = this.#identities;
    await Promise.all(this.#workers.map((worker) => worker.ask('prepare', { all, recipe })));
  }

  async prepareAlone(recipe: LoneRecipe): Promise<void> {
    await this.#workers[0]!.ask('prepareAlone', recipe);
  }

  payAlone(load: Load): Promise<LoadResult> {
    return this.#workers[0]!.ask('payAlone', load);
  }

  pay(load: Load): Promise<LoadResult> {
    return this.#workers[0]!.ask('pay', load);
  }

  tally(): Promise<FloorTally[]> {
    return Promise.all(this.#workers.map((worker) => worker.ask('tally')));
  }

  async stop(): Promise<void> {
    await Promise.allSettled(this.#workers.map((worker) => worker.ask('close')));
    await Promise.all(this.#workers.map((worker) => worker.end()));
  }
}
