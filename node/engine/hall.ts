/**
 * The one hall to which all doors lead: frames from peers, commands from people, deadlines, restart.
 * Each event is one turn: load → step → seal → commit → send. A turn is synchronous, so there is
 * nothing to lock and nobody waits for anybody; only the disk is waited for, by many turns at once.
 */
import { GeoError } from '../../protocol/errors.ts';
import type { Ports } from '../ports.ts';
import { HISTORY_HEAD } from '../store/keys.ts';
import { decodeCount } from '../store/records.ts';
import { Deadlines, type DeadlineTopic } from './deadlines.ts';
import { GroupCommit } from './group-commit.ts';
import type { Notice } from './notices.ts';
import { State } from './state.ts';
import { Turn } from './turn.ts';

/** Between two attempts to use a store that has failed, ms. */
const RECOVER_MS = 1_000;

export interface HallSettings {
  /** Turns in one synced batch at most. */
  readonly batchTurnsMax: number;
  /** Turns that may wait for the disk; beyond it new events are refused. */
  readonly backlogMax: number;
}

export class Hall {
  readonly state: State;
  readonly commit: GroupCommit;
  readonly deadlines: Deadlines;
  readonly #ports: Ports;
  readonly #settings: HallSettings;
  readonly #listeners = new Set<(notice: Notice) => void>();
  readonly #additions: ((turn: Turn) => void)[] = [];
  #newestEntry = 0;
  #recovering = false;
  #stopped = false;
  #fault: string | undefined;
  /** Called when the state was read again after a failed write: as after a restart. */
  onReread: () => void = () => undefined;

  constructor(ports: Ports, settings: HallSettings, onDeadline: (topic: DeadlineTopic) => void) {
    this.#ports = ports;
    this.#settings = settings;
    this.state = new State(ports.store);
    this.deadlines = new Deadlines(ports.clock, onDeadline);
    this.commit = new GroupCommit(ports.store, ports.clock, settings.batchTurnsMax, () =>
      this.#onStoreFailure(),
    );
  }

  /** What is wrong with the store, if anything. */
  get storeFault(): string | undefined {
    return this.#fault;
  }

  /** Adds to each turn what follows from it, before it is sealed. */
  beforeSeal(add: (turn: Turn) => void): void {
    this.#additions.push(add);
  }

  listen(listener: (notice: Notice) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Runs one turn. Resolves with its result when everything it wrote is durable and sent off.
   * @throws GeoError what the turn refused (then nothing happened), or E010 `store_write_failed` |
   *   `store_recovering` | `overloaded`
   */
  turn<T>(work: (turn: Turn) => T): Promise<T> {
    return new Promise((resolve, reject) => {
      const value: T = this.#run(work, () => resolve(value), reject);
    });
  }

  /**
   * The same for whoever goes on with turns that build upon this one before it is durable: batches
   * keep the order of turns, so what the last of them sends rests on them all.
   * @returns resolves when it is durable. A rejection may be left alone: the later turns fail with it.
   * @throws GeoError at once what the turn refused
   */
  turnAhead(work: (turn: Turn) => void): Promise<void> {
    const durable = Promise.withResolvers<void>();
    this.#run(work, durable.resolve, durable.reject);
    durable.promise.catch(() => undefined);
    return durable.promise;
  }

  /**
   * For work that may wait before its first turn, so that little of it is in memory until then.
   * @returns resolves when the turn would soon be written; undefined if it would be now
   * @throws GeoError E010 `store_recovering` | `overloaded`
   */
  room(): Promise<void> | undefined {
    this.#requireReady();
    return this.commit.room();
  }

  #run<T>(work: (turn: Turn) => T, durable: () => void, failed: (error: GeoError) => void): T {
    this.#requireReady();
    const turn = new Turn(this.state, this.#ports.clock.now(), () => this.#nextEntry());
    const value = work(turn);
    for (const add of this.#additions) add(turn);
    const result = turn.finish();
    result.merge();
    this.commit.submit({
      ops: result.ops,
      committed: () => {
        this.#fault = undefined;
        for (const { to, frame } of result.sendings) this.#ports.transport.send(to, frame);
        for (const [topic, at] of result.deadlines) this.deadlines.set(topic, at);
        result.forget();
        durable();
        for (const notice of result.notices) this.#tell(notice);
      },
      failed,
    });
    return value;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.deadlines.stop();
    await this.commit.settled();
  }

  #requireReady(): void {
    if (this.#recovering) {
      throw new GeoError(
        'E010',
        'The store cannot be written; check the disk. The node tries again by itself.',
        {
          fault: 'store_recovering',
        },
      );
    }
    if (this.commit.backlog >= this.#settings.backlogMax) {
      throw new GeoError(
        'E010',
        'The node has more to write than its disk takes; try again later.',
        {
          fault: 'overloaded',
        },
      );
    }
  }

  /** Numbers of turns that threw or fell with the disk are not given again. */
  #nextEntry(): number {
    const head = this.state.meta.get(HISTORY_HEAD);
    const stored = head === undefined ? 0 : decodeCount(head);
    this.#newestEntry = Math.max(this.#newestEntry, stored) + 1;
    return this.#newestEntry;
  }

  /** What was built upon the lost batch is forgotten at once, before anyone hears of the failure. */
  async #onStoreFailure(): Promise<void> {
    this.#recovering = true;
    this.#fault = 'the last write failed; check the disk';
    this.#ports.log.error({ fault: 'store_write_failed' }, 'the store could not be written');
    await this.state.load().catch((error: unknown) => {
      this.#ports.log.error({ error: String(error) }, 'the store could not be read again');
    });
    void this.#recover();
  }

  /**
   * The store is the truth, but only once it has been written again: a refused batch may have
   * reached the disk, and turns up when the store is opened anew for the next write.
   */
  async #recover(): Promise<void> {
    try {
      await this.#ports.store.write([]);
      await this.state.load();
      this.#recovering = false;
      this.#fault = undefined;
      this.onReread();
      this.#tell({ type: 'store-reread' });
    } catch (error) {
      if (this.#stopped) return;
      this.#ports.log.warn({ error: String(error) }, 'the store cannot be used yet; trying again');
      this.#ports.clock.after(RECOVER_MS, () => void this.#recover());
    }
  }

  #tell(notice: Notice): void {
    for (const listener of this.#listeners) {
      try {
        listener(notice);
      } catch (error) {
        this.#ports.log.error({ error: String(error) }, 'a listener failed on a notice');
      }
    }
  }
}
