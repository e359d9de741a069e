import { ListFunctionsCommand } from '@aws-sdk/client-lambda';
import type { FoundFunction } from '../../rollout/target.ts';
import type { LambdaContext } from './context.ts';

/** Set on every function that we make; src/targets/aws-lambda/wanted.ts. */
const ours = 'COLDGATE_REVISION';

/**
 * Functions of the account and region that carry our variables, fifty a page. Whether one of them may be touched is decided
 * by its tag, when it is.
 */
export async function listFunctions(context: LambdaContext): Promise<FoundFunction[]> {
  const found: FoundFunction[] = [];
  let Marker: string | undefined;
  do {
    const page = await context.calls.send(new ListFunctionsCommand(Marker === undefined ? {} : { Marker }));
    for (const { FunctionName: name = '', Environment } of page.Functions ?? []) {
      const variables = Environment?.Variables ?? {};
      if (ours in variables) found.push({ name, storeVariables: variables });
    }
    Marker = page.NextMarker;
  } while (Marker);
  return found;
}
