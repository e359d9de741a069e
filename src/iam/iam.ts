import { InputError } from '../errors.ts';
import { awsFunctionSheets, awsJobSheets } from './aws/sheets.ts';
import { azureFunctionSheets, azureJobSheets } from './azure/sheets.ts';
import { googleFunctionSheets, googleJobSheets } from './google/sheets.ts';
import { type IamVerb, iamVerbs, roleVerbs } from './needs.ts';
import type { Sheet } from './sheet.ts';
import type { Subject } from './subject.ts';

export type IamRole = Sheet['role'];

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
export function sheetsFor(subject: Subject, roles: readonly IamRole[], verbs: readonly string[] = []): Sheet[] {
  return roles.flatMap((role) => {
    if (role === 'function') {
      return [...awsFunctionSheets(subject), ...googleFunctionSheets(subject), ...azureFunctionSheets(subject)];
    }
    const chosen = verbsOf(role, verbs);
    return [
      ...awsJobSheets(subject, role, chosen),
      ...googleJobSheets(subject, role, chosen),
      ...azureJobSheets(subject, role, chosen),
    ];
  });
}
