import type { Problem } from '../errors.ts';
import type { YamlNode } from './yaml-node.ts';

/**
 * Takes out of the document the models and environments that something is wrong with. Returns false where there is a
 * problem with anything else, and where no model is left: there is nothing then that could be looked at by itself.
 */
export function keepSoundPart(root: YamlNode, problems: readonly Problem[]): boolean {
  if (root.kind !== 'map') return false;
  const unsound: [room: string, key: string][] = [];
  for (const { path } of problems) {
    const room = path.startsWith('models.') ? 'models' : 'environments';
    const list = root.entries.get(room)?.node;
    // Names may hold dots themselves.
    const keys = list?.kind === 'map' ? [...list.entries.keys()] : [];
    const named = keys.filter((key) => isBelow(path, `${room}.${key}`));
    if (named.length === 0) return false;
    unsound.push(...named.map((key): [string, string] => [room, key]));
  }
  for (const [room, key] of unsound) {
    const list = root.entries.get(room)?.node;
    if (list?.kind === 'map') list.entries.delete(key);
    if (list?.kind === 'map' && list.entries.size === 0) root.entries.delete(room);
  }
  return root.entries.has('models');
}

const isBelow = (path: string, base: string): boolean =>
  path === base || path.startsWith(`${base}.`) || path.startsWith(`${base}[`);
