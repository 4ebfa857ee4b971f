/**
 * Payments that nobody listed: random, lawful, the same for the same seed.
 *
 * Most of them (nine in ten) are drawn along a walk over trust lines whose policies allow it, with an
 * amount that is small against the narrowest line, so that they are payable until the lines fill up.
 * The rest are between any two participants and of any size, and show what a refusal looks like.
 */
import { GeoError } from '../../protocol/errors.ts';
import type { SeededRandom } from '../random.ts';
import type { Community, CommunityLine, PaymentPlan } from './community.ts';

/** One payment in so many is drawn without looking at the lines. */
const BLIND_ONE_IN = 10;
const WALK_HOPS_MAX = 5;
/** Amounts along a walk are between these parts of its narrowest line. */
const LARGEST_PART = 6n;
const SMALLEST_PART = 600n;

/**
 * @returns `count` payments in the order in which to start them
 * @throws GeoError E009 `too_few_participants` if nobody could pay anybody
 */
export function makePayments(
  community: Community,
  count: number,
  random: SeededRandom,
): PaymentPlan[] {
  const active = community.participants.filter(({ participation }) => participation === 'active');
  if (active.length < 1 || community.participants.length < 2) {
    throw new GeoError(
      'E009',
      'Payments need at least two participants of whom one is active: add some to the community file.',
      { fault: 'too_few_participants' },
    );
  }
  const activeIds = new Set(active.map(({ id }) => id));
  const lines = community.trustLines.filter(
    ({ from, to, limit }) => limit > 0n && activeIds.has(from) && activeIds.has(to),
  );
  const linesByDebtor = Map.groupBy(lines, ({ to, equivalent }) => `${equivalent}/${to}`);
  return Array.from({ length: count }, () => {
    if (lines.length === 0 || random.below(BLIND_ONE_IN) === 0) {
      return blindPayment(community, [...activeIds], random);
    }
    return walkPayment(lines, linesByDebtor, random);
  });
}

/** A line lets a payment hop from `to` to `from`; the walk follows lines from debtor to creditor. */
function walkPayment(
  lines: readonly CommunityLine[],
  linesByDebtor: ReadonlyMap<string, readonly CommunityLine[]>,
  random: SeededRandom,
): PaymentPlan {
  const first = random.pick(lines);
  const walk = [first];
  const visited = new Set([first.to, first.from]);
  const hops = 1 + random.below(WALK_HOPS_MAX);
  for (let last = first; walk.length < hops && last.policy.can_be_intermediate; ) {
    const onward = linesByDebtor
      .get(`${last.equivalent}/${last.from}`)
      ?.filter(({ from }) => !visited.has(from));
    if (onward === undefined || onward.length === 0) break;
    last = random.pick(onward);
    walk.push(last);
    visited.add(last.from);
  }
  const payee = walk.at(-1) ?? first;
  const narrowest = walk.map(usable).reduce((least, limit) => (limit < least ? limit : least));
  return {
    from: first.to,
    to: payee.from,
    equivalent: first.equivalent,
    amount: logUniform(narrowest / SMALLEST_PART, narrowest / LARGEST_PART, random),
  };
}

function usable({ limit, policy }: CommunityLine): bigint {
  const daily = policy.daily_limit;
  return daily !== null && daily < limit ? daily : limit;
}

function blindPayment(
  community: Community,
  activeIds: readonly string[],
  random: SeededRandom,
): PaymentPlan {
  const from = random.pick(activeIds);
  const others = community.participants.filter(({ id }) => id !== from);
  const { code, precision } = random.pick(community.equivalents);
  const limits = community.trustLines.filter(({ equivalent }) => equivalent === code);
  const largest = limits.reduce((most, { limit }) => (limit > most ? limit : most), 1n);
  const unit = 10n ** BigInt(precision);
  return {
    from,
    to: random.pick(others).id,
    equivalent: code,
    amount: logUniform(unit < largest ? unit : 1n, largest, random),
  };
}

/** Between `least` and `most`, each power of ten as likely as another; at least 1. */
function logUniform(least: bigint, most: bigint, random: SeededRandom): bigint {
  const low = least < 1n ? 1n : least;
  const high = most < low ? low : most;
  const exponent = Math.log(Number(low)) + random.real() * Math.log(Number(high) / Number(low));
  const drawn = BigInt(Math.floor(Math.exp(exponent)));
  return drawn < low ? low : drawn > high ? high : drawn;
}
