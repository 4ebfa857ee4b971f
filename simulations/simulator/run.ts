/** `npm run simulate`: searches seeds for a run that breaks a rule, and tells what broke it. */
import { GeoError } from '../../protocol/errors.ts';
import { huntMutants } from '../mutants/hunt.ts';
import { isSingle, runCampaign } from './campaign.ts';
import type { Coverage } from './coverage.ts';
import { runHistory } from './history.ts';
import { readSimulatorOptions, SIMULATOR_USAGE, type SimulatorOptions } from './options.ts';
import { campaignText, failureText, historyLine, progressLine } from './report.ts';
import { planOf } from './seeds.ts';
import { shrink } from './shrink.ts';
import type { Campaign } from './tally.ts';
import { Transcript } from './transcript.ts';

const HELD = 0;
const NOT_HELD = 1;
const USAGE = 2;
const SEEDS = 2 ** 31;

/** @returns the exit code: 0 if every rule held, 1 if one did not, 2 for bad input */
export async function runSimulator(argv: readonly string[]): Promise<number> {
  let options: SimulatorOptions | null;
  try {
    options = readSimulatorOptions(argv);
  } catch (error) {
    if (!(error instanceof GeoError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return USAGE;
  }
  if (options === null) {
    process.stdout.write(SIMULATOR_USAGE);
    return HELD;
  }
  return options.mutants ? await huntMutants(options) : await search(options);
}

async function search(options: SimulatorOptions): Promise<number> {
  const firstSeed = options.seed ?? Math.floor(Math.random() * SEEDS);
  const say = (text: string) => {
    process.stderr.write(`${text}\n`);
  };
  if (options.seed === null) say(`first seed ${firstSeed}`);
  const single = isSingle(options);
  const began = performance.now();
  let last = began;
  const { campaign, coverage, drilled } = await runCampaign(
    options,
    firstSeed,
    ({ history }, plan, tally) => {
      const now = performance.now();
      if (single || history.violations.length > 0) say(historyLine(history, plan, tally.histories));
      if (now - last < PROGRESS_MS) return;
      last = now;
      say(progressLine(tally, options, (now - began) / 1_000));
    },
  );
  const first = campaign.failed[0];
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ ...jsonOf(campaign, coverage), drilled })}\n`);
  } else {
    process.stdout.write(`${campaignText(campaign, coverage, drilled)}\n`);
  }
  if (drilled.some(({ violations }) => violations.length > 0)) return NOT_HELD;
  if (first === undefined) {
    if (options.transcript && single) process.stdout.write(await transcriptOf(options, firstSeed));
    return HELD;
  }
  say('making it shorter ...');
  const { plan, history, realSignatures } = first;
  const shrunk = await shrink(plan.steps.length, history, (keep) =>
    runHistory({ plan, keep, realSignatures }),
  );
  const keep = new Set(shrunk.keep);
  const lines = await transcriptOf({ ...options, keep, realSignatures }, plan.seed);
  process.stdout.write(`${failureText({ ...options, realSignatures }, plan, shrunk)}\n\n${lines}`);
  return NOT_HELD;
}

const PROGRESS_MS = 10_000;

async function transcriptOf(options: SimulatorOptions, seed: number): Promise<string> {
  const transcripts: Transcript[] = [];
  const { violations } = await runHistory({
    plan: planOf(options, seed),
    realSignatures: options.realSignatures,
    ...(options.keep === null ? {} : { keep: options.keep }),
    onlooker: (world) => {
      const transcript = new Transcript(world);
      transcripts.push(transcript);
      return transcript;
    },
  });
  const lines = transcripts.flatMap((transcript) => transcript.lines);
  const found = violations.map(
    ({ rule, text, at }) => `${(at / 1_000).toFixed(4)}  ${rule}: ${text}`,
  );
  return `${[...lines, ...found].join('\n')}\n`;
}

function jsonOf(campaign: Campaign, coverage: Coverage): object {
  const { failed, ...rest } = campaign;
  return {
    ...rest,
    failed: failed.map(({ plan, history }) => ({
      seed: plan.seed,
      profile: plan.profile,
      digest: history.digest,
      violations: history.violations,
    })),
    coverage: coverage.rows(),
  };
}
