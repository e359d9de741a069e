import type { Recorded } from '../emulators/fault.ts';
import type { Grant } from './compare.ts';
import { type Access, wild } from './evaluate.ts';
import type { PrintedPolicySet } from './printed.ts';

const service = 'Microsoft.Storage/storageAccounts/blobServices';
const blobs = `${service}/containers/blobs`;

/**
 * What a request to the emulator, which has the account in its path, needs:
 * https://learn.microsoft.com/rest/api/storageservices/authorize-with-azure-active-directory#permissions-for-blob-service-operations
 */
export function azureAccesses(request: Pick<Recorded, 'method' | 'path' | 'query'>): Access[] {
  const { method, path, query } = request;
  const [, , , ...rest] = path.split('/').map(decodeURIComponent);
  const blob = rest.join('/');
  const component = query.get('comp');
  const of = (action: string): Access[] => [{ action: `${blobs}/${action}`, resource: blob }];
  if (method === 'POST' && component === 'userdelegationkey') {
    return [{ action: `${service}/generateUserDelegationKey/action`, resource: '' }];
  }
  if (method === 'GET' && component === 'list') {
    const prefix = query.get('prefix') ?? '';
    return [{ action: `${blobs}/read`, resource: '', context: { suboperation: 'Blob.List', prefix } }];
  }
  if ((method === 'GET' || method === 'HEAD') && component === null) return of('read');
  if (method === 'PUT' && [null, 'block', 'blocklist'].includes(component)) return of('write');
  if (method === 'DELETE' && component === null) return of('delete');
  throw new Error(`unknown to the table: ${method} ${path}?${query}`);
}

const block =
  /^\(\n {2}\(!\(ActionMatches\{'(?<action>[^']+)'\}(?<sub> AND (?:NOT )?SubOperationMatches\{'Blob\.List'\})?\)\)\n {2}OR\n {2}\((?<terms>[\s\S]+)\)\n\)$/;
const term =
  /^@(?<what>Resource|Request)\[[^\]]+:(?<field>path|prefix)\] (?<test>StringLike|StringEquals|StringStartsWith) '(?<value>[^']+)'$/;

type Test = (access: Access) => boolean;

/** https://learn.microsoft.com/azure/role-based-access-control/conditions-format, as far as our terms go. */
function testOf(text: string): Test {
  const { field, test, value = '' } = term.exec(text)?.groups ?? {};
  if (!field) throw new Error(`The evaluator does not know ${text}.`);
  return ({ resource, context = {} }) => {
    const given = field === 'path' ? resource : (context['prefix'] ?? '');
    if (test === 'StringLike') return wild(value, given);
    return test === 'StringEquals' ? given === value : given.startsWith(value);
  };
}

/** Data actions of the role, each on each of the places that the condition leaves it. */
export function azureGrants({ documents }: PrintedPolicySet): Grant[] {
  const role = documents.find(({ file }) => file.endsWith('.blobs.json'))?.content as
    | { DataActions: string[] }
    | undefined;
  const condition = documents.find(({ kind }) => kind === 'condition')?.content as string | undefined;
  if (!role || condition === undefined) return [];
  return condition.split('\nAND\n').flatMap((part): Grant[] => {
    const { action = '', sub = '', terms = '' } = block.exec(part)?.groups ?? {};
    if (!role.DataActions.includes(action)) throw new Error(`The evaluator does not know ${part}.`);
    const lists = sub !== '' && !sub.includes('NOT');
    return terms.split(/\n {3}OR /).map((text) => {
      const holds = testOf(text);
      return {
        label: `${action}${lists ? ' Blob.List' : ''} ${text}`,
        allows: (access: Access) =>
          access.action === action && (access.context?.['suboperation'] === 'Blob.List') === lists && holds(access),
      };
    });
  });
}
