"""The way from a value to an answer: a request's body, the connection, load, and the text of a client.

This room only uses services over HTTP; it changes none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..doors import door

if TYPE_CHECKING:
    from .answers import Answer as Answer
    from .answers import Binary as Binary
    from .answers import decoded as decoded
    from .answers import elapsed as elapsed
    from .connection import Connection as Connection
    from .connection import NoAnswer as NoAnswer
    from .connection import Reply as Reply
    from .connection import TooSlow as TooSlow
    from .invocable import ANSWER_LIMIT as ANSWER_LIMIT
    from .invocable import Invocable as Invocable
    from .invocable import explained as explained
    from .invocation import Invocation as Invocation
    from .invocation import message_of as message_of
    from .load import LatencyReport as LatencyReport
    from .load import histogram as histogram
    from .load import percentile as percentile
    from .load import summary as summary
    from .measuring import FailedRow as FailedRow
    from .measuring import Measurement as Measurement
    from .payloads import Payload as Payload
    from .payloads import check_json as check_json
    from .payloads import encode_payload as encode_payload
    from .payloads import payload_of as payload_of
    from .request_rows import rows_of as rows_of
    from .signatures import Signature as Signature
    from .signatures import is_frame as is_frame
    from .signatures import shaped as shaped
    from .signatures import signature_in as signature_in
    from .snippets import Snippet as Snippet
else:
    __getattr__, __dir__ = door(
        __name__,
        {
            "answers": "Answer Binary decoded elapsed",
            "connection": "Connection NoAnswer Reply TooSlow",
            "invocable": "ANSWER_LIMIT Invocable explained",
            "invocation": "Invocation message_of",
            "load": "LatencyReport histogram percentile summary",
            "measuring": "FailedRow Measurement",
            "payloads": "Payload check_json encode_payload payload_of",
            "request_rows": "rows_of",
            "signatures": "Signature is_frame shaped signature_in",
            "snippets": "Snippet",
        },
    )
