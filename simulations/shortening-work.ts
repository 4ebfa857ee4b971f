/**
 * Chains of debts of a simulated community, in runs in which some have allowed that they are shortened: lines that
 * say so, payments along a chain, proposals, and people who change their minds meanwhile. Drawn from a sequence of
 * its own, so that it changes no other work.
 */
import type { SeededRandom } from './random.ts';
import type { ClearingStep, Community, LineStep, PayStep, Timed } from './work-steps.ts';

interface Shortenings {
  /** The community, with the lines that allow it. */
  readonly community: Community;
  readonly steps: Timed<PayStep | ClearingStep | LineStep>[];
}

/** Each owes the next, and the first may come to owe the last. */
interface Chain {
  readonly first: number;
  readonly middle: number;
  readonly last: number;
  readonly equivalent: string;
}

const CHAINS_MAX = 4;
/** Smallest units. */
const DEBT_MIN = 50;
const DEBT_MAX = 400;
const LIMIT_MAX = 500;
/** Until the debts are there, ms. */
const PAID_MS = 1_500;

/** @param from number of the first payment */
export function makeShortenings(
  random: SeededRandom,
  community: Community,
  from: number,
  startMs: number,
  spanMs: number,
): Shortenings {
  const lines = new Map(community.lines.map((line) => [nameOf(line), line]));
  const steps: Shortenings['steps'] = [];
  let payment = from;
  for (let count = 1 + random.below(CHAINS_MAX); count > 0; count--) {
    const chain = chainIn(random, community);
    if (chain === undefined) continue;
    allow(random, lines, chain);
    const at = startMs + random.below(spanMs);
    steps.push(...stepsOf(random, chain, payment, at));
    payment += 2;
    if (random.below(3) === 0) {
      const when = at + PAID_MS + random.below(600);
      steps.push({ at: when, step: secondThoughts(random, chain, lines) });
    }
  }
  return { community: { ...community, lines: [...lines.values()] }, steps };
}

/** Three who trust each other in a row. */
function chainIn(random: SeededRandom, { lines }: Community): Chain | undefined {
  const one = random.pick(lines);
  const next = lines.filter(
    ({ equivalent, from, to }) =>
      equivalent === one.equivalent && to === one.from && from !== one.to,
  );
  if (next.length === 0) return undefined;
  const other = random.pick(next);
  const { equivalent } = one;
  return { first: one.to, middle: one.from, last: other.from, equivalent };
}

/** All lines that it takes; now and then one is not there, or does not allow it. */
function allow(random: SeededRandom, lines: Map<string, LineStep>, chain: Chain): void {
  const { first, middle, last, equivalent } = chain;
  for (const [from, to, limit] of [
    [middle, first, LIMIT_MAX],
    [last, middle, LIMIT_MAX],
    [last, first, random.below(LIMIT_MAX)],
    [first, last, 0],
  ] as const) {
    if (random.below(10) === 0) continue;
    const fresh: LineStep = { do: 'line', from, to, equivalent, limit };
    const line = lines.get(nameOf(fresh)) ?? fresh;
    lines.set(nameOf(line), { ...line, policy: { ...line.policy, shortens: true } });
  }
}

function stepsOf(
  random: SeededRandom,
  { first, middle, last, equivalent }: Chain,
  payment: number,
  at: number,
): Timed<PayStep | ClearingStep>[] {
  const pay = (from: number, to: number, number: number): Timed<PayStep> => {
    const amount = DEBT_MIN + random.below(DEBT_MAX - DEBT_MIN);
    const step = { do: 'pay', payment: number, from, to, equivalent, amount, paths: 1 } as const;
    return { at: at + random.below(200), step };
  };
  const steps: Timed<PayStep | ClearingStep>[] = [
    pay(first, middle, payment),
    pay(middle, last, payment + 1),
  ];
  for (let tries = 1 + random.below(2); tries > 0; tries--) {
    const by = random.pick([first, middle, last]);
    const luck = random.below(1_000_000);
    const percent = random.pick([30, 100, 100, 150]);
    const step = { do: 'clear', by, equivalent, luck, percent, shortens: true } as const;
    steps.push({ at: at + PAID_MS + random.below(400), step });
  }
  return steps;
}

/** Somebody no longer wants it, or gives less credit, perhaps while it is voted on. */
function secondThoughts(
  random: SeededRandom,
  { first, middle, last, equivalent }: Chain,
  lines: ReadonlyMap<string, LineStep>,
): LineStep {
  const [from, to] = random.pick([
    [middle, first],
    [last, middle],
    [last, first],
    [first, last],
  ]) as [number, number];
  const limit = random.below(2) === 0 ? random.below(LIMIT_MAX) : LIMIT_MAX;
  const line: LineStep = { do: 'line', from, to, equivalent, limit };
  const known = lines.get(nameOf(line)) ?? line;
  return { ...known, limit, policy: { shortens: random.below(2) === 0 } };
}

function nameOf({ from, to, equivalent }: LineStep): string {
  return `${equivalent} ${from} ${to}`;
}
