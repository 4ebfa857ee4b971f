/** Texts for people, cut to what a message or a record takes. */

/** Cut to so many bytes of UTF-8, with a mark where something was left out. */
export function textWithin(text: string, bytesMax: number): string {
  const bytes = new TextEncoder().encode(text);
  if (bytes.length <= bytesMax) return text;
  const kept = new TextDecoder().decode(bytes.subarray(0, bytesMax - 6)).replace(/\ufffd$/, '');
  return `${kept}…`;
}
