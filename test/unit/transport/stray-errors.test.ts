/** Which uncaught errors a daemon survives, and that every other one still ends it. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { isStray } from '../../../node/transport/stray-errors.ts';

const MODULE = fileURLToPath(new URL('../../../node/transport/stray-errors.ts', import.meta.url));

function errorOf(name: string, origin: string): Error {
  const error = new Error('Cannot write to a stream that is closed');
  error.name = name;
  error.stack = `${name}: ${error.message}\n    at ${origin}:127:9`;
  return error;
}

describe('a stray error', () => {
  it('is one of a stream that has gone, thrown inside libp2p', () => {
    expect(isStray(errorOf('StreamStateError', '/x/node_modules/@libp2p/yamux/muxer.js'))).toBe(
      true,
    );
    expect(isStray(errorOf('StreamStateError', '/x/node/engine/hall.ts'))).toBe(false);
    expect(isStray(errorOf('TypeError', '/x/node_modules/@libp2p/yamux/muxer.js'))).toBe(false);
    expect(isStray('StreamStateError')).toBe(false);
  });

  it.each([
    { name: 'StreamStateError', survives: true },
    { name: 'TypeError', survives: false },
  ])('$name: the process survives: $survives', ({ name, survives }) => {
    const program = `
      import { absorbStrayErrors } from ${JSON.stringify(MODULE)};
      absorbStrayErrors({ debug() {}, info() {}, error() {}, warn: (_, text) => console.log(text) });
      const error = new Error('gone');
      error.name = ${JSON.stringify(name)};
      error.stack = error.name + ': gone\\n    at /x/node_modules/@libp2p/yamux/muxer.js:127:9';
      queueMicrotask(() => { throw error; });
      setTimeout(() => console.log('still here'), 50);`;
    const ended = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
      encoding: 'utf8',
    });
    expect(ended.status === 0).toBe(survives);
    expect(ended.stdout.includes('still here')).toBe(survives);
  });
});
