// What a function pays that imports the package from node_modules.
const started = performance.now();
require('onnxruntime-node');
console.log(performance.now() - started);
