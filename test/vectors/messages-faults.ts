/**
 * Frames that are refused, each with one thing wrong. The same faults are made in every type: what a
 * codec lets through for one message it lets through for all.
 */
import { bytesToHex, concatBytes, hexToBytes } from '@noble/hashes/utils.js';
import { signWithSeed } from '../../protocol/identity/keys.ts';
import { pidToHash } from '../../protocol/identity/pid.ts';
import { type CborMap, type CborValue, decode, encode } from '../../protocol/wire/cbor.ts';
import { sealSign1 } from '../../protocol/wire/cose.ts';
import { encodeBody } from '../../protocol/wire/envelope.ts';
import { MESSAGES, type MessageName } from '../../protocol/wire/message-types.ts';
import { type MessageCase, VALID_MESSAGES, type ValidMessage } from './messages-cases.ts';
import * as w from './messages-world.ts';

/** Head of a map of up to 23 entries. */
const MAP_HEAD = 0xa0;

function rawMap(entries: readonly (readonly [key: string, value: CborValue])[]): Uint8Array {
  const parts = entries.flatMap(([key, value]) => [encode(key), encode(value)]);
  return concatBytes(Uint8Array.of(MAP_HEAD | entries.length), ...parts);
}

function refused(
  message: ValidMessage,
  what: string,
  reason: string,
  frame: Uint8Array,
): MessageCase {
  const { type, signer } = message;
  return {
    name: `${type}: ${what}`,
    type,
    number: MESSAGES[type].number,
    frame: bytesToHex(frame),
    valid: false,
    reason,
    ...(signer && { public_key: signer.key, seed: bytesToHex(signer.seed) }),
  };
}

/** The frame round a payload, signed if the type asks for it. */
function frameOf({ type, signer }: ValidMessage, payload: Uint8Array): Uint8Array {
  const body = signer === undefined ? payload : sign(type, payload, signer);
  return encode([MESSAGES[type].number, body]);
}

function sign(type: string, payload: Uint8Array, { seed, key }: w.Person): Uint8Array {
  return sealSign1(type, payload, key, (bytes) => signWithSeed(seed, bytes));
}

/** Faults of form, which any message can have. */
function formFaults(message: ValidMessage): MessageCase[] {
  const { type, body } = message;
  const payload = encodeBody(type, body);
  const map = decode(payload) as CborMap;
  const entries = Object.entries(map);
  const [firstKey] = entries[0]!;
  const { [firstKey]: _, ...without } = map;
  const bad = (what: string, bytes: Uint8Array, reason = 'bad_message') =>
    refused(message, what, reason, frameOf(message, bytes));
  const faults = [
    bad(`"${firstKey}" is missing`, encode(without)),
    bad('an unknown key', encode({ ...map, zzz: 1 })),
    bad('null where a key should be absent', encode({ ...map, zzz: null })),
    bad(`"${firstKey}" is null`, encode({ ...map, [firstKey]: null })),
    bad('a list instead of a map', encode(Object.values(map))),
    bad('a trailing byte', concatBytes(payload, Uint8Array.of(0)), 'bad_cbor'),
    bad('cut short', payload.subarray(0, -1), 'bad_cbor'),
    bad('a key twice', rawMap([entries[0]!, entries[0]!, ...entries.slice(1)]), 'bad_cbor'),
  ];
  if (entries.length > 1) {
    faults.push(bad('keys unsorted', rawMap([...entries].reverse()), 'bad_cbor'));
  }
  return [
    ...faults,
    ...(message.signer === undefined ? bareFaults : signedFaults)(message, payload),
  ];
}

function bareFaults(message: ValidMessage, payload: Uint8Array): MessageCase[] {
  const number = MESSAGES[message.type].number;
  const envelope = sign(message.type, payload, w.anna);
  return [
    refused(
      message,
      'signed, though it rests on the channel',
      'bad_cbor',
      encode([number, envelope]),
    ),
  ];
}

function signedFaults(message: ValidMessage, payload: Uint8Array): MessageCase[] {
  const { type } = message;
  const signer = message.signer!;
  const number = MESSAGES[type].number;
  const frame = (body: Uint8Array) => encode([number, body]);
  const good = sign(type, payload, signer);
  const altered = good.slice();
  altered[altered.length - 1]! ^= 1;
  const otherType = type === 'WITHDRAW' ? 'PAYMENT_COMMIT_ACK' : 'WITHDRAW';
  const forged = sealSign1(type, payload, signer.key, (bytes) => signWithSeed(w.eve.seed, bytes));
  return [
    refused(message, 'not signed', 'bad_envelope', frame(payload)),
    refused(message, 'without tag 18', 'bad_envelope', frame(good.subarray(1))),
    refused(message, 'signed by someone else', 'bad_signature', frame(sign(type, payload, w.eve))),
    refused(message, 'signed by someone else in its name', 'bad_signature', frame(forged)),
    refused(message, 'signature altered', 'bad_signature', frame(altered)),
    refused(
      message,
      `signed as ${otherType}`,
      'bad_signature',
      frame(sign(otherType, payload, signer)),
    ),
  ];
}

const HALF_PID = new Uint8Array(31);
/** Values out of bounds: the type, the first name that it may be found by, and what is put in. */
const BAD_VALUES: readonly (readonly [type: MessageName, what: string, change: CborMap])[] = [
  ['TRUST_LINE_CREATE', 'key of 31 bytes', { from_key: HALF_PID }],
  ['TRUST_LINE_CREATE', 'PID as text', { to: w.anna.pid }],
  ['TRUST_LINE_CREATE', 'limit below zero', { limit: -1 }],
  ['TRUST_LINE_CREATE', 'limit of 2^63', { limit: 2n ** 63n }],
  ['TRUST_LINE_CREATE', 'limit as text', { limit: '1000' }],
  ['TRUST_LINE_CREATE', 'equivalent in small letters', { equivalent: 'uah' }],
  ['TRUST_LINE_CREATE', 'equivalent of 17 letters', { equivalent: 'A'.repeat(17) }],
  ['TRUST_LINE_CREATE', 'equivalent without letters', { equivalent: '' }],
  ['TRUST_LINE_CREATE', 'precision of 9', { precision: 9 }],
  ['TRUST_LINE_CREATE', 'unknown status', { status: 'suspended' }],
  ['TRUST_LINE_CREATE', 'policy incomplete', { policy: { auto_clearing: true } }],
  ['TRUST_LINE_CREATE', 'sequence of 2^53', { sequence: 2n ** 53n }],
  ['TRUST_LINE_CREATE', 'sequence below zero', { sequence: -1 }],
  ['TRUST_LINE_ACK', 'accepted as a number', { accepted: 1 }],
  ['TRUST_LINE_ACK', 'code of five letters', { code: 'E0090' }],
  ['TRUST_LINE_ACK', 'text of 301 bytes', { text: `${'ї'.repeat(150)}.` }],
  ['PAYMENT_REQUEST', 'amount of zero', { amount: 0 }],
  ['PAYMENT_REQUEST', 'amount below zero', { amount: -4250 }],
  ['PAYMENT_REQUEST', 'amount of 2^63', { amount: 2n ** 63n }],
  ['PAYMENT_REQUEST', '11 hops', { max_hops: 11 }],
  ['PAYMENT_REQUEST', '17 routes', { max_paths: 17 }],
  ['PAYMENT_REQUEST', '33 participants to avoid', { avoid: Array(33).fill(new Uint8Array(32)) }],
  ['PAYMENT_REQUEST', 'nonce of 15 bytes', { nonce: new Uint8Array(15) }],
  ['PAYMENT_REQUEST', 'note hash of 33 bytes', { note_hash: new Uint8Array(33) }],
  ['PAYMENT_REQUEST', 'time before 1970', { created: -1 }],
  [
    'PAYMENT_PREPARE',
    'contacts with five addresses',
    { contacts: [[new Uint8Array(32), Array(5).fill('')]] },
  ],
  ['PAYMENT_PREPARE', 'contact without addresses', { contacts: [[new Uint8Array(32)]] }],
  ['PAYMENT_PREPARE', 'note of 1025 bytes', { note: new Uint8Array(1025) }],
  ['PAYMENT_PREPARE_ACK', 'attempt of 65536', { attempt: 65_536 }],
  ['PAYMENT_PREPARE_ACK', 'a vote that is neither', { yes: 'maybe' }],
  ['PAYMENT_PREPARE_ACK', 'hop of three', { hop: Array(3).fill(new Uint8Array(32)) }],
  ['PAYMENT_PREPARE_ACK', 'hop of one', { hop: [new Uint8Array(32)] }],
  ['PAYMENT_PREPARE_ACK', 'fault of 41 bytes', { fault: 'f'.repeat(41) }],
  ['PAYMENT_NOTE', 'note of 1025 bytes', { note: new Uint8Array(1025) }],
  ['PAYMENT_REPLY', 'committed as a number', { committed: 1 }],
  ['PAYMENT_REPLY', 'code of five letters', { code: 'E0020' }],
  ['PAYMENT_COMMIT', 'evidence incomplete', { evidence: { votes: [] } }],
  [
    'PAYMENT_COMMIT',
    'votes as one byte string',
    { evidence: { votes: new Uint8Array(9), withdrawals: [], applied: [] } },
  ],
  ['CLEARING_PROPOSE', 'cycle of two', { cycle: [w.anna.pid, w.bob.pid].map(pidToHash) }],
  ['CLEARING_PROPOSE', 'cycle of eleven', { cycle: Array(11).fill(new Uint8Array(32)) }],
  ['CLEARING_PROPOSE', 'amount of zero', { amount: 0 }],
  ['CLEARING_ACCEPT', 'amount of zero', { amount: 0 }],
  ['CLEARING_REJECT', 'fault of 41 bytes', { fault: 'f'.repeat(41) }],
  ['CLEARING_PREPARE', 'a note', { note: new Uint8Array(8) }],
  ['STATUS_QUERY', 'round of 2^32', { round: 2 ** 32 }],
  ['STATUS_REPLY', 'unknown stance', { stance: 'maybe' }],
  ['EDGE_DIGEST', 'balance of -2^63', { balance: -(2n ** 63n) }],
  ['EDGE_DIGEST', 'digest of 31 bytes', { digest: HALF_PID }],
  ['EDGE_HISTORY', 'line of another type', { lines: [['TRUST_LINE_ACK', new Uint8Array(200)]] }],
  [
    'EDGE_HISTORY',
    'three lines',
    { lines: Array(3).fill(['TRUST_LINE_CLOSE', new Uint8Array(200)]) },
  ],
  ['ROUTE_QUERY', '11 hops', { hops: 11 }],
  ['ROUTE_QUERY', 'wait of more than a minute', { wait_ms: 60_001 }],
  ['ROUTE_QUERY', 'budget of 10001', { budget: 10_001 }],
  ['ROUTE_REPLY', 'hop without capacity', { hops: [[0, 1, 0]] }],
  ['ROUTE_REPLY', 'node index of 256', { hops: [[0, 256, 1]] }],
  ['ROUTE_REPLY', 'cost of 65536', { cost: 65_536 }],
  ['ROUTE_QUERY', '17 paths', { max_paths: 17 }],
  ['ROUTE_REPLY', 'a route that goes nowhere', { routes: [{ path: [0], amount: 1 }] }],
  ['EDGE_REPORT', 'no edges', { edges: [] }],
  ['EDGE_REPORT', 'sequence below zero', { sequence: -1 }],
  ['AGENT_GRANT', 'a scope that leaves something open', { scope: { pay: true, carry: true } }],
  ['AGENT_GRANT', 'sequence below zero', { sequence: -1 }],
  ['AGENT_REVOKE', 'a PID for the key', { member_key: HALF_PID }],
  ['AGENT_ACK', 'sequence as text', { sequence: '3' }],
  ['AGENT_QUERY', 'a PID cut in half', { member: HALF_PID }],
  ['MEMBER_QUERY', 'time before 1970', { created: -1 }],
  ['SIGN_IN', 'challenge of 65 bytes', { challenge: new Uint8Array(65) }],
  ['JOIN_REQUEST', 'profile of another kind', { profile: { kind: 'club', name: '', about: '' } }],
  [
    'JOIN_REQUEST',
    'name of 81 bytes',
    { profile: { kind: 'person', name: `${'ї'.repeat(40)}.`, about: '' } },
  ],
  ['JOIN_REQUEST', 'nonce of 15 bytes', { nonce: new Uint8Array(15) }],
  ['JOIN_REPLY', 'unknown status', { status: 'frozen' }],
  [
    'JOIN_REPLY',
    '33 equivalents',
    { equivalents: Array(33).fill({ code: 'HOUR', precision: 1, metadata: [] }) },
  ],
  ['PROFILE_UPDATE', 'leaves as a number', { leaves: 1 }],
  [
    'EQUIVALENT_DEFINE',
    'precision of 9',
    { definition: { code: 'HOUR', precision: 9, metadata: [] } },
  ],
  ['OPERATOR_REQUEST', 'name of an operation of 41 bytes', { method: 'm'.repeat(41) }],
  ['OPERATOR_REPLY', 'result of 60 KiB and a byte', { result: 'r'.repeat(60 * 1024 + 1) }],
  ['PING', 'nonce of 7 bytes', { nonce: new Uint8Array(7) }],
  ['ERROR', 'text of 301 bytes', { text: 'e'.repeat(301) }],
];

/** What is no frame at all; named after PING, whose body some of them hold. */
const NO_FRAMES: readonly (readonly [what: string, reason: string, hex: string])[] = [
  ['nothing', 'bad_cbor', ''],
  ['a body alone', 'bad_frame', 'a1656e6f6e6365480001020304050607'],
  ['a number alone', 'bad_frame', '811870'],
  ['a third item', 'bad_frame', '83187050a1656e6f6e636548000102030405060700'],
  ['the number as text', 'bad_frame', '826331313250a1656e6f6e6365480001020304050607'],
  ['the body as a map', 'bad_frame', '821870a1656e6f6e6365480001020304050607'],
  ['the body as text', 'bad_frame', '82187060'],
  ['a number that nobody has', 'unknown_message', '821903e740'],
  ['a number below zero', 'unknown_message', '822040'],
  ['the number in two bytes too many', 'bad_cbor', '8219007050a1656e6f6e6365480001020304050607'],
  ['an indefinite list', 'bad_cbor', '9f187050a1656e6f6e6365480001020304050607ff'],
  ['a trailing byte', 'bad_cbor', '82187050a1656e6f6e636548000102030405060700'],
  ['cut short', 'bad_cbor', '82187050a1656e6f6e63654800010203040506'],
  ['a float in the body', 'bad_cbor', '8218704aa1656e6f6e6365f93c00'],
  ['a tag in the body', 'bad_cbor', '82187051a1656e6f6e6365c1480001020304050607'],
  ['an empty body', 'bad_cbor', '82187040'],
];

function noFrames(): MessageCase[] {
  return NO_FRAMES.map(([what, reason, hex]) => ({
    name: `no frame: ${what}`,
    type: 'PING',
    number: MESSAGES.PING.number,
    frame: bytesToHex(hexToBytes(hex)),
    valid: false,
    reason,
  }));
}

/** The first valid message of each type. */
function exemplars(): Map<MessageName, ValidMessage> {
  const found = new Map<MessageName, ValidMessage>();
  for (const message of VALID_MESSAGES) {
    if (!found.has(message.type)) found.set(message.type, message);
  }
  return found;
}

export function faultCases(): MessageCase[] {
  const examples = exemplars();
  const values = BAD_VALUES.map(([type, what, change]) => {
    const message = examples.get(type)!;
    const map = decode(encodeBody(type, message.body)) as CborMap;
    const frame = frameOf(message, encode({ ...map, ...change }));
    return refused(message, what, 'bad_message', frame);
  });
  return [...noFrames(), ...[...examples.values()].flatMap(formFaults), ...values];
}
