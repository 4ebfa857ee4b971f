/**
 * Random lawful work for a simulated community: who trusts whom, payments of every shape, clearings,
 * changes of trust lines, repeated commands. Everything is drawn from the seed before the run begins.
 */
import { makeClearings, makeProposal } from './clearing-work.ts';
import type { SeededRandom } from './random.ts';
import type { Community, LineStep, PayStep, Timed, WorkStep } from './work-steps.ts';

/** Limits, smallest units: small enough that payments meet them. */
const LIMIT_MIN = 200;
const LIMIT_MAX = 3_000;

/** A ring, so that everyone can reach everyone, and chords across it; lines in one or both directions. */
export function makeCommunity(random: SeededRandom, participants: number): Community {
  const equivalents = random.below(4) === 0 ? ['HOUR', 'KAVA'] : ['HOUR'];
  const lines: LineStep[] = [];
  for (const equivalent of equivalents) {
    const known = new Set<string>();
    const trust = (from: number, to: number) => {
      if (from === to || known.has(`${from} ${to}`)) return;
      known.add(`${from} ${to}`);
      const limit = LIMIT_MIN + random.below(LIMIT_MAX - LIMIT_MIN);
      const policy = policyOf(random, participants, from, to);
      lines.push({ do: 'line', from, to, equivalent, limit, ...policy });
    };
    const ring = random.shuffled(Array.from({ length: participants }, (_, i) => i));
    ring.forEach((from, i) => {
      const to = ring[(i + 1) % participants]!;
      trust(from, to);
      if (random.below(3) > 0) trust(to, from);
    });
    for (let chord = random.below(participants + 1); chord > 0; chord--) {
      const [from, to] = [random.below(participants), random.below(participants)];
      trust(from, to);
      if (random.below(2) === 0) trust(to, from);
    }
  }
  return { participants, equivalents, lines };
}

function policyOf(random: SeededRandom, hosts: number, from: number, to: number) {
  switch (random.below(12)) {
    case 0:
      return { policy: { can_be_intermediate: false } };
    case 1:
      return { policy: { dailyLimit: 200 + random.below(2_000) } };
    case 2: {
      const blocked = [random.below(hosts)].filter((host) => host !== from && host !== to);
      return { policy: { blocked } };
    }
    case 3:
    case 4:
      return { policy: { clears: false } };
    case 5:
      return { policy: { clearsAtMost: 20 + random.below(300) } };
    default:
      return {};
  }
}

/**
 * The work of one run.
 * @param payments how many at least
 * @param spanMs over which they are spread
 */
export function makeWork(
  random: SeededRandom,
  community: Community,
  payments: number,
  startMs: number,
  spanMs: number,
): Timed<WorkStep>[] {
  const work: Timed<WorkStep>[] = [];
  let made = 0;
  while (made < payments) {
    const at = startMs + random.below(spanMs);
    const burst = burstOf(random, community);
    for (const { from, to, amount, paths, delay } of burst) {
      const payment = made++;
      const equivalent = random.pick(community.equivalents);
      const step: PayStep = { do: 'pay', payment, from, to, equivalent, amount, paths };
      work.push({ at: at + delay, step });
      if (random.below(12) === 0) {
        work.push({ at: at + delay + random.below(8_000), step: { do: 'repeat', payment } });
      }
    }
    if (random.below(6) === 0) work.push({ at, step: changeOf(random, community) });
    if (random.below(6) === 0) {
      const clearing = makeClearings(random, community, made, at);
      made += clearing.payments;
      work.push(...clearing.steps);
    }
    if (random.below(2) === 0) {
      const equivalent = random.pick(community.equivalents);
      work.push({ at, step: makeProposal(random, community, equivalent) });
    }
  }
  return work;
}

interface Wish {
  readonly from: number;
  readonly to: number;
  readonly amount: number;
  readonly paths: number;
  readonly delay: number;
}

/** One payment, or several that meet: on one bottleneck, or the same way in both directions. */
function burstOf(random: SeededRandom, { participants: hosts }: Community): Wish[] {
  const [from, to] = pair(random, hosts);
  const amount = 1 + random.below(700);
  switch (random.below(10)) {
    case 0: {
      // Everyone at once to one payee: its lines are the bottleneck.
      const payers = Array.from({ length: hosts }, (_, i) => i).filter((host) => host !== to);
      return random.shuffled(payers).map((payer) => ({
        from: payer,
        to,
        amount: 1 + random.below(700),
        paths: 2,
        delay: random.below(40),
      }));
    }
    case 1:
      return [
        { from, to, amount, paths: 3, delay: 0 },
        { from: to, to: from, amount: 1 + random.below(700), paths: 3, delay: random.below(30) },
      ];
    case 2:
      return Array.from({ length: 3 }, () => ({
        from,
        to,
        amount: 1 + random.below(500),
        paths: 2,
        delay: random.below(40),
      }));
    case 3:
    case 4:
      // More than one line is likely to carry.
      return [{ from, to, amount: 800 + random.below(2_500), paths: 4, delay: 0 }];
    default:
      return [{ from, to, amount, paths: 3, delay: 0 }];
  }
}

function changeOf(random: SeededRandom, community: Community): WorkStep {
  const line = random.pick(community.lines);
  const { from, to, equivalent } = line;
  switch (random.below(10)) {
    case 9:
      // Perhaps there is no line that way.
      return { do: random.below(2) === 0 ? 'freeze' : 'close', from: to, to: from, equivalent };
    case 8:
      return { ...line, policy: { clears: random.below(2) === 0 } };
    case 7:
      return {
        ...line,
        policy: { clearsAtMost: random.below(3) === 0 ? null : random.below(400) },
      };
    case 0:
      return { do: 'freeze', from, to, equivalent };
    case 1:
      return { do: 'close', from, to, equivalent };
    case 2:
      return { ...line, policy: { can_be_intermediate: random.below(2) === 0 } };
    case 3:
      return {
        ...line,
        policy: { dailyLimit: random.below(2) === 0 ? null : random.below(2_000) },
      };
    case 4: {
      const blocked = [random.below(community.participants)].filter(
        (host) => host !== from && host !== to,
      );
      return { ...line, policy: { blocked } };
    }
    default: {
      const { policy: _, ...plain } = line;
      return { ...plain, limit: random.below(LIMIT_MAX) };
    }
  }
}

function pair(random: SeededRandom, hosts: number): [number, number] {
  const from = random.below(hosts);
  return [from, (from + 1 + random.below(hosts - 1)) % hosts];
}
