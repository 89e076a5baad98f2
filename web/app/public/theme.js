// Before anything is painted: light or dark, as it was chosen on this device, else as the system says. A file of its
// own that is no module, because modules run after the first paint, and the policy of the server allows no inline script.
(() => {
  const system = matchMedia('(prefers-color-scheme: dark)');
  const root = document.documentElement;
  let chosen = null;
  function read() {
    try {
      chosen = localStorage.getItem('madura.theme');
    } catch {
      // Browsers may forbid it altogether: then a choice lasts until the page is loaded anew.
    }
  }
  function paint() {
    const theme = chosen === 'light' || chosen === 'dark' ? chosen : system.matches ? 'dark' : 'light';
    root.dataset.theme = theme;
    // Until the style sheet is there, the browser's own ground has this colour.
    document.querySelector('meta[name="color-scheme"]')?.setAttribute('content', theme);
  }
  read();
  paint();
  system.addEventListener('change', paint);
  // Another tab chose.
  addEventListener('storage', () => {
    read();
    paint();
  });
  // This one did.
  addEventListener('madura.theme', (event) => {
    chosen = event.detail;
    paint();
  });
})();
