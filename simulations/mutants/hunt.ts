/** `npm run simulate -- --mutants`: every broken engine in a process of its own, and what gave it away. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { MUTANTS } from './catalogue.ts';
import type { Catch } from './hunt-one.ts';

const HUNT_ONE = fileURLToPath(new URL('./hunt-one.ts', import.meta.url));
const SECONDS_MAX = 60;
const run = promisify(execFile);

/** @returns the exit code: 0 if every mutant was noticed */
export async function huntMutants(options: { readonly json: boolean }): Promise<number> {
  const catches: Catch[] = [];
  for (const mutant of MUTANTS) {
    const found = await huntOne(mutant.name);
    catches.push(found);
    if (options.json) continue;
    const { violation, seconds, histories, seed } = found;
    const how =
      violation === undefined
        ? `NOT NOTICED in ${histories} histories`
        : `${violation.rule}: ${violation.text.split('\n')[0]} (seed ${seed}, history ${histories}, ${seconds.toFixed(1)} s)`;
    process.stdout.write(`${mutant.name}: ${mutant.crime}\n    ${how}\n`);
  }
  const missed = catches.filter(({ violation }) => violation === undefined);
  if (options.json) process.stdout.write(`${JSON.stringify(catches)}\n`);
  else
    process.stdout.write(
      `${catches.length - missed.length} of ${catches.length} mutants noticed\n`,
    );
  return missed.length === 0 ? 0 : 1;
}

export async function huntOne(name: string): Promise<Catch> {
  const { stdout } = await run(process.execPath, [HUNT_ONE, name, String(SECONDS_MAX)]);
  return JSON.parse(stdout) as Catch;
}
