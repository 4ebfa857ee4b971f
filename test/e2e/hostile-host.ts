/**
 * One hostile stranger as a process of its own: `node test/e2e/hostile-host.ts KIND VICTIM PID`. Attacks until
 * its standard input ends, then prints what it did.
 *
 * - `flood`: small frames, as many as go through;
 * - `large`: frames of the largest size;
 * - `deaf`: asks and never reads an answer;
 * - `liar`: trust lines whose signatures do not fit.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { noise } from '@chainsafe/libp2p-noise';
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys';
import { tcp } from '@libp2p/tcp';
import { yamux } from '@libp2p/yamux';
import { multiaddr } from '@multiformats/multiaddr';
import { createLibp2p } from 'libp2p';
import { nativeSigner } from '../../node/platform/native-ed25519.ts';
import { encodeFrames } from '../../node/transport/frames.ts';
import { PEER_PROTOCOL } from '../../node/transport/options.ts';
import { parsePid } from '../../protocol/identity/pid.ts';
import { FRAME_BYTES_MAX } from '../../protocol/limits.ts';
import { parseEquivalentCode } from '../../protocol/money/equivalent.ts';
import { bareFrame, seal, signedFrame } from '../../protocol/wire/envelope.ts';

const DIAL_MS = 5_000;
/** Between two attempts to come back. */
const AGAIN_MS = 50;
const PINGS = 1_000;
const LARGE = 16;
const LIES = 100;

const [kind = '', victim = '', victimPid = ''] = process.argv.slice(2);
const seed = new Uint8Array(randomBytes(32));
const end = new AbortController();
process.stdin.resume().once('end', () => end.abort());

function lie(sequence: number): Uint8Array {
  const signer = nativeSigner(seed);
  const body = {
    from_key: signer.publicKey,
    to: parsePid(victimPid),
    equivalent: parseEquivalentCode('UAH'),
    precision: 2,
    limit: 1n,
    status: 'active',
    policy: { auto_clearing: true, can_be_intermediate: true, blocked_participants: [] },
    sequence,
    changed: 1_700_000_000_000,
  } as const;
  const sign = (message: Uint8Array) => signer.sign(message);
  const envelope = seal('TRUST_LINE_CREATE', body, signer.publicKey, sign);
  envelope[envelope.length - 20]! ^= 1;
  return signedFrame('TRUST_LINE_CREATE', envelope);
}

function ammunition(): Uint8Array {
  const ping = bareFrame('PING', { nonce: new Uint8Array(8) });
  const many = (count: number, frame: (i: number) => Uint8Array) =>
    encodeFrames(Array.from({ length: count }, (_, i) => frame(i)));
  if (kind === 'large') return many(LARGE, () => new Uint8Array(FRAME_BYTES_MAX));
  if (kind === 'liar') return many(LIES, (i) => lie(i + 1));
  return many(PINGS, () => ping);
}

const host = await createLibp2p({
  privateKey: await generateKeyPairFromSeed('Ed25519', seed),
  transports: [tcp()],
  connectionEncrypters: [noise()],
  streamMuxers: [yamux()],
});
const frames = ammunition();
let thrown = 0;
let refused = 0;
while (!end.signal.aborted) {
  try {
    const signal = AbortSignal.timeout(DIAL_MS);
    const stream = await host.dialProtocol(multiaddr(victim), PEER_PROTOCOL, { signal });
    if (kind === 'deaf') stream.pause();
    if (thrown === 0) process.stdout.write('attacking\n');
    while (!end.signal.aborted && stream.status === 'open') {
      const room = stream.send(frames);
      thrown += frames.byteLength;
      const drained = AbortSignal.any([end.signal, AbortSignal.timeout(DIAL_MS)]);
      if (!room) await stream.onDrain({ signal: drained });
      await setTimeout(1);
    }
  } catch {
    refused += 1;
    await setTimeout(AGAIN_MS);
  }
}
process.stdout.write(`${JSON.stringify({ thrown, refused })}\n`);
await host.stop();
