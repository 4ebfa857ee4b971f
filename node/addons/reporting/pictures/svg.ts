/** SVG as text: elements, escaped, and what all pictures look like. Pure. */

type Attributes = Readonly<Record<string, string | number>>;

export const INK = '#1f2933';
export const PALE = '#d9e2ec';
export const PAPER = '#ffffff';
/** Of these, colour-blind people tell each from the others (Okabe and Ito). */
export const BLUE = '#0072b2';
export const ORANGE = '#d55e00';
export const GREEN = '#009e73';

const EDGE = 16;
const HEADING = 16;
const NOTE_Y = 46;
/** Width of a letter as part of the size of its font, rather too wide than too narrow. */
const LETTER = 0.62;
const BOLD_LETTER = 0.7;

/** @param children texts of other elements, or `text(…)` */
export function element(name: string, attributes: Attributes, ...children: string[]): string {
  const written = Object.entries(attributes).map(([key, value]) => {
    const text = typeof value === 'number' ? String(Math.round(value * 100) / 100) : escaped(value);
    return ` ${key}="${text}"`;
  });
  const open = `<${name}${written.join('')}`;
  return children.length === 0 ? `${open}/>` : `${open}>${children.join('')}</${name}>`;
}

export function label(x: number, y: number, text: string, more: Attributes = {}): string {
  return element('text', { x, y, ...more }, escaped(text));
}

/** What a pointer that rests on an element is shown. */
export function hint(text: string): string {
  return element('title', {}, escaped(text));
}

/** Readable also where it lies on lines: with a rim of paper. */
export const HALO = { stroke: PAPER, 'stroke-width': 3, 'paint-order': 'stroke' } as const;

/** About how wide a text is drawn; fonts differ. @param size of the font, px */
export function widthOf(text: string, size: number): number {
  return cells(text) * size * LETTER;
}

/** What a picture says that has nothing to show. */
export function nothing(text: string): string {
  return label(EDGE, NOTE_Y, text);
}

/** A line under the heading, for what is left out or how to read the picture. */
export function note(text: string): string {
  return label(EDGE, NOTE_Y, text, { 'font-size': 11 });
}

/** @param title what the picture shows, cut where it does not fit; read aloud by screen readers */
export function picture(width: number, height: number, title: string, body: string): string {
  const attributes = {
    xmlns: 'http://www.w3.org/2000/svg',
    viewBox: `0 0 ${width} ${height}`,
    width,
    height,
    role: 'img',
    'font-family': 'sans-serif',
    'font-size': 12,
    fill: INK,
  };
  const paper = element('rect', { width, height, fill: PAPER });
  const room = Math.floor((width - 2 * EDGE) / (HEADING * BOLD_LETTER));
  const bold = { 'font-size': HEADING, 'font-weight': 'bold' };
  const heading = label(EDGE, 26, shortened(title, room), bold);
  return `${element('svg', attributes, hint(title), paper, heading, body)}\n`;
}

/** A name that fits. @param length in letters; those of Chinese, Japanese and Korean count double */
export function shortened(text: string, length: number): string {
  if (cells(text) <= length) return text;
  let kept = '';
  for (const letter of text) {
    if (cells(kept + letter) > length - 1) break;
    kept += letter;
  }
  return `${kept}…`;
}

const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;

function cells(text: string): number {
  let count = 0;
  for (const letter of text) count += WIDE.test(letter) ? 2 : 1;
  return count;
}

function escaped(text: string): string {
  return text
    .replaceAll(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
