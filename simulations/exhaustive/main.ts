/**
 * `node simulations/exhaustive/main.ts --voters 3|4 [--byzantine coordinator|voter|both] [--lost-disk] [--every-step]`
 *
 * Explores every state of one attempt with the production machines and prints what was counted. Exits
 * with 1 and the way there if a rule is broken.
 */
import { parseArgs } from 'node:util';
import { check } from './check.ts';

const { values } = parseArgs({
  options: {
    voters: { type: 'string', default: '3' },
    byzantine: { type: 'string' },
    'every-step': { type: 'boolean', default: false },
    'lost-disk': { type: 'boolean', default: false },
  },
});
const size = Number(values.voters);
const traitors = { coordinator: [size - 1], voter: [0], both: [0, size - 1] }[
  values.byzantine ?? ''
];
const known = values.byzantine === undefined || traitors !== undefined;
if (!Number.isInteger(size) || size < 2 || size > 5 || !known) {
  process.stderr.write(
    'usage: --voters 2..5 [--byzantine coordinator|voter|both] [--lost-disk] [--every-step]\n',
  );
  process.exit(2);
}

const begun = performance.now();
const report = check({
  size,
  byzantine: traitors ?? [],
  everyStep: values['every-step'],
  lostDisk: values['lost-disk'],
});
const seconds = ((performance.now() - begun) / 1000).toFixed(1);
process.stdout.write(
  `${size} voters, the coordinator included; ${values.byzantine ?? 'nobody'} Byzantine${values['lost-disk'] ? '; one disk may be lost' : ''}\n` +
    `states: ${report.states}\ntransitions: ${report.transitions}\n` +
    `states of one machine: ${report.localStates}\nfair runs: ${report.fairRuns}\n` +
    `seconds: ${seconds}\n`,
);
if (report.broken === undefined) {
  process.stdout.write('no rule is broken\n');
} else {
  process.stdout.write(`BROKEN: ${report.broken.rule}\n  ${report.broken.trace.join('\n  ')}\n`);
  process.exitCode = 1;
}
