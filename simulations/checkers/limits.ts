/**
 * No debt above the limit, no hold that could lead there, and the policies of the lines
 * (docs/PROTOCOL.md, "Invariants": 2; "Trust lines"). Judged on the disk of the line's owner, whose
 * word decides.
 */
import type { Host } from '../simulator/host.ts';
import { type Findings, short } from './findings.ts';
import {
  type BatchChange,
  type EdgeChange,
  isAdmitted,
  type SeenAttempt,
  type SeenDisk,
  type StepRule,
} from './observed.ts';
import { edgeName, type Hex, type ReadEdge, type ReadLine } from './reading.ts';

/** New debt of a line, at the least: by how much the debt rose above its lowest state of the run. */
interface DailyMark {
  lowest: bigint;
  limit: bigint;
}

export class Limits implements StepRule {
  readonly #findings: Findings;
  readonly #days = new Map<string, DailyMark>();
  /** Edges on which a voter had to honour what it had released (R8): their limits are not promised. */
  readonly #excused = new Set<string>();
  /**
   * What debts may reach that a participant brought along, by owner and edge. Their transactions come batch by
   * batch in some order, so a debt may be above its limit until all of them are there.
   */
  readonly #onTheWay = new Map<string, bigint>();

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  changed(change: BatchChange, disk: SeenDisk): void {
    const { host, attempts, edges, words } = change;
    for (const { participant } of words) this.#forgetDays(host, participant);
    for (const { before, after } of attempts) {
      if (before?.phase === 'ABORTED' && after.phase === 'COMMITTED') {
        for (const { edge } of after.manifest.effects) this.#excused.add(`${host.name} ${edge}`);
      }
      if (isAdmitted(host, before, after)) this.#checkPolicies(host, after, edges, disk);
    }
    // What a participant brings along was judged where it was voted on; its lines may come after its debts.
    const brought = new Set(attempts.flatMap(({ before, after }) => broughtBy(before, after)));
    for (const each of edges) {
      for (const me of [each.after.low, each.after.high]) {
        if (!brought.has(each.name)) {
          if (host.serves.has(me)) this.#checkLimit(host, me, each);
          continue;
        }
        const key = dayKey(host, me, each.name);
        this.#days.delete(key);
        this.#onTheWay.set(key, reachOf(each.after, me));
      }
    }
  }

  #checkLimit(host: Host, me: Hex, { name, before, after }: EdgeChange): void {
    const line = lineInForce(before, after, me);
    const reach = reachOf(after, me);
    const where = `${host.name} with ${short(other(after, me))}`;
    if (this.#excused.has(`${host.name} ${name}`) || this.#isOnTheWay(host, me, name, after))
      return;
    if (line === undefined || line.status !== 'active') {
      // Nothing new: what is owed can shrink, up to nothing; what was held before may still come.
      const earlier = before === undefined ? 0n : reachOf(before, me);
      if (reach > 0n && reach > earlier) {
        this.#findings.report('2 limits', `${where}: new debt on a line that is not active`);
      }
    } else if (reach > line.limit) {
      this.#findings.report(
        '2 limits',
        `${where}: debt and holds may reach ${reach}, the limit is ${line.limit}`,
      );
    }
    if (line?.dailyLimit !== undefined) this.#checkDay(dayKey(host, me, name), after, me, line);
    else this.#days.delete(dayKey(host, me, name));
  }

  /** No more than what was brought along has made of it, and not within its limit since. */
  #isOnTheWay(host: Host, me: Hex, name: string, edge: ReadEdge): boolean {
    const key = dayKey(host, me, name);
    const brought = this.#onTheWay.get(key);
    if (brought === undefined) return false;
    const reach = reachOf(edge, me);
    if (reach > (lineOf(edge, me)?.limit ?? 0n) && reach <= brought) return true;
    this.#onTheWay.delete(key);
    return false;
  }

  /** The day's new debt is counted by each agent for itself, from when it takes over. */
  #forgetDays(host: Host, owner: Hex): void {
    for (const key of this.#days.keys()) {
      if (key.startsWith(dayKey(host, owner, ''))) this.#days.delete(key);
    }
  }

  #checkDay(key: string, edge: ReadEdge, me: Hex, line: ReadLine): void {
    const debt = reachOf({ ...edge, heldUp: 0n, heldDown: 0n }, me);
    const owed = debt > 0n ? debt : 0n;
    const limit = line.dailyLimit ?? 0n;
    const mark = this.#days.get(key);
    if (mark === undefined) {
      // What was held before the line had a daily limit may still be applied.
      const reach = reachOf(edge, me);
      this.#days.set(key, { lowest: owed, limit: reach > owed ? limit + reach - owed : limit });
      return;
    }
    if (owed < mark.lowest) mark.lowest = owed;
    if (limit > mark.limit) mark.limit = limit;
    if (owed - mark.lowest > mark.limit) {
      this.#findings.report(
        '2 daily limit',
        `${key}: ${owed - mark.lowest} of new debt in a day, ${mark.limit} allowed`,
      );
    }
  }

  /** The line as it was before this batch or as it is after it: turns of one batch come in some order. */
  #checkPolicies(
    host: Host,
    { manifest }: SeenAttempt,
    edges: readonly EdgeChange[],
    disk: SeenDisk,
  ): void {
    // They speak of payments; of clearings `clearings.ts`.
    if (manifest.clearing !== undefined) return;
    for (const { debtor, creditor, isIntermediate } of manifest.hops) {
      if (!host.serves.has(creditor)) continue;
      const name = edgeName(manifest.equivalent, debtor, creditor);
      const change = edges.find((each) => each.name === name);
      const lines = [change?.before ?? disk.edges.get(name), disk.edges.get(name)]
        .map((edge) => edge && lineOf(edge, creditor))
        .filter((line) => line !== undefined);
      if (lines.length === 0) continue;
      const where = `${host.name} in ${short(manifest.hash)} from ${short(debtor)}`;
      if (isIntermediate && lines.every((line) => !line.carries)) {
        this.#findings.report('policy', `${where}: carries for others against its policy`);
      }
      const allBlock = lines.every((line) =>
        manifest.participants.some((participant) => line.blocked.includes(participant)),
      );
      if (allBlock) this.#findings.report('policy', `${where}: deals with one whom it blocks`);
    }
  }
}

function dayKey(host: Host, owner: Hex, edge: string): string {
  return `${host.name} ${owner} ${edge}`;
}

/** Edges whose books, or a part of them, a participant has brought from another agent. */
function broughtBy(before: SeenAttempt | undefined, after: SeenAttempt): readonly string[] {
  const isNew = before === undefined && after.isInherited;
  return isNew || before?.phase === after.phase ? [...after.edges()] : [];
}

function lineOf(edge: ReadEdge, owner: Hex): ReadLine | undefined {
  return edge.low === owner ? edge.lowLine : edge.highLine;
}

function other(edge: ReadEdge, me: Hex): Hex {
  return edge.low === me ? edge.high : edge.low;
}

/** What the other side would owe `owner` if all that is held in that direction committed. */
function reachOf(edge: ReadEdge, owner: Hex): bigint {
  return edge.low === owner ? edge.balance + edge.heldUp : -edge.balance + edge.heldDown;
}

/**
 * The line that a batch's new debt was made on. A payment that was held and applied within one batch may
 * stand before a change of the line in it: the line of before counts if it allowed more.
 */
function lineInForce(before: ReadEdge | undefined, after: ReadEdge, me: Hex): ReadLine | undefined {
  const [old, now] = [before && lineOf(before, me), lineOf(after, me)];
  if (old?.status !== 'active' || now === undefined) return now;
  return now.status !== 'active' || now.limit < old.limit ? old : now;
}
