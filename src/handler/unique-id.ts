const pairs = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** Sixteen bits as digits, from a table: writing six numbers in base 16 took four times as long as all of this. */
const four = (bits: number): string => `${pairs[(bits >>> 8) & 255]}${pairs[bits & 255]}`;
const random16 = (): number => Math.floor(Math.random() * 65_536);

/**
 * An id in the form of a version 4 UUID for what logs must distinguish: processes, requests. Not hard to guess.
 * node:crypto, whose UUIDs are, takes 4 ms to load, which matters for a start with its model on the disk.
 */
export function uniqueId(): string {
  const version = four((random16() & 0x0fff) | 0x4000);
  const variant = four((random16() & 0x3fff) | 0x8000);
  const next = (): string => four(random16());
  return `${next()}${next()}-${next()}-${version}-${variant}-${next()}${next()}${next()}`;
}
