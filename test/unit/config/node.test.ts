import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { describeConfig } from '../../../config/describe.ts';
import { loadConfig } from '../../../config/load.ts';
import { NodeConfig, OPTIONS, unitOf } from '../../../config/node.ts';

const root = new URL('../../../', import.meta.url);

describe('options', () => {
  it('cover the schema exactly', () => {
    const keys = Object.entries(NodeConfig.parse({})).flatMap(([section, value]) =>
      Array.isArray(value) ? section : Object.keys(value).map((name) => `${section}.${name}`),
    );
    expect(OPTIONS.map((option) => option.key).sort()).toEqual(keys.sort());
  });

  it('each have their own environment name', () => {
    const names = OPTIONS.map((option) => option.environment);
    expect(new Set(names).size).toBe(names.length);
    expect(names).toContain('GEO_LIMITS_FRAMES_PER_S_PER_PEER');
  });

  it('each say what they mean in a sentence, and accept their own default', () => {
    for (const option of OPTIONS) {
      expect(option.meaning, option.key).toMatch(/^[A-Z].*\.$/);
      expect(option.schema.safeParse(option.default).success, option.key).toBe(true);
    }
  });

  it('carry their unit in the name', () => {
    expect(unitOf('prepare_ms')).toBe('milliseconds');
    expect(unitOf('queue_bytes_per_peer')).toBe('bytes');
    expect(unitOf('bytes_per_s_per_peer')).toBe('bytes per second');
    expect(unitOf('frames_per_s_unknown_peers')).toBe('frames per second');
    expect(unitOf('inbound_connections_per_s')).toBe('inbound connections per second');
    expect(unitOf('max_hops')).toBe('');
  });
});

describe('files made of the options', () => {
  it('docs/CONFIGURATION.md is current (node config/describe.ts writes it)', () => {
    expect(readFileSync(new URL('docs/CONFIGURATION.md', root), 'utf8')).toBe(describeConfig());
  });

  const examples = readdirSync(new URL('config/examples/', root));
  it.each(examples)('config/examples/%s loads', (name) => {
    const file = new URL(`config/examples/${name}`, root).pathname;
    expect(loadConfig({ file, env: {} })).not.toEqual(NodeConfig.parse({}));
  });
});
