/**
 * A node's home directory: where each file lies.
 */
import { mkdir, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
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

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
