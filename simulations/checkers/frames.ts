/** Frames as an outsider reads them: the message's name and its body, and whose signatures it shows. */
import { type CborMap, decode } from '../../protocol/wire/cbor.ts';
import { type MessageName, messageNameOf } from '../../protocol/wire/message-types.ts';
import { type Hex, hexOf } from './reading.ts';

export interface ReadFrame {
  readonly name: MessageName | undefined;
  /** The body's bytes: a CBOR map, or a signed envelope. */
  readonly body: Uint8Array;
}

/** A frame is the array `[number, body]`. */
export function readFrame(frame: Uint8Array): ReadFrame {
  const long = frame[1] === 0x18;
  const number = long ? frame[2]! : frame[1]!;
  const at = long ? 3 : 2;
  const head = frame[at]!;
  const skip = head < 0x58 ? 1 : head === 0x58 ? 2 : head === 0x59 ? 3 : 5;
  return { name: messageNameOf(number), body: frame.subarray(at + skip) };
}

export type Part = 'prepare' | 'vote' | 'commit' | 'abort' | 'applied';
export type Kind = 'payment' | 'clearing';

/** What payments and clearings say under names of their own. */
export const NAMES = {
  prepare: { payment: 'PAYMENT_PREPARE', clearing: 'CLEARING_PREPARE' },
  vote: { payment: 'PAYMENT_PREPARE_ACK', clearing: 'CLEARING_PREPARE_ACK' },
  commit: { payment: 'PAYMENT_COMMIT', clearing: 'CLEARING_COMMIT' },
  abort: { payment: 'PAYMENT_ABORT', clearing: 'CLEARING_ABORT' },
  applied: { payment: 'PAYMENT_COMMIT_ACK', clearing: 'CLEARING_COMMIT_ACK' },
} as const satisfies Readonly<Record<Part, Readonly<Record<Kind, MessageName>>>>;

const PART_OF = new Map<MessageName, Part>(
  Object.entries(NAMES).flatMap(([part, names]) =>
    Object.values(names).map((name) => [name, part as Part] as const),
  ),
);

/** The part that a message plays in an attempt, if it has a name of its own for each kind. */
export function partOf(name: MessageName | undefined): Part | undefined {
  return name && PART_OF.get(name);
}

/** The participant in whose name an envelope is signed. */
export function signerOf(envelope: Uint8Array): Hex {
  return hexOf(envelope.subarray(10, 42));
}

/** The statements that a message about an attempt shows. */
export function statementsIn(body: CborMap): Uint8Array[] {
  const evidence = body.evidence as { readonly [kind: string]: readonly Uint8Array[] } | undefined;
  if (evidence === undefined) return [];
  return [...evidence.votes!, ...evidence.withdrawals!, ...evidence.applied!];
}

export function bodyOf(frame: ReadFrame): CborMap {
  return decode(frame.body) as CborMap;
}
