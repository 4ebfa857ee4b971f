/**
 * A bound that is proven: no choice of cycles of at most so many members clears more.
 *
 * Each debt gets a price ≥ 0, such that the prices along every short cycle add up to at least its length. What is
 * cleared is the sum over the chosen cycles of amount times length, so it is at most the sum over all debts of amount
 * times price (weak duality of linear programs). Any such prices prove a bound; good ones prove a low one:
 *
 * 1. Prices to begin with: the optimum's own, which hold for cycles of any length; and those of multiplicative
 *    weights (Garg and Könemann 2007): the cheapest short cycle through each participant, over and over, makes its debts
 *    dearer, and in the end all prices are scaled until the last short cycle is dear enough.
 * 2. Each price, the largest debt's first, is lowered by what the cheapest short cycle through its debt can spare.
 */
import { descending } from '../../protocol/clearing/by-amount.ts';
import type { Circulation, DebtGraph } from '../../protocol/clearing/circulation.ts';

/** Rounds over all participants, and cycles through each of them in a round. */
const ROUNDS = 10;
const CYCLES_EACH = 3;
/** A debt that a cycle uses up becomes dearer by this part. */
const DEARER = 0.5;
/** Weights are left out if they would take more looks at a debt than this: half a minute. */
const WEIGHTS_LOOKS_MAX = 5e9;
/** Prices are lowered until so many debts have been looked at; all of them are valid before as well as after. */
const LOWERING_LOOKS_MAX = 1e10;
/** Doubles round: more than all errors of a sum of 100,000 products of them. */
const ROUNDING = 1e-9;

/**
 * @param solved `largestCirculation` of the graph
 * @param lengthMax members of a cycle at most, ≥ 2
 * @returns whole units, at most the optimum
 */
export function shortCycleBound(graph: DebtGraph, solved: Circulation, lengthMax: number): number {
  const { size, amount } = graph;
  const ways = new ShortWays(graph, lengthMax);
  let bound = solved.optimum;
  const prove = (prices: Float64Array): void => {
    lower(graph, prices, ways);
    let sum = 0;
    for (let i = 0; i < amount.length; i++) sum += prices[i]! * amount[i]!;
    bound = Math.min(bound, Math.floor(sum * (1 + ROUNDING)));
  };
  prove(optimumPrices(graph, solved.cleared));
  const looks = ROUNDS * (CYCLES_EACH + 1) * size * lengthMax * amount.length;
  if (looks <= WEIGHTS_LOOKS_MAX) prove(weightPrices(graph, ways, lengthMax));
  return bound;
}

/**
 * Prices that hold for every cycle and add up to the optimum: 1 plus what the potential rises along the debt, where the
 * potentials say that no change of the circulation clears more (Bellman and Ford).
 */
function optimumPrices({ size, debtor, creditor, amount }: DebtGraph, cleared: Float64Array) {
  const potential = new Float64Array(size);
  for (let changed = true; changed; ) {
    changed = false;
    for (let i = 0; i < amount.length; i++) {
      const from = debtor[i]!;
      const to = creditor[i]!;
      if (cleared[i]! < amount[i]! && potential[from]! - 1 < potential[to]!) {
        potential[to] = potential[from]! - 1;
        changed = true;
      }
      if (cleared[i]! > 0 && potential[to]! + 1 < potential[from]!) {
        potential[from] = potential[to]! + 1;
        changed = true;
      }
    }
  }
  return Float64Array.from(amount, (_, i) =>
    Math.max(0, 1 + potential[creditor[i]!]! - potential[debtor[i]!]!),
  );
}

function weightPrices(graph: DebtGraph, ways: ShortWays, lengthMax: number): Float64Array {
  const { size, debtor } = graph;
  const amount = graph.amount.map((units) => Math.max(1, units));
  const prices = amount.map((units) => 1 / units);
  for (let round = 0; round < ROUNDS; round++) {
    for (let participant = 0; participant < size; participant++) {
      for (let k = 0; k < CYCLES_EACH; k++) {
        ways.findFrom(participant, prices);
        const debts = ways.cheapestCycle();
        if (debts === undefined) break;
        let used = Number.POSITIVE_INFINITY;
        for (const i of debts) used = Math.min(used, amount[i]!);
        for (const i of debts) prices[i]! *= 1 + (DEARER * used) / amount[i]!;
      }
    }
  }
  let least = Number.POSITIVE_INFINITY;
  for (const participant of new Set(debtor)) {
    ways.findFrom(participant, prices);
    least = Math.min(least, ways.cheapestPerHop());
  }
  // A debt that is as dear as the longest cycle is long pays for each of its cycles alone.
  return prices.map((price) => Math.min(lengthMax, price / least));
}

/** @param prices valid; lowered in place as far as they stay so, one after the other */
function lower(graph: DebtGraph, prices: Float64Array, ways: ShortWays): void {
  const excess = prices.map((price) => price - 1);
  const limit = ways.looked + LOWERING_LOOKS_MAX;
  for (const debt of descending(graph.amount)) {
    if (ways.looked > limit) return;
    if (prices[debt] === 0) continue;
    ways.findFrom(graph.creditor[debt]!, excess);
    const spare = excess[debt]! + ways.cheapestTo(graph.debtor[debt]!);
    const price = prices[debt]! - Math.min(prices[debt]!, Math.max(0, spare));
    prices[debt] = price;
    excess[debt] = price - 1;
  }
}

/**
 * The cheapest ways from a participant, for each number of hops. They may meet somebody twice. That is no harm: they are
 * then a way and short cycles, and no short cycle is cheaper than it must be.
 */
class ShortWays {
  /** Debts looked at so far. */
  looked = 0;
  readonly #graph: DebtGraph;
  readonly #lengthMax: number;
  /** Debts of each participant: `order[first[v] .. first[v + 1])`. */
  readonly #first: Int32Array;
  readonly #order: Int32Array;
  /** `hops · size + participant` → what the cheapest way of so many hops costs, and its last debt. */
  readonly #cost: Float64Array;
  readonly #via: Int32Array;
  #start = 0;

  constructor(graph: DebtGraph, lengthMax: number) {
    const { size, debtor } = graph;
    this.#graph = graph;
    this.#lengthMax = lengthMax;
    this.#first = new Int32Array(size + 1);
    for (const v of debtor) this.#first[v + 1]!++;
    for (let v = 0; v < size; v++) this.#first[v + 1]! += this.#first[v]!;
    const place = this.#first.slice(0, size);
    this.#order = new Int32Array(debtor.length);
    for (let i = 0; i < debtor.length; i++) this.#order[place[debtor[i]!]!++] = i;
    this.#cost = new Float64Array((lengthMax + 1) * size);
    this.#via = new Int32Array((lengthMax + 1) * size);
  }

  /** @param costs of each debt; may be negative */
  findFrom(start: number, costs: Float64Array): void {
    const { size, creditor } = this.#graph;
    const cost = this.#cost;
    cost.fill(Number.POSITIVE_INFINITY);
    cost[start] = 0;
    this.#start = start;
    for (let hops = 1; hops <= this.#lengthMax; hops++) {
      const before = (hops - 1) * size;
      const now = hops * size;
      for (let u = 0; u < size; u++) {
        const soFar = cost[before + u]!;
        if (soFar === Number.POSITIVE_INFINITY) continue;
        const end = this.#first[u + 1]!;
        this.looked += end - this.#first[u]!;
        for (let at = this.#first[u]!; at < end; at++) {
          const i = this.#order[at]!;
          const label = now + creditor[i]!;
          const reached = soFar + costs[i]!;
          if (reached >= cost[label]!) continue;
          cost[label] = reached;
          this.#via[label] = i;
        }
      }
    }
  }

  /** Cost of the cheapest way there that leaves room for one more debt; infinite if there is none. */
  cheapestTo(goal: number): number {
    let least = Number.POSITIVE_INFINITY;
    for (let hops = 1; hops < this.#lengthMax; hops++) {
      least = Math.min(least, this.#cost[hops * this.#graph.size + goal]!);
    }
    return least;
  }

  /** Of all ways back to the start; infinite if there is none. */
  cheapestPerHop(): number {
    return this.#cheapestReturn().perHop;
  }

  /** The debts of that way. */
  cheapestCycle(): number[] | undefined {
    const { hops } = this.#cheapestReturn();
    if (hops === 0) return undefined;
    const { size, debtor } = this.#graph;
    const debts: number[] = [];
    for (let v = this.#start, k = hops; k > 0; k--) {
      const i = this.#via[k * size + v]!;
      debts.push(i);
      v = debtor[i]!;
    }
    return debts;
  }

  #cheapestReturn(): { readonly perHop: number; readonly hops: number } {
    let best = { perHop: Number.POSITIVE_INFINITY, hops: 0 };
    for (let hops = 1; hops <= this.#lengthMax; hops++) {
      const perHop = this.#cost[hops * this.#graph.size + this.#start]! / hops;
      if (perHop < best.perHop) best = { perHop, hops };
    }
    return best;
  }
}
