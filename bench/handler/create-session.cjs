/** What the documentation of the runtime says: import it, open the model by its path. Prints how long opening took, ms. */
const { InferenceSession } = require('onnxruntime-node');

const started = performance.now();
InferenceSession.create(process.argv[2]).then(() => {
  process.stdout.write(String(performance.now() - started));
});
