/** SVG as text: elements, escaped, and what all pictures look like. Pure. */

type Attributes = Readonly<Record<string, string | number>>;

export const INK = '#1f2933';
export const PALE = '#d9e2ec';
/** Of these, colour-blind people tell each from the others (Okabe and Ito). */
export const BLUE = '#0072b2';
export const ORANGE = '#d55e00';
export const GREEN = '#009e73';

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

/** @param title what the picture shows; read aloud by screen readers */
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
  const paper = element('rect', { width, height, fill: '#ffffff' });
  const heading = label(16, 26, title, { 'font-size': 16, 'font-weight': 'bold' });
  return `${element('svg', attributes, hint(title), paper, heading, body)}\n`;
}

/** A name that fits. */
export function shortened(text: string, length: number): string {
  const letters = [...text];
  return letters.length <= length ? text : `${letters.slice(0, length - 1).join('')}…`;
}

function escaped(text: string): string {
  return text
    .replaceAll(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
