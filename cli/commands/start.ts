/** `geo start`: the daemon, in the foreground, until it is asked to stop. */
import { GeoError } from '../../protocol/errors.ts';
import { type Context, command, type Result } from '../command.ts';
import { makeRoomForHub } from '../heap.ts';
import { readPassphrase } from '../secrets.ts';
import { configOptions, passphraseOptions } from './identity.ts';

/** When connections and the first lookups have been made as well, ms. */
const SETTLED_MS = 3_000;

interface Ready {
  readonly pid: string;
  readonly public_key: string;
  readonly addresses: readonly string[];
  readonly api: string;
  readonly public_api: string | null;
  readonly home: string;
  readonly process_id: number;
}

function readyResult(ready: Ready): Result {
  const { pid, addresses, api, public_api: open } = ready;
  return {
    json: ready,
    text: () =>
      `Ready. PID ${pid}, API ${api}${open === null ? '' : `, public API ${open}`}, addresses ${addresses.join(' ') || 'none'}`,
  };
}

/** Starts with the passphrase that `open` is given; asks a person for one if the key turns out to need it. */
async function openWithPassphrase<Opened>(
  { terminal }: Context,
  given: string | undefined,
  open: (passphrase: string | undefined) => Promise<Opened>,
): Promise<Opened> {
  try {
    return await open(given);
  } catch (error) {
    const needed = error instanceof GeoError && error.details.fault === 'passphrase_needed';
    if (!needed || !terminal.inputIsPerson) throw error;
    return await open(await terminal.askSecret('Passphrase: '));
  }
}

export const startCommand = command({
  words: 'start',
  group: 'The node',
  summary: 'Run the node in the foreground until Ctrl-C or SIGTERM',
  details:
    'Prints one line on stdout when the node is ready; its log goes to stderr. Stops in order and then ends with 0: what was promised is stored, and taken up again at the next start.',
  examples: [
    'geo start',
    'geo start --home ~/bob --set listen=/ip4/0.0.0.0/tcp/4848 --set log.level=warn',
    'geo start --passphrase-file ~/passphrase --json',
  ],
  options: { ...configOptions, ...passphraseOptions },
  local: true,
  run: async (context, _given, { config: file, set, ...secret }) => {
    const { home, terminal } = context;
    const stopped = terminal.stopSignal();
    const { loadConfig } = await import('../../config/load.ts');
    const config = loadConfig({ home: home.directory, file, env: terminal.env, flags: set });
    if (config.hub.enabled) makeRoomForHub();
    const given = await readPassphrase(secret, terminal, false);
    // libp2p and LevelDB take a third of a second to load: only this command pays for it.
    const [{ startDaemon }, { createLog }, memory] = await Promise.all([
      import('../../node/daemon.ts'),
      import('../../node/platform/platform.ts'),
      import('../../node/platform/memory.ts'),
    ]);
    const log = createLog({ ...config.log, file: config.log.file ? home.logFile : undefined });
    const daemon = await openWithPassphrase(context, given, (passphrase) =>
      startDaemon({
        home: home.directory,
        config,
        log,
        ...(passphrase === undefined ? {} : { passphrase }),
      }),
    );
    terminal.onReload(() => void daemon.reload());
    const { pid, public_key, addresses } = daemon.service.identity();
    context.print(
      readyResult({
        pid,
        public_key,
        addresses,
        api: daemon.apiUrl,
        public_api: daemon.publicUrl ?? null,
        home: home.directory,
        process_id: process.pid,
      }),
    );
    setTimeout(memory.releaseStartupMemory, SETTLED_MS).unref();
    const ended = await Promise.race([stopped, daemon.failed]);
    log.info({ reason: String(ended) }, 'stopping');
    await daemon.stop();
    if (ended instanceof GeoError) throw ended;
    return null;
  },
});
