/** The public API: encrypted or on loopback, for visitors only, and what browsers and slow clients get. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as tlsConnect } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { NodeConfig } from '../../../config/node.ts';
import { API_PREFIX, LIVENESS_PATH } from '../../../node/api/routes.ts';
import { startApi } from '../../../node/api/server.ts';
import { realClock } from '../../../node/platform/platform.ts';
import { openPublicDoor } from '../../../node/public-door.ts';
import type { Reception, SignedIn } from '../../../node/service/contract.ts';
import { createFakeService, quietSource } from './fake-service.ts';

const ORIGIN = 'https://wallet.example';
const log = { debug() {}, info() {}, warn() {}, error() {} };
const service = createFakeService();
let role: SignedIn['role'] = null;
const reception: Reception = {
  holderOf: () => ({ session: 'a'.repeat(64), participant: 'x', role }),
  isInForce: () => true,
  liveFor: () => quietSource,
  serviceFor: () => service,
};
const closings: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closings.splice(0).reverse()) await close();
});

async function open(config: object, more: object = {}) {
  const given = NodeConfig.parse({ public: { port: 0, origins: [ORIGIN], ...config } }).public;
  const behind = {
    service,
    reception,
    live: quietSource,
    version: '1',
    clock: realClock,
    log,
    ...more,
  };
  const door = await openPublicDoor(given, behind);
  closings.push(() => door.stop());
  return door;
}

describe('the public API', () => {
  it('knows no token of a home, has no streams, and says so as to any stranger', async () => {
    const { url } = await open({});
    for (const path of ['/status', '/live', '/nothing']) {
      const headers = { authorization: 'Bearer anything' };
      expect((await fetch(url + API_PREFIX + path, { headers })).status).toBe(401);
    }
    expect((await fetch(url + LIVENESS_PATH)).status).toBe(200);
  });

  it('lets scripts of the named origins read answers, and no others', async () => {
    const { url } = await open({});
    const preflight = (origin: string) =>
      fetch(`${url}${API_PREFIX}/auth/sign-in`, {
        method: 'OPTIONS',
        headers: { origin, 'access-control-request-method': 'POST' },
      });
    const allowed = await preflight(ORIGIN);
    expect(allowed.status).toBe(204);
    expect(allowed.headers.get('access-control-allow-origin')).toBe(ORIGIN);
    expect(allowed.headers.get('access-control-allow-credentials')).toBeNull();
    const other = await preflight('https://evil.example');
    expect(other.headers.get('access-control-allow-origin')).toBeNull();
    const answer = await fetch(url + LIVENESS_PATH, { headers: { origin: ORIGIN } });
    expect(answer.headers.get('access-control-allow-origin')).toBe(ORIGIN);
    expect(answer.headers.get('x-frame-options')).toBe('DENY');
  });

  it('has metrics and add-ons only where it is told to', async () => {
    const seen: object[] = [];
    const addons = {
      offers: () => [],
      call: async (call: { readonly caller: object | null }) => {
        seen.push(call.caller!);
        return { status: 200, type: 'text/plain', body: 'served' };
      },
      openSocket: () => ({ hear() {}, close() {} }),
    };
    const metrics = { contentType: 'text/plain', text: async () => 'geo_up 1' };
    const statuses = async (config: object) => {
      const { url } = await open(config, { addons, metrics });
      const headers = { authorization: 'Bearer gea_x' };
      const ask = async (path: string) => (await fetch(url + path, { headers })).status;
      return [await ask('/addons/reporting/community'), await ask('/metrics')];
    };
    expect(await statuses({})).toEqual([403, 403]);
    expect(await statuses({ addons: true, metrics: true })).toEqual([200, 403]);
    expect(seen).toEqual([{ participant: 'x', isOperator: false }]);
    role = 'auditor';
    expect(await statuses({ metrics: true })).toEqual([403, 200]);
    role = null;
  });

  it('does not listen beyond loopback without a certificate, nor with one that is none', async () => {
    await expect(open({ host: '0.0.0.0' })).rejects.toMatchObject({
      details: { fault: 'api_not_loopback' },
    });
    await expect(
      open({ certificate_file: '/nothing/here', key_file: '/nothing/here' }),
    ).rejects.toMatchObject({ details: { fault: 'bad_certificate' } });
    const relative = { certificate_file: 'cert.pem', key_file: '/nothing/here' };
    expect(NodeConfig.safeParse({ public: relative }).success).toBe(false);
  });

  it('is encrypted with the certificate of the files, and with the next one when told', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'geo-certificate-'));
    closings.push(() => rmSync(directory, { recursive: true }));
    const [certificate, key] = [join(directory, 'cert.pem'), join(directory, 'key.pem')];
    const make = (name: string) =>
      execFileSync(
        'openssl',
        `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=${name} -keyout ${key} -out ${certificate}`.split(
          ' ',
        ),
        { stdio: 'ignore' },
      );
    make('first');
    const door = await open({ certificate_file: certificate, key_file: key });
    const shown = () =>
      new Promise<string>((resolve, reject) => {
        const port = Number(new URL(door.url).port);
        const socket = tlsConnect({ host: '127.0.0.1', port, rejectUnauthorized: false }, () => {
          resolve(String(socket.getPeerCertificate().subject.CN));
          socket.destroy();
        }).on('error', reject);
      });
    expect(await shown()).toBe('first');
    const headers = await new Promise<Record<string, unknown>>((resolve, reject) =>
      httpsRequest(door.url + LIVENESS_PATH, { rejectUnauthorized: false }, (response) => {
        response.resume();
        resolve(response.headers);
      })
        .on('error', reject)
        .end(),
    );
    expect(headers['strict-transport-security']).toMatch(/max-age/);
    make('second');
    await door.reload();
    expect(await shown()).toBe('second');
    rmSync(key);
    await door.reload();
    expect(await shown()).toBe('second');
  });

  it('closes on a client that does not get to the end of its request', async () => {
    const api = await startApi({
      service,
      reception,
      log,
      host: '127.0.0.1',
      port: 0,
      requestMs: 200,
    });
    closings.push(() => api.stop());
    const answer = await new Promise<string>((resolve) => {
      let text = '';
      const socket = connect(Number(new URL(api.url).port), '127.0.0.1', () =>
        socket.write('POST /api/v1/auth/sign-in HTTP/1.1\r\nhost: localhost\r\ncontent-le'),
      );
      socket.on('data', (bytes) => {
        text += bytes;
      });
      socket.on('close', () => resolve(text));
    });
    expect(answer).toMatch(/^HTTP\/1.1 408 /);
  });
});
