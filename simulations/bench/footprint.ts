/** `bench footprint`: how soon a node with ten edges is ready, and how much memory it takes. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Column, type Page, table } from '../../cli/page.ts';
import { createHome, type Home } from '../../node/home/home.ts';
import { createKeyFile } from '../../node/home/keyring.ts';
import { eventually, pause } from '../testnet/at-once.ts';
import { NodeProcess } from '../testnet/node-process.ts';
import { WorkerProcess } from '../worker-process.ts';
import type { BareCalls } from './bare-host.ts';
import { fillStore } from './prepared-store.ts';

export interface FootprintReport {
  /** From the start of the process until its API answers; median of warm starts. */
  readonly ready_ms: number;
  /** The same for the very first start, which compiles. */
  readonly first_ready_ms: number;
  /** Resident memory, MB (10^6 bytes), some seconds after it was ready. */
  readonly node_rss_mb: number;
  /** A libp2p host with the same services and nothing else. */
  readonly host_rss_mb: number;
  /** A Node process with nothing in it. */
  readonly bare_rss_mb: number;
  readonly edges: number;
}

const GEO = fileURLToPath(new URL('../../cli/geo.js', import.meta.url));
const BARE = fileURLToPath(new URL('bare-host.ts', import.meta.url));
const EDGES = 10;
const WARM_STARTS = 5;
const READY_MS_MAX = 60_000;
const POLL_MS = 5;
/** What a start leaves behind is collected by then. */
const QUIET_MS = 10_000;

export async function benchFootprint(): Promise<FootprintReport> {
  const directory = await mkdtemp(join(tmpdir(), 'geo-bench-'));
  try {
    const home = await createHome(join(directory, 'home'));
    await createKeyFile(home.directory, {});
    // JSON is YAML too.
    const config = { listen: ['/ip4/127.0.0.1/tcp/0', '/ip4/127.0.0.1/tcp/0/ws'] };
    await writeFile(home.configFile, JSON.stringify(config));
    await fillStore(home.directory, { edges: EDGES, history: 0, equivalent: 'BENCH' });
    const first = await startOnce(home, directory, 0);
    const warm: number[] = [];
    let rss = 0;
    for (let i = 0; i < WARM_STARTS; i++) {
      const last = i === WARM_STARTS - 1;
      const start = await startOnce(home, directory, last ? QUIET_MS : 0);
      warm.push(start.readyMs);
      rss = start.rssBytes;
    }
    return {
      ready_ms: Math.round(warm.toSorted((a, b) => a - b)[WARM_STARTS >> 1]!),
      first_ready_ms: Math.round(first.readyMs),
      node_rss_mb: megabytes(rss),
      host_rss_mb: megabytes(await bareRss(directory, true)),
      bare_rss_mb: megabytes(await bareRss(directory, false)),
      edges: EDGES,
    };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function startOnce(
  home: Home,
  directory: string,
  quietMs: number,
): Promise<{ readyMs: number; rssBytes: number }> {
  const flags = await launcherFlags();
  const begin = performance.now();
  const process = new NodeProcess({
    script: [...flags, GEO, 'start', '--home', home.directory],
    env: environment(directory),
    logFile: join(directory, 'node.log'),
    // Waiting for readiness ends with the reason in its log.
    onDeath: () => undefined,
  });
  const ready = await eventually(READY_MS_MAX, POLL_MS, () => isReady(home, process));
  if (ready === undefined) throw await process.failure('node_not_started', 'It did not start.');
  const readyMs = performance.now() - begin;
  await pause(quietMs);
  const rssBytes = await residentBytes(process.id);
  await process.stop();
  return { readyMs, rssBytes };
}

/** Of the first line of the launcher, by which a shell starts it. */
async function launcherFlags(): Promise<string[]> {
  const [first = ''] = (await readFile(GEO, 'utf8')).split('\n');
  return first.split(' ').filter((word) => word.startsWith('--'));
}

async function isReady(home: Home, process: NodeProcess): Promise<true | undefined> {
  try {
    const { url, process_id: id } = JSON.parse(await readFile(home.apiEndpointFile, 'utf8'));
    if (id !== process.id) return undefined;
    // Any answer: whoever asks without the token is told so.
    await fetch(url);
    return true;
  } catch {
    return undefined;
  }
}

/** As the node: not the first start, so that nothing of what compiling took is counted. */
async function bareRss(directory: string, host: boolean): Promise<number> {
  let bytes = 0;
  for (const quietMs of [0, QUIET_MS]) {
    const worker = new WorkerProcess<BareCalls>(BARE, [], { env: environment(directory) });
    if (host) await worker.ask('host');
    await worker.ask('collect');
    await pause(quietMs);
    bytes = await worker.ask('rssBytes');
    await worker.end();
  }
  return bytes;
}

/** As the system counts it; 0 where it does not say (only Linux does in this form). */
async function residentBytes(processId: number): Promise<number> {
  const status = await readFile(`/proc/${processId}/status`, 'utf8').catch(() => '');
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024;
}

function environment(directory: string): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('GEO_'));
  return { ...Object.fromEntries(own), NODE_COMPILE_CACHE: join(directory, 'compiled') };
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 1e6);
}

export function footprintText(page: Page, report: FootprintReport): string {
  const rows: readonly (readonly [string, string])[] = [
    [`node with ${report.edges} edges, resident`, `${report.node_rss_mb} MB`],
    ['libp2p host alone, resident', `${report.host_rss_mb} MB`],
    ['Node alone, resident', `${report.bare_rss_mb} MB`],
    ['ready after', `${report.ready_ms} ms`],
    ['ready after, first start', `${report.first_ready_ms} ms`],
  ];
  const columns: readonly Column<readonly [string, string]>[] = [
    { title: 'footprint', cell: ([title]) => title },
    { title: '', right: true, cell: ([, figure]) => figure },
  ];
  return `${table(page, columns, rows)}\n`;
}
