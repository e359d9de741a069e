const hex = (length: number): string =>
  Math.floor(Math.random() * 16 ** length)
    .toString(16)
    .padStart(length, '0');

/**
 * A name in the form of a version 4 UUID for what logs must tell apart: processes, requests. Nobody may rely on its being
 * hard to guess. node:crypto, whose own would be, takes 4 ms to load, which a start with its model on the disk is spared.
 */
export function uniqueId(): string {
  const variant = '89ab'[Math.floor(Math.random() * 4)];
  return `${hex(8)}-${hex(4)}-4${hex(3)}-${variant}${hex(3)}-${hex(12)}`;
}
