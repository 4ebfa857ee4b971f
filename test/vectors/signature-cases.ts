/**
 * Signatures, each valid or refused for one reason. The curious ones are made with arithmetic on the
 * whole curve (@noble/curves), not with the code that they test.
 *
 * Letters are those of RFC 8032 section 5.1: `B` base point, `L` its order, `A = [a]B` public key,
 * `R = [r]B`, `k = SHA-512(R, A, message) mod L`, `S = r + k·a`. `T` is a point of small order.
 */
import { ED25519_TORSION_SUBGROUP, ed25519 } from '@noble/curves/ed25519.js';
import { sha512 } from '@noble/hashes/sha2.js';
import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';

export interface SignatureCase {
  readonly name: string;
  /** Present where the signature is what this seed makes of the message. */
  readonly seed?: string;
  readonly public_key: string;
  readonly message: string;
  readonly signature: string;
  readonly valid: boolean;
  /** Empty if valid. */
  readonly reason: string;
  /** True where a lenient verifier (ZIP 215: cofactored, any encoding) accepts what the rule refuses. */
  readonly trap: boolean;
}

type CurvePoint = typeof ed25519.Point.BASE;
const { Point } = ed25519;
const L = Point.Fn.ORDER;
const P = Point.Fp.ORDER;
const SEED = new Uint8Array(32).fill(0x11);
const OTHER_SEED = new Uint8Array(32).fill(0x22);
const { scalar: a, point: A } = ed25519.utils.getExtendedPublicKey(SEED);
const A_BYTES = A.toBytes();
/** Any scalar will do for a vector; nobody's money rests on it. */
const r = 0x1234567890abcdef1234567890abcdefn;
const R = Point.BASE.multiply(r);
/** The eight points of small order; the order of each divides 8. */
const TORSION = ED25519_TORSION_SUBGROUP.map((hex) => ({ hex, point: Point.fromHex(hex) }));
const T8 = TORSION[1]!.point;

function littleEndian(value: bigint): Uint8Array {
  return hexToBytes(value.toString(16).padStart(64, '0')).reverse();
}

function fromLittleEndian(bytes: Uint8Array): bigint {
  return BigInt(`0x${bytesToHex(Uint8Array.from(bytes).reverse())}`);
}

function challenge(rBytes: Uint8Array, key: Uint8Array, message: Uint8Array): bigint {
  return fromLittleEndian(sha512(concatBytes(rBytes, key, message))) % L;
}

function scalarMod(value: bigint): bigint {
  return ((value % L) + L) % L;
}

/** The first message "name 0", "name 1", … whose challenge fits. */
function findMessage(
  name: string,
  rBytes: Uint8Array,
  key: Uint8Array,
  fits: (k: bigint) => boolean,
): { readonly message: Uint8Array; readonly k: bigint } {
  for (let counter = 0; ; counter++) {
    const message = utf8ToBytes(`${name} ${counter}`);
    const k = challenge(rBytes, key, message);
    if (fits(k)) return { message, k };
  }
}

interface Parts {
  readonly key: Uint8Array;
  readonly message: Uint8Array;
  readonly r: Uint8Array;
  readonly s: bigint;
}

function refused(name: string, reason: string, trap: boolean, parts: Parts): SignatureCase {
  return {
    name,
    public_key: bytesToHex(parts.key),
    message: bytesToHex(parts.message),
    signature: bytesToHex(concatBytes(parts.r, littleEndian(parts.s))),
    valid: false,
    reason,
    trap,
  };
}

function valid(name: string, seed: Uint8Array, message: Uint8Array): SignatureCase {
  return {
    name,
    seed: bytesToHex(seed),
    public_key: bytesToHex(ed25519.getPublicKey(seed)),
    message: bytesToHex(message),
    signature: bytesToHex(ed25519.sign(message, seed)),
    valid: true,
    reason: '',
    trap: false,
  };
}

/** RFC 8032 section 7.1, tests 1 to 3, as printed there. */
const RFC_8032: readonly SignatureCase[] = [
  {
    seed: '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
    public_key: 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    message: '',
    signature:
      'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
  },
  {
    seed: '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
    public_key: '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
    message: '72',
    signature:
      '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
  },
  {
    seed: 'c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7',
    public_key: 'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
    message: 'af82',
    signature:
      '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
  },
].map((printed, i) => ({
  name: `RFC 8032 test ${i + 1}`,
  ...printed,
  valid: true,
  reason: '',
  trap: false,
}));

function plainCases(): SignatureCase[] {
  const message = utf8ToBytes('an order of ten hours');
  const good = valid('good', SEED, message);
  const signature = hexToBytes(good.signature);
  const flipped = (at: number): string => {
    const copy = Uint8Array.from(signature);
    copy[at]! ^= 1;
    return bytesToHex(copy);
  };
  const spoiled = (name: string, reason: string, change: Partial<SignatureCase>): SignatureCase => {
    const { seed: _, ...rest } = good;
    return { ...rest, name, valid: false, reason, ...change };
  };
  return [
    good,
    valid('message of one frame', OTHER_SEED, new Uint8Array(65536).fill(0xa5).subarray(0, 2048)),
    spoiled('another message', 'equation', { message: bytesToHex(utf8ToBytes('ten days')) }),
    spoiled('another key', 'equation', {
      public_key: bytesToHex(ed25519.getPublicKey(OTHER_SEED)),
    }),
    spoiled('bit of R flipped', 'equation', { signature: flipped(0) }),
    spoiled('sign of R flipped', 'equation', {
      signature: bytesToHex(signature.map((byte, i) => (i === 31 ? byte ^ 0x80 : byte))),
    }),
    spoiled('bit of S flipped', 'equation', { signature: flipped(32) }),
    spoiled('S is zero', 'equation', {
      signature: bytesToHex(concatBytes(signature.subarray(0, 32), new Uint8Array(32))),
    }),
    spoiled('all zero', 'small_order_r', { signature: '00'.repeat(64) }),
    spoiled('empty', 'length', { signature: '' }),
    spoiled('63 bytes', 'length', { signature: bytesToHex(signature.subarray(0, 63)) }),
    spoiled('65 bytes', 'length', { signature: `${good.signature}00` }),
  ];
}

/** `S + n·L` fits the equation as well as `S` does: without the bound anyone could alter a signature. */
function scalarCases(): SignatureCase[] {
  const { message, k } = findMessage('S', R.toBytes(), A_BYTES, () => true);
  const S = scalarMod(r + k * a);
  const parts = { key: A_BYTES, message, r: R.toBytes() };
  return [
    ...[1n, 2n, 7n, 14n].map((n) =>
      refused(`S + ${n}L`, 's_not_canonical', false, { ...parts, s: S + n * L }),
    ),
    refused('S = L', 's_not_canonical', false, { ...parts, s: L }),
    refused('S = 2^256 - 1', 's_not_canonical', false, { ...parts, s: 2n ** 256n - 1n }),
  ];
}

/** With a key of small order `[S]B = R + [k]A` holds for S = r whenever [k]A vanishes: no secret needed. */
function smallOrderKeyCases(): SignatureCase[] {
  return TORSION.map(({ hex }, i) => {
    const key = hexToBytes(hex);
    const { message } = findMessage(`key of small order ${i}`, R.toBytes(), key, isMultipleOf8);
    return refused(`key of small order ${i}`, 'small_order_key', true, {
      key,
      message,
      r: R.toBytes(),
      s: r,
    });
  });
}

/** With R of small order, S = k·a: the signature says nothing about r. */
function smallOrderRCases(): SignatureCase[] {
  return TORSION.map(({ hex }, i) => {
    const rBytes = hexToBytes(hex);
    const { message, k } = findMessage(`R of small order ${i}`, rBytes, A_BYTES, () => true);
    return refused(`R of small order ${i}`, 'small_order_r', true, {
      key: A_BYTES,
      message,
      r: rBytes,
      s: scalarMod(k * a),
    });
  });
}

/** Second spellings of points: y + p where that fits 255 bits, and x = 0 with the sign bit set. */
const SECOND_SPELLINGS: readonly (readonly [name: string, bytes: Uint8Array])[] = [
  ['y = p, for 0', littleEndian(P)],
  ['y = p, for 0, sign set', littleEndian(P | (1n << 255n))],
  ['y = p + 1, for 1', littleEndian(P + 1n)],
  ['y = p + 1, for 1, sign set', littleEndian((P + 1n) | (1n << 255n))],
  ['x = 0, y = 1, sign set', littleEndian(1n | (1n << 255n))],
  ['x = 0, y = p - 1, sign set', littleEndian((P - 1n) | (1n << 255n))],
];

/** The second spelling of a point that has no small order: y = p + d for the least d on the curve. */
function largeOrderSecondSpelling(): Uint8Array {
  for (let d = 2n; ; d++) {
    const bytes = littleEndian(P + d);
    try {
      Point.fromBytes(bytes, true);
      return bytes;
    } catch {
      // not on the curve: try the next
    }
  }
}

function encodingCases(): SignatureCase[] {
  const large = largeOrderSecondSpelling();
  const offCurve = hexToBytes(`02${'00'.repeat(31)}`);
  const message = utf8ToBytes('spelling');
  const plain = { key: A_BYTES, message, r: R.toBytes(), s: r };
  return [
    ...SECOND_SPELLINGS.map(([name, key]) => {
      const { message } = findMessage(`key: ${name}`, R.toBytes(), key, isMultipleOf8);
      return refused(`key: ${name}`, 'key_not_canonical', true, { ...plain, key, message });
    }),
    ...SECOND_SPELLINGS.map(([name, rBytes]) => {
      const { message, k } = findMessage(`R: ${name}`, rBytes, A_BYTES, () => true);
      const s = scalarMod(k * a);
      return refused(`R: ${name}`, 'r_not_canonical', true, { ...plain, r: rBytes, message, s });
    }),
    refused('key: y above p, large order', 'key_not_canonical', false, { ...plain, key: large }),
    refused('R: y above p, large order', 'r_not_canonical', false, { ...plain, r: large }),
    refused('key not on the curve', 'key_not_on_curve', false, { ...plain, key: offCurve }),
    refused('R not on the curve', 'r_not_on_curve', false, { ...plain, r: offCurve }),
  ];
}

/** Points with a part of small order: here the cofactor decides, and implementations differ. */
function mixedOrderCases(): SignatureCase[] {
  const mixedKey = (T: CurvePoint, name: string, fits: (k: bigint) => boolean): SignatureCase => {
    const key = A.add(T).toBytes();
    const { message, k } = findMessage(name, R.toBytes(), key, fits);
    const s = scalarMod(r + k * a);
    return refused(name, 'mixed_order_key', true, { key, message, r: R.toBytes(), s });
  };
  const mixedR = TORSION.slice(1).map(({ point: T }, i) => {
    const name = `R of mixed order ${i + 1}`;
    const rBytes = R.add(T).toBytes();
    const { message, k } = findMessage(name, rBytes, A_BYTES, () => true);
    const s = scalarMod(r + k * a);
    return refused(name, 'mixed_order_r', true, { key: A_BYTES, message, r: rBytes, s });
  });
  return [
    ...TORSION.slice(1).map(({ point: T }, i) =>
      mixedKey(T, `key of mixed order ${i + 1}, cofactored only`, (k) => k % 2n === 1n),
    ),
    // Here both equations hold: only the check of the key itself refuses.
    mixedKey(T8, 'key of mixed order, equation holds', isMultipleOf8),
    ...mixedR,
    bothMixed(),
  ];
}

/** Key and R both of mixed order, the small parts cancelling: both equations hold. */
function bothMixed(): SignatureCase {
  const name = 'key and R of mixed order, equation holds';
  const key = A.add(T8).toBytes();
  // R = [r]B - [k]T needs k before R: fix k mod 8 = 3 and look for a message that has it.
  const rBytes = R.subtract(T8.multiply(3n)).toBytes();
  const { message, k } = findMessage(name, rBytes, key, (k) => k % 8n === 3n);
  const s = scalarMod(r + k * a);
  return refused(name, 'mixed_order_key', true, { key, message, r: rBytes, s });
}

function isMultipleOf8(k: bigint): boolean {
  return k % 8n === 0n;
}

export function signatureCases(): SignatureCase[] {
  return [
    ...RFC_8032,
    ...plainCases(),
    ...scalarCases(),
    ...smallOrderKeyCases(),
    ...smallOrderRCases(),
    ...encodingCases(),
    ...mixedOrderCases(),
  ];
}
