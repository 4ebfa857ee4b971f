/**
 * `node test/fuzz/guided.ts --seconds N [--seed S]`: feeds the decoder with mutations of sound frames,
 * keeps those that run through new code, and goes on from them. Ends with 1 and the input if a promise
 * of the decoder is broken, or if one input takes longer than a second.
 */
import { parseArgs } from 'node:util';
import { seededRandom } from '../../simulations/random.ts';
import { Coverage } from './coverage.ts';
import { judge, judgeCbor } from './decoder.ts';
import { mutated, SOUND_FRAMES } from './mutations.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '10' },
    seed: { type: 'string', default: '1' },
  },
});
const INPUT_MS_MOST = 1_000;
/** Taking the coverage costs more than decoding, so inputs go through in small groups. */
const GROUP = 8;

const random = seededRandom(Number(values.seed));
const coverage = new Coverage((url) => /\/protocol\/(wire|machines|identity|money)\//.test(url));
const corpus: Uint8Array[] = [...SOUND_FRAMES];
let inputs = 0;
let accepted = 0;

function feed(input: Uint8Array): void {
  const begun = performance.now();
  try {
    if (judge(input) === 'accepted') accepted++;
    judgeCbor(input);
  } catch (error) {
    process.stderr.write(`BROKEN by ${Buffer.from(input).toString('hex')}\n${String(error)}\n`);
    process.exit(1);
  }
  const took = performance.now() - begun;
  if (took > INPUT_MS_MOST) {
    process.stderr.write(`SLOW: ${took} ms for ${Buffer.from(input).toString('hex')}\n`);
    process.exit(1);
  }
  inputs++;
}

for (const frame of SOUND_FRAMES) feed(frame);
coverage.isNew();
const sound = { pieces: coverage.size, accepted };

const end = performance.now() + Number(values.seconds) * 1_000;
while (performance.now() < end) {
  const group = Array.from({ length: GROUP }, () => mutated(random.pick(corpus), random, corpus));
  for (const input of group) feed(input);
  if (coverage.isNew()) corpus.push(...group);
}
coverage.stop();
const report = {
  inputs,
  accepted,
  corpus: corpus.length,
  pieces: coverage.size,
  sound_frames: SOUND_FRAMES.length,
  sound_accepted: sound.accepted,
  sound_pieces: sound.pieces,
};
process.stdout.write(`${JSON.stringify(report)}\n`);
