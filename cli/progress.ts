/** How far long work has come, told now and then. */

/** Between two lines of progress, ms. */
const EVERY_MS = 1_000;

/** `tell` for work that may report a thousand times a second: it hears of it once a second, the first time a second in. */
export function spaced(tell: (done: number) => void): (done: number) => void {
  let next = Date.now() + EVERY_MS;
  return (done) => {
    if (Date.now() < next) return;
    next = Date.now() + EVERY_MS;
    tell(done);
  };
}
