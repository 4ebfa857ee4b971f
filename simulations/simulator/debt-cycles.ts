/** Cycles and chains of debts as the disks of a world have them at this moment. */
import { CYCLE_MIN } from '../../protocol/limits.ts';
import { type Hex, readEdge } from '../checkers/reading.ts';
import { type SeededRandom, seededRandom } from '../random.ts';
import type { Host } from './host.ts';
import type { Participant, World } from './world.ts';

export interface DebtCycle {
  /** Each owes the next, the last of a cycle owes the first. */
  readonly members: readonly Participant[];
  /** The smallest of the debts. */
  readonly amount: bigint;
}

const LENGTH_MAX = 10;
const TRIES = 12;

/** Some cycle through a participant. @param luck which one: the same luck on the same disks finds the same */
export function debtCycleThrough(
  world: World,
  who: Participant,
  equivalent: string,
  luck: number,
): DebtCycle | undefined {
  const random = seededRandom(luck);
  const debts = debtsOf(world, equivalent);
  for (let i = 0; i < TRIES; i++) {
    const found = walk(who, debts, random);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Some chain that a participant is part of: of three, or a little longer. */
export function debtChainThrough(
  world: World,
  who: Participant,
  equivalent: string,
  luck: number,
): DebtCycle | undefined {
  const random = seededRandom(luck);
  const debts = debtsOf(world, equivalent);
  const owesWho = world.participants.filter((each) =>
    debts.get(each)!.some(({ creditor }) => creditor === who),
  );
  for (let i = 0; i < TRIES; i++) {
    const members = [random.pick([who, ...owesWho])];
    const length = CYCLE_MIN + (random.below(3) === 0 ? 1 : 0);
    let amount: bigint | undefined;
    while (members.length < length) {
      const ways = debts.get(members.at(-1)!)!;
      const fresh = ways.filter(({ creditor }) => !members.includes(creditor));
      if (fresh.length === 0) break;
      const way = random.pick(fresh);
      if (amount === undefined || way.amount < amount) amount = way.amount;
      members.push(way.creditor);
    }
    const isChain = members.length >= CYCLE_MIN && members.includes(who);
    if (isChain && amount !== undefined) return { members, amount };
  }
  return undefined;
}

type Debts = ReadonlyMap<
  Participant,
  readonly { readonly creditor: Participant; readonly amount: bigint }[]
>;

/** What everyone owes, by the disk of whoever votes for it. */
function debtsOf(world: World, equivalent: string): Debts {
  const byHex = new Map<Hex, Participant>(
    world.participants.map((each) => [each.identity.hex, each]),
  );
  const prefix = `edge/${equivalent}/`;
  // A disk is gone through once, not again for each whom its host votes for.
  const edgesOf = new Map<Host, [string, Uint8Array][]>();
  for (const { host } of world.participants) {
    if (edgesOf.has(host)) continue;
    edgesOf.set(
      host,
      [...host.disk.image].filter(([key]) => key.startsWith(prefix)),
    );
  }
  return new Map(
    world.participants.map((debtor) => {
      const { hex: me, pid } = debtor.identity;
      const debts: { creditor: Participant; amount: bigint }[] = [];
      for (const [key, value] of edgesOf.get(debtor.host)!) {
        // The key names both ends, so that of a hub's many edges only those of the debtor are read.
        if (!key.includes(pid)) continue;
        const { low, high, balance } = readEdge(value);
        const owed = me === high ? balance : -balance;
        const creditor = byHex.get(me === high ? low : high);
        if (owed <= 0n || creditor === undefined) continue;
        debts.push({ creditor, amount: owed });
      }
      return [debtor, debts];
    }),
  );
}

function walk(start: Participant, debts: Debts, random: SeededRandom): DebtCycle | undefined {
  const members = [start];
  let amount: bigint | undefined;
  while (members.length <= LENGTH_MAX) {
    const ways = debts.get(members.at(-1)!)!;
    const home = ways.find(({ creditor }) => creditor === start);
    const fresh = ways.filter(({ creditor }) => !members.includes(creditor));
    const closes = home !== undefined && members.length >= 3;
    const way = closes ? home : fresh.length === 0 ? undefined : random.pick(fresh);
    if (way === undefined) return undefined;
    if (amount === undefined || way.amount < amount) amount = way.amount;
    if (closes) return { members, amount };
    members.push(way.creditor);
  }
  return undefined;
}
