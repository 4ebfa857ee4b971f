/**
 * A node's disk as an outsider reads it: bytes to plain facts, by the published layout of keys and
 * records. Shares with the node the CBOR codec and digits of bytes, and nothing of its engine.
 */
import { hash } from 'node:crypto';
import { hexOf32 } from '../../protocol/identity/hex-table.ts';
import { type CborMap, type CborValue, decode } from '../../protocol/wire/cbor.ts';

/** A participant or a hash, 64 hexadecimal digits. */
export type Hex = string;

export type Phase = 'COLLECT' | 'DECIDED' | 'DOUBT' | 'WITHDRAWN' | 'ABORTED' | 'COMMITTED';

/** Sets of voters, bit i for voter i. */
export interface ReadEvidence {
  readonly yes: bigint;
  readonly no: bigint;
  readonly withdrawn: bigint;
  readonly applied: bigint;
  readonly firstHand: bigint;
}

export interface ReadAttempt {
  readonly tx: Hex;
  readonly phase: Phase;
  readonly isCoordinator: boolean;
  readonly size: number;
  readonly me: number;
  /** Rounds in which it asked the others for the outcome. */
  readonly round: number;
  readonly evidence: ReadEvidence;
  /** Names of the edges in which it counts here; seldom asked for. */
  readonly edges: () => ReadonlySet<string>;
  /** Taken over from another agent: this node had no vote in it. */
  readonly isInherited: boolean;
}

export interface ReadLine {
  readonly limit: bigint;
  readonly status: 'active' | 'frozen' | 'closed';
  readonly sequence: number;
  readonly carries: boolean;
  readonly dailyLimit: bigint | undefined;
  readonly blocked: readonly Hex[];
  /** Debts on it are cleared without asking its owner. */
  readonly clears: boolean;
  /** Debts on it may pass to another creditor, and new ones come from that. */
  readonly shortens: boolean;
  /** As much of a debt on it one clearing may take. */
  readonly clearingLimit: bigint | undefined;
}

export interface ReadEdge {
  readonly low: Hex;
  readonly high: Hex;
  readonly equivalent: string;
  readonly balance: bigint;
  readonly heldUp: bigint;
  readonly heldDown: bigint;
  readonly count: number;
  readonly digest: Hex;
  readonly isDisputed: boolean;
  readonly lowLine: ReadLine | undefined;
  readonly highLine: ReadLine | undefined;
}

/** `change` > 0: the higher participant comes to owe the lower one more. */
export interface ReadEffect {
  readonly edge: string;
  readonly low: Hex;
  readonly high: Hex;
  readonly change: bigint;
}

export interface ReadHop {
  readonly edge: string;
  readonly debtor: Hex;
  readonly creditor: Hex;
  /** The creditor passes it on. */
  readonly isIntermediate: boolean;
}

/** A participant's signed agreement to a clearing. */
export interface ReadConsent {
  readonly bytes: Uint8Array;
  readonly tx: Hex;
  readonly participant: Hex;
  readonly participantKey: Hex;
  readonly amount: bigint;
  readonly expires: number;
}

export interface ReadManifest {
  readonly hash: Hex;
  readonly tx: Hex;
  readonly attempt: number;
  /** Of a payment; a clearing has none. */
  readonly ends: { readonly payer: Hex; readonly payee: Hex } | undefined;
  /** Of a clearing. */
  readonly clearing:
    | {
        readonly proposed: bigint;
        readonly consents: readonly ReadConsent[];
        /** A chain: its first hop makes a debt. */
        readonly shortens: boolean;
      }
    | undefined;
  readonly equivalent: string;
  /** Paid in all, or what each debt of a cycle is lowered by. */
  readonly amount: bigint;
  readonly participants: readonly Hex[];
  /** Who votes for each of them. */
  readonly agentOf: ReadonlyMap<Hex, Hex>;
  /** Participants by their keys' hashes, the coordinator last. */
  readonly voters: readonly Hex[];
  readonly voterKeys: readonly Hex[];
  /** Who signed the order or the proposal. */
  readonly orderedBy: Hex;
  /** The signed order or proposal, a COSE_Sign1. */
  readonly order: Uint8Array;
  readonly effects: readonly ReadEffect[];
  readonly hops: readonly ReadHop[];
}

/** 64 hexadecimal digits. */
export function sha256Of(bytes: Uint8Array): Hex {
  return hash('sha256', bytes, 'hex');
}

const byKey = new Map<Hex, Hex>();

/** The participant that a public key names; the same few come over and over. */
export function participantOf(key: Uint8Array): Hex {
  const name = hexOf(key);
  const known = byKey.get(name) ?? sha256Of(key);
  byKey.set(name, known);
  return known;
}

export function hexOf(bytes: Uint8Array): Hex {
  if (bytes.length === 32) return hexOf32(bytes);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');
}

export function edgeName(equivalent: string, a: Hex, b: Hex): string {
  return a < b ? `${equivalent}/${a}/${b}` : `${equivalent}/${b}/${a}`;
}

export function readAttempt(bytes: Uint8Array): ReadAttempt {
  const map = decode(bytes) as CborMap;
  const evidence = map.evidence as CborMap;
  return {
    tx: hex(map.tx),
    phase: map.phase as Phase,
    isCoordinator: map.role === 'coordinator',
    size: Number(map.size),
    me: Number(map.me),
    round: Number(map.round),
    evidence: {
      yes: whole(evidence.yes),
      no: whole(evidence.no),
      withdrawn: whole(evidence.withdrawn),
      applied: whole(evidence.applied),
      firstHand: whole(evidence.firstHand),
    },
    edges: () => new Set((map.effects as CborMap[]).map(edgeOfEffect)),
    isInherited: map.inherited === true,
  };
}

export function readEdge(bytes: Uint8Array): ReadEdge {
  const map = decode(bytes) as CborMap;
  return {
    low: hex(map.low),
    high: hex(map.high),
    equivalent: map.equivalent as string,
    balance: whole(map.balance),
    heldUp: whole(map.heldUp),
    heldDown: whole(map.heldDown),
    count: Number(map.count),
    digest: hex(map.digest),
    isDisputed: map.dispute !== undefined,
    lowLine: readLine(map.lowLine),
    highLine: readLine(map.highLine),
  };
}

/** The state of a clearing in its record; nothing if it is the record of a payment. */
export function readClearingState(bytes: Uint8Array): string | undefined {
  const map = decode(bytes) as CborMap;
  return map.clearing === undefined ? undefined : (map.state as string);
}

function edgeOfEffect({ low, high, equivalent }: CborMap): string {
  return edgeName(equivalent as string, hex(low), hex(high));
}

function readLine(value: CborValue | undefined): ReadLine | undefined {
  if (value === undefined) return undefined;
  const map = value as CborMap;
  const policy = map.policy as CborMap;
  return {
    limit: whole(map.limit),
    status: map.status as ReadLine['status'],
    sequence: Number(map.sequence),
    carries: policy.can_be_intermediate as boolean,
    dailyLimit: wholeOrNone(policy.daily_limit),
    blocked: (policy.blocked_participants as CborValue[]).map(hex),
    clears: policy.auto_clearing as boolean,
    shortens: policy.allow_shortening === true,
    clearingLimit: wholeOrNone(policy.clearing_limit),
  };
}

/** Reads a manifest and adds up, again and in its own way, what it does to every edge. */
export function readManifest(bytes: Uint8Array): ReadManifest {
  const map = decode(bytes) as CborMap;
  const orderBytes = payloadOf(map.order as Uint8Array);
  const order = decode(orderBytes) as CborMap;
  const participants = (map.participants as CborValue[]).map(hex);
  const equivalent = order.equivalent as string;
  const debts = new Map<string, { low: Hex; high: Hex; change: bigint }>();
  const hops: ReadHop[] = [];
  for (const route of map.routes as CborMap[]) {
    const path = (route.path as number[]).map((at) => participants[at]!);
    const amount = whole(route.amount);
    for (let at = 0; at + 1 < path.length; at++) {
      const [debtor, creditor] = [path[at]!, path[at + 1]!];
      const isUp = debtor > creditor;
      const [low, high] = isUp ? [creditor, debtor] : [debtor, creditor];
      const name = edgeName(equivalent, low, high);
      hops.push({ edge: name, debtor, creditor, isIntermediate: at + 2 < path.length });
      const entry = debts.get(name) ?? { low, high, change: 0n };
      entry.change += isUp ? amount : -amount;
      debts.set(name, entry);
    }
  }
  const voters = (map.voters as Uint8Array[]).map(participantOf);
  const agents = map.agents as number[];
  return {
    hash: sha256Of(bytes),
    tx: sha256Of(orderBytes),
    attempt: Number(map.attempt),
    ...(map.kind === 'clearing' ? clearingOf(map, order) : paymentOf(order)),
    equivalent,
    participants,
    agentOf: new Map(participants.map((participant, i) => [participant, voters[agents[i]!]!])),
    voters,
    voterKeys: (map.voters as Uint8Array[]).map((key) => hexOf(key)),
    order: map.order as Uint8Array,
    effects: [...debts]
      .filter(([, { change }]) => change !== 0n)
      .map(([edge, entry]) => ({ edge, ...entry })),
    hops,
  };
}

type Purpose = Pick<ReadManifest, 'ends' | 'clearing' | 'amount' | 'orderedBy'>;

function paymentOf(order: CborMap): Purpose {
  const key = order.payer_key as Uint8Array;
  return {
    ends: { payer: participantOf(key), payee: hex(order.payee) },
    clearing: undefined,
    amount: whole(order.amount),
    orderedBy: hexOf(key),
  };
}

function clearingOf(map: CborMap, proposal: CborMap): Purpose {
  const consents = ((map.consents ?? []) as Uint8Array[]).map(readConsent);
  return {
    ends: undefined,
    clearing: {
      proposed: whole(proposal.amount),
      consents,
      shortens: proposal.shortens === true,
    },
    amount: whole((map.routes as CborMap[])[0]!.amount),
    orderedBy: hexOf(proposal.coordinator_key as Uint8Array),
  };
}

export function readConsent(bytes: Uint8Array): ReadConsent {
  const body = decode(payloadOf(bytes)) as CborMap;
  const key = body.participant_key as Uint8Array;
  return {
    bytes,
    tx: hex(body.tx),
    participant: participantOf(key),
    participantKey: hexOf(key),
    amount: whole(body.amount),
    expires: Number(body.expires),
  };
}

/** Who votes for a participant, by its newest word. */
export interface ReadWord {
  readonly agent: Hex;
  readonly sequence: number;
}

export function readWord(bytes: Uint8Array): ReadWord {
  const { agent, sequence } = decode(bytes) as CborMap;
  return { agent: participantOf(agent as Uint8Array), sequence: Number(sequence) };
}

export function readMember(bytes: Uint8Array): { participant: Hex; status: string } {
  const { key, status } = decode(bytes) as CborMap;
  return { participant: participantOf(key as Uint8Array), status: status as string };
}

/** What an attempt adds to the digest of an edge, as a number below 2^256. */
export function digestItem(manifest: ReadManifest, change: bigint): bigint {
  const bytes = Buffer.alloc(44);
  bytes.write(manifest.tx, 'hex');
  bytes.writeUInt32BE(manifest.attempt, 32);
  bytes.writeBigInt64BE(change, 36);
  return BigInt(`0x${sha256Of(bytes)}`);
}

/**
 * The payload of a COSE_Sign1 in the one form that the protocol knows: tag 18, array of 4, a
 * protected header of 38 bytes, an empty map, the payload, a signature of 64 bytes.
 */
export function payloadOf(envelope: Uint8Array): Uint8Array {
  const at = 1 + 1 + 2 + 38 + 1;
  const head = envelope[at]!;
  const [skip, length] =
    head < 0x58
      ? [1, head & 0x1f]
      : head === 0x58
        ? [2, envelope[at + 1]!]
        : [3, envelope[at + 1]! * 256 + envelope[at + 2]!];
  return envelope.subarray(at + skip, at + skip + length);
}

/** The last 64 bytes of an envelope: no two statements share them. */
export function signatureOf(envelope: Uint8Array): string {
  return Buffer.from(envelope.buffer, envelope.byteOffset + envelope.length - 64, 64).toString(
    'latin1',
  );
}

function hex(value: CborValue | undefined): Hex {
  return hexOf(value as Uint8Array);
}

function whole(value: CborValue | undefined): bigint {
  return BigInt(value as number | bigint);
}

function wholeOrNone(value: CborValue | undefined): bigint | undefined {
  return value === undefined ? undefined : whole(value);
}
