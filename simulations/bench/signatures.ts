/**
 * What signing, verifying and encoding cost here: `node simulations/bench/signatures.ts [--json]`.
 *
 * Each figure is the median of several batches, in µs for one operation, on one core. The rows are
 * measured in turn, batch by batch, so that a slow moment of the machine falls on all of them.
 */
import { parseArgs } from 'node:util';
import {
  nativeSigner,
  opensslSigner,
  opensslVerify,
  sodiumSigner,
  sodiumVerify,
} from '../../node/platform/native-ed25519.ts';
import type { VerifySignature } from '../../node/ports.ts';
import { signWithSeed } from '../../protocol/identity/keys.ts';
import type { PublicKey } from '../../protocol/identity/pid.ts';
import { nobleVerify } from '../../protocol/identity/signature.ts';
import { type CborValue, decode, encode } from '../../protocol/wire/cbor.ts';
import { kidOf, parseSign1, sealSign1, verifySign1 } from '../../protocol/wire/cose.ts';

const MESSAGE_BYTES = 300;
const BATCHES = 9;
/** A batch lasts about this long, whatever the operation costs. */
const BATCH_MS = 60;

interface Row {
  readonly operation: string;
  readonly run: (round: number) => unknown;
}

interface Figure {
  readonly operation: string;
  readonly us: number;
}

const seed = new Uint8Array(32).fill(1);
const message = new Uint8Array(MESSAGE_BYTES).fill(2);
const signature = signWithSeed(seed, message);
const { publicKey, sign } = nativeSigner(seed);

/** A message like PAYMENT_PREPARE: an order, two routes, six participants. */
const prepare: CborValue = {
  attempt: 0,
  kind: 'payment',
  order: new Uint8Array(300).fill(3),
  participants: Array.from({ length: 6 }, (_, i) => new Uint8Array(32).fill(i)),
  prepare_by: 1_700_000_000_000,
  routes: [
    { amount: 1250n, path: [0, 1, 2, 5] },
    { amount: 9_007_199_254_740_993n, path: [0, 3, 4, 5] },
  ],
};
const payload = encode(prepare);
const envelope = sealSign1('PAYMENT_REQUEST', payload, publicKey, sign);

function freshKeys(count: number): PublicKey[] {
  return Array.from({ length: count }, (_, i) => {
    const own = new Uint8Array(32);
    new DataView(own.buffer).setUint32(0, i + 1);
    return nativeSigner(own).publicKey;
  });
}

/**
 * A verification by a key met for the first time, which pays for the check of the key. The signature
 * is another's: that is found out last, so the work is whole.
 */
function firstMeeting(operation: string, verify: VerifySignature, keys: readonly PublicKey[]): Row {
  let next = 0;
  return { operation, run: () => verify(keys[next++ % keys.length]!, message, signature) };
}

const rows: readonly Row[] = [
  { operation: 'sign, @noble/ed25519', run: () => signWithSeed(seed, message) },
  { operation: 'sign, node:crypto', run: signerOf(opensslSigner) },
  ...(sodiumSigner ? [{ operation: 'sign, sodium-native', run: signerOf(sodiumSigner) }] : []),
  { operation: 'verify, @noble/ed25519', run: verifierOf(nobleVerify) },
  { operation: 'verify, node:crypto', run: verifierOf(opensslVerify) },
  ...(sodiumVerify ? [{ operation: 'verify, sodium-native', run: verifierOf(sodiumVerify) }] : []),
  firstMeeting('verify, new key, @noble/ed25519', nobleVerify, freshKeys(1_000)),
  ...(sodiumVerify
    ? [firstMeeting('verify, new key, sodium-native', sodiumVerify, freshKeys(10_000))]
    : []),
  { operation: `encode CBOR of ${payload.length} B`, run: () => encode(prepare) },
  { operation: `decode CBOR of ${payload.length} B`, run: () => decode(payload) },
  {
    operation: 'seal envelope, without the signature',
    run: () => sealSign1('PAYMENT_REQUEST', payload, publicKey, () => signature),
  },
  {
    operation: 'open envelope, without the verification',
    run: () => verifySign1('PAYMENT_REQUEST', parseSign1(envelope), publicKey, () => true),
  },
  { operation: 'kid of a known key', run: () => kidOf(publicKey) },
];

function signerOf(make: (seed: Uint8Array) => { sign(message: Uint8Array): Uint8Array }) {
  const signer = make(seed);
  return () => signer.sign(message);
}

function verifierOf(verify: VerifySignature) {
  return () => {
    if (!verify(publicKey, message, signature)) throw new Error('a valid signature was refused');
  };
}

function usPerRun(row: Row, runs: number): number {
  const start = process.hrtime.bigint();
  for (let round = 0; round < runs; round++) row.run(round);
  return Number(process.hrtime.bigint() - start) / 1000 / runs;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

function measure(): Figure[] {
  // The first runs compile and tell how many fill a batch.
  const runsOf = rows.map((row) => {
    const runs = Math.round((BATCH_MS * 1000) / usPerRun(row, 40));
    return Math.max(10, Math.round((BATCH_MS * 1000) / usPerRun(row, runs)));
  });
  const samples: number[][] = rows.map(() => []);
  for (let batch = 0; batch < BATCHES; batch++) {
    rows.forEach((row, i) => {
      samples[i]!.push(usPerRun(row, runsOf[i]!));
    });
  }
  return rows.map((row, i) => ({
    operation: row.operation,
    us: Number(median(samples[i]!).toPrecision(3)),
  }));
}

const { values: flags } = parseArgs({ options: { json: { type: 'boolean', default: false } } });
const figures = measure();
if (flags.json) {
  const { node, openssl } = process.versions;
  const setting = { node, openssl, message_bytes: MESSAGE_BYTES, batches: BATCHES };
  process.stdout.write(`${JSON.stringify({ ...setting, figures })}\n`);
} else {
  const width = Math.max(...figures.map((figure) => figure.operation.length));
  for (const { operation, us } of figures) {
    process.stdout.write(`${operation.padEnd(width)}  ${us.toString().padStart(8)} µs\n`);
  }
}
