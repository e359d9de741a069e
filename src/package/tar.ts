/** One file of a tar. */
export interface TarFile {
  /** `/`-separated, relative, ASCII, 100 characters at most, without `.` or `..` parts. */
  name: string;
  size: number;
}

const blockBytes = 512;
const maxNameBytes = 100;
/** Eleven octal digits. */
const maxSize = 8 ** 11 - 1;
/** Readable by every user and writable by none: the platform runs the function as another one than it unpacks it as. */
const modes = { file: 0o444, folder: 0o755 };

/** What ends a tar: two empty blocks. */
export const tarEnd: Buffer = Buffer.alloc(2 * blockBytes);

/** What fills the last block of a file of this size, bytes. */
export const tarPadding = (size: number): Buffer => Buffer.alloc((blockBytes - (size % blockBytes)) % blockBytes);

/**
 * The block in front of a file, or of a folder where the name ends with a slash. Written here because the parts of an
 * archive are wanted one by one, and because nothing of the machine may get into it: owner 0, time 0, fixed modes.
 * Throws RangeError for names and sizes that the plain format cannot hold.
 * Format: POSIX.1-1988 ustar, https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html#tag_20_92_13_06
 */
export function tarHeader({ name, size }: TarFile): Buffer {
  const isFolder = name.endsWith('/');
  if (!/^[\x21-\x7e]+$/.test(name) || name.length > maxNameBytes) throw new RangeError(`no name for a tar: ${name}`);
  if (size > maxSize) throw new RangeError(`${name} is too large for a plain tar`);
  const header = Buffer.alloc(blockBytes);
  const octal = (value: number, at: number, digits: number): void => {
    header.write(value.toString(8).padStart(digits, '0'), at, 'ascii');
  };
  header.write(name, 0, 'ascii');
  octal(isFolder ? modes.folder : modes.file, 100, 7);
  octal(0, 108, 7);
  octal(0, 116, 7);
  octal(size, 124, 11);
  octal(0, 136, 11);
  header.write(isFolder ? '5' : '0', 156, 'ascii');
  header.write('ustar\u000000', 257, 'ascii');
  octal(0, 329, 7);
  octal(0, 337, 7);
  // The sum counts its own field as spaces.
  header.fill(' ', 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  octal(sum, 148, 6);
  header[154] = 0;
  return header;
}
