import { type FlexContext, sitePath, web } from './context.ts';
import { ownVariable } from './wanted.ts';

type Settings = Record<string, string>;

/** All settings of an app, as they are. */
export async function readSettings(context: FlexContext, site: string): Promise<Settings> {
  const path = `${sitePath(context, site)}/config/appsettings/list`;
  const { body } = await context.arm.send<{ properties?: Settings | null }>('POST', path, { apiVersion: web });
  return body.properties ?? {};
}

/** Settings of an app that are ours, by its own list of them. */
export function ownSettings(now: Settings): Settings {
  const names = new Set([ownVariable, ...(now[ownVariable] ?? '').split(',')]);
  return Object.fromEntries(Object.entries(now).filter(([name]) => names.has(name)));
}

/** What they become: those that were ours go or change, those of others stay. */
export function mergeSettings(now: Settings, own: Settings): Settings {
  const before = ownSettings(now);
  const others = Object.entries(now).filter(([name]) => !Object.hasOwn(before, name));
  return { ...Object.fromEntries(others), ...own };
}

export const isSameSettings = (one: Settings, other: Settings): boolean => {
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...names].every((name) => one[name] === other[name]);
};

/** Writes all settings of an app, which is an update of it, and replaces every one of them. */
export async function writeSettings(context: FlexContext, site: string, all: Settings): Promise<void> {
  const path = `${sitePath(context, site)}/config/appsettings`;
  await context.arm.send('PUT', path, { apiVersion: web, body: { properties: all } });
}

/** Gives an app our settings where they differ. Returns whether it had others. */
export async function ensureSettings(context: FlexContext, site: string, own: Settings): Promise<boolean> {
  const now = await readSettings(context, site);
  const merged = mergeSettings(now, own);
  if (isSameSettings(now, merged)) return false;
  await writeSettings(context, site, merged);
  return true;
}
