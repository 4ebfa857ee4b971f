/** `geo doctor`: looks at everything that keeps a node from working, whether it runs or not. */
import { command } from '../command.ts';
import type { Check } from '../doctor/diagnosis.ts';
import { facts, type Page } from '../page.ts';
import { configOptions } from './identity.ts';

const COLOURS = { ok: 'green', warning: 'yellow', fault: 'red' } as const;

/** Whole sentences, never cut: they say what to do. */
function checksText(page: Page, checks: readonly Check[]): string {
  return facts(
    page,
    checks.map(({ name, state, text }) => [name, `${state}: ${text}`, COLOURS[state]]),
  );
}

export const doctorCommand = command({
  words: 'doctor',
  group: 'The node',
  summary: 'Check program, key, configuration, disk, clock, store, ports and peers',
  details:
    'Each row is ok, a warning, or a fault with what to do about it; exit code 1 if there is a fault. Without a running node the whole store is read and checked; with one, its peers and invariants are. Nothing is repaired. Give --config and --set as you give them to `geo start`.',
  examples: ['geo doctor', 'geo doctor --home ~/bob --json'],
  options: configOptions,
  local: true,
  run: async ({ home, client, terminal }, _given, { config: file, set }) => {
    const [{ lookAt }, { diagnose }, { loadConfig }] = await Promise.all([
      import('../doctor/look.ts'),
      import('../doctor/diagnosis.ts'),
      import('../../config/load.ts'),
    ]);
    const readConfig = () =>
      loadConfig({ home: home.directory, file, env: terminal.env, flags: set });
    const checks = diagnose(await lookAt({ home, client, readConfig }));
    const healthy = checks.every(({ state }) => state !== 'fault');
    return {
      json: { healthy, checks },
      text: (page) => checksText(page, checks),
      exit: healthy ? 0 : 1,
    };
  },
});
