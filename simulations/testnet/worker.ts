/**
 * `node worker.ts HOME…`: several whole nodes in one process, each with its own libp2p host, LevelDB
 * and API, so that a machine can carry more of them than it could processes.
 */
import { loadConfig } from '../../config/load.ts';
import { type Daemon, startDaemon } from '../../node/daemon.ts';
import { createLog } from '../../node/platform/platform.ts';

const daemons: Daemon[] = [];
let stopping = false;

async function stop(): Promise<void> {
  if (stopping) return;
  stopping = true;
  const outcomes = await Promise.allSettled(daemons.map((daemon) => daemon.stop()));
  const failures = outcomes.filter((outcome) => outcome.status === 'rejected');
  for (const failure of failures) process.stderr.write(`${String(failure.reason)}\n`);
  process.exit(failures.length === 0 ? 0 : 1);
}

process.once('SIGTERM', () => void stop());
process.once('SIGINT', () => void stop());

for (const home of process.argv.slice(2)) {
  if (stopping) break;
  const config = loadConfig({ home });
  const { level, pretty } = config.log;
  const log = createLog({ level, pretty });
  daemons.push(await startDaemon({ home, config, log }));
}
