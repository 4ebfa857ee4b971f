#!/usr/bin/env -S node --max-semi-space-size=4 --v8-pool-size=1
/**
 * Starts `geo` on a Node that can run it. Plain JavaScript for old engines: the system's Node may be
 * too old to read TypeScript, so nothing else of the project is loaded before this has checked.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import module from 'node:module';
import { constants, homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const NODE_MAJOR_MIN = 24;
/** As in the first line: a young generation of 16 MiB and four helping threads, V8's own choice, are memory that a node never needs. */
const SMALL_HEAP = ['--max-semi-space-size=4', '--v8-pool-size=1'];

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** The Node that `npm ci` put beside the project, if it is there. */
function ownNode() {
  const path = here(`../node_modules/node-${process.platform}-${process.arch}/bin/node`);
  return existsSync(path) ? path : undefined;
}

/** Same arguments, same terminal, same exit; the child is the program, this process only stands in for it. */
function runOn(node) {
  const child = spawn(
    node,
    [...SMALL_HEAP, fileURLToPath(import.meta.url), ...process.argv.slice(2)],
    {
      stdio: 'inherit',
    },
  );
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
    process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    process.stderr.write(`${node} cannot be started (${error.message}). Run npm ci again.\n`);
    process.exit(5);
  });
  child.on('exit', (code, signal) => {
    // By convention of shells: killed by signal n is 128 + n.
    process.exit(code ?? 128 + constants.signals[signal]);
  });
}

/** Compiled code is kept: it halves the start. In a directory of the user's own, since what lies there is run. */
function keepCompiledCode() {
  if (process.env.NODE_COMPILE_CACHE) return;
  module.enableCompileCache(
    join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'geo-node'),
  );
}

const major = Number(process.versions.node.split('.')[0]);
if (major >= NODE_MAJOR_MIN) {
  // A published package carries compiled files, because Node strips no types below node_modules.
  const published = new URL('./main.js', import.meta.url);
  const main = existsSync(published) ? published : new URL('./main.ts', import.meta.url);
  keepCompiledCode();
  const { runProcess } = await import(main.href);
  await runProcess();
} else {
  const node = ownNode();
  if (node === undefined) {
    process.stderr.write(
      `geo needs Node ${NODE_MAJOR_MIN} or newer, and this is ${process.versions.node}: install it from https://nodejs.org, or run npm ci in the checkout, which brings its own.\n`,
    );
    process.exit(5);
  }
  runOn(node);
}
