/**
 * A hub looks at everyone's debts, and clears what can be cleared, beside the payments: now and then, and as
 * soon as it seems worth it.
 */
import type { NetPositions } from '../../protocol/clearing/net-positions.ts';
import type { TxId } from '../../protocol/identity/pid.ts';
import type { EquivalentCode } from '../../protocol/money/equivalent.ts';
import type { Hall } from '../engine/hall.ts';
import type { PassPhase } from '../engine/notices.ts';
import type { Ports } from '../ports.ts';
import type { NodeSettings } from '../settings.ts';
import { ClearableEstimate } from './clearable-estimate.ts';
import type { Clearings } from './clearings.ts';
import { committedOf, removedBy } from './committed.ts';
import { type CycleSource, minAmountIn } from './cycle.ts';
import type { CommunityBooks } from './global-pass.ts';
import { PassProgress } from './pass-progress.ts';

interface PassesContext {
  readonly ports: Pick<Ports, 'clock' | 'log'>;
  readonly hall: Hall;
  readonly clearings: Pick<Clearings, 'clear'>;
  readonly source: CycleSource;
  /** undefined: nothing is known of such debts. */
  readonly books: (equivalent: EquivalentCode) => CommunityBooks | undefined;
  readonly settings: NodeSettings['clearing'];
}

/** So often it is looked whether a pass is worth it, so it is also the least rest between two, ms. */
const CHECK_MS = 10_000;
/** So often a running pass tells how far it is, ms. */
const TELL_MS = 5_000;
const PERMILLE_PER_PERCENT = 10;

export class Passes {
  readonly #context: PassesContext;
  readonly #estimates = new WeakMap<NetPositions, ClearableEstimate>();
  /** Ends of the last passes, or since when there could have been one; ms since 1970 UTC. */
  readonly #ended = new Map<EquivalentCode, number>();
  #running: PassProgress | undefined;
  /** Whether or not they have ended. */
  readonly #latest = new Map<EquivalentCode, PassProgress>();
  #cancel: (() => void) | undefined;
  #stopped = false;

  constructor(context: PassesContext) {
    this.#context = context;
  }

  /** The pass that is under way. */
  get running(): PassProgress | undefined {
    return this.#running;
  }

  /** The newest pass in each equivalent, since the start. */
  latest(): PassProgress[] {
    return [...this.#latest.values()];
  }

  start(): void {
    if (this.#context.settings.pass_ms === 0) return;
    for (const equivalent of this.#context.hall.state.equivalents.keys()) this.#rest(equivalent);
    this.#checkLater();
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel?.();
  }

  /** Ends the pass that is under way after the clearing that it is at. @returns whether there was one */
  cancel(): boolean {
    if (this.#running === undefined) return false;
    this.#running.isCancelled = true;
    return true;
  }

  /** @returns undefined if a pass is under way already, or nothing is known of such debts */
  begin(equivalent: EquivalentCode): PassProgress | undefined {
    if (this.#running !== undefined || this.#estimateOf(equivalent) === undefined) return undefined;
    const progress = this.#next(equivalent);
    void this.#carryOut(progress);
    return progress;
  }

  #checkLater(): void {
    const { ports, settings } = this.#context;
    if (this.#stopped) return;
    const wait = Math.min(CHECK_MS, settings.pass_ms);
    this.#cancel = ports.clock.after(wait, () => void this.#check());
  }

  async #check(): Promise<void> {
    for (const equivalent of [...this.#context.hall.state.equivalents.keys()]) {
      if (this.#running !== undefined || this.#stopped) break;
      if (this.#isDue(equivalent)) await this.#carryOut(this.#next(equivalent));
    }
    this.#checkLater();
  }

  #isDue(equivalent: EquivalentCode): boolean {
    const { ports, settings } = this.#context;
    const estimate = this.#estimateOf(equivalent);
    if (estimate === undefined) return false;
    const ended = this.#ended.get(equivalent) ?? this.#rest(equivalent);
    if (ports.clock.now() - ended >= settings.pass_ms) return true;
    const share = settings.pass_share_percent * PERMILLE_PER_PERCENT;
    return share > 0 && estimate.share >= share;
  }

  /** The time until the next pass begins to run. */
  #rest(equivalent: EquivalentCode): number {
    const now = this.#context.ports.clock.now();
    this.#ended.set(equivalent, now);
    return now;
  }

  #estimateOf(equivalent: EquivalentCode): ClearableEstimate | undefined {
    const positions = this.#context.books(equivalent)?.positions;
    if (positions === undefined) return undefined;
    let estimate = this.#estimates.get(positions);
    if (estimate === undefined) {
      estimate = new ClearableEstimate(positions);
      this.#estimates.set(positions, estimate);
    }
    return estimate;
  }

  #next(equivalent: EquivalentCode): PassProgress {
    const progress = new PassProgress(equivalent, this.#context.ports.clock.now());
    this.#running = progress;
    this.#latest.set(equivalent, progress);
    return progress;
  }

  async #carryOut(progress: PassProgress): Promise<void> {
    const { ports } = this.#context;
    const { equivalent } = progress;
    const learn = this.#estimateOf(equivalent)?.begin();
    try {
      await this.#tell(progress, 'SEARCHING');
      await this.#clear(progress);
      const isCut = this.#stopped || progress.isCancelled;
      await this.#tell(progress, isCut ? 'CANCELLED' : 'DONE');
    } catch (error) {
      ports.log.warn({ equivalent, error: String(error) }, 'a pass was left unfinished');
    } finally {
      // A pass that was cut short says little about what there was.
      if (!progress.isCancelled) learn?.(progress.cleared);
      this.#rest(equivalent);
      this.#running = undefined;
    }
  }

  async #clear(progress: PassProgress): Promise<void> {
    const { ports, source, clearings, settings, hall } = this.#context;
    const { equivalent } = progress;
    const question = {
      equivalent,
      maxLength: settings.pass_max_length,
      minAmount: minAmountIn(hall.state, settings, equivalent),
    };
    const watch = {
      isCancelled: () => this.#stopped || progress.isCancelled,
      found: (plan: NonNullable<PassProgress['plan']>) => {
        progress.plan = plan;
      },
    };
    let told = Number.NEGATIVE_INFINITY;
    for await (const cycle of source.find(question, watch)) {
      if (watch.isCancelled()) return;
      if (ports.clock.now() - told >= TELL_MS) {
        await this.#tell(progress, 'CLEARING');
        told = ports.clock.now();
      }
      this.#count(progress, await clearings.clear(cycle, false));
    }
  }

  #count(progress: PassProgress, tx: TxId): void {
    progress.tried++;
    const open = committedOf(this.#context.hall.state, tx);
    if (open === undefined) return;
    progress.committed++;
    progress.cleared += removedBy(open);
  }

  async #tell(progress: PassProgress, state: PassPhase): Promise<void> {
    const { ports, hall } = this.#context;
    const { equivalent, cleared, began } = progress;
    progress.phase = state;
    const precision = hall.state.equivalents.get(equivalent)?.precision ?? 0;
    await hall.turn((turn) => {
      const tookMs = Math.max(0, ports.clock.now() - began);
      const { text } = progress;
      turn.notice({ type: 'clearing-pass', state, equivalent, precision, cleared, tookMs, text });
    });
  }
}
