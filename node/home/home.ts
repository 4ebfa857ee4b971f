/**
 * A node's home directory: where each file lies, and how a file gets there whole or not at all.
 */
import { randomBytes } from 'node:crypto';
import { link, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { GeoError } from '../../protocol/errors.ts';

/** Absolute paths of everything that a node keeps. */
export interface Home {
  readonly directory: string;
  /** The participant's key; mode 0600. */
  readonly keyFile: string;
  /** Optional settings, YAML. */
  readonly configFile: string;
  /** LevelDB. */
  readonly storeDirectory: string;
  /** Secret that opens the local API; mode 0600. */
  readonly apiTokenFile: string;
  /** Where the local API listens; exists while the daemon runs. */
  readonly apiEndpointFile: string;
  /** Written only if the configuration asks for it. */
  readonly logFile: string;
}

/** Mode of a file that only its owner may read. */
export const SECRET_FILE_MODE = 0o600;
/** Mode of a file that anyone may read. */
export const PUBLIC_FILE_MODE = 0o644;
const PRIVATE_DIRECTORY_MODE = 0o700;

/** `~/.geo` of the person who runs the process. */
export function defaultHomeDirectory(): string {
  return join(homedir(), '.geo');
}

/** The layout below `directory`; touches nothing. */
export function homeAt(directory: string): Home {
  const root = resolve(directory);
  return {
    directory: root,
    keyFile: join(root, 'key.json'),
    configFile: join(root, 'config.yaml'),
    storeDirectory: join(root, 'store'),
    apiTokenFile: join(root, 'api.token'),
    apiEndpointFile: join(root, 'api.json'),
    logFile: join(root, 'node.log'),
  };
}

/**
 * Makes the directory, readable by its owner alone, if it is not there yet. The mode of an existing
 * one is the owner's choice and stays; secrets in it carry their own mode.
 * @throws GeoError E010 `home_unusable`
 */
export async function createHome(directory: string): Promise<Home> {
  const home = homeAt(directory);
  try {
    await mkdir(home.directory, { recursive: true, mode: PRIVATE_DIRECTORY_MODE });
    if (!(await stat(home.directory)).isDirectory()) throw new Error('it is not a directory');
  } catch (error) {
    throw new GeoError(
      'E010',
      `The home directory ${home.directory} cannot be made or used (${messageOf(error)}). Choose another one with --home, or change its permissions.`,
      { fault: 'home_unusable', directory: home.directory },
      { cause: error },
    );
  }
  return home;
}

export interface AtomicWriteOptions {
  readonly mode: number;
  /** Leave an existing file alone and throw instead; two such writers cannot both win. Default false. */
  readonly refuseToOverwrite?: boolean;
}

/**
 * Writes a whole file durably: whoever reads `path`, at whatever moment, even after a power cut,
 * finds the old content or the new, never a part.
 * @throws GeoError E008 `file_exists` if asked not to overwrite; Node's own error if the disk refuses
 */
export async function writeFileAtomically(
  path: string,
  content: string | Uint8Array,
  options: AtomicWriteOptions,
): Promise<void> {
  const draft = draftPathOf(path);
  try {
    const file = await open(draft, 'wx', options.mode);
    try {
      // The umask may have taken bits away from the mode given to open().
      await file.chmod(options.mode);
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await publish(draft, path, options.refuseToOverwrite ?? false);
  } finally {
    await rm(draft, { force: true });
  }
}

/** A name beside `path`, on the same file system, for what is not finished yet. */
export function draftPathOf(path: string): string {
  return `${path}.${randomBytes(6).toString('hex')}.draft`;
}

/** Gives a finished and synced draft its name, and makes the name durable. */
export async function publish(
  draft: string,
  path: string,
  refuseToOverwrite: boolean,
): Promise<void> {
  if (refuseToOverwrite) {
    try {
      // Unlike rename(), link() fails if the name is taken, without a moment in between.
      await link(draft, path);
    } catch (error) {
      if (!isErrno(error, 'EEXIST')) throw error;
      throw new GeoError('E008', `${path} exists already and is not overwritten.`, {
        fault: 'file_exists',
        path,
      });
    }
  } else {
    await rename(draft, path);
  }
  await syncDirectory(dirname(path));
}

/** Makes names created, changed or removed in a directory durable. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Whether an error is the operating system's, with this name (`ENOENT`, `EEXIST` …). */
export function isErrno(error: unknown, name: string): boolean {
  return error instanceof Error && 'code' in error && error.code === name;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

const PATH_ERRORS: ReadonlySet<unknown> = new Set([
  'EACCES',
  'EISDIR',
  'ELOOP',
  'ENAMETOOLONG',
  'ENOENT',
  'ENOTDIR',
  'EPERM',
]);

/** Whether another path would do: what is wrong is the place, not the disk. */
export function isPathError(error: unknown): boolean {
  return PATH_ERRORS.has((error as { code?: unknown } | null)?.code);
}
