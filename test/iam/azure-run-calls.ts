import type { Azure } from '../azure/azure.ts';
import type { Call } from '../azure/context.ts';
import { fits } from '../azure/iam.ts';
import type { Grant } from './compare.ts';
import type { Access } from './evaluate.ts';
import type { PrintedPolicySet } from './printed.ts';

/** What Azure asks of whoever makes a call. */
export const callAccesses = ({ needs }: Call): Access[] =>
  needs.map(({ action, scope }) => ({ action, resource: scope }));

interface Bound {
  actions: string[];
  dataActions: string[];
  scope: string;
}

/** Custom roles as the commands assign them, on resources that models.yaml names. */
function boundBy({ commands, documents }: PrintedPolicySet): Bound[] {
  const roles = new Map(
    documents.flatMap(({ content }) => {
      const { Name, Actions, DataActions } = Object(content) as Record<string, unknown>;
      return Name === undefined ? [] : [[Name, { actions: Actions as string[], dataActions: DataActions as string[] }]];
    }),
  );
  return commands.flatMap((command) => {
    const [, name = '', scope = ''] =
      /^az role assignment create .*--role "([^"]+)" --scope (\/\S+)/.exec(command) ?? [];
    const role = roles.get(name);
    return role ? [{ ...role, scope }] : [];
  });
}

const isBelow = (scope: string, resource: string): boolean =>
  `${resource}/`.toLowerCase().startsWith(`${scope}/`.toLowerCase());

/** Every action on every resource that the commands bind to the job's identity. */
export const runGrants = (set: PrintedPolicySet): Grant[] =>
  boundBy(set).flatMap(({ actions, dataActions, scope }) =>
    [...actions, ...dataActions].map(
      (pattern): Grant => ({
        label: `${pattern} on ${scope.split('/').at(-1)}`,
        allows: ({ action, resource }) => fits(pattern, action) && isBelow(scope, resource),
      }),
    ),
  );

/** Lets the pipeline do what the commands say and nothing else. */
export function enforce(set: PrintedPolicySet, azure: Azure): void {
  const { iam } = azure.context;
  iam.revoke(azure.pipeline.oid);
  for (const { scope, ...role } of boundBy(set)) iam.grant(azure.pipeline.oid, role, scope);
}
