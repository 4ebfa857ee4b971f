/** What can be seen of a world from outside its nodes: frames on the way, batches on the disks, processes. */
import type { StoreOp } from '../../node/ports.ts';
import type { SeenHost } from './seen-host.ts';

/** Why a frame did not arrive. */
export type Loss = 'lost' | 'cut off' | 'nobody there';

export interface Watch {
  /** A process hands a frame to its transport. */
  sent?(from: SeenHost, to: SeenHost | undefined, frame: Uint8Array): void;
  delivered?(from: SeenHost, to: SeenHost, frame: Uint8Array): void;
  dropped?(from: SeenHost, to: SeenHost | undefined, frame: Uint8Array, why: Loss): void;
  /** A batch is on the disk. Called before the process hears of it; the image still lacks the batch. */
  writing?(host: SeenHost, ops: readonly StoreOp[]): void;
  /** The same batch; the image has it now. */
  written?(host: SeenHost, ops: readonly StoreOp[], acknowledged: boolean): void;
  /** A batch that never reached the disk. */
  vanished?(host: SeenHost, ops: readonly StoreOp[], why: 'crash' | 'disk fault'): void;
  started?(host: SeenHost): void;
  crashed?(host: SeenHost): void;
  /**
   * A node did what none may: threw where it promises not to, or logged an error of its own.
   * @param invariant that its audit has found broken, if it is about that
   */
  alarm?(host: SeenHost | undefined, text: string, invariant?: string): void;
}

/** One watch out of many; they hear of everything in their order. */
export class Watches implements Watch {
  readonly #all: Watch[] = [];

  add(watch: Watch): void {
    this.#all.push(watch);
  }

  sent(from: SeenHost, to: SeenHost | undefined, frame: Uint8Array): void {
    for (const watch of this.#all) watch.sent?.(from, to, frame);
  }

  delivered(from: SeenHost, to: SeenHost, frame: Uint8Array): void {
    for (const watch of this.#all) watch.delivered?.(from, to, frame);
  }

  dropped(from: SeenHost, to: SeenHost | undefined, frame: Uint8Array, why: Loss): void {
    for (const watch of this.#all) watch.dropped?.(from, to, frame, why);
  }

  writing(host: SeenHost, ops: readonly StoreOp[]): void {
    for (const watch of this.#all) watch.writing?.(host, ops);
  }

  written(host: SeenHost, ops: readonly StoreOp[], acknowledged: boolean): void {
    for (const watch of this.#all) watch.written?.(host, ops, acknowledged);
  }

  vanished(host: SeenHost, ops: readonly StoreOp[], why: 'crash' | 'disk fault'): void {
    for (const watch of this.#all) watch.vanished?.(host, ops, why);
  }

  started(host: SeenHost): void {
    for (const watch of this.#all) watch.started?.(host);
  }

  crashed(host: SeenHost): void {
    for (const watch of this.#all) watch.crashed?.(host);
  }

  alarm(host: SeenHost | undefined, text: string, invariant?: string): void {
    for (const watch of this.#all) watch.alarm?.(host, text, invariant);
  }
}
