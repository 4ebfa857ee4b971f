/** Signed envelopes with all that goes into them, and envelopes that are refused. */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, concatBytes, hexToBytes } from '@noble/hashes/utils.js';
import { publicKeyFromSeed, signWithSeed } from '../../protocol/identity/keys.ts';
import { hashFromBytes, publicKeyToBytes } from '../../protocol/identity/pid.ts';
import { type CborValue, decode, encode } from '../../protocol/wire/cbor.ts';
import { sealSign1, toBeSigned } from '../../protocol/wire/cose.ts';
import { type Portable, toPortable } from './portable.ts';

export interface CoseCase {
  readonly name: string;
  /** Seed of the key that the verifier expects. */
  readonly seed: string;
  readonly public_key: string;
  /** Message type that the verifier expects. */
  readonly type: string;
  readonly bytes: string;
  readonly valid: boolean;
  /** Empty if valid; `bad_envelope` if the bytes are refused unread, `bad_signature` if on checking. */
  readonly reason: '' | 'bad_envelope' | 'bad_signature';
  /** What is in a valid one: the message, its bytes, the key identifier, the bytes that are signed. */
  readonly message?: Portable;
  readonly payload?: string;
  readonly kid?: string;
  readonly to_be_signed?: string;
}

const SEED = new Uint8Array(32).fill(0x33);
const KEY = publicKeyFromSeed(SEED);
const OTHER_SEED = new Uint8Array(32).fill(0x44);
const KID = hashFromBytes(sha256(publicKeyToBytes(KEY)));
const TYPE = 'PAYMENT_REQUEST';

const MESSAGES: readonly (readonly [name: string, type: string, message: CborValue])[] = [
  ['empty message', 'PING', {}],
  ['payload of 23 bytes', 'PING', { pad: new Uint8Array(17) }],
  ['payload of 24 bytes', 'PING', { pad: new Uint8Array(18) }],
  ['payload of 255 bytes', 'PING', { pad: new Uint8Array(248) }],
  ['payload of 256 bytes', 'PING', { pad: new Uint8Array(249) }],
  [
    'message with every kind of value',
    TYPE,
    {
      amount: 9223372036854775807n,
      equivalent: 'UAH',
      nonce: new Uint8Array(16).fill(7),
      avoid: [new Uint8Array(32).fill(1)],
      note: null,
      partial: false,
    },
  ],
];

function validCase(name: string, type: string, message: CborValue): CoseCase {
  const payload = encode(message);
  return {
    name,
    seed: bytesToHex(SEED),
    public_key: KEY,
    type,
    bytes: bytesToHex(sealSign1(type, payload, KEY, (bytes) => signWithSeed(SEED, bytes))),
    valid: true,
    reason: '',
    message: toPortable(decode(payload)),
    payload: bytesToHex(payload),
    kid: KID,
    to_be_signed: bytesToHex(toBeSigned(type, KID, payload)),
  };
}

function refusedCases(): CoseCase[] {
  const payload = encode({ amount: 5 });
  const sign = (message: Uint8Array) => signWithSeed(SEED, message);
  const good = bytesToHex(sealSign1(TYPE, payload, KEY, sign));
  const signature = good.slice(-128);
  // Where the empty header ends and the payload, nine bytes with their head, begins.
  const HEAD = 'a049a166';
  const base = { seed: bytesToHex(SEED), public_key: KEY, type: TYPE, valid: false };
  const unread = (name: string, bytes: string): CoseCase => {
    return { ...base, name, bytes, reason: 'bad_envelope' };
  };
  const unsound = (name: string, bytes: Uint8Array | string): CoseCase => {
    const hex = typeof bytes === 'string' ? bytes : bytesToHex(bytes);
    return { ...base, name, bytes: hex, reason: 'bad_signature' };
  };
  const otherKey = publicKeyFromSeed(OTHER_SEED);
  const withoutAad = concatBytes(
    hexToBytes(`846a5369676e6174757265315826a20127045820${KID}`),
    hexToBytes('40'),
    Uint8Array.of(0x40 | payload.length),
    payload,
  );
  return [
    unread('nothing', ''),
    unread('cut', good.slice(0, -2)),
    unread('trailing byte', `${good}00`),
    unread('without tag 18', good.slice(2)),
    unread('tag 18 in two bytes', `d812${good.slice(2)}`),
    unread('tag 98 (COSE_Sign)', `d862${good.slice(2)}`),
    unread('indefinite array', `d29f${good.slice(4)}ff`),
    unread('alg ES256', good.replace('a20127', 'a20126')),
    unread('header labels swapped', good.replace(`a20127045820${KID}`, `a2045820${KID}0127`)),
    unread('protected header empty', good.replace(`5826a20127045820${KID}`, '40')),
    unread('kid outside the protected header', good.replace(`${KID}a0`, `${KID}a10440`)),
    unread('payload detached', `${good.slice(0, 86)}f65840${signature}`),
    unread('length of payload not in shortest form', good.replace(HEAD, 'a05809a166')),
    unread('length of payload too large', good.replace(HEAD, 'a04aa166')),
    unread('length of payload too small', good.replace(HEAD, 'a048a166')),
    unread('payload as text', good.replace(HEAD, 'a069a166')),
    unread('signature of 63 bytes', `${good.slice(0, -132)}583f${signature.slice(2)}`),
    unsound('made for another type', sealSign1('PAYMENT_COMMIT_ACK', payload, KEY, sign)),
    unsound('made without the type', `${good.slice(0, -128)}${bytesToHex(sign(withoutAad))}`),
    unsound('made over the payload alone', `${good.slice(0, -128)}${bytesToHex(sign(payload))}`),
    unsound(
      'made by another key, which it names',
      sealSign1(TYPE, payload, otherKey, (bytes) => signWithSeed(OTHER_SEED, bytes)),
    ),
    unsound(
      'made by another key, names the expected one',
      sealSign1(TYPE, payload, KEY, (bytes) => signWithSeed(OTHER_SEED, bytes)),
    ),
    unsound('made by the expected key, names another', sealSign1(TYPE, payload, otherKey, sign)),
    unsound('payload altered', good.replace('a166616d6f756e7405', 'a166616d6f756e7406')),
    unsound('signature altered', `${good.slice(0, -2)}${good.endsWith('00') ? '01' : '00'}`),
  ];
}

export function coseCases(): CoseCase[] {
  return [
    ...MESSAGES.map(([name, type, message]) => validCase(name, type, message)),
    ...refusedCases(),
  ];
}
