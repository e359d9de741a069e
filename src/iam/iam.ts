import { InputError } from '../errors.ts';
import { awsFunctionPolicies, awsJobPolicies } from './aws/policies.ts';
import { azureFunctionPolicies } from './azure/functions.ts';
import { azureJobPolicies } from './azure/policies.ts';
import { adviceForSubscription } from './azure/project.ts';
import type { Advice } from './bucket/advice.ts';
import { googleFunctionPolicies } from './google/function-accounts.ts';
import { googleJobPolicies } from './google/policies.ts';
import { adviceForProject } from './google/project.ts';
import { type IamVerb, iamVerbs, roleVerbs } from './needs.ts';
import type { PolicySet } from './policy-set.ts';
import type { Subject } from './subject.ts';

export type IamRole = PolicySet['role'];

/** The verbs by name, all of the role's where none is named. Throws InputError `unknown-verb` for names that are none of these. */
export function verbsOf(role: Exclude<IamRole, 'function'>, names: readonly string[]): readonly IamVerb[] {
  const unknown = names.filter((name) => !(iamVerbs as readonly string[]).includes(name));
  if (unknown.length > 0) {
    const message = `expected verbs that need permissions (${iamVerbs.join(', ')}), got ${unknown.join(', ')}.`;
    throw new InputError([{ path: '--verbs', message }], { code: 'unknown-verb' });
  }
  if (names.length === 0) return roleVerbs[role];
  return iamVerbs.filter((verb) => names.includes(verb));
}

/**
 * What each identity of the environment gets in the clouds that its store and its functions are in; nothing for parts on
 * this machine. Pure.
 */
export function policySetsFor(subject: Subject, roles: readonly IamRole[], verbs: readonly string[] = []): PolicySet[] {
  return roles.flatMap((role) => {
    if (role === 'function') {
      return [...awsFunctionPolicies(subject), ...googleFunctionPolicies(subject), ...azureFunctionPolicies(subject)];
    }
    const chosen = verbsOf(role, verbs);
    return [
      ...awsJobPolicies(subject, role, chosen),
      ...googleJobPolicies(subject, role, chosen),
      ...azureJobPolicies(subject, role, chosen),
    ];
  });
}

/** What is set up once around the functions of an environment, where their cloud needs that. Pure. */
export const adviceForFunctions = (subject: Subject): Advice[] => [
  ...adviceForProject(subject),
  ...adviceForSubscription(subject),
];
