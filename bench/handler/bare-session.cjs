/** The runtime alone: opens a model with the options of a function, and prints how long that took, ms. */
const { InferenceSession } = require('onnxruntime-node');

const [model, smallest, options] = process.argv.slice(2);
// The runtime's own environment comes with the first session, whatever its size.
InferenceSession.create(smallest)
  .then((first) => first.release())
  .then(async () => {
    const started = performance.now();
    await InferenceSession.create(model, JSON.parse(options));
    process.stdout.write(String(performance.now() - started));
  });
