/** The public API over TLS, through nothing but the command line: members read, operators act, certificates and tokens are renewed. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { cleanEnvironment, geo, LAUNCHER } from '../unit/cli/cli-process.ts';

let root: string;
let daemon: ChildProcess | undefined;

const homeOf = (name: string) => join(root, name);
const pem = (name: string) => join(root, name);

/** The hub's own, as somebody makes it who has no public authority; `copy` is what people are given. */
function makeCertificate(copy: string): void {
  const options =
    '-x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=hub -addext subjectAltName=IP:127.0.0.1';
  const files = ['-keyout', pem('key.pem'), '-out', pem('cert.pem')];
  execFileSync('openssl', ['req', ...options.split(' '), ...files], { stdio: 'ignore' });
  execFileSync('cp', [pem('cert.pem'), pem(copy)]);
}

/** @returns the URL of the public API */
function startHub(): Promise<string> {
  const options = [
    'listen=/ip4/127.0.0.1/tcp/0',
    'log.level=warn',
    'network.dht=false',
    'network.mdns=false',
    'hub.enabled=true',
    'hub.admission=open',
    'public.enabled=true',
    'public.port=0',
    'sessions.links=true',
    `public.certificate_file=${pem('cert.pem')}`,
    `public.key_file=${pem('key.pem')}`,
  ].flatMap((option) => ['--set', option]);
  const child = spawn(
    process.execPath,
    [LAUNCHER, 'start', '--json', '--home', homeOf('hub'), ...options],
    { env: cleanEnvironment(), stdio: ['ignore', 'pipe', 'inherit'] },
  );
  daemon = child;
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`geo start ended with ${code}`)));
    let out = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
      if (out.includes('\n')) resolve((JSON.parse(out) as { public_api: string }).public_api);
    });
  });
}

/** Runs a command of `name` with --json. @returns its value, or the fault that it was refused with */
async function ask(name: string, ...argv: string[]): Promise<{ code: number | null; json: never }> {
  const { code, out, err } = await geo([...argv, '--json', '--home', homeOf(name)]);
  try {
    return { code, json: JSON.parse(out) as never };
  } catch {
    throw new Error(`geo ${argv.join(' ')}: ${code} ${out} ${err}`);
  }
}

const faultOf = async (name: string, ...argv: string[]) => {
  const { json } = await ask(name, ...argv);
  return (json as { error?: { details: { fault: string } } }).error?.details.fault;
};

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'geo-public-'));
});
afterAll(async () => {
  if (daemon?.exitCode === null) {
    const ended = new Promise((resolve) => daemon!.once('exit', resolve));
    daemon.kill('SIGTERM');
    await ended;
  }
  await rm(root, { recursive: true, force: true });
});

it('members read and operators act over TLS, with tokens that renew themselves', {
  timeout: 240_000,
}, async () => {
  makeCertificate('first.pem');
  await geo(['init', '--home', homeOf('hub')]);
  const url = await startHub();
  await ask('hub', 'equivalent', 'define', 'UAH', '--precision', '2');

  expect(await faultOf('maria', 'member', 'create', url)).toBe('untrusted_certificate');
  const created = await ask('maria', 'member', 'create', url, '--ca', pem('first.pem'));
  expect(created).toMatchObject({ code: 0, json: { status: 'active' } });
  const maria = (created.json as { member: string }).member;
  expect(await faultOf('maria', 'balance', '--at', url)).toBe('not_signed_in');
  await ask('maria', 'sign-in', url, '--ca', pem('first.pem'), '--label', 'laptop');
  const file = join(homeOf('maria'), 'sessions.json');
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(await ask('maria', 'balance', '--at', url)).toEqual({ code: 0, json: [] });

  // A token whose time is over is exchanged on the way.
  const before = await readFile(file, 'utf8');
  const past = before.replace(
    /"access_expires": "[^"]*"/,
    '"access_expires": "2026-01-01T00:00:00.000Z"',
  );
  await writeFile(file, past);
  const sessions = await ask('maria', 'sessions', '--at', url);
  expect(sessions.json).toMatchObject([{ label: 'laptop', participant: maria, current: true }]);
  const refreshTokenIn = (text: string) => /"refresh_token": "([^"]*)"/.exec(text)?.[1];
  expect(refreshTokenIn(await readFile(file, 'utf8'))).not.toBe(refreshTokenIn(before));

  // A phone that has no key signs in to read.
  await writeFile(pem('password'), 'correct horse battery\n');
  const byPassword = ['--password', `@${pem('password')}`, '--ca', pem('first.pem')];
  const link = await ask('maria', 'link', url, 'maria@example.org', ...byPassword);
  const [code = ''] = (link.json as { recovery: string[] }).recovery;
  const byLink = ['--name', 'maria@example.org', '--code', code, ...byPassword];
  expect((await ask('phone', 'sign-in', url, ...byLink)).json).toMatchObject({
    participant: maria,
  });
  expect((await ask('phone', 'balance', '--at', url)).code).toBe(0);
  expect(await faultOf('phone', 'sign-in', url, ...byLink)).toBe('sign_in_failed');
  const ended = await ask('maria', 'link', 'end', url, '--ca', pem('first.pem'));
  expect(ended.json).toEqual({ participant: maria });

  // Olga has no node and no membership: the hub knows her by the role that it has given her.
  await geo(['init', '--home', homeOf('olga')]);
  const { pid: olga } = (await ask('olga', 'id')).json as { pid: string };
  await ask('hub', 'hub', 'operators', 'set', olga, 'operator');
  await ask('olga', 'sign-in', url, '--ca', pem('first.pem'));
  const suspend = ['hub', 'members', 'suspend', maria.slice(0, 12), '--reason', 'a test'];
  expect(await faultOf('maria', ...suspend, '--at', url)).toBe('not_allowed');
  expect(await ask('olga', ...suspend, '--at', url)).toMatchObject({
    json: { status: 'suspended' },
  });
  expect(await faultOf('olga', 'hub', 'operators', 'set', olga, 'admin', '--at', url)).toBe(
    'not_allowed',
  );
  const acts = (await ask('hub', 'hub', 'audit')).json as object[];
  expect(acts.at(-1)).toMatchObject({ act: 'suspend', actor: olga, role: 'operator' });
  const events = (await ask('maria', 'events', '--at', url)).json as { events: object[] };
  expect(events.events.at(-1)).toMatchObject({ topic: 'member.changed', state: 'suspended' });

  makeCertificate('second.pem');
  daemon!.kill('SIGHUP');
  await expect
    .poll(() => faultOf('maria', 'balance', '--at', url), { timeout: 30_000 })
    .toBe('untrusted_certificate');
  await ask('maria', 'sign-in', url, '--ca', pem('second.pem'));
  expect((await ask('maria', 'balance', '--at', url)).code).toBe(0);

  expect((await ask('maria', 'sign-out', url)).code).toBe(0);
  expect(await faultOf('maria', 'balance', '--at', url)).toBe('not_signed_in');
  const left = (await ask('hub', 'sessions')).json as { participant: string; label: string }[];
  expect(left.map(({ label }) => label).sort()).toEqual(['geo', 'geo', 'laptop']);
  await ask('hub', 'sessions', 'end', (left[0] as unknown as { session: string }).session);
  expect((await ask('hub', 'sessions')).json).toHaveLength(2);
});
