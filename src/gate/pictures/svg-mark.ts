import { plain } from '../words/plain.ts';

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** Text as XML text or attribute value. */
export const xml = (value: string): string => plain(value).replace(/[&<>"']/g, (c) => entities[c]!);

const attribute = (value: string | number): string =>
  typeof value === 'number' ? String(Math.round(value * 100) / 100) : xml(value);

/** One element. Children are markup already; everything else is escaped. */
export function mark(name: string, attributes: Record<string, string | number>, children = ''): string {
  const list = Object.entries(attributes).map(([key, value]) => ` ${key}="${attribute(value)}"`);
  return children === '' ? `<${name}${list.join('')}/>` : `<${name}${list.join('')}>${children}</${name}>`;
}

export type DriftBaseline = 'start' | 'middle' | 'end';

/** A line of text with its baseline at y. */
export const words = (x: number, y: number, value: string, anchor: DriftBaseline = 'start', kind = 'label'): string =>
  mark('text', { x, y, 'text-anchor': anchor, class: kind }, xml(value));

export const line = (x1: number, y1: number, x2: number, y2: number, kind: string): string =>
  mark('line', { x1, y1, x2, y2, class: kind });
