/**
 * A process that writes to a store until it is killed or done, for the crash and full-disk tests:
 * `node store-writer.ts DIRECTORY FIRST COUNT BYTES [close]`.
 *
 * Write `n` puts two entries and is reported on stdout by `ok n` once it is acknowledged, by
 * `failed n CODE FAULT ERRNO` if it is refused. Eight writes are in flight at a time, and all the while the
 * first acknowledged one is read again and again. At the end it says `done` and closes the store if told
 * to, else waits for its end.
 */
import { writeSync } from 'node:fs';
import { openLevelStore } from '../../node/store/level/level.ts';
import { GeoError } from '../../protocol/errors.ts';
import { entriesOfWrite } from './store-content.ts';

const [directory = '', first = '0', count = '0', bytes = '0', ending] = process.argv.slice(2);
// The signal that `ulimit -f` sends would end the process before the write could report an error.
process.on('SIGXFSZ', () => undefined);

const say = (line: string) => writeSync(1, `${line}\n`);
const store = await openLevelStore(directory);
const end = Number(first) + Number(count);
let next = Number(first);
let readable: number | undefined;

async function writeUntilEnd(): Promise<void> {
  while (next < end) {
    const number = next;
    next += 1;
    try {
      await store.write(entriesOfWrite(number, Number(bytes)));
      say(`ok ${number}`);
      readable ??= number;
    } catch (error) {
      if (!(error instanceof GeoError)) throw error;
      say(`failed ${number} ${error.code} ${error.details.fault} ${error.details.errno}`);
      // Not as fast as possible, so that the test can give room in between.
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}

/** Reads must work at any time, but for the moment in which a failed store is opened anew. */
function readBack(): void {
  if (readable === undefined) return;
  const [expected] = entriesOfWrite(readable, Number(bytes));
  try {
    const found = store.get(expected!.key);
    if (found === undefined) throw new Error(`${expected!.key} is gone`);
  } catch (error) {
    if (!(error instanceof GeoError) || error.details.fault !== 'store_reopening') throw error;
  }
}

const reading = setInterval(readBack, 1);
say('open');
await Promise.all(Array.from({ length: 8 }, writeUntilEnd));
say('done');
if (ending === 'close') {
  clearInterval(reading);
  await store.close();
}
