/**
 * Who votes for whom, and for what a hub may not (docs/PROTOCOL.md, "Agents", "Membership"): a voter goes
 * by the newest word that it knows of both ends of an edge, never goes back to an older one, and
 * whoever is suspended is put under no new debt.
 */
import type { Host } from '../simulator/host.ts';
import { type Findings, short } from './findings.ts';
import type { BatchChange, EdgeChange, SeenAttempt, SeenDisk, StepRule } from './observed.ts';
import type { Hex } from './reading.ts';

export class Voting implements StepRule {
  readonly #findings: Findings;

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  changed(change: BatchChange, disk: SeenDisk): void {
    const { host, attempts, edges, words, statuses } = change;
    for (const { participant, before, after } of words) {
      if (before === undefined || before.sequence <= after.sequence) continue;
      this.#report(host, `goes back to an older word of ${short(participant)}`);
    }
    const changing = new Set(statuses.map(({ participant }) => participant));
    const isBarred = (participant: Hex) =>
      disk.suspended.has(participant) && !changing.has(participant);
    for (const { before, after } of attempts) {
      if (before !== undefined || !isVoter(host, after) || after.phase === 'ABORTED') continue;
      this.#agents(host, after, change, disk);
      const { hash, ends } = after.manifest;
      if (ends === undefined || !isBarred(ends.payer)) continue;
      this.#report(host, `votes for the payment ${short(hash)} of one who is suspended`);
    }
    // What must be honoured, and what other agents have voted on before, comes all the same.
    const isForced = attempts.some(
      ({ before, after }) =>
        before?.phase === 'ABORTED' || before?.phase === after.phase || !isVoter(host, after),
    );
    for (const edge of isForced ? [] : edges) {
      if (!isBarred(edge.after.low) && !isBarred(edge.after.high)) continue;
      if (!addsDebt(edge)) continue;
      this.#report(host, `brings new debt to ${edge.name}, where an end is suspended`);
    }
  }

  /** Both ends of each own edge have the agent in the manifest that the host knows, before or after this batch. */
  #agents(host: Host, { manifest }: SeenAttempt, { words, serves }: BatchChange, disk: SeenDisk) {
    for (const { debtor, creditor } of manifest.hops) {
      const isOwnEdge = serves.has(debtor) || serves.has(creditor);
      for (const end of [debtor, creditor]) {
        const agent = manifest.agentOf.get(end);
        // Beside its own edges it answers for those in whose name it votes itself.
        if (!isOwnEdge && agent !== host.identity.hex) continue;
        const change = words.find(({ participant }) => participant === end);
        const known = [disk.words.get(end), ...(change === undefined ? [] : [change.before])];
        if (known.some((word) => (word?.agent ?? end) === agent)) continue;
        this.#report(
          host,
          `lets ${short(agent ?? '')} vote for ${short(end)} in ${short(manifest.hash)}`,
        );
      }
    }
  }

  #report(host: Host, text: string): void {
    this.#findings.report('agents', `${host.name} ${text}`);
  }
}

function isVoter(host: Host, { manifest }: SeenAttempt): boolean {
  return manifest.voters.includes(host.identity.hex);
}

/** Could the debt, either way, become larger than it could before? */
function addsDebt({ before, after }: EdgeChange): boolean {
  const most = (debt: bigint) => (debt > 0n ? debt : 0n);
  const up = (edge = before) => most((edge?.balance ?? 0n) + (edge?.heldUp ?? 0n));
  const down = (edge = before) => most((edge?.heldDown ?? 0n) - (edge?.balance ?? 0n));
  return up(after) > up() || down(after) > down();
}
