/**
 * What a payment asks of the primitives, taken from specimens of a real run, for `floor-worker.ts` to do
 * with nothing else around it: the same messages, CBOR documents and store operations.
 */
import type { StoreOp } from '../../node/ports.ts';
import type { PublicKey } from '../../protocol/identity/pid.ts';
import { type CborValue, decode } from '../../protocol/wire/cbor.ts';
import { parseSign1, type Sign1 } from '../../protocol/wire/cose.ts';
import { openFrame } from '../../protocol/wire/envelope.ts';
import type { MessageName } from '../../protocol/wire/message-types.ts';
import type { Specimen, Specimens } from './meter.ts';

/** A message: its bytes, what its sender encodes for it, what its receiver decodes in it. */
export interface FloorMessage {
  readonly frame: Uint8Array;
  readonly encoded: readonly CborValue[];
  readonly decoded: readonly Uint8Array[];
}

/** One kind of store operation. */
export interface FloorOp {
  readonly op: StoreOp;
  /** What its value encodes; absent where the value is not a CBOR document made for it. */
  readonly value?: CborValue;
  /** How many of it one payment takes at this node. */
  readonly perPayment: number;
}

export interface FloorRecipe {
  readonly prepare: FloorMessage;
  readonly vote: FloorMessage;
  readonly commit: FloorMessage;
  readonly applied: FloorMessage;
  /** By node, payer first. */
  readonly operations: readonly (readonly FloorOp[])[];
}

/** What a hub does for an order of a member whose whole way it votes on alone. */
export interface LoneRecipe {
  readonly request: FloorMessage;
  /** Whose signature the request carries, and over what. */
  readonly order: { readonly payer: PublicKey; readonly envelope: Sign1 };
  /** What the hub says of it in a statement that it signs: its vote. */
  readonly vote: CborValue;
  readonly operations: readonly FloorOp[];
  /** What the protocol has hashed for it: the order, the manifest, and what each edge's digest grows by. */
  readonly hashed: readonly Uint8Array[];
  /** Keys that are looked for, mostly in vain: an order may come twice. */
  readonly reads: number;
}

/** The hash of an attempt's part of an edge is made over this many bytes (`applyChange`). */
const DIGEST_ITEM_BYTES = 44;

/** One of the same specimens earlier, to count from. */
export type Counted = ReadonlyMap<string, number>;

export function countedSoFar({ operations }: Specimens): Counted {
  return new Map([...operations].map(([name, { count }]) => [name, count]));
}

/**
 * @param before what each node had counted when the payments began
 * @param after of each node, payer first
 */
export function recipeOf(
  before: readonly Counted[],
  after: readonly Specimens[],
  payments: number,
): FloorRecipe {
  const [payer, voter] = after;
  return {
    prepare: message(frameOf(payer!, 'PAYMENT_PREPARE')),
    commit: message(frameOf(payer!, 'PAYMENT_COMMIT')),
    vote: message(frameOf(voter!, 'PAYMENT_PREPARE_ACK')),
    applied: message(frameOf(voter!, 'PAYMENT_COMMIT_ACK')),
    operations: after.map((specimens, i) => operationsOf(before[i]!, specimens, payments)),
  };
}

/** @param reads keys that were looked for while all these payments were made */
export function loneRecipeOf(
  request: Uint8Array,
  before: Counted,
  after: Specimens,
  payments: number,
  reads: number,
): LoneRecipe {
  const operations = operationsOf(before, after, payments);
  const kind = (prefix: string) => operations.find(({ op }) => op.key.startsWith(`${prefix}/`));
  const manifest = kind('manifest')?.op;
  const vote = kind('said')?.op;
  const order = openFrame(request);
  if (vote?.type !== 'put' || order.type !== 'PAYMENT_REQUEST') {
    throw new Error('no order was carried out, so there is no vote to learn from');
  }
  const edges = Math.round(kind('applied')?.perPayment ?? 0);
  return {
    request: message(request),
    order: { payer: order.body.payer_key, envelope: order.signed!.sign1 },
    vote: decode(parseSign1(vote.value).payload),
    operations,
    hashed: [
      message(request).decoded[1]!,
      ...(manifest?.type === 'put' ? [manifest.value] : []),
      ...Array.from({ length: edges }, () => new Uint8Array(DIGEST_ITEM_BYTES)),
    ],
    reads: reads / payments,
  };
}

function operationsOf(before: Counted, { operations }: Specimens, payments: number): FloorOp[] {
  return [...operations].flatMap(([name, specimen]) => {
    const count = specimen.count - (before.get(name) ?? 0);
    return count === 0 ? [] : [operation(specimen, count / payments)];
  });
}

function frameOf({ frames }: Specimens, name: MessageName): Uint8Array {
  const specimen = frames.get(name);
  if (specimen === undefined) throw new Error(`no ${name} was sent`);
  return specimen.newest;
}

function operation({ newest }: Specimen<StoreOp>, perPayment: number): FloorOp {
  const value = newest.type === 'put' ? decodedOrNot(newest.value) : undefined;
  return { op: newest, perPayment, ...(value === undefined ? {} : { value }) };
}

/** Nested CBOR documents were encoded when they were signed or hashed, once, but each receiver decodes them. */
function message(frame: Uint8Array): FloorMessage {
  const body = (decode(frame) as [number, Uint8Array])[1];
  const payload = payloadOf(body);
  const outer = [frame, payload];
  return {
    frame,
    encoded: outer.map((bytes) => decode(bytes)),
    decoded: [...outer, ...documentsIn(decode(payload))],
  };
}

function documentsIn(value: CborValue): Uint8Array[] {
  if (value instanceof Uint8Array) {
    const payload = payloadOf(value);
    const inner = decodedOrNot(payload);
    return inner === undefined ? [] : [payload, ...documentsIn(inner)];
  }
  if (value === null || typeof value !== 'object') return [];
  return Object.values(value).flatMap((each: CborValue) => documentsIn(each));
}

/** What a COSE_Sign1 signs; other bytes as they are. */
function payloadOf(bytes: Uint8Array): Uint8Array {
  try {
    return parseSign1(bytes).payload;
  } catch {
    return bytes;
  }
}

/** Only maps and lists count: a hash may happen to begin like CBOR. */
function decodedOrNot(bytes: Uint8Array): CborValue | undefined {
  try {
    const value = decode(bytes);
    return typeof value === 'object' && !(value instanceof Uint8Array) && value !== null
      ? value
      : undefined;
  } catch {
    return undefined;
  }
}
