/** Names beside dots, so that none lies on another: the first get the best places. Pure. */
import { HALO, label, shortened, widthOf } from './svg.ts';

export interface NamedDot {
  readonly x: number;
  readonly y: number;
  readonly r: number;
  readonly name: string;
}

interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

const SIZE = 10;
const LETTERS_MAX = 20;
const GAP = 3;
/** So many of the first may cover dots: whom everybody deals with is in the thick of them. */
const FIRST = 12;

/**
 * Each name to the right of its dot, or left, under or over it, where it covers neither a dot nor another name;
 * left out where there is no such place.
 * @param dots those whose names matter most first
 * @param width of the paper, px
 */
export function namesOf(dots: readonly NamedDot[], width: number): string {
  const circles = dots.map(({ x, y, r }): Box => {
    return { left: x - r, top: y - r, width: 2 * r, height: 2 * r };
  });
  const names: Box[] = [];
  return dots
    .map((dot, index) => {
      const name = shortened(dot.name, LETTERS_MAX);
      const places = boxesFor(dot, widthOf(name, SIZE)).filter(
        (box) =>
          box.left >= 0 &&
          box.left + box.width <= width &&
          !names.some((other) => overlap(box, other)),
      );
      const clear = places.find((box) => !circles.some((circle) => overlap(box, circle)));
      const place = clear ?? (index < FIRST ? places[0] : undefined);
      if (place === undefined) return '';
      names.push(place);
      return label(place.left, place.top + SIZE - 1, name, { 'font-size': SIZE, ...HALO });
    })
    .join('');
}

function boxesFor({ x, y, r }: NamedDot, width: number): Box[] {
  const size = { width, height: SIZE + 1 };
  const beside = y - SIZE / 2;
  const middle = x - width / 2;
  return [
    { left: x + r + GAP, top: beside, ...size },
    { left: x - r - GAP - width, top: beside, ...size },
    { left: middle, top: y + r + GAP, ...size },
    { left: middle, top: y - r - GAP - size.height, ...size },
  ];
}

function overlap(a: Box, b: Box): boolean {
  return (
    a.left < b.left + b.width &&
    b.left < a.left + a.width &&
    a.top < b.top + b.height &&
    b.top < a.top + a.height
  );
}
