/**
 * `bench economy`: the same payments under several policies of clearing. What does it do to debt, and
 * what does it cost? Routes come from the search that nodes use, cycles from the trigger and the
 * global pass; only messages and votes are left out.
 */
import { largestCirculation } from '../../protocol/clearing/circulation.ts';
import { debtsOf } from '../../protocol/clearing/debts.ts';
import { executableCycles } from '../../protocol/clearing/decompose.ts';
import { ClearingTally, DebtOverTime } from '../../protocol/clearing/report.ts';
import { TRIGGER_WORK, TriggerSearch } from '../../protocol/clearing/trigger.ts';
import { HOPS_DEFAULT, PATHS_DEFAULT } from '../../protocol/limits.ts';
import { type FoundRoute, SEARCH_DEFAULTS } from '../../protocol/routing/question.ts';
import { RouteSearch } from '../../protocol/routing/search.ts';
import { EconomyBooks } from './economy-books.ts';
import { bestChain } from './economy-chains.ts';
import { type DebtCurve, writeDebtChart } from './economy-chart.ts';
import type { EconomyOptions, PolicyName } from './economy-options.ts';
import { type Economy, type EconomyPayment, readEconomy } from './economy-source.ts';

/** Amounts in the smallest unit, as decimal text; shares of 1. */
export interface PolicyReport {
  readonly policy: PolicyName;
  readonly succeeded: number;
  readonly success_rate: number;
  readonly volume_paid: string;
  /** Averaged over the time of the trace. */
  readonly average_debt: string;
  /** The same of the sum of all net positions above 0: less than that no clearing leaves. */
  readonly average_least_debt: string;
  readonly debt_at_end: string;
  /** Hops of a route, on average. */
  readonly hops: number;
  /** Part of all debt that an optimum could still clear: at the end, and after each pass. */
  readonly clearable_at_end: number;
  readonly clearable_after_pass: { readonly average: number; readonly most: number };
  readonly cleared: string;
  readonly cycles: number;
  /** Members of a cycle → number of such cycles. */
  readonly lengths: Readonly<Record<string, number>>;
  /** Chains that became one debt, and the debts that are gone less the new ones. */
  readonly chains: number;
  readonly shortened: string;
  /** All cycles that one payment sets off, found and cleared, microseconds; 0 without triggers. */
  readonly trigger_us: { readonly p50: number; readonly p99: number };
  /** The longest global pass, ms; 0 without passes. */
  readonly pass_ms_most: number;
}

export interface EconomyReport {
  readonly participants: number;
  readonly lines: number;
  readonly payments: number;
  readonly policies: readonly PolicyReport[];
}

type ReplayOptions = Pick<EconomyOptions, 'policies' | 'passEvery' | 'maxLength'>;

/** Members of a triggered cycle at most; 0: no triggers. */
const TRIGGER_LENGTH: Record<PolicyName, number> = {
  plain: 0,
  none: 0,
  local4: 4,
  local6: 6,
  global: 0,
  both: 6,
  shorten: 6,
};
const PASSES: ReadonlySet<PolicyName> = new Set(['global', 'both', 'shorten']);
/** A hop costs so much that what it repays does not count. */
const FEWEST_HOPS = { ...SEARCH_DEFAULTS, hopWeight: 1_000 };
/** Cycles that one changed pair, and chains that one participant, may set off. */
const CYCLES_PER_PAIR = 8;
/** Of a debt curve, about. */
const CURVE_POINTS = 400;

/** @throws GeoError E009, see `readEconomy` and `writeDebtChart` */
export function benchEconomy(options: EconomyOptions): EconomyReport {
  const curves: DebtCurve[] = [];
  const report = replayEconomy(readEconomy(options), options, (curve) => curves.push(curve));
  if (options.svg !== undefined) writeDebtChart(options.svg, curves);
  return report;
}

/** @param drawn hears of the debt over time under each policy */
export function replayEconomy(
  economy: Economy,
  options: ReplayOptions,
  drawn: (curve: DebtCurve) => void = () => undefined,
): EconomyReport {
  return {
    participants: economy.participants,
    lines: economy.lines.length,
    payments: economy.payments.length,
    policies: options.policies.map((policy) => {
      const replay = new Replay(economy, policy, options);
      const report = replay.run();
      drawn({ policy, points: replay.curve });
      return report;
    }),
  };
}

class Replay {
  readonly #economy: Economy;
  readonly #policy: PolicyName;
  readonly #options: ReplayOptions;
  readonly #books: EconomyBooks;
  readonly #search: RouteSearch;
  readonly #trigger: TriggerSearch;
  readonly #isSpared: (debtor: number, creditor: number) => boolean;
  readonly #tally = new ClearingTally<number>();
  readonly #time = new DebtOverTime();
  readonly #leastTime = new DebtOverTime();
  readonly #triggerUs: number[] = [];
  readonly #clearable: number[] = [];
  readonly #curve: [at: number, debt: number][] = [];
  #cleared = 0n;
  #chains = 0;
  #seen = 0;
  #shortened = 0n;
  #succeeded = 0;
  #volume = 0n;
  #hops = 0;
  #routes = 0;
  #passMs = 0;

  constructor(economy: Economy, policy: PolicyName, options: ReplayOptions) {
    this.#economy = economy;
    this.#policy = policy;
    this.#options = options;
    this.#books = new EconomyBooks(economy);
    this.#search = new RouteSearch(
      this.#books.graph,
      policy === 'plain' ? FEWEST_HOPS : SEARCH_DEFAULTS,
    );
    const asking = new Set(economy.asking.map(([debtor, creditor]) => `${debtor}>${creditor}`));
    this.#isSpared = (debtor, creditor) => asking.size > 0 && asking.has(`${debtor}>${creditor}`);
    this.#trigger = new TriggerSearch(this.#books.graph, this.#isSpared);
  }

  get curve(): DebtCurve['points'] {
    return this.#curve;
  }

  run(): PolicyReport {
    const { payments } = this.#economy;
    for (const [i, payment] of payments.entries()) {
      this.#observe(payment.at);
      const routes = this.#pay(payment);
      if (TRIGGER_LENGTH[this.#policy] > 0) this.#onChange(routes);
      if (this.#policy === 'shorten') this.#shorten(routes);
      if ((i + 1) % this.#options.passEvery === 0) {
        if (PASSES.has(this.#policy)) this.#pass();
        this.#clearable.push(this.#clearableShare());
      }
      this.#observe(payment.at);
    }
    return this.#report();
  }

  #observe(at: number): void {
    this.#time.observe(this.#books.debt, this.#cleared, at);
    this.#leastTime.observe(this.#books.leastDebt, 0n, at);
    const { payments } = this.#economy;
    const wanted = (this.#curve.length * payments.length) / CURVE_POINTS;
    if (this.#seen++ >= 2 * wanted) this.#curve.push([at, Number(this.#books.debt)]);
  }

  /** @returns the routes, none if the payment was refused */
  #pay({ from, to, amount }: EconomyPayment): readonly FoundRoute[] {
    const { closedTo } = this.#economy;
    const { routes, payable } = this.#search.find({
      payer: from,
      payee: to,
      amount,
      maxHops: HOPS_DEFAULT,
      maxPaths: PATHS_DEFAULT,
      shut: [...(closedTo.get(from) ?? []), ...(closedTo.get(to) ?? [])],
    });
    if (payable < amount) return [];
    this.#books.pay(routes);
    this.#succeeded++;
    this.#volume += amount;
    this.#routes += routes.length;
    for (const { path } of routes) this.#hops += path.length - 1;
    return routes;
  }

  #onChange(routes: readonly FoundRoute[]): void {
    const begin = process.hrtime.bigint();
    const bounds = {
      maxLength: TRIGGER_LENGTH[this.#policy],
      minAmount: 1n,
      work: TRIGGER_WORK,
    };
    for (const { path } of routes) {
      for (let i = 1; i < path.length; i++) {
        for (let cycles = 0; cycles < CYCLES_PER_PAIR; cycles++) {
          const found = this.#trigger.between(path[i - 1]!, path[i]!, bounds);
          if (found === undefined) break;
          this.#clear(found.members, found.amount);
        }
      }
    }
    this.#triggerUs.push(Number(process.hrtime.bigint() - begin) / 1e3);
  }

  /** Whoever is the first of a chain looks for it, as nodes do after a payment. */
  #shorten(routes: readonly FoundRoute[]): void {
    for (const participant of new Set(routes.flatMap(({ path }) => path))) {
      for (let chains = 0; chains < CYCLES_PER_PAIR; chains++) {
        const chain = bestChain(this.#books.graph, participant, this.#isSpared);
        if (chain === undefined) break;
        this.#books.shorten(chain.members, chain.amount);
        this.#chains++;
        this.#shortened += chain.amount * BigInt(chain.members.length - 2);
      }
    }
  }

  #pass(): void {
    const begin = performance.now();
    const { graph, unit } = debtsOf(this.#books.graph, { isSpared: this.#isSpared });
    const { cleared } = largestCirculation(graph);
    const { cycles } = executableCycles(graph, cleared, this.#options.maxLength);
    this.#passMs = Math.max(this.#passMs, performance.now() - begin);
    for (const { members, amount } of cycles) this.#clear(members, BigInt(amount) * unit);
  }

  #clear(members: readonly number[], amount: bigint): void {
    this.#books.clear(members, amount);
    this.#tally.add({ members, amount });
    this.#cleared += amount * BigInt(members.length);
  }

  #clearableShare(): number {
    const { graph } = debtsOf(this.#books.graph, { isSpared: this.#isSpared });
    const { optimum, total } = largestCirculation(graph);
    return total === 0 ? 0 : optimum / total;
  }

  #report(): PolicyReport {
    const { payments } = this.#economy;
    const { cleared, cycles, lengths } = this.#tally.figures();
    const shares = this.#clearable;
    const sum = shares.reduce((total, share) => total + share, 0);
    const counts = Object.entries(lengths).map(([length, of]) => [length, of.cycles] as const);
    return {
      policy: this.#policy,
      succeeded: this.#succeeded,
      success_rate: rounded(this.#succeeded / Math.max(1, payments.length)),
      volume_paid: String(this.#volume),
      average_debt: String(this.#time.averages(payments.at(-1)?.at ?? 0).debt),
      average_least_debt: String(this.#leastTime.averages(payments.at(-1)?.at ?? 0).debt),
      debt_at_end: String(this.#books.debt),
      hops: rounded(this.#hops / Math.max(1, this.#routes)),
      clearable_at_end: rounded(this.#clearableShare()),
      clearable_after_pass: {
        average: rounded(sum / Math.max(1, shares.length)),
        most: rounded(shares.reduce((most, share) => Math.max(most, share), 0)),
      },
      cleared: String(cleared),
      cycles,
      lengths: Object.fromEntries(counts),
      chains: this.#chains,
      shortened: String(this.#shortened),
      trigger_us: {
        p50: quantile(this.#triggerUs, 0.5),
        p99: quantile(this.#triggerUs, 0.99),
      },
      pass_ms_most: Math.round(this.#passMs * 10) / 10,
    };
  }
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
}

function rounded(share: number): number {
  return Math.round(share * 1e5) / 1e5;
}
