import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ConfigSources, loadConfig, loadConfigWithOrigins } from '../../../config/load.ts';
import { NodeConfig } from '../../../config/node.ts';
import { GeoError } from '../../../protocol/errors.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'geo-config-'));
});
afterEach(() => rmSync(home, { recursive: true }));

function inHome(yaml: string): ConfigSources {
  writeFileSync(join(home, 'config.yaml'), yaml);
  return { home, env: {}, flags: [] };
}

/** The faults that a refused configuration names. */
function faultsOf(sources: ConfigSources): readonly string[] {
  try {
    loadConfig(sources);
  } catch (error) {
    if (!(error instanceof GeoError)) throw error;
    expect(error.code).toBe('E009');
    expect(error.details.fault).toBe('bad_config');
    const faults = error.details.faults as readonly string[];
    for (const fault of faults) expect(error.message).toContain(fault);
    return faults;
  }
  throw new Error('the configuration was accepted');
}

describe('sources', () => {
  it('gives the defaults when nothing is said', () => {
    expect(loadConfig({ home, env: {}, flags: [] })).toEqual(NodeConfig.parse({}));
    expect(loadConfig({ env: {} }).api).toEqual({
      host: '127.0.0.1',
      port: 0,
      open_metrics: false,
    });
  });

  it('lets flags overrule the environment, and that the file, and that the defaults', () => {
    const file = inHome('api: {port: 1001}\nlog: {level: warn}\noutbox:\n  retry_min_ms: 77\n');
    const env = { GEO_API_PORT: '1002', GEO_LOG_LEVEL: 'error' };
    const flags = ['api.port=1003', 'api.port=1004'];
    const { config, origins } = loadConfigWithOrigins({ ...file, env, flags });
    expect(config.api.port).toBe(1004);
    expect(config.log.level).toBe('error');
    expect(config.outbox.retry_min_ms).toBe(77);
    expect(origins).toMatchObject({
      'api.port': '--set',
      'log.level': 'GEO_LOG_LEVEL',
      'outbox.retry_min_ms': 'config.yaml:4',
      'routes.cache_ms': 'default',
    });
  });

  it('reads another file when one is named, and refuses if that is missing', () => {
    inHome('api: {port: 1}');
    const file = join(home, 'other.yaml');
    expect(faultsOf({ home, file, env: {} })).toEqual([
      `${file}: the file cannot be read (ENOENT)`,
    ]);
    writeFileSync(file, 'api: {port: 2}');
    expect(loadConfig({ home, file, env: {} }).api.port).toBe(2);
  });

  it('reads lists, flags and paths from text', () => {
    const config = loadConfig({
      env: {
        GEO_LISTEN: '/ip4/127.0.0.1/tcp/1, /ip4/127.0.0.1/tcp/2/ws',
        GEO_NETWORK_DHT: 'false',
      },
      flags: ['bootstrap=', 'network.preshared_key_file=net.key'],
    });
    expect(config.listen).toEqual(['/ip4/127.0.0.1/tcp/1', '/ip4/127.0.0.1/tcp/2/ws']);
    expect(config.network).toMatchObject({ dht: false, preshared_key_file: 'net.key' });
    expect(config.bootstrap).toEqual([]);
  });

  it('takes an empty file, an empty section and an empty variable as nothing said', () => {
    expect(loadConfig({ ...inHome(''), env: { GEO_API_PORT: '' } }).api.port).toBe(0);
    expect(loadConfig(inHome('# nothing\nlimits:\n')).limits.unknown_peers).toBe(250);
  });

  it("leaves alone other programs' GEO_ variables", () => {
    expect(() => loadConfig({ env: { GEO_HOME: '/x', GEO_PASSPHRASE: 'y' } })).not.toThrow();
  });
});

describe('faults', () => {
  it('reports all of them at once, each with its place', () => {
    const file = inHome(
      ['api:', '  port: 70000', 'listen: [/ip4/1.2.3.4/tcp/0, nowhere]', 'log: loud'].join('\n'),
    );
    const faults = faultsOf({
      ...file,
      env: { GEO_PAYMENTS_MAX_HOPS: 'many' },
      flags: ['routes.cache_ms=-1'],
    });
    expect(faults.map((fault) => fault.split(' is not allowed')[0])).toEqual([
      'config.yaml:4: log: this is a section; write its options below it',
      'config.yaml:2: api.port: 70000',
      'config.yaml:3: listen[1]: "nowhere"',
      'GEO_PAYMENTS_MAX_HOPS: payments.max_hops: "many"',
      '--set: routes.cache_ms: -1',
    ]);
    expect(faults[1]).toContain('expected: a whole number from 0 to 65535');
  });

  it('reports a bad value in the file even if a flag overrules it', () => {
    expect(faultsOf({ ...inHome('api: {port: x}'), flags: ['api.port=1'] })).toHaveLength(1);
  });

  it.each([
    ['api: {prot: 1}', 'config.yaml:1: api.prot: there is no such option; did you mean api.port?'],
    ['\nunknown_peers: 1', 'did you mean limits.unknown_peers?'],
    ['limit: {}', 'did you mean limits?'],
    ['zzz: 1', 'zzz: there is no such option; docs/CONFIGURATION.md lists them'],
  ])('refuses the unknown key of %j and names the nearest', (yaml, sentence) => {
    const faults = faultsOf(inHome(yaml));
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain(sentence);
  });

  it('refuses misspelt variables and flags', () => {
    const env = { GEO_APIPORT: '1', GEO_LOG_COLOUR_OF_THE_SKY: 'blue' };
    expect(faultsOf({ env, flags: ['api', 'log.levle=warn'] })).toEqual([
      'GEO_APIPORT: there is no such option; did you mean GEO_API_PORT?',
      'GEO_LOG_COLOUR_OF_THE_SKY: there is no such option; docs/CONFIGURATION.md lists them',
      '--set api: write key=value, for example --set log.level=warn',
      '--set log.levle: there is no such option; did you mean log.level?',
    ]);
  });

  it.each([
    ['api: [', /^config\.yaml:\d+: /],
    ['api: {port: 1}\napi: {port: 2}', /^config\.yaml:2: .*unique/],
    ['- listen', /^config\.yaml:1: the file must be a map of options/],
  ])('refuses %j, which is no configuration', (yaml, sentence) => {
    expect(faultsOf(inHome(yaml))[0]).toMatch(sentence);
  });

  it.each([
    [['outbox.retry_min_ms=70000'], 'outbox.retry_max_ms (default)'],
    [['limits.queue_bytes=131072'], 'must not be above queue_bytes'],
    [['payments.prepare_ms=20000', 'payments.order_life_ms=10000'], 'no attempt fits'],
    [
      ['allow', 'deny'].map(
        (name) => `network.${name}=4wBqpZM9xaSheZzJSMawUKKwhdpChKbZ5eu5ky4Vigw`,
      ),
      'stands in both lists',
    ],
  ])('refuses the contradiction of %j', (flags, sentence) => {
    const faults = faultsOf({ env: {}, flags });
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain(sentence);
  });

  it.each([
    ['api.host=0.0.0.0', 'a loopback address'],
    ['bootstrap=/ip4/1.2.3.4/tcp/1', 'ends in /p2p/'],
    ['network.deny=bob', 'each a PID'],
    ['network.dht=maybe', 'true or false'],
    ['log.level=loud', 'debug, info, warn, error, silent'],
    ['limits.queue_bytes_per_peer=65535', 'from 131072 to'],
    ['payments.max_hops=2.5', 'a whole number from 1 to 10'],
    ['payments.max_hops=', 'a whole number from 1 to 10'],
  ])('refuses %s and says what is allowed', (flag, allowed) => {
    const faults = faultsOf({ env: {}, flags: [flag] });
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain(allowed);
  });
});
