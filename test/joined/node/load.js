// The packages are those of the set, wherever the code that wants them lies.
const { createRequire } = require('node:module');
const { join } = require('node:path');

exports.load = createRequire(join(process.cwd(), 'package.json'));
