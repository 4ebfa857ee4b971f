/**
 * Clearings of a simulated community: payments round cycles of trust, so that debts arise there, then
 * proposals by one or by several at once, and what people say who want to be asked.
 */
import type { SeededRandom } from './random.ts';
import type { ClearingStep, Community, PayStep, Timed } from './work-steps.ts';

interface Clearings {
  readonly steps: Timed<PayStep | ClearingStep>[];
  /** How many of them are payments. */
  readonly payments: number;
}

/** Smallest units. */
const DEBT_MIN = 100;
const DEBT_MAX = 500;
/** Until the debts are there, ms. */
const PAID_MS = 1_500;
/** A person thinks for so long at most, ms. */
const THINK_MS_MAX = 9_000;
const CYCLE_MAX = 10;

/** @param from number of the first payment */
export function makeClearings(
  random: SeededRandom,
  community: Community,
  from: number,
  at: number,
): Clearings {
  const equivalent = random.pick(community.equivalents);
  const cycle = cycleOf(random, community, equivalent);
  if (cycle === undefined) return { steps: [], payments: 0 };
  const steps: Timed<PayStep | ClearingStep>[] = cycle.map((debtor, i) => {
    const amount = DEBT_MIN + random.below(DEBT_MAX - DEBT_MIN);
    const to = cycle[(i + 1) % cycle.length]!;
    const step = {
      do: 'pay',
      payment: from + i,
      from: debtor,
      to,
      equivalent,
      amount,
      paths: 1,
    } as const;
    return { at: at + random.below(200), step };
  });
  const payments = steps.length;
  const proposals = random.below(4) === 0 ? 2 : 1;
  for (let i = 0; i < proposals; i++) {
    const when = at + PAID_MS + random.below(400);
    steps.push({ at: when, step: makeProposal(random, community, equivalent) });
  }
  for (let host = 0; host < community.participants; host++) {
    // Some never answer: silence is a refusal.
    if (random.below(5) === 0) continue;
    const when = at + PAID_MS + 300 + random.below(THINK_MS_MAX);
    steps.push({ at: when, step: { do: 'answer', host, accept: random.below(4) > 0 } });
  }
  return { steps, payments };
}

/** By anyone, of whatever cycle there will be. */
export function makeProposal(
  random: SeededRandom,
  { participants }: Community,
  equivalent: string,
): ClearingStep {
  const percent = random.pick([20, 60, 100, 100, 100, 150]);
  const luck = random.below(1_000_000);
  return { do: 'clear', by: random.below(participants), equivalent, luck, percent };
}

/** Along trust, against its direction: whom `to` is trusted by it can come to owe. */
function cycleOf(
  random: SeededRandom,
  { participants, lines }: Community,
  equivalent: string,
): number[] | undefined {
  const creditors = Array.from({ length: participants }, (_, debtor) =>
    lines.flatMap((line) =>
      line.equivalent === equivalent && line.to === debtor ? [line.from] : [],
    ),
  );
  const start = random.below(participants);
  const path = [start];
  for (;;) {
    const ways = creditors[path.at(-1)!]!;
    if (path.length >= 3 && ways.includes(start) && random.below(3) > 0) return path;
    const fresh = ways.filter((host) => !path.includes(host));
    if (fresh.length === 0 || path.length === CYCLE_MAX) {
      return path.length >= 3 && ways.includes(start) ? path : undefined;
    }
    path.push(random.pick(fresh));
  }
}
