/** Attempts to clear a cycle: a manifest of everyone in it, put to the vote, and what came of it. */

import { GeoError } from '../../protocol/errors.ts';
import type { Hash, Pid, TxId } from '../../protocol/identity/pid.ts';
import { clearable } from '../../protocol/ledger/clearing.ts';
import type { Refusal } from '../../protocol/ledger/reservation.ts';
import { routeOfCycle } from '../../protocol/machines/clearing-manifest.ts';
import { encodeManifest, openManifest } from '../../protocol/machines/manifest.ts';
import type { Agents } from '../engine/agents.ts';
import type { Attempts } from '../engine/attempts/attempts.ts';
import { AwaitedEnds } from '../engine/attempts/awaited-ends.ts';
import { proposalOf } from '../engine/attempts/clearing-records.ts';
import type { EdgeSync } from '../engine/edges/sync.ts';
import type { Hall } from '../engine/hall.ts';
import { manifestOf } from '../payments/attempt-plan.ts';
import type { Ports } from '../ports.ts';
import type { NodeSettings } from '../settings.ts';
import type { TransactionRecord } from '../store/records.ts';
import { type Cycle, cycleOf } from './cycle.ts';
import type { CycleKeys } from './cycle-keys.ts';
import { ownDebts } from './own-debts.ts';
import { UNDECIDED } from './refusals.ts';
import type { Spared } from './spared.ts';

/** How long debts to someone who did not vote are left alone, ms. */
const SILENT_MS = 60_000;

export interface ClearingAttemptsContext {
  readonly ports: Ports;
  readonly hall: Hall;
  readonly attempts: Attempts;
  readonly edges: EdgeSync;
  readonly agents: Agents;
  readonly spared: Spared;
  readonly cycleKeys: Pick<CycleKeys, 'learn'>;
  readonly settings: NodeSettings;
  /** An attempt that nobody here waits for has been aborted: the process was restarted in between. */
  readonly onInterrupted: (tx: TxId, refusal: Refusal) => void;
}

export class ClearingAttempts {
  readonly #context: ClearingAttemptsContext;
  readonly #ends: AwaitedEnds;

  constructor(context: ClearingAttemptsContext) {
    this.#context = context;
    this.#ends = new AwaitedEnds(context.hall, 'clearing', ({ outcome, tx, refusal }) => {
      if (outcome === 'ABORTED') context.onInterrupted(tx, refusal ?? UNDECIDED);
    });
  }

  /** @returns why it was aborted, or nothing if it has committed */
  async run(record: TransactionRecord, amount: bigint): Promise<Refusal | undefined> {
    const { hall, attempts, edges, cycleKeys } = this.#context;
    let hash: Hash | undefined;
    try {
      await cycleKeys.learn(cycleOf(proposalOf(record)));
      const open = openManifest(this.#manifest(record, amount));
      hash = open.hash;
      await edges.compareFor(open);
      const ended = this.#ends.of(open.hash);
      const refused = await hall.turn((turn) => attempts.start(turn, open));
      if (refused !== undefined) return refused;
      const { outcome, refusal, silent } = await ended;
      this.#spareSilent(open.equivalent, silent);
      return outcome === 'COMMITTED' ? undefined : (refusal ?? UNDECIDED);
    } catch (error) {
      if (!(error instanceof GeoError)) throw error;
      return { code: error.code, fault: error.details.fault, text: error.message };
    } finally {
      if (hash !== undefined) this.#ends.forget(hash);
    }
  }

  #manifest(record: TransactionRecord, amount: bigint): Uint8Array {
    const { ports, hall, agents, settings } = this.#context;
    const { state } = hall;
    const proposal = proposalOf(record);
    const { cycle, expires } = proposal;
    // What the own books allow needs no vote to find out.
    let fits = amount;
    for (const { edge, debtor, creditor } of ownDebts(state, cycleOf(proposal))) {
      const free = clearable(edge, { debtor, creditor });
      if (free > 0n && free < fits) fits = free;
    }
    const prepareBy = ports.clock.now() + settings.payments.prepare_ms;
    const plan = {
      kind: 'clearing' as const,
      order: record.order,
      attempt: record.attempts.length + 1,
      routes: [routeOfCycle(cycle, fits)],
      coordinator: ports.signer.publicKey,
      prepareBy: Math.min(prepareBy, expires),
      consents: record.clearing!.consents,
    };
    return encodeManifest(manifestOf(plan, agents));
  }

  /** Who does not answer now will hardly answer the next proposal. */
  #spareSilent(equivalent: Cycle['equivalent'], silent: readonly Pid[]): void {
    const { spared, ports } = this.#context;
    for (const pid of silent) spared.silent(pid, equivalent, ports.clock.now() + SILENT_MS);
  }
}
