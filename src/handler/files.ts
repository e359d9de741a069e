import { close, fstat, link, lstat, mkdir, mkdtemp, open, read, readFile, rename, rm, stat, write } from 'node:fs';
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
export const statsOf = promisify(stat);
export const linkStatsOf = promisify(lstat);
export const readText = promisify(readFile);
export const makeFolder = promisify(mkdir);
export const makeTemporaryFolder = promisify(mkdtemp);
export const renameFile = promisify(rename);
export const removeFile = promisify(rm);
export const linkFile = promisify(link);
