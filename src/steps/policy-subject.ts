import type { Config, Environment, ModelEntry } from '../config/types.ts';
import type { FunctionPlan, Subject } from '../iam/subject.ts';
import { functionSettings } from './function-settings.ts';
import { previewPattern } from './previews/name.ts';

/** Functions of the environment, of its pull requests, and of other environments that share its store. */
function functionsOf(environment: Environment, others: readonly Environment[], models: readonly ModelEntry[]) {
  return models.flatMap((entry): FunctionPlan[] => {
    const plan = (of: Environment, kind: FunctionPlan['kind'], name?: string): FunctionPlan => ({
      name: name ?? functionSettings(of, entry).name,
      models: entry.handler.models,
      target: entry.target ?? of.target,
      kind,
    });
    const neighbours = others.map((other) => plan(other, 'neighbour'));
    return [plan(environment, 'own'), plan(environment, 'preview', previewPattern(entry.name)), ...neighbours];
  });
}

/** What policies of an environment are written for. Pure. */
export function policySubject(
  config: Config,
  environment: Environment,
  models: readonly ModelEntry[],
  more: Pick<Subject, 'repository' | 'account'>,
): Subject {
  const sharing = Object.values(config.environments).filter(({ store }) => store.url === environment.store.url);
  const others = sharing.filter(({ name }) => name !== environment.name);
  const pointers = new Set(others.map(({ pointer }) => pointer));
  pointers.delete(environment.pointer);
  return {
    environment: environment.name,
    store: environment.store,
    pointers: [environment.pointer, ...pointers],
    models: models.map(({ name }) => name),
    functions: functionsOf(environment, others, models),
    ...more,
  };
}
