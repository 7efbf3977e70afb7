// The translations for what has no context of its own: requests, numbers, the store.

import { nullTranslator, type TranslationBundle } from '@jupyterlab/translation';

let bundle: TranslationBundle = nullTranslator.load('jupyter_model_deploy');

export function setTranslation(found: TranslationBundle): void {
  bundle = found;
}

export function translation(): TranslationBundle {
  return bundle;
}
