/**
 * A participant that moves takes its books along whole, and is spoken for by one agent at a time
 * (docs/PROTOCOL.md, "Moving"): whoever admits an attempt in its name goes by a word that is not older than the newest
 * by which anybody has, and nobody else has an attempt of it under way.
 */
import type { Host } from '../simulator/host.ts';
import type { SeenHost } from '../simulator/seen-host.ts';
import { type Findings, short } from './findings.ts';
import {
  type BatchChange,
  isAdmitted,
  type Observed,
  type SeenAttempt,
  type SeenDisk,
  type StepRule,
} from './observed.ts';
import type { Hex, ReadEdge } from './reading.ts';

interface Spoken {
  readonly sequence: number;
  readonly host: Host;
}

export class Moves implements StepRule {
  /** Books that have come to another agent. */
  count = 0;
  /** Whoever has taken in somebody whose old agent is gone for ever, books and all. */
  readonly bereft = new Set<SeenHost>();
  readonly #findings: Findings;
  readonly #observed: Observed;
  /** By whom each participant was spoken for last, and by which word. */
  readonly #spoken = new Map<Hex, Spoken>();

  constructor(findings: Findings, observed: Observed) {
    this.#findings = findings;
    this.#observed = observed;
  }

  changed({ host, attempts, words }: BatchChange, disk: SeenDisk): void {
    for (const { before, after } of attempts) {
      if (!isAdmitted(host, before, after)) continue;
      for (const [participant, agent] of after.manifest.agentOf) {
        if (agent !== host.identity.hex) continue;
        const change = words.find((word) => word.participant === participant);
        // A turn before the one that brought a newer word may share its batch.
        const known = change === undefined ? disk.words.get(participant) : change.before;
        this.#spokenFor(host, participant, known?.sequence ?? 0, after);
      }
    }
  }

  /** The books of a participant have come whole from one agent to another. */
  moved(participant: Hex, from: Host, to: Host): void {
    this.count++;
    const [left, taken] = [this.#observed.of(from).edges, this.#observed.of(to).edges];
    for (const [name, old] of left) {
      if ((old.low !== participant && old.high !== participant) || old.count === 0) continue;
      const now = taken.get(name);
      if (now !== undefined && isGrown(old, now)) continue;
      const is = now === undefined ? 'nothing' : `${now.balance} after ${now.count}`;
      this.#findings.report(
        'moving',
        `${short(participant)} left ${old.balance} after ${old.count} with ${from.name}, and ${to.name} has ${is} (${name.slice(0, 16)})`,
      );
    }
  }

  #spokenFor(host: Host, participant: Hex, sequence: number, { manifest }: SeenAttempt): void {
    const last = this.#spoken.get(participant);
    if (last === undefined || sequence >= last.sequence) {
      this.#spoken.set(participant, { sequence, host });
    }
    if (last === undefined || last.host === host) return;
    const who = `${host.name} speaks for ${short(participant)} in ${short(manifest.hash)}`;
    if (sequence < last.sequence) {
      this.#findings.report('moving', `${who}, whom ${last.host.name} has spoken for since`);
    }
    // What it held when it went for ever, nobody will hear of.
    if (last.host.isGone) return;
    const { holding, attempts } = this.#observed.of(last.host);
    for (const hash of holding) {
      const other = attempts.get(hash)!;
      if (other.manifest.agentOf.get(participant) !== last.host.identity.hex) continue;
      this.#findings.report(
        'moving',
        `${who} while ${last.host.name} is ${other.phase} for it in ${short(hash)}`,
      );
    }
  }
}

/** The same book, or one that more has been written into. */
function isGrown(old: ReadEdge, now: ReadEdge): boolean {
  if (now.count !== old.count) return now.count > old.count;
  return now.balance === old.balance && now.digest === old.digest;
}
