/** Engines broken on purpose are noticed; all of them by `npm run simulate -- --mutants`. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { MUTANTS } from '../../simulations/mutants/catalogue.ts';
import { huntOne } from '../../simulations/mutants/hunt.ts';
import { countSteps } from '../../simulations/simulator/coverage.ts';

const ROOT = new URL('../../', import.meta.url);

it.each([...MUTANTS, ...countSteps].map((each) => [each.file, each.snippet, each.replacement]))(
  '%s still holds once what is to be replaced',
  (file, snippet, replacement) => {
    const source = readFileSync(new URL(file, ROOT), 'utf8');
    expect(source.split(snippet).length - 1).toBe(1);
    expect(replacement).not.toBe(snippet);
  },
);

describe('the simulator notices', () => {
  it.each(['skip-digest', 'count-one-route', 'send-before-sync'])(
    '%s',
    { timeout: 90_000 },
    async (name) => {
      const { violation, seconds } = await huntOne(name);
      expect(violation).toBeDefined();
      expect(seconds).toBeLessThan(60);
    },
  );
});
