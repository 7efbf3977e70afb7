// A box of models from which something is served.
export const LOGO = `<svg xmlns="http://www.w3.org/2000/svg" width="24" height="24" viewBox="0 0 24 24">
<g class="jp-icon3 jp-icon-selectable" fill="#616161">
<path d="M4 13h16a1 1 0 0 1 1 1v6a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1v-6a1 1 0 0 1 1-1zm2 3v2h2v-2zm4 0v2h8v-2z"/>
<path d="M12 2l5 5h-3.500v4h-3V7H7z"/>
</g></svg>`;
