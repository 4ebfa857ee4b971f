/** What clearing did: for everyone together in one equivalent, and for one participant. */

/** Debt that disappeared, smallest unit: amount times members, except where it says otherwise. */
export interface ClearingFigures {
  readonly cleared: bigint;
  readonly cycles: number;
  /** Members of a cycle → cycles of that length, and what they cleared. */
  readonly lengths: Readonly<Record<number, { readonly cycles: number; readonly cleared: bigint }>>;
}

/** What one participant owes less, and is owed less: the same amount, since clearing moves no position. */
export interface MemberFigures {
  readonly cycles: number;
  /** Smallest unit. */
  readonly lessOwed: bigint;
}

/** Counts the clearings of one equivalent. */
export class ClearingTally<Member> {
  readonly #lengths = new Map<number, { cycles: number; cleared: bigint }>();
  readonly #members = new Map<Member, { cycles: number; lessOwed: bigint }>();

  add({ members, amount }: { readonly members: readonly Member[]; readonly amount: bigint }): void {
    const length = this.#lengths.get(members.length) ?? { cycles: 0, cleared: 0n };
    length.cycles++;
    length.cleared += amount * BigInt(members.length);
    this.#lengths.set(members.length, length);
    for (const member of members) {
      const figures = this.#members.get(member) ?? { cycles: 0, lessOwed: 0n };
      figures.cycles++;
      figures.lessOwed += amount;
      this.#members.set(member, figures);
    }
  }

  figures(): ClearingFigures {
    let cleared = 0n;
    let cycles = 0;
    const lengths: Record<number, { cycles: number; cleared: bigint }> = {};
    for (const [length, of] of [...this.#lengths].sort(([a], [b]) => a - b)) {
      lengths[length] = { ...of };
      cleared += of.cleared;
      cycles += of.cycles;
    }
    return { cleared, cycles, lengths };
  }

  /** What clearing did for one participant. */
  member(member: Member): MemberFigures {
    return { ...(this.#members.get(member) ?? { cycles: 0, lessOwed: 0n }) };
  }
}

/** A sum over time, and how far it is reckoned: amounts in the smallest unit, times as they are observed. */
export interface DebtTime {
  /** Of the first observation. */
  readonly since: number;
  /** Of the last one; `debt` and `cleared` are what has been so since. */
  readonly at: number;
  readonly debt: bigint;
  readonly cleared: bigint;
  /** Amounts times the time that they lasted. */
  readonly debtTime: bigint;
  readonly clearedTime: bigint;
}

/**
 * An amount over time, and what it would have been without clearing: every clearing lowers the amount
 * from then on, so the sum of them is added back. Without clearing later payments would have gone other
 * ways here and there; this does not count that.
 */
export class DebtOverTime {
  #debt: bigint;
  #cleared: bigint;
  #since: number | undefined;
  #at: number | undefined;
  #debtTime: bigint;
  #clearedTime: bigint;

  /** @param state from which it goes on, see {@link state} */
  constructor(state?: DebtTime) {
    const { debt = 0n, cleared = 0n, debtTime = 0n, clearedTime = 0n } = state ?? {};
    this.#debt = debt;
    this.#cleared = cleared;
    this.#since = state?.since;
    this.#at = state?.at;
    this.#debtTime = debtTime;
    this.#clearedTime = clearedTime;
  }

  /** What has to be kept to go on from here; of use once something was observed. */
  get state(): DebtTime {
    return {
      since: this.#since ?? 0,
      at: this.#at ?? 0,
      debt: this.#debt,
      cleared: this.#cleared,
      debtTime: this.#debtTime,
      clearedTime: this.#clearedTime,
    };
  }

  /**
   * The state from now on.
   * @param debt all debt, smallest unit
   * @param cleared all that clearing has taken away until now, smallest unit
   * @param at any unit of time, whole, never falling
   */
  observe(debt: bigint, cleared: bigint, at: number): void {
    this.#runTo(at);
    this.#debt = debt;
    this.#cleared = cleared;
  }

  /** Averages over the time observed, smallest unit, rounded down; the first state if no time has passed. */
  averages(at: number): { readonly debt: bigint; readonly withoutClearing: bigint } {
    this.#runTo(at);
    const time = BigInt((this.#at ?? 0) - (this.#since ?? 0));
    const average = (sum: bigint, now: bigint) => (time === 0n ? now : sum / time);
    const debt = average(this.#debtTime, this.#debt);
    return { debt, withoutClearing: debt + average(this.#clearedTime, this.#cleared) };
  }

  #runTo(at: number): void {
    this.#since ??= at;
    const passed = BigInt(Math.max(0, at - (this.#at ?? at)));
    this.#debtTime += passed * this.#debt;
    this.#clearedTime += passed * this.#cleared;
    this.#at = Math.max(at, this.#at ?? at);
  }
}
