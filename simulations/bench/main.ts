/** `npm run bench -- NAME`: what the node and its primitives cost on this machine. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { GeoError } from '../../protocol/errors.ts';
import { benchApi } from './api.ts';
import { API_USAGE, readApiOptions } from './api-options.ts';
import { apiText } from './api-table.ts';
import { benchClearBeside, clearText } from './clear.ts';
import { benchEconomy } from './economy.ts';
import { ECONOMY_USAGE, readEconomyOptions } from './economy-options.ts';
import { economyText } from './economy-table.ts';
import { benchEvents, eventsText } from './events.ts';
import { EVENTS_USAGE, readEventsOptions } from './events-options.ts';
import { benchFootprint, footprintText } from './footprint.ts';
import { benchHub, hubText } from './hub.ts';
import {
  BENCH_USAGE,
  readClearOptions,
  readHubOptions,
  readJsonOption,
  readPaymentsOptions,
  readSoakOptions,
} from './options.ts';
import { benchPayments } from './payments.ts';
import { paymentsText } from './payments-table.ts';
import { benchRoute } from './route.ts';
import { ROUTE_USAGE, readRouteOptions } from './route-options.ts';
import { routeText } from './route-table.ts';
import { benchSoak, soakText } from './soak.ts';
import { benchTriggers, readTriggersOptions, TRIGGERS_USAGE, triggersText } from './triggers.ts';

const USAGE = `${BENCH_USAGE}${API_USAGE}${EVENTS_USAGE}
${ROUTE_USAGE}
${ECONOMY_USAGE}
${TRIGGERS_USAGE}`;
const DONE = 0;
const NOT_FLAT = 1;
const WRONG = 1;
const WRONG_USE = 2;
/** Tables fit this, whatever the terminal has. */
const PAGE = { width: 100, colours: false };
/** Programs of their own that measure one primitive each. */
const PRIMITIVES = new Set(['signatures', 'transport', 'store']);

const say = (line: string) => void process.stderr.write(`${line}\n`);

/** @returns exit code */
export async function runBench(argv: readonly string[]): Promise<number> {
  const [name = 'help', ...rest] = argv;
  try {
    return await run(name, rest);
  } catch (error) {
    if (!(error instanceof GeoError) || error.code !== 'E009') throw error;
    say(error.details.fault === 'usage' ? `${error.message}\n\n${USAGE}` : error.message);
    return WRONG_USE;
  }
}

async function run(name: string, argv: readonly string[]): Promise<number> {
  if (PRIMITIVES.has(name)) return runProgram(name, argv);
  switch (name) {
    case 'payments': {
      const options = readPaymentsOptions(argv);
      const report = await benchPayments(options, say);
      print(options.json, report, () => paymentsText(PAGE, report));
      return DONE;
    }
    case 'hub': {
      const options = readHubOptions(argv);
      const report = await benchHub(options, say);
      print(options.json, report, () => hubText(PAGE, report));
      return DONE;
    }
    case 'api': {
      const options = readApiOptions(argv);
      const report = await benchApi(options, say);
      print(options.json, report, () => apiText(PAGE, report));
      return DONE;
    }
    case 'events': {
      const options = readEventsOptions(argv);
      const report = await benchEvents(options, say);
      print(options.json, report, () => eventsText(PAGE, report));
      return report.faults + report.resumed.faults === 0 ? DONE : WRONG;
    }
    case 'soak': {
      const options = readSoakOptions(argv);
      const report = await benchSoak(options, (sample) => say(JSON.stringify(sample)));
      print(options.json, report, () => soakText(PAGE, report));
      return report.grew.length + report.broken.length === 0 ? DONE : NOT_FLAT;
    }
    case 'footprint': {
      const json = readJsonOption(argv);
      const report = await benchFootprint();
      print(json, report, () => footprintText(PAGE, report));
      return DONE;
    }
    case 'route': {
      const options = readRouteOptions(argv);
      const report = benchRoute(options, say);
      print(options.json, report, () => routeText(PAGE, report));
      return DONE;
    }
    case 'clear': {
      const options = readClearOptions(argv);
      const report = await benchClearBeside(options);
      print(options.json, report, () => clearText(report));
      return DONE;
    }
    case 'economy': {
      const options = readEconomyOptions(argv);
      const report = benchEconomy(options);
      print(options.json, report, () => economyText(PAGE, report));
      return DONE;
    }
    case 'triggers': {
      const options = readTriggersOptions(argv);
      const report = await benchTriggers(options, say);
      print(options.json, report, () => triggersText(PAGE, report));
      return DONE;
    }
    case 'help':
    case '--help':
      process.stdout.write(USAGE);
      return DONE;
    default:
      throw new GeoError('E009', `There is no benchmark "${name}".`, { fault: 'usage' });
  }
}

function print(json: boolean, report: unknown, text: () => string): void {
  process.stdout.write(json ? `${JSON.stringify(report)}\n` : text());
}

function runProgram(name: string, argv: readonly string[]): Promise<number> {
  const script = fileURLToPath(new URL(`${name}.ts`, import.meta.url));
  const child = spawn(process.execPath, [script, ...argv], { stdio: 'inherit' });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

if (import.meta.main) process.exitCode = await runBench(process.argv.slice(2));
