import type { Fields } from '../../fakes/clouds/fields.ts';
import { badRequest } from '../api-error.ts';
import type { Contract, Schema } from '../contract.ts';

const camel = (text: string): string => text.replaceAll(/_([a-z])/g, (_all, letter: string) => letter.toUpperCase());

/**
 * A resource after a change: what the mask names is replaced as a whole, or unset where the body does not have it; without
 * a mask everything is. Throws ApiError for a path that the schema does not have.
 * https://google.aip.dev/134 and the description of `updateMask`
 */
export function masked(contract: Contract, schema: string, before: Fields, body: Fields, mask: string | null): Fields {
  if (mask === null || mask === '' || mask === '*') return { ...body };
  const after = structuredClone(before);
  for (const path of mask.split(',').map((one) => one.split('.').map(camel))) {
    checkPath(contract, contract.schema(schema), path);
    setPath(after, path, getPath(body, path));
  }
  return after;
}

function checkPath(contract: Contract, schema: Schema, path: string[]): void {
  let at: Schema | undefined = schema;
  for (const name of path) {
    at = at?.$ref ? contract.schema(at.$ref) : at;
    const next: Schema | undefined = at?.properties?.[name] ?? at?.additionalProperties;
    if (!next || next.readOnly) {
      const description = `The update mask has a path that the resource has not: ${path.join('.')}`;
      throw badRequest([{ field: 'update_mask', description }]);
    }
    at = next;
  }
}

const getPath = (from: Fields, path: string[]): unknown =>
  path.reduce<unknown>((at, name) => (at as Fields | undefined)?.[name], from);

function setPath(to: Fields, path: string[], value: unknown): void {
  const last = path.at(-1) as string;
  let at = to;
  for (const name of path.slice(0, -1)) {
    at[name] ??= {};
    at = at[name] as Fields;
  }
  if (value === undefined) delete at[last];
  else at[last] = structuredClone(value);
}
