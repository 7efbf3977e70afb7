"use strict";(self.rspackChunkjupyter_model_deploy=self.rspackChunkjupyter_model_deploy||[]).push([[1],{29(e,o,l){var p=l(30),r=l.n(p),a=l(31),t=(l.n(a))()(r());t.push([e.id,`/* Colours and fonts are the theme's: only --jp-* variables. */

.jp-ModelDeploy {
  --jp-ModelDeploy-error: var(--jp-error-color1);

  font-family: var(--jp-ui-font-family);
  font-size: var(--jp-ui-font-size1);
  color: var(--jp-ui-font-color1);
  background: var(--jp-layout-color1);
  line-height: 1.4;
}

/* Text in the other red is hard to read on dark grey. */
[data-jp-theme-light='false'] .jp-ModelDeploy {
  --jp-ModelDeploy-error: var(--jp-error-color2);
}

.jp-ModelDeploy *,
.jp-ModelDeploy *::before {
  box-sizing: border-box;
}

.jp-ModelDeploy-panel,
.jp-ModelDeploy-log {
  display: flex;
  flex-direction: column;
  min-width: 180px;
  overflow: hidden;
}

.jp-ModelDeploy-head {
  display: flex;
  flex-wrap: wrap;
  gap: 6px;
  align-items: center;
  padding: 8px;
  flex: none;
  border-bottom: 1px solid var(--jp-border-color2);
}

.jp-ModelDeploy-head > .jp-ModelDeploy-field[type='search'] {
  flex: 1 1 6em;
}

.jp-ModelDeploy-head > select.jp-ModelDeploy-field {
  flex: 0 1 8em;
}

.jp-ModelDeploy .jp-ModelDeploy-field {
  font: inherit;
  color: var(--jp-ui-font-color1);
  background: var(--jp-input-background);
  border: 1px solid var(--jp-border-color1);
  border-radius: var(--jp-border-radius);
  padding: 3px 6px;
  min-width: 0;
  max-width: 100%;
}

.jp-ModelDeploy .jp-ModelDeploy-field[aria-invalid='true'] {
  border-color: var(--jp-ModelDeploy-error);
}

.jp-ModelDeploy textarea.jp-ModelDeploy-field {
  width: 100%;
  resize: vertical;
  font-family: var(--jp-code-font-family);
  font-size: var(--jp-code-font-size);
}

.jp-ModelDeploy :is(button, input, select, textarea, summary, [tabindex='0']):focus-visible {
  outline: 2px solid var(--jp-brand-color1);
  outline-offset: -1px;
}

.jp-ModelDeploy-soft {
  color: var(--jp-ui-font-color2);
}

.jp-ModelDeploy-grow {
  flex: 1 1 0;
  min-width: 0;
  overflow: hidden;
  text-overflow: ellipsis;
  white-space: nowrap;
}

.jp-ModelDeploy-unseen {
  position: absolute;
  width: 1px;
  height: 1px;
  overflow: hidden;
  clip-path: inset(50%);
  white-space: nowrap;
}

/* ── Lists ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

.jp-ModelDeploy-list {
  flex: 1 1 0;
  overflow: auto;
  overflow-anchor: none;
  min-height: 0;
}

.jp-ModelDeploy-space {
  position: relative;
}

.jp-ModelDeploy-placed {
  position: absolute;
  top: 0;
  left: 0;
  right: 0;
}

.jp-ModelDeploy-section {
  display: flex;
  align-items: center;
  padding-right: 8px;
  background: var(--jp-layout-color2);
}

.jp-ModelDeploy-section > h2 {
  flex: 1 1 0;
  min-width: 0;
  margin: 0;
  font-size: var(--jp-ui-font-size1);
}

.jp-ModelDeploy .jp-ModelDeploy-section .jp-ModelDeploy-line {
  font-weight: 600;
}

.jp-ModelDeploy-count {
  font-variant-numeric: tabular-nums;
  font-weight: 400;
  color: var(--jp-ui-font-color2);
}

.jp-ModelDeploy .jp-ModelDeploy-line {
  display: flex;
  gap: 6px;
  align-items: center;
  width: 100%;
  height: 30px;
  padding: 0 8px;
  border: none;
  background: none;
  font: inherit;
  color: inherit;
  text-align: left;
  cursor: pointer;
}

.jp-ModelDeploy .jp-ModelDeploy-line:hover {
  background: var(--jp-layout-color2);
}

.jp-ModelDeploy-row {
  border-bottom: 1px solid var(--jp-border-color3);
}

.jp-ModelDeploy-row[data-open='true'] > .jp-ModelDeploy-line {
  background: var(--jp-layout-color2);
}

.jp-ModelDeploy-name {
  font-weight: 500;
  overflow: hidden;
  text-overflow: ellipsis;
  white-space: nowrap;
  flex: 0 1 auto;
  min-width: 1em;
}

.jp-ModelDeploy-number {
  font-variant-numeric: tabular-nums;
  color: var(--jp-ui-font-color2);
  min-width: 4.5em;
  text-align: right;
}

.jp-ModelDeploy-details {
  padding: 6px 10px 10px 14px;
  display: grid;
  gap: 8px;
}

.jp-ModelDeploy-details > * {
  min-width: 0;
}

.jp-ModelDeploy-title {
  display: flex;
  flex-wrap: wrap;
  gap: 2px 10px;
  align-items: center;
}

.jp-ModelDeploy-empty,
.jp-ModelDeploy-missing {
  padding: 10px 14px;
  margin: 0;
  color: var(--jp-ui-font-color2);
}

.jp-ModelDeploy-missing {
  color: var(--jp-ui-font-color1);
  display: grid;
  gap: 8px;
}

.jp-ModelDeploy-missing p,
.jp-ModelDeploy-note p {
  margin: 0;
}

.jp-ModelDeploy-note {
  margin: 0;
  padding: 8px 10px;
  border-bottom: 1px solid var(--jp-border-color2);
  border-left: 3px solid var(--jp-warn-color1);
  flex: none;
}

/* ── States ────────────────────────────────────────────────────────────────────────────────────────────────────── */

.jp-ModelDeploy-state {
  display: inline-flex;
  gap: 5px;
  align-items: center;
  font-weight: 500;
  color: var(--jp-ui-font-color2);
}

.jp-ModelDeploy-state[data-state='Healthy'] > [aria-hidden] {
  color: var(--jp-success-color1);
}

.jp-ModelDeploy-state[data-state='Transitioning'] > [aria-hidden] {
  color: var(--jp-info-color1);
}

.jp-ModelDeploy-state:is([data-state='Unhealthy'], [data-state='Unschedulable']) > [aria-hidden] {
  color: var(--jp-warn-color1);
}

.jp-ModelDeploy-state[data-state='Failed'] > [aria-hidden] {
  color: var(--jp-ModelDeploy-error);
}

.jp-ModelDeploy-reason {
  color: var(--jp-ModelDeploy-error);
  overflow-wrap: anywhere;
  white-space: pre-wrap;
  max-height: 9em;
  overflow: auto;
}

/* No failure: it was stopped, is starting, or was started again. */
.jp-ModelDeploy-reason:is([data-state='Healthy'], [data-state='Stopped'], [data-state='Transitioning']) {
  color: var(--jp-ui-font-color2);
}

/* ── Facts, numbers, addresses ─────────────────────────────────────────────────────────────────────────────────── */

.jp-ModelDeploy-address {
  display: flex;
  gap: 6px;
  align-items: center;
  min-width: 0;
}

/* Narrow panels break it: its port stands at the end. */
.jp-ModelDeploy .jp-ModelDeploy-address > code {
  min-width: 0;
}

.jp-ModelDeploy code {
  font-family: var(--jp-code-font-family);
  font-size: var(--jp-code-font-size);
  color: inherit;
  background: var(--jp-layout-color2);
  border-radius: var(--jp-border-radius);
  padding: 1px 5px;
  overflow-wrap: anywhere;
  user-select: text;
}

.jp-ModelDeploy dl.jp-ModelDeploy-facts {
  margin: 0;
  display: grid;
  gap: 2px;
}

.jp-ModelDeploy-facts > div {
  display: grid;
  grid-template-columns: 7em minmax(0, 1fr);
  gap: 8px;
}

.jp-ModelDeploy-facts dt,
.jp-ModelDeploy-numbers dt {
  color: var(--jp-ui-font-color2);
  font-weight: 400;
}

.jp-ModelDeploy-facts dd {
  margin: 0;
  overflow-wrap: anywhere;
  user-select: text;
}

.jp-ModelDeploy dl.jp-ModelDeploy-numbers {
  display: flex;
  flex-wrap: wrap;
  gap: 4px 22px;
  margin: 0;
}

.jp-ModelDeploy-numbers > div {
  width: auto;
  display: flex;
  flex-direction: column-reverse;
}

.jp-ModelDeploy-numbers dt {
  font-size: var(--jp-ui-font-size0);
}

.jp-ModelDeploy dl.jp-ModelDeploy-numbers dd {
  margin: 0;
  width: auto;
  white-space: nowrap;
  font-size: var(--jp-ui-font-size2);
  font-variant-numeric: tabular-nums;
}

.jp-ModelDeploy-spark {
  flex: none;
  max-width: 100%;
}

.jp-ModelDeploy-spark polyline {
  fill: none;
  stroke: var(--jp-brand-color1);
  stroke-width: 1.5;
  stroke-linejoin: round;
}

.jp-ModelDeploy-tags {
  display: inline-flex;
  flex-wrap: wrap;
  gap: 4px;
  align-items: center;
}

.jp-ModelDeploy-line .jp-ModelDeploy-tags {
  flex-wrap: nowrap;
}

.jp-ModelDeploy-tag {
  display: inline-flex;
  border: 1px solid var(--jp-border-color1);
  border-radius: 9px;
  padding: 0 7px;
  font-size: var(--jp-ui-font-size0);
  max-width: 14em;
  overflow: hidden;
  text-overflow: ellipsis;
  white-space: nowrap;
}

/* A text that is cut off ends in dots only where it is no item of a flexible box. The first tags can be read: those
   that have no room are cut off, not all of them. */
.jp-ModelDeploy-line .jp-ModelDeploy-tag {
  display: block;
  flex: none;
  max-width: 8em;
}

.jp-ModelDeploy-tag > button:last-child {
  flex: none;
}

.jp-ModelDeploy-tag > button {
  font: inherit;
  color: inherit;
  background: none;
  border: none;
  padding: 0 2px;
  cursor: pointer;
  overflow: hidden;
  text-overflow: ellipsis;
}

.jp-ModelDeploy-version {
  display: grid;
  gap: 6px;
  padding-top: 6px;
  border-top: 1px solid var(--jp-border-color2);
}

.jp-ModelDeploy-keys {
  display: grid;
  gap: 6px;
  justify-items: start;
}

.jp-ModelDeploy-keys > div {
  display: flex;
  flex-wrap: wrap;
  gap: 6px;
  align-items: center;
}

/* ── Endpoints ─────────────────────────────────────────────────────────────────────────────────────────────────── */

/* Grounds that differ in light and dark themes, and beside each other for eyes that see no red or green: those of the
   notebook's faces. White on each of them has a contrast of 4.5. */
.jp-ModelDeploy-bar {
  display: flex;
  gap: 1px;
  border-radius: var(--jp-border-radius);
  overflow: hidden;
  background: var(--jp-layout-color2);
  font-size: var(--jp-ui-font-size0);
}

.jp-ModelDeploy-bar[data-short] {
  flex: 1 1 0;
  min-width: 2em;
  height: 8px;
}

.jp-ModelDeploy-bar > span {
  flex: 1 1 0;
  min-width: 2px;
  overflow: hidden;
  white-space: nowrap;
  text-align: center;
  padding: 1px 0;
}

:is(.jp-ModelDeploy-bar > span, .jp-ModelDeploy-swatch)[data-ground] {
  background: #1f6fb2;
  color: #fff;
}

:is(.jp-ModelDeploy-bar > span, .jp-ModelDeploy-swatch)[data-ground='1'] {
  background: #2e7d32;
}

:is(.jp-ModelDeploy-bar > span, .jp-ModelDeploy-swatch)[data-ground='2'] {
  background: #b26a00;
}

:is(.jp-ModelDeploy-bar > span, .jp-ModelDeploy-swatch)[data-ground='3'] {
  background: #7b3fa0;
}

:is(.jp-ModelDeploy-bar > span, .jp-ModelDeploy-swatch)[data-ground='4'] {
  background: #00796b;
}

:is(.jp-ModelDeploy-bar > span, .jp-ModelDeploy-swatch)[data-ground='5'] {
  background: #a23b3b;
}

.jp-ModelDeploy-swatch {
  width: 10px;
  height: 10px;
  border-radius: 2px;
}

.jp-ModelDeploy-deployment {
  display: grid;
  gap: 6px;
  padding-top: 8px;
  border-top: 1px solid var(--jp-border-color2);
}

.jp-ModelDeploy-deployment > * {
  min-width: 0;
}

.jp-ModelDeploy-slider {
  display: grid;
  grid-template-columns: 5em minmax(0, 1fr) 3.5em;
  gap: 8px;
  align-items: center;
}

.jp-ModelDeploy-slider > input {
  width: 100%;
  min-width: 0;
  margin: 0;
  accent-color: var(--jp-brand-color1);
}

.jp-ModelDeploy-slider > output {
  text-align: right;
  font-variant-numeric: tabular-nums;
}

.jp-ModelDeploy-confirm {
  display: grid;
  gap: 6px;
  padding: 6px 0 6px 10px;
  border-left: 3px solid var(--jp-warn-color1);
}

.jp-ModelDeploy-confirm > p {
  margin: 0;
  overflow-wrap: anywhere;
}

/* ── Buttons and what comes of them ────────────────────────────────────────────────────────────────────────────── */

.jp-ModelDeploy-buttons {
  display: flex;
  flex-wrap: wrap;
  gap: 6px;
  align-items: center;
}

.jp-ModelDeploy .jp-ModelDeploy-button {
  font: inherit;
  color: var(--jp-ui-font-color1);
  background: var(--jp-layout-color2);
  border: 1px solid var(--jp-border-color1);
  border-radius: var(--jp-border-radius);
  padding: 3px 10px;
  cursor: pointer;
}

.jp-ModelDeploy .jp-ModelDeploy-button:hover:not(:is(:disabled, [aria-disabled='true'])) {
  background: var(--jp-layout-color3);
}

.jp-ModelDeploy .jp-ModelDeploy-button:is(:disabled, [aria-disabled='true']) {
  opacity: 0.5;
  cursor: default;
}

.jp-ModelDeploy .jp-ModelDeploy-button[aria-pressed='true'] {
  border-color: var(--jp-brand-color1);
  box-shadow: inset 0 0 0 1px var(--jp-brand-color1);
}

.jp-ModelDeploy .jp-ModelDeploy-button.jp-mod-main {
  background: var(--jp-accept-color-normal, var(--jp-brand-color1));
  border-color: transparent;
  /* As JupyterLab's own: the theme's inverse is black on blue where it is dark. */
  color: white;
}

.jp-ModelDeploy .jp-ModelDeploy-button.jp-mod-main:hover:not(:is(:disabled, [aria-disabled='true'])) {
  background: var(--jp-accept-color-hover, var(--jp-brand-color0));
}

.jp-ModelDeploy .jp-ModelDeploy-button.jp-mod-danger {
  color: var(--jp-ModelDeploy-error);
  border-color: var(--jp-ModelDeploy-error);
  background: transparent;
}

.jp-ModelDeploy .jp-ModelDeploy-button.jp-mod-small {
  font-size: var(--jp-ui-font-size0);
  padding: 1px 7px;
}

.jp-ModelDeploy-outcome {
  position: relative;
}

/* Where there is nothing to tell, it takes no room in its grid. */
.jp-ModelDeploy-details > .jp-ModelDeploy-outcome:not(:has(> :nth-child(2))) {
  position: absolute;
}

.jp-ModelDeploy-busy {
  display: flex;
  gap: 8px;
  align-items: center;
  color: var(--jp-ui-font-color2);
}

.jp-ModelDeploy-told {
  border-left: 3px solid var(--jp-ModelDeploy-error);
  padding: 2px 0 2px 10px;
  display: grid;
  gap: 6px;
  justify-items: start;
}

.jp-ModelDeploy-told[data-ok='true'] {
  border-left-color: var(--jp-success-color1);
}

.jp-ModelDeploy-told > * {
  min-width: 0;
  max-width: 100%;
}

.jp-ModelDeploy-message {
  overflow-wrap: anywhere;
  white-space: pre-wrap;
  user-select: text;
}

.jp-ModelDeploy pre {
  margin: 0;
  padding: 6px 8px;
  max-width: 100%;
  max-height: 24em;
  overflow: auto;
  font-family: var(--jp-code-font-family);
  font-size: var(--jp-code-font-size);
  white-space: pre-wrap;
  overflow-wrap: anywhere;
  background: var(--jp-layout-color2);
  color: inherit;
  user-select: text;
}

.jp-ModelDeploy-dragged {
  padding: 4px 10px;
  font-family: var(--jp-ui-font-family);
  font-size: var(--jp-ui-font-size1);
  color: var(--jp-ui-font-color1);
  background: var(--jp-layout-color2);
  border: 1px solid var(--jp-brand-color1);
  border-radius: var(--jp-border-radius);
}

/* ── Documents ─────────────────────────────────────────────────────────────────────────────────────────────────── */

.jp-ModelDeploy-lines {
  flex: 1 1 0;
  min-height: 0;
  overflow: auto;
  overflow-anchor: none;
  font-family: var(--jp-code-font-family);
  font-size: 12px;
  background: var(--jp-layout-color0);
}

/* One height for all lines: where a line stands follows from its number. */
.jp-ModelDeploy-logline {
  height: 18px;
  line-height: 18px;
  padding: 0 8px;
  white-space: pre;
  width: max-content;
  min-width: 100%;
  border-left: 3px solid transparent;
  user-select: text;
}

.jp-ModelDeploy-logline[data-level='W'] {
  border-left-color: var(--jp-warn-color1);
}

.jp-ModelDeploy-logline:is([data-level='E'], [data-level='C']) {
  border-left-color: var(--jp-ModelDeploy-error);
  color: var(--jp-ModelDeploy-error);
}

.jp-ModelDeploy-logline[data-level='D'] {
  color: var(--jp-ui-font-color2);
}

.jp-ModelDeploy-invoke,
.jp-ModelDeploy-verbs {
  overflow: auto;
}

.jp-ModelDeploy-page {
  padding: 12px 16px;
  display: grid;
  gap: 12px;
  max-width: 60em;
}

.jp-ModelDeploy-form {
  display: grid;
  gap: 8px;
}

.jp-ModelDeploy-page > .jp-ModelDeploy-button {
  justify-self: start;
}

.jp-ModelDeploy-fieldrow {
  display: grid;
  grid-template-columns: minmax(6em, 12em) minmax(0, 1fr);
  gap: 2px 10px;
  align-items: start;
}

.jp-ModelDeploy-fieldrow > label {
  padding-top: 3px;
  overflow-wrap: anywhere;
}

.jp-ModelDeploy-fieldrow > label.jp-ModelDeploy-soft {
  grid-column: 2;
  padding-top: 0;
  font-size: var(--jp-ui-font-size0);
}

.jp-ModelDeploy-fieldrow > span {
  grid-column: 2;
  font-size: var(--jp-ui-font-size0);
}

.jp-ModelDeploy-history ol {
  list-style: none;
  margin: 4px 0 0;
  padding: 0;
}

.jp-ModelDeploy-history summary {
  cursor: pointer;
  color: var(--jp-ui-font-color2);
}

.jp-ModelDeploy-history li > button {
  font: inherit;
  color: inherit;
  background: none;
  border: none;
  padding: 3px 4px;
  width: 100%;
  text-align: left;
  cursor: pointer;
  display: flex;
  flex-wrap: wrap;
  gap: 2px 10px;
}

.jp-ModelDeploy-history li > button:hover {
  background: var(--jp-layout-color2);
}

/* ── Cards in notebooks, and the status bar ────────────────────────────────────────────────────────────────────── */

.jp-ModelDeploy-card {
  max-width: 46em;
}

.jp-ModelDeploy-said {
  font-size: var(--jp-ui-font-size1);
  color: var(--jp-ui-font-color2);
}

.jp-ModelDeploy-said:empty {
  display: none;
}

.jp-ModelDeploy-box {
  border: 1px solid var(--jp-border-color2);
  border-radius: 8px;
  padding: 10px 12px;
  display: grid;
  gap: 6px;
}

.jp-ModelDeploy-box > .jp-ModelDeploy-details {
  padding: 0;
}

.jp-ModelDeploy-status {
  display: flex;
}

.jp-ModelDeploy-status > button {
  border: none;
  background: none;
  font: inherit;
  color: inherit;
  padding: 0 6px;
  cursor: pointer;
}

.jp-ModelDeploy-status > button[data-ill='true'] {
  font-weight: 600;
}

.jp-ModelDeploy-more {
  display: grid;
  gap: 6px;
  padding-top: 4px;
}

.jp-ModelDeploy-more ol {
  list-style: none;
  margin: 0;
  padding: 0;
  display: grid;
  gap: 2px;
}

.jp-ModelDeploy-more li {
  overflow-wrap: anywhere;
}

/* ── Rollouts, and dialogs with several fields ─────────────────────────────────────────────────────────────────── */

.jp-ModelDeploy table.jp-ModelDeploy-table {
  border-collapse: collapse;
  font-size: var(--jp-ui-font-size1);
  font-variant-numeric: tabular-nums;
}

.jp-ModelDeploy .jp-ModelDeploy-table :is(th, td) {
  padding: 1px 6px 1px 0;
  font-size: var(--jp-ui-font-size0);
  font-weight: 400;
  text-align: left;
  white-space: nowrap;
}

.jp-ModelDeploy .jp-ModelDeploy-table thead th {
  color: var(--jp-ui-font-color2);
}

/* In a narrow panel its heads and names stay whole, and it is scrolled. */
.jp-ModelDeploy-scrolled {
  overflow-x: auto;
}

.jp-ModelDeploy-deployment ol.jp-ModelDeploy-more {
  margin: 4px 0 0;
  padding-left: 1.6em;
}

/* JupyterLab's dialogs are 500 px high at most: the longest has to fit. */
.jp-ModelDeploy-asked {
  display: grid;
  gap: 6px;
  min-width: 22em;
}

.jp-ModelDeploy-asked label {
  display: grid;
  gap: 2px;
}

.jp-ModelDeploy-asked label:has(> input[type='checkbox']) {
  grid-template-columns: auto 1fr;
  gap: 8px;
  align-items: center;
}

/* A view of the notebook's widgets and its summary are two outputs: the view is shown while it is live, then the summary. */
.jp-OutputArea-child:has(.jp-ModelDeploy-summary):has(+ .jp-OutputArea-child .jpd-box),
.jp-OutputArea-child:has(.jp-ModelDeploy-summary) + .jp-OutputArea-child:not(:has(.jpd-box)) {
  display: none;
}

.jp-ModelDeploy-whole {
  font-family: var(--jp-code-font-family);
  font-size: var(--jp-code-font-size);
  white-space: pre-wrap;
  overflow: auto;
}
`,""]),l.d(o,{},{A:t})},31(e){e.exports=function(e){var o=[];return o.toString=function(){return this.map(function(o){var l="",p=void 0!==o[5];return o[4]&&(l+="@supports (".concat(o[4],") {")),o[2]&&(l+="@media ".concat(o[2]," {")),p&&(l+="@layer".concat(o[5].length>0?" ".concat(o[5]):""," {")),l+=e(o),p&&(l+="}"),o[2]&&(l+="}"),o[4]&&(l+="}"),l}).join("")},o.i=function(e,l,p,r,a){"string"==typeof e&&(e=[[null,e,void 0]]);var t={};if(p)for(var d=0;d<this.length;d++){var i=this[d][0];null!=i&&(t[i]=!0)}for(var n=0;n<e.length;n++){var s=[].concat(e[n]);p&&t[s[0]]||(void 0!==a&&(void 0===s[5]||(s[1]="@layer".concat(s[5].length>0?" ".concat(s[5]):""," {").concat(s[1],"}")),s[5]=a),l&&(s[2]&&(s[1]="@media ".concat(s[2]," {").concat(s[1],"}")),s[2]=l),r&&(s[4]?(s[1]="@supports (".concat(s[4],") {").concat(s[1],"}"),s[4]=r):s[4]="".concat(r)),o.push(s))}},o}},30(e){e.exports=function(e){return e[1]}},23(e){var o=[];function l(e){for(var l=-1,p=0;p<o.length;p++)if(o[p].identifier===e){l=p;break}return l}function p(e,p){for(var r={},a=[],t=0;t<e.length;t++){var d=e[t],i=p.base?d[0]+p.base:d[0],n=r[i]||0,s="".concat(i," ").concat(n);r[i]=n+1;var c=l(s),y={css:d[1],media:d[2],sourceMap:d[3],supports:d[4],layer:d[5]};if(-1!==c)o[c].references++,o[c].updater(y);else{var u=function(e,o){var l=o.domAPI(o);return l.update(e),function(o){o?(o.css!==e.css||o.media!==e.media||o.sourceMap!==e.sourceMap||o.supports!==e.supports||o.layer!==e.layer)&&l.update(e=o):l.remove()}}(y,p);p.byIndex=t,o.splice(t,0,{identifier:s,updater:u,references:1})}a.push(s)}return a}e.exports=function(e,r){var a=p(e=e||[],r=r||{});return function(e){e=e||[];for(var t=0;t<a.length;t++){var d=l(a[t]);o[d].references--}for(var i=p(e,r),n=0;n<a.length;n++){var s=l(a[n]);0===o[s].references&&(o[s].updater(),o.splice(s,1))}a=i}}},25(e){var o={};e.exports=function(e,l){var p=function(e){if(void 0===o[e]){var l=document.querySelector(e);if(window.HTMLIFrameElement&&l instanceof window.HTMLIFrameElement)try{l=l.contentDocument.head}catch(e){l=null}o[e]=l}return o[e]}(e);if(!p)throw Error("Couldn't find a style target. This probably means that the value for the 'insert' parameter is invalid.");p.appendChild(l)}},27(e){e.exports=function(e){var o=document.createElement("style");return e.setAttributes(o,e.attributes),e.insert(o,e.options),o}},26(e,o,l){e.exports=function(e){var o=l.nc;o&&e.setAttribute("nonce",o)}},24(e){e.exports=function(e){if("u"<typeof document)return{update:function(){},remove:function(){}};var o=e.insertStyleElement(e);return{update:function(l){var p,r,a;p="",l.supports&&(p+="@supports (".concat(l.supports,") {")),l.media&&(p+="@media ".concat(l.media," {")),(r=void 0!==l.layer)&&(p+="@layer".concat(l.layer.length>0?" ".concat(l.layer):""," {")),p+=l.css,r&&(p+="}"),l.media&&(p+="}"),l.supports&&(p+="}"),(a=l.sourceMap)&&"u">typeof btoa&&(p+="\n/*# sourceMappingURL=data:application/json;base64,".concat(btoa(unescape(encodeURIComponent(JSON.stringify(a))))," */")),e.styleTagTransform(p,o,e.options)},remove:function(){var e;null===(e=o).parentNode||e.parentNode.removeChild(e)}}}},28(e){e.exports=function(e,o){if(o.styleSheet)o.styleSheet.cssText=e;else{for(;o.firstChild;)o.removeChild(o.firstChild);o.appendChild(document.createTextNode(e))}}},22(e,o,l){var p=l(23),r=l.n(p),a=l(24),t=l.n(a),d=l(25),i=l.n(d),n=l(26),s=l.n(n),c=l(27),y=l.n(c),u=l(28),f=l.n(u),j=l(29),h={};h.styleTagTransform=f(),h.setAttributes=s(),h.insert=i().bind(null,"head"),h.domAPI=t(),h.insertStyleElement=y(),r()(j.A,h),j.A&&j.A.locals&&j.A.locals}}]);