/**
 * All debt that this node knows of, over time, and what it would have been without clearing. A hub knows
 * of its community's, others of their own.
 *
 * Looked at when books change, but no more than once a second, and written once a minute after that and with
 * every clearing: a node that is killed counts the seconds since then as if nothing had changed in them, as it
 * does with the time in which it did not run. Debts do not go away while nobody looks.
 */
import { DebtOverTime } from '../../protocol/clearing/report.ts';
import type { OpenClearing } from '../../protocol/machines/manifest.ts';
import type { EquivalentCode } from '../../protocol/money/equivalent.ts';
import type { Agents } from '../engine/agents.ts';
import type { Hall } from '../engine/hall.ts';
import type { Shelf } from '../engine/shelf.ts';
import type { Turn } from '../engine/turn.ts';
import type { Clock, Log } from '../ports.ts';
import { DebtTimeRecord } from '../store/cleared-record.ts';
import { OwnDebt } from './own-debt.ts';

/** By equivalent. */
export const DEBT_TIME: Shelf<DebtTimeRecord> = { prefix: 'debt-time', schema: DebtTimeRecord };

const LOOK_MS = 1_000;
const WRITE_MS = 60_000;

interface DebtAveragesContext {
  readonly clock: Clock;
  readonly log: Log;
  readonly hall: Hall;
  readonly agents: Agents;
  readonly isHub: boolean;
  /** All debt of the community, as a hub knows it, smallest unit. */
  readonly communityDebt: (equivalent: EquivalentCode) => bigint;
}

interface Observed {
  readonly time: DebtOverTime;
  cleared: bigint;
  lookedAt: number;
}

export class DebtAverages {
  readonly #context: DebtAveragesContext;
  readonly #kept: ReadonlyMap<string, DebtTimeRecord>;
  readonly #own = new OwnDebt();
  readonly #observed = new Map<EquivalentCode, Observed>();
  /** Changed since they were written. */
  readonly #unwritten = new Set<EquivalentCode>();
  #cancel: (() => void) | undefined;
  #stopped = false;

  constructor(context: DebtAveragesContext) {
    this.#context = context;
    const { hall, isHub } = context;
    this.#kept = hall.state.shelf(DEBT_TIME);
    hall.state.watchEdges({
      changed: (edge) => {
        if (!isHub) this.#own.changed(edge);
        this.#changed(edge.equivalent);
      },
      reloaded: () => {
        if (!isHub) this.#own.reload(hall.state.edges.values());
        this.#observed.clear();
      },
    });
  }

  /** A hub also looks by the clock: members' reports change what it knows of. */
  start(): void {
    if (this.#context.isHub) this.#writeLater();
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel?.();
  }

  /** All debt now, smallest unit. */
  debt(equivalent: EquivalentCode): bigint {
    const { isHub, communityDebt } = this.#context;
    return isHub ? communityDebt(equivalent) : this.#own.of(equivalent);
  }

  /** Since the first debt; smallest unit. */
  averages(equivalent: EquivalentCode): {
    readonly since: number;
    readonly debt: bigint;
    readonly withoutClearing: bigint;
  } {
    const { time } = this.#observe(equivalent);
    return { since: time.state.since, ...time.averages(this.#context.clock.now()) };
  }

  /** Debts are gone in this turn. */
  cleared(turn: Turn, clearing: OpenClearing): void {
    const { equivalent } = clearing.proposal;
    const observed = this.#observe(equivalent);
    observed.cleared += this.#removed(clearing);
    this.#write(turn, equivalent, observed);
  }

  /** How much less there is of the debts that this node knows of, smallest unit. */
  #removed({ proposal: { cycle, shortens }, amount }: OpenClearing): bigint {
    const { agents, isHub } = this.#context;
    let debts = 0;
    for (const [i, debtor] of cycle.entries()) {
      const creditor = cycle[(i + 1) % cycle.length]!;
      if (!isHub && !agents.served(debtor) && !agents.served(creditor)) continue;
      // A chain's last step is the debt that comes instead.
      debts += shortens === true && i === cycle.length - 1 ? -1 : 1;
    }
    return amount * BigInt(debts);
  }

  #changed(equivalent: EquivalentCode): void {
    this.#unwritten.add(equivalent);
    this.#writeLater();
    const known = this.#observed.get(equivalent);
    if (known !== undefined && this.#context.clock.now() - known.lookedAt < LOOK_MS) return;
    this.#observe(equivalent);
  }

  #observe(equivalent: EquivalentCode): Observed {
    const now = this.#context.clock.now();
    let observed = this.#observed.get(equivalent);
    if (observed === undefined) {
      const kept = this.#kept.get(equivalent);
      observed = { time: new DebtOverTime(kept), cleared: kept?.cleared ?? 0n, lookedAt: now };
      this.#observed.set(equivalent, observed);
    }
    observed.lookedAt = now;
    observed.time.observe(this.debt(equivalent), observed.cleared, now);
    return observed;
  }

  #writeLater(): void {
    if (this.#stopped) return;
    this.#cancel ??= this.#context.clock.after(WRITE_MS, () => {
      this.#cancel = undefined;
      if (this.#context.isHub) this.#lookAtAll();
      if (this.#unwritten.size > 0) void this.#writeAll();
      this.start();
    });
  }

  #lookAtAll(): void {
    for (const equivalent of this.#context.hall.state.equivalents.keys()) {
      const before = this.#observed.get(equivalent)?.time.state.debt ?? 0n;
      if (this.debt(equivalent) !== before) this.#unwritten.add(equivalent);
    }
  }

  async #writeAll(): Promise<void> {
    const { hall, log } = this.#context;
    const equivalents = [...this.#unwritten];
    this.#unwritten.clear();
    try {
      await hall.turn((turn) => {
        for (const equivalent of equivalents) {
          this.#write(turn, equivalent, this.#observe(equivalent));
        }
      });
    } catch (error) {
      // The next change tries again.
      log.warn({ error: String(error) }, 'averages of debt could not be written');
    }
  }

  #write(turn: Turn, equivalent: EquivalentCode, { time }: Observed): void {
    turn.shelve(DEBT_TIME, equivalent, time.state);
  }
}
