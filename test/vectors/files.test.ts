import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { vectorFiles } from './generate.ts';

const directory = import.meta.dirname;

describe('vector files', () => {
  it.each([...vectorFiles()])('%s is what the generator writes', (name, content) => {
    expect(readFileSync(join(directory, name), 'utf8')).toBe(content);
  });

  it('are all generated', () => {
    const present = readdirSync(directory).filter((name) => name.endsWith('.json'));
    expect(present.sort()).toEqual([...vectorFiles().keys()].sort());
  });
});
