/** What a shell is taught is what the command table says; asked of a real bash. */
import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../../cli/commands/index.ts';
import { completionScript } from '../../../cli/completion.ts';
import { runCli } from '../../../cli/main.ts';
import { createMemoryTerminal } from './memory-terminal.ts';

const script = completionScript('bash', COMMANDS);

/** What bash offers for a line whose last word is being typed. */
function offered(...line: string[]): string[] {
  const words = ['geo', ...line];
  const ask = `${script}
COMP_WORDS=("$@"); COMP_CWORD=${words.length - 1}; _geo; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const out = execFileSync('bash', ['--norc', '-c', ask, 'bash', ...words], { encoding: 'utf8' });
  return out.split('\n').filter((word) => word !== '');
}

describe('bash', () => {
  it('is offered every first word, and those that begin as typed', () => {
    const first = new Set(COMMANDS.map(({ words }) => words.split(' ')[0]!));
    expect(new Set(offered(''))).toEqual(first);
    expect(offered('hist')).toEqual(['history']);
  });

  it('is offered the second word of a group, whatever options came before', () => {
    expect(offered('--json', 'trust', 's')).toEqual(['set']);
    const trust = COMMANDS.filter(({ words }) => words.startsWith('trust '));
    expect(offered('trust', '').sort()).toEqual(trust.map(({ words }) => words.slice(6)).sort());
  });

  it('is offered the options of a command, and files for everything else', () => {
    expect(offered('history', '--li')).toEqual(['--limit']);
    expect(offered('pay', 'bob', '5', 'UAH', '--js')).toEqual(['--json']);
    expect(offered('restore', 'ba')).toEqual([]);
  });
});

describe('every script', () => {
  it.each(['bash', 'zsh', 'fish'] as const)(
    '%s: is printed, and names every option',
    async (shell) => {
      const terminal = createMemoryTerminal();
      expect(await runCli(['completion', shell], terminal)).toBe(0);
      const { out } = terminal.written;
      for (const row of COMMANDS) {
        if ('forward' in row) continue;
        for (const { flags } of Object.values(row.options)) {
          expect(out).toContain(/--([a-z0-9-]+)/.exec(flags)![shell === 'fish' ? 1 : 0]);
        }
      }
    },
  );

  it('is of a shell that is known', async () => {
    const terminal = createMemoryTerminal();
    expect(await runCli(['completion', 'tcsh'], terminal)).toBe(2);
    expect(terminal.written.err).toContain('bash, zsh, fish');
  });
});
