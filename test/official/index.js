// The smallest backend that holds the official plugin, which is loaded as it was published.
const { createBackend } = require('@backstage/backend-defaults');

const backend = createBackend();
backend.add(import('@spacelift-io/backstage-integration-backend'));
backend.start();
