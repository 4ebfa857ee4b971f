/**
 * A real process is killed (SIGKILL) while it keeps an incremental backup, while it migrates a store and while
 * somebody's tokens are exchanged. It is started again, and nothing of it is lost or half done.
 */
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClient } from '../../node/api/client.ts';
import { type Home, homeAt } from '../../node/home/home.ts';
import { openKeyFile } from '../../node/home/keyring.ts';
import { setUpHome } from '../../node/home/setup.ts';
import { historyOf } from '../../node/store/keys.ts';
import { openLevelStore } from '../../node/store/level/level.ts';
import { decodeRecord, HistoryRecord } from '../../node/store/records.ts';
import { parsePid } from '../../protocol/identity/pid.ts';
import { signInEnvelope } from '../../protocol/member.ts';
import { geo } from '../unit/cli/cli-process.ts';
import { makeOld, oldEntry } from '../unit/store/old-store.ts';
import type { CrashPoint } from './crash-point.ts';
import { armCrashIn, Daemons, mortalDaemon } from './daemons.ts';

const CRASH_POINT = fileURLToPath(new URL('crash-point.ts', import.meta.url));
const MAIN = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));
const MOMENTS = ['before', 'after'] as const;

let root: string;
let net: Daemons;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'geo-upkeep-'));
  net = await Daemons.start(['anna', 'boris'], { script: mortalDaemon });
  await net.trust('boris>anna 1000');
  await net.settle();
}, 120_000);
afterAll(async () => {
  await net?.stop();
  await rm(root, { recursive: true, force: true });
});

const anna = () => net.client('anna');

/** Anna dies at her next write that fits, and comes back. @param work what makes her write */
async function killedAt(point: CrashPoint, work: () => Promise<unknown>): Promise<void> {
  await net.armCrash('anna', point);
  // Its answer may be lost with the process.
  const done = work().catch(() => undefined);
  await expect.poll(() => net.net.isUp('anna'), { timeout: 20_000, interval: 20 }).toBe(false);
  await net.net.restart('anna');
  await done;
}

/** What `geo verify store --json` says of a home in which nothing runs. */
async function lookAt(home: string) {
  const { code, out } = await geo(['verify', 'store', '--home', home, '--json']);
  return { code, ...JSON.parse(out) };
}

describe('an incremental backup', () => {
  const directory = () => join(root, 'kept');

  /** Another home of Anna's key with what the backup has. */
  async function restored(name: string): Promise<string> {
    const home = join(root, name);
    await setUpHome(home);
    await rm(homeAt(home).storeDirectory, { recursive: true });
    await copyFile(join(net.net.node('anna').home.directory, 'key.json'), join(home, 'key.json'));
    const { code, err } = await geo(['restore', directory(), '--home', home]);
    expect(code, err).toBe(0);
    return home;
  }

  it.each(MOMENTS)(
    'that is cut off %s a batch and its entry in the redo log are stored has no gap',
    async (when) => {
      await anna().keepBackup({ directory: directory(), anew: false });
      await net.pay('anna', 'boris', '1');
      await killedAt({ key: '^redo/', when }, () => net.pay('anna', 'boris', '2'));
      await net.settle();
      expect(await net.pay('anna', 'boris', '3')).toMatchObject({ state: 'COMMITTED' });
      await net.settle();
      // Asked again, it is brought up to date before the answer.
      await anna().keepBackup({ directory: directory(), anew: false });
      const home = await restored(`anna ${when}`);
      expect(await lookAt(home)).toMatchObject({
        code: 0,
        sound: true,
        checksums: await anna().checksums(),
      });
    },
    120_000,
  );

  it('is still kept, in an audit log without a gap', async () => {
    expect(await anna().keptBackups()).toMatchObject([{ directory: directory(), problem: null }]);
    expect(await anna().verifyStore()).toMatchObject({ problems: [] });
    const kinds = (await anna().auditLog({ after: 0, limit: 100 })).map(({ kind }) => kind);
    expect(kinds).toContain('backup');
    await anna().endBackup();
  });
});

describe('a migration', () => {
  const ENTRIES = 2_500;

  async function oldHome(): Promise<Home> {
    const home = homeAt(join(root, 'old'));
    await setUpHome(home.directory);
    const store = await openLevelStore(home.storeDirectory);
    const entry = (n: number) =>
      oldEntry({ time: 1_772_323_200_000 + n, counter: n % 7, text: `entry ${n}` });
    await makeOld(
      store,
      Array.from({ length: ENTRIES }, (_, n) => entry(n)),
    );
    await store.close();
    return home;
  }

  const migrate = (home: Home) =>
    geo(['migrate', '--home', home.directory], {
      launcher: MAIN,
      nodeOptions: ['--import', CRASH_POINT],
    });

  it('that is cut off again and again ends as if it had not been', async () => {
    const home = await oldHome();
    for (const key of ['^meta/migration$', '^meta/version$']) {
      for (const when of MOMENTS) {
        await armCrashIn(home, { key, when });
        expect((await migrate(home)).code).toBe(null);
      }
    }
    expect((await migrate(home)).code).toBe(0);
    const store = await openLevelStore(home.storeDirectory);
    const texts: string[] = [];
    for await (const [, value] of store.scan(historyOf())) {
      texts.push(decodeRecord(HistoryRecord, value).text);
    }
    await store.close();
    expect(texts).toEqual(Array.from({ length: ENTRIES }, (_, n) => `entry ${n}`));
    expect(await lookAt(home.directory)).toMatchObject({ code: 0, sound: true });
  }, 120_000);
});

describe('an exchange of tokens', () => {
  async function signedIn() {
    const { directory } = net.net.node('anna').home;
    const { signer } = await openKeyFile(directory);
    const { challenge, node } = await anna().challenge({ public_key: signer.publicKey });
    const bytes = new Uint8Array(Buffer.from(challenge, 'base64'));
    const envelope = Buffer.from(signInEnvelope(signer, parsePid(node), bytes)).toString('base64');
    return anna().signIn({ envelope, label: 'crash' });
  }

  /** What an access token opens. */
  async function balanceWith(token: string) {
    const url = (await anna().status()).api;
    return createClient({ url, token }).balance();
  }

  it.each(MOMENTS)(
    'that is cut off %s it is stored can be asked for again, and an old token ends the session',
    async (when) => {
      const first = await signedIn();
      const ask = { refresh_token: first.refresh_token, nonce: 'ab'.repeat(16) };
      await killedAt({ key: '^session/', when }, () => anna().exchangeTokens(ask));
      const second = await anna().exchangeTokens(ask);
      expect(second.refresh_token).not.toBe(first.refresh_token);
      expect(await balanceWith(second.access_token)).toEqual(await anna().balance());
      const third = await anna().exchangeTokens({
        refresh_token: second.refresh_token,
        nonce: 'cd'.repeat(16),
      });
      await expect(anna().exchangeTokens(ask)).rejects.toMatchObject({ code: 'E006' });
      await expect(balanceWith(third.access_token)).rejects.toMatchObject({ code: 'E006' });
    },
    60_000,
  );
});
