// What the providers of Backstage are called. Those that nobody told us of have their id.
const names: Record<string, string> = {
  atlassian: 'Atlassian',
  auth0: 'Auth0',
  awsalb: 'AWS',
  bitbucket: 'Bitbucket',
  cfaccess: 'Cloudflare Access',
  easyAuth: 'Azure',
  gcpIap: 'Google Cloud IAP',
  github: 'GitHub',
  gitlab: 'GitLab',
  google: 'Google',
  microsoft: 'Microsoft',
  oidc: 'OpenID Connect',
  okta: 'Okta',
  onelogin: 'OneLogin',
};

/** The words on the button of a provider. */
export function providerLabel(id: string): string {
  if (id === 'guest') return 'Enter as a guest';
  return `Sign in with ${Object.hasOwn(names, id) ? names[id] : id}`;
}
