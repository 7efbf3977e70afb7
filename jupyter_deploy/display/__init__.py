"""How results look, in three layers: data for a renderer of the page, HTML without script, plain text.

The values know nothing of their faces. Live views are in ``widgets``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..doors import door

if TYPE_CHECKING:
    from .card import service_content as service_content
    from .endpoints import endpoint_html as endpoint_html
    from .endpoints import endpoint_text as endpoint_text
    from .endpoints import serves as serves
    from .face import MIME as MIME
    from .face import as_json as as_json
    from .form_fields import PLAIN as PLAIN
    from .form_fields import fields as fields
    from .form_fields import input_schema as input_schema
    from .formatters import FACES as FACES
    from .formatters import bundle as bundle
    from .formatters import face_of as face_of
    from .formatters import html as html
    from .formatters import register as register
    from .formatters import text as text
    from .formatters import unregister as unregister
    from .loglines import brief as brief
    from .loglines import level_of as level_of
    from .loglines import shortened as shortened
    from .loglines import with_levels as with_levels
    from .markup import TONES as TONES
    from .markup import badge as badge
    from .markup import badge_styles as badge_styles
    from .markup import note as note
    from .markup import sentence as sentence
    from .markup import unless_live as unless_live
    from .models import model_rows as model_rows
    from .plain import NOTHING as NOTHING
    from .plain import milliseconds as milliseconds
    from .plain import window as window
    from .rollouts import rollout_html as rollout_html
    from .rollouts import rollout_look as rollout_look
    from .rollouts import rollout_shown as rollout_shown
    from .rollouts import rollout_text as rollout_text
    from .stages import Stages as Stages
    from .summaries import summary_html as summary_html
    from .summaries import summary_text as summary_text
else:
    __getattr__, __dir__ = door(
        __name__,
        {
            "card": "service_content",
            "endpoints": "endpoint_html endpoint_text serves",
            "face": "MIME as_json",
            "form_fields": "PLAIN fields input_schema",
            "formatters": "FACES bundle face_of html register text unregister",
            "loglines": "brief level_of shortened with_levels",
            "markup": "TONES badge badge_styles note sentence unless_live",
            "models": "model_rows",
            "plain": "NOTHING milliseconds window",
            "rollouts": "rollout_html rollout_look rollout_shown rollout_text",
            "stages": "Stages",
            "summaries": "summary_html summary_text",
        },
    )
