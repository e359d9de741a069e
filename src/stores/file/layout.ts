import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';

/**
 * What the driver keeps beside the objects, all in one folder that no listing shows and no key can name:
 *
 *     <root>/.coldgate-store/tmp/<host>-<pid>-<id>   bytes that are still on their way
 *     <root>/.coldgate-store/notes/ab/<hash>.json    write id, content type and caching of one object
 *     <root>/.coldgate-store/locks/ab                empty; the kernel's lock on it serialises the keys of this slot
 */
export interface Layout {
  root: string;
  temporaries: string;
  notes: string;
  locks: string;
}

/** Where one object and what belongs to it lie. */
export interface FileLocation {
  key: string;
  path: string;
  folder: string;
  note: string;
  lock: string;
}

export function layoutOf(root: string): Layout {
  const own = join(root, '.coldgate-store');
  return { root, temporaries: join(own, 'tmp'), notes: join(own, 'notes'), locks: join(own, 'locks') };
}

/** Hashed names, since a key's own could collide with a folder's (`a` and `a.json/b`) or grow too long with an ending. */
export function locationOf(layout: Layout, key: string): FileLocation {
  const hash = createHash('sha256').update(key).digest('hex');
  const slot = hash.slice(0, 2);
  const path = join(layout.root, ...key.split('/'));
  return {
    key,
    path,
    folder: dirname(path),
    note: join(layout.notes, slot, `${hash}.json`),
    lock: join(layout.locks, slot),
  };
}
