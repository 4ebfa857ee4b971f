/** `npm run demo`: a network of real nodes on this machine, from a community file to an audit. */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, extname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from '../../cli/page.ts';
import { GeoError } from '../../protocol/errors.ts';
import type { Community } from '../community/community.ts';
import { parseCommunity } from '../community/file.ts';
import type { Testnet } from '../testnet/supervisor.ts';
import { GO_ON, keepText } from './keeping.ts';
import { DEMO_USAGE, type DemoOptions, readDemoOptions } from './options.ts';
import { trustGraphSvg } from './picture.ts';
import { Progress } from './progress.ts';
import { reportJson } from './report.ts';
import { playStory, type Story, startNodes } from './story.ts';
import { summaryText } from './summary.ts';

const VILLAGE = fileURLToPath(new URL('../community/village.yaml', import.meta.url));
const HELD = 0;
const NOT_HELD = 1;
const USAGE = 2;
/** As shells say it of a program that SIGINT ended. */
const INTERRUPTED = 130;
/** Wider tables would be hard to read where terminals are wide. */
const PAGE_WIDTH_MAX = 100;

/** @returns the exit code: 0 if every invariant holds, 1 if one does not or the run failed, 2 for bad input */
export async function runDemo(argv: readonly string[]): Promise<number> {
  let options: DemoOptions | null;
  let community: Community;
  let directory: string;
  try {
    options = readDemoOptions(argv);
    if (options === null) {
      process.stdout.write(DEMO_USAGE);
      return HELD;
    }
    community = await readCommunity(options.community ?? VILLAGE);
    directory = await emptyDirectory(options.directory);
  } catch (error) {
    if (!(error instanceof GeoError)) throw error;
    complain(error);
    return USAGE;
  }
  return await runWith(options, community, directory);
}

async function runWith(
  options: DemoOptions,
  community: Community,
  directory: string,
): Promise<number> {
  const signals = new Signals();
  const progress = new Progress(progressOutput(), () => performance.now());
  progress.say(`${community.name}: ${community.participants.length} participants. ${directory}`);
  for (const place of community.ignored) progress.say(`  left alone in the file: ${place}`);
  let net: Testnet | undefined;
  let code = NOT_HELD;
  try {
    net = await startNodes(community, options, directory, progress);
    const story = await Promise.race([playStory(community, options, net, progress), net.death]);
    await writeResults(options, community, story);
    code = story.report.invariants.every((row) => row.held) ? HELD : NOT_HELD;
    if (options.keep) {
      process.stderr.write(keepText(community, net));
      await signals.next();
      process.stderr.write('\nStopping.\n');
    }
  } catch (error) {
    if (!(error instanceof GeoError)) throw error;
    complain(error);
  } finally {
    await net?.stop();
    signals.release();
  }
  // What went wrong can be found out only from homes and logs.
  if (code !== HELD) process.stderr.write(`Homes and logs are kept in ${directory}\n`);
  else if (options.directory === null) await rm(directory, { recursive: true, force: true });
  return code;
}

async function readCommunity(path: string): Promise<Community> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new GeoError('E009', `The community file ${path} cannot be read (${reason}).`, {
      fault: 'community_file_unreadable',
      path,
    });
  }
  return parseCommunity(text, basename(path, extname(path)));
}

/** Keys and books of another run must not be mixed with this one's. */
async function emptyDirectory(given: string | null): Promise<string> {
  if (given === null) return await mkdtemp(join(tmpdir(), 'geo-demo-'));
  const directory = resolve(given);
  try {
    await mkdir(directory, { recursive: true });
    if ((await readdir(directory)).length === 0) return directory;
  } catch (cause) {
    const sentence = `--dir ${directory} cannot be used: name a directory that can be made.`;
    throw new GeoError('E009', sentence, { fault: 'usage' }, { cause });
  }
  throw new GeoError('E009', `--dir ${directory} is not empty: name a new directory.`, {
    fault: 'usage',
  });
}

async function writeResults(
  options: DemoOptions,
  community: Community,
  story: Story,
): Promise<void> {
  const { stdout } = process;
  const text = options.json
    ? `${reportJson(story.report)}\n`
    : summaryText(pageOf(stdout), community, story) + (options.keep ? '' : GO_ON);
  // Whoever exits next must not cut it short.
  await new Promise((resolve) => stdout.write(text, resolve));
  if (options.svg === null) return;
  await writeFile(options.svg, trustGraphSvg(community, story.report));
  process.stderr.write(`The trust graph is drawn in ${options.svg}\n`);
}

function complain(error: GeoError): void {
  process.stderr.write(`${error.code} ${error.details.fault}: ${error.message}\n`);
  for (let { cause } = error; cause instanceof Error; { cause } = cause) {
    process.stderr.write(`  because: ${cause.message}\n`);
  }
}

function progressOutput() {
  const { stderr } = process;
  return {
    write: (text: string) => void stderr.write(text),
    live: stderr.isTTY === true && process.env.TERM !== 'dumb',
    page: pageOf(stderr),
  };
}

function pageOf(stream: NodeJS.WriteStream): Page {
  const isTty = stream.isTTY === true;
  return {
    width: Math.min(PAGE_WIDTH_MAX, (isTty && stream.columns) || PAGE_WIDTH_MAX),
    colours: isTty && !process.env.NO_COLOR && process.env.TERM !== 'dumb',
  };
}

/**
 * SIGINT and SIGTERM. While the story runs, the first ends the program, and the nodes with it; once
 * the nodes are kept, it is awaited.
 */
class Signals {
  #react = (): void => {
    process.stderr.write('\nInterrupted: the nodes are stopped.\n');
    process.exit(INTERRUPTED);
  };
  readonly #listener = () => this.#react();

  constructor() {
    process.on('SIGINT', this.#listener).on('SIGTERM', this.#listener);
  }

  /** Resolves with the next signal; one after that ends the program again. */
  async next(): Promise<void> {
    const end = this.#react;
    await new Promise<void>((resolve) => {
      this.#react = resolve;
    });
    this.#react = end;
  }

  release(): void {
    process.off('SIGINT', this.#listener).off('SIGTERM', this.#listener);
  }
}

// exit() rather than waiting: after a failure, what the story still waits for must not keep the process.
if (import.meta.main) process.exit(await runDemo(process.argv.slice(2)));
