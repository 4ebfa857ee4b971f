/** Runs `geo` as people do: as a process of its own, through the launcher. */
import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const LAUNCHER = fileURLToPath(new URL('../../../cli/geo.js', import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  readonly cwd?: string;
  /** Options of Node itself. */
  readonly nodeOptions?: readonly string[];
  /** Another copy of the launcher. */
  readonly launcher?: string;
}

/** Nothing of the surrounding environment that could change what the CLI does. */
export function cleanEnvironment(more: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const NODE_COMPILE_CACHE = process.env.NODE_COMPILE_CACHE ?? join(tmpdir(), 'geo-compile-cache');
  return { PATH: process.env.PATH, HOME: '/nonexistent', NODE_COMPILE_CACHE, ...more };
}

export function geo(argv: readonly string[], options: RunOptions = {}): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const { nodeOptions = [], launcher = LAUNCHER } = options;
    const child = spawn(process.execPath, [...nodeOptions, launcher, ...argv], {
      env: cleanEnvironment(options.env),
      cwd: options.cwd,
    });
    let out = '';
    let err = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      err += text;
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, out, err }));
    child.stdin.end(options.input ?? '');
  });
}
