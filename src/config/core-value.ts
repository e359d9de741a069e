import { boolCoreTag, floatCoreTag, intCoreTag, NOT_RESOLVED, nullCoreTag } from 'js-yaml';

/** A plain scalar by the core schema of YAML 1.2: https://yaml.org/spec/1.2.2/#103-core-schema */
export function coreValue(text: string): string | number | boolean | null {
  for (const tag of [nullCoreTag, boolCoreTag, intCoreTag, floatCoreTag]) {
    const value = tag.resolve(text, false, tag.tagName);
    if (value !== NOT_RESOLVED) return value as string | number | boolean | null;
  }
  return text;
}
