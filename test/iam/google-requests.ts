import { load } from 'js-yaml';
import type { Recorded } from '../emulators/fault.ts';
import type { Grant } from './compare.ts';
import type { Access } from './evaluate.ts';
import type { PrintedPolicySet } from './printed.ts';

/** A link is of the XML API, and has the rights of who signed it. */
function linkAccess(path: string): Access[] {
  const [, bucket = '', ...key] = path.split('/').map(decodeURIComponent);
  return [{ action: 'storage.objects.get', resource: `projects/_/buckets/${bucket}/objects/${key.join('/')}` }];
}

/** What a request of the JSON API needs: https://cloud.google.com/storage/docs/access-control/iam-json */
export function googleAccesses(request: Recorded): Access[] {
  const { method, path, query, served } = request;
  if (query.has('X-Goog-Signature')) return linkAccess(path);
  const [, located] = /^\/storage\/v1\/b\/([^/]+)$/.exec(path) ?? [];
  if (located)
    return [{ action: 'storage.buckets.get', resource: `projects/_/buckets/${decodeURIComponent(located)}` }];
  const found = /^(?<upload>\/upload)?\/storage\/v1\/b\/(?<bucket>[^/]+)\/o(?:\/(?<key>.+))?$/.exec(path)?.groups;
  if (!found) throw new Error(`unknown to the table: ${method} ${path}`);
  const bucket = `projects/_/buckets/${decodeURIComponent(found['bucket'] ?? '')}`;
  const of = (permission: string, key: string | null | undefined): Access => ({
    action: `storage.objects.${permission}`,
    resource: key == null ? bucket : `${bucket}/objects/${key}`,
  });
  const key = found['key'] && decodeURIComponent(found['key']);
  if (found['upload']) {
    // What follows in a session is of the one who opened it.
    if (query.has('upload_id')) return [];
    const name = query.get('name');
    const creates = query.get('ifGenerationMatch') === '0';
    // Replacing counts as deleting and creating.
    return creates ? [of('create', name)] : [of('create', name), of('delete', name)];
  }
  if (method === 'GET' && key === undefined) return [of('list', undefined)];
  if (method === 'GET') return served === 404 ? [of('get', key), of('list', undefined)] : [of('get', key)];
  if (method === 'DELETE') return [of('delete', key)];
  throw new Error(`unknown to the table: ${method} ${path}`);
}

/** All that our conditions say, in the words that CEL has in common with JavaScript. */
const words = String.raw`resource\.name(?: == "[^"\\]+"|\.(?:startsWith|endsWith)\("[^"\\]+"\)|\.extract\("[^"\\]+"\) != "")`;
const terms = new RegExp(`^(?:\\(?${words}\\)?(?: (?:\\|\\||&&) (?!$)|$))+$`);

/** What stands between the text before `{` and the text after `}`; https://cloud.google.com/iam/docs/conditions-attribute-reference */
function extract(name: string, template: string): string {
  const [, before = '', after = ''] = /^([^{]*)\{\w+\}(.*)$/.exec(template) ?? [];
  const from = name.indexOf(before);
  const to = name.indexOf(after, from + before.length);
  return from < 0 || to < 0 ? '' : name.slice(from + before.length, to);
}

const celName = (name: string) => ({
  startsWith: (text: string) => name.startsWith(text),
  endsWith: (text: string) => name.endsWith(text),
  extract: (template: string) => extract(name, template),
  toString: () => name,
});

/** The condition as Google would evaluate it. Throws for words that it does not know. */
export function celCondition(expression: string): (resource: string) => boolean {
  if (!terms.test(expression)) throw new Error(`The evaluator does not know ${expression}.`);
  const evaluate = new Function('resource', `return ${expression};`) as (resource: object) => boolean;
  return (name) => evaluate({ name: celName(name) });
}

/** Roles on the bucket, as the commands bind them. */
export function googleGrants({ documents, commands }: PrintedPolicySet): Grant[] {
  const contentOf = (file: string) => documents.find((one) => one.file === file)?.content;
  return commands.flatMap((command): Grant[] => {
    const bound = /^gcloud storage buckets add-iam-policy-binding .*\/roles\/(\w+)" --condition-from-file=(\S+)$/.exec(
      command,
    );
    if (!bound) return [];
    const { includedPermissions } = load(contentOf(`${bound[1]}.yaml`) as string) as { includedPermissions: string[] };
    const { expression } = contentOf(bound[2]!) as { expression: string };
    // Each part of an expression is a grant, so that none is there for nothing.
    return expression.split(' || ').flatMap((part) => {
      const holds = celCondition(part);
      return includedPermissions.map((permission) => ({
        label: `${permission} ${part}`,
        allows: ({ action, resource }: Access) => action === permission && holds(resource),
      }));
    });
  });
}
