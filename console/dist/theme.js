// Runs before the first paint, so that a dark page does not flash white. A file of its own, because the content security
// policy allows no inline scripts.
(function () {
  var scheme = null;
  try {
    scheme = localStorage.getItem('understudy-color-scheme');
  } catch (_) {
    // Storage is turned off: follow the system.
  }
  var dark = scheme === 'dark' || (scheme !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
  document.documentElement.setAttribute('data-mantine-color-scheme', dark ? 'dark' : 'light');
})();
