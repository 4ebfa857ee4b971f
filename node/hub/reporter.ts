/**
 * What this node tells the hubs of its communities about its edges, so that they can lead payments
 * over them (docs/PROTOCOL.md, "Hub routes"): all of them at first and from time to time, and soon
 * after each change those that changed. A report that is lost is made good by the next one.
 */
import { type Pid, type PublicKey, pidFromPublicKey } from '../../protocol/identity/pid.ts';
import { type Edge, edgeKey } from '../../protocol/ledger/edge.ts';
import { REPORT_EDGES_MAX } from '../../protocol/limits.ts';
import { seal, signedFrame } from '../../protocol/wire/envelope.ts';
import type { ReportedEdge } from '../../protocol/wire/messages/report.ts';
import type { Agents } from '../engine/agents.ts';
import type { Hall } from '../engine/hall.ts';
import type { Turn } from '../engine/turn.ts';
import type { Clock, Log, Signer } from '../ports.ts';
import { viewOf } from './edge-view.ts';

export interface ReporterContext {
  readonly clock: Clock;
  readonly signer: Signer;
  readonly log: Log;
  readonly hall: Hall;
  readonly agents: Agents;
  /** Hubs that have this participant as an active member. */
  readonly hubs: () => readonly PublicKey[];
  readonly isBarred: (participant: Pid) => boolean;
  readonly settings: { readonly report_ms: number; readonly report_delay_ms: number };
}

export class Reporter {
  readonly #context: ReporterContext;
  /** Keys of edges that have changed since the last report. */
  readonly #changed = new Set<string>();
  #sequence = 0;
  #soon: (() => void) | undefined;
  #regular: (() => void) | undefined;

  constructor(context: ReporterContext) {
    this.#context = context;
  }

  /** Reports all edges now and then. */
  start(): void {
    const { clock, settings } = this.#context;
    const next = () => {
      this.#regular = clock.after(settings.report_ms, next);
      for (const hub of this.#context.hubs()) this.reportAll(hub);
    };
    this.#regular = clock.after(settings.report_ms, next);
  }

  stop(): void {
    this.#soon?.();
    this.#regular?.();
  }

  /** An edge is other than before; several changes go out together. */
  changed(edge: Edge): void {
    const { clock, settings, hubs } = this.#context;
    if (hubs().length === 0) return;
    this.#changed.add(edgeKey(edge));
    this.#soon ??= clock.after(settings.report_delay_ms, () => {
      this.#soon = undefined;
      const keys = [...this.#changed];
      this.#changed.clear();
      for (const hub of hubs()) this.#report(hub, keys);
    });
  }

  /** A hub has taken this node in, or is there again. */
  reportAll(hub: PublicKey): void {
    this.#report(hub, [...this.#context.hall.state.edges.keys()]);
  }

  /** In turns of its own: what is told rests on what earlier turns have written. */
  #report(hub: PublicKey, keys: readonly string[]): void {
    const { hall, log } = this.#context;
    for (let at = 0; at < keys.length; at += REPORT_EDGES_MAX) {
      const part = keys.slice(at, at + REPORT_EDGES_MAX);
      hall
        .turn((turn) => this.#send(turn, hub, part))
        .catch((error: unknown) => {
          log.debug({ error: String(error) }, 'a report was left out; the next one makes it good');
        });
    }
  }

  #send(turn: Turn, hub: PublicKey, keys: readonly string[]): void {
    const { signer, hall } = this.#context;
    const edges = keys.flatMap((key) => {
      const edge = hall.state.edges.get(key);
      return edge === undefined || this.#isBetween(edge, hub) ? [] : [this.#reported(edge)];
    });
    if (edges.length === 0) return;
    // Grows over restarts too, as long as the clock does not go far back.
    this.#sequence = Math.max(this.#sequence + 1, turn.now);
    const body = {
      reporter_key: signer.publicKey,
      hub: pidFromPublicKey(hub),
      sequence: this.#sequence,
      edges,
    };
    const envelope = seal('EDGE_REPORT', body, signer.publicKey, (m) => signer.sign(m));
    turn.send(hub, signedFrame('EDGE_REPORT', envelope));
  }

  /** The hub has that edge in its own books. */
  #isBetween(edge: Edge, hub: PublicKey): boolean {
    const { agents } = this.#context;
    return agents.isAgent(hub, edge.low) || agents.isAgent(hub, edge.high);
  }

  #reported(edge: Edge): ReportedEdge {
    const { low, high, equivalent, precision } = edge;
    const view = viewOf(edge, this.#context.isBarred, 0);
    return {
      low,
      high,
      equivalent,
      precision,
      balance: view.balance,
      up: view.up,
      down: view.down,
      low_carries: view.lowCarries,
      high_carries: view.highCarries,
    };
  }
}
