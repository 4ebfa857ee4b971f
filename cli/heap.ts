/**
 * The young generation of V8, which only the command line of a process can set. `cli/geo.js` gives
 * every process a small one: a node that handles small messages needs no more, and would otherwise hold
 * 40 MB that it never uses. A hub makes garbage faster, and spends a third of its time on collecting
 * it in so small a space.
 */

const SMALL = '--max-semi-space-size=4';
/** One thread to help V8 instead of four. */
const ALONE = '--v8-pool-size=1';
/** MiB; V8's own choice. */
const LARGE = '--max-semi-space-size=16';

/**
 * For a hub, before anything is opened: the same process, arguments and terminal once more, with room.
 * Returns where that was not needed, or cannot be done.
 */
export function makeRoomForHub(): void {
  const { execArgv, execPath, argv } = process;
  if (!execArgv.includes(SMALL) || process.execve === undefined) return;
  const others = execArgv.filter((argument) => argument !== SMALL && argument !== ALONE);
  process.execve(execPath, [execPath, LARGE, ...others, ...argv.slice(1)], process.env);
}
