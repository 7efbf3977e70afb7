"""Progress of long work: a text, with a stage and a fraction for displays that can show more.

Work calls a function with texts; ``print`` will do, so one text is all that such a function must take.
"""

from __future__ import annotations

# The least that a deployment goes through; pull and build come before, if an image is made.
STAGES = ("environment", "start", "init", "ready")


class Step(str):
    """Words about the current step.

    Parameters
    ----------
    text : str
        The words as a line of text.
    stage : str, optional
        The part of the work that begins with them; by default the one that goes on.
    fraction : float, optional
        How far that part is, from 0 to 1.
    words : str, optional
        The text without what draws the fraction.
    """

    __slots__ = ("fraction", "stage", "words")

    stage: str
    fraction: float | None
    words: str

    def __new__(cls, text: str, *, stage: str = "", fraction: float | None = None, words: str = "") -> Step:
        """Make the text; see the class."""
        made = super().__new__(cls, text)
        made.stage, made.fraction, made.words = stage, fraction, words or text
        return made
