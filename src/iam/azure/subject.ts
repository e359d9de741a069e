import type { AzureFunctionsSettings } from '../../config/schema/azure-functions.ts';
import type { PolicySet } from '../policy-set.ts';
import type { FunctionPlan, Subject } from '../subject.ts';

export type FunctionApp = Omit<FunctionPlan, 'target'> & { target: AzureFunctionsSettings };

/** Previews have the settings of the environment. */
export const functionApps = ({ functions }: Subject): FunctionApp[] =>
  functions.flatMap(({ target, ...one }) =>
    one.kind === 'own' && target.provider === 'azure-functions' ? [{ ...one, target }] : [],
  );

/** Distinct settings of functions on Azure. */
export const settingsOf = (subject: Subject): AzureFunctionsSettings[] => {
  const distinct = new Map(functionApps(subject).map(({ target }) => [JSON.stringify(target), target]));
  return [...distinct.values()];
};

/** Commands that set the variables of policy files come first: the files are written with their output. */
export function withSubscription(policySet: PolicySet, settings: AzureFunctionsSettings | undefined): PolicySet {
  const known = settings?.subscription;
  if (known === undefined) {
    return { ...policySet, setup: ['SUBSCRIPTION="$(az account show --query id --output tsv)"'] };
  }
  const fill = (text: string) => text.replaceAll('${SUBSCRIPTION}', known);
  const files = policySet.files.map((file) => ({
    ...file,
    content:
      typeof file.content === 'string' ? file.content : (JSON.parse(fill(JSON.stringify(file.content))) as object),
  }));
  return { ...policySet, files };
}
