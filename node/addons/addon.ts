/**
 * One add-on in the life of the node: its thread is started, asked, watched, ended, and started again
 * when it has failed, waiting twice as long each time, until it is given up. Nothing that a thread
 * says or does not say gets further than this file.
 */
import { GeoError, invalid } from '../../protocol/errors.ts';
import type { AddonThreads, Clock, Log } from '../ports.ts';
import type { LiveSource, NodeService } from '../service/contract.ts';
import type * as shapes from '../service/shapes.ts';
import type { NodeSettings } from '../settings.ts';
import type { AddonBooks } from './books.ts';
import { CAPABILITY_NAMES, type Capability } from './capabilities.ts';
import type { Declared } from './messages.ts';
import { Readings } from './readings.ts';
import { type Offers, Run, type RunContext } from './run.ts';

export interface AddonContextOfNode {
  readonly clock: Clock;
  readonly log: Log;
  readonly service: () => NodeService;
  readonly live: LiveSource;
  readonly books: AddonBooks;
  readonly settings: NodeSettings['addons'];
  readonly threads: AddonThreads;
  /** Whether no other add-on has the name. */
  readonly claim: (name: string, addon: Addon) => boolean;
  /** It was given up, or cannot be started. */
  readonly onFailed: (addon: Addon, reason: string) => void;
}

/** Longest pause before a restart, ms, unless the first one is longer already. */
const RESTART_MS_MAX = 60_000;
/** So long without a failure, and earlier ones are forgotten, ms. */
const HEALTHY_MS = 600_000;

/** A fault that trying again does not mend. */
class Refused extends Error {}

export class Addon {
  readonly source: string;
  readonly readings = new Readings();
  readonly #context: AddonContextOfNode;
  readonly #entry: NodeSettings['addons']['load'][number];
  #state: shapes.AddonState = 'stopped';
  #reason: string | null = null;
  #run: Run | undefined;
  #offers: Offers | undefined;
  /** Failures in a row, and when the last one was. */
  #row = 0;
  #lastFailure = 0;
  #restarts = 0;
  #failures = 0;
  #cancel: () => void = () => undefined;
  #restarting: Promise<void> | undefined;

  constructor(context: AddonContextOfNode, entry: NodeSettings['addons']['load'][number]) {
    this.#context = context;
    this.#entry = entry;
    this.source = entry.use;
  }

  get name(): string | undefined {
    return this.#offers?.declared.name;
  }

  get state(): shapes.AddonState {
    return this.#state;
  }

  get restarts(): number {
    return this.#restarts;
  }

  view(): shapes.Addon {
    const { declared, offered } = this.#offers ?? {};
    return {
      source: this.source,
      name: declared?.name ?? null,
      version: declared?.version ?? null,
      about: declared?.about ?? null,
      state: this.#state,
      reason: this.#reason,
      asks: declared?.capabilities ?? [],
      granted: [...this.#entry.grant],
      routes: (offered?.routes ?? []).map(({ method, path }) => `${method} ${path}`),
      sockets: (offered?.sockets ?? []).map(({ path }) => path),
      topics: offered?.topics ?? [],
      jobs: (offered?.jobs ?? []).map(({ name }) => name),
      restarts: this.#restarts,
      failures: this.#failures,
      stored_bytes: this.#run?.storedBytes ?? 0,
    };
  }

  /** What it serves, while it does. */
  get offers(): Offers | undefined {
    return this.#state === 'running' ? this.#offers : undefined;
  }

  /** The thread as it runs now. @throws GeoError E008 `addon_not_running` */
  running(): Run {
    if (this.#state === 'running' && this.#run !== undefined) return this.#run;
    throw new GeoError(
      'E008',
      `The add-on "${this.name ?? this.source}" is not running (${this.#state}). ${this.#reason ?? ''} See \`geo addons\`.`,
      { fault: 'addon_not_running' },
    );
  }

  /** Begins anew, whatever was before. */
  start(): void {
    this.#row = 0;
    void this.#begin();
  }

  /** Two that are asked for at one time are one. */
  restart(): Promise<void> {
    this.#restarting ??= this.stop()
      .then(() => this.start())
      .finally(() => {
        this.#restarting = undefined;
      });
    return this.#restarting;
  }

  /** Asks it to stop, waits a little, and ends it. */
  async stop(): Promise<void> {
    this.#cancel();
    const run = this.#run;
    this.#run = undefined;
    this.#become('stopped', null);
    await run?.stop();
  }

  async #begin(): Promise<void> {
    this.#become('starting', null);
    const { settings, clock, service, live, books, log, threads } = this.#context;
    let run: Run | undefined;
    try {
      const module = threads.locate(this.#entry.use);
      const context: RunContext = {
        settings,
        clock,
        log,
        service,
        live,
        books,
        threads,
        readings: this.readings,
        granted: this.#granted(),
        onFailed: (failed, reason) => this.#onFailed(failed, reason),
        onCallFailed: () => {
          this.#failures++;
        },
      };
      run = new Run(context);
      this.#run = run;
      const declared = await this.#load(run, module);
      this.#requireAllowed(declared.capabilities, declared.name);
      const offered = await run.setUp();
      // Stopped or started anew meanwhile.
      if (this.#run !== run) return;
      this.#offers = { declared, offered };
      this.#become('running', null);
      log.info({ addon: declared.name, version: declared.version }, 'an add-on runs');
      run.begin();
    } catch (error) {
      if (run !== undefined && this.#run !== run) return;
      const reason = error instanceof Error ? error.message : String(error);
      if (error instanceof Refused || error instanceof GeoError) await this.#refuse(reason);
      else if (run !== undefined) this.#onFailed(run, reason);
    }
  }

  /** What a module says against being loaded it would say again. */
  async #load(run: Run, module: string): Promise<Declared> {
    try {
      return await run.load(module, this.#entry.config);
    } catch (error) {
      throw run.isOver
        ? error
        : new Refused(error instanceof Error ? error.message : String(error));
    }
  }

  #granted(): Capability[] {
    return this.#entry.grant.map((name) => {
      const known = CAPABILITY_NAMES.find((each) => each === name);
      if (known !== undefined) return known;
      throw invalid(
        'unknown_capability',
        `There is no capability "${name}" to grant. There are: ${CAPABILITY_NAMES.join(', ')}.`,
      );
    });
  }

  #requireAllowed(asked: readonly Capability[], name: string): void {
    const missing = asked.filter((each) => !this.#entry.grant.includes(each));
    if (missing.length > 0) {
      throw new Refused(
        `It asks to read ${missing.join(', ')}, which the configuration does not grant: add it to "grant" of this add-on if you agree.`,
      );
    }
    if (!this.#context.claim(name, this)) {
      throw new Refused(`Another add-on is called "${name}" already: name one of the two only.`);
    }
  }

  async #refuse(reason: string): Promise<void> {
    const run = this.#run;
    this.#run = undefined;
    this.#become('refused', reason);
    this.#context.onFailed(this, reason);
    await run?.end();
  }

  #onFailed(run: Run, reason: string): void {
    if (this.#run !== run) return;
    this.#run = undefined;
    void run.end();
    const { clock, log, settings } = this.#context;
    const now = clock.now();
    if (now - this.#lastFailure > HEALTHY_MS) this.#row = 0;
    this.#lastFailure = now;
    this.#row++;
    if (this.#row > settings.restarts_max) {
      this.#become('failed', reason);
      this.#context.onFailed(this, reason);
      return;
    }
    const first = settings.restart_ms;
    const wait = Math.min(first * 2 ** (this.#row - 1), Math.max(first, RESTART_MS_MAX));
    this.#become('waiting', reason);
    log.warn({ addon: this.name ?? this.source, reason, ms: wait }, 'an add-on failed; again soon');
    this.#restarts++;
    this.#cancel = clock.after(wait, () => void this.#begin());
  }

  #become(state: shapes.AddonState, reason: string | null): void {
    this.#state = state;
    this.#reason = reason;
  }
}
