import type { PolicyDocument } from '../../src/iam/aws/policy.ts';
import { type Access, holds, wild } from './evaluate.ts';

/** One permission on one set of resources, as a document has it. */
export interface Grant {
  /** How a list of unused grants names it. */
  label: string;
  allows(access: Access): boolean;
}

/** Every action of every statement on every pattern of resources. Deny is for `allowing` to judge: it grants nothing. */
export function awsGrants(policies: readonly PolicyDocument[]): Grant[] {
  const allowed = policies.flatMap(({ Statement }) => Statement.filter(({ Effect }) => Effect === 'Allow'));
  return allowed.flatMap(({ Action, Resource = [], Condition }) =>
    Action.flatMap((action) =>
      Resource.map((pattern) => ({
        label: `${action} ${pattern}`,
        allows: ({ action: used, resource, context = {} }: Access) =>
          wild(action, used, 'i') && wild(pattern, resource) && holds(Condition, context),
      })),
    ),
  );
}

const text = ({ action, resource, context = {} }: Access): string =>
  [action, resource, ...Object.entries(context).map(([key, value]) => `${key}=${value}`)].join(' ');

/** Accesses that nothing allows, each once. */
export const denied = (grants: readonly Grant[], accesses: readonly Access[]): string[] => [
  ...new Set(accesses.filter((access) => !grants.some((grant) => grant.allows(access))).map(text)),
];

/** Grants that none of the accesses has used and that no pattern of `kept` explains. */
export const unused = (grants: readonly Grant[], accesses: readonly Access[], kept: readonly RegExp[] = []): string[] =>
  grants
    .filter((grant) => !accesses.some((access) => grant.allows(access)))
    .map(({ label }) => label)
    .filter((label) => !kept.some((pattern) => pattern.test(label)));
