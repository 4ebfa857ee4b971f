import { createPublicKey, verify } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createKeyFile, openKeyFile, readPublicIdentity } from '../../../node/home/keyring.ts';
import { createLog, realEntropy } from '../../../node/platform/platform.ts';

// RFC 8032, section 7.1, test 1.
const SEED_HEX = '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60';
const PUBLIC_HEX = 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a';
const seed = new Uint8Array(Buffer.from(SEED_HEX, 'hex'));
const entropy = realEntropy;
const passphrase = 'correct horse battery staple';

let root: string;
let home: string;
let keyFile: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'geo-key-'));
  home = join(root, 'home');
  keyFile = join(home, 'key.json');
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function rewrite(change: (content: Record<string, unknown>) => unknown): Promise<void> {
  const content = JSON.parse(await readFile(keyFile, 'utf8'));
  await writeFile(keyFile, JSON.stringify(change(content) ?? content));
}

describe('making a key', () => {
  it('writes a given seed so that it can be opened again, for its owner alone', async () => {
    const identity = await createKeyFile(home, { seed, entropy });
    expect(identity.publicKey).toBe(PUBLIC_HEX);
    expect((await stat(keyFile)).mode & 0o777).toBe(0o600);
    expect((await stat(home)).mode & 0o777).toBe(0o700);
    const key = await openKeyFile(home);
    expect(key.seed).toEqual(seed);
    expect(key.signer.publicKey).toBe(PUBLIC_HEX);
    const message = new TextEncoder().encode('an order');
    const jwk = {
      kty: 'OKP',
      crv: 'Ed25519',
      x: Buffer.from(PUBLIC_HEX, 'hex').toString('base64url'),
    };
    const publicKey = createPublicKey({ key: jwk, format: 'jwk' });
    expect(verify(null, message, publicKey, key.signer.sign(message))).toBe(true);
  });

  it('makes a new seed each time when none is given', async () => {
    const a = await createKeyFile(join(root, 'a'), { entropy });
    const b = await createKeyFile(join(root, 'b'), { entropy });
    expect(a.publicKey).not.toBe(b.publicKey);
    expect((await openKeyFile(join(root, 'a'))).signer.publicKey).toBe(a.publicKey);
  });

  it('never overwrites a key, not even when several try at once', async () => {
    const attempts = await Promise.allSettled(
      [1, 2, 3].map(() => createKeyFile(home, { entropy })),
    );
    const made = attempts.filter((attempt) => attempt.status === 'fulfilled');
    const refused = attempts.filter((attempt) => attempt.status === 'rejected');
    expect(made).toHaveLength(1);
    for (const { reason } of refused) {
      expect(reason).toMatchObject({
        code: 'E008',
        details: { fault: 'key_exists', path: keyFile },
      });
    }
    expect(await readPublicIdentity(home)).toEqual(made[0]!.value);
  });

  it.each([0, 31, 33, 64])('refuses a seed of %i bytes and leaves no file', async (length) => {
    await expect(
      createKeyFile(home, { seed: new Uint8Array(length), entropy }),
    ).rejects.toMatchObject({ code: 'E009', details: { fault: 'bad_seed' } });
    await expect(stat(keyFile)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('refuses an empty passphrase', async () => {
    await expect(createKeyFile(home, { passphrase: '', entropy })).rejects.toMatchObject({
      code: 'E009',
      details: { fault: 'empty_passphrase' },
    });
  });
});

describe('a key with a passphrase', () => {
  beforeEach(() => createKeyFile(home, { seed, passphrase, entropy }));

  it('keeps the seed unreadable in the file and opens with the passphrase', async () => {
    expect((await readFile(keyFile, 'utf8')).includes(SEED_HEX)).toBe(false);
    expect((await openKeyFile(home, passphrase)).seed).toEqual(seed);
  });

  it('says who it is without the passphrase', async () => {
    expect((await readPublicIdentity(home)).publicKey).toBe(PUBLIC_HEX);
  });

  it('refuses a wrong one and asks for a missing one', async () => {
    await expect(openKeyFile(home, `${passphrase} `)).rejects.toMatchObject({
      code: 'E006',
      details: { fault: 'wrong_passphrase' },
    });
    await expect(openKeyFile(home)).rejects.toMatchObject({
      code: 'E006',
      details: { fault: 'passphrase_needed' },
    });
  });

  it('is bound to its public key', async () => {
    const other = await createKeyFile(join(root, 'other'), { entropy });
    await rewrite((content) => ({ ...content, public_key: other.publicKey, pid: other.pid }));
    await expect(openKeyFile(home, passphrase)).rejects.toMatchObject({
      details: { fault: 'wrong_passphrase' },
    });
  });

  it('refuses parameters that would exhaust the machine', async () => {
    await rewrite((content) => {
      (content.encrypted_seed as Record<string, unknown>).memory_kib = 2 ** 31;
    });
    await expect(openKeyFile(home, passphrase)).rejects.toMatchObject({
      code: 'E009',
      details: { fault: 'bad_key_file' },
    });
  });
});

it('accepts the same passphrase however the keyboard composes it', async () => {
  await createKeyFile(home, { seed, passphrase: 'café'.normalize('NFC'), entropy });
  expect((await openKeyFile(home, 'café'.normalize('NFD'))).seed).toEqual(seed);
});

describe('opening a key', () => {
  it('sends a person without a key to `geo init`', async () => {
    await expect(openKeyFile(home)).rejects.toMatchObject({
      code: 'E008',
      details: { fault: 'no_key', path: keyFile },
      message: expect.stringContaining('geo init'),
    });
    await expect(readPublicIdentity(home)).rejects.toMatchObject({ details: { fault: 'no_key' } });
  });

  it.each([0o640, 0o604, 0o666, 0o620])('refuses a file of mode %o', async (mode) => {
    await createKeyFile(home, { seed, entropy });
    await chmod(keyFile, mode);
    await expect(openKeyFile(home)).rejects.toMatchObject({
      code: 'E006',
      details: { fault: 'key_file_exposed', mode: mode.toString(8) },
      message: expect.stringContaining(`chmod 600 ${keyFile}`),
    });
  });

  it.each<[string, (content: Record<string, unknown>) => unknown]>([
    ['a field is missing', ({ public_key: _, ...rest }) => rest],
    ['a field is unknown', (content) => ({ ...content, extra: 1 })],
    ['the version is newer', (content) => ({ ...content, version: 2 })],
    ['the seed is short', (content) => ({ ...content, seed: SEED_HEX.slice(2) })],
    ['the seed is another one', (content) => ({ ...content, seed: `00${SEED_HEX.slice(2)}` })],
    ['the PID is another one', (content) => ({ ...content, pid: `1${content.pid}` })],
    ['both forms of the seed are there', (content) => ({ ...content, encrypted_seed: {} })],
    ['it is a list', () => []],
  ])('refuses a file when %s, without quoting the seed', async (_, change) => {
    await createKeyFile(home, { seed, entropy });
    await rewrite(change);
    const error = await openKeyFile(home).catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      code: 'E009',
      details: { fault: 'bad_key_file', path: keyFile },
    });
    expect(inspect(error, { depth: 9 })).not.toContain(SEED_HEX.slice(2));
  });

  it.each([
    ['empty', ''],
    ['cut short', `{"format":"geo-key","seed":"${SEED_HEX}`],
    ['not text', '\u0000\u0001\u0002'],
    ['huge', ' '.repeat(100_000)],
  ])('refuses a file that is %s, without quoting it', async (_, text) => {
    await mkdir(home);
    await writeFile(keyFile, text, { mode: 0o600 });
    const error = await openKeyFile(home).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'E009', details: { fault: 'bad_key_file' } });
    expect(inspect(error, { depth: 9 })).not.toContain(SEED_HEX);
  });

  it('refuses a directory in the place of the file', async () => {
    await mkdir(keyFile, { recursive: true, mode: 0o700 });
    await expect(openKeyFile(home)).rejects.toMatchObject({ details: { fault: 'bad_key_file' } });
  });
});

it('an opened key shows its seed to no printer, serialiser or log', async () => {
  await createKeyFile(home, { seed, entropy });
  const key = await openKeyFile(home);
  const lines: string[] = [];
  const log = createLog({ level: 'info', destination: { write: (line) => void lines.push(line) } });
  log.info({ key, nested: { key } }, 'opened');
  const shown = [
    JSON.stringify(key),
    JSON.stringify({ ...key }),
    inspect(key, { showHidden: true, depth: 9 }),
    ...lines,
  ].join('\n');
  expect(shown).toContain(PUBLIC_HEX);
  expect(shown).not.toContain(SEED_HEX.slice(0, 16));
  expect(shown).not.toContain(`${seed[0]},${seed[1]}`);
  expect(shown).not.toContain(`${seed[0]}, ${seed[1]}`);
});
