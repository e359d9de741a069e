import { advise, ping } from './catalog/advice.ts';
import { deploy, destroy, doctor, serve } from './catalog/functions.ts';
import { decide, evaluate, report, warmup } from './catalog/gating.ts';
import { iam } from './catalog/iam.ts';
import { init } from './catalog/init.ts';
import { event, preview, release, sweep } from './catalog/preview.ts';
import { history, promote, rollback, ship, status } from './catalog/promotion.ts';
import type { VerbSpec } from './catalog/spec.ts';
import { prune, publish, sample, url, validate, verify } from './catalog/versions.ts';

/** Every verb, in the order that help shows them. Both edges and the docs read this and nothing else. */
export const catalog: readonly VerbSpec[] = [
  init,
  ship,
  validate,
  sample,
  publish,
  verify,
  url,
  evaluate,
  deploy,
  warmup,
  promote,
  release,
  rollback,
  status,
  history,
  prune,
  preview,
  destroy,
  sweep,
  event,
  doctor,
  advise,
  ping,
  iam,
  serve,
  decide,
  report,
];

/** The verb of that name, or nothing. */
export const findVerb = (name: string): VerbSpec | undefined => catalog.find((v) => v.name === name);
