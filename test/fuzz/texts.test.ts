/** No community file and no configuration does anything worse than being refused with all its faults. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { loadConfig } from '../../config/load.ts';
import { OPTIONS } from '../../config/node.ts';
import { GeoError } from '../../protocol/errors.ts';
import { parseCommunity } from '../../simulations/community/file.ts';

/** The fault of a lawful refusal; undefined if there was none. */
function refusalOf(work: () => unknown): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    if (!(error instanceof GeoError)) throw error;
    expect(error.code).toBe('E009');
    return error.details.fault;
  }
}

const odd = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom('NaN', '-0', '1e999', '9'.repeat(400), '0x10', '💸', '', null, [], {}, -1, 1.5),
);

describe('a community file', () => {
  const sound = {
    name: 'three',
    equivalents: [{ code: 'UAH', precision: 2, metadata: {} }],
    participants: ['a', 'b', 'c'].map((id) => ({ id, name: id, type: 'person' })),
    trust_lines: [
      { from: 'a', to: 'b', equivalent: 'UAH', limit: '10.00' },
      { from: 'b', to: 'c', equivalent: 'UAH', limit: '5' },
    ],
    payments: [{ from: 'c', to: 'a', equivalent: 'UAH', amount: '1.00' }],
  };

  it('that is sound is read, as JSON and as YAML', () => {
    expect(parseCommunity(JSON.stringify(sound), 'x').participants).toHaveLength(3);
    expect(parseCommunity(stringify(sound), 'x').trustLines).toHaveLength(2);
  });

  it('of any text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ maxLength: 300 }), fc.json()), (text) => {
        expect(refusalOf(() => parseCommunity(text, 'x'))).toBeDefined();
      }),
      { numRuns: 500 },
    );
  });

  it('with anything in the place of anything', () => {
    const sections = ['equivalents', 'participants', 'trust_lines', 'payments'] as const;
    fc.assert(
      fc.property(
        fc.constantFrom(...sections),
        fc.nat(2),
        fc.constantFrom(
          'id',
          'from',
          'to',
          'equivalent',
          'limit',
          'amount',
          'code',
          'precision',
          'policy',
          'status',
        ),
        odd,
        (section, index, field, anything) => {
          const rows = sound[section].map((row, i) =>
            i === index ? { ...row, [field]: anything } : row,
          );
          for (const write of [JSON.stringify, stringify]) {
            refusalOf(() => parseCommunity(write({ ...sound, [section]: rows }), 'x'));
          }
          refusalOf(() => parseCommunity(JSON.stringify({ ...sound, [section]: anything }), 'x'));
        },
      ),
      { numRuns: 600 },
    );
  });

  it('that would grow beyond all bounds by its aliases', () => {
    const levels = Array.from({ length: 30 }, (_, i) =>
      i === 0 ? 'l0: &l0 [x, x]' : `l${i}: &l${i} [*l${i - 1}, *l${i - 1}]`,
    );
    const bomb = `${levels.join('\n')}\nname: *l29\nparticipants: *l29\n`;
    expect(refusalOf(() => parseCommunity(bomb, 'x'))).toBeDefined();
  });

  it('nested ten thousand deep', () => {
    for (const text of ['['.repeat(10_000), '{"a":'.repeat(10_000), `${'- '.repeat(10_000)}x`]) {
      expect(refusalOf(() => parseCommunity(text, 'x'))).toBeDefined();
    }
  });
});

describe('a configuration', () => {
  const keys = OPTIONS.map(({ key }) => key);

  it('with anything behind --set', () => {
    fc.assert(
      fc.property(fc.constantFrom(...keys), fc.oneof(fc.string(), fc.json()), (key, text) => {
        const refusal = refusalOf(() => loadConfig({ env: {}, flags: [`${key}=${text}`] }));
        expect([undefined, 'bad_config']).toContain(refusal);
      }),
      { numRuns: 1_000 },
    );
  });

  it('with any flag at all', () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { minLength: 1, maxLength: 3 }), (flags) => {
        expect([undefined, 'bad_config']).toContain(
          refusalOf(() => loadConfig({ env: {}, flags })),
        );
      }),
    );
  });

  it('with anything in the environment', () => {
    const names = OPTIONS.map(({ environment }) => environment);
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom(...names, 'GEO_NO_SUCH_THING'), fc.string(), { maxKeys: 4 }),
        (env) => {
          expect([undefined, 'bad_config']).toContain(refusalOf(() => loadConfig({ env })));
        },
      ),
    );
  });
});
