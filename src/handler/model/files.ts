import { close, fstat, link, mkdir, open, read, rename, rm, write } from 'node:fs';
import { promisify } from 'node:util';

/**
 * The calls that a start makes, as promises. Node's own module of them brings streams, watchers and a reader of lines
 * along: 2 ms of a start. Files are plain descriptors here: who opens one closes it.
 */
export const openFile = promisify(open);
export const closeFile = promisify(close);
export const fileStats = promisify(fstat);
export const readInto = promisify(read);
export const writeFrom = promisify(write);
export const makeFolder = promisify(mkdir);
export const renameFile = promisify(rename);
export const removeFile = promisify(rm);
export const linkFile = promisify(link);
