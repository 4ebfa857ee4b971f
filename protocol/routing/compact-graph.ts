/**
 * Who can pay whom how much, in one equivalent, for tens of thousands of participants: what a hub
 * keeps in memory and asks for routes (docs/decisions/0011-routing.md).
 *
 * Participants are whole numbers from 0. Every participant has a block of slots in typed arrays that
 * are shared by all; a slot is a hop out of it. Two participants with a line have a slot each, and
 * the two know each other as twins. A block has room to grow; one that is full moves to a block of
 * double size, and the old one is used again.
 *
 * The books are exact (bigint). Searches read `carry` instead: the same capacity as a double.
 */
import { invalid } from '../errors.ts';
import { AMOUNT_MAX } from '../limits.ts';

/** A line of `creditor` to `debtor`, and what is owed on it. Smallest unit; 0 unless given. */
export interface LineState {
  /** What the debtor may owe the creditor at most. */
  readonly limit: bigint;
  /** What the debtor owes the creditor. */
  readonly debt?: bigint;
  /** What is held for payments under way in this direction. */
  readonly held?: bigint;
  /** The creditor carries payments of others on this line. Default true. */
  readonly carries?: boolean;
}

/**
 * Larger capacities look like this one to a search. No amount up to it needs more, and the sum of
 * two such numbers is still an exact double.
 */
export const CARRY_MAX = 2 ** 52;
/** No slot, no participant. */
export const NONE = -1;

const BLOCK_MIN = 2;

export class CompactGraph {
  /** Slot → the participant that the hop leads to. */
  head = new Int32Array(64);
  /** Slot → the slot of the opposite hop. */
  twin = new Int32Array(64);
  /**
   * Slot → what the hop can carry for anybody, a whole number, at most {@link CARRY_MAX}: 0 where the
   * creditor does not carry payments of others. A search changes it and leaves it as it was.
   */
  carry = new Float64Array(64);
  /** Slot → how much the hop repays before it makes debt, rounded. */
  repays = new Float64Array(64);
  /** Participant → its first slot and the slot after its last one. */
  first = new Int32Array(16);
  end = new Int32Array(16);

  #limit = new BigInt64Array(64);
  #debt = new BigInt64Array(64);
  #held = new BigInt64Array(64);
  #carries = new Uint8Array(64);
  /** Participant → slots in its block: 0 or a power of two. */
  #room = new Int32Array(16);
  /** Binary logarithm of a block's size → first slots of blocks that nobody uses. */
  readonly #freeBlocks: number[][] = [];
  #slotsTaken = 0;
  #nodes = 0;
  #pairs = 0;

  /** Participants are 0 .. nodeCount − 1. */
  get nodeCount(): number {
    return this.#nodes;
  }

  /** Pairs of participants with a line in at least one direction. */
  get pairCount(): number {
    return this.#pairs;
  }

  /** Slots are 0 .. slotCount − 1; some belong to nobody. */
  get slotCount(): number {
    return this.#slotsTaken;
  }

  /** Memory of the arrays, bytes. */
  get bytes(): number {
    const slots = this.head.length * (2 * 4 + 2 * 8 + 3 * 8 + 1);
    return slots + this.first.length * (4 + 4 + 4);
  }

  /** @returns the number of the new participant */
  addNode(): number {
    if (this.#nodes === this.first.length) {
      this.first = grown(this.first, new Int32Array(this.#nodes * 2));
      this.end = grown(this.end, new Int32Array(this.#nodes * 2));
      this.#room = grown(this.#room, new Int32Array(this.#nodes * 2));
    }
    return this.#nodes++;
  }

  hasNode(node: number): boolean {
    return Number.isInteger(node) && node >= 0 && node < this.#nodes;
  }

  /**
   * Makes the line of `creditor` to `debtor` what it is now.
   * @throws GeoError E009 `amount`, `participant`
   */
  setLine(debtor: number, creditor: number, line: LineState): void {
    const { limit, debt = 0n, held = 0n, carries = true } = line;
    for (const amount of [limit, debt, held]) {
      if (amount < 0n || amount > AMOUNT_MAX) {
        throw invalid('amount', `A line of ${limit} with ${debt} owed and ${held} held cannot be.`);
      }
    }
    const slot = this.#slotFor(debtor, creditor);
    this.#limit[slot] = limit;
    this.#debt[slot] = debt;
    this.#held[slot] = held;
    this.#carries[slot] = carries ? 1 : 0;
    this.#recount(slot);
    this.#recount(this.twin[slot]!);
  }

  /** The line of `creditor` to `debtor`, if the two have one in this or the other direction. */
  line(debtor: number, creditor: number): Required<LineState> | undefined {
    const slot = this.slotOf(debtor, creditor);
    if (slot === NONE) return undefined;
    return {
      limit: this.#limit[slot]!,
      debt: this.#debt[slot]!,
      held: this.#held[slot]!,
      carries: this.#carries[slot] === 1,
    };
  }

  /** Forgets the lines between two participants, in both directions. */
  removePair(one: number, other: number): void {
    const slot = this.slotOf(one, other);
    if (slot === NONE) return;
    const twin = this.twin[slot]!;
    this.#pairs--;
    this.#dropSlot(one, slot);
    this.#dropSlot(other, twin);
  }

  /** What the hop `debtor` → `creditor` can carry, exactly; 0 if there is none (section 1). */
  capacity(debtor: number, creditor: number): bigint {
    const slot = this.slotOf(debtor, creditor);
    return slot === NONE ? 0n : this.capacityAt(slot);
  }

  /** `limit − debt + what the creditor owes − held`, never below 0. */
  capacityAt(slot: number): bigint {
    const free = this.#limit[slot]! - this.#debt[slot]! - this.#held[slot]!;
    const capacity = free + this.#debt[this.twin[slot]!]!;
    return capacity > 0n ? capacity : 0n;
  }

  /** Whether payments of others may pass a hop. */
  carriesAt(slot: number): boolean {
    return this.#carries[slot] === 1;
  }

  /** @returns {@link NONE} if the two have no line */
  slotOf(from: number, to: number): number {
    const { first, end, head } = this;
    // Between a hub and a member the member's few slots are looked through.
    if (end[from]! - first[from]! <= end[to]! - first[to]!) {
      for (let slot = first[from]!; slot < end[from]!; slot++) if (head[slot] === to) return slot;
    } else {
      for (let slot = first[to]!; slot < end[to]!; slot++) {
        if (head[slot] === from) return this.twin[slot]!;
      }
    }
    return NONE;
  }

  #slotFor(from: number, to: number): number {
    const known = this.slotOf(from, to);
    if (known !== NONE) return known;
    if (from === to || !this.hasNode(from) || !this.hasNode(to)) {
      throw invalid('participant', `There cannot be a line between ${from} and ${to}.`);
    }
    this.#pairs++;
    this.#makeRoom(from);
    this.#makeRoom(to);
    const slot = this.end[from]!++;
    const twin = this.end[to]!++;
    this.#fill(slot, to, twin);
    this.#fill(twin, from, slot);
    return slot;
  }

  #fill(slot: number, head: number, twin: number): void {
    this.head[slot] = head;
    this.twin[slot] = twin;
    this.#limit[slot] = 0n;
    this.#debt[slot] = 0n;
    this.#held[slot] = 0n;
    this.#carries[slot] = 1;
    this.carry[slot] = 0;
    this.repays[slot] = 0;
  }

  #recount(slot: number): void {
    const capacity = this.#carries[slot] === 1 ? this.capacityAt(slot) : 0n;
    this.carry[slot] = capacity < CARRY_MAX ? Number(capacity) : CARRY_MAX;
    this.repays[slot] = Number(this.#debt[this.twin[slot]!]!);
  }

  /** Makes sure that one more slot fits into the participant's block. */
  #makeRoom(node: number): void {
    const used = this.end[node]! - this.first[node]!;
    const room = this.#room[node]!;
    if (used < room) return;
    const larger = room === 0 ? BLOCK_MIN : room * 2;
    const from = this.first[node]!;
    const to = this.#takeBlock(larger);
    for (let i = 0; i < used; i++) this.#moveSlot(from + i, to + i);
    this.#giveBlockBack(node);
    this.first[node] = to;
    this.end[node] = to + used;
    this.#room[node] = larger;
  }

  #takeBlock(size: number): number {
    const order = Math.log2(size);
    while (this.#freeBlocks.length <= order) this.#freeBlocks.push([]);
    const free = this.#freeBlocks[order]!.pop();
    if (free !== undefined) return free;
    const at = this.#slotsTaken;
    this.#slotsTaken += size;
    if (this.#slotsTaken > this.head.length) {
      // Half as much again, not double: the arrays of a large community are most of its memory.
      this.#growSlots(Math.max(this.#slotsTaken, Math.ceil(this.head.length * 1.5)));
    }
    return at;
  }

  #growSlots(length: number): void {
    this.head = grown(this.head, new Int32Array(length));
    this.twin = grown(this.twin, new Int32Array(length));
    this.carry = grown(this.carry, new Float64Array(length));
    this.repays = grown(this.repays, new Float64Array(length));
    this.#carries = grown(this.#carries, new Uint8Array(length));
    this.#limit = grown(this.#limit, new BigInt64Array(length));
    this.#debt = grown(this.#debt, new BigInt64Array(length));
    this.#held = grown(this.#held, new BigInt64Array(length));
  }

  #dropSlot(node: number, slot: number): void {
    const last = this.end[node]! - 1;
    if (slot !== last) this.#moveSlot(last, slot);
    this.end[node] = last;
    if (last === this.first[node]) this.#giveBlockBack(node);
  }

  #giveBlockBack(node: number): void {
    const room = this.#room[node]!;
    if (room > 0) this.#freeBlocks[Math.log2(room)]!.push(this.first[node]!);
    this.#room[node] = 0;
  }

  #moveSlot(from: number, to: number): void {
    this.head[to] = this.head[from]!;
    this.twin[to] = this.twin[from]!;
    this.carry[to] = this.carry[from]!;
    this.repays[to] = this.repays[from]!;
    this.#carries[to] = this.#carries[from]!;
    this.#limit[to] = this.#limit[from]!;
    this.#debt[to] = this.#debt[from]!;
    this.#held[to] = this.#held[from]!;
    this.twin[this.twin[to]!] = to;
  }
}

function grown<Items extends Int32Array | Uint8Array | Float64Array | BigInt64Array>(
  old: Items,
  larger: Items,
): Items {
  larger.set(old as never);
  return larger;
}
