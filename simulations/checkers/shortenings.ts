/**
 * Shortening is wanted (docs/PROTOCOL.md, "Shortening"): whoever votes for it has, on its own disk, the word of
 * the creditor of each debt that goes, and of both ends of the debt that comes; and nobody is blocked there. That
 * the new debt keeps within its limits is judged with all others (`limits.ts`), that nobody gains in
 * `clearings.ts`.
 */
import type { Host } from '../simulator/host.ts';
import { type Findings, short } from './findings.ts';
import {
  type BatchChange,
  isAdmitted,
  type SeenAttempt,
  type SeenDisk,
  type StepRule,
} from './observed.ts';
import { edgeName, type Hex, type ReadEdge, type ReadLine } from './reading.ts';

export class Shortenings implements StepRule {
  /** Those that committed, by proposal. */
  readonly committed = new Set<Hex>();
  readonly #findings: Findings;

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  changed(change: BatchChange, disk: SeenDisk): void {
    for (const { before, after } of change.attempts) {
      const { clearing, tx } = after.manifest;
      if (clearing === undefined || !clearing.shortens) continue;
      if (isAdmitted(change.host, before, after)) this.#admitted(change, after, disk);
      if (after.phase === 'COMMITTED') this.committed.add(tx);
    }
  }

  #admitted(change: BatchChange, { manifest }: SeenAttempt, disk: SeenDisk): void {
    const { host } = change;
    const { hash, equivalent, hops, participants } = manifest;
    const [made, ...lowering] = hops;
    const lines = (debtor: Hex, creditor: Hex, owner: Hex) => {
      if (!host.serves.has(debtor) && !host.serves.has(creditor)) return undefined;
      const name = edgeName(equivalent, debtor, creditor);
      return linesAround(change, disk, name, owner);
    };
    for (const owner of [made!.debtor, made!.creditor]) {
      const around = lines(made!.debtor, made!.creditor, owner);
      if (around !== undefined && !around.some((line) => line?.shortens)) {
        this.#report(host, hash, `${short(owner)} has not allowed the debt that a chain makes`);
      }
    }
    // A hop runs against the debt that it lowers: who "pays" is owed less.
    for (const { debtor: owner, creditor } of lowering) {
      const around = lines(owner, creditor, owner);
      if (around !== undefined && !around.some((line) => line?.shortens)) {
        this.#report(host, hash, `${short(owner)} has not allowed that a debt to it goes`);
      }
    }
    const around = lines(made!.debtor, made!.creditor, made!.creditor);
    const blocks = (line: ReadLine | undefined) =>
      participants.some((participant) => line?.blocked.includes(participant));
    if (around?.every(blocks)) {
      this.#report(host, hash, `${short(made!.creditor)} blocks somebody of the chain`);
    }
  }

  #report(host: Host, hash: Hex, text: string): void {
    this.#findings.report('4 shortening', `${host.name} in ${short(hash)}: ${text}`);
  }
}

/** As the line is before this batch, and after it: turns of one batch come in some order. */
function linesAround(
  { edges }: BatchChange,
  disk: SeenDisk,
  name: string,
  owner: Hex,
): (ReadLine | undefined)[] {
  const now = disk.edges.get(name);
  const before = edges.find((each) => each.name === name)?.before ?? now;
  const lineOf = (edge: ReadEdge | undefined) =>
    edge?.low === owner ? edge.lowLine : edge?.highLine;
  return [lineOf(before), lineOf(now)];
}
