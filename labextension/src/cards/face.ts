// What a cell has shown, as it is now: the server part draws it, so it looks as the notebook drew it.
//
// Where the server part has nothing newer, the saved picture stays, with a sentence below it.

import { MimeModel } from '@jupyterlab/rendermime';
import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import type { PartialJSONObject } from '@lumino/coreutils';
import type { Message } from '@lumino/messaging';
import { Panel } from '@lumino/widgets';
import type { IContext } from '../context';
import { Sight } from './sight';

const HTML = 'text/html';

/** The faces that are drawn anew, and what of their data the server part needs. */
const PARTS: Record<string, string[]> = {
  model: ['name', 'version', 'digest'],
  endpoint: ['name', 'created'],
  deployment: ['endpoint', 'name', 'created'],
  rollout: ['endpoint', 'number'],
  environment: ['name', 'version'],
  script: ['name', 'source', 'draft'],
  listing: ['kind', 'asked'],
  overview: [],
  stats: ['service'],
  profile: ['name'],
  package: ['name', 'models']
};
/** These show what no event tells of, so they are drawn after each look at the workspace. */
const BY_THE_CLOCK = new Set(['deployment', 'endpoint', 'environment', 'listing', 'overview', 'rollout', 'stats']);

export function mimeOf(kind: string): string {
  return `application/vnd.jupyter-deploy.${kind}.v1+json`;
}

export const FACES: Record<string, string> = Object.fromEntries(Object.keys(PARTS).map(kind => [mimeOf(kind), kind]));

/** A summary that stands before a live view is shown where that view is dead, and the view is not (style/base.css). */
export function isBehindAView(data: unknown): boolean {
  return (data as { behind_a_view?: unknown } | null)?.behind_a_view === true;
}

function picked(data: unknown, names: string[]): PartialJSONObject {
  const all = (data ?? {}) as PartialJSONObject;
  return Object.fromEntries(names.filter(name => name in all).map(name => [name, all[name]]));
}

export class LiveFace extends Panel implements IRenderMime.IRenderer {
  constructor(
    private readonly _context: IContext,
    private readonly _kind: string,
    renderer: () => IRenderMime.IRenderer
  ) {
    super();
    this._still = renderer();
    this._live = renderer();
    this._said = document.createElement('div');
    this._said.className = 'jp-ModelDeploy-said';
    this._said.setAttribute('role', 'status');
    this.addClass('jp-ModelDeploy-face');
    this.addWidget(this._still);
    this.node.append(this._said);
    this._sight = new Sight(_context.store, isSeen => this._seen(isSeen));
    _context.store.changed.connect(this._look, this);
  }

  async renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    this._of = picked(model.data[mimeOf(this._kind)], PARTS[this._kind]);
    this.toggleClass('jp-ModelDeploy-summary', isBehindAView(model.data[mimeOf(this._kind)]));
    this._isTrusted = model.trusted;
    this._asked = '';
    await this._still.renderModel(model);
    this._look();
  }

  protected onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    this._sight.attach(this.node);
  }

  protected onBeforeDetach(message: Message): void {
    this._sight.detach();
    super.onBeforeDetach(message);
  }

  dispose(): void {
    this._context.store.changed.disconnect(this._look, this);
    this._sight.dispose();
    this._still.dispose();
    this._live.dispose();
    super.dispose();
  }

  private _seen(isSeen: boolean): void {
    this._isSeen = isSeen;
    this._look();
  }

  private _look(): void {
    const { store } = this._context;
    if (!this._isSeen || this._isAsking || !this._of || this.isDisposed) {
      return;
    }
    if (!store.overview || store.problem || store.isForeign) {
      // A picture of then is better than one that nobody keeps right.
      this._show('', '');
      this._asked = '';
      return;
    }
    const wanted = String(BY_THE_CLOCK.has(this._kind) ? store.asOf : store.overview.revision);
    if (wanted !== this._asked) {
      this._asked = wanted;
      this._isAsking = true;
      void this._ask(this._of).finally(() => {
        this._isAsking = false;
        this._look();
      });
    }
  }

  private async _ask(of: PartialJSONObject): Promise<void> {
    try {
      const { html, said } = await this._context.store.client.face(this._kind, of);
      if (html && html !== this._drawn) {
        await this._live.renderModel(new MimeModel({ data: { [HTML]: html }, trusted: this._isTrusted }));
        this._drawn = html;
      }
      this._show(html, said);
    } catch {
      // The panel says what is wrong with the server part.
      this._show('', '');
    }
  }

  private _show(html: string, said: string): void {
    if (this.isDisposed) {
      return;
    }
    const [shown, other] = html ? [this._live, this._still] : [this._still, this._live];
    if (shown.parent !== this) {
      other.parent = null;
      this.insertWidget(0, shown);
    }
    this.node.dataset.live = String(html !== '' || said !== '');
    if (this._said.textContent !== said) {
      this._said.textContent = said;
    }
  }

  private readonly _still: IRenderMime.IRenderer;
  private readonly _live: IRenderMime.IRenderer;
  private readonly _said: HTMLElement;
  private readonly _sight: Sight;
  private _of: PartialJSONObject | null = null;
  private _isTrusted = false;
  private _isSeen = false;
  private _isAsking = false;
  private _asked = '';
  private _drawn = '';
}
