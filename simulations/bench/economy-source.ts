/** What `bench economy` replays: lines at the start, and payments in their order. */
import { basename } from 'node:path';
import { AMOUNT_MAX } from '../../protocol/limits.ts';
import type { EquivalentCode } from '../../protocol/money/equivalent.ts';
import type { Community } from '../community/community.ts';
import { parseCommunity } from '../community/file.ts';
import { makePayments } from '../community/workload.ts';
import { seededRandom } from '../random.ts';
import { type EconomyOptions, SUPPLIERS } from './economy-options.ts';
import { badFile, readText } from './files.ts';
import { rows, whole } from './route-files.ts';

export type Hop = readonly [debtor: number, creditor: number];

export interface Economy {
  /** Participants are 0 .. participants − 1. */
  readonly participants: number;
  readonly lines: readonly EconomyLine[];
  readonly payments: readonly EconomyPayment[];
  /** Participant → hops whose creditors do not carry its payments. */
  readonly closedTo: ReadonlyMap<number, readonly Hop[]>;
  /** Debts whose creditors want to be asked: nobody answers here, so they stay. */
  readonly asking: readonly Hop[];
}

interface EconomyLine {
  readonly debtor: number;
  readonly creditor: number;
  /** Smallest unit. */
  readonly limit: bigint;
  readonly debt: bigint;
  readonly carries: boolean;
}

export interface EconomyPayment {
  readonly from: number;
  readonly to: number;
  /** Smallest unit. */
  readonly amount: bigint;
  /** Any unit of time, whole, never falling; without times in the trace, the place in it. */
  readonly at: number;
}

/** Nobody's debts in a trace without lines come near it. */
const UNLIMITED = AMOUNT_MAX;

/** @throws GeoError E009 `unreadable_file` | `bad_file` | `bad_community_file` | `too_few_participants` */
export function readEconomy({ source }: EconomyOptions): Economy {
  if ('trace' in source) {
    const graph = source.graph === undefined ? undefined : readText(source.graph);
    return economyFromTrace(readText(source.trace), source.trace, graph, source.graph);
  }
  if ('members' in source) return economyOfSuppliers(source.members, source.payments, source.seed);
  const community = parseCommunity(readText(source.community), basename(source.community));
  return economyOf(community, source.payments, source.seed);
}

/**
 * @param graph the text of the file of lines; without one every payee trusts its payers without limit
 * @throws GeoError E009 `bad_file`
 */
export function economyFromTrace(
  text: string,
  file: string,
  graph: string | undefined,
  graphFile = 'the graph',
): Economy {
  const numbers = new Numbers();
  const lines = new Map<string, EconomyLine>();
  if (graph !== undefined) {
    for (const [from, to, limit, debt] of rows(graph, graphFile, ['from', 'to', 'limit', 'debt'])) {
      const debtor = numbers.of(from!);
      const creditor = numbers.of(to!);
      if (debtor === creditor) continue;
      const amounts = {
        limit: limit === '-1' ? UNLIMITED : whole(limit!, graphFile),
        debt: whole(debt!, graphFile),
      };
      lines.set(`${debtor}>${creditor}`, { debtor, creditor, ...amounts, carries: true });
    }
  }
  const header = text.split(/\r?\n/, 1)[0]!;
  const hasTimes = header.split(',').some((title) => title.trim() === 'at');
  const columns = ['from', 'to', 'amount', ...(hasTimes ? ['at'] : [])];
  const payments: EconomyPayment[] = [];
  for (const [from, to, amount, at] of rows(text, file, columns)) {
    const payment = {
      from: numbers.of(from!),
      to: numbers.of(to!),
      amount: whole(amount!, file),
      at: at === undefined ? payments.length : Number(whole(at, file)),
    };
    const { at: before = 0 } = payments.at(-1) ?? {};
    if (payment.from === payment.to || payment.amount === 0n || payment.at < before) {
      throw badFile(
        `${file}, payment ${payments.length + 1}: a payment goes from one participant to another, is more than 0 and not earlier than the one before it.`,
      );
    }
    payments.push(payment);
    if (graph !== undefined) continue;
    const line = { debtor: payment.from, creditor: payment.to, limit: UNLIMITED, debt: 0n };
    lines.set(`${line.debtor}>${line.creditor}`, { ...line, carries: true });
  }
  return {
    participants: numbers.count,
    lines: [...lines.values()],
    payments,
    closedTo: new Map(),
    asking: [],
  };
}

/** The equivalent with the most lines. Daily limits are left out: the payments have no days. */
export function economyOf(community: Community, count: number, seed: number): Economy {
  const equivalent = mostUsed(community);
  const trustLines = community.trustLines.filter((line) => line.equivalent === equivalent);
  const equivalents = community.equivalents.filter(({ code }) => code === equivalent);
  const ofOne = { ...community, equivalents, trustLines };
  const numbers = new Numbers();
  for (const { id } of community.participants) numbers.of(id);
  const closedTo = new Map<number, Hop[]>();
  const asking: Hop[] = [];
  const lines = trustLines.map(({ from, to, limit, policy }): EconomyLine => {
    const hop: Hop = [numbers.of(to), numbers.of(from)];
    for (const blocked of policy.blocked_participants) {
      const number = numbers.of(blocked);
      closedTo.set(number, [...(closedTo.get(number) ?? []), hop]);
    }
    if (!policy.auto_clearing) asking.push(hop);
    const [debtor, creditor] = hop;
    return { debtor, creditor, limit, debt: 0n, carries: policy.can_be_intermediate };
  });
  const payments = makePayments(ofOne, count, seededRandom(seed)).map(
    ({ from, to, amount }, at): EconomyPayment => ({
      from: numbers.of(from),
      to: numbers.of(to),
      amount,
      at,
    }),
  );
  return { participants: numbers.count, lines, payments, closedTo, asking };
}

/** Everyone buys from a few others, by amounts from 1 to 100, and whoever sells trusts whoever buys. */
export function economyOfSuppliers(members: number, count: number, seed: number): Economy {
  const random = seededRandom(seed);
  const everyone = Array.from({ length: members }, (_, member) => member);
  const suppliers = everyone.map((member) =>
    Array.from({ length: SUPPLIERS }, () => (member + 1 + random.below(members - 1)) % members),
  );
  const payments = Array.from({ length: count }, (_, at): EconomyPayment => {
    const from = random.below(members);
    return { from, to: random.pick(suppliers[from]!), amount: 1n + BigInt(random.below(100)), at };
  });
  const lines = suppliers.flatMap((of, debtor) =>
    [...new Set(of)].map((creditor) => ({
      debtor,
      creditor,
      limit: UNLIMITED,
      debt: 0n,
      carries: true,
    })),
  );
  return { participants: members, lines, payments, closedTo: new Map(), asking: [] };
}

function mostUsed({ equivalents, trustLines }: Community): EquivalentCode | undefined {
  const counts = Map.groupBy(trustLines, ({ equivalent }) => equivalent);
  const uses = (code: EquivalentCode) => counts.get(code)?.length ?? 0;
  return [...equivalents].sort((a, b) => uses(b.code) - uses(a.code))[0]?.code;
}

/** Names of a file → numbers from 0, in the order of their first mention. */
class Numbers {
  readonly #numbers = new Map<string, number>();

  get count(): number {
    return this.#numbers.size;
  }

  of(name: string): number {
    const known = this.#numbers.get(name);
    if (known !== undefined) return known;
    this.#numbers.set(name, this.#numbers.size);
    return this.#numbers.size - 1;
  }
}
