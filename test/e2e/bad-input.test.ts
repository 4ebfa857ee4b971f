/**
 * What people and peers may get wrong, against real daemons: each gets a coded refusal that says what
 * to do, nothing is lost, and the daemon stays up or says why it does not start.
 */
import { randomBytes } from 'node:crypto';
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Level } from 'level';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Client } from '../../node/api/client.ts';
import { withChecksum } from '../../node/store/level/value.ts';
import { STORE_VERSION, VERSION_KEY, versionStamp } from '../../node/store/version.ts';
import { createLibp2pTransport, type Libp2pTransport } from '../../node/transport/libp2p.ts';
import { GeoError } from '../../protocol/errors.ts';
import { encode } from '../../protocol/wire/cbor.ts';
import { bareFrame, openFrame } from '../../protocol/wire/envelope.ts';
import { geo } from '../unit/cli/cli-process.ts';
import { Daemons } from './daemons.ts';

const FULL_DISK = fileURLToPath(new URL('full-disk.ts', import.meta.url));
const GEO = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));

let net: Daemons;
let anna: Client;
let boris: Client;

beforeAll(async () => {
  net = await Daemons.start(['anna', 'boris'], {
    script: (homes) => ['--import', FULL_DISK, GEO, 'start', '--home', homes[0]!],
  });
  await net.trust('boris>anna 100');
  await net.settle();
  expect(await net.pay('anna', 'boris', '30')).toMatchObject({ state: 'COMMITTED' });
  await net.settle();
}, 120_000);
afterAll(() => net?.stop());
beforeEach(() => {
  anna = net.client('anna');
  boris = net.client('boris');
});

async function refusal(work: Promise<unknown>): Promise<[code: string, fault: string]> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof GeoError)) throw error;
    // A sentence for a person, not a name for a program.
    expect(error.message).toMatch(/^.{15,}[.]$/s);
    return [error.code, error.details.fault];
  }
  throw new Error('nothing was refused');
}

describe('a payment', () => {
  it.each([
    ['with too many digits', { amount: '1.001' }, 'too_many_digits'],
    ['of zero', { amount: '0' }, 'amount_not_positive'],
    ['of zero, at length', { amount: '0.00' }, 'amount_not_positive'],
    ['below zero', { amount: '-1' }, 'amount_not_positive'],
    ['above 2^63', { amount: '92233720368547758.08' }, 'amount_too_large'],
    ['far above it', { amount: '9'.repeat(40) }, 'amount_too_large'],
    ['in words', { amount: 'ten' }, 'bad_amount'],
    ['in floating point', { amount: '1e2' }, 'bad_amount'],
    ['of nothing', { amount: '' }, 'bad_request'],
    ['in an unknown equivalent', { equivalent: 'XXX' }, 'unknown_equivalent'],
    ['in no equivalent', { equivalent: 'uah!' }, 'bad_equivalent_code'],
    ['to nobody known', { peer: 'nobody' }, 'unknown_peer'],
    ['with a nonce that is none', { nonce: 'abc' }, 'bad_request'],
    ['over too many hops', { max_hops: 99 }, 'bad_request'],
    ['with a note that is too long', { note: 'x'.repeat(801) }, 'bad_request'],
  ])('%s', async (_, change, fault) => {
    const request = { peer: net.pid('boris'), equivalent: 'UAH', amount: '1', ...change };
    expect(await refusal(anna.pay(request))).toEqual(['E009', fault]);
  });

  it('to oneself', async () => {
    expect(await refusal(net.pay('anna', 'anna', '1'))).toEqual(['E009', 'payment_to_self']);
  });

  it('to somebody whom no trust leads to', async () => {
    const stranger = '7rK9cN4Hpm3XeJTSYRkmkrSSuCzh8iV5wPm74TDHWYUY';
    const paid = await anna.pay({ peer: stranger, equivalent: 'UAH', amount: '1' });
    expect(paid).toMatchObject({ state: 'ABORTED', reason: { code: 'E001' } });
  });
});

describe('a trust line', () => {
  const line = { equivalent: 'UAH', limit: '50' };

  it.each([
    ['with too many digits', { limit: '1.001' }, ['E009', 'too_many_digits']],
    ['below zero', { limit: '-1' }, ['E009', 'bad_amount']],
    ['of 2^63', { limit: '92233720368547758.08' }, ['E009', 'amount_too_large']],
    ['below the debt', { limit: '29.99' }, ['E003', 'limit_below_debt']],
    ['in an unknown equivalent', { equivalent: 'XXX' }, ['E009', 'unknown_equivalent']],
  ])('%s', async (_, change, expected) => {
    const request = { ...line, peer: net.pid('anna'), ...change };
    expect(await refusal(boris.setTrustLine(request))).toEqual(expected);
  });

  it('to oneself', async () => {
    const request = { ...line, peer: net.pid('boris') };
    expect(await refusal(boris.setTrustLine(request))).toEqual(['E009', 'line_to_self']);
  });

  it('that is in use cannot be closed, one that is not there cannot be frozen', async () => {
    const given = { peer: net.pid('anna'), equivalent: 'UAH' };
    expect(await refusal(boris.closeTrustLine(given))).toEqual(['E008', 'line_in_use']);
    const none = { peer: net.pid('boris'), equivalent: 'UAH' };
    expect(await refusal(anna.freezeTrustLine(none))).toEqual(['E004', 'no_line']);
  });
});

describe('other commands', () => {
  it('an equivalent defined anew with another precision, and one that is out of bounds', async () => {
    const again = { code: 'UAH', precision: 3, metadata: {} };
    expect(await refusal(anna.defineEquivalent(again))).toEqual(['E008', 'equivalent_exists']);
    const fine = { code: 'FINE', precision: 9, metadata: {} };
    expect(await refusal(anna.defineEquivalent(fine))).toEqual(['E009', 'bad_request']);
  });

  it('a transaction that nobody knows, an address where nobody listens, one that is none', async () => {
    expect(await refusal(anna.transaction('0'.repeat(64)))).toEqual([
      'E009',
      'unknown_transaction',
    ]);
    const dead = `/ip4/127.0.0.1/tcp/1/p2p/12D3KooWEfDR9VjKHoTFtDWzYc7DPZTn13mcDTWgRtv9RgSY4a7y`;
    expect((await refusal(anna.connect(dead)))[0]).toBe('E007');
    expect(await refusal(anna.connect('somewhere'))).toEqual(['E009', 'bad_address']);
  });
});

describe('a peer', () => {
  let stranger: Libp2pTransport;
  const answers: [code: string, fault: string][] = [];

  beforeAll(async () => {
    stranger = await createLibp2pTransport({
      seed: new Uint8Array(randomBytes(32)),
      listen: ['/ip4/127.0.0.1/tcp/0'],
      dht: false,
      mdns: false,
      log: { debug() {}, info() {}, warn() {}, error() {} },
    });
    await stranger.start({
      frame: (_, bytes) => {
        const frame = openFrame(bytes);
        if (frame.type === 'ERROR') answers.push([frame.body.code, frame.body.fault]);
      },
      connected: () => undefined,
      disconnected: () => undefined,
    });
  });
  afterAll(() => stranger.stop());

  it.each([
    ['random bytes', new Uint8Array(64).fill(0xff), 'bad_cbor'],
    ['a frame of the largest size, all of it zeros', new Uint8Array(64 * 1024), 'bad_cbor'],
    [
      'a truncated message',
      bareFrame('PING', { nonce: new Uint8Array(8) }).subarray(0, 9),
      'bad_cbor',
    ],
    ['a message of an unknown type', encode([250, new Uint8Array(1)]), 'unknown_message'],
    ['an unsigned trust line', encode([1, new Uint8Array(200)]), 'bad_envelope'],
  ])('that sends %s is told what is wrong', async (_, frame, fault) => {
    answers.length = 0;
    const key = await stranger.connect(net.net.node('boris').identity.addresses[0]!);
    stranger.send(key, frame);
    await expect.poll(() => answers).toEqual([['E009', fault]]);
    expect(await boris.status()).toMatchObject({ store: 'ok', attempts_live: 0 });
  });
});

describe('a full disk', () => {
  it('refuses what has to be written, shows what is there, and is forgotten when there is room', async () => {
    const flag = join(net.net.node('anna').home.directory, 'disk-full');
    const before = await anna.books();
    await writeFile(flag, '');
    const line = { peer: net.pid('boris'), equivalent: 'UAH', limit: '5' };
    for (let time = 0; time < 3; time++) {
      const [code] = await refusal(anna.setTrustLine(line));
      expect(code).toBe('E010');
      expect((await refusal(net.pay('anna', 'boris', '1')))[0]).toBe('E010');
    }
    expect((await anna.status()).store).not.toBe('ok');
    expect(await anna.books()).toEqual(before);
    // The peer cannot be paid over the full disk either, and is told in time.
    expect(await net.pay('boris', 'anna', '1', { timeout_ms: 1_000 })).not.toMatchObject({
      state: 'COMMITTED',
    });
    await rm(flag);
    await expect
      .poll(async () => (await net.pay('anna', 'boris', '1').catch(() => undefined))?.state, {
        timeout: 20_000,
      })
      .toBe('COMMITTED');
    await net.settle();
    expect((await anna.status()).store).toBe('ok');
  }, 60_000);
});

describe('a store', () => {
  const home = () => net.net.node('boris').home;
  const start = async () => {
    const ended = await geo(['start', '--home', home().directory, '--json']);
    const { code, details } = JSON.parse(ended.out).error;
    return [ended.code, code, details.fault];
  };

  it('that is open cannot be opened twice; the daemon that has it goes on', async () => {
    expect(await start()).toEqual([4, 'E008', 'store_in_use']);
    expect(await net.pay('anna', 'boris', '1')).toMatchObject({ state: 'COMMITTED' });
  });

  it('of a newer version is left alone', async () => {
    await net.settle();
    await net.net.kill('boris');
    await stamp(STORE_VERSION + 1);
    expect(await start()).toEqual([4, 'E008', 'store_too_new']);
    await stamp(STORE_VERSION);
    await net.net.restart('boris');
    await net.settle();
  }, 60_000);

  it('that is damaged is not used; once it is whole again, it is', async () => {
    await net.net.kill('boris');
    const file = await largestTable(home().storeDirectory);
    const whole = await readFile(file);
    const broken = Buffer.from(whole);
    broken[Math.floor(broken.length / 3)]! ^= 0x20;
    await writeFile(file, broken);
    expect(await start()).toEqual([4, 'E010', 'store_damaged']);
    await writeFile(file, whole);
    await net.net.restart('boris');
    await net.settle();
    expect(await net.pay('anna', 'boris', '1')).toMatchObject({ state: 'COMMITTED' });
  }, 60_000);

  async function stamp(version: number): Promise<void> {
    const db = new Level<string, Uint8Array>(home().storeDirectory, {
      valueEncoding: 'view',
      compression: false,
    });
    await db.put(VERSION_KEY, withChecksum(VERSION_KEY, versionStamp(version)), { sync: true });
    await db.close();
  }
});

/** The file of a store that holds most of it. */
async function largestTable(directory: string): Promise<string> {
  const names = (await readdir(directory)).filter((name) => /\.(log|ldb)$/.test(name));
  const sizes = await Promise.all(
    names.map(async (name) => [(await stat(join(directory, name))).size, name] as const),
  );
  return join(directory, sizes.sort(([a], [b]) => b - a)[0]![1]);
}
